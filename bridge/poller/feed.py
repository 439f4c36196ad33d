"""Ticks of a polled terminal: every one once and in order, in batches."""

from typing import Final

import numpy as np

from advisor.batches import Batch, Rows
from bridge.poller.charts import bars_at
from bridge.poller.link import Link, PackageError
from bridge.poller.package import COPY_TICKS_ALL
from bridge.poller.places import Place, after, place_at, unseen
from bridge.poller.reading import ticks_of
from bridge.poller.terminal import PolledTerminal
from domain.dtypes import TICK_DTYPE
from domain.timeframes import Timeframe
from domain.updates import TradeUpdate

_NO_TICKS: Final = np.zeros(0, TICK_DTYPE)
_AT_ONCE: Final = 4_096
_AT_MOST: Final = 1 << 22
_MS_PER_S: Final = 1_000


class PolledFeed:
    """Reads the ticks of `terminal` from the last one seen on; what waits to be played is read no further.

    `gap` says which ticks may be missing, where the terminal did not have them any more.
    """

    def __init__(self, link: Link, terminal: PolledTerminal) -> None:
        self.max_ticks = _AT_ONCE
        self.gap = ""
        self._link = link
        self._terminal = terminal
        self._read: dict[str, Place] = {}
        self._played: dict[str, Place] = {}
        self._waiting: dict[str, Rows] = dict.fromkeys(terminal.symbols, _NO_TICKS)
        self._number = 0

    def begin(self) -> None:
        """Flow from the newest tick on; after an interruption from where the ticks ended, if that place is there.

        Raises:
            TerminalLostError: the terminal is gone.
        """
        for symbol in self._terminal.symbols:
            if symbol not in self._played:
                self._read[symbol] = self._played[symbol] = self._newest(symbol)

    @property
    def is_over(self) -> bool:
        """A market never is."""
        return False

    @property
    def has_ticks(self) -> bool:
        """Whether ticks have been read that were not played."""
        return any(len(ticks) for ticks in self._waiting.values())

    def look(self) -> None:
        """Read what has come for symbols of which nothing waits.

        Raises:
            TerminalLostError: the terminal is gone.
        """
        for symbol, waiting in self._waiting.items():
            if not len(waiting):
                self._waiting[symbol] = fresh = self._fresh(symbol)
                self._read[symbol] = after(self._read[symbol], fresh)

    def next_number(self) -> int:
        """The number of the next batch to leave."""
        self._number += 1
        return self._number

    def play(self) -> tuple[TradeUpdate | None, Batch]:
        """What changed at the terminal, and the next ticks.

        Raises:
            StopIteration: where none wait.
        """
        update, batch = self.play_unheard()
        batch.number = self.next_number()
        return update, batch

    def play_unheard(self) -> tuple[TradeUpdate | None, Batch]:
        """The same, for a batch that cannot leave now and has no number yet."""
        symbols = [symbol for symbol, ticks in self._waiting.items() if len(ticks)]
        if not symbols:
            raise StopIteration
        symbol = min(symbols, key=lambda name: int(self._waiting[name]["time_msc"][0]))
        waiting, start = self._waiting[symbol], self._played[symbol]
        ticks, self._waiting[symbol] = waiting[: self.max_ticks], waiting[self.max_ticks :]
        self._played[symbol] = after(start, ticks)
        terminal = self._terminal
        return terminal.take_changes(), Batch(
            number=0,
            symbol=symbol,
            symbol_index=terminal.symbols.index(symbol),
            start=start.number,
            ticks=ticks,
            money=terminal.money(),
        )

    def reached(self, symbol: str) -> int:
        """The place behind the last tick of `symbol` that was played."""
        return self._played[symbol].number

    def bars(self, symbol: str, timeframe: Timeframe, count: int, played: int) -> Rows:
        """The last `count` bars where the ticks before place `played` have come; the last one runs."""
        return bars_at(self._link, self._terminal.known_spec(symbol), timeframe, count, place_at(played))

    def _newest(self, symbol: str) -> Place:
        """Behind the newest tick; where the terminal has a quote but no ticks, at that quote's time."""
        quoted = Place(int(self._link.asked("symbol_info_tick", symbol).time_msc), 0)
        return after(quoted, self._from(symbol, quoted)) if quoted.msc else quoted

    def _fresh(self, symbol: str) -> Rows:
        place = self._read[symbol]
        fresh = unseen(place, self._from(symbol, place))
        if fresh is not None:
            return fresh
        newest = self._newest(symbol)
        self.gap = f"{symbol}: ticks after {place.msc} ms may be missing; the terminal no longer has them"
        self._read[symbol] = self._played[symbol] = newest
        self.next_number()  # a number that never comes: the bridge sees that its bars do not go on
        return _NO_TICKS

    def _from(self, symbol: str, place: Place) -> Rows:
        """Ticks from the second of `place` on, some of them behind it where there are any."""
        count = _AT_ONCE
        while True:
            try:
                ticks = ticks_of(
                    self._link.asked("copy_ticks_from", symbol, place.msc // _MS_PER_S, count, COPY_TICKS_ALL)
                )
            except PackageError:
                return _NO_TICKS  # while the terminal still loads them
            # the package counts seconds: a busy one may fill the answer before the place is reached
            if len(ticks) < count or ticks["time_msc"][-1] > place.msc or count >= _AT_MOST:
                return ticks
            count *= 4
