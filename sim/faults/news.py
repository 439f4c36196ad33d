"""Spreads around a release of news: a compiled transform of ticks, its shape measured on real payrolls.

The shapes are medians of spread over the calm spread before (four hours to ten minutes earlier), from Oanda's quotes
around 2014-05-02 12:30 UTC. docs/simulated-faults.md shows them beside the ticks; a test compares them again.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from domain.jit import njit
from domain.symbols import SymbolSpec
from domain.timeframes import DAY_S, WEEK_S
from sim.faults.clock import Daylight, ServerClock
from sim.faults.plan import News
from sim.matching import Rows

Curve = npt.NDArray[np.float64]
"""Knots [seconds after the release, factor], shape [n, 2], rising; between two the factor goes geometrically."""

CURRENCIES: Final[Curve] = np.array(
    [
        (-240.0, 1.0), (-150.0, 1.09), (-105.0, 1.45), (-75.0, 2.1), (-35.0, 2.2), (-15.0, 3.0), (-10.0, 3.3),
        (-7.0, 8.6), (0.9, 9.1), (1.1, 13.64), (20.0, 13.64), (30.0, 5.0), (33.0, 3.2), (52.0, 2.9), (75.0, 2.45),
        (105.0, 2.05), (210.0, 1.8), (270.0, 1.64), (375.0, 1.36), (600.0, 1.27), (1800.0, 1.1), (3600.0, 1.0),
    ]
)  # fmt: skip
"""EURUSD: 1.1 pip before, 15 from one second to twenty after."""

METALS: Final[Curve] = np.array(
    [
        (-900.0, 1.0), (-450.0, 1.31), (-210.0, 1.35), (-75.0, 1.54), (-38.0, 1.87), (-22.0, 2.3), (-18.0, 3.2),
        (-11.0, 3.1), (-8.0, 5.5), (0.9, 5.9), (1.1, 9.2), (6.0, 9.0), (10.0, 7.6), (14.0, 5.2), (25.0, 4.35),
        (40.0, 3.9), (48.0, 2.95), (75.0, 2.7), (105.0, 2.37), (150.0, 2.09), (210.0, 1.92), (375.0, 1.75),
        (525.0, 1.25), (1800.0, 1.07), (3600.0, 1.0),
    ]
)  # fmt: skip
"""XAUUSD: 0.28 before, 2.58 to 2.65 in the seconds after."""

_METAL_BASES: Final = frozenset({"XAU", "XAG", "XPT", "XPD"})
_HALF_PAST_EIGHT_S: Final = 8 * 3600 + 1800
_NEW_YORK: Final = ServerClock(winter_offset_s=-18_000, daylight=Daylight.US)
_FRIDAY: Final = 1  # 1970-01-01 was a Thursday


def with_news(ticks: Rows, spec: SymbolSpec, news: News, clock: ServerClock) -> Rows:
    """`ticks` (TICK_DTYPE, on `clock`) with the spreads that `news` makes of theirs; the same array where none does.

    Bid and ask move apart by the same, rounded to the grid away from each other. A tick without a price stays.
    """
    releases = releases_in(ticks, news, clock)
    curve = METALS if spec.currency_base in _METAL_BASES else CURRENCIES
    if not len(releases) or news.strength <= 0.0:
        return ticks
    made = ticks.copy()
    widen(made, releases, curve, news.strength, spec.tick_size, spec.digits)
    return made


def releases_in(ticks: Rows, news: News, clock: ServerClock) -> npt.NDArray[np.int64]:
    """The releases from an hour before the first tick to an hour after the last [ms, on `clock`], rising."""
    if not len(ticks):
        return np.zeros(0, np.int64)
    first_s, last_s = (
        int(ticks["time_msc"][row]) // 1000 - clock.offset_at(int(ticks["time_msc"][row])) for row in (0, -1)
    )
    wanted_msc = list(news.releases_utc_msc)
    if news.fridays_at_0830_new_york:
        wanted_msc += [1000 * utc_s for utc_s in _fridays(first_s, last_s)]
    near = [msc for msc in wanted_msc if first_s - 3600 <= msc // 1000 <= last_s + 3600]
    shown = sorted({msc + clock.offset_at_utc(msc // 1000) * 1000 for msc in near})
    return np.array(shown, np.int64)


def _fridays(first_s: int, last_s: int) -> Sequence[int]:
    """08:30 in New York of every Friday from a week before `first_s` to a week after `last_s` [UTC s]."""
    days = range(first_s // WEEK_S * WEEK_S - WEEK_S, last_s + 2 * WEEK_S, WEEK_S)
    local = [day + _FRIDAY * DAY_S + _HALF_PAST_EIGHT_S for day in days]
    return [moment - _NEW_YORK.offset_at(moment * 1000) for moment in local]


@njit
def factor_at(curve: Curve, seconds: float) -> float:
    """How many times its calm width a spread has, `seconds` after a release; 1 outside the curve."""
    if seconds <= curve[0, 0] or seconds >= curve[-1, 0]:
        return 1.0
    knot = np.searchsorted(curve[:, 0], seconds)
    before, after = curve[knot - 1], curve[knot]
    part = (seconds - before[0]) / (after[0] - before[0])
    return float(before[1] * (after[1] / before[1]) ** part)


@njit
def widen(
    ticks: Rows, releases: npt.NDArray[np.int64], curve: Curve, strength: float, tick_size: float, digits: int
) -> None:
    """Widen the spread of `ticks` in place around `releases` [ms, rising]; of two releases the stronger counts."""
    scale = 10.0**digits
    for index in range(len(ticks)):
        bid, ask = ticks[index].bid, ticks[index].ask
        if not 0.0 < bid < ask < np.inf:
            continue
        factor = 1.0
        for release in releases:
            factor = max(factor, factor_at(curve, (ticks[index].time_msc - release) / 1000.0))
        extra = (ask - bid) * (factor - 1.0) * strength / 2.0
        steps = np.floor(extra / tick_size + 0.5)
        lower = np.round((bid - steps * tick_size) * scale) / scale
        if steps > 0.0 and lower > 0.0:
            ticks[index].bid = lower
            ticks[index].ask = np.round((ask + steps * tick_size) * scale) / scale
