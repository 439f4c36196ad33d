"""Price as candles of a run's finest chart: what its quotes were, in few enough rows to keep and to draw."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from backtest.curve import Floats, Ints
from backtest.job import Job
from domain.timeframes import WEEK_S, Timeframe
from marketdata.quotes import Ticks

_NS_PER_S: Final = 1_000_000_000
_MS_PER_S: Final = 1000
_SUNDAY_S: Final = 259_200  # MT5's week opens on Sunday; 1970-01-04 was one


class Candles(NamedTuple):
    """Bid prices of one symbol, arrays of shape (n,): `time_ns` is when a candle opens [UTC ns], strictly rising."""

    time_ns: Ints
    open: Floats
    high: Floats
    low: Floats
    close: Floats

    def at(self, rows: NDArray[np.bool_] | slice) -> "Candles":
        """Those of the candles that `rows` selects."""
        return Candles(self.time_ns[rows], self.open[rows], self.high[rows], self.low[rows], self.close[rows])


def candles_of(job: Job) -> dict[str, Candles]:
    """Candles of each symbol with quotes, of the finest chart, opening as on the broker's clock."""
    period_s = min(timeframe.seconds for timeframe in job.settings.timeframes)
    return {symbol: _candles(job, ticks, period_s) for symbol, ticks in job.ticks.items() if len(ticks)}


def finest_chart(job: Job) -> Timeframe:
    """The chart with the shortest bars."""
    return min(job.settings.timeframes, key=lambda timeframe: timeframe.seconds)


def _candles(job: Job, ticks: Ticks, period_s: int) -> Candles:
    bid = np.ascontiguousarray(ticks["bid"])
    opens_s = _opening(ticks["time_msc"] // _MS_PER_S, period_s)
    starts = np.flatnonzero(np.concatenate(([True], opens_s[1:] != opens_s[:-1])))
    server_s = opens_s[starts]
    return Candles(
        time_ns=(server_s - job.clock.offsets_at(server_s)) * _NS_PER_S,
        open=bid[starts],
        high=np.maximum.reduceat(bid, starts),
        low=np.minimum.reduceat(bid, starts),
        close=bid[np.append(starts[1:], len(bid)) - 1],
    )


def coarser(candles: Candles, period_s: int) -> Candles:
    """`candles` joined to such of `period_s` [s], a multiple of theirs; they open as UTC days do."""
    opens_s = _opening(candles.time_ns // _NS_PER_S, period_s)
    starts = np.flatnonzero(np.concatenate(([True], opens_s[1:] != opens_s[:-1])))
    return Candles(
        time_ns=opens_s[starts] * _NS_PER_S,
        open=candles.open[starts],
        high=np.maximum.reduceat(candles.high, starts),
        low=np.minimum.reduceat(candles.low, starts),
        close=candles.close[np.append(starts[1:], len(candles.close)) - 1],
    )


def _opening(time_s: Ints, period_s: int) -> Ints:
    """When the candle that holds each of `time_s` [s] opens, as `domain.timeframes.bar_open_time` has it."""
    shift = _SUNDAY_S if period_s == WEEK_S else 0
    return np.asarray((time_s - shift) // period_s * period_s + shift, dtype=np.int64)
