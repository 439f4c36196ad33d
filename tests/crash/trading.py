"""A terminal that goes on trading over real ZeroMQ, whatever happens to its bridge."""

import random
import threading
from pathlib import Path
from typing import Final

from sim.ea import ExpertAdvisor
from sim.feed import Feed
from sim.memory import Remembered
from sim.session_host import HostRules, SessionHost, TerminalConfig
from tests.crash.market import MAGIC, PROFILE, SECRET, START_MSC, UNLIMITED, Market
from tests.crash.rig import TERMINAL_ID
from tests.crash.watched import ForgetfulMemory, WatchedExecutor, WatchedTerminal

PATIENCE: Final = HostRules(first_wait_ms=4, longest_wait_ms=30, give_up_s=120.0)


class Played(Exception):  # noqa: N818 - no error: the tape has been played as far as it should
    """The EA has done enough."""


class Trading:
    """An account at a broker, and the EA that trades on it: `run` blocks, `begin` runs it in a thread."""

    def __init__(self, folder: Path, market: Market, endpoint: str, *, seed: int = 0) -> None:
        self.config = TerminalConfig(
            endpoint=endpoint,
            secret=SECRET,
            profile=PROFILE,
            specs=market.specs,
            ticks=market.ticks,
            history=market.history,
            state_dir=folder,
            magic=MAGIC,
            host=PATIENCE,
            guards=UNLIMITED,
            seed=seed,
        )
        self.chance = random.Random(seed)
        self.terminal = WatchedTerminal(PROFILE, market.specs, start_msc=START_MSC)
        self.feed = Feed(self.terminal, market.tape, max_ticks=1, history=market.history)
        self.problem: BaseException | None = None
        self._place = folder / "intents.log"
        self._end_at = self.feed.total
        self._thread = threading.Thread(target=self._run_and_remember, name="terminal")

    def new_ea(self, memory: ForgetfulMemory) -> ExpertAdvisor:
        """An EA that counts its batches from 1."""
        self.feed._number = 0
        return ExpertAdvisor(
            self.terminal,
            self.feed,
            WatchedExecutor(self.terminal, memory, UNLIMITED, MAGIC),
            secret=SECRET,
            terminal_id=TERMINAL_ID,
            magic=MAGIC,
        )

    def new_memory(self) -> ForgetfulMemory:
        """What is on the EA's disk."""
        return ForgetfulMemory(self._place, self.terminal, self.chance)

    def run(self) -> None:
        """One life of the EA, to the end of the tape or of `play_only`."""
        with self.new_memory() as memory:
            SessionHost(self.config, self.new_ea(memory), self.feed, self._look).run()

    def _look(self, played: int, _total: int) -> None:
        if played >= self._end_at:
            self.feed._slice = None

    def remembered(self) -> list[Remembered]:
        """Everything on the EA's disk."""
        with self.new_memory() as memory:
            return list(memory.entries())

    # -- in a thread --------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Trade until told otherwise."""
        self._thread.start()

    def play_only(self, ticks: int) -> None:
        """End after so many more ticks."""
        self._end_at = self.feed.played + ticks

    def end(self, timeout_s: float) -> None:
        """Wait until it has ended."""
        self._thread.join(timeout_s)
        assert not self._thread.is_alive(), "the terminal does not come to an end"
        if self.problem is not None:
            raise self.problem

    def _run_and_remember(self) -> None:
        try:
            self.run()
        except BaseException as problem:  # noqa: BLE001 - told by `end`, in the test's own thread
            self.problem = problem
