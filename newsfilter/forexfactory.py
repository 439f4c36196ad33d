"""Forex Factory's free weekly file: a JSON list of `title`, `country` (a currency), `date` with offset, `impact`."""

from typing import Final

import msgspec

from newsfilter.events import NS_PER_DAY, EconomicEvent, EventTiming, NewsError
from newsfilter.reading import currency_from, impact_from, utc_ns

SOURCE: Final = "forexfactory"


class _Entry(msgspec.Struct):
    title: str
    country: str
    date: str
    impact: str
    forecast: str = ""
    previous: str = ""


_DECODER: Final = msgspec.json.Decoder(list[_Entry])


def events_from_week(body: bytes) -> list[EconomicEvent]:
    """Events of one weekly file in the order of time. A holiday is the day (UTC) on which its time lies.

    Raises:
        NewsError: for what is not such a file (the site answers too many requests with a page of HTML).
    """
    try:
        entries = _DECODER.decode(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as problem:
        raise NewsError(SOURCE, "the whole answer", f"is no weekly calendar: {problem}") from problem
    return sorted((_event(entry, f"item {number}") for number, entry in enumerate(entries, 1)), key=_time)


def _time(event: EconomicEvent) -> int:
    return event.time_ns


def _event(entry: _Entry, place: str) -> EconomicEvent:
    time_ns = utc_ns(entry.date, SOURCE, f"{place}, date")
    is_holiday = entry.impact.strip().lower() == "holiday"
    return EconomicEvent(
        time_ns=time_ns // NS_PER_DAY * NS_PER_DAY if is_holiday else time_ns,
        currency=currency_from(entry.country, SOURCE, f"{place}, country"),
        name=entry.title.strip(),
        impact=impact_from(entry.impact, SOURCE, f"{place}, impact"),
        timing=EventTiming.ALL_DAY if is_holiday else EventTiming.EXACT,
        is_holiday=is_holiday,
        sources=(SOURCE,),
        forecast=entry.forecast,
        previous=entry.previous,
    )
