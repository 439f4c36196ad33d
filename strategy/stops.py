"""Where the stop of an open position goes: break-even, four ways of trailing, and what a filled order risks too much.

Every rule writes down what it saw. A stop only ever tightens, keeps the broker's stops level, and of several levels the
tightest counts.
"""

import math
from typing import Final, NamedTuple

from domain.jit import njit_inlined
from domain.pricing import rounded_price
from risk.fill import Fill, lots_to_shed, risk_to_stop, stop_for_risk
from risk.trailing import best_of, stepped_level, stepped_wake, trailing_level
from strategy.entry_rules import SymbolRules
from strategy.gates import Action, Care
from strategy.position_rules import CareRules, FillRules, StopRules
from strategy.position_views import PositionView
from strategy.verdicts import FIRED, VERDICT, Gates, note

_MODIFY: Final = int(Action.MODIFY)
_PARTIAL_CLOSE: Final = int(Action.PARTIAL_CLOSE)
_CLOSE: Final = int(Action.CLOSE)
_HOLD: Final = int(Action.HOLD)
_BREAK_EVEN: Final = int(Care.BREAK_EVEN)
_TRAILING: Final = int(Care.TRAILING)
_WEEKEND: Final = int(Care.WEEKEND)
_NEWS: Final = int(Care.NEWS)
_CHANDELIER: Final = int(Care.CHANDELIER)
_TRAILING_FIXED: Final = int(Care.TRAILING_FIXED)
_TRAILING_STEPPED: Final = int(Care.TRAILING_STEPPED)
_RISK_AFTER_FILL: Final = int(Care.RISK_AFTER_FILL)
_TRAILING_SEATS: Final = (_TRAILING, _CHANDELIER, _TRAILING_FIXED, _TRAILING_STEPPED)
_LOTS_SLACK: Final = 1e-9


class Here(NamedTuple):
    """The market as a position meets it.

    `close_price` is what it would close at; `gain` [price]; `gain_r` [R]; `room` the least distance of a stop and a
    target from the close price, `step` the least a trailing stop moves [price]; `levels_fit`: a request may carry the
    target.
    """

    close_price: float
    gain: float
    gain_r: float
    room: float
    step: float
    levels_fit: bool


class Remedy(NamedTuple):
    """What is done about a fill that risks too much."""

    action: int
    lots: float
    sl: float


@njit_inlined
def here_of(view: PositionView, rules: StopRules, symbol: SymbolRules) -> Here:
    """Where the position stands; unknown prices give an unknown gain (NaN)."""
    close_price = view.bid if view.side > 0 else view.ask
    # terminals report a price of 0 where they do not know it yet
    gain = (close_price - view.price_open) * view.side if min(close_price, view.price_open) > 0.0 else math.nan
    gain_r = gain / view.initial_risk if view.initial_risk > 0.0 else math.nan
    room = symbol.stops_level + symbol.tick_size
    fits = view.tp == 0.0 or (view.tp - close_price) * view.side >= room
    return Here(close_price, gain, gain_r, room, rules.min_step_atr * view.atr, fits)


@njit_inlined
def break_even_offset(cost: float, rules: StopRules, point: float) -> float:
    """How far beyond the entry break-even lies [price]: `cost` (commission and swap) and the buffer."""
    return cost + rules.break_even_buffer_points * point


@njit_inlined
def _better(level: float, stop: float, side: int, here: Here, least: float) -> bool:
    """Whether a stop at `level` tightens by at least `least`, and the broker takes it."""
    gained = (level - stop) * side
    tighter = stop == 0.0 or (gained > 0.0 and gained >= least)
    return bool(here.levels_fit and level > 0.0 and tighter and (here.close_price - level) * side >= here.room)


@njit_inlined
def _is_due(locked: float, offset: float, distance: float, here: Here, rules: StopRules) -> bool:
    """Whether a rule that trails at `distance` is on and has begun; where it must pay, `locked` beyond it does."""
    pays = rules.trailing_in_profit == 0.0 or locked >= distance + offset
    return distance > 0.0 and pays and here.gain_r >= rules.trailing_start_r and here.step > 0.0


@njit_inlined
def _trail(
    seat: int, due: bool, wanted: float, stop: float, view: PositionView, here: Here, symbol: SymbolRules, gates: Gates
) -> float:
    """The stop at `wanted` [price], put on the grid, if it is due and better, which goes on record; else `stop`."""
    if not due:
        return stop
    level = rounded_price(wanted, symbol.tick_size, symbol.digits)
    if not _better(level, stop, view.side, here, here.step):
        return stop
    gates[seat, VERDICT] = FIRED
    return level


