"""`copy_rates_*` and `copy_ticks_*`: structured arrays, oldest first; times are the broker's clock."""

from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from domain.timeframes import Timeframe
from sim import matching
from sim.metatrader5.arguments import Moment, integer, moment, seconds, text
from sim.metatrader5.charts import COPY_FLAGS, MAX_BARS, with_flags
from sim.metatrader5.desk import DESK, call
from sim.metatrader5.failures import CALL_FAILED, INVALID_PARAMS, NOT_FOUND, CallError

Rows: TypeAlias = npt.NDArray[Any]

_MS_PER_S: Final = 1000
_MONTH_S: Final = 30 * 86_400
_TIMEFRAMES: Final = frozenset(Timeframe)


@call(text, integer, moment, integer)
def copy_rates_from(symbol: str, timeframe: int, date_from: Moment, count: int, /) -> Rows | None:
    """The last `count` bars that opened at or before `date_from`."""
    bars = _bars(symbol, timeframe)
    _check_count(count)
    stop = int(np.searchsorted(bars["time"], seconds(date_from), side="right"))
    if stop == 0:
        raise CallError(CALL_FAILED)
    return bars[max(stop - count, 0) : stop].copy()


@call(text, integer, integer, integer)
def copy_rates_from_pos(symbol: str, timeframe: int, start_pos: int, count: int, /) -> Rows | None:
    """`count` bars that end at position `start_pos`, counted backwards from the running bar, which is 0."""
    bars = _bars(symbol, timeframe)
    _check_count(count)
    if start_pos < 0:
        raise CallError(INVALID_PARAMS)
    stop = len(bars) - start_pos
    if stop <= 0:
        raise CallError(CALL_FAILED)
    return bars[max(stop - count, 0) : stop].copy()


@call(text, integer, moment, moment)
def copy_rates_range(symbol: str, timeframe: int, date_from: Moment, date_to: Moment, /) -> Rows | None:
    """The bars that opened from `date_from` to `date_to`, both included; an empty array where there are none."""
    bars = _bars(symbol, timeframe)
    begin, end = _span(date_from, date_to)
    if end - begin > MAX_BARS * _length_s(timeframe):
        raise CallError(INVALID_PARAMS)
    start = int(np.searchsorted(bars["time"], begin, side="left"))
    stop = int(np.searchsorted(bars["time"], end, side="right"))
    return bars[start:stop].copy()


@call(text, moment, integer, integer)
def copy_ticks_from(symbol: str, date_from: Moment, count: int, flags: int, /) -> Rows | None:
    """The first `count` ticks from `date_from` on that `flags` (`COPY_TICKS_*`) asks for."""
    ticks = _ticks(symbol, flags)
    if count <= 0:
        raise CallError(INVALID_PARAMS)
    start = _first_at(ticks, seconds(date_from))
    return ticks[start : start + count].copy()


@call(text, moment, moment, integer)
def copy_ticks_range(symbol: str, date_from: Moment, date_to: Moment, flags: int, /) -> Rows | None:
    """The ticks from `date_from` to `date_to`, both included, that `flags` (`COPY_TICKS_*`) asks for."""
    ticks = _ticks(symbol, flags)
    begin, end = _span(date_from, date_to)
    start = _first_at(ticks, begin)
    stop = int(matching.first_at(ticks, 0, len(ticks), end * _MS_PER_S + 1))
    return ticks[start:stop].copy()


def _bars(symbol: str, timeframe: int) -> Rows:
    station = DESK.station()
    if station.terminal.spec(symbol) is None:
        raise CallError(CALL_FAILED)
    if timeframe not in _TIMEFRAMES:
        raise CallError(INVALID_PARAMS)
    return station.archive.bars(symbol, Timeframe(timeframe))


def _ticks(symbol: str, flags: int) -> Rows:
    station = DESK.station()
    if station.terminal.spec(symbol) is None:
        raise CallError(NOT_FOUND)
    if flags not in COPY_FLAGS:
        raise CallError(INVALID_PARAMS)
    return with_flags(station.archive.ticks(symbol), flags)


def _first_at(ticks: Rows, second: int) -> int:
    return int(matching.first_at(ticks, 0, len(ticks), second * _MS_PER_S))


def _check_count(count: int) -> None:
    if not 0 < count < MAX_BARS:
        raise CallError(INVALID_PARAMS)


def _span(date_from: Moment, date_to: Moment) -> tuple[int, int]:
    begin, end = seconds(date_from), seconds(date_to)
    if begin > end:
        raise CallError(INVALID_PARAMS)
    return begin, end


def _length_s(timeframe: int) -> int:
    chosen = Timeframe(timeframe)
    return _MONTH_S if chosen is Timeframe.MN1 else chosen.seconds
