"""Times as people write them, and as they are shown: UTC unless the broker's clock is asked for."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Final, NamedTuple

from domain.servertime import NS_PER_S

_CLOCK: Final = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?")
_DAY: Final = re.compile(r"(\d{4})[-.](\d{2})[-.](\d{2})(?:[T ]+(.+))?")
_ZONE: Final = re.compile(r"(.*?)\s*(Z|[+-]\d{2}:?\d{2})")
_MINUTE_S: Final = 60


class MomentError(ValueError):
    """A time that cannot be understood; says how to write one."""

    def __init__(self, text: str, problem: str = "is no time") -> None:
        super().__init__(f"{text!r} {problem}; write it like 2014-05-02T12:30, '2014-05-02 12:30' or 14:15")


class Span(NamedTuple):
    """A minute or a second [UTC ns], half-open."""

    start_ns: int
    stop_ns: int


def span_of(text: str, last_day: date | None, offset_s: int = 0) -> Span:
    """The minute (or second, where seconds are given) that `text` names on a clock `offset_s` [s] ahead of UTC.

    A time without a day is one of `last_day`. A zone in the text ("Z", "+02:00") counts instead of `offset_s`.

    Raises:
        MomentError: where `text` is no time, or has no day and none is known.
    """
    plain, zone_s = _without_zone(text.strip())
    found = _DAY.fullmatch(plain)
    day = _date(text, found) if found else last_day
    clock = (found[4] or "00:00") if found else plain
    if day is None:
        raise MomentError(text, "has no day, and nothing is on record that could tell which")
    hours, minutes, seconds = _time(text, clock)
    moment = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=hours, minutes=minutes)
    start_s = int(moment.timestamp()) + (seconds or 0) - (offset_s if zone_s is None else zone_s)
    return Span(start_s * NS_PER_S, (start_s + (_MINUTE_S if seconds is None else 1)) * NS_PER_S)


def _without_zone(text: str) -> tuple[str, int | None]:
    found = _ZONE.fullmatch(text)
    if found is None or ":" not in found[1]:
        return text, None
    if found[2] == "Z":
        return found[1], 0
    sign = -1 if found[2][0] == "-" else 1
    digits = found[2][1:].replace(":", "")
    return found[1], sign * (int(digits[:2]) * 3600 + int(digits[2:]) * _MINUTE_S)


def _date(text: str, found: re.Match[str]) -> date:
    try:
        return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        raise MomentError(text, "names a day that does not exist") from None


def _time(text: str, clock: str) -> tuple[int, int, int | None]:
    found = _CLOCK.fullmatch(clock.strip())
    if found is None or int(found[1]) > 23 or int(found[2]) > 59 or int(found[3] or 0) > 59:  # noqa: PLR2004 - a clock's
        raise MomentError(text)
    return int(found[1]), int(found[2]), None if found[3] is None else int(found[3])


def day_of(time_ns: int) -> date:
    """Calendar day [UTC]."""
    return datetime.fromtimestamp(time_ns // NS_PER_S, tz=UTC).date()


def shown(time_ns: int, offset_s: int = 0, *, seconds: bool = True) -> str:
    """A time [UTC ns] on a clock `offset_s` [s] ahead of UTC, with its weekday: "Fri 2014-05-02 12:30:00"."""
    moment = datetime.fromtimestamp(time_ns // NS_PER_S + offset_s, tz=UTC)
    return moment.strftime("%a %Y-%m-%d %H:%M:%S" if seconds else "%a %Y-%m-%d %H:%M")


def iso(time_ns: int) -> str:
    """A time [UTC ns] for machines, to the millisecond."""
    moment = datetime.fromtimestamp(time_ns // NS_PER_S, tz=UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{time_ns % NS_PER_S // 1_000_000:03d}Z"


def typed(time_ns: int) -> str:
    """A minute as one would type it after `companion why`."""
    return f"{datetime.fromtimestamp(time_ns // NS_PER_S, tz=UTC):%Y-%m-%dT%H:%M}"
