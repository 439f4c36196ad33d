"""Gives the EA's twin a real socket, a clock and a disk: the process that stands for a MetaTrader 5 terminal."""

import hashlib
import os
import random
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final, Self

import msgspec
import zmq
from zmq.utils.monitor import recv_monitor_message

from domain.servertime import NS_PER_MS, NS_PER_S
from domain.symbols import SymbolSpec
from marketdata.tape import Tape
from sim.ea import EaRules, ExpertAdvisor, Refusal
from sim.executor import Executor, ExecutorGuards
from sim.feed import Charts, Feed
from sim.matching import Rows
from sim.memory import DiskMemory, write_whole
from sim.profiles import AccountProfile
from sim.rehearsal import rehearse
from sim.statistics import Counts, TerminalStatistics
from sim.terminal import SimTerminal

_POLL_MS: Final = 20
_LOOK_NS: Final = 200 * NS_PER_MS
_LINGER_MS: Final = 1000
_NONCE_BYTES: Final = 16
_TERMINAL_ID: Final = re.compile(rb"([0-9a-f]{16})\n")
_LOST_EVENTS: Final = zmq.EVENT_DISCONNECTED | zmq.EVENT_CLOSED | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL

Progress = Callable[[int, int], None]
"""Told the ticks played and the ticks in all, a few times a second."""


class HostRules(msgspec.Struct, frozen=True, kw_only=True):
    """How the host connects: backoff from `first_wait_ms`, doubled up to `longest_wait_ms`, each shortened by chance.

    Without a live session for `give_up_s` the terminal stops. `ticks_per_second` 0: as fast as the bridge answers.
    While the bridge is silent the market then goes on at `silent_speed` times the pace of its own time stamps.
    """

    first_wait_ms: int = 100
    longest_wait_ms: int = 5000
    give_up_s: float = 120.0
    ticks_per_second: float = 0.0
    silent_speed: float = 1.0


class EaKind(StrEnum):
    """Which EA runs on the terminal: its double in Python, or its own MQL5 source, compiled for this machine."""

    TWIN = "twin"
    MQL5 = "mql5"


@dataclass(frozen=True, kw_only=True)
class TerminalConfig:
    """Everything a terminal process needs; can be pickled.

    `ticks` (TICK_DTYPE) by symbol name, `history` the bars before the first tick. `state_dir` keeps the terminal's
    number and the executed intents: it belongs to one life of one simulated account.
    """

    endpoint: str
    secret: bytes = field(repr=False)
    profile: AccountProfile
    specs: tuple[SymbolSpec, ...]
    ticks: dict[str, Rows] = field(repr=False)
    state_dir: Path
    magic: int
    history: Charts = field(default_factory=dict, repr=False)
    server_offset_s: int = 0
    max_ticks: int = 1
    batch_ms: int | None = None
    rules: EaRules = field(default_factory=EaRules)
    host: HostRules = field(default_factory=HostRules)
    guards: ExecutorGuards = field(default_factory=ExecutorGuards)
    seed: int = 0
    ea: EaKind = EaKind.TWIN


