"""A broker's holidays: days on which symbols do not trade, or for a part of the day alone.

Source: MetaTrader 5 platform help, "Holidays". A broker's announcement names the symbols and their hours; without
hours a symbol is closed all day.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from fnmatch import fnmatchcase
from typing import Final

import msgspec

from domain.symbols import SymbolSpec
from domain.timeframes import DAY_S, WEEK_S

_SUNDAY_BEFORE_EPOCH_S: Final = 345_600  # 1970-01-01 was a Thursday
_EPOCH: Final = date(1970, 1, 1)
_SATURDAY: Final = 5
_SUNDAY: Final = 6  # as Python counts weekdays
_CURRENCY_PAIRS: Final = ("EUR*", "GBP*", "AUD*", "NZD*", "USD*", "CAD*", "CHF*")
_METALS_AND_INDICES: Final = ("XAU*", "XAG*", "US[1-9]*")
_FURTHEST_DAYS: Final = 400  # no symbol is closed longer than a year

Hours = tuple[int, int]


class Holiday(msgspec.Struct, frozen=True, kw_only=True):
    """One `day` of the broker's clock, for the symbols whose names fit a pattern of `symbols` (`XAU*`; empty: all).

    `hours` are when they trade that day, half-open [s since the day's midnight]; none: not at all. With `every_year`
    the year does not matter.

    Raises:
        ValueError: for hours outside the day or that end before they begin.
    """

    day: date
    symbols: tuple[str, ...] = ()
    hours: tuple[Hours, ...] = ()
    every_year: bool = False

    def __post_init__(self) -> None:
        """Refuse hours that are none."""
        for opens, closes in self.hours:
            if not 0 <= opens < closes <= DAY_S:
                raise ValueError(f"hours of {self.day} hold ({opens}, {closes}); want 0 <= start < end <= {DAY_S}")

    def concerns(self, spec: SymbolSpec, day: date) -> bool:
        """Whether this is the symbol's holiday on `day`."""
        same = (day.month, day.day) == (self.day.month, self.day.day) if self.every_year else day == self.day
        return same and (not self.symbols or any(fnmatchcase(spec.name, one) for one in self.symbols))


def usual_holidays(years: Iterable[int]) -> tuple[Holiday, ...]:
    """Days on which brokers close, as far as histories show them: Christmas and New Year, and Good Friday for metals.

    Currencies: 25 December, or the 26th where that is a Sunday, and 1 January. Metals and US indices keep a Sunday's
    holiday on the Monday, Christmas on a Saturday on the Friday, and Good Friday. Seen in the swaps of two Strategy
    Tester reports of 2019 to 2023; early closes are in the broker's announcements alone.
    """
    found = []
    for year in years:
        christmas, new_year = date(year, 12, 25), date(year, 1, 1)
        found += [
            Holiday(day=_moved(christmas), symbols=_CURRENCY_PAIRS),
            Holiday(day=new_year, symbols=_CURRENCY_PAIRS),
        ]
        others = {_observed(christmas), _moved(new_year), easter_sunday(year) - timedelta(days=2)}
        found += [Holiday(day=day, symbols=_METALS_AND_INDICES) for day in sorted(others)]
    return tuple(found)


def easter_sunday(year: int) -> date:
    """Easter in the Gregorian calendar (Meeus, Astronomical Algorithms, chapter 8)."""
    golden, century, rest = year % 19, year // 100, year % 100
    epact = (19 * golden + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (rest // 4) - epact - rest % 4) % 7
    shift = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * shift + 114, 31)
    return date(year, month, day + 1)


def _moved(day: date) -> date:
    """Where a Sunday is kept: on the Monday."""
    return day + timedelta(days=day.weekday() == _SUNDAY)


def _observed(day: date) -> date:
    """Where a Saturday is kept, too: on the Friday."""
    return _moved(day) - timedelta(days=day.weekday() == _SATURDAY)


class TradingHours:
    """When symbols trade: within their sessions, and on holidays within those hours."""

    def __init__(self, holidays: Iterable[Holiday] = ()) -> None:
        self._holidays = tuple(holidays)

    def is_open(self, spec: SymbolSpec, server_s: int) -> bool:
        """Whether the symbol trades at `server_s` [s, broker's clock]."""
        if not spec.in_session(server_s):
            return False
        hours = self._hours(spec, server_s // DAY_S) if self._holidays else None
        return hours is None or any(opens <= server_s % DAY_S < closes for opens, closes in hours)

    def is_holiday(self, spec: SymbolSpec, day: int) -> bool:
        """Whether a holiday keeps the symbol closed all of `day` [days since 1970-01-01]."""
        hours = self._hours(spec, day) if self._holidays else None
        return hours is not None and not _within(hours, _sessions_of_day(spec, day))

    def next_opening_s(self, spec: SymbolSpec, server_s: int) -> int:
        """When the symbol trades again after `server_s` [s, broker's clock], at which it does not."""
        for ahead in range(_FURTHEST_DAYS):
            day = server_s // DAY_S + ahead
            hours = self._hours(spec, day) if self._holidays else None
            spans = _sessions_of_day(spec, day) if hours is None else _within(hours, _sessions_of_day(spec, day))
            later = [day * DAY_S + opens for opens, _ in spans if day * DAY_S + opens > server_s]
            if later:
                return min(later)
        return server_s + _FURTHEST_DAYS * DAY_S

    def _hours(self, spec: SymbolSpec, day: int) -> Sequence[Hours] | None:
        """The hours of a holiday on `day`; None where it is none. Of several rules the hours add up, as in MT5."""
        on = date.fromordinal(_EPOCH.toordinal() + day)
        found = [one for one in self._holidays if one.concerns(spec, on)]
        return [span for one in found for span in one.hours] if found else None


def _sessions_of_day(spec: SymbolSpec, day: int) -> list[Hours]:
    """The symbol's sessions on `day`, cut at its midnights [s since the day's midnight]."""
    start = (day * DAY_S + _SUNDAY_BEFORE_EPOCH_S) % WEEK_S
    whole = spec.sessions or ((0, WEEK_S),)
    return _within([(0, DAY_S)], [(opens - start, closes - start) for opens, closes in whole])


def _within(outer: Iterable[Hours], inner: Iterable[Hours]) -> list[Hours]:
    """What lies in a span of both, in order."""
    inside = list(inner)
    cut = [(max(a, c), min(b, d)) for a, b in outer for c, d in inside]
    return sorted((opens, closes) for opens, closes in cut if opens < closes)
