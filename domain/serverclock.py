"""A broker's clock with its daylight saving: how far it is ahead of UTC, and when that changes."""

import functools
import re
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Final, NamedTuple, TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import Meta

from domain.timeframes import HOUR_S

Rows: TypeAlias = npt.NDArray[Any]
Ints: TypeAlias = npt.NDArray[np.int64]

_YEARS: Final = range(1987, 2101)
_MARCH, _APRIL, _OCTOBER, _NOVEMBER = 3, 4, 10, 11
_NEW_US_RULE: Final = 2007
_EU_CHANGE_H: Final = 1  # UTC, both ways
_US_SPRING_H: Final = 7  # 02:00 in New York
_US_AUTUMN_H: Final = 6
_CLOCK_NAME: Final = re.compile(r"utc((?P<sign>[+-])(?P<hours>\d{1,2})(:(?P<minutes>[0-5]\d))?)?(/(?P<rule>eu|us))?")


class Daylight(StrEnum):
    """Whose daylight saving a clock follows. EU: last Sundays of March and October, 01:00 UTC. US: New York's rule."""

    NONE = "none"
    EU = "eu"
    US = "us"


class Changes(NamedTuple):
    """When a clock changes (UTC and on that clock, before it is changed) and its offsets before and after [s]."""

    utc_s: npt.NDArray[np.int64]
    server_s: npt.NDArray[np.int64]
    offset_s: npt.NDArray[np.int64]


class ServerClock(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The clock of a trade server. In the hour that autumn repeats, a stamp means its first pass."""

    winter_offset_s: Annotated[
        int, Meta(ge=-50_400, le=50_400, multiple_of=900, description="lead over UTC in winter [s]")
    ] = 2 * HOUR_S
    daylight: Annotated[Daylight, Meta(description="whose daylight saving it follows: none, eu or us")] = Daylight.US

    def offset_at_utc(self, utc_s: int) -> int:
        """Lead over UTC [s] at `utc_s` [s]."""
        changes = changes_of(self)
        return int(changes.offset_s[np.searchsorted(changes.utc_s, utc_s, "right")])

    def offset_at(self, server_msc: int) -> int:
        """Lead over UTC [s] when the clock shows `server_msc` [ms]."""
        changes = changes_of(self)
        return int(changes.offset_s[np.searchsorted(changes.server_s, server_msc // 1000, "right")])

    def offsets_at(self, server_s: Ints) -> Ints:
        """Lead over UTC [s] at each of the stamps `server_s` [s, this clock], shape (n,)."""
        changes = changes_of(self)
        return changes.offset_s[np.searchsorted(changes.server_s, server_s, "right")]

    def offsets_at_utc(self, utc_s: Ints) -> Ints:
        """Lead over UTC [s] at each of `utc_s` [s], shape (n,)."""
        changes = changes_of(self)
        return changes.offset_s[np.searchsorted(changes.utc_s, utc_s, "right")]

    def next_change(self, server_msc: int) -> int:
        """The first stamp after `server_msc` [ms, this clock] that has another offset; 2**62 where none follows."""
        times = changes_of(self).server_s
        place = int(np.searchsorted(times, server_msc // 1000, "right"))
        return int(times[place]) * 1000 if place < len(times) else 2**62

    def shown(self, ticks_utc: Rows) -> Rows:
        """UTC ticks (TICK_DTYPE) as this clock stamps them; those of the hour that autumn repeats are left out.

        An EA that asks for ticks after the last one it has seen does not get them from MetaTrader either.
        """
        lead_s = self.offsets_at_utc(ticks_utc["time_msc"] // 1000)
        moved: Rows = ticks_utc.copy()
        moved["time_msc"] += lead_s * 1000
        moved["time"] += lead_s
        read_s = self.offsets_at(moved["time_msc"] // 1000)
        kept: Rows = moved[read_s == lead_s]
        return kept

    @property
    def name(self) -> str:
        """As `clock_named` reads it: utc, utc+3, utc-5, utc+2/eu, utc+2/us."""
        hours, seconds = divmod(abs(self.winter_offset_s), HOUR_S)
        minutes = f":{seconds // 60:02d}" if seconds else ""
        sign = "-" if self.winter_offset_s < 0 else "+"
        lead = f"{sign}{hours}{minutes}" if self.winter_offset_s else ""
        return f"utc{lead}" + ("" if self.daylight is Daylight.NONE else f"/{self.daylight}")


UTC_CLOCK: Final = ServerClock(winter_offset_s=0, daylight=Daylight.NONE)


def clock_named(name: str) -> ServerClock:
    """The clock of that name: utc, utc+3, utc-4:30, or one with a daylight rule: utc+2/eu, utc+2/us.

    `eu` and `us` alone are short for the two most brokers have, UTC+2 in winter.

    Raises:
        ValueError: for another name; says which there are.
    """
    found = _CLOCK_NAME.fullmatch({"eu": "utc+2/eu", "us": "utc+2/us"}.get(name.lower(), name.lower()))
    if found is None:
        raise ValueError(f"clock {name!r} is not known; use utc, eu, us, or an offset such as utc+3 or utc-5/us")
    seconds = int(found["hours"] or 0) * HOUR_S + int(found["minutes"] or 0) * 60
    clock = {"winter_offset_s": -seconds if found["sign"] == "-" else seconds, "daylight": found["rule"] or "none"}
    try:
        return msgspec.convert(clock, ServerClock)
    except msgspec.ValidationError as refused:
        raise ValueError(f"clock {name!r} cannot be: {refused}") from None


@functools.cache
def changes_of(clock: ServerClock) -> Changes:
    """All changes of `clock` from 1987 to 2100."""
    spring_autumn = [] if clock.daylight is Daylight.NONE else [_RULES[clock.daylight](year) for year in _YEARS]
    utc_s = np.array([int(moment.timestamp()) for pair in spring_autumn for moment in pair], np.int64)
    offset_s = clock.winter_offset_s + np.arange(len(utc_s) + 1) % 2 * HOUR_S
    return Changes(utc_s, utc_s + offset_s[:-1], offset_s)


def _eu_changes(year: int) -> tuple[datetime, datetime]:
    spring, autumn = (_last_sunday(year, month) for month in (_MARCH, _OCTOBER))
    return spring + timedelta(hours=_EU_CHANGE_H), autumn + timedelta(hours=_EU_CHANGE_H)


def _us_changes(year: int) -> tuple[datetime, datetime]:
    if year >= _NEW_US_RULE:
        spring, autumn = _sunday(year, _MARCH, 2), _sunday(year, _NOVEMBER, 1)
    else:
        spring, autumn = _sunday(year, _APRIL, 1), _last_sunday(year, _OCTOBER)
    return spring + timedelta(hours=_US_SPRING_H), autumn + timedelta(hours=_US_AUTUMN_H)


_RULES: Final = {Daylight.EU: _eu_changes, Daylight.US: _us_changes}


def _sunday(year: int, month: int, number: int) -> datetime:
    """The `number`-th Sunday of a month."""
    first = datetime(year, month, 1, tzinfo=UTC)
    return first + timedelta(days=(6 - first.weekday()) % 7 + 7 * (number - 1))


def _last_sunday(year: int, month: int) -> datetime:
    following = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
    return following - timedelta(days=(following.weekday() + 1) % 7 or 7)
