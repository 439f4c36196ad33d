"""MT5's timeframes: their codes and how their bars are aligned to the broker's clock."""

from enum import IntEnum

from domain.jit import njit

_HOUR_FLAG = 0x4000
_WEEK_FLAG = 0x8000
_MONTH_FLAG = 0xC000
MINUTE_S = 60
HOUR_S = 3600
DAY_S = 86_400
WEEK_S = 604_800
_SUNDAY_BEFORE_EPOCH_S = 4 * DAY_S  # 1970-01-01 was a Thursday; MT5's week opens on Sunday


class Timeframe(IntEnum):
    """MT5's `ENUM_TIMEFRAMES` codes (`TIMEFRAME_*` in the `MetaTrader5` package)."""

    M1 = 1
    M2 = 2
    M3 = 3
    M4 = 4
    M5 = 5
    M6 = 6
    M10 = 10
    M12 = 12
    M15 = 15
    M20 = 20
    M30 = 30
    H1 = _HOUR_FLAG | 1
    H2 = _HOUR_FLAG | 2
    H3 = _HOUR_FLAG | 3
    H4 = _HOUR_FLAG | 4
    H6 = _HOUR_FLAG | 6
    H8 = _HOUR_FLAG | 8
    H12 = _HOUR_FLAG | 12
    D1 = _HOUR_FLAG | 24
    W1 = _WEEK_FLAG | 1
    MN1 = _MONTH_FLAG | 1

    @property
    def seconds(self) -> int:
        """Length of one bar [s]; a month has none.

        Raises:
            ValueError: for MN1.
        """
        if self is Timeframe.MN1:
            raise ValueError("timeframe MN1 has no fixed length; use bars up to W1")
        if self is Timeframe.W1:
            return WEEK_S
        return (self - _HOUR_FLAG) * HOUR_S if self & _HOUR_FLAG else self * MINUTE_S


@njit
def bar_open_time(time_s: int, period_s: int) -> int:
    """Opening time of the bar that holds `time_s` [s, broker's clock] for a bar length of `period_s` [s].

    Bars up to D1 are aligned to the broker's midnight, weekly ones to its Sunday.
    """
    if period_s == WEEK_S:
        return (time_s + _SUNDAY_BEFORE_EPOCH_S) // period_s * period_s - _SUNDAY_BEFORE_EPOCH_S
    return time_s // period_s * period_s
