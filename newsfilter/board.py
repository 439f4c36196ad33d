"""What decisions are told about news: windows, events ahead and tones, and until when each can be relied on."""

import math
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from newsfilter.bulletin import Bulletin, EventWindow
from newsfilter.events import ALL_CURRENCIES, Impact
from newsfilter.instruments import currencies_of
from newsfilter.sentiment import tone_of_symbol
from newsfilter.windows import merged_pairs

FOREVER_NS: Final = 2**63 - 1


class SymbolNews(msgspec.Struct, frozen=True):
    """Windows of one symbol: disjoint, in rising order [UTC ns].

    `tone` is what articles say of a rise of the symbol, -1..1: the tone of a buy, and with its sign changed that of a
    sell. None: nobody knows.
    """

    symbol: str
    windows: tuple[tuple[int, int], ...]
    tone: float | None = None


class BoardEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event that has a window, from `start_ns` up to `end_ns` [UTC ns]; `symbols` are the ones it concerns."""

    time_ns: int
    currency: str
    name: str
    impact: Impact
    symbols: tuple[str, ...]
    start_ns: int = 0
    end_ns: int = 0


class CurrencyTone(msgspec.Struct, frozen=True):
    """What articles say of one currency, -1..1."""

    currency: str
    tone: float


class NewsBoard(msgspec.Struct, frozen=True, kw_only=True):
    """The calendar, and what articles say, as the decision core knows it.

    After `reliable_until_ns` [UTC ns] the calendar says nothing any more: entries are refused where `required`, and not
    judged by news where not. A symbol that is not named has no windows. `events` have an hour and stand in the order of
    their time, `days` are events without one. `tones` are those of the currencies of `symbols`; they and the symbols'
    tones say nothing from `tones_until_ns` on (0: there is no such source). `problem` is what is wrong with the
    sources, for people.
    """

    reliable_until_ns: int
    required: bool = True
    symbols: tuple[SymbolNews, ...] = ()
    events: tuple[BoardEvent, ...] = ()
    days: tuple[BoardEvent, ...] = ()
    tones: tuple[CurrencyTone, ...] = ()
    tones_until_ns: int = 0
    problem: str = ""

    def events_at(self, symbol: str, time_ns: int) -> tuple[BoardEvent, ...]:
        """Events in whose window `symbol` is at `time_ns` [UTC ns]."""
        return tuple(
            one for one in (*self.days, *self.events) if symbol in one.symbols and one.start_ns <= time_ns < one.end_ns
        )


def board_of(
    bulletin: Bulletin, symbols: Sequence[str], *, required: bool, chosen: Mapping[str, tuple[str, ...]]
) -> NewsBoard:
    """The board for `symbols` as `bulletin` has it; `chosen` is the user's map of base names to currencies."""
    tones = bulletin.tones
    told = {currency: tone for currency, tone in tones.by_currency.items() if not math.isnan(tone)}
    concerned = {symbol: currencies_of(symbol, chosen) for symbol in symbols}
    of_account = dict.fromkeys(currency for currencies in concerned.values() for currency in currencies)
    events = _events(bulletin, concerned)
    return NewsBoard(
        reliable_until_ns=bulletin.reliable_until_ns,
        required=required,
        symbols=tuple(
            SymbolNews(symbol, _pairs(bulletin, currencies), tone_of_symbol(told, symbol))
            for symbol, currencies in concerned.items()
        ),
        events=tuple(event for window, event in events if window.has_hour),
        days=tuple(event for window, event in events if not window.has_hour),
        tones=tuple(CurrencyTone(currency, told[currency]) for currency in of_account if currency in told),
        tones_until_ns=tones.until_ns if told else 0,
        problem=bulletin.problem,
    )


def _pairs(bulletin: Bulletin, currencies: tuple[str, ...]) -> tuple[tuple[int, int], ...]:
    wanted = {ALL_CURRENCIES, *currencies}
    return tuple(merged_pairs((one.start_ns, one.end_ns) for one in bulletin.windows if one.currency in wanted))


def _events(bulletin: Bulletin, concerned: Mapping[str, tuple[str, ...]]) -> list[tuple[EventWindow, BoardEvent]]:
    """Windows that concern anybody, with what the board says of them, in the order of the events' time."""
    found = []
    for one in sorted(bulletin.windows, key=lambda window: (window.time_ns, window.currency, window.name)):
        everybody = one.currency == ALL_CURRENCIES
        symbols = tuple(symbol for symbol, of in concerned.items() if everybody or one.currency in of)
        if symbols:
            found.append((one, _board_event(one, symbols)))
    return found


def _board_event(window: EventWindow, symbols: tuple[str, ...]) -> BoardEvent:
    return BoardEvent(
        time_ns=window.time_ns,
        currency=window.currency,
        name=window.name,
        impact=window.impact,
        symbols=symbols,
        start_ns=window.start_ns,
        end_ns=window.end_ns,
    )
