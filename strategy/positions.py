"""The decision on an open position, one call per tick.

Live, simulated and backtested trading all end here. Pure: everything arrives as an argument, nothing is remembered.
Every call writes for each rule its value, its threshold and its verdict, whatever it decides.
"""

import math
from typing import Final, NamedTuple

from domain.jit import njit
from domain.pricing import rounded_price
from risk.sizing import floored_lots
from strategy.entry_rules import SymbolRules
from strategy.gates import NO_GATE, Action, Care
from strategy.verdicts import FIRED, VERDICT, Gates, clear, note

_HOLD: Final = int(Action.HOLD)
_MODIFY: Final = int(Action.MODIFY)
_PARTIAL_CLOSE: Final = int(Action.PARTIAL_CLOSE)
_CLOSE: Final = int(Action.CLOSE)
_TIME_STOP: Final = int(Care.TIME_STOP)
_PARTIAL: Final = int(Care.PARTIAL_CLOSE)
_BREAK_EVEN: Final = int(Care.BREAK_EVEN)
_TRAILING: Final = int(Care.TRAILING)
_NO_GATE: Final = NO_GATE


class CareRules(NamedTuple):
    """Thresholds of position care; meaning, unit and range stand in `strategy.params.CareSettings`."""

    break_even_r: float
    break_even_buffer_points: float
    trailing_start_r: float
    trailing_atr: float
    min_step_atr: float
    partial_target_fraction: float
    partial_volume_fraction: float
    max_holding_s: float


class PositionView(NamedTuple):
    """One open position at a tick. `initial_risk`: stop distance at entry [price]; `atr`: the last closed bar's."""

    side: int
    volume: float
    initial_lots: float
    price_open: float
    sl: float
    tp: float
    initial_risk: float
    age_s: float
    bid: float
    ask: float
    atr: float


class PositionDecision(NamedTuple):
    """What to do with a position: `lots` to close, or new `sl` and `tp`; `rule` is the `Care` that acts, or NO_GATE."""

    action: int
    lots: float
    sl: float
    tp: float
    rule: int


@njit
def _partial_lots(view: PositionView, rules: CareRules, symbol: SymbolRules) -> float:
    if view.volume < view.initial_lots or rules.partial_volume_fraction <= 0.0:
        return 0.0
    lots = floored_lots(view.volume * rules.partial_volume_fraction, symbol.volume_step)
    remaining = view.volume - lots
    return lots if lots >= symbol.volume_min and remaining >= symbol.volume_min * (1.0 - 1e-9) else 0.0


@njit
def _tighter_stop(
    view: PositionView, gain_r: float, close_price: float, rules: CareRules, symbol: SymbolRules, gates: Gates
) -> float:
    """The best stop the rules ask for, or the present one; it never loosens and keeps the stops level."""
    step = rules.min_step_atr * view.atr
    stop = view.sl
    known = not math.isnan(view.tp)  # a request carries both levels
    level = rounded_price(
        view.price_open + view.side * rules.break_even_buffer_points * symbol.point, symbol.tick_size, symbol.digits
    )
    room = symbol.stops_level + symbol.tick_size
    due = known and rules.break_even_r > 0.0 and gain_r >= rules.break_even_r
    allowed = view.sl == 0.0 or (level - view.sl) * view.side > 0.0
    if note(
        gates, _BREAK_EVEN, gain_r, rules.break_even_r, due and allowed and (close_price - level) * view.side >= room
    ):
        stop = level
    level = rounded_price(close_price - view.side * rules.trailing_atr * view.atr, symbol.tick_size, symbol.digits)
    due = known and rules.trailing_atr > 0.0 and gain_r >= rules.trailing_start_r
    allowed = level > 0.0 and (stop == 0.0 or (level - stop) * view.side >= step)
    if note(
        gates, _TRAILING, gain_r, rules.trailing_start_r, due and allowed and (close_price - level) * view.side >= room
    ):
        stop = level
    return stop


@njit
def decide_position(view: PositionView, rules: CareRules, symbol: SymbolRules, gates: Gates) -> PositionDecision:
    """Decide what an open position needs at a tick and write every rule into `gates` (shape (GATE_SEATS, 3)).

    Order of precedence: time stop, partial close, stop move. A stop only ever tightens. A rule whose input is unknown
    (NaN) does nothing.
    """
    clear(gates)
    close_price = view.bid if view.side > 0 else view.ask
    # terminals report a price of 0 where they do not know it yet
    gain = (close_price - view.price_open) * view.side if min(close_price, view.price_open) > 0.0 else math.nan
    gain_r = gain / view.initial_risk if view.initial_risk > 0.0 else math.nan
    target = abs(view.tp - view.price_open) if view.tp > 0.0 else math.nan
    lots = _partial_lots(view, rules, symbol)
    expired = note(
        gates,
        _TIME_STOP,
        view.age_s,
        rules.max_holding_s,
        0.0 < rules.max_holding_s <= view.age_s and view.volume > 0.0,
    )
    reached = gain / target if target > 0.0 else math.nan
    partial = note(
        gates, _PARTIAL, reached, rules.partial_target_fraction, lots > 0.0 and reached >= rules.partial_target_fraction
    )
    stop = _tighter_stop(view, gain_r, close_price, rules, symbol, gates)
    if expired:
        return PositionDecision(_CLOSE, view.volume, view.sl, view.tp, _TIME_STOP)
    if partial:
        return PositionDecision(_PARTIAL_CLOSE, lots, view.sl, view.tp, _PARTIAL)
    if abs(stop - view.sl) > 0.0:
        rule = _TRAILING if gates[_TRAILING, VERDICT] == FIRED else _BREAK_EVEN
        return PositionDecision(_MODIFY, 0.0, stop, view.tp, rule)
    return PositionDecision(_HOLD, 0.0, view.sl, view.tp, _NO_GATE)


@njit
def wake_gain(view: PositionView, rules: CareRules, symbol: SymbolRules) -> float:
    """Gain [price] below which `decide_position` certainly holds, the time stop apart; infinite where no rule can act.

    It may be too low (a decision is then made for nothing) but never too high; two ticks of slack cover the rounding of
    levels.
    """
    wake = math.inf
    if view.tp > 0.0 and _partial_lots(view, rules, symbol) > 0.0:
        wake = min(wake, rules.partial_target_fraction * abs(view.tp - view.price_open))
    if view.initial_risk > 0.0:
        if rules.break_even_r > 0.0:
            level = view.price_open + view.side * rules.break_even_buffer_points * symbol.point
            if view.sl == 0.0 or (level - view.sl) * view.side > -symbol.tick_size:
                wake = min(wake, rules.break_even_r * view.initial_risk)
        if rules.trailing_atr > 0.0 and not math.isnan(view.atr):
            start = rules.trailing_start_r * view.initial_risk
            if view.sl != 0.0:
                held = (view.sl - view.price_open) * view.side
                start = max(start, held + (rules.min_step_atr + rules.trailing_atr) * view.atr)
            wake = min(wake, start)
    return wake - 2.0 * symbol.tick_size
