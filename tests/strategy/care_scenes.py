"""Open positions a decision can be asked about: one on its way, and draws of all others."""

import math
from types import ModuleType
from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

import strategy.positions
from risk.legs import LegRules
from strategy.entry_rules import SymbolRules
from strategy.gates import GATE_SEATS
from strategy.params import CareSettings
from strategy.position_rules import CareRules, FillRules, HoursRules, NewsRules, StopRules
from strategy.position_views import CalendarView, ClockView, FillView, PositionDecision, PositionView
from tests.domain.instruments import EURUSD
from tests.domain.interpreted import interpreted
from tests.strategy.scenes import STRANGE, Recorded, changed_deep, symbol_rules

PLAIN = interpreted("strategy.positions")


class CareScene(NamedTuple):
    """Everything the care for a position is decided on."""

    view: PositionView
    rules: CareRules
    symbol: SymbolRules

    def changed(self, **changes: float) -> "CareScene":
        """The scene with some fields of its view, rules or symbol replaced."""
        return CareScene(*(changed_deep(part, changes) for part in self))

    def at(self, bid: float, spread: float = 0.0001) -> "CareScene":
        """The scene at another quote."""
        return self.changed(bid=bid, ask=round(bid + spread, 5))

    def mirrored(self) -> "CareScene":
        """The same situation with buys and sells exchanged, around 1.1."""
        view, axis = self.view, 2.2
        turned = view._replace(
            side=-view.side,
            price_open=round(axis - view.price_open, 5),
            sl=round(axis - view.sl, 5) if view.sl else 0.0,
            tp=round(axis - view.tp, 5) if view.tp else 0.0,
            best_price=round(axis - view.best_price, 5),
            fill=view.fill._replace(
                planned_price=round(axis - view.fill.planned_price, 5), planned_sl=round(axis - view.fill.planned_sl, 5)
            ),
            bid=round(axis - view.ask, 5),
            ask=round(axis - view.bid, 5),
        )
        return self._replace(view=turned)

    def decided(self, by: ModuleType = strategy.positions) -> tuple[PositionDecision, Recorded]:
        """The decision and its record."""
        gates = np.full((GATE_SEATS, 3), 99.0)
        decision: PositionDecision = by.decide_position(self.view, self.rules, self.symbol, gates)
        return decision, gates


# a buy of one lot at 1.10000, its stop 150 points below (1 R) and its target 350 points above
HELD = CareScene(
    view=PositionView(
        side=1,
        volume=1.0,
        initial_lots=1.0,
        price_open=1.1,
        sl=1.0985,
        tp=1.1035,
        initial_risk=0.0015,
        bid=1.1,
        ask=1.1001,
        atr=0.001,
        best_price=1.1,
        cost=0.0,
        fill=FillView(
            planned_lots=1.0,
            planned_price=1.1,
            planned_sl=1.0985,
            planned_slippage=0.0,
            money_per_price=100_000.0,
            cost_per_lot=7.0,
        ),
        clock=ClockView(age_s=600.0, week_left_s=200_000.0, day_left_s=30_000.0, triple_left_s=300_000.0),
        calendar=CalendarView(event_left_s=50_000.0, window_left_s=48_200.0, held_leverage=0.0),
    ),
    rules=CareSettings().rules(),
    symbol=symbol_rules(EURUSD),
)


# -- draws ------------------------------------------------------------------------------------------------------------


@st.composite
def care_rules(draw: st.DrawFn) -> CareRules:
    """Rules of every kind, each often off."""
    legs = [0.0] * 8
    for index in range(draw(st.integers(0, 4))):
        legs[2 * index : 2 * index + 2] = [0.1 + 0.2 * index + draw(st.floats(0.0, 0.1)), draw(st.floats(0.01, 0.24))]
    return CareRules(
        StopRules(
            break_even_r=draw(st.sampled_from([0.0, 0.5, 1.0])),
            break_even_buffer_points=draw(st.floats(0.0, 50.0)),
            trailing_start_r=draw(st.floats(0.0, 3.0)),
            trailing_in_profit=draw(st.sampled_from([0.0, 1.0])),
            trailing_atr=draw(st.sampled_from([0.0, 0.5, 2.0])),
            chandelier_atr=draw(st.sampled_from([0.0, 0.0, 0.5, 3.0])),
            trailing_points=draw(st.sampled_from([0.0, 0.0, 37.5])),
            stepped_r=draw(st.sampled_from([0.0, 0.0, 0.5, 1.0])),
            min_step_atr=draw(st.floats(0.01, 1.0)),
        ),
        LegRules(*legs),
        FillRules(
            fill_tolerance=draw(st.sampled_from([0.0, 0.1, 1.0])),
            fill_min_stop_atr=draw(st.sampled_from([0.0, 0.5, 3.0])),
            fill_close_ratio=draw(st.sampled_from([0.0, 1.5])),
        ),
        HoursRules(
            max_holding_s=draw(st.sampled_from([0.0, 0.0, 3600.0])),
            weekend_close_s=draw(st.sampled_from([0.0, 1800.0])),
            weekend_stop_atr=draw(st.sampled_from([0.0, 0.0, 0.5])),
            rollover_close_s=draw(st.sampled_from([0.0, 0.0, 600.0])),
            triple_swap_close_s=draw(st.sampled_from([0.0, 900.0])),
        ),
        NewsRules(
            news_close_s=draw(st.sampled_from([0.0, 0.0, 600.0])),
            news_stop_atr=draw(st.sampled_from([0.0, 0.5])),
            news_max_leverage=draw(st.sampled_from([0.0, 50.0])),
        ),
    )


