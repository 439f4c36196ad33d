"""The calendar in the kernel's tables: how a board of news is laid out there, and how it is read."""

import math
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from account.events import EventAhead, calendar_key
from domain.jit import njit
from newsfilter.board import BoardEvent, NewsBoard
from strategy.tables import NEWS_DTYPE, Indices, Table

_NS_PER_S: Final = 1e9
_WHOLE_NS_PER_S: Final = 1_000_000_000

Told = Mapping[str, int]
"""Events that have been told of, by `account.events.calendar_key`, with their times [UTC ns]."""


@njit
def window_left_s(symbols: Table, news: Table, row: int, now_ns: int) -> float:
    """Seconds from `now_ns` [UTC ns] to the next window of the symbol on `row`: 0 inside of one, infinite for none."""
    symbol = symbols[row]
    low, high = symbol.news_first, symbol.news_first + symbol.news_count
    end = high
    while low < high:
        middle = (low + high) // 2
        if news[middle].end_ns <= now_ns:
            low = middle + 1
        else:
            high = middle
    if low >= end:
        return math.inf
    return float(max(0.0, (news[low].start_ns - now_ns) / _NS_PER_S))


@njit
def event_left_s(symbols: Table, moments: Indices, row: int, now_ns: int) -> float:
    """Seconds from `now_ns` [UTC ns] to the symbol's next event that has an hour, above 0; infinite for none."""
    symbol = symbols[row]
    low, high = symbol.moments_first, symbol.moments_first + symbol.moments_count
    end = high
    while low < high:
        middle = (low + high) // 2
        if moments[middle] <= now_ns:
            low = middle + 1
        else:
            high = middle
    return (moments[low] - now_ns) / _NS_PER_S if low < end else math.inf


class CalendarRows(NamedTuple):
    """Windows (NEWS_DTYPE) and times of events [UTC ns] of all symbols, those of one standing together."""

    news: Table
    moments: Indices


def lay_out_calendar(board: NewsBoard, names: Sequence[str], symbols: Table) -> CalendarRows:
    """The calendar of `board`; each row of `symbols` (SYMBOL_DTYPE, named `names`) learns where its own stands."""
    told = {news.symbol: news for news in board.symbols}
    times: dict[str, list[int]] = {}
    for event in board.events:
        for symbol in event.symbols:
            times.setdefault(symbol, []).append(event.time_ns)
    windows: list[tuple[int, int]] = []
    moments: list[int] = []
    for row, name in enumerate(names):
        news, line = told.get(name), symbols[row]
        own = news.windows if news is not None else ()
        line["news_first"], line["news_count"] = len(windows), len(own)
        line["moments_first"], line["moments_count"] = len(moments), len(times.get(name, ()))
        line["tone"] = np.nan if news is None or news.tone is None else news.tone
        windows += own
        moments += sorted(times.get(name, ()))
    return CalendarRows(np.array(windows, NEWS_DTYPE), np.array(moments, np.int64))


def lowest_tone(board: NewsBoard) -> float:
    """The lowest tone of a currency that is traded; NaN where none is known."""
    return min((tone.tone for tone in board.tones), default=math.nan)


# -- events ahead ------------------------------------------------------------------------------------------------------


def _is_told(event: BoardEvent, told: Told) -> bool:
    return calendar_key(event.time_ns, event.currency, event.name) in told


class Warnings:
    """Which events are to be told of, and when: each once, `ahead_s` [s] before it or as soon as it is known."""

    def __init__(self, ahead_s: float) -> None:
        self._ahead_ns = round(ahead_s) * _WHOLE_NS_PER_S
        self._waiting: list[BoardEvent] = []

    @property
    def due_ns(self) -> int:
        """When the next one is due [UTC ns]; 0 for none."""
        return max(1, self._waiting[0].time_ns - self._ahead_ns) if self._waiting else 0

    def meet(self, board: NewsBoard, told: Told) -> None:
        """Take a new calendar; events that were `told` of are not told again."""
        fresh = [event for event in board.events if not _is_told(event, told)] if self._ahead_ns else []
        self._waiting = sorted(fresh, key=lambda event: event.time_ns)

    def take(self, now_ns: int, told: Told) -> list[EventAhead]:
        """Those that are due at `now_ns` [UTC ns] and still ahead; what lies behind is let go."""
        due = [event for event in self._waiting if event.time_ns - self._ahead_ns <= now_ns]
        self._waiting = self._waiting[len(due) :]
        ahead = [event for event in due if event.time_ns > now_ns and not _is_told(event, told)]
        return [
            EventAhead(
                time_ns=now_ns,
                event_ns=event.time_ns,
                currency=event.currency,
                name=event.name,
                impact=event.impact.name.lower(),
                symbols=event.symbols,
            )
            for event in ahead
        ]
