"""Batches that have been played and wait to be sent: without an answer, or played while the bridge was silent."""

from collections import Counter, deque
from collections.abc import Iterable

import numpy as np

from advisor.batches import Batch


class Backlog:
    """A queue that keeps at most `limit` ticks a symbol, as a terminal does; what is too much is dropped, oldest first.

    `dropped` counts ticks. After a drop every batch counts as new (`number` 0): the bars can no longer be continued.
    """

    def __init__(self, limit: int) -> None:
        self.dropped = 0
        self._limit = limit
        self._batches: deque[Batch] = deque()
        self._ticks: Counter[str] = Counter()
        self._holes: set[str] = set()

    def __len__(self) -> int:
        return len(self._batches)

    @property
    def has_hole(self) -> bool:
        """Whether ticks were dropped since a batch was last taken."""
        return bool(self._holes)

    def starts(self, symbol: str) -> list[int]:
        """Where the batches of `symbol` begin among its ticks."""
        return [batch.start for batch in self._batches if batch.symbol == symbol]

    def add(self, batch: Batch) -> None:
        """Put a batch that was never sent behind the others."""
        self._batches.append(batch)
        self._ticks[batch.symbol] += len(batch.ticks)
        while self._ticks[batch.symbol] > self._limit:
            self._drop_oldest(batch.symbol)

    def again(self, batches: Iterable[Batch]) -> None:
        """Put batches without an answer before the others; they are older than all here."""
        for batch in reversed(tuple(batches)):
            if batch.symbol in self._holes:  # what followed it is gone
                self.dropped += len(batch.ticks)
                continue
            self._batches.appendleft(batch)
            self._ticks[batch.symbol] += len(batch.ticks)
        if self._holes:
            self._forget_numbers()

    def take(self, room: int) -> Batch:
        """The next batch; a new one takes those of its symbol right behind it along, up to `room` ticks.

        Raises:
            IndexError: when nothing waits.
        """
        parts = [self._batches.popleft()]
        size = len(parts[0].ticks)
        while not parts[0].number and self._goes_on(parts[0].symbol, room - size):
            parts.append(self._batches.popleft())
            size += len(parts[-1].ticks)
        self._ticks[parts[0].symbol] -= size
        self._holes.clear()
        return parts[0] if len(parts) == 1 else _joined(parts)

    def _goes_on(self, symbol: str, room: int) -> bool:
        if not self._batches:
            return False
        following = self._batches[0]
        return following.symbol == symbol and len(following.ticks) <= room

    def _drop_oldest(self, symbol: str) -> None:
        place = next(place for place, batch in enumerate(self._batches) if batch.symbol == symbol)
        size = len(self._batches[place].ticks)
        del self._batches[place]
        self._ticks[symbol] -= size
        self.dropped += size
        if not self._holes:
            self._forget_numbers()
        self._holes.add(symbol)

    def _forget_numbers(self) -> None:
        for batch in self._batches:
            batch.number = 0


def _joined(parts: list[Batch]) -> Batch:
    """One batch of adjacent ones; the account is as at its last tick."""
    ticks = np.concatenate([part.ticks for part in parts])
    first = parts[0]
    return Batch(
        number=0,
        symbol=first.symbol,
        symbol_index=first.symbol_index,
        start=first.start,
        ticks=ticks,
        money=parts[-1].money,
    )
