"""A tape played through a simulated terminal in batches: what the server did, then the ticks the EA may see."""

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np

from advisor.batches import Batch
from domain.dtypes import RATES_DTYPE
from domain.timeframes import Timeframe
from domain.updates import TradeUpdate
from marketdata.tape import Slice, Tape
from signals.fold import closed_capacity, fold_ticks, new_fold
from sim.matching import Rows
from sim.terminal import SimTerminal

Charts = Mapping[tuple[str, Timeframe], Rows]
"""Bars (RATES_DTYPE, oldest first, the last one running) by symbol and timeframe."""

NO_BARS: Final = np.zeros(0, RATES_DTYPE)
_BAR_FIELDS: Final = ("open", "high", "low", "close", "tick_volume", "spread")


class Feed:
    """Plays `tape` on `terminal`, `max_ticks` at a time.

    With `batch_ms` each symbol's ticks of a window come as one batch, so that several symbols need few batches; without
    it the ticks keep their order across symbols. `history` is what the charts held before the first tick.

    Raises:
        ValueError: for a symbol the terminal does not have.
    """

    def __init__(
        self,
        terminal: SimTerminal,
        tape: Tape,
        *,
        max_ticks: int = 1,
        batch_ms: int | None = None,
        history: Charts | None = None,
    ) -> None:
        self._terminal = terminal
        self._tape = tape
        self._history = history or {}
        self._places = places_of(tape, terminal)
        self._slices = self._in_windows(batch_ms) if batch_ms else iter(tape)
        self._slice: Slice | None = next(self._slices, None)
        self._reached: dict[str, int] = {}
        self._unseen: deque[Slice] = deque()
        self._number = 0
        self.max_ticks = max_ticks
        self.played = 0

    @property
    def tape(self) -> Tape:
        """The ticks it plays, those to come included."""
        return self._tape

    @property
    def history(self) -> Charts:
        """What the charts held before the first tick."""
        return self._history

    @property
    def total(self) -> int:
        """Ticks in all."""
        return self._tape.total

    @property
    def is_over(self) -> bool:
        """Whether every tick has been played."""
        return self._slice is None and not self._unseen

    @property
    def has_ticks(self) -> bool:
        """Whether there is something to play."""
        return not self.is_over

    @property
    def next_msc(self) -> int | None:
        """Time of the next tick [ms, broker's clock]; None when the tape is over."""
        following = self._unseen[0] if self._unseen else self._slice
        if following is None:
            return None
        symbol, start, _ = following
        return int(self._tape.ticks[symbol]["time_msc"][start])

    def next_number(self) -> int:
        """The number of the next batch to leave."""
        self._number += 1
        return self._number

    def play(self) -> tuple[TradeUpdate | None, Batch]:
        """What changed at the server up to the next batch, and that batch; the terminal then stands at its last tick.

        A batch ends before a tick at which the server acts by itself, and where the connection or the broker's clock
        changes. What came without a connection comes in batches of its own when it is back.

        Raises:
            StopIteration: when the tape is over.
        """
        update, batch = self.play_unheard(self.max_ticks)
        batch.number = self.next_number()
        return update, batch

    def play_unheard(self, max_ticks: int = 1) -> tuple[TradeUpdate | None, Batch]:
        """As `play`, for a batch of at most `max_ticks` that cannot leave now and has no number yet.

        Raises:
            StopIteration: when the tape is over.
        """
        update = self._go_on_unseen() if self._terminal.is_disturbed and not self._unseen else None
        if self._unseen:
            return update, self._batch_unseen(max_ticks)
        if self._slice is None:
            raise StopIteration
        symbol, start, end = self._slice
        limit = min(end, start + max_ticks)
        if self._terminal.is_disturbed:
            limit, _ = self._terminal.part(self._tape.ticks[symbol], start, limit)
        update, stop = self._play_slice(symbol, start, limit)
        self._follow(symbol, stop, end)
        return update, self._batch(symbol, start, stop)

    def _play_slice(self, symbol: int, start: int, limit: int) -> tuple[TradeUpdate | None, int]:
        """Play the server up to `limit`, or to the next tick at which it acts; what changed, and how far it came."""
        terminal, place, ticks = self._terminal, self._places[symbol], self._tape.ticks[symbol]
        stop = terminal.scan(place, ticks, start, limit)
        if stop == start:
            update = terminal.on_tick(place, ticks, start)
            stop = terminal.scan(place, ticks, start + 1, limit)
        else:
            update = terminal.take_changes()
        terminal.settle(place, ticks, stop - 1)
        self.played += stop - start
        return update, stop

    def _follow(self, symbol: int, stop: int, end: int) -> None:
        self._slice = (symbol, stop, end) if stop < end else next(self._slices, None)

    def _batch(self, symbol: int, start: int, stop: int) -> Batch:
        name, ticks = self._tape.symbols[symbol], self._tape.ticks[symbol]
        self._reached[name] = stop
        return Batch(
            number=0,
            symbol=name,
            symbol_index=self._places[symbol],
            start=start,
            ticks=ticks[start:stop],
            money=self._terminal.money(),
            server_offset_s=self._terminal.clock.offset_at(int(ticks["time_msc"][start])),
        )

    def _go_on_unseen(self) -> TradeUpdate | None:
        """Without a connection the server goes on alone; what changed by the time it is back, if it was away."""
        back_msc = 0
        while self._slice is not None:
            symbol, start, end = self._slice
            stop, away_until_msc = self._terminal.part(self._tape.ticks[symbol], start, end)
            if not away_until_msc:
                break
            back_msc, at = away_until_msc, start
            while at < stop:
                _, at = self._play_slice(symbol, at, stop)  # there is no news without a connection
            self._unseen.append((symbol, start, stop))
            self._follow(symbol, stop, end)
        if not back_msc:
            return None
        self._terminal.move_clock(back_msc)
        return self._terminal.take_changes()

    def _batch_unseen(self, max_ticks: int) -> Batch:
        """The next ticks that came while there was no connection."""
        symbol, start, end = self._unseen.popleft()
        stop, _ = self._terminal.part(self._tape.ticks[symbol], start, min(end, start + max_ticks))
        if stop < end:
            self._unseen.appendleft((symbol, stop, end))
        return self._batch(symbol, start, stop)

    def play_to(self, time_msc: int) -> None:
        """Play every tick up to `time_msc` [ms, broker's clock]; for those who look at the terminal, not at batches."""
        while self._slice is not None:
            symbol, start, end = self._slice
            times = self._tape.ticks[symbol]["time_msc"][start:end]
            count = int(np.searchsorted(times, time_msc, side="right"))
            if count == 0:
                return
            self.play_unheard(count)

    def bars(self, symbol: str, timeframe: Timeframe, count: int, played: int) -> Rows:
        """The last `count` bars where `played` ticks of `symbol` have come, as CopyRates gives them from position 0.

        The last of them is still running. The history before the ticks is included; its last bar is the one that the
        first tick finds running.
        """
        before = self._history.get((symbol, timeframe), NO_BARS)
        built = self._built_bars(before[-1:], symbol, timeframe, played)
        return np.concatenate([before[:-1], built])[-count:] if count else NO_BARS

    def reached(self, symbol: str) -> int:
        """How many ticks of `symbol` have been played."""
        return self._reached.get(symbol, 0)

    def _built_bars(self, running: Rows, symbol: str, timeframe: Timeframe, played: int) -> Rows:
        """What the ticks have made of the `running` bar (none or one), and the bars after it."""
        spec = self._terminal.spec(symbol)
        if spec is None or played == 0:
            return running
        ticks, period_s = self._tape.ticks[self._tape.symbols.index(symbol)], timeframe.seconds
        fold = begun_with(running)
        capacity = int(closed_capacity(fold, period_s, ticks, 0, played))
        bars, at = np.zeros(capacity + 1, RATES_DTYPE), np.zeros(capacity, np.int64)
        count = int(fold_ticks(fold, period_s, spec.point, ticks, 0, played, bars, at))
        bars["time"][count] = fold["open_time"][0]
        for name in _BAR_FIELDS:
            bars[name][count] = fold[name][0]
        return bars[: count + 1]

    def _in_windows(self, batch_ms: int) -> Iterator[Slice]:
        for batch in self._tape.symbol_batches(batch_ms=batch_ms):
            yield from batch


def places_of(tape: Tape, terminal: SimTerminal) -> tuple[int, ...]:
    """The terminal's index of each symbol on the tape.

    Raises:
        ValueError: for a symbol the terminal does not have.
    """
    for symbol in tape.symbols:
        if symbol not in terminal.symbols:
            raise ValueError(f"symbol {symbol} is on the tape, but the terminal has {', '.join(terminal.symbols)}")
    return tuple(terminal.symbols.index(symbol) for symbol in tape.symbols)


def begun_with(running: Rows) -> Rows:
    """A fold whose running bar is `running`, or one that has seen nothing."""
    fold = new_fold()
    if len(running):
        fold["open_time"] = running["time"]
        for name in _BAR_FIELDS:
            fold[name] = running[name]
    return fold
