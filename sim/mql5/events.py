"""The event queue of one EA, with MetaTrader's rules.

Sources: MQL5 reference, "Program Running" (a NewTick or Timer event is not put into the queue when one is there already
or is being handled; handlers of one program run one after another) and "OnTradeTransaction" (a queue of 1,024, in which
new transactions push out old ones; their order is not guaranteed).
"""

import random
from collections import deque
from collections.abc import Iterable
from enum import Enum
from typing import Any, Final, NamedTuple

LIMIT: Final = 1024


class EventKind(Enum):
    """Which handler an event is for."""

    TICK = "OnTick"
    TIMER = "OnTimer"
    TRADE = "OnTrade"
    TRANSACTION = "OnTradeTransaction"


class Event(NamedTuple):
    """One event; `content` is what its handler takes."""

    kind: EventKind
    content: Any = None


_ONLY_ONE: Final = frozenset({EventKind.TICK, EventKind.TIMER, EventKind.TRADE})


class EventQueue:
    """Events that wait for their handlers; `pushed_out` counts the transactions that were lost.

    With `shuffle`, transactions of one change come in an order drawn from it.
    """

    def __init__(self, shuffle: random.Random | None = None) -> None:
        self._waiting: deque[Event] = deque()
        self._running: Event | None = None
        self._shuffle = shuffle
        self._transactions = 0
        self.pushed_out = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def post(self, kind: EventKind) -> bool:
        """A tick, timer or trade event; whether it was taken."""
        if kind not in _ONLY_ONE:
            raise ValueError(f"{kind.value} comes with its content: post_transactions")
        is_known = any(event.kind is kind for event in self._waiting)
        if is_known or (self._running is not None and self._running.kind is kind):
            return False
        self._waiting.append(Event(kind))
        return True

    def post_transactions(self, contents: Iterable[Any]) -> None:
        """The transactions of one change at the server."""
        fresh = list(contents)
        if self._shuffle is not None:
            self._shuffle.shuffle(fresh)
        for content in fresh:
            self._waiting.append(Event(EventKind.TRANSACTION, content))
            self._transactions += 1
            if self._transactions > LIMIT:
                self._push_out()

    def _push_out(self) -> None:
        oldest = next(place for place, event in enumerate(self._waiting) if event.kind is EventKind.TRANSACTION)
        del self._waiting[oldest]
        self._transactions -= 1
        self.pushed_out += 1

    def begin(self) -> Event | None:
        """The next event, which is being handled from now on.

        Raises:
            RuntimeError: another one is being handled; nothing is re-entrant.
        """
        if self._running is not None:
            raise RuntimeError(f"{self._running.kind.value} is still running")
        if not self._waiting:
            return None
        self._running = self._waiting.popleft()
        self._transactions -= self._running.kind is EventKind.TRANSACTION
        return self._running

    def end(self) -> None:
        """The handler has returned."""
        self._running = None