@njit_inlined
def moved_stop(view: PositionView, here: Here, rules: CareRules, symbol: SymbolRules, gates: Gates) -> float:
    """The tightest stop the rules ask for, or the present one. Nothing is put on the grid before it is due."""
    r, side, stop = rules.stops, view.side, view.sl
    offset = break_even_offset(view.cost, r, symbol.point)
    fires = False
    if r.break_even_r > 0.0 and here.gain_r >= r.break_even_r:
        level = rounded_price(view.price_open + side * offset, symbol.tick_size, symbol.digits)
        fires = _better(level, stop, side, here, here.step if here.step > 0.0 else 0.0)
        if fires:
            stop = level
    note(gates, _BREAK_EVEN, here.gain_r, r.break_even_r, fires)
    for seat in _TRAILING_SEATS:
        note(gates, seat, here.gain_r, r.trailing_start_r, False)
    distance = r.trailing_atr * view.atr
    wanted = trailing_level(side, here.close_price, distance)
    stop = _trail(_TRAILING, _is_due(here.gain, offset, distance, here, r), wanted, stop, view, here, symbol, gates)
    distance = r.chandelier_atr * view.atr
    best = best_of(side, view.best_price, here.close_price)
    # where the market has fallen through the chandelier already, the stop comes as near as the broker allows
    nearest = trailing_level(side, here.close_price, here.room + symbol.tick_size)
    wanted = best_of(-side, trailing_level(side, best, distance), nearest)
    due = _is_due((best - view.price_open) * side, offset, distance, here, r)
    stop = _trail(_CHANDELIER, due, wanted, stop, view, here, symbol, gates)
    distance = r.trailing_points * symbol.point
    wanted = trailing_level(side, here.close_price, distance)
    due = _is_due(here.gain, offset, distance, here, r)
    stop = _trail(_TRAILING_FIXED, due, wanted, stop, view, here, symbol, gates)
    rung = r.stepped_r * view.initial_risk
    if rung > 0.0:
        wanted = stepped_level(side, view.price_open, here.gain, rung)
        due = _is_due((wanted - view.price_open) * side + rung, offset, rung, here, r)
        stop = _trail(_TRAILING_STEPPED, due, wanted, stop, view, here, symbol, gates)
    if rules.hours.weekend_stop_atr > 0.0:
        stop = _before_the_weekend(view, here, stop, rules, symbol, gates)
    if rules.news.news_stop_atr > 0.0:
        stop = _before_the_event(view, here, stop, rules, symbol, gates)
    return stop


@njit_inlined
def _before_the_weekend(
    view: PositionView, here: Here, stop: float, rules: CareRules, symbol: SymbolRules, gates: Gates
) -> float:
    left, limit = view.clock.week_left_s, rules.hours.weekend_close_s
    note(gates, _WEEKEND, left, limit, False)
    wanted = trailing_level(view.side, here.close_price, rules.hours.weekend_stop_atr * view.atr)
    return _trail(_WEEKEND, left <= limit and here.step > 0.0, wanted, stop, view, here, symbol, gates)


@njit_inlined
def _before_the_event(
    view: PositionView, here: Here, stop: float, rules: CareRules, symbol: SymbolRules, gates: Gates
) -> float:
    left, limit = view.calendar.event_left_s, rules.news.news_close_s
    if math.isnan(left):
        return stop
    note(gates, _NEWS, left, limit, False)
    wanted = trailing_level(view.side, here.close_price, rules.news.news_stop_atr * view.atr)
    return _trail(_NEWS, left <= limit and here.step > 0.0, wanted, stop, view, here, symbol, gates)


# -- the risk after a fill --------------------------------------------------------------------------------------------


@njit_inlined
def _filled(view: PositionView) -> Fill:
    f = view.fill
    return Fill(view.side, view.volume, view.price_open, view.sl, f.money_per_price, f.cost_per_lot)


@njit_inlined
def risk_allowed(view: PositionView) -> float:
    """What the position's decision risked, the slippage it expected included [account money]; NaN: not known."""
    f = view.fill
    distance = (f.planned_price - f.planned_sl) * view.side + f.planned_slippage
    known = f.planned_sl > 0.0 and distance > 0.0
    return f.planned_lots * (distance * f.money_per_price + f.cost_per_lot) if known else math.nan


