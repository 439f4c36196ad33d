"""What our windows keep out: spreads and ranges inside and outside of them, on real quotes.

The tables that this prints (`-s`) stand in docs/news-evidence.md.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from domain.serverclock import Daylight, ServerClock
from domain.timeframes import Timeframe
from marketdata import Tape, load_quotes, ohlc_ticks
from newsfilter.board import NewsBoard
from newsfilter.events import EconomicEvent
from newsfilter.tables import read_impact_table
from newsfilter.windows import Windows, WindowSettings, blackout_mask, merged_windows, spans
from sim.runner import Runner, RunResult
from sim.terminal import SimTerminal
from strategy.engine import Engine
from strategy.gates import Action, DecisionKind, Gate, Verdict
from strategy.tables import Table
from tests.newsfilter.real_releases import releases_2014, releases_2025
from tests.newsfilter.samples import board_from
from tests.parity.runs import PROFILE, Market, a_spec

pytestmark = pytest.mark.reference

TICKS = (
    ("EURUSD", "ticks/oanda_EURUSD_20140501_0507_utc.parquet", 1e-5),
    ("XAUUSD", "ticks/oanda_XAUUSD_20140502_0506_utc.parquet", 1e-2),
)
MINUTES = "m1/icmarkets_EURUSD_M1_2025_01_08_server.parquet"
QUARTERS = Market(
    "eurusd-quarters",
    "m1/icmarkets_EURUSD_M15_2025_01_08_server.parquet",
    "EURUSD",
    (Timeframe.M15,),
    bars=Timeframe.M15,
)
ICMARKETS = ServerClock(winter_offset_s=7200, daylight=Daylight.US)  # as correlated in the reference data's README
MINUTE_NS = 60 * 10**9
Masks = dict[str, NDArray[np.bool_]]


class Row(NamedTuple):
    """One line of a table."""

    part: str
    quotes: int
    median: float
    mean: float
    p99: float
    highest: float


def windows_of(symbol: str, events: list[EconomicEvent]) -> Windows:
    currencies = ("USD",) if symbol.startswith("XAU") else (symbol[:3], symbol[3:])
    return merged_windows(spans(events, currencies, WindowSettings(), read_impact_table()))


def parts(times_ns: NDArray[np.int64], symbol: str, events: list[EconomicEvent]) -> Masks:
    """Outside of all windows, and inside of them by the distance to the release."""
    inside = blackout_mask(windows_of(symbol, events), times_ns)
    masks = {"outside": ~inside, "inside": inside}
    for name, first, last in (("30 min before", -30, 0), ("first 5 min", 0, 5), ("5 to 60 min after", 5, 60)):
        near = np.zeros(len(times_ns), np.bool_)
        for event in events:
            since = times_ns - event.time_ns
            near |= (since >= first * MINUTE_NS) & (since < last * MINUTE_NS)
        masks[name] = near
    return masks


def table(title: str, values: NDArray[np.float64], masks: Masks) -> dict[str, Row]:
    rows = {}
    print(f"\n{title}")
    for part, mask in masks.items():
        of = values[mask]
        figures = (np.median(of), of.mean(), np.percentile(of, 99), of.max())
        rows[part] = Row(part, len(of), *(float(figure) for figure in figures))
        print(f"| {part} | {len(of):,} | " + " | ".join(f"{figure:,.1f}" for figure in rows[part][2:]) + " |")
    return rows


def ranges(times_ns: NDArray[np.int64], prices: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Highest less lowest price of each minute that has quotes, and when it begins [UTC ns]."""
    minutes = times_ns // MINUTE_NS
    firsts = np.flatnonzero(np.diff(minutes, prepend=minutes[0] - 1))
    return minutes[firsts] * MINUTE_NS, np.maximum.reduceat(prices, firsts) - np.minimum.reduceat(prices, firsts)


