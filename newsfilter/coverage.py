"""What a calendar lacks: days without an event, releases that stop coming, months that are copies of other months.

Nobody publishes which releases there are, so a calendar is measured by itself: what came every month and then did not
is missing; days are empty too long where the calendar is otherwise full; and the figures of two months are never the
same.
"""

import datetime as dt
import itertools
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec

from newsfilter.eodhd import anchor_problems
from newsfilter.events import NS_PER_DAY, EconomicEvent, EventTiming, Impact
from newsfilter.impact import ImpactTable
from newsfilter.merging import Disagreement, disagreements
from newsfilter.wording import utc_minute

_SATURDAY: Final = 5
_QUIET_FROM: Final = 12, 20  # between these days little is published
_QUIET_UNTIL: Final = 1, 3
_MISSING_EVENTS: Final = 12.0
"""So many events would have come in an empty stretch at the pace of the rest: by chance that happens once in e**12."""
_LEAST_TIMES: Final = 6
_REGULAR: Final = 0.7, 1.3
_REGULAR_SHARE: Final = 0.7
_TOO_LONG: Final = 1.7
_AROUND: Final = 14  # days by which an empty stretch may be longer for a single release
_LEAST_FIGURES: Final = 15
_ALIKE: Final = 0.5
_NO_FIGURE: Final = frozenset({"", "-", "N/A", "None"})
_EXPECTED: Final = (
    ("USD", "Nonfarm Payrolls", 62),
    ("USD", "CPI m/m", 62),
    ("USD", "Fed Interest Rate Decision", 80),
    ("EUR", "ECB Interest Rate Decision", 80),
    ("GBP", "BoE Interest Rate Decision", 80),
    ("JPY", "BoJ Interest Rate Decision", 80),
)


class EmptyDays(msgspec.Struct, frozen=True):
    """Business days (UTC) without an event, both included; `expected` of them at the pace of all other days."""

    first: dt.date
    last: dt.date
    days: int
    expected: float


class MissingReleases(msgspec.Struct, frozen=True, kw_only=True):
    """A release that comes every `every_days` days, and did not between `after` and `before` (None: at the end).

    `missing` of them; `every_days` 0 where it should be in every calendar, and never came at all.
    """

    currency: str
    name: str
    every_days: int
    missing: int
    after: dt.date | None = None
    before: dt.date | None = None


