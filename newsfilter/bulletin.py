"""What whoever fetches calendars posts for whoever decides: when nothing is opened, and until when that is certain.

Everything slow is done by then: events are merged, graded, and made into windows. Whoever decides knows the symbols of
its terminals, and puts the windows of their currencies together (`newsfilter.board`).
"""

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from newsfilter.events import EconomicEvent, EventTiming, Impact
from newsfilter.impact import ImpactTable
from newsfilter.windows import WindowSettings, spans
from newsfilter.wording import utc_minute

VERSION: Final = 1
NOTHING_YET: Final = "no calendar has been fetched yet"


class EventWindow(msgspec.Struct, frozen=True, kw_only=True):
    """The window of one event, from `start_ns` up to `end_ns` [UTC ns], before anything is merged.

    Without an hour (`has_hour`) `time_ns` is the beginning of its day.
    """

    start_ns: int
    end_ns: int
    time_ns: int
    currency: str
    name: str
    impact: Impact = Impact.HIGH
    has_hour: bool = True


class Tones(msgspec.Struct, frozen=True):
    """What articles say by currency (`newsfilter.sentiment`; NaN: not known), until `until_ns` [UTC ns]."""

    by_currency: Mapping[str, float] = {}
    until_ns: int = 0


NO_TONES: Final = Tones()


class Bulletin(msgspec.Struct, frozen=True, kw_only=True):
    """The calendar at `made_ns`, to be relied on until `reliable_until_ns` [UTC ns]; `windows` by their start.

    `problem` says what is wrong with the sources, empty where nothing is.
    """

    version: int = VERSION
    made_ns: int = 0
    reliable_until_ns: int = 0
    problem: str = ""
    windows: tuple[EventWindow, ...] = ()
    tones: Tones = NO_TONES

    def standing(self, now_ns: int) -> str:
        """What a person should know about the calendar at `now_ns` [UTC ns]; empty where all is well."""
        if self.reliable_until_ns <= 0:
            return self.problem or NOTHING_YET
        until = utc_minute(self.reliable_until_ns)
        if now_ns < self.reliable_until_ns:
            return f"{self.problem}; the calendar is relied on until {until}" if self.problem else ""
        return f"the calendar could be relied on until {until}; {self.problem or 'nobody has fetched it since'}"


NO_BULLETIN: Final = Bulletin(problem=NOTHING_YET)
"""What is known before anything is."""


def event_windows(
    events: Iterable[EconomicEvent], settings: WindowSettings, table: ImpactTable
) -> tuple[EventWindow, ...]:
    """Windows of all `events` that have one, in the order of their start."""
    known = tuple(events)
    found = spans(known, tuple({event.currency for event in known}), settings, table)
    return tuple(
        EventWindow(
            start_ns=span.start_ns,
            end_ns=span.end_ns,
            time_ns=span.event.time_ns,
            currency=span.event.currency,
            name=span.event.name,
            impact=table.impact_of(span.event),
            has_hour=span.event.timing == EventTiming.EXACT and not span.event.is_holiday,
        )
        for span in found
        if span.start_ns < span.end_ns
    )
