"""Events of several sources made one list: the same event, told twice, stands once."""

import itertools
from collections.abc import Iterable, Sequence

import msgspec

from newsfilter.events import EconomicEvent, EventTiming, Impact
from newsfilter.impact import ImpactTable
from newsfilter.wording import plain_wording


def merged_events(sources: Sequence[Iterable[EconomicEvent]], table: ImpactTable) -> list[EconomicEvent]:
    """All events of `sources`, the most trusted source first, in the order of time.

    Two events are the same if they share currency, UTC minute, exactness and what the table takes them to be about; two
    of one source only if they share their wording, too: it tells the core rate and the headline rate apart. The first
    source's wording stays; the impact is the highest anybody gives, a value the first one anybody has.
    """
    found: dict[tuple[object, ...], list[EconomicEvent]] = {}
    for source in sources:
        of_source: dict[tuple[object, ...], dict[str, EconomicEvent]] = {}
        for event in source:
            about = event.currency, event.minute, event.timing, event.is_holiday, table.identity_of(event)
            told = of_source.setdefault(about, {})
            wording = plain_wording(event.name)
            told[wording] = _joined(told[wording], event) if wording in told else event
        for key, alike in of_source.items():
            found[key] = _paired(found.get(key, []), alike)
    everything = (event for events in found.values() for event in events)
    return sorted(everything, key=lambda event: (event.time_ns, event.currency, event.name))


def _paired(known: list[EconomicEvent], told: dict[str, EconomicEvent]) -> list[EconomicEvent]:
    """`known` joined with what another source tells, each with one: of the same wording, else in their order."""
    same = {event: told.get(plain_wording(event.name)) for event in known}
    rest = [event for event in told.values() if event not in same.values()]
    left = iter(rest)
    joined = []
    for event in known:
        partner = same[event] or next(left, None)
        joined.append(event if partner is None else _joined(event, partner))
    return [*joined, *left]


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