class TerminalRefusedError(RuntimeError):
    """The bridge will not have this terminal."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(f"the bridge refused this terminal: {refusal.code.name} {refusal.text}".rstrip())
        self.refusal = refusal


class BridgeUnreachableError(RuntimeError):
    """No session came about for too long."""

    def __init__(self, endpoint: str, seconds: float) -> None:
        super().__init__(f"no session with the bridge at {endpoint} for {seconds:.0f} s; is it running there?")


def run_terminal(config: TerminalConfig, on_progress: Progress | None = None) -> TerminalStatistics:
    """Play the configured ticks to the bridge, trade as told, and end with the numbers.

    Raises:
        TerminalRefusedError: wrong secret, wrong version, or an account the bridge does not want.
        BridgeUnreachableError: no live session for `host.give_up_s`.
    """
    tape = Tape(tuple(config.ticks), config.ticks)
    start_msc = tape.span_msc[0] if tape.span_msc else 0
    terminal = SimTerminal(config.profile, config.specs, server_offset_s=config.server_offset_s, start_msc=start_msc)
    feed = Feed(terminal, tape, max_ticks=config.max_ticks, batch_ms=config.batch_ms, history=config.history)
    for symbol, ticks in zip(tape.symbols, tape.ticks, strict=True):
        if len(ticks):
            rehearse(config.profile, config.specs[terminal.symbols.index(symbol)], ticks)
    with DiskMemory(config.state_dir / f"intents-{config.profile.login}.log") as memory:
        advisor = ExpertAdvisor(
            terminal,
            feed,
            Executor(terminal, memory, config.guards, config.magic),
            secret=config.secret,
            terminal_id=kept_terminal_id(config.state_dir),
            magic=config.magic,
            rules=config.rules,
        )
        begun = time.monotonic()
        SessionHost(config, advisor, feed, on_progress).run()
        intents = [entry.intent for entry in memory.entries()]
        order_list = hashlib.sha256(msgspec.json.encode([intents, terminal.deals])).hexdigest()
        return statistics_of(advisor.counts, terminal, order_list, time.monotonic() - begun)


def kept_terminal_id(state_dir: Path) -> int:
    """This terminal's number: random, the same at every start from `state_dir`.

    A file that is no number (torn by an older version) is replaced: to the bridge it is then another terminal.
    """
    place = state_dir / "terminal_id"
    known = _TERMINAL_ID.fullmatch(place.read_bytes()) if place.exists() else None
    if known is not None:
        return int(known[1], 16)
    state_dir.mkdir(parents=True, exist_ok=True)
    terminal_id = int.from_bytes(os.urandom(8), "little") >> 1
    write_whole(place, b"%016x\n" % terminal_id)
    return terminal_id


class SessionHost:
    """Runs an EA over as many connections as it takes."""

    def __init__(
        self, config: TerminalConfig, advisor: ExpertAdvisor, feed: Feed, on_progress: Progress | None = None
    ) -> None:
        self._config = config
        self._advisor = advisor
        self._feed = feed
        self._on_progress = on_progress
        self._chance = random.Random(config.seed)  # noqa: S311 - jitter, not a secret
        self._failures = 0
        self._live_ns = time.monotonic_ns()
        self._told_ns = 0
        self._paced_from_ns = 0
        self._silent_from: tuple[int, int] | None = None

    def run(self) -> None:
        """Until every tick has been played and answered."""
        with zmq.Context() as context:
            while not self._has_played_out(context):
                if self._advisor.refusal is not None:
                    raise TerminalRefusedError(self._advisor.refusal)
                self._wait()
        self._tell(0)

    def _has_played_out(self, context: "zmq.Context[zmq.Socket[bytes]]") -> bool:
        """One connection; whether the tape was played to its end on it."""
        with Connection(context, self._config.endpoint) as connection:
            self._talk(connection)
            done = self._advisor.is_done
            connection.send(self._advisor.leave(*_clocks()) if done else [])
        self._advisor.disconnected()
        return done

    def _wait(self) -> None:
        """Back off before the next attempt, unless it has been too long already."""
        rules = self._config.host
        silent_s = (time.monotonic_ns() - self._live_ns) / NS_PER_S
        if silent_s > rules.give_up_s:
            raise BridgeUnreachableError(self._config.endpoint, silent_s)
        wait_ms = min(rules.longest_wait_ms, rules.first_wait_ms * 2 ** min(self._failures, 16))
        self._failures += 1
        end_ns = time.monotonic_ns() + int(wait_ms * (0.5 + self._chance.random() / 2.0) * NS_PER_MS)
        while (left_ns := end_ns - time.monotonic_ns()) > 0:
            time.sleep(min(left_ns, _LOOK_NS) / NS_PER_S)
            self._go_on(*_clocks())

    def _talk(self, connection: "Connection") -> None:
        """One session, to its end or to the end of the tape."""
        advisor = self._advisor
        connection.send(advisor.connect(os.urandom(_NONCE_BYTES), *_clocks()))
        while not advisor.is_over and not advisor.is_done:
            now_ns, utc_ns = _clocks()
            connection.send(advisor.stream(now_ns, utc_ns) if self._is_time(now_ns) else [])
            patience_ms = self._patience_ms(now_ns)
            frame = connection.receive(patience_ms)
            now_ns, utc_ns = _clocks()
            if frame is not None:
                connection.send(advisor.receive(frame, now_ns, utc_ns))
            elif patience_ms and connection.is_lost():
                return
            self._look_around(connection, now_ns, utc_ns)

    def _look_around(self, connection: "Connection", now_ns: int, utc_ns: int) -> None:
        """What is not done for every frame: heartbeats, progress, and remembering that the session lives."""
        advisor = self._advisor
        deadline_ns = advisor.deadline_ns
        if now_ns - self._told_ns > _LOOK_NS or (deadline_ns is not None and now_ns >= deadline_ns):
            connection.send(advisor.on_time(now_ns, utc_ns))
            connection.send(self._go_on(now_ns, utc_ns))
            if advisor.is_live:
                self._failures, self._live_ns = 0, now_ns
            self._tell(now_ns)

    def _tell(self, now_ns: int) -> None:
        self._told_ns = now_ns
        if self._on_progress is not None:
            self._on_progress(self._feed.played, self._feed.total)

    def _go_on(self, now_ns: int, utc_ns: int) -> list[bytes]:
        """Play what a market that does not wait for a silent bridge has seen by now; what is to be said of it."""
        if not self._advisor.is_silent(now_ns):
            self._silent_from = None
            return []
        frames: list[bytes] = []
        while self._silent_due_ns(now_ns) <= now_ns and not self._feed.is_over:
            frames.extend(self._advisor.go_on(now_ns, utc_ns))
        self._tell(now_ns)
        return frames

    def _silent_due_ns(self, now_ns: int) -> int:
        """When the next tick comes although nobody listens [monotonic ns]."""
        next_msc = self._feed.next_msc or 0
        if self._config.host.ticks_per_second:
            return self._due_ns()
        begun_ns, begun_msc = self._silent_from = self._silent_from or (now_ns, next_msc)
        return begun_ns + int((next_msc - begun_msc) * NS_PER_MS / self._config.host.silent_speed)

    def _is_time(self, now_ns: int) -> bool:
        """Whether the pace allows the next batch."""
        return self._due_ns() <= now_ns

    def _due_ns(self) -> int:
        pace = self._config.host.ticks_per_second
        if not pace:
            return 0
        self._paced_from_ns = self._paced_from_ns or time.monotonic_ns()
        return self._paced_from_ns + int(self._feed.played * NS_PER_S / pace)

    def _patience_ms(self, now_ns: int) -> int:
        """How long to wait for a frame: not at all while more could be sent."""
        if not self._advisor.may_send(now_ns):
            return _POLL_MS
        wait_ns = self._due_ns() - now_ns
        return 0 if wait_ns <= 0 else min(_POLL_MS, max(1, wait_ns // NS_PER_MS))


class Connection:
    """One DEALER socket on one TCP connection; a context manager."""

    def __init__(self, context: "zmq.Context[zmq.Socket[bytes]]", endpoint: str) -> None:
        self._socket = context.socket(zmq.DEALER)
        self._socket.linger = _LINGER_MS
        self._socket.sndhwm = 0
        self._socket.rcvhwm = 0
        # ZeroMQ would connect again by itself and go on with a session that the new bridge has never heard of
        self._socket.reconnect_ivl = -1
        self._monitor = self._socket.get_monitor_socket(_LOST_EVENTS)
        self._is_lost = False
        self._patience_ms = 0
        self._socket.connect(endpoint)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.disable_monitor()
        self._monitor.close(linger=0)
        self._socket.close()

    def send(self, frames: list[bytes]) -> None:
        """Hand frames to the socket in their order; what a lost connection does not take is dropped."""
        try:
            for frame in frames:
                self._socket.send(frame, zmq.NOBLOCK)
        except zmq.Again:
            self._is_lost = True

    def receive(self, patience_ms: int) -> bytes | None:
        """The next frame, waiting up to `patience_ms` [ms] for it."""
        if patience_ms and patience_ms != self._patience_ms:  # a poll would build a poller for every frame
            self._patience_ms = self._socket.rcvtimeo = patience_ms
        try:
            return self._socket.recv(0 if patience_ms else zmq.NOBLOCK)
        except zmq.Again:
            return None

    def is_lost(self) -> bool:
        """Whether there is no TCP connection and none will come about."""
        while self._monitor.poll(0):
            recv_monitor_message(self._monitor)
            self._is_lost = True
        return self._is_lost


def _clocks() -> tuple[int, int]:
    """Monotonic and wall clock [ns]."""
    return time.monotonic_ns(), time.time_ns()


def statistics_of(counts: Counts, terminal: SimTerminal, order_list: str, seconds: float) -> TerminalStatistics:
    """What a run of `seconds` came to; `order_list` is the hash of its intents and deals."""
    money = terminal.money()
    p50, p90, p99, longest = counts.round_trips.percentiles_us(50, 90, 99, 100)
    return TerminalStatistics(
        ticks=counts.ticks,
        batches=counts.batches,
        batches_resent=counts.batches_resent,
        decisions=counts.decisions,
        decisions_late=counts.decisions_late,
        intents=counts.intents,
        reports=counts.reports,
        sessions=counts.sessions,
        deals=len(terminal.deals),
        balance=money.balance,
        equity=money.equity,
        order_list_hash=order_list,
        seconds=seconds,
        round_trip_p50_us=p50,
        round_trip_p90_us=p90,
        round_trip_p99_us=p99,
        round_trip_max_us=longest,
        ticks_dropped=counts.ticks_dropped,
        stops_moved=counts.stops_moved,
    )
