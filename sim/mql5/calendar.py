"""An economic calendar for the EA: countries, events and values as MetaTrader's calendar functions give them."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final, TypeVar

import msgspec

from sim.mql5.abi import CalendarQuestion, HostCalendarRow, fitted

if TYPE_CHECKING:
    import ctypes

MISSING: Final = -(2**63)
_TEXT_BYTES: Final = 128
_T = TypeVar("_T")


class Country(msgspec.Struct, frozen=True, kw_only=True):
    """`MqlCalendarCountry`."""

    number: int
    name: str
    code: str
    currency: str
    currency_symbol: str = ""


class CalendarEvent(msgspec.Struct, frozen=True, kw_only=True):
    """`MqlCalendarEvent`; enumerations are MT5's numbers."""

    number: int
    country: int
    name: str
    type: int = 1
    sector: int = 0
    frequency: int = 0
    time_mode: int = 0
    unit: int = 0
    importance: int = 3
    multiplier: int = 0
    digits: int = 1
    source: str = ""
    code: str = ""


class Value(msgspec.Struct, frozen=True, kw_only=True):
    """`MqlCalendarValue`: numbers x 1e6, `MISSING` where there is none. `change` numbers the change that brought it."""

    number: int
    event: int
    time_s: int
    change: int = 1
    period_s: int = 0
    revision: int = 0
    actual: int = MISSING
    previous: int = MISSING
    revised: int = MISSING
    forecast: int = MISSING
    impact: int = 0


class Calendar:
    """Answers what the runtime asks; empty unless it is given something."""

    def __init__(
        self, countries: Iterable[Country] = (), events: Iterable[CalendarEvent] = (), values: Iterable[Value] = ()
    ) -> None:
        self._countries = {one.number: one for one in countries}
        self._events = {one.number: one for one in events}
        self._values = sorted(values, key=lambda one: (one.time_s, one.number))

    def rows(
        self, question: int, number: int, span: tuple[int, int], country: str, currency: str
    ) -> "ctypes.Array[HostCalendarRow]":
        """The answer; none found is an empty one."""
        match question:
            case CalendarQuestion.COUNTRY_BY_ID:
                found = [_country_row(one) for one in _one(self._countries, number)]
            case CalendarQuestion.COUNTRIES:
                found = [_country_row(one) for one in self._countries.values()]
            case CalendarQuestion.EVENT_BY_ID:
                found = [_event_row(one) for one in _one(self._events, number)]
            case CalendarQuestion.EVENTS:
                found = [_event_row(one) for one in self._events.values() if self._fits(one.number, country, currency)]
            case CalendarQuestion.VALUE_BY_ID:
                found = [_value_row(one) for one in self._values if one.number == number]
            case CalendarQuestion.VALUES_SINCE:
                newest = max((one.change for one in self._values), default=1)
                fresh = [one for one in self._values if one.change > number]
                found = [HostCalendarRow(number=newest), *self._chosen(fresh, country, currency)]
            case _:
                inside = [one for one in self._values if span[0] <= one.time_s <= span[1]]
                found = self._chosen(inside, country, currency)
        return (HostCalendarRow * len(found))(*found)

    def _chosen(self, values: Sequence[Value], country: str, currency: str) -> list[HostCalendarRow]:
        return [_value_row(one) for one in values if self._fits(one.event, country, currency)]

    def _fits(self, event: int, country: str, currency: str) -> bool:
        known = self._events.get(event)
        place = self._countries.get(known.country) if known else None
        return place is not None and country in ("", place.code) and currency in ("", place.currency)


def _one(table: dict[int, _T], number: int) -> list[_T]:
    return [table[number]] if number in table else []


def _row(number: int, other: int, integers: Sequence[int], texts: Sequence[str]) -> HostCalendarRow:
    row = HostCalendarRow(number=number, other=other)
    for place, integer in enumerate(integers):
        row.integers[place] = integer
    for place, text in enumerate(texts):
        row.texts[place].value = fitted(text, _TEXT_BYTES)
    return row


def _country_row(one: Country) -> HostCalendarRow:
    return _row(one.number, 0, (), (one.name, one.code, one.currency, one.currency_symbol))


def _event_row(one: CalendarEvent) -> HostCalendarRow:
    kinds = (one.type, one.sector, one.frequency, one.time_mode, one.unit, one.importance, one.multiplier, one.digits)
    return _row(one.number, one.country, kinds, (one.source, one.code, one.name))


def _value_row(one: Value) -> HostCalendarRow:
    numbers = (one.actual, one.previous, one.revised, one.forecast, one.impact)
    return _row(one.number, one.event, (one.time_s, one.period_s, one.revision, *numbers), ())
