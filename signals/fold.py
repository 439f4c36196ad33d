"""Ticks into bid bars as MT5 builds them, and lower bars into higher ones.

A bar exists only where a tick fell into it: a quiet minute, a night or a weekend leaves no bar. A bar is finished by
the first tick of a later one, so nothing here needs a clock.
"""

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from domain.dtypes import RATES_DTYPE
from domain.jit import njit
from domain.timeframes import Timeframe, bar_open_time

FOLD_DTYPE: Final = np.dtype(
    [
        ("open_time", "<i8"),
        ("open", "<f8"),
        ("high", "<f8"),
        ("low", "<f8"),
        ("close", "<f8"),
        ("tick_volume", "<u8"),
        ("spread", "<i4"),
        ("late", "<i8"),
        ("bad", "<i8"),
    ]
)
"""The running bar. `open_time` [s, broker's clock] is -1 before the first tick; `spread` [points] is the smallest so
far; `late` counts ticks dropped because they belong before the running bar, `bad` those without a positive bid."""

_MS_PER_S: Final = 1000
_NONE_YET: Final = -1
_BEFORE_ALL_TIME: Final = -(2**62)
_LARGEST_SPREAD: Final = 2.0**31 - 1.0  # the field has 32 bits
_ONE_TICK: Final = np.uint64(1)  # uint64 plus a signed integer would become a float
_NO_VOLUME: Final = np.uint64(0)


def new_fold() -> NDArray[np.void]:
    """A fold that has seen no tick, shape (1,), FOLD_DTYPE."""
    fold = np.zeros(1, FOLD_DTYPE)
    fold["open_time"] = _NONE_YET
    return fold


@njit
def spread_points(bid: float, ask: float, point: float) -> int:
    """Spread of a tick [points], rounded. An ask that is missing, not finite or below the bid counts as 0."""
    return _in_points(_width(bid, ask), point)


@njit
def _width(bid: float, ask: float) -> float:
    return ask - bid if bid < ask < math.inf else 0.0


@njit
def _in_points(width: float, point: float) -> int:
    return math.floor(min(width / point + 0.5, _LARGEST_SPREAD))


@njit
def _is_price(bid: float) -> bool:
    return 0.0 < bid < math.inf


@njit
def _start_bar(running: Any, open_time: int, bid: float, spread: int) -> None:  # noqa: ANN401 - a row of FOLD_DTYPE
    running["open_time"] = open_time
    running["open"] = bid
    running["high"] = bid
    running["low"] = bid
    running["close"] = bid
    running["tick_volume"] = _ONE_TICK
    running["spread"] = spread


@njit
def _extend_bar(
    running: Any,  # noqa: ANN401 - a row of FOLD_DTYPE
    ticks: NDArray[np.void],
    start: int,
    stop: int,
    begin_msc: int,
    end_msc: int,
    point: float,
) -> int:
    """Take the ticks from `start` on that belong to the running bar; index of the first that does not, or `stop`.

    The smallest spread is looked for as a difference of prices: that in points grows with it, so it is worked out once.
    """
    high, low, close, narrowest = running["high"], running["low"], running["close"], math.inf
    index = start
    while index < stop:
        tick = ticks[index]
        bid, ask, time_msc = tick["bid"], tick["ask"], tick["time_msc"]
        if not (_is_price(bid) and begin_msc <= time_msc < end_msc):
            break
        high = bid if bid > high else high  # not max(): numba heeds NaN there, at a price
        low = bid if bid < low else low
        close = bid
        width = _width(bid, ask)
        narrowest = width if width < narrowest else narrowest
        index += 1
    if index > start:
        running["high"], running["low"], running["close"] = high, low, close
        running["tick_volume"] += np.uint64(index - start)
        running["spread"] = min(running["spread"], _in_points(narrowest, point))
    return index


@njit
def _write_bar(running: Any, bar: Any) -> None:  # noqa: ANN401 - rows of FOLD_DTYPE and RATES_DTYPE
    bar["time"] = running["open_time"]
    bar["open"] = running["open"]
    bar["high"] = running["high"]
    bar["low"] = running["low"]
    bar["close"] = running["close"]
    bar["tick_volume"] = running["tick_volume"]
    bar["spread"] = running["spread"]
    bar["real_volume"] = _NO_VOLUME


@njit
def _bounds_msc(open_time: int, period_s: int) -> tuple[int, int]:
    """First millisecond of the running bar and the first one after it; before the first tick every time is after it."""
    if open_time == _NONE_YET:
        return _BEFORE_ALL_TIME, _BEFORE_ALL_TIME
    return open_time * _MS_PER_S, (open_time + period_s) * _MS_PER_S