def _points_from(price: float, points: int) -> float:
    return round(price + points * 1e-5, 5)


@st.composite
def _clocks(draw: st.DrawFn) -> ClockView:
    day_left = draw(st.sampled_from([30_000.0, 30_000.0, 30_000.0, 500.0]))
    return ClockView(
        age_s=draw(st.floats(0.0, 1e6)),
        week_left_s=draw(st.sampled_from([math.inf, 200_000.0, 200_000.0, 1000.0])),
        day_left_s=day_left,
        triple_left_s=draw(st.sampled_from([math.inf, 300_000.0, day_left])),
    )


@st.composite
def _calendars(draw: st.DrawFn) -> CalendarView:
    left = draw(st.sampled_from([math.inf, math.nan, 50_000.0, 600.0, 1.0]))
    if math.isnan(left):
        return CalendarView(left, left, left)
    window_left = draw(st.sampled_from([0.0, max(0.0, left - 1800.0)]))
    return CalendarView(left, window_left, draw(st.sampled_from([0.0, 49.0, 51.0, 120.0])) if not window_left else 0.0)


@st.composite
def care_scenes(draw: st.DrawFn) -> CareScene:
    """A position on EURUSD anywhere on its way, under any rules, often filled elsewhere than it was decided."""
    point = 1e-5
    side = draw(st.sampled_from([1, -1]))
    risk = draw(st.integers(20, 500))
    gain = draw(st.integers(-risk, 6 * risk))
    moved = draw(st.integers(-risk, 3 * risk))
    spread = draw(st.integers(0, 30))
    slipped = draw(st.sampled_from([0, 0, -20, 5, risk // 2, 3 * risk]))
    close = _points_from(1.1, side * gain)
    volume = draw(st.integers(1, 500)) / 100
    planned_sl = _points_from(1.1, -side * risk)
    view = PositionView(
        side=side,
        volume=volume,
        initial_lots=volume if draw(st.booleans()) else volume + 0.5,
        price_open=1.1,
        sl=draw(st.sampled_from([0.0, _points_from(1.1, side * moved), planned_sl, planned_sl])),
        tp=draw(st.sampled_from([0.0, _points_from(1.1, side * 3 * risk), _points_from(1.1, side * 8 * risk)])),
        initial_risk=risk * point,
        bid=close if side > 0 else _points_from(close, -spread),
        ask=close if side < 0 else _points_from(close, spread),
        atr=draw(st.floats(1e-5, 0.01)),
        best_price=_points_from(1.1, side * (max(gain, 0) + draw(st.sampled_from([0, 0, 40])))),
        cost=draw(st.floats(0.0, 2e-4)),
        fill=FillView(volume, _points_from(1.1, -side * min(slipped, risk - 5)), planned_sl, 0.0, 100_000.0, 7.0),
        clock=draw(_clocks()),
        calendar=draw(_calendars()),
    )
    symbol = symbol_rules(EURUSD)._replace(
        stops_level=draw(st.sampled_from([0, 20, 200])) * point,
        volume_min=draw(st.sampled_from([0.01, 0.1])),
        freeze_points=draw(st.sampled_from([0.0, 0.0, 0.0, 30.0])),
    )
    return CareScene(view, draw(care_rules()), symbol)


@st.composite
def strange_care_scenes(draw: st.DrawFn) -> CareScene:
    """A position of which up to two figures are unknown, infinite or senseless."""
    plain = [field for field in PositionView._fields if field not in ("side", "fill", "clock", "calendar")]
    fields = st.sampled_from([*plain, *FillView._fields, *ClockView._fields, *CalendarView._fields])
    return draw(care_scenes()).changed(**draw(st.dictionaries(fields, STRANGE, max_size=2)))
