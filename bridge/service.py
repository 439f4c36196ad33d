"""The decision service: one plain thread on a ROUTER socket.

For each frame: let the desk handle it, put intents into the journal, send the answers, and only then do what can wait.
Everything else (commits, capture, status, time-outs) happens when no frame is there.
"""

import contextlib
import logging
import os
import threading
import time
from collections.abc import Callable
from typing import Final

import zmq

from account.journal import Journal
from bridge.books import Books
from bridge.capture import CaptureWriter
from bridge.config import BridgeConfig
from bridge.control import ControlDesk
from bridge.desk import Desk
from bridge.files import FolderLock, replace_file
from bridge.introductions import Introductions
from bridge.latency import LatencyHistogram, difference, summary_us
from bridge.newswatch import NewsWatch
from bridge.records import EntryFlag
from bridge.roster import Roster
from bridge.status import RUNNING, STOPPED, BridgeStatus, terminal_status, write_status
from bridge.terminal_calendar import TerminalCalendar
from bridge.trader import Trader
from wire.enums import NONCE_BYTES, ByeReason, ErrorCode

_LOG: Final = logging.getLogger("companion.bridge")
_INBOUND_FRAMES: Final = 2_000  # then TCP slows the sender down; nothing is lost
_OUTBOUND_FRAMES: Final = 20_000  # a peer that leaves more unread is dropped
_LINGER_MS: Final = 500
_TIMERS_NS: Final = 50_000_000
_STATUS_NS: Final = 1_000_000_000
_STATUS_OVERDUE_NS: Final = 5_000_000_000
_DRAIN_NS: Final = 50_000_000
_CALM_MS: Final = 1
_CALM_NS: Final = _CALM_MS * 1_000_000
_NAP_MS: Final = 25
# plain numbers: to combine zmq's flags anew for every frame takes longer than to send it
_FIRST_PART: Final = int(zmq.SNDMORE | zmq.NOBLOCK)
_LAST_PART: Final = int(zmq.NOBLOCK)
_EVENTS: Final = int(zmq.EVENTS)
_READABLE: Final = int(zmq.POLLIN)