class CopiedMonth(msgspec.Struct, frozen=True):
    """Two months (such as 2024-03) that have a `share` of their figures in common, 0..1."""

    first: str
    second: str
    share: float


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """What a calendar from `first` to `last` (UTC days) holds and lacks.

    `shifted` are releases away from their hour, `contradictions` those that two sources put at different times.
    """

    events: int
    first: dt.date
    last: dt.date
    currencies: tuple[tuple[str, int], ...]
    empty: tuple[EmptyDays, ...]
    missing: tuple[MissingReleases, ...]
    copied: tuple[CopiedMonth, ...]
    shifted: tuple[str, ...]
    contradictions: tuple[str, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether nothing was found."""
        return not (self.empty or self.missing or self.copied or self.shifted or self.contradictions)


def coverage_of(events: Sequence[EconomicEvent], table: ImpactTable) -> Coverage | None:
    """What `events` (in the order of time) lack; None where there are none."""
    if not events:
        return None
    first, last = _day(events[0]), _day(events[-1])
    counts = Counter(event.currency for event in events)
    empty = tuple(_empty_days(events, first, last))
    return Coverage(
        events=len(events),
        first=first,
        last=last,
        currencies=tuple(counts.most_common()),
        empty=empty,
        missing=(*_never_seen(events, table, first, last), *_interrupted(events, table, last, empty)),
        copied=tuple(_copied(events, table)),
        shifted=tuple(anchor_problems(events)),
        contradictions=tuple(map(_contradiction, disagreements(events, table))),
    )


def _contradiction(found: Disagreement) -> str:
    first, second = (f"{utc_minute(one.time_ns)} ({', '.join(one.sources)})" for one in (found.first, found.second))
    return f"{found.first.currency} {found.first.name} at {first} or at {second}"


def _day(event: EconomicEvent) -> dt.date:
    return dt.date(1970, 1, 1) + dt.timedelta(days=event.time_ns // NS_PER_DAY)


# -- days -------------------------------------------------------------------------------------------------------------


def _empty_days(events: Iterable[EconomicEvent], first: dt.date, last: dt.date) -> Iterator[EmptyDays]:
    counts = Counter(_day(event) for event in events)
    days = [day for number in range((last - first).days + 1) if _is_busy(day := first + dt.timedelta(days=number))]
    total = sum(counts[day] for day in days)
    for is_empty, stretch in itertools.groupby(days, lambda day: not counts[day]):
        found = list(stretch)
        if is_empty and total:
            expected = total / (len(days) - len(found)) * len(found)
            if expected >= _MISSING_EVENTS:
                yield EmptyDays(found[0], found[-1], len(found), expected)


def _is_busy(day: dt.date) -> bool:
    quiet = (day.month, day.day) >= _QUIET_FROM or (day.month, day.day) <= _QUIET_UNTIL
    return day.weekday() < _SATURDAY and not quiet


# -- releases ---------------------------------------------------------------------------------------------------------


def _never_seen(
    events: Sequence[EconomicEvent], table: ImpactTable, first: dt.date, last: dt.date
) -> Iterator[MissingReleases]:
    """Releases that no calendar of their currency is without."""
    known = {event.currency for event in events}
    families = {table.family_of(event.currency, event.name) for event in events}
    for currency, name, within_days in _EXPECTED:
        family = table.family_of(currency, name)
        if currency in known and family not in families and family and (last - first).days > within_days:
            yield MissingReleases(currency=currency, name=name, every_days=0, missing=0)


def _interrupted(
    events: Sequence[EconomicEvent], table: ImpactTable, last: dt.date, empty: Sequence[EmptyDays]
) -> Iterator[MissingReleases]:
    """Releases of high impact that came regularly and then did not, though the days were not `empty`."""
    named: dict[tuple[str, str], str] = {}
    days: dict[tuple[str, str], list[dt.date]] = {}
    for event in events:
        if event.timing == EventTiming.EXACT and table.impact_of(event) == Impact.HIGH:
            key = event.currency, table.identity_of(event)
            named.setdefault(key, event.name)
            found = days.setdefault(key, [])
            if not found or found[-1] != _day(event):
                found.append(_day(event))
    for key, found in days.items():
        for gap in _gaps(key[0], named[key], found, last):
            between = gap.after or last, gap.before or last
            silent = sum(
                (one.last - one.first).days for one in empty if between[0] < one.first and one.last < between[1]
            )
            if (between[1] - between[0]).days - silent > _TOO_LONG * gap.every_days + (_AROUND if silent else 0):
                yield gap


def _gaps(currency: str, name: str, days: Sequence[dt.date], last: dt.date) -> Iterator[MissingReleases]:
    every = _cadence([(after - before).days for before, after in itertools.pairwise(days)])
    if not every:
        return
    stretches: list[tuple[dt.date, dt.date | None]] = [*itertools.pairwise(days), (days[-1], None)]
    for after, before in stretches:
        gap = ((before or last) - after).days
        if gap > _TOO_LONG * every:
            missing = max(1, round(gap / every) - (1 if before else 0))
            yield MissingReleases(
                currency=currency, name=name, every_days=every, missing=missing, after=after, before=before
            )


def _cadence(gaps: Sequence[int]) -> int:
    """Days from one release to the next; 0 where they do not come regularly."""
    if len(gaps) < _LEAST_TIMES:
        return 0
    usual = sorted(gaps)[len(gaps) // 2]
    low, high = (part * usual for part in _REGULAR)
    regular = sum(low <= gap <= high for gap in gaps)
    return usual if regular >= _REGULAR_SHARE * len(gaps) else 0


# -- months -----------------------------------------------------------------------------------------------------------


def _copied(events: Iterable[EconomicEvent], table: ImpactTable) -> Iterator[CopiedMonth]:
    """Months whose releases have the same figures: by chance less than a quarter of them have."""
    months: dict[str, Counter[tuple[str, ...]]] = {}
    for event in events:
        if event.actual not in _NO_FIGURE:
            figures = event.currency, table.identity_of(event), event.actual, event.forecast, event.previous
            months.setdefault(f"{_day(event):%Y-%m}", Counter())[figures] += 1
    for (first, one), (second, other) in itertools.combinations(sorted(months.items()), 2):
        least = min(one.total(), other.total())
        share = (one & other).total() / least if least else math.nan
        if least >= _LEAST_FIGURES and share >= _ALIKE:
            yield CopiedMonth(first, second, share)
