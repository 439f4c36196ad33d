"""MetaTrader 5's own calendar, as a connected terminal tells it.

MT5 shows every time of its calendar, past and future, on the trade server's clock with the offset that the server has
today (MQL5 reference, "Economic calendar"): UTC is that time less today's offset, whatever daylight saving was or will
be in force at the event. What was converted once is not converted again after the clocks have changed.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Final, Protocol

import msgspec

from newsfilter.events import NS_PER_DAY, EconomicEvent, EventTiming, Impact, NewsError
from newsfilter.postings import replace_whole

VERSION: Final = 1
SOURCE: Final = "mt5"
DAYS_AHEAD: Final = 7  # that an EA tells when a session begins
_NS_PER_S: Final = 1_000_000_000
_KEPT_NS: Final = 3 * NS_PER_DAY
_FIGURE: Final = 1e6
_IMPACTS: Final = (Impact.UNRATED, Impact.LOW, Impact.MEDIUM, Impact.HIGH)  # ENUM_CALENDAR_EVENT_IMPORTANCE
_TIMINGS: Final = (EventTiming.EXACT, EventTiming.ALL_DAY, EventTiming.TENTATIVE, EventTiming.TENTATIVE)
_HOLIDAY: Final = 2  # ENUM_CALENDAR_EVENT_TYPE


class ToldValue(Protocol):
    """One `MqlCalendarValue` with what its event and country say, enumerations as MT5's numbers."""

    @property
    def value_id(self) -> int:
        """MT5's number of the value: the same for every terminal."""

    @property
    def time_s(self) -> int:
        """On the server's clock with today's offset [s]."""

    @property
    def importance(self) -> int:
        """ENUM_CALENDAR_EVENT_IMPORTANCE."""

    @property
    def time_mode(self) -> int:
        """ENUM_CALENDAR_EVENT_TIMEMODE."""

    @property
    def event_type(self) -> int:
        """ENUM_CALENDAR_EVENT_TYPE."""

    @property
    def currency(self) -> str:
        """The country's currency."""

    @property
    def name(self) -> str:
        """The event's name."""

    @property
    def actual(self) -> int | None:
        """What was published, times 1e6; None: nothing yet."""

    @property
    def forecast(self) -> int | None:
        """The same of what was expected."""

    @property
    def previous(self) -> int | None:
        """The same of the period before."""


class ToldCalendar(msgspec.Struct, frozen=True, kw_only=True):
    """What terminals have told: `events` by MT5's number of the value, to be relied on up to `until_ns`.

    `as_of_ns` is when a terminal that tells its calendar was last heard of: until then nothing had changed. UTC ns.
    """

    version: int = VERSION
    as_of_ns: int = 0
    until_ns: int = 0
    events: dict[str, EconomicEvent] = {}


def event_of(value: ToldValue, server_offset_s: int) -> EconomicEvent:
    """The event in UTC; `server_offset_s` is how far the server's clock is ahead today [s].

    A value without an hour stands at the beginning of its day, which is the date that the terminal shows.
    """
    timing = _TIMINGS[value.time_mode] if value.time_mode < len(_TIMINGS) else EventTiming.TENTATIVE
    is_holiday = value.event_type == _HOLIDAY
    time_ns = (value.time_s - server_offset_s) * _NS_PER_S
    if timing != EventTiming.EXACT or is_holiday:
        time_ns = value.time_s * _NS_PER_S // NS_PER_DAY * NS_PER_DAY
    return EconomicEvent(
        time_ns=time_ns,
        currency=value.currency,
        name=value.name,
        impact=_IMPACTS[value.importance] if value.importance < len(_IMPACTS) else Impact.UNRATED,
        timing=timing,
        is_holiday=is_holiday,
        sources=(SOURCE,),
        actual=_figure(value.actual),
        forecast=_figure(value.forecast),
        previous=_figure(value.previous),
    )


def _figure(scaled: int | None) -> str:
    return "" if scaled is None else f"{scaled / _FIGURE:g}"


def heard(
    known: ToldCalendar, values: Iterable[ToldValue], server_offset_s: int, now_ns: int, *, whole: bool
) -> ToldCalendar:
    """`known` with `values` that were told at `now_ns` [UTC ns], each in place of what it said before.

    `whole`: they are all from a day ago to a week ahead, and not only what has changed.
    """
    oldest_ns = now_ns - _KEPT_NS
    events = {key: event for key, event in known.events.items() if event.time_ns >= oldest_ns}
    events |= {str(value.value_id): event_of(value, server_offset_s) for value in values}
    until_ns = max(known.until_ns, now_ns + DAYS_AHEAD * NS_PER_DAY) if whole else known.until_ns
    return ToldCalendar(as_of_ns=max(known.as_of_ns, now_ns), until_ns=until_ns, events=events)


def write_told(path: Path, calendar: ToldCalendar) -> None:
    """Put what terminals told in place of what they told before."""
    replace_whole(path, msgspec.json.encode(calendar))


def read_told(path: Path) -> ToldCalendar:
    """What terminals have told; nothing where there is no file.

    Raises:
        NewsError: for a file that cannot be read, is damaged or of another version.
    """
    try:
        told = msgspec.json.decode(path.read_bytes(), type=ToldCalendar)
    except FileNotFoundError:
        return ToldCalendar()
    except OSError as problem:
        raise NewsError(path.name, "the whole file", f"cannot be read: {problem.strerror}") from problem
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as problem:
        raise NewsError(path.name, "the whole file", f"is damaged ({problem}); it is written anew") from problem
    if told.version != VERSION:
        raise NewsError(path.name, "version", f"is {told.version}, not {VERSION}; it is written anew")
    return told
