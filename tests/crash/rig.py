"""Bridge, wire and EA in one thread and on one clock, so that every fault happens exactly where it is meant to.

Real: the service, its journal and capture on disk, sessions, engine, the EA's twin with its memory on disk. Doubles:
the socket, the clocks, and death, which is an exception that nothing catches.
"""

import contextlib
import os
import random
from collections import Counter, deque
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final, cast

import pytest
import zmq

import bridge.capture
import bridge.service
from account.booking import SETTLE_NS
from account.journal import JournalReader
from account.state import AccountState
from advisor.executor import ExecutorGuards
from advisor.expert import EaRules, ExpertAdvisor
from advisor.memory import DiskMemory
from bridge.books import Books
from bridge.config import BridgeConfig, DeskRules
from domain.intents import Intent, IntentState
from domain.servertime import NS_PER_MS, NS_PER_S
from sim.feed import Feed
from sim.requests import FillPlan
from tests.crash.market import MAGIC, PROFILE, RULES, SECRET, START_MSC, TICK_MSC, UNLIMITED, Market, bridge_config
from tests.crash.points import DoomedService, Fate, Immortal, Plan, Point, tearing_captures
from tests.crash.verdicts import account_in, faults
from tests.crash.watched import EaFate, EaPoint, ForgetfulMemory, Killed, WatchedExecutor, WatchedTerminal
from wire.codec import frame_type
from wire.enums import MessageType

TO_BRIDGE: Final = "to the bridge"
TO_TERMINAL: Final = "to the terminal"
TERMINAL_ID: Final = 7

Post = Callable[[str, bytes], Iterable[bytes]]
"""What becomes of a frame on its way: direction and frame -> the frames that arrive."""


class Clock:
    """Stands for the module `time`."""

    def __init__(self) -> None:
        self.now_ns = 1_000 * NS_PER_S

    def monotonic_ns(self) -> int:
        return self.now_ns

    def time_ns(self) -> int:
        return START_MSC * NS_PER_MS + self.now_ns

    def monotonic(self) -> float:
        return self.now_ns / NS_PER_S


class Router:
    """Stands for the bridge's ROUTER socket."""

    def __init__(self) -> None:
        self.inbox: deque[tuple[bytes, bytes]] = deque()
        self.outbox: deque[tuple[bytes, bytes]] = deque()
        self.peers: set[bytes] = set()
        self._peer: bytes | None = None

    def send(self, data: bytes, flags: int) -> None:
        if flags & zmq.SNDMORE:
            if data not in self.peers:
                raise zmq.ZMQError(zmq.EHOSTUNREACH)
            self._peer = data
        elif self._peer is not None:
            self.outbox.append((self._peer, data))

    def getsockopt_string(self, _option: int) -> str:
        return "memory"


class MortalBooks(Books):
    """Journal and capture that can be dropped as the kernel drops them when a process is killed."""

    is_dead = False

    def close(self, now_ns: int, utc_ns: int) -> None:
        """Write everything that is left; of the dead nothing is written."""
        if not self.is_dead:
            super().close(now_ns, utc_ns)
            return
        connection = self.journal._connection
        getattr(connection, "_connection", connection).close()
        self.journal._lock.close()
        os.close(self.capture._descriptor)


class RiggedService(DoomedService):
    """A bridge on a socket in memory."""

    def __init__(self, config: BridgeConfig, router: Router, fate: Fate) -> None:
        super().__init__(config, fate=fate)
        self.router = router

    def _opened_books(self) -> Books:
        books = super()._opened_books()
        return MortalBooks(books.journal, books.capture)

    def _listening(self, _opened: contextlib.ExitStack) -> "zmq.Socket[bytes]":
        self._watch_journal()
        return cast("zmq.Socket[bytes]", self.router)

    def perish(self) -> None:
        """Let go of all files without writing."""
        cast("MortalBooks", self._books).is_dead = True
        if hasattr(self, "_opened"):
            self._opened.close()


