"""Bars made ready for tick generation: checked, in points, each with the direction it is taken to go."""

from datetime import UTC, datetime
from typing import Final, NamedTuple

import numpy as np

from domain.dtypes import RATES_DTYPE
from domain.timeframes import Timeframe, bar_open_time
from marketdata.columns import OHLC
from marketdata.prices import near_whole, unpriced
from marketdata.quotes import Bars, Floats, Ints, Mask

_OPEN, _HIGH, _LOW, _CLOSE = range(4)
_NO_SHADOWS: Final = 2


class BarError(ValueError):
    """A bar that no ticks can be made of; `row` counts from 0 in the bars that were given."""

    def __init__(self, bars: Bars, row: int, *, field: str, problem: str, remedy: str) -> None:
        moment = datetime.fromtimestamp(int(bars["time"][row]), tz=UTC)
        super().__init__(f"bar {row} ({moment:%Y-%m-%d %H:%M:%S}): {field} {problem}; {remedy}")
        self.row = row
        self.field = field
        self.problem = problem
        self.remedy = remedy


class Candles(NamedTuple):
    """Bars as whole points, on the path they are taken to follow: open, near extreme, far extreme, close.

    A rising bar has its low near and its high far, a falling one the other way round.
    """

    path: Ints
    """Shape (n, 4) [points]: open, near, far, close."""
    fewest_ticks: Ints
    """Shape (n,): how many ticks it takes to be at open, high, low and close."""
    scale: float
    """Points a unit of price: 10**digits."""


def candles_of(bars: Bars, timeframe: Timeframe, point: float) -> Candles:
    """Check `bars` (RATES_DTYPE, shape (n,)) and say which way each goes.

    A bar that closes where it opened is taken for the opposite of the last one that did not; the first of all for a
    rising one. Source: MetaTrader 5 Help, "Real and Generated Ticks".

    Raises:
        BarError: for the first bar that is out of order, off the timeframe's or the price grid, or impossible.
        ValueError: for another dtype, for MN1, and for a point [price] that is no power of ten.
    """
    if bars.dtype != RATES_DTYPE:
        raise ValueError(f"bars have dtype {bars.dtype}; want RATES_DTYPE")
    scale = _scale_of(point)
    _refuse_bad_times(bars, timeframe)
    _refuse_bad_prices(bars, scale)
    points = np.stack([np.rint(bars[name] * scale) for name in OHLC], axis=1).astype(np.int64)
    rising = _rises(points[:, _OPEN], points[:, _CLOSE])
    near = np.where(rising, points[:, _LOW], points[:, _HIGH])
    far = np.where(rising, points[:, _HIGH], points[:, _LOW])
    path = np.stack([points[:, _OPEN], near, far, points[:, _CLOSE]], axis=1)
    shadows = (near != path[:, 0]).astype(np.int64) + (far != path[:, 3])
    return Candles(path, np.where(near == far, 1, _NO_SHADOWS + shadows), scale)


def _scale_of(point: float) -> float:
    scale = 10.0 ** round(-np.log10(point)) if point > 0.0 else 0.0
    if not np.isclose(point * scale, 1.0):
        raise ValueError(f"point is {point}; want a power of ten, as 0.00001")
    return float(scale)


def _rises(opens: Ints, closes: Ints) -> Mask:
    decided = closes != opens
    latest = np.maximum.accumulate(np.where(decided, np.arange(opens.size), -1))
    falls = closes < opens
    return np.where(decided, ~falls, (latest < 0) | falls[latest])


def _refuse_bad_times(bars: Bars, timeframe: Timeframe) -> None:
    times, period_s = bars["time"], timeframe.seconds
    late = np.zeros(bars.size, dtype=np.bool_)
    late[1:] = times[1:] <= times[:-1]
    _refuse(bars, late, "time", "is not after that of the bar before", "sort the bars, each time once")
    off = (times - bar_open_time(0, period_s)) % period_s != 0
    remedy = f"give the timeframe the bars have; {timeframe.name} bars begin at multiples of it on the broker's clock"
    _refuse(bars, off, "time", f"is not the start of a bar of {timeframe.name}", remedy)


def _refuse_bad_prices(bars: Bars, scale: float) -> None:
    opens, highs, lows, closes = (bars[name] for name in OHLC)
    for name, values in zip(OHLC, (opens, highs, lows, closes), strict=True):
        _refuse(bars, unpriced([values]), name, "is no price", "drop the bar")
        _refuse(bars, ~near_whole(values * scale), name, "is not a whole number of points", "give the point it has")
    low_of_body, high_of_body = np.minimum(opens, closes), np.maximum(opens, closes)
    _refuse(bars, highs < high_of_body, "high", "is below open or close", "drop the bar")
    _refuse(bars, lows > low_of_body, "low", "is above open or close", "drop the bar")
    _refuse(bars, bars["spread"] < 0, "spread", "is negative", "set it to 0 where it is not known")


def refuse_volumes(bars: Bars, fewest: Ints, most: int) -> None:
    """Refuse the first bar whose `tick_volume` is below the `fewest` ticks its prices need, or above `most`.

    Raises:
        BarError: naming the bar and what to do.
    """
    volumes: Floats = bars["tick_volume"].astype(np.float64)
    few = np.flatnonzero(volumes < fewest)
    if few.size:
        row = int(few[0])
        problem = f"is {int(volumes[row])}, its prices need {int(fewest[row])} ticks or more"
        raise BarError(bars, row, field="tick_volume", problem=problem, remedy="give MT5's tick volumes, or use ohlc")
    _refuse(bars, volumes > most, "tick_volume", f"is more than {most}, one a millisecond", "use ohlc")


def _refuse(bars: Bars, bad: Mask, field: str, problem: str, remedy: str) -> None:
    places = np.flatnonzero(bad)
    if places.size:
        raise BarError(bars, int(places[0]), field=field, problem=problem, remedy=remedy)
