"""A terminal that goes on trading over real ZeroMQ, whatever happens to its bridge."""

import random
import signal
import threading
from dataclasses import replace
from pathlib import Path
from typing import Final

import msgspec

from advisor.batches import Batch
from advisor.expert import EaRules, ExpertAdvisor
from advisor.host import Connection, SessionHost
from advisor.memory import Remembered
from domain.updates import TradeUpdate
from sim.feed import Feed
from sim.pace import TapePace
from sim.session_host import HostRules, TerminalConfig
from tests.crash.market import MAGIC, PROFILE, SECRET, START_MSC, UNLIMITED, Market
from tests.crash.rig import TERMINAL_ID
from tests.crash.watched import EaPoint, ForgetfulMemory, Killed, WatchedExecutor, WatchedTerminal
from wire.codec import frame_type
from wire.enums import MessageType

PATIENCE: Final = HostRules(first_wait_ms=4, longest_wait_ms=30, give_up_s=240.0)


class MarketFeed(Feed):
    """A market that outlives the EA: nobody dies in the middle of a tick."""

    def __init__(self, terminal: WatchedTerminal, market: Market) -> None:
        super().__init__(terminal, market.tape, max_ticks=1, history=market.history)
        self._watched = terminal

    def play(self) -> tuple[TradeUpdate | None, Batch]:
        """The next batch."""
        self._watched.is_at_work = True
        try:
            return super().play()
        finally:
            self._watched.is_at_work = False


class MortalAdvisor(ExpertAdvisor):
    """An EA that dies where its terminal's fate wants it; what it said last is then with the socket, or not."""

    def __init__(self, terminal: WatchedTerminal, feed: Feed, executor: WatchedExecutor) -> None:
        rules = EaRules(silent_ms=0)  # the market waits for the next bridge, however slowly that starts
        super().__init__(terminal, feed, executor, secret=SECRET, terminal_id=TERMINAL_ID, magic=MAGIC, rules=rules)
        self._fate = terminal.fate
        self._said: EaPoint | None = None

    def receive(self, frame: bytes, now_ns: int, utc_ns: int = 0) -> list[bytes]:
        """Take one frame in."""
        self._has_handed_over()
        kind = MessageType(frame_type(frame) or MessageType.HEARTBEAT)
        if kind == MessageType.WELCOME:
            self._fate.reach(EaPoint.WELCOMED)
        answers = super().receive(frame, now_ns, utc_ns)
        if kind == MessageType.DECISION and self._intents_due:
            self._fate.reach(EaPoint.DECISION_CAME)
        self._said = {MessageType.WELCOME: EaPoint.LISTED, MessageType.INTENT: EaPoint.REPORTED}.get(kind)
        return answers

    def stream(self, now_ns: int, utc_ns: int = 0) -> list[bytes]:
        """The next batch."""
        self._has_handed_over()
        frames = super().stream(now_ns, utc_ns)
        self._said = EaPoint.TICKS_SENT if frames else None
        return frames

    def _has_handed_over(self) -> None:
        """Whoever asks for something new has handed to the socket what was said before."""
        said, self._said = self._said, None
        if said is not None:
            self._fate.reach(said)


class MortalHost(SessionHost):
    """Lets the EA die between any two steps of the program, if that is its fate."""

    def __init__(self, trading: "Trading", advisor: ExpertAdvisor, config: TerminalConfig, dies_after_s: float) -> None:
        rules = config.host
        pace = TapePace(trading.feed, rules.ticks_per_second, rules.silent_speed, trading.look)
        super().__init__(config.endpoint, advisor, pace, rules, seed=config.seed)
        self._terminal = trading.terminal
        self._dies_after_s = dies_after_s

    def _talk(self, connection: Connection) -> None:
        if not self._dies_after_s:
            super()._talk(connection)
            return
        signal.signal(signal.SIGALRM, self._die)
        signal.setitimer(signal.ITIMER_REAL, self._dies_after_s)
        try:
            super()._talk(connection)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0.0)

    def _die(self, _number: int, _frame: object) -> None:
        if self._terminal.is_at_work:
            signal.setitimer(signal.ITIMER_REAL, 0.0001)
        else:
            raise Killed(EaPoint.ANYWHERE)


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
        self.feed = MarketFeed(self.terminal, market)
        self.problem: BaseException | None = None
        self._place = folder / "intents.log"
        self._end_at = self.feed.total
        self._thread = threading.Thread(target=self._run_and_remember, name="terminal")

    def run(self, *, pace: float = 0.0, dies_after_s: float = 0.0) -> EaPoint | None:
        """One life of the EA, which counts its batches from 1; where it died, None where it ended in peace.

        It dies where `terminal.fate` says or, after `dies_after_s` [s] of a session, anywhere.
        """
        config = replace(self.config, host=msgspec.structs.replace(PATIENCE, ticks_per_second=pace))
        memory = self._new_memory()
        try:
            executor = WatchedExecutor(self.terminal, memory, UNLIMITED, MAGIC)
            self.feed._number = 0
            MortalHost(self, MortalAdvisor(self.terminal, self.feed, executor), config, dies_after_s).run()
        except Killed as death:
            memory.die()
            return EaPoint(str(death))
        memory.close()
        return None

    def _new_memory(self) -> ForgetfulMemory:
        return ForgetfulMemory(self._place, self.terminal, self.chance)

    def look(self, played: int, _total: int) -> None:
        """Whether it is time to end."""
        if played >= self._end_at:
            self.feed._slice = None

    def remembered(self) -> list[Remembered]:
        """Everything on the EA's disk."""
        with self._new_memory() as memory:
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
