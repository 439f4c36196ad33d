"""What `companion news` finds in a calendar, and the same as JSON."""

from typing import Any, Final, NamedTuple

import msgspec

from app.moments import Span, iso
from app.news_known import Known
from domain.servertime import NS_PER_S
from newsfilter.board import BoardEvent
from newsfilter.events import ALL_CURRENCIES, EconomicEvent, Impact
from newsfilter.instruments import currencies_of
from newsfilter.snapshot import NewsSnapshot

_DAY_NS: Final = 86_400 * NS_PER_S


class ShutTime(NamedTuple):
    """When nothing is opened on a symbol [UTC ns], and because of what."""

    symbol: str
    start_ns: int
    end_ns: int
    events: tuple[BoardEvent, ...]


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """What news says about a symbol at a moment [UTC ns]: `shut` now, or nothing until `following`.

    `nearby` are all events of its currencies on that UTC day. `problem` says why the calendar cannot be relied on.
    """

    symbol: str
    currencies: tuple[str, ...]
    time_ns: int
    shut: ShutTime | None = None
    following: ShutTime | None = None
    nearby: tuple[EconomicEvent, ...] = ()
    problem: str = ""


def events_between(known: Known, span: Span, currencies: tuple[str, ...], least: Impact) -> list[EconomicEvent]:
    """Events of `least` impact or more, and holidays, of `currencies` (none named: all)."""
    return [
        event
        for event in known.events
        if span.start_ns <= event.time_ns < span.stop_ns
        and (event.is_holiday or known.table.impact_of(event) >= least)
        and (not currencies or event.currency in (*currencies, ALL_CURRENCIES))
    ]


def shut_times(known: Known, symbols: tuple[str, ...]) -> list[ShutTime]:
    """All windows of `symbols`."""
    board = known.board(symbols)
    events = (*board.days, *board.events)
    return [
        ShutTime(news.symbol, start_ns, end_ns, _events_of(events, news.symbol, start_ns, end_ns))
        for news in board.symbols
        for start_ns, end_ns in news.windows
    ]


def _events_of(events: tuple[BoardEvent, ...], symbol: str, start_ns: int, end_ns: int) -> tuple[BoardEvent, ...]:
    return tuple(one for one in events if symbol in one.symbols and one.start_ns < end_ns and one.end_ns > start_ns)


def explained(known: Known, symbol: str, time_ns: int) -> Explanation:
    """What the bridge would know about `symbol` at `time_ns` [UTC ns] by the calendar as it is now."""
    found = shut_times(known, (symbol,))
    currencies = currencies_of(symbol, known.settings.news.currencies)
    midnight_ns = time_ns // _DAY_NS * _DAY_NS
    day = Span(midnight_ns, midnight_ns + _DAY_NS)
    return Explanation(
        symbol=symbol,
        currencies=currencies,
        time_ns=time_ns,
        shut=next((one for one in found if one.start_ns <= time_ns < one.end_ns), None),
        following=next((one for one in found if one.start_ns > time_ns), None),
        nearby=tuple(events_between(known, day, currencies, Impact.UNRATED)),
        problem=known.bulletin.standing(time_ns) if time_ns >= known.bulletin.reliable_until_ns else "",
    )


# -- as JSON ----------------------------------------------------------------------------------------------------------


def sources_as_json(snapshot: NewsSnapshot) -> list[dict[str, Any]]:
    """One entry a source."""
    return [
        {
            "source": state.name,
            "events": len(state.events),
            "fetched": iso(state.fetched_ns) if state.fetched_ns else None,
            "covers_until": iso(state.until_ns) if state.fetched_ns else None,
            "problem": state.problem,
            "quarantined": state.quarantined,
        }
        for state in snapshot.sources
    ]


def event_as_json(known: Known, event: EconomicEvent) -> dict[str, Any]:
    """One event of the calendar."""
    return {
        "time": iso(event.time_ns),
        "timing": event.timing.name.lower(),
        "currency": event.currency,
        "impact": "holiday" if event.is_holiday else known.table.impact_of(event).name.lower(),
        "event": event.name,
        "forecast": event.forecast,
        "previous": event.previous,
        "actual": event.actual,
        "sources": list(event.sources),
    }


def shut_time_as_json(one: ShutTime | None) -> dict[str, Any] | None:
    """One window with its events."""
    if one is None:
        return None
    events = [
        {"time": iso(of.time_ns), "currency": of.currency, "impact": of.impact.name.lower(), "event": of.name}
        for of in one.events
    ]
    return {"symbol": one.symbol, "from": iso(one.start_ns), "until": iso(one.end_ns), "events": events}


def explanation_as_json(known: Known, found: Explanation) -> dict[str, Any]:
    """All of an explanation."""
    return {
        "symbol": found.symbol,
        "currencies": list(found.currencies),
        "time": iso(found.time_ns),
        "shut": shut_time_as_json(found.shut),
        "following": shut_time_as_json(found.following),
        "problem": found.problem,
        "day": [event_as_json(known, event) for event in found.nearby],
    }
