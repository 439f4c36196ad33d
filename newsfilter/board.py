"""What decisions are told about news: windows, events ahead and tones, and until when each can be relied on."""

import math
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from newsfilter.events import EconomicEvent, EventTiming, Impact
from newsfilter.impact import ImpactTable
from newsfilter.instruments import currencies_of
from newsfilter.sentiment import tone_of_symbol
from newsfilter.windows import Span, WindowSettings, merged_windows, spans

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
    """An event with an exact time [UTC ns] that has a window; `symbols` are the ones it concerns."""

    time_ns: int
    currency: str
    name: str
    impact: Impact
    symbols: tuple[str, ...]


class CurrencyTone(msgspec.Struct, frozen=True):
    """What articles say of one currency, -1..1."""

    currency: str
    tone: float


class Tones(msgspec.Struct, frozen=True):
    """What articles say by currency (`newsfilter.sentiment`; NaN: not known), until `until_ns` [UTC ns]."""

    by_currency: Mapping[str, float] = {}
    until_ns: int = 0


class NewsBoard(msgspec.Struct, frozen=True, kw_only=True):
    """The calendar, and what articles say, as the decision core knows it.

    After `reliable_until_ns` [UTC ns] the calendar says nothing any more: entries are refused where `required`, and not
    judged by news where not. A symbol that is not named has no windows. `events` stand in the order of their time.
    `tones` are those of the currencies of `symbols`; they and the symbols' tones say nothing from `tones_until_ns` on
    (0: there is no such source).
    """

    reliable_until_ns: int
    required: bool = True
    symbols: tuple[SymbolNews, ...] = ()
    events: tuple[BoardEvent, ...] = ()
    tones: tuple[CurrencyTone, ...] = ()
    tones_until_ns: int = 0


NO_TONES: Final = Tones()


def news_board(
    events: Sequence[EconomicEvent],
    symbols: Sequence[str],
    settings: WindowSettings,
    table: ImpactTable,
    *,
    reliable_until_ns: int,
    required: bool,
    chosen: Mapping[str, tuple[str, ...]],
    tones: Tones = NO_TONES,
) -> NewsBoard:
    """The board for `symbols` from `events`; `chosen` is the user's map of base names to currencies."""
    told = {currency: tone for currency, tone in tones.by_currency.items() if not math.isnan(tone)}
    found: list[SymbolNews] = []
    concerned: dict[EconomicEvent, list[str]] = {}
    of_account: dict[str, None] = {}
    for symbol in symbols:
        currencies = currencies_of(symbol, chosen)
        of_account |= dict.fromkeys(currencies)
        windows = spans(events, currencies, settings, table)
        for event in _with_an_hour(windows):
            concerned.setdefault(event, []).append(symbol)
        found.append(SymbolNews(symbol, _pairs(windows), tone_of_symbol(told, symbol)))
    return NewsBoard(
        reliable_until_ns=reliable_until_ns,
        required=required,
        symbols=tuple(found),
        events=tuple(_board_event(event, of, table) for event, of in sorted(concerned.items(), key=_order)),
        tones=tuple(CurrencyTone(currency, told[currency]) for currency in of_account if currency in told),
        tones_until_ns=tones.until_ns if told else 0,
    )


def _pairs(found: Sequence[Span]) -> tuple[tuple[int, int], ...]:
    windows = merged_windows(found)
    return tuple(zip(windows.starts.tolist(), windows.ends.tolist(), strict=True))


def _with_an_hour(found: Sequence[Span]) -> list[EconomicEvent]:
    events = (span.event for span in found)
    return [event for event in events if event.timing == EventTiming.EXACT and not event.is_holiday]


def _order(entry: tuple[EconomicEvent, list[str]]) -> tuple[int, str, str]:
    event = entry[0]
    return event.time_ns, event.currency, event.name


def _board_event(event: EconomicEvent, symbols: Sequence[str], table: ImpactTable) -> BoardEvent:
    return BoardEvent(
        time_ns=event.time_ns,
        currency=event.currency,
        name=event.name,
        impact=table.impact_of(event),
        symbols=tuple(symbols),
    )
