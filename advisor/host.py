"""Runs an EA on a real socket, by real clocks: one connection after the other, until it is done."""

import os
import random
import re
import threading
import time
from pathlib import Path
from typing import Final, Protocol, Self

import msgspec
import zmq
from zmq.utils.monitor import recv_monitor_message

from advisor.expert import ExpertAdvisor, Refusal
from advisor.memory import write_whole
from advisor.terminal import TerminalLostError
from domain.servertime import NS_PER_MS, NS_PER_S

POLL_MS: Final = 20
"""How long the socket is waited for before time is looked at again [ms]."""
NEVER_NS: Final = 2**63 - 1
_LOOK_NS: Final = 200 * NS_PER_MS
_LINGER_MS: Final = 1000
_NONCE_BYTES: Final = 16
_TERMINAL_ID: Final = re.compile(rb"([0-9a-f]{16})\n")
_LOST_EVENTS: Final = zmq.EVENT_DISCONNECTED | zmq.EVENT_CLOSED | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL


class ConnectionRules(msgspec.Struct, frozen=True, kw_only=True):
    """How the host connects: backoff from `first_wait_ms`, doubled up to `longest_wait_ms`, each shortened by chance.

    Without a live session for `give_up_s` it gives up.
    """

    first_wait_ms: int = 100
    longest_wait_ms: int = 5000
    give_up_s: float = 120.0


class Pace(Protocol):
    """When the market goes on. All `now_ns` and what is due are one monotonic clock [ns]."""

    patience_ms: int
    """How long the host may wait for a frame where it has nothing to send [ms]."""

    def look(self, now_ns: int) -> bool:
        """See what the terminal has; whether something has changed there that no tick will tell of."""

    def due_ns(self, now_ns: int) -> int:
        """When the next batch may leave."""

    def silent_due_ns(self, now_ns: int) -> int:
        """When the next tick comes although nobody listens; `NEVER_NS` while there is none."""

    def heard(self) -> None:
        """The bridge is not silent, or not any more."""

    def tell(self) -> None:
        """Tell whoever wants to know how far the market is; a few times a second."""


class TerminalRefusedError(RuntimeError):
    """The bridge will not have this terminal."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(f"the bridge refused this terminal: {refusal.code.name} {refusal.text}".rstrip())
        self.refusal = refusal


class BridgeUnreachableError(RuntimeError):
    """No session came about for too long."""

    def __init__(self, endpoint: str, seconds: float) -> None:
        super().__init__(f"no session with the bridge at {endpoint} for {seconds:.0f} s; is it running there?")


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
    """Runs an EA over as many connections to `endpoint` as it takes, until its ticks are over or `stop` is set."""

    def __init__(
        self,
        endpoint: str,
        advisor: ExpertAdvisor,
        pace: Pace,
        rules: ConnectionRules,
        *,
        seed: int = 0,
        stop: threading.Event | None = None,
    ) -> None:
        self._endpoint = endpoint
        self._advisor = advisor
        self._pace = pace
        self._rules = rules
        self._stop = stop or threading.Event()
        self._chance = random.Random(seed)  # noqa: S311 - jitter, not a secret
        self._failures = 0
        self._live_ns = time.monotonic_ns()
        self._told_ns = 0

    def run(self) -> None:
        """Until every tick has been played and answered, or the stop.

        Raises:
            TerminalRefusedError: wrong secret, wrong version, or an account the bridge does not want.
            BridgeUnreachableError: no live session for `give_up_s`.
            TerminalLostError: the terminal is gone; the bridge has been told good-bye.
        """
        with zmq.Context() as context:
            while not self._has_played_out(context):
                if self._advisor.refusal is not None:
                    raise TerminalRefusedError(self._advisor.refusal)
                self._wait()
        self._tell(0)

    def _has_played_out(self, context: "zmq.Context[zmq.Socket[bytes]]") -> bool:
        """One connection; whether the ticks ended, or were told to end, on it."""
        with Connection(context, self._endpoint) as connection:
            try:
                self._talk(connection)
            except TerminalLostError:
                connection.send(self._advisor.leave(*_clocks()))
                self._advisor.disconnected()
                raise
            done = self._advisor.is_done or self._stop.is_set()
            connection.send(self._advisor.leave(*_clocks()) if done else [])
        self._advisor.disconnected()
        return done

    def _wait(self) -> None:
        """Back off before the next attempt, unless it has been too long already."""
        rules = self._rules
        silent_s = (time.monotonic_ns() - self._live_ns) / NS_PER_S
        if silent_s > rules.give_up_s:
            raise BridgeUnreachableError(self._endpoint, silent_s)
        wait_ms = min(rules.longest_wait_ms, rules.first_wait_ms * 2 ** min(self._failures, 16))
        self._failures += 1
        end_ns = time.monotonic_ns() + int(wait_ms * (0.5 + self._chance.random() / 2.0) * NS_PER_MS)
        while (left_ns := end_ns - time.monotonic_ns()) > 0 and not self._stop.is_set():
            self._stop.wait(min(left_ns, _LOOK_NS) / NS_PER_S)
            now_ns, utc_ns = _clocks()
            self._pace.look(now_ns)
            self._go_on(now_ns, utc_ns)

    def _talk(self, connection: "Connection") -> None:
        """One session, to its end or to the end of the ticks."""
        advisor = self._advisor
        connection.send(advisor.connect(os.urandom(_NONCE_BYTES), *_clocks()))
        while not (advisor.is_over or advisor.is_done or self._stop.is_set()):
            now_ns, utc_ns = _clocks()
            has_news = self._pace.look(now_ns)
            connection.send(advisor.tell_changes(now_ns, utc_ns) if has_news else [])
            connection.send(advisor.stream(now_ns, utc_ns) if self._pace.due_ns(now_ns) <= now_ns else [])
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
        self._pace.tell()

    def _go_on(self, now_ns: int, utc_ns: int) -> list[bytes]:
        """Play what a market that does not wait for a silent bridge has seen by now; what is to be said of it."""
        if not self._advisor.is_silent(now_ns):
            self._pace.heard()
            return []
        frames: list[bytes] = []
        while self._pace.silent_due_ns(now_ns) <= now_ns:
            frames.extend(self._advisor.go_on(now_ns, utc_ns))
        self._tell(now_ns)
        return frames

    def _patience_ms(self, now_ns: int) -> int:
        """How long to wait for a frame: not at all while more could be sent."""
        longest_ms = self._pace.patience_ms
        if not self._advisor.may_send(now_ns):
            return longest_ms
        wait_ns = self._pace.due_ns(now_ns) - now_ns
        return 0 if wait_ns <= 0 else min(longest_ms, max(1, wait_ns // NS_PER_MS))


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
