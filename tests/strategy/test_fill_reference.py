"""Real ticks around a release: how far a fill lands from its decision, and what is left of the risk beyond the allowed.

The page that shows the table is compared with what comes out here.
"""

import math
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from marketdata import load_quotes
from strategy.gates import GATE_SEATS, Action, Care
from strategy.params import CareSettings
from strategy.position_views import CalendarView, ClockView, FillView, PositionView
from strategy.positions import decide_position
from strategy.stops import risk_allowed, risk_taken
from tests.domain.instruments import EURUSD
from tests.strategy.scenes import symbol_rules

pytestmark = pytest.mark.reference

PAGE = Path(__file__).resolve().parents[2] / "docs" / "risk" / "after-fill.md"
RELEASE_MSC: Final = 1_399_033_800_000  # 2014-05-02 12:30 UTC, US payrolls
SPAN_MSC: Final = 10 * 60_000
MINUTE_MSC: Final = 60_000
STOP_ATR: Final = 1.5
SYMBOL: Final = symbol_rules(EURUSD)._replace(slippage=5e-5)
RULES: Final = CareSettings().rules()
CALM: Final = ClockView(0.0, 2e5, 3e4, 3e5)
NO_NEWS: Final = CalendarView(math.inf, math.inf, 0.0)


class Filled(NamedTuple):
    """One decision and its fill: risk taken over the allowed, before and after the first look, and what that did."""

    slipped_points: float
    before: float
    after: float
    lots: float
    action: int
    rule: int


def atr_before(ticks: NDArray[np.void], minutes: int) -> float:
    """Mean true range of the last 14 bars of so many minutes before the release."""
    ranges, close = [], None
    for bar in range(14, 0, -1):
        since = RELEASE_MSC - bar * minutes * MINUTE_MSC
        inside = (ticks["time_msc"] >= since) & (ticks["time_msc"] < since + minutes * MINUTE_MSC)
        bids = ticks["bid"][inside]
        high, low = float(bids.max()), float(bids.min())
        ranges.append(max(high, close or high) - min(low, close or low))
        close = float(bids[-1])
    return float(np.mean(ranges))


def _view(side: int, lots: float, decided: np.void, fill: np.void, atr: float) -> PositionView:
    price, opened = (float(tick["ask" if side > 0 else "bid"]) for tick in (decided, fill))
    sl = round(price - side * STOP_ATR * atr, 5)
    return PositionView(
        side=side,
        volume=lots,
        initial_lots=lots,
        price_open=opened,
        sl=sl,
        tp=0.0,
        initial_risk=abs(opened - sl),
        bid=float(fill["bid"]),
        ask=float(fill["ask"]),
        atr=atr,
        best_price=opened,
        cost=7e-5,
        fill=FillView(lots, price, sl, 5e-5, 100_000.0, 7.0),
        clock=CALM,
        calendar=NO_NEWS,
    )


def _after(view: PositionView) -> Filled:
    gates = np.zeros((GATE_SEATS, 3))
    decision = decide_position(view, RULES, SYMBOL, gates)
    assert decision.rule in (-1, Care.RISK_AFTER_FILL)
    left = view._replace(sl=decision.sl, volume=view.volume - decision.lots)
    allowed = risk_allowed(view)
    slipped = (view.price_open - view.fill.planned_price) * view.side / 1e-5
    taken, stays = risk_taken(view) / allowed, risk_taken(left) / allowed
    return Filled(slipped, taken, stays, view.volume, decision.action, decision.rule)


def fills(ticks: NDArray[np.void], minutes: int, latency_msc: int) -> list[Filled]:
    """Every tick around the release as a decision on both sides, filled so much later at what the market then is."""
    times, atr = ticks["time_msc"], atr_before(ticks, minutes)
    first, last = np.searchsorted(times, [RELEASE_MSC - SPAN_MSC // 2, RELEASE_MSC + SPAN_MSC // 2])
    found = []
    for at in range(int(first), int(last)):
        later = int(np.searchsorted(times, times[at] + latency_msc))
        for side in (1, -1):
            view = _view(side, 1.0, ticks[at], ticks[later], atr)
            price = view.bid if side > 0 else view.ask
            if (price - view.sl) * side > 0.0:  # else the server refuses the stop, and nothing is opened
                found.append(_after(view))
    return found


def row_of(minutes: int, latency_msc: int, found: list[Filled]) -> str:
    slipped = np.array([one.slipped_points for one in found])
    acted = [
        sum(one.action == action for one in found) for action in (Action.MODIFY, Action.PARTIAL_CLOSE, Action.CLOSE)
    ]
    before, after = max(one.before for one in found), max(one.after for one in found)
    return (
        f"| M{minutes} | {latency_msc} | {len(found)} | {np.percentile(slipped, 95):.0f} | {slipped.max():.0f} "
        f"| {before:.2f} | {after:.2f} | {acted[0]} | {acted[1]} | {acted[2]} |"
    )


@pytest.fixture(scope="module")
def ticks(reference: Path) -> NDArray[np.void]:
    quotes = load_quotes(reference / "ticks/oanda_EURUSD_20140501_0507_utc.parquet", symbol="EURUSD")
    assert quotes.ticks is not None
    return quotes.ticks


@pytest.mark.parametrize("minutes", [1, 15])
@pytest.mark.parametrize("latency_msc", [100, 500, 3000])
def test_the_first_look_bounds_what_a_release_does(minutes: int, latency_msc: int, ticks: NDArray[np.void]) -> None:
    found = fills(ticks, minutes, latency_msc)
    tolerated = 1.0 + RULES.fill.fill_tolerance
    assert all(one.after <= tolerated + 1e-9 for one in found)
    assert all(one.rule == -1 for one in found if one.before <= tolerated)
    assert all(one.after <= 1.0 + 1e-9 for one in found if one.rule != -1)
    if latency_msc == 3000:
        assert max(one.before for one in found) > 1.5
    assert row_of(minutes, latency_msc, found) in PAGE.read_text(encoding="utf-8")