class BridgeService:
    """One bridge. `start` opens files and socket, `run` serves until it is told to stop and closes everything.

    `calm` is called with the monotonic time [ns] whenever there is nothing to do.
    """

    def __init__(self, config: BridgeConfig, calm: Callable[[int], None] = lambda _now_ns: None) -> None:
        self.config = config
        self._calm = calm
        self._is_halted = False
        self.endpoint = ""
        self._latency = LatencyHistogram()
        self._latency_before = self._latency.counts()
        self._frames = 0
        self._patience_ms = -1
        self._timers_ns = 0
        self._status_ns = 0
        self._started_ns = time.time_ns()
        self._roster = Roster(config, lambda: os.urandom(NONCE_BYTES), self._loaded)
        self._introductions = Introductions()
        self._calendar = TerminalCalendar(config.places.told_calendar if config.news else None)
        self._news = NewsWatch(config.places.bulletin, config.news, calendar=self._calendar)
        wall = config.rules.clock_check
        self._control = ControlDesk(config.data_dir, self._known, self._secured, by_wall_clock=wall)

    # -- life ---------------------------------------------------------------------------------------------------------

    def start(self) -> str:
        """Take possession of the data directory, rebuild every account, listen; the endpoint that terminals reach.

        Raises:
            FolderInUseError, JournalError: as the data directory or its journal cannot be used.
            zmq.ZMQError: where the endpoint cannot be listened on.
        """
        places = self.config.places
        with contextlib.ExitStack() as opened:
            opened.enter_context(FolderLock(places.lock))
            opened.callback(self._news.close)
            self._news.start()
            places.endpoint.unlink(missing_ok=True)
            self._books = self._opened_books()
            opened.callback(lambda: self._books.close(time.monotonic_ns(), time.time_ns()))
            for key in self._books.journal.terminals():
                self._roster.trader(key)
            self._socket = self._listening(opened)
            self._opened = opened.pop_all()
        self.endpoint = self._socket.getsockopt_string(zmq.LAST_ENDPOINT)
        self._write_status(RUNNING)
        replace_file(places.endpoint, self.endpoint.encode())
        _LOG.info("listening on %s, %d accounts known", self.endpoint, len(self._roster.traders))
        return self.endpoint

    def _opened_books(self) -> Books:
        places, config = self.config.places, self.config
        journal = Journal.open(places.journal, durable=config.journal_durable)
        try:
            now_ns, utc_ns = time.monotonic_ns(), time.time_ns()
            capture = CaptureWriter(places.capture, mono_ns=now_ns, wall_ns=utc_ns, limits=config.capture)
        except BaseException:
            journal.close()
            raise
        return Books(journal, capture)

    def _listening(self, opened: contextlib.ExitStack) -> zmq.Socket[bytes]:
        context = opened.enter_context(zmq.Context())
        socket = opened.enter_context(context.socket(zmq.ROUTER))
        socket.setsockopt(zmq.MAXMSGSIZE, self.config.rules.max_frame_bytes)
        socket.setsockopt(zmq.ROUTER_MANDATORY, 1)
        socket.setsockopt(zmq.RCVHWM, _INBOUND_FRAMES)
        socket.setsockopt(zmq.SNDHWM, _OUTBOUND_FRAMES)
        socket.setsockopt(zmq.LINGER, _LINGER_MS)
        socket.bind(self.config.endpoint)
        opened.callback(self._control.close)
        self._control.open()
        return socket

    def _loaded(self, key: str) -> Trader:
        journal = self._books.journal
        journal.commit()
        events = [event for _, _, event in journal.read(key)]
        trader = Trader(key, self.config.engine, events, journal.last_seq)
        trader.calendar = self._calendar
        self._news.tell(trader)
        return trader

    def run(self, stop: threading.Event) -> None:
        """Serve until `stop` is set, then say good-bye, write everything and close."""
        try:
            while not stop.is_set():
                self._drain()
        finally:
            self._close()

    def _close(self) -> None:
        now_ns, utc_ns = time.monotonic_ns(), time.time_ns()
        for peer, desk in self._roster:
            desk.leave(ByeReason.STOPPING, "the bridge stops", now_ns, utc_ns)
            self._send_released(peer, desk, now_ns, utc_ns)
        self._write_status(STOPPED)
        self.config.places.endpoint.unlink(missing_ok=True)
        self._opened.close()
        _LOG.info("stopped")

    # -- frames -------------------------------------------------------------------------------------------------------

    def _drain(self) -> None:
        """Handle frames until none comes for a moment, a twentieth of a second at most; then do what can wait."""
        until_ns = time.monotonic_ns() + _DRAIN_NS
        while (now_ns := time.monotonic_ns()) < until_ns:
            parts = self._spun(now_ns) if self.config.busy_poll else self._awaited()
            if not parts:
                self._look_after(idle=True)
                return
            if len(parts) == 2:  # noqa: PLR2004 - the peer's name and one frame
                self._handle(parts[0], parts[1], time.monotonic_ns())
            else:
                self._roster.count("not one frame a message")
        self._look_after(idle=False)

    def _awaited(self) -> list[bytes]:
        """The next message; empty where none comes for a moment, a short one if something is to be written.

        To wait in the call that receives takes less than to wait in a poller and to receive then.
        """
        patience_ms = _CALM_MS if self._books.is_waiting else _NAP_MS
        if patience_ms != self._patience_ms:
            self._patience_ms = patience_ms
            self._socket.setsockopt(zmq.RCVTIMEO, patience_ms)
        try:
            return self._received()
        except zmq.Again:
            return []

    def _spun(self, now_ns: int) -> list[bytes]:
        """The same, asking the socket without a pause."""
        while not int(self._socket.getsockopt(_EVENTS)) & _READABLE:
            if time.monotonic_ns() - now_ns >= _CALM_NS:
                return []
        return self._received()

    def _received(self) -> list[bytes]:
        """All parts of a message. A part knows whether another follows; to ask the socket takes longer."""
        receive = self._socket.recv
        parts, more = [receive()], True
        while more:
            part = receive(copy=False)
            parts.append(part.bytes)
            more = part.more
        return parts

    def _handle(self, peer: bytes, frame: bytes, now_ns: int) -> None:
        roster = self._roster
        desk = roster.desk_of(peer) or roster.greet(peer, now_ns)
        if desk is None:
            return
        utc_ns = time.time_ns()
        try:
            answer = desk.pass_over(frame, now_ns, utc_ns)
            if answer is None:
                self._deal(peer, desk, frame, now_ns, utc_ns)
            else:
                self._answer(peer, desk, frame, answer, now_ns, utc_ns)
        except Exception:  # noqa: BLE001 - one terminal must never take the others with it
            self._give_up(peer, desk, now_ns, utc_ns)
        self._frames += 1
        if desk.is_over:
            self._forget(peer, desk, now_ns)

    def _answer(self, peer: bytes, desk: Desk, frame: bytes, answer: bytes, now_ns: int, utc_ns: int) -> None:
        """Send the answer to a tick that led to nothing else."""
        if not self._sent(peer, answer):
            desk.lost()
        self._latency.add(time.monotonic_ns() - now_ns)
        self._books.note_exchange(self._introductions.number_of(desk), frame, answer, now_ns, utc_ns)

    def _deal(self, peer: bytes, desk: Desk, frame: bytes, now_ns: int, utc_ns: int) -> None:
        """Let the desk handle any frame."""
        desk.receive(frame, now_ns, utc_ns)
        if desk.wants_admission:
            self._admit(peer, desk, now_ns, utc_ns)
        frames = self._send_released(peer, desk, now_ns, utc_ns)
        self._latency.add(time.monotonic_ns() - now_ns)
        desk.settle()
        self._record(desk, frame, frames, now_ns, utc_ns)

    def _admit(self, peer: bytes, desk: Desk, now_ns: int, utc_ns: int) -> None:
        former_peer = self._roster.admit(peer, desk, now_ns, utc_ns)
        former = self._roster.desk_of(former_peer) if former_peer is not None else None
        if former_peer is not None and former is not None:
            self._send_released(former_peer, former, now_ns, utc_ns)
            self._forget(former_peer, former, now_ns)
        if self._books.problem:
            desk.withhold(self._books.problem)
        if desk.dealing is not None:
            _LOG.info("%s: session %d begins", desk.dealing.trader.key, desk.session.session)

    def _send_released(self, peer: bytes, desk: Desk, now_ns: int, utc_ns: int) -> list[bytes]:
        """Send what may leave; intents only once the journal has them."""
        if desk.needs_journal and desk.dealing and not self._books.secure(desk.dealing.trader, now_ns):
            self._withhold_all()
        frames = desk.release(now_ns, utc_ns)
        for frame in frames:
            if not self._sent(peer, frame):
                desk.lost()
                break
        return frames

    def _sent(self, peer: bytes, frame: bytes) -> bool:
        try:
            self._socket.send(peer, _FIRST_PART)
            self._socket.send(frame, _LAST_PART)
        except zmq.ZMQError:  # gone (EHOSTUNREACH), or it does not read (EAGAIN)
            return False
        return True

    def _record(self, desk: Desk, frame: bytes | None, frames: list[bytes], now_ns: int, utc_ns: int) -> None:
        """Remember everything that was heard, said, consumed and produced, in the order the engine saw it."""
        books, number = self._books, self._introductions.number_of(desk)
        trader = desk.dealing.trader if desk.dealing else None
        records = trader.take_records() if trader else []
        news = self._introductions.news(number, desk)
        if news is not None:
            books.capture.introduce(number, news, now_ns, utc_ns)
        fed_at, flags = (0, EntryFlag.NONE) if desk.fed_at is None else (desk.fed_at, EntryFlag.CONSUMED)
        if fed_at:
            books.note_records(number, records[:fed_at], now_ns, utc_ns)
            records = records[fed_at:]
        if frame is not None:
            books.note_inbound(number, frame, flags, now_ns, utc_ns)
        books.note_records(number, records, now_ns, utc_ns)
        books.note_outbound(number, frames, now_ns, utc_ns)
        if trader is not None:
            books.keep(trader)

    def _give_up(self, peer: bytes, desk: Desk, now_ns: int, utc_ns: int) -> None:
        """Something failed inside: end this session; its engine is built anew from the journal at the next one."""
        _LOG.exception("a session is given up")
        if desk.dealing is not None:
            trader = desk.dealing.trader
            self._books.keep(trader)
            self._roster.traders.pop(trader.key, None)
        desk.lost()
        if not desk.session.is_over:
            text = "the bridge failed at this; its log says why; connect again"
            self._sent(peer, desk.session.refuse(ErrorCode.INTERNAL, text, now_ns, utc_ns))

    def _forget(self, peer: bytes, desk: Desk, now_ns: int) -> None:
        self._roster.count_refusal(desk)
        self._roster.forget(peer, now_ns)
        if desk.dealing is not None or desk.alerts:
            _LOG.info("a session is over: %s", desk.alerts or "good-bye")

    # -- when there is time -------------------------------------------------------------------------------------------

    def _look_after(self, *, idle: bool) -> None:
        now_ns = time.monotonic_ns()
        utc_ns = time.time_ns()
        if now_ns - self._timers_ns >= _TIMERS_NS:
            self._timers_ns = now_ns
            self._pass_on_news(now_ns, utc_ns)
            self._on_time(now_ns, utc_ns)
        self._books.commit_if_due(now_ns, idle=idle)
        self._books.capture.flush_if_due(now_ns, utc_ns, idle=idle)
        if self._books.problem or self._is_halted:
            self._look_after_halt(now_ns)
        if now_ns - self._status_ns >= (_STATUS_NS if idle else _STATUS_OVERDUE_NS):
            self._status_ns = now_ns
            self._write_status(RUNNING)
        self._control.serve(utc_ns)
        if idle:
            self._calm(now_ns)

    def _pass_on_news(self, now_ns: int, utc_ns: int) -> None:
        """Let every account know a new bulletin; it is on record before the next frame is handled."""
        if self._news.has_more():
            for trader in self._roster.traders.values():
                self._news.tell(trader)
            for _, desk in self._roster:
                desk.fed_at = None
                self._record(desk, None, [], now_ns, utc_ns)

    def _known(self) -> dict[str, Trader]:
        return self._roster.traders

    def _secured(self, trader: Trader) -> str:
        """Put a person's order on the disk; why the disk refused, which halts trading until it takes it."""
        if self._books.secure(trader, time.monotonic_ns()):
            return ""
        self._withhold_all()
        return self._books.problem

    def _on_time(self, now_ns: int, utc_ns: int) -> None:
        for peer, desk in self._roster:
            try:
                desk.on_time(now_ns, utc_ns)
                frames = self._send_released(peer, desk, now_ns, utc_ns)
                desk.fed_at = None
                self._record(desk, None, frames, now_ns, utc_ns)
            except Exception:  # noqa: BLE001 - as in _handle
                self._give_up(peer, desk, now_ns, utc_ns)
            if desk.is_over:
                self._forget(peer, desk, now_ns)

    def _withhold_all(self) -> None:
        self._is_halted = True
        _LOG.error("%s", self._books.problem)
        for _, desk in self._roster:
            desk.withhold(self._books.problem)

    def _look_after_halt(self, now_ns: int) -> None:
        if self._books.problem and not self._is_halted:
            self._withhold_all()
        elif not self._books.problem and self._is_halted:
            self._is_halted = False
            _LOG.warning("the journal can be written again")
            for _, desk in self._roster:
                desk.resume(now_ns)

    # -- what it says about itself ------------------------------------------------------------------------------------

    def stats(self, state: str = RUNNING) -> BridgeStatus:
        """How the service stands."""
        counts, books, roster = self._latency.counts(), self._books, self._roster
        recent, self._latency_before = difference(counts, self._latency_before), counts
        return BridgeStatus(
            state=state,
            pid=os.getpid(),
            endpoint=self.endpoint,
            started_ns=self._started_ns,
            written_ns=time.time_ns(),
            problem=books.problem or books.capture.last_error,
            news=self._news.standing(self._ticks_ns()),
            journal_seq=books.journal.last_seq,
            capture_seq=books.capture.next_seq - 1,
            capture_lost=books.capture.lost,
            frames=self._frames,
            sessions=roster.sessions,
            refusals=dict(roster.refusals),
            latency_us=summary_us(counts),
            recent_latency_us=summary_us(recent),
            terminals=tuple(terminal_status(trader, roster.desk_for(key)) for key, trader in roster.traders.items()),
        )

    def _ticks_ns(self) -> int:
        """What time it is for the ticks [UTC ns]: now, but in a replay of old quotes."""
        if self.config.rules.clock_check:
            return time.time_ns()
        return max((trader.engine.now_ns for trader in self._roster.traders.values()), default=0)

    def _write_status(self, state: str) -> None:
        try:
            write_status(self.config.places.status, self.stats(state))
        except OSError as refused:
            _LOG.warning("status: %s", refused)
