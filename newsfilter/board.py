"""What decisions are told about news: for each symbol when nothing is opened, and until when that can be relied on."""

from collections.abc import Mapping, Sequence

import msgspec

from newsfilter.events import EconomicEvent
from newsfilter.impact import ImpactTable
from newsfilter.instruments import currencies_of
from newsfilter.windows import WindowSettings, merged_windows, spans

FOREVER_NS = 2**63 - 1


class SymbolNews(msgspec.Struct, frozen=True):
    """Windows of one symbol: disjoint, in rising order [UTC ns]."""

    symbol: str
    windows: tuple[tuple[int, int], ...]


class NewsBoard(msgspec.Struct, frozen=True, kw_only=True):
    """The calendar as the decision core knows it.

    After `reliable_until_ns` [UTC ns] it says nothing any more: entries are refused where `required`, and not judged by
    news where not. A symbol that is not named has no windows.
    """

    reliable_until_ns: int
    required: bool = True
    symbols: tuple[SymbolNews, ...] = ()


def news_board(
    events: Sequence[EconomicEvent],
    symbols: Sequence[str],
    settings: WindowSettings,
    table: ImpactTable,
    *,
    reliable_until_ns: int,
    required: bool,
    chosen: Mapping[str, tuple[str, ...]],
) -> NewsBoard:
    """The board for `symbols` from `events`; `chosen` is the user's map of base names to currencies."""
    found = []
    for symbol in symbols:
        windows = merged_windows(spans(events, currencies_of(symbol, chosen), settings, table))
        pairs = zip(windows.starts.tolist(), windows.ends.tolist(), strict=True)
        found.append(SymbolNews(symbol, tuple(pairs)))
    return NewsBoard(reliable_until_ns=reliable_until_ns, required=required, symbols=tuple(found))
