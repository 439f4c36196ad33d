"""Invented hourly bars, with trends or without: two markets that share every die and differ in the drift alone.

What they are for: a strategy that follows trends must earn on the one and must not on the other. What they are not:
any market there is. The noise is the same at every hour, there are no sessions, no news and no gaps, and a trend of
0.4 of an hour's noise over two to five days is far stronger and steadier than what a currency pair ever shows. All
arithmetic is on integers, so that a seed gives the same bars on every machine.
"""

from typing import Final

import msgspec
import numpy as np

from domain.dtypes import RATES_DTYPE
from domain.timeframes import DAY_S, HOUR_S, WEEK_S, Timeframe
from marketdata.draws import FINE, Draws
from marketdata.quotes import Bars, Ints

DRIFTING_TIMEFRAME: Final = Timeframe.H1
TRENDING: Final = 410
"""Drift of a trend [1/1024 of an hour's noise]: 0.4 standard deviations an hour."""

DRIFTLESS: Final = 0

_MONDAY_S: Final = 1_578_268_800  # 2020-01-06 00:00 on the broker's clock
_BARS_A_WEEK: Final = 5 * DAY_S // HOUR_S
_STEPS: Final = 3  # of a bar: its prices are its open and where each step ends
_SHORTEST: Final = 40  # hours
_LONGEST: Final = 120
_REACH: Final = 10  # a trend that begins further off than a tenth of the first price leads back
_ROOT_OF_STEPS: Final = 1774  # 1024 times the square root of 3


class DriftingSymbol(msgspec.Struct, frozen=True, kw_only=True):
    """One symbol: `move_points` is the standard deviation of an hour's noise, `spread_points` the spread of every bar.

    Raises:
        ValueError: for a number that is not positive.
    """

    name: str = "EURUSD"
    digits: int = 5
    start_points: int = 110_000
    spread_points: int = 9
    move_points: int = 120

    def __post_init__(self) -> None:
        """Refuse what no path can be made of."""
        if min(self.start_points, self.spread_points, self.move_points) < 1:
            raise ValueError(f"{self.name}: first price, spread and move must be positive")


def drifting_bars(seed: int, weeks: int, drift: int, symbol: DriftingSymbol | None = None) -> Bars:
    """`weeks` of hourly bars of `symbol` (default: a EURUSD), Monday 00:00 to Friday 24:00 on the broker's clock.

    Trends up, trends down and times without any come in turns of 40 to 120 hours, a third of them each; in a trend each
    hour moves by `drift` [1/1024 of the noise's standard deviation] beyond the noise. `TRENDING` and `DRIFTLESS` are
    the two that belong together: of one seed they have the same noise.

    Returns:
        RATES_DTYPE, shape (120 * weeks,), ascending.

    Raises:
        ValueError: for a negative seed or drift, or less than one week.
    """
    if seed < 0 or drift < 0 or weeks < 1:
        raise ValueError(f"seed {seed}, drift {drift}, weeks {weeks}; want seed and drift >= 0, weeks >= 1")
    symbol = symbol or DriftingSymbol()
    count = weeks * _BARS_A_WEEK
    noise = Draws(seed, f"{symbol.name} noise").bell(count * _STEPS) * symbol.move_points * FINE // _ROOT_OF_STEPS
    trend = _trend(seed, symbol, noise, drift * symbol.move_points)
    path = (symbol.start_points * FINE + np.cumsum(noise + np.repeat(trend, _STEPS) // _STEPS)) // FINE
    return _bars(np.maximum(path, 1).reshape(count, _STEPS), symbol)


def _trend(seed: int, symbol: DriftingSymbol, noise: Ints, drift: int) -> Ints:
    """Drift of each hour [1/1024 points]. What leads too far from the first price is turned round where it begins."""
    hours = noise.size // _STEPS
    draws = Draws(seed, f"{symbol.name} trends")
    lengths = _SHORTEST + draws.below(_LONGEST - _SHORTEST + 1, hours // _SHORTEST + 1)
    ways = draws.below(3, lengths.size) - 1
    walked = np.concatenate(([0], np.cumsum(noise)[_STEPS - 1 :: _STEPS]))
    reach = symbol.start_points * FINE // _REACH
    trend, carried, start = np.zeros(hours, np.int64), 0, 0
    for length, way in zip(lengths.tolist(), ways.tolist(), strict=True):
        if start >= hours:
            break
        off = int(walked[start]) + carried
        way = -abs(way) if off > reach else abs(way) if off < -reach else way  # noqa: PLW2901 - the same turn, led back
        stop = min(start + length, hours)
        trend[start:stop] = way * drift
        carried += way * drift * (stop - start)
        start = stop
    return trend


def _bars(path: Ints, symbol: DriftingSymbol) -> Bars:
    hours = np.arange(len(path), dtype=np.int64)
    bars = np.zeros(len(path), RATES_DTYPE)
    bars["time"] = _MONDAY_S + hours // _BARS_A_WEEK * WEEK_S + hours % _BARS_A_WEEK * HOUR_S
    opens = np.concatenate(([symbol.start_points], path[:-1, -1]))
    scale = 10.0**symbol.digits
    bars["open"] = opens / scale
    bars["high"] = np.maximum(opens, path.max(axis=1)) / scale
    bars["low"] = np.minimum(opens, path.min(axis=1)) / scale
    bars["close"] = path[:, -1] / scale
    bars["tick_volume"] = _STEPS + 1
    bars["spread"] = symbol.spread_points
    return bars
