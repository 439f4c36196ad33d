"""When symbols trade, and under which leverage positions are opened: `sim.holidays` and `sim.leverage`, compiled."""

from typing import Final

from backtest.compiled.tables import HOLIDAY, WEEKLY_CAP, Broker
from domain.jit import njit_inner, njit_once
from domain.timeframes import DAY_S, WEEK_S

_EPOCH_TO_SUNDAY_S: Final = 4 * DAY_S  # 1970-01-01 was a Thursday
_MS_PER_S: Final = 1000


@njit_inner
def is_open(broker: Broker, symbol: int, server_s: int) -> bool:
    """`TradingHours.is_open` at `server_s` [s, broker's clock]."""
    terms = broker.terms[symbol]
    second = (server_s + _EPOCH_TO_SUNDAY_S) % WEEK_S
    within = terms.session_count == 0
    for index in range(terms.session_count):
        within = within or terms.sessions[index, 0] <= second < terms.sessions[index, 1]
    return within and _is_open_on(broker, symbol, server_s // DAY_S, server_s % DAY_S)


@njit_once
def _is_open_on(broker: Broker, symbol: int, day: int, second: int) -> bool:
    """Whether no holiday keeps the symbol closed at `second` of `day`."""
    is_holiday, within = False, False
    for row in range(broker.windows.shape[0]):
        window = broker.windows[row]
        if window.kind == HOLIDAY and window.symbol == symbol and window.start_s // DAY_S == day:
            is_holiday = True
            within = within or window.start_s <= day * DAY_S + second < window.end_s
    return within or not is_holiday


@njit_once
def cap_of(broker: Broker, symbol: int, server_s: int) -> tuple[int, int]:
    """`leverage.cap_at`: the lowest leverage that windows allow at `server_s`, and until when [ms]; 0, 0 for none."""
    leverage, until_s = 0, 0
    for row in range(broker.windows.shape[0]):
        window = broker.windows[row]
        if window.kind == HOLIDAY or window.symbol != symbol:
            continue
        end_s = _end_of(window.kind, window.start_s, window.end_s, server_s)
        if end_s < 0:
            continue
        if leverage == 0 or window.leverage < leverage:
            leverage, until_s = window.leverage, end_s
        elif window.leverage == leverage:
            until_s = max(until_s, end_s)
    return leverage, until_s * _MS_PER_S


@njit_once
def _end_of(kind: int, start_s: int, end_s: int, server_s: int) -> int:
    """When the window that `server_s` lies in is over; -1 outside of it."""
    if kind != WEEKLY_CAP:
        return end_s if start_s <= server_s < end_s else -1
    second = (server_s + _EPOCH_TO_SUNDAY_S) % WEEK_S
    found = -1
    for at in (second, second + WEEK_S):
        if start_s <= at < end_s:
            found = max(found, server_s - at + end_s)
    return found