@njit_inlined
def risk_taken(view: PositionView) -> float:
    """Loss at the present stop [account money]; without a stop infinite, where the price is not known NaN."""
    if not view.price_open > 0.0:
        return math.nan
    return risk_to_stop(_filled(view)) if view.sl != 0.0 else math.inf


@njit_inlined
def is_as_filled(view: PositionView) -> bool:
    """Whether nothing has been done to the position since it was filled: its first look is still to come.

    The stop is the one that was ordered (or none: some servers drop it), and nothing has been closed.
    """
    same_stop = view.sl == 0.0 or abs(view.sl - view.fill.planned_sl) <= 0.0
    return same_stop and view.volume >= view.initial_lots - _LOTS_SLACK


@njit_inlined
def after_fill(view: PositionView, here: Here, rules: FillRules, symbol: SymbolRules, gates: Gates) -> Remedy:
    """Judge the risk of the fill against what its decision allowed; what has to be done, HOLD where nothing has."""
    allowed, taken = risk_allowed(view), risk_taken(view)
    limit = allowed * (1.0 + rules.fill_tolerance)
    remedy = Remedy(_HOLD, 0.0, view.sl)
    if is_as_filled(view) and taken > limit and view.volume > 0.0 and min(view.bid, view.ask) > 0.0:
        remedy = _remedy(view, here, allowed, rules, symbol)
    note(gates, _RISK_AFTER_FILL, taken, limit, remedy.action != _HOLD)
    return remedy


@njit_inlined
def _remedy(view: PositionView, here: Here, allowed: float, rules: FillRules, symbol: SymbolRules) -> Remedy:
    """A tighter stop; where it would lie too near, a smaller position; where that is not enough, none."""
    fill = _filled(view)
    level = stop_for_risk(fill, allowed, symbol.tick_size, symbol.digits)
    far_enough = (here.close_price - level) * view.side >= rules.fill_min_stop_atr * view.atr
    if far_enough and _better(level, view.sl, view.side, here, 0.0):
        return Remedy(_MODIFY, 0.0, level)
    if view.sl == 0.0:
        return Remedy(_HOLD, 0.0, view.sl)
    per_lot = risk_to_stop(fill) / view.volume
    shed = lots_to_shed(view.volume, allowed / per_lot, symbol.volume_min, symbol.volume_step)
    if rules.fill_close_ratio > 0.0 and (view.volume - shed) * per_lot > rules.fill_close_ratio * allowed:
        return Remedy(_CLOSE, view.volume, view.sl)
    return Remedy(_PARTIAL_CLOSE if shed > 0.0 else _HOLD, shed, view.sl)


# -- when to look again -----------------------------------------------------------------------------------------------


@njit_inlined
def _wake_behind(held: float, distance: float, start: float, offset: float, view: PositionView, r: StopRules) -> float:
    """Gain from which a stop at `distance` behind the price can tighten one that holds a gain of `held` [price]."""
    if not distance > 0.0:
        return math.inf
    least = distance + offset if r.trailing_in_profit > 0.0 else 0.0
    if view.sl != 0.0:
        least = max(least, held + r.min_step_atr * view.atr + distance)
    return max(start, least)


@njit_inlined
def stops_wake(view: PositionView, rules: StopRules, symbol: SymbolRules) -> float:
    """Gain [price] below which no stop rule moves the stop; infinite where none can."""
    wake, risk, side = math.inf, view.initial_risk, view.side
    if not risk > 0.0:
        return wake
    offset, held = break_even_offset(view.cost, rules, symbol.point), (view.sl - view.price_open) * side
    if rules.break_even_r > 0.0 and (view.sl == 0.0 or offset - held > -symbol.tick_size):
        wake = rules.break_even_r * risk
    if math.isnan(view.atr):
        return wake
    start = rules.trailing_start_r * risk
    wake = min(wake, _wake_behind(held, rules.trailing_atr * view.atr, start, offset, view, rules))
    wake = min(wake, _wake_behind(held, rules.trailing_points * symbol.point, start, offset, view, rules))
    hung = _wake_behind(held, rules.chandelier_atr * view.atr, start, offset, view, rules)
    # a chandelier hangs from the best price: the present one matters only where that is not enough
    reached = (view.best_price - view.price_open) * side >= hung - 2.0 * symbol.tick_size
    wake = min(wake, start if reached else hung)
    rung = rules.stepped_r * risk
    if rung > 0.0:
        least = held + rules.min_step_atr * view.atr if view.sl != 0.0 else -rung
        if rules.trailing_in_profit > 0.0:
            least = max(least, offset)
        wake = min(wake, max(start, stepped_wake(0.0, least, rung)))
    return wake