class Doom:
    """Dies once, as planned."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._left = plan.nth

    def reach(self, point: Point) -> None:
        """Die, or go on."""
        if point == self._plan.point:
            self._left -= 1
            if self._left == 0:
                raise Killed(point)


def undisturbed(_direction: str, frame: bytes) -> Iterable[bytes]:
    """Every frame arrives once."""
    return (frame,)


class Rig:
    """One terminal and one bridge. Use within a `monkeypatch`; nothing is started by itself."""

    def __init__(
        self,
        folder: Path,
        monkeypatch: pytest.MonkeyPatch,
        market: Market,
        *,
        fills: FillPlan | None = None,
        rules: DeskRules = RULES,
        ea_rules: EaRules | None = None,
        guards: ExecutorGuards = UNLIMITED,
        batch_ms: int | None = None,
        seed: int = 0,
    ) -> None:
        self.folder = folder
        self.chance = random.Random(seed)
        self.clock = Clock()
        monkeypatch.setattr(bridge.service, "time", self.clock)
        self._monkeypatch = monkeypatch
        self.config = bridge_config(folder / "bridge", "memory", market.settings, rules)
        self.terminal = WatchedTerminal(PROFILE, market.specs, start_msc=START_MSC, fills=fills)
        self.feed = Feed(
            self.terminal, market.tape, max_ticks=16 if batch_ms else 1, batch_ms=batch_ms, history=market.history
        )
        self.symbols = market.symbols
        self.guards = guards
        self._ea_rules = ea_rules or EaRules()
        self._place = folder / "terminal" / "intents.log"
        self.router = Router()
        self.service: RiggedService | None = None
        self.ea: ExpertAdvisor | None = None
        self.memory: ForgetfulMemory | None = None
        self.post: Post = undisturbed
        self.peer = b""
        self.peers = 0
        self._down: deque[bytes] = deque()
        self.passed: Counter[tuple[str, MessageType]] = Counter()
        self.bridge_deaths: Counter[Point] = Counter()
        self.ea_deaths: Counter[EaPoint] = Counter()

    # -- the bridge ---------------------------------------------------------------------------------------------------

    def start_bridge(self, plan: Plan | None = None) -> bool:
        """A new life of the bridge; whether it came so far as to listen."""
        fate: Fate = Doom(plan) if plan else Immortal()
        self._monkeypatch.setattr(bridge.capture, "_write_all", tearing_captures(fate))
        self.router = Router()
        self.service = RiggedService(self.config, self.router, fate)
        try:
            self.service.start()
        except Killed as death:
            self._bury_bridge(death)
        return self.service is not None

    def serve(self) -> None:
        """Let the bridge handle what lies there, and do what it does when there is time."""
        if self.service is None:
            return
        try:
            while self.router.inbox:
                self.service._handle(*self.router.inbox.popleft(), self.clock.now_ns)
            self.service._look_after(idle=self.chance.random() < 0.2)
        except Killed as death:
            self._bury_bridge(death)
        while self.router.outbox:
            peer, frame = self.router.outbox.popleft()
            if peer == self.peer and self.ea is not None:
                self._down.extend(self._after_the_way(TO_TERMINAL, frame))

    def kill_bridge(self) -> None:
        """Now, between two frames. The kernel closes its connections, so the EA notices."""
        self._perish()
        self.disconnect()

    def _perish(self) -> None:
        if self.service is not None:
            self.service.perish()
        self.service = None

    def _bury_bridge(self, death: Killed) -> None:
        self.bridge_deaths[Point(str(death))] += 1
        self._perish()
        while self.router.outbox and self.chance.random() < 0.5:
            self.router.outbox.pop()  # what the dead process had not yet handed to the kernel

    def stop_bridge(self, plan: Plan | None = None) -> None:
        """Let it end by itself."""
        if self.service is not None:
            service, self.service = self.service, None
            service._fate = Doom(plan) if plan else Immortal()
            try:
                service._close()
            except Killed:
                service.perish()

    def live_state_of(self, intent: Intent) -> IntentState:
        """What the living bridge thinks of an intent."""
        assert self.service is not None
        (trader,) = self.service._roster.traders.values()
        return trader.account.intents[intent.intent_id].state

    def account(self) -> AccountState:
        """The account as the journal on disk replays."""
        return account_in(self.config.places)

    # -- the EA -------------------------------------------------------------------------------------------------------

    def start_ea(self, point: EaPoint | None = None, nth: int = 1, terminal_id: int = TERMINAL_ID) -> None:
        """A new life of the EA on the same account, up to its first tick. It counts its batches from 1 again."""
        self.memory = ForgetfulMemory(self._place, self.terminal, self.chance)
        self.terminal.fate = EaFate(point, nth)
        self.feed._number = 0
        self.ea = ExpertAdvisor(
            self.terminal,
            self.feed,
            WatchedExecutor(self.terminal, self.memory, self.guards, MAGIC),
            secret=SECRET,
            terminal_id=terminal_id,
            magic=MAGIC,
            rules=self._ea_rules,
        )
        self.connect()

    def connect(self) -> None:
        """A new connection of the EA, up to its first tick, if both live so long."""
        if self.ea is None or self.service is None:
            return
        self.disconnect()
        self.peers += 1
        self.peer = b"peer %d" % self.peers
        self.router.peers.add(self.peer)
        self._in_the_ea(lambda ea: ea.connect(os.urandom(16), self.clock.now_ns))
        self.exchange()

    def disconnect(self) -> None:
        """The connection breaks, both sides notice; what was on its way is lost."""
        if self.ea is not None:
            self.ea.disconnected()
        self.lose_sight()
        self.router.peers.discard(self.peer)

    def lose_sight(self) -> None:
        """The connection breaks unnoticed by the bridge."""
        self._down.clear()
        self.peer = b""

    def kill_ea(self) -> None:
        """Now, between two frames."""
        if self.memory is not None:
            self.memory.die()
        self.terminal.fate = EaFate()
        self.disconnect()
        self.ea = self.memory = None

    def _in_the_ea(self, act: Callable[[ExpertAdvisor], list[bytes]], after: EaPoint | None = None) -> None:
        """Let it do something, and hand over what it says."""
        if self.ea is None:
            return
        try:
            self._hand_over(act(self.ea))
            if after is not None:
                self.terminal.fate.reach(after)
        except Killed as death:
            self.ea_deaths[EaPoint(str(death))] += 1
            self.kill_ea()

    def _hand_over(self, frames: Iterable[bytes]) -> None:
        for frame in frames:
            self.router.inbox.extend((self.peer, arriving) for arriving in self._after_the_way(TO_BRIDGE, frame))

    # -- the wire -----------------------------------------------------------------------------------------------------

    def _after_the_way(self, direction: str, frame: bytes) -> Iterable[bytes]:
        self.passed[direction, MessageType(frame_type(frame))] += 1
        return self.post(direction, frame)

    def exchange(self) -> None:
        """Hand frames to and fro until both sides have said everything, or the EA notices that the bridge is dead."""
        while self._down or (self.service is not None and self.router.inbox):
            self.serve()
            while self._down and self.ea is not None:
                self._deliver(self._down.popleft())
        if self.service is None:
            self.disconnect()

    def _deliver(self, frame: bytes) -> None:
        kind = frame_type(frame)
        if kind == MessageType.WELCOME:
            self._in_the_ea(lambda _: [], EaPoint.WELCOMED)
        after = {
            MessageType.WELCOME: EaPoint.LISTED,
            MessageType.DECISION: EaPoint.DECISION_CAME,
            MessageType.INTENT: EaPoint.REPORTED,
        }
        self._in_the_ea(lambda ea: ea.receive(frame, self.clock.now_ns), after.get(MessageType(kind)))

    # -- time ---------------------------------------------------------------------------------------------------------

    def step(self) -> bool:
        """A millisecond, and the next batch with all that follows from it; whether one could leave."""
        self.clock.now_ns += NS_PER_MS
        before = self.feed.played
        self._in_the_ea(lambda ea: ea.stream(self.clock.now_ns), EaPoint.TICKS_SENT)
        self.exchange()
        return self.feed.played > before

    def play(self, batches: int) -> None:
        """So many batches; a connection that is over or a side that is dead is replaced by a new one."""
        until = self.feed.played + batches
        while self.feed.played < until:
            self.revive()
            if not self.step():
                self.wait(0.02)

    def play_until(self, is_enough: Callable[[], object], batches: int = 2_000) -> None:
        """Batches until something has happened."""
        for _ in range(batches):
            if is_enough():
                return
            self.revive()
            self.step()
        raise AssertionError(f"it has not happened within {batches} batches")

    def revive(self) -> None:
        """Whoever is dead lives again, whoever is not connected connects."""
        if self.service is None:
            self.start_bridge()
        if self.ea is None:
            self.start_ea()
        elif self.ea.is_over or not self.peer:
            self.connect()

    def wait(self, seconds: float, step_s: float = 0.01) -> None:
        """Time passes, without ticks."""
        for _ in range(round(seconds / step_s)):
            self.clock.now_ns += round(step_s * NS_PER_S)
            self._in_the_ea(lambda ea: ea.on_time(self.clock.now_ns))
            self.serve()
            self.exchange()

    def market_goes_on(self, batches: int) -> None:
        """Ticks that no EA sees; the server acts on them."""
        for _ in range(batches):
            self.feed.play()

    def settle(self) -> None:
        """Go on undisturbed for as long as an order without an answer may take, and twice as long as a question."""
        self.post = undisturbed
        self.terminal.fate = EaFate()
        self.play(len(self.feed._tape.symbols) * SETTLE_NS // (TICK_MSC * NS_PER_MS) + 100)
        for _ in range(3):
            self.wait(8.0, 0.2)
            self.play(1)

    def finish(self) -> AccountState:
        """Stop both sides in order, and read the journal."""
        self.post = undisturbed
        self.revive()
        self.wait(0.3)
        self._in_the_ea(lambda ea: ea.leave(self.clock.now_ns))
        self.exchange()
        self.stop_bridge()
        if self.memory is not None:
            self.memory.close()
            self.memory = None
        return self.account()

    def clear_away(self) -> None:
        """Close what is still open."""
        self._perish()
        if self.memory is not None:
            self.memory.close()
            self.memory = None

    def faults(self, state: AccountState) -> list[str]:
        """Everything that is wrong with a journal that should agree with the terminal."""
        with JournalReader.open(self.config.places.journal) as journal, DiskMemory(self._place) as memory:
            verdict = journal.verify()
            unsound = [] if verdict.sound else [f"journal: {verdict.problem} at {verdict.first_bad_seq}"]
            return [*unsound, *faults(state, self.terminal, memory.entries())]
