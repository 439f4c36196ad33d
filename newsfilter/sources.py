"""Where calendars come from, all behind one interface."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol

from newsfilter.eodhd_api import EodhdApi
from newsfilter.eventfile import events_from_file
from newsfilter.events import NS_PER_DAY, EconomicEvent, NewsError
from newsfilter.forexfactory import events_from_week
from newsfilter.http import HttpClient
from newsfilter.setup import FOREX_FACTORY_WEEK
from newsfilter.terminal import SOURCE, read_told
from newsfilter.wording import utc_minute

ENDLESS_NS: Final = 2**63 - 1
_UNHEARD_NS: Final = 900_000_000_000


class CalendarSource(Protocol):
    """One calendar. `name` is how people and records call it."""

    @property
    def name(self) -> str:
        """The source's name."""

    @property
    def until_ns(self) -> int:
        """How far the last answer reaches, whatever was asked for [UTC ns]; ENDLESS_NS where it reaches so far."""

    def events(self, first: dt.date, last: dt.date) -> list[EconomicEvent]:
        """Events from `first` to `last` (UTC days, both included) as far as the source has them, in the order of time.

        Raises:
            FetchError: where it cannot be reached or refuses.
            NewsError: where it says something that cannot be read.
            QuarantineError: where what it says cannot be true.
        """


class EodhdCalendar:
    """EODHD's economic events."""

    name = "eodhd"
    until_ns = ENDLESS_NS

    def __init__(self, api: EodhdApi) -> None:
        self._api = api

    def events(self, first: dt.date, last: dt.date) -> list[EconomicEvent]:
        """See `CalendarSource.events`."""
        return self._api.economic_events(first, last)


class ForexFactoryCalendar:
    """Forex Factory's file of the current week; it allows two downloads in five minutes."""

    name = "forexfactory"

    def __init__(self, http: HttpClient, address: str = FOREX_FACTORY_WEEK) -> None:
        self._http = http
        self._address = address
        self.until_ns = 0

    def events(self, first: dt.date, last: dt.date) -> list[EconomicEvent]:
        """See `CalendarSource.events`; the file holds one week, whatever is asked for."""
        events = events_from_week(self._http.fetched(self.name, self._address, {}))
        self.until_ns = _monday_after(events[0].time_ns) if events else 0
        return _between(events, first, last)


class FileCalendar:
    """A file of the user's own, read anew each time. `assumed_offset_s` is for times without an offset [s].

    It reaches to the end of the UTC day of its last event: what comes after, it does not know.
    """

    def __init__(self, path: Path, *, name: str = "", assumed_offset_s: int | None = None) -> None:
        self.name = name or path.name
        self.until_ns = 0
        self._path = path
        self._assumed_offset_s = assumed_offset_s

    def events(self, first: dt.date, last: dt.date) -> list[EconomicEvent]:
        """See `CalendarSource.events`."""
        try:
            content = self._path.read_bytes()
        except OSError as problem:
            raise NewsError(self.name, "the whole file", f"cannot be read: {problem.strerror}") from problem
        events = events_from_file(content, self.name, assumed_offset_s=self._assumed_offset_s)
        self.until_ns = (events[-1].time_ns // NS_PER_DAY + 1) * NS_PER_DAY if events else 0
        return _between(events, first, last)


class TerminalsCalendar:
    """MetaTrader's own, as the terminals that are connected to the bridge tell it."""

    name = SOURCE

    def __init__(self, path: Path, now_ns: Callable[[], int]) -> None:
        self._path = path
        self._now_ns = now_ns
        self.until_ns = 0

    def events(self, first: dt.date, last: dt.date) -> list[EconomicEvent]:
        """See `CalendarSource.events`; a terminal must have been heard of within the last quarter of an hour."""
        told = read_told(self._path)
        if not told.as_of_ns:
            raise NewsError(SOURCE, "the terminals", "have not told their calendar yet (InpCalendar must be true)")
        if self._now_ns() - told.as_of_ns > _UNHEARD_NS:
            raise NewsError(SOURCE, "the terminals", f"were not heard of since {utc_minute(told.as_of_ns)}")
        self.until_ns = told.until_ns
        return _between(sorted(told.events.values(), key=lambda event: event.time_ns), first, last)


def _between(events: list[EconomicEvent], first: dt.date, last: dt.date) -> list[EconomicEvent]:
    start_ns, end_ns = midnight_ns(first), midnight_ns(last + dt.timedelta(days=1))
    return [event for event in events if start_ns <= event.time_ns < end_ns]


def _monday_after(time_ns: int) -> int:
    """Forex Factory's week goes from Sunday to Saturday in New York; the next one is there on Sunday."""
    day = dt.date(1970, 1, 1) + dt.timedelta(days=time_ns // NS_PER_DAY)
    sunday = day - dt.timedelta(days=day.isoweekday() % 7)
    return midnight_ns(sunday + dt.timedelta(days=8))


def midnight_ns(day: dt.date) -> int:
    """UTC midnight at the beginning of `day` [UTC ns]."""
    return (day - dt.date(1970, 1, 1)).days * 86_400 * 10**9