@pytest.mark.parametrize(("symbol", "path", "point"), TICKS, ids=["EURUSD", "XAUUSD"])
def test_on_real_ticks_spreads_and_ranges_are_wider_inside(
    reference: Path, symbol: str, path: str, point: float
) -> None:
    ticks = load_quotes(reference / path, symbol=symbol).ticks
    assert ticks is not None
    times, events = ticks["time_msc"] * 10**6, releases_2014()
    spreads = (ticks["ask"] - ticks["bid"]) / point
    spread = table(f"{symbol}: spread [points] of ticks", spreads, parts(times, symbol, events))
    minutes, moved = ranges(times, ticks["bid"])
    moved_rows = table(f"{symbol}: range [points] of minutes", moved / point, parts(minutes, symbol, events))
    assert spread["first 5 min"].mean > 1.5 * spread["outside"].mean
    assert spread["inside"].highest > 5 * spread["outside"].median
    assert moved_rows["first 5 min"].mean > 3 * moved_rows["outside"].mean
    assert moved_rows["inside"].mean > 1.5 * moved_rows["outside"].mean
    payrolls = next(event for event in events if event.name == "Nonfarm Payrolls").time_ns
    worst = times[int(np.argmax(spreads))]
    assert blackout_mask(windows_of(symbol, events), np.array([worst], np.int64))[0]
    if symbol == "EURUSD":
        assert 0 <= worst - payrolls < 2 * MINUTE_NS


def bars_in_utc(path: Path, timeframe: Timeframe) -> Table:
    """Eight months of bars."""
    bars = load_quotes(path, symbol="EURUSD", timeframe=timeframe).bars
    assert bars is not None
    bars = bars.copy()
    bars["time"] -= ICMARKETS.offsets_at(bars["time"])
    return bars


def test_eight_months_of_minutes_move_more_inside(reference: Path) -> None:
    minutes = bars_in_utc(reference / MINUTES, Timeframe.M1)
    moved = (minutes["high"] - minutes["low"]) / 1e-5
    rows = table(
        "EURUSD 2025: range [points] of minutes", moved, parts(minutes["time"] * 10**9, "EURUSD", releases_2025())
    )
    assert rows["first 5 min"].mean > 8 * rows["outside"].mean
    assert rows["5 to 60 min after"].mean > 1.5 * rows["outside"].mean
    at_release = np.isin(minutes["time"], [event.time_ns // 10**9 for event in releases_2025()])
    assert at_release.sum() == len(releases_2025())
    assert np.median(moved[at_release]) > 10 * rows["outside"].median


def run(bars: Table, board: NewsBoard | None) -> RunResult:
    ticks = ohlc_ticks(bars, Timeframe.M15, 1e-5)
    terminal = SimTerminal(PROFILE, (a_spec(QUARTERS),), start_msc=int(ticks["time_msc"][0]))
    return Runner(Engine(QUARTERS.settings()), terminal, Tape(("EURUSD",), {"EURUSD": ticks}), board=board).run()


def test_the_filter_takes_out_what_would_have_been_opened_near_a_release(reference: Path) -> None:
    bars = bars_in_utc(reference / QUARTERS.path, Timeframe.M15)
    events, settings = releases_2025(), WindowSettings()
    board = board_from(events, ("EURUSD",), settings, read_impact_table())
    windows = windows_of("EURUSD", events)
    without, filtered = run(bars, None), run(bars, board)
    print("\n| | without | with the filter |")
    figures = [_effect(one, windows) for one in (without, filtered)]
    for name in figures[0]:
        print(f"| {name} | " + " | ".join(f"{one[name]:,.2f}" for one in figures) + " |")
    assert figures[0]["entries inside windows"] > 0
    assert figures[1]["entries inside windows"] == 0
    rows = filtered.decisions[filtered.decisions["kind"] == DecisionKind.ENTRY]
    shut = blackout_mask(windows, rows["time_ns"])
    assert ((rows["gates"][:, Gate.NEWS, 2] == Verdict.REFUSED) == shut).all()
    assert filtered.order_list_hash() != without.order_list_hash()


def _effect(result: RunResult, windows: Windows) -> dict[str, float]:
    rows = result.decisions
    entries = rows[(rows["kind"] == DecisionKind.ENTRY) & (rows["action"] != Action.HOLD)]
    inside = blackout_mask(windows, entries["time_ns"])
    opened = {deal.position_id: deal.time_msc * 10**6 for deal in result.deals if deal.entry == 0 and deal.position_id}
    gained: dict[int, float] = {}
    for deal in result.deals:
        if deal.position_id:
            gained[deal.position_id] = gained.get(deal.position_id, 0.0) + deal.balance_change
    near = {one for one, at in opened.items() if blackout_mask(windows, np.array([at], np.int64))[0]}
    return {
        "entries": float(len(entries)),
        "entries inside windows": float(inside.sum()),
        "result of positions opened inside windows": sum(gained[one] for one in near),
        "result of all positions": sum(gained.values()),
    }
