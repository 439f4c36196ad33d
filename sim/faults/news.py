"""Which spreads of a tape news widen: releases on the broker's clock, and the shape for the symbol."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from domain.serverclock import Daylight, ServerClock
from domain.symbols import SymbolSpec
from domain.timeframes import DAY_S, WEEK_S
from sim.faults.plan import News
from sim.matching import Rows
from sim.spreads import CURRENCIES, METALS, widen

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
