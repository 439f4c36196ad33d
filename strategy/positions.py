"""The decision on an open position, one call per tick.

Live, simulated and backtested trading all end here. Pure: everything arrives as an argument, nothing is remembered.
Every call writes for each rule its value, its threshold and its verdict, whatever it decides.
"""

import math
from typing import Final

import numpy as np

from domain.jit import njit_inlined
from risk.guards import lots_over
from risk.legs import next_leg
from strategy.entry_rules import SymbolRules
from strategy.gates import NO_GATE, Action, Care, Verdict
from strategy.position_rules import CareRules, HoursRules
from strategy.position_views import PositionDecision, PositionView
from strategy.stops import Here, after_fill, here_of, is_as_filled, moved_stop, risk_allowed, risk_taken, stops_wake
from strategy.verdicts import FIRED, VERDICT, Gates, clear, judge, note

_HOLD: Final = int(Action.HOLD)
_MODIFY: Final = int(Action.MODIFY)
_PARTIAL_CLOSE: Final = int(Action.PARTIAL_CLOSE)
_CLOSE: Final = int(Action.CLOSE)
_TIME_STOP: Final = int(Care.TIME_STOP)
_PARTIAL: Final = int(Care.PARTIAL_CLOSE)
_RISK_AFTER_FILL: Final = int(Care.RISK_AFTER_FILL)
_WEEKEND: Final = int(Care.WEEKEND)
_ROLLOVER: Final = int(Care.ROLLOVER)
_FREEZE_LEVEL: Final = int(Care.FREEZE_LEVEL)
_NEWS: Final = int(Care.NEWS)
_NEWS_LEVERAGE: Final = int(Care.NEWS_LEVERAGE)
_STOP_RULES: Final = (
    int(Care.NEWS),
    int(Care.WEEKEND),
    int(Care.TRAILING_STEPPED),
    int(Care.TRAILING_FIXED),
    int(Care.CHANDELIER),
    int(Care.TRAILING),
    int(Care.BREAK_EVEN),
)
"""In the order of their precedence: each was asked whether it is better than those that stand behind it."""
_REDUCED_TO: Final = 0.9  # a little below the limit, so that the next move of the price does not ask again
_REFUSED: Final = float(Verdict.REFUSED)
_NO_GATE: Final = NO_GATE


@njit_inlined
def _fired(gates: Gates, seat: int) -> bool:
    return bool(gates[seat, VERDICT] == FIRED)


@njit_inlined
def _is_over(view: PositionView, care: CareRules, gates: Gates) -> int:
    """The rule by whose clock the position ends, or NO_GATE."""
    clock, rules, stands = view.clock, care.hours, view.volume > 0.0
    over = 0.0 < rules.max_holding_s <= clock.age_s and stands
    rule = _TIME_STOP if note(gates, _TIME_STOP, clock.age_s, rules.max_holding_s, over) else _NO_GATE
    if rules.weekend_stop_atr == 0.0:
        left, limit = clock.week_left_s, rules.weekend_close_s
        if note(gates, _WEEKEND, left, limit, left <= limit and stands) and rule == _NO_GATE:
            rule = _WEEKEND
    limit = rollover_limit_s(view, rules)
    over = clock.day_left_s <= limit and stands
    if note(gates, _ROLLOVER, clock.day_left_s, limit, over) and rule == _NO_GATE:
        rule = _ROLLOVER
    left, limit = view.calendar.event_left_s, care.news.news_close_s
    asked = care.news.news_stop_atr == 0.0 and not math.isnan(left)
    if asked and note(gates, _NEWS, left, limit, left <= limit and stands) and rule == _NO_GATE:
        rule = _NEWS
    return rule


@njit_inlined
def _lots_over_leverage(view: PositionView, rules: CareRules, symbol: SymbolRules, gates: Gates) -> float:
    """Lots of the position to close inside a window of news: its share of what is held above the limit [lots]."""
    held, limit = view.calendar.held_leverage, rules.news.news_max_leverage
    if math.isnan(held):
        return 0.0
    lots = 0.0
    if 0.0 < limit < held and view.volume > 0.0:
        kept = _REDUCED_TO * limit / held
        lots = lots_over(view.volume, view.volume, kept, symbol.volume_min, symbol.volume_step)
    return lots if note(gates, _NEWS_LEVERAGE, held, limit, lots > 0.0) else 0.0


@njit_inlined
def rollover_limit_s(view: PositionView, rules: HoursRules) -> float:
    """How long before tonight's midnight the position is closed [s]; 0: it stays."""
    triple = rules.triple_swap_close_s if view.clock.triple_left_s <= view.clock.day_left_s else 0.0
    return max(rules.rollover_close_s, triple)


@njit_inlined
def _lots_of_leg(view: PositionView, here: Here, rules: CareRules, symbol: SymbolRules, gates: Gates) -> float:
    target = abs(view.tp - view.price_open) if view.tp > 0.0 else math.nan
    reached = here.gain / target if target > 0.0 else math.nan
    leg = next_leg(reached, view.volume, view.initial_lots, symbol.volume_min, symbol.volume_step, rules.legs)
    return leg.lots if note(gates, _PARTIAL, reached, leg.at, leg.lots > 0.0 and reached >= leg.at) else 0.0


