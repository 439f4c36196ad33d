"""One open position as a decision sees it, and what can be decided about it."""

from typing import NamedTuple


class FillView(NamedTuple):
    """What the position was decided as, and what its lots are worth.

    `planned_*` of the decision (NaN: not known), `planned_slippage` [price] what its size expected of the fills;
    `money_per_price` of one lot at that stop and `cost_per_lot`, beyond the distance to the stop [account money].
    """

    planned_lots: float
    planned_price: float
    planned_sl: float
    planned_slippage: float
    money_per_price: float
    cost_per_lot: float


class ClockView(NamedTuple):
    """Time since the opening, to the week's end, to the broker's midnight, and to a triple swap that is paid [s]."""

    age_s: float
    week_left_s: float
    day_left_s: float
    triple_left_s: float


class CalendarView(NamedTuple):
    """What the calendar says of a position: time to the next event and to the next window, 0 inside of one [s].

    `held_leverage` is the market value of all positions that are inside a window / equity; 0 outside of one. NaN where
    no calendar can be relied on.
    """

    event_left_s: float
    window_left_s: float
    held_leverage: float


class PositionView(NamedTuple):
    """One open position at a tick.

    `initial_risk`: stop distance at entry [price]; `atr`: the last closed bar's; `best_price`: the most favorable one
    of the bars since entry; `cost`: commission and swap so far [price].
    """

    side: int
    volume: float
    initial_lots: float
    price_open: float
    sl: float
    tp: float
    initial_risk: float
    bid: float
    ask: float
    atr: float
    best_price: float
    cost: float
    fill: FillView
    clock: ClockView
    calendar: CalendarView


class PositionDecision(NamedTuple):
    """What to do with a position: `lots` to close, or new `sl` and `tp`; `rule` is the `Care` that acts, or NO_GATE."""

    action: int
    lots: float
    sl: float
    tp: float
    rule: int
