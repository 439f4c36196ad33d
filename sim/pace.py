"""How fast a tape is played."""

import time
from collections.abc import Callable

from advisor.host import NEVER_NS, POLL_MS
from domain.servertime import NS_PER_MS, NS_PER_S
from sim.feed import Feed

Progress = Callable[[int, int], None]
"""Told the ticks played and the ticks in all, a few times a second."""


class TapePace:
    """Plays `feed` at `ticks_per_second` (0: as fast as the bridge answers).

    While the bridge is silent it goes on at that pace, else at `silent_speed` times that of the ticks' own time stamps.
    """

    def __init__(
        self, feed: Feed, ticks_per_second: float, silent_speed: float, on_progress: Progress | None = None
    ) -> None:
        self.patience_ms = POLL_MS
        self._feed = feed
        self._ticks_per_second = ticks_per_second
        self._silent_speed = silent_speed
        self._on_progress = on_progress
        self._paced_from_ns = 0
        self._silent_from: tuple[int, int] | None = None

    def look(self, now_ns: int) -> bool:  # noqa: ARG002 - the protocol's signature
        """Nothing happens on a tape between its ticks."""
        return False

    def due_ns(self, now_ns: int) -> int:  # noqa: ARG002 - the protocol's signature
        """When the next batch may leave [monotonic ns]."""
        if not self._ticks_per_second:
            return 0
        self._paced_from_ns = self._paced_from_ns or time.monotonic_ns()
        return self._paced_from_ns + int(self._feed.played * NS_PER_S / self._ticks_per_second)

    def silent_due_ns(self, now_ns: int) -> int:
        """When the next tick comes although nobody listens [monotonic ns]."""
        next_msc = self._feed.next_msc
        if next_msc is None:
            return NEVER_NS
        if self._ticks_per_second:
            return self.due_ns(now_ns)
        begun_ns, begun_msc = self._silent_from = self._silent_from or (now_ns, next_msc)
        return begun_ns + int((next_msc - begun_msc) * NS_PER_MS / self._silent_speed)

    def heard(self) -> None:
        """The next silence begins anew."""
        self._silent_from = None

    def tell(self) -> None:
        """Tell how much has been played."""
        if self._on_progress is not None:
            self._on_progress(self._feed.played, self._feed.total)
