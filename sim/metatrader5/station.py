"""A simulated terminal with its market, as one process sees it through the drop-in."""

from collections.abc import Callable
from typing import Final

from domain.servertime import utc_ns_from_server_msc
from domain.symbols import SymbolSpec
from sim import matching
from sim.feed import Feed
from sim.matching import Rows
from sim.metatrader5.charts import Archive
from sim.metatrader5.failures import NOT_FOUND, CallError
from sim.terminal import SimTerminal

_MS_PER_S: Final = 1000
_DAY_MS: Final = 86_400_000

Clock = Callable[[], float]
"""Seconds that only grow, from any beginning; `time.monotonic` is one."""


class Station:
    """`terminal`, the `feed` that moves its market, and what the terminal's windows hold.

    Before each call the market moves by `step_ms` [ms, broker's clock], and to where `clock` says it should be: as
    many seconds beyond its beginning as `clock` has counted. Without either it moves when the feed is played.
    """

    def __init__(self, terminal: SimTerminal, feed: Feed, step_ms: int, clock: Clock | None) -> None:
        self.terminal = terminal
        self.feed = feed
        self.archive = Archive(feed, {spec.name: spec.point for spec in terminal.specs})
        self.watched = set(terminal.symbols)
        self.books: set[str] = set()
        self.requests = 0
        self._step_ms = step_ms
        self._clock = clock
        self._began = clock() if clock else 0.0
        self._began_msc = self._now_msc
        self._reached_msc = self._began_msc

    def catch_up(self) -> None:
        """Move the market to where it should be by now."""
        self._reached_msc = max(self._reached_msc, self.terminal.now_msc) + self._step_ms
        if self._clock is not None:
            elapsed_ms = int((self._clock() - self._began) * _MS_PER_S)
            self._reached_msc = max(self._reached_msc, self._began_msc + elapsed_ms)
        if self._step_ms or self._clock is not None:
            self.feed.play_to(self._reached_msc)

    @property
    def utc_ns(self) -> int:
        """Where the market should be by now [UTC ns]."""
        now_msc = max(self._reached_msc, self.terminal.now_msc)
        return utc_ns_from_server_msc(now_msc, self.terminal.server_offset_s)

    def spec(self, symbol: str) -> SymbolSpec:
        """The symbol's specification.

        Raises:
            CallError: for a symbol the broker does not have.
        """
        spec = self.terminal.spec(symbol)
        if spec is None:
            raise CallError(NOT_FOUND)
        return spec

    def last_tick(self, symbol: str) -> Rows:
        """The symbol's latest tick, shape [1], or [0] before the first."""
        return self.archive.ticks(symbol)[-1:]

    def today(self, symbol: str) -> Rows:
        """The symbol's ticks of the day that the broker's clock shows."""
        ticks = self.archive.ticks(symbol)
        midnight = self.terminal.now_msc // _DAY_MS * _DAY_MS
        return ticks[int(matching.first_at(ticks, 0, len(ticks), midnight)) :]

    @property
    def _now_msc(self) -> int:
        now_msc, next_msc = self.terminal.now_msc, self.feed.next_msc
        return now_msc if now_msc or next_msc is None else next_msc