@njit_inlined
def _is_frozen(view: PositionView, here: Here, symbol: SymbolRules, gates: Gates) -> bool:
    """Whether the market stands so near the stop or the target that MT5 neither changes nor closes the position."""
    nearest = math.inf
    if view.sl > 0.0:
        nearest = abs(here.close_price - view.sl)
    if view.tp > 0.0:
        nearest = min(nearest, abs(here.close_price - view.tp))
    points = float(np.floor(nearest / symbol.point + 0.5))
    frozen = symbol.freeze_points > 0.0 and points <= symbol.freeze_points
    judge(gates, _FREEZE_LEVEL, points, symbol.freeze_points, not frozen)
    return frozen


@njit_inlined
def decide_position(view: PositionView, rules: CareRules, symbol: SymbolRules, gates: Gates) -> PositionDecision:
    """Decide what an open position needs at a tick and write every rule into `gates` (shape (GATE_SEATS, 3)).

    Order of precedence: the clock (time stop, weekend, rollover, news), the risk after the fill, leverage inside a
    window of news, partial close, stop move. A stop only ever tightens. A rule whose input is unknown (NaN) does
    nothing; within the freeze level none does.
    """
    clear(gates)
    here = here_of(view, rules.stops, symbol)
    over = _is_over(view, rules, gates)
    remedy = after_fill(view, here, rules.fill, symbol, gates)
    shed = _lots_over_leverage(view, rules, symbol, gates)
    lots = _lots_of_leg(view, here, rules, symbol, gates)
    stop = moved_stop(view, here, rules, symbol, gates)
    if _is_frozen(view, here, symbol, gates):
        for seat in range(gates.shape[0]):
            if _fired(gates, seat):
                gates[seat, VERDICT] = _REFUSED
        return PositionDecision(_HOLD, 0.0, view.sl, view.tp, _NO_GATE)
    if over != _NO_GATE:
        return PositionDecision(_CLOSE, view.volume, view.sl, view.tp, over)
    moves = abs(stop - view.sl) > 0.0
    # a stop that the other rules would put tighter takes the risk back as well
    outdone = moves and remedy.action == _MODIFY and (stop - remedy.sl) * view.side > 0.0
    if remedy.action != _HOLD and not outdone:
        return PositionDecision(remedy.action, remedy.lots, remedy.sl, view.tp, _RISK_AFTER_FILL)
    rule = _NEWS_LEVERAGE if shed > 0.0 else _PARTIAL
    lots = shed if shed > 0.0 else lots
    if lots > 0.0:
        action = _CLOSE if lots >= view.volume else _PARTIAL_CLOSE
        return PositionDecision(action, lots, view.sl, view.tp, rule)
    if moves:
        return PositionDecision(_MODIFY, 0.0, stop, view.tp, _last_to_fire(gates))
    return PositionDecision(_HOLD, 0.0, view.sl, view.tp, _NO_GATE)


@njit_inlined
def _last_to_fire(gates: Gates) -> int:
    for seat in _STOP_RULES:
        if _fired(gates, seat):
            return seat
    return _NO_GATE


@njit_inlined
def wake_gain(view: PositionView, rules: CareRules, symbol: SymbolRules) -> float:
    """Gain [price] below which `decide_position` certainly holds, the clock apart; infinite where no rule can act.

    It may be too low (a decision is then made for nothing) but never too high; two ticks of slack cover the rounding of
    levels.
    """
    if is_as_filled(view) and risk_taken(view) > risk_allowed(view) * (1.0 + rules.fill.fill_tolerance):
        return -math.inf
    wake = stops_wake(view, rules.stops, symbol)
    leg = next_leg(-math.inf, view.volume, view.initial_lots, symbol.volume_min, symbol.volume_step, rules.legs)
    if view.tp > 0.0 and leg.lots > 0.0:
        wake = min(wake, leg.at * abs(view.tp - view.price_open))
    return wake - 2.0 * symbol.tick_size


@njit_inlined
def wake_s(view: PositionView, care: CareRules) -> float:
    """Time [s] for which the clock certainly asks for nothing; 0 and less where it may ask now."""
    clock, rules, wake = view.clock, care.hours, math.inf
    if rules.max_holding_s > 0.0:
        wake = rules.max_holding_s - clock.age_s
    if rules.weekend_close_s > 0.0:
        wake = min(wake, clock.week_left_s - rules.weekend_close_s)
    if rules.rollover_close_s > 0.0:
        wake = min(wake, clock.day_left_s - rules.rollover_close_s)
    if rules.triple_swap_close_s > 0.0:
        wake = min(wake, clock.triple_left_s - rules.triple_swap_close_s)
    if care.news.news_close_s > 0.0 and view.calendar.event_left_s < math.inf:
        wake = min(wake, view.calendar.event_left_s - care.news.news_close_s)
    # inside a window every tick may take the leverage above its limit
    if care.news.news_max_leverage > 0.0 and view.calendar.window_left_s < math.inf:
        wake = min(wake, view.calendar.window_left_s)
    return wake
