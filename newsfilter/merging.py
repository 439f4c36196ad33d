"""Events of several sources made one list: the same event, told twice, stands once."""

import itertools
from collections.abc import Iterable, Sequence

import msgspec

from newsfilter.events import EconomicEvent, EventTiming, Impact
from newsfilter.impact import ImpactTable


def merged_events(sources: Sequence[Iterable[EconomicEvent]], table: ImpactTable) -> list[EconomicEvent]:
    """All events of `sources`, the most trusted source first, in the order of time.

    Two events are the same if they share currency, UTC minute, exactness and what the table takes them to be about.
    The first source's wording stays; the impact is the highest anybody gives, a value the first one anybody has.
    """
    found: dict[tuple[object, ...], EconomicEvent] = {}
    for source in sources:
        for event in source:
            key = event.currency, event.minute, event.timing, event.is_holiday, table.identity_of(event)
            known = found.get(key)
            found[key] = event if known is None else _joined(known, event)
    return sorted(found.values(), key=lambda event: (event.time_ns, event.currency, event.name))


def _joined(known: EconomicEvent, other: EconomicEvent) -> EconomicEvent:
    return msgspec.structs.replace(
        known,
        impact=max(known.impact, other.impact),
        sources=tuple(dict.fromkeys((*known.sources, *other.sources))),
        actual=known.actual or other.actual,
        forecast=known.forecast or other.forecast,
        previous=known.previous or other.previous,
    )


class Disagreement(msgspec.Struct, frozen=True):
    """One event of which two sources tell different times on the same UTC day."""

    first: EconomicEvent
    second: EconomicEvent

    @property
    def minutes_apart(self) -> int:
        """Minutes from the first to the second."""
        return self.second.minute - self.first.minute


def disagreements(events: Iterable[EconomicEvent], table: ImpactTable) -> list[Disagreement]:
    """Where sources contradict each other on the time of an event that only one of them tells at each time.

    Looked for among events of high impact with an exact time: they happen at most once a day under one name.
    """
    by_day: dict[tuple[object, ...], list[EconomicEvent]] = {}
    for event in events:
        if event.timing == EventTiming.EXACT and table.impact_of(event) == Impact.HIGH:
            key = event.currency, event.minute // 1440, table.identity_of(event)
            by_day.setdefault(key, []).append(event)
    return [
        Disagreement(first, second)
        for day in by_day.values()
        for first, second in itertools.pairwise(day)
        if not set(first.sources) & set(second.sources)
    ]