@njit
def fold_ticks(
    fold: NDArray[np.void],
    period_s: int,
    point: float,
    ticks: NDArray[np.void],
    start: int,
    stop: int,
    closed: NDArray[np.void],
    closed_at: NDArray[np.int64],
) -> int:
    """Fold `ticks[start:stop]` (TICK_DTYPE) into bars of `period_s` [s]; the number of bars they finished.

    Finished bar k goes to `closed[k]` (RATES_DTYPE), the index of the tick that finished it to `closed_at[k]`; both are
    at least `closed_capacity` long. The running bar stays in `fold`. Bars are made of bids; the time of a tick is its
    `time_msc`. A late tick of the running bar itself counts as any other: MT5 knows no order inside a bar.

    Raises:
        ValueError: where `closed` or `closed_at` is too short; `fold` is then of no further use.
    """
    running = fold[0]
    begin_msc, end_msc = _bounds_msc(running["open_time"], period_s)
    count = 0
    index = start
    while index < stop:
        index = _extend_bar(running, ticks, index, stop, begin_msc, end_msc, point)
        if index == stop:
            break
        tick = ticks[index]
        if not _is_price(tick["bid"]):
            running["bad"] += 1
        elif tick["time_msc"] < begin_msc:
            running["late"] += 1
        else:
            if running["open_time"] != _NONE_YET:
                if count >= min(len(closed), len(closed_at)):
                    raise ValueError("closed or closed_at is too short: size both with closed_capacity")
                _write_bar(running, closed[count])
                closed_at[count] = index
                count += 1
            spread = spread_points(tick["bid"], tick["ask"], point)
            _start_bar(running, bar_open_time(tick["time_msc"] // _MS_PER_S, period_s), tick["bid"], spread)
            begin_msc, end_msc = _bounds_msc(running["open_time"], period_s)
        index += 1
    return count


@njit
def closed_capacity(fold: NDArray[np.void], period_s: int, ticks: NDArray[np.void], start: int, stop: int) -> int:
    """How many bars `fold_ticks` will finish with the same arguments; at least that long its outputs must be."""
    open_time = fold[0]["open_time"]
    count = 0
    end_msc = _bounds_msc(open_time, period_s)[1]
    for index in range(start, stop):
        tick = ticks[index]
        if tick["time_msc"] >= end_msc and _is_price(tick["bid"]):
            count += 1 if open_time != _NONE_YET else 0
            open_time = bar_open_time(tick["time_msc"] // _MS_PER_S, period_s)
            end_msc = _bounds_msc(open_time, period_s)[1]
    return count


@njit
def _copy_bar(bar: Any, open_time: int, out: Any) -> None:  # noqa: ANN401 - rows of RATES_DTYPE
    out["time"] = open_time
    out["open"] = bar["open"]
    out["high"] = bar["high"]
    out["low"] = bar["low"]
    out["close"] = bar["close"]
    out["tick_volume"] = bar["tick_volume"]
    out["spread"] = bar["spread"]
    out["real_volume"] = bar["real_volume"]


@njit
def _join_bar(bar: Any, out: Any) -> None:  # noqa: ANN401 - rows of RATES_DTYPE
    out["high"] = max(out["high"], bar["high"])
    out["low"] = min(out["low"], bar["low"])
    out["close"] = bar["close"]
    out["tick_volume"] += bar["tick_volume"]
    out["real_volume"] += bar["real_volume"]
    out["spread"] = min(out["spread"], bar["spread"])


@njit
def resample_into(bars: NDArray[np.void], period_s: int, out: NDArray[np.void]) -> int:
    """Join ascending `bars` into bars of `period_s` [s] in `out` (both RATES_DTYPE); how many there are.

    The last one is as far as `bars` reach. The spread of a bar is the smallest of its parts.

    Raises:
        ValueError: where `out` is too short; `len(bars)` is always enough.
    """
    count = 0
    for index in range(len(bars)):
        bar = bars[index]
        open_time = bar_open_time(bar["time"], period_s)
        if count > 0 and out[count - 1]["time"] == open_time:
            _join_bar(bar, out[count - 1])
            continue
        if count >= len(out):
            raise ValueError("out is too short: len(bars) is always enough")
        _copy_bar(bar, open_time, out[count])
        count += 1
    return count


def resampled(bars: NDArray[np.void], timeframe: Timeframe) -> NDArray[np.void]:
    """`bars` (RATES_DTYPE, of `timeframe` or a lower one) as bars of `timeframe`, the last one as far as they reach.

    Raises:
        ValueError: where the bars are not in ascending order of time, or `timeframe` has no fixed length (MN1).
    """
    if bool(np.any(np.diff(bars["time"]) <= 0)):
        raise ValueError("bars must be in ascending order of time, each time once: sort them and drop doubles")
    out = np.empty(len(bars), RATES_DTYPE)
    return out[: resample_into(bars, timeframe.seconds, out)].copy()
