"""When a polled terminal is looked at."""

from collections.abc import Callable
from typing import Final

from advisor.host import NEVER_NS, POLL_MS
from bridge.poller.feed import PolledFeed
from bridge.poller.terminal import PolledTerminal
from domain.servertime import NS_PER_MS

Told = Callable[[], None]
"""Called a few times a second, to whom it may concern."""
_AT_ONCE_NS: Final = 0


class PollPace:
    """Looks at `terminal` every `interval_ms` and lets `feed` read what has come; `on_look` is told now and then.

    The interval is what a tick waits at most before it is seen, half of it on average.
    """

    def __init__(
        self, terminal: PolledTerminal, feed: PolledFeed, interval_ms: int, on_look: Told | None = None
    ) -> None:
        self.patience_ms = max(1, min(POLL_MS, interval_ms))
        self._terminal = terminal
        self._feed = feed
        self._interval_ns = interval_ms * NS_PER_MS
        self._on_look = on_look
        self._next_ns = 0

    def look(self, now_ns: int) -> bool:
        """Look, if it is time; whether something is to be told that no tick will tell of.

        Raises:
            TerminalLostError: the terminal is gone.
            AccountChangedError: another account is logged in.
        """
        if now_ns < self._next_ns:
            return False
        self._next_ns = now_ns + self._interval_ns
        self._feed.look()
        has_news = self._terminal.look()
        return has_news and not self._feed.has_ticks

    def due_ns(self, now_ns: int) -> int:  # noqa: ARG002 - the protocol's signature
        """What was read is due at once; what was not, with the next look."""
        return _AT_ONCE_NS if self._feed.has_ticks else self._next_ns

    def silent_due_ns(self, now_ns: int) -> int:  # noqa: ARG002 - the protocol's signature
        """The same: a real market never waits."""
        return _AT_ONCE_NS if self._feed.has_ticks else NEVER_NS

    def heard(self) -> None:
        """A real market goes on by itself."""

    def tell(self) -> None:
        """Tell that it goes on."""
        if self._on_look is not None:
            self._on_look()
