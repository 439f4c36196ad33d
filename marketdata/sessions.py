"""When a market was open, learned from its quotes: the slots of the week that most weeks have, and holes in them."""

from typing import Final, NamedTuple

import numpy as np

from domain.timeframes import DAY_S, HOUR_S, WEEK_S
from marketdata.clocks import NEW_YORK
from marketdata.quotes import Floats, Ints, Mask

SATURDAY, SUNDAY = 5, 6
_FRIDAY: Final = 4
_MONDAY_EPOCH_S: Final = 4 * DAY_S  # 1970-01-05
_CLOSES_H: Final = 17
_USUAL_SHARE: Final = 0.5
_EASTER_YEARS: Final = 19


class Week(NamedTuple):
    """Quotes by the slots of their weeks. A slot is an hour, or a bar where that is longer.

    `share` is in how many of the weeks each slot of the week has quotes (0 to 1); `slots` are the slots that have,
    counted from the Monday of 1970-01-05, ascending.
    """

    slot_s: int
    slots: Ints
    share: Floats

    @property
    def weeks(self) -> int:
        """How many weeks the quotes span, the first and last included."""
        per_week = WEEK_S // self.slot_s
        return int(self.slots[-1] // per_week - self.slots[0] // per_week) + 1


class Hole(NamedTuple):
    """Slots in which the market is usually open and had no quote: the first, and how many."""

    first_s: int
    slots: int


def local_times(utc_s: Ints) -> Ints:
    """New York's clock [s] at `utc_s` [s]: the one that markets around the dollar open and close by."""
    return utc_s + NEW_YORK.offsets_at_utc(utc_s)


def weekdays(local_s: Ints) -> Ints:
    """0 for Monday to 6 for Sunday."""
    return np.asarray((local_s // DAY_S + 3) % 7, dtype=np.int64)


def weekend(local_s: Ints, period_s: int) -> Mask:
    """Where the market for currencies is closed: Friday 17:00 to Sunday 17:00 in New York.

    Of bars longer than an hour, whose stamps are days of their own clock, it is Saturday.
    """
    days = weekdays(local_s)
    if period_s > HOUR_S:
        return np.asarray((days == SATURDAY) | ((days == SUNDAY) & (period_s >= DAY_S)), dtype=np.bool_)
    hours = local_s // HOUR_S % 24
    return np.asarray(
        (days == SATURDAY) | ((days == _FRIDAY) & (hours >= _CLOSES_H)) | ((days == SUNDAY) & (hours < _CLOSES_H)),
        dtype=np.bool_,
    )


def week_of(local_s: Ints, period_s: int) -> Week:
    """What hours of the week are traded in, from ascending stamps of quotes [s, New York's clock]."""
    slot_s = max(HOUR_S, period_s)
    slots = np.unique((local_s - _MONDAY_EPOCH_S) // slot_s)
    per_week = WEEK_S // slot_s
    counts = np.bincount(slots % per_week, minlength=per_week)
    weeks = int(slots[-1] // per_week - slots[0] // per_week) + 1
    return Week(slot_s, slots, counts / weeks)


def holes(week: Week) -> list[Hole]:
    """Runs of slots in which the market is usually open, between the first quote and the last, that have none.

    Holidays are left out: the days around Christmas and New Year, and Good Friday.
    """
    per_week = WEEK_S // week.slot_s
    every = np.arange(week.slots[0], week.slots[-1] + 1)
    missing = week.share[every % per_week] > _USUAL_SHARE
    missing[week.slots - week.slots[0]] = False
    times_s = every * week.slot_s + _MONDAY_EPOCH_S
    missing &= ~holidays(times_s)
    edges = np.flatnonzero(np.diff(np.concatenate(([0], missing.astype(np.int8), [0]))))
    return [Hole(int(times_s[start]), int(stop - start)) for start, stop in zip(edges[::2], edges[1::2], strict=True)]


def holidays(local_s: Ints) -> Mask:
    """Where a stamp falls on 24 to 26 December, 31 December to 2 January, or from Good Friday to Easter Monday."""
    days = np.unique(local_s // DAY_S)
    dates = days.astype("datetime64[D]")
    years = dates.astype("datetime64[Y]")
    of_year = (dates - years.astype("datetime64[D]")).astype(np.int64)
    before_next = ((years + 1).astype("datetime64[D]") - dates).astype(np.int64)
    quiet = (of_year <= 1) | (before_next == 1) | ((before_next >= 6) & (before_next <= 8))  # noqa: PLR2004 - days
    for year in np.unique(years).astype(np.int64) + 1970:
        sunday = np.datetime64(easter(int(year)), "D")
        quiet |= (dates >= sunday - 2) & (dates <= sunday + 1)
    return np.asarray(quiet[np.searchsorted(days, local_s // DAY_S)], dtype=np.bool_)


def easter(year: int) -> str:
    """Easter Sunday as 2025-04-20. Source: the anonymous Gregorian algorithm (Meeus, Astronomical Algorithms)."""
    golden, century, of_century = year % _EASTER_YEARS, year // 100, year % 100
    epact = (19 * golden + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (of_century // 4) - epact - of_century % 4) % 7
    late = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * late + 114, 31)
    return f"{year:04d}-{month:02d}-{day + 1:02d}"
