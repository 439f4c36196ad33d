"""An EA in Python without a socket or a clock: frames in, frames out. `advisor.host` gives it both.

It does what the MQL5 EA does: says hello, proves the secret, lists symbols, positions, deals and bars, streams ticks,
executes intents once, reports at once, and starts over with a snapshot when a session ends.
"""

from collections import deque
from collections.abc import Callable
from typing import Any, ClassVar, Final

import msgspec

from advisor.backlog import Backlog
from advisor.batches import Batch, TickFeed
from advisor.counts import Counts
from advisor.executor import Executor
from advisor.terminal import Terminal
from domain.dtypes import RATES_DTYPE, TICK_DTYPE
from domain.servertime import NS_PER_MS, NS_PER_S
from domain.updates import TradeUpdate
from wire.enums import ByeReason, ErrorCode
from wire.errors import RemoteProtocolError
from wire.messages import (
    Bye,
    Challenge,
    Decision,
    ErrorMessage,
    Heartbeat,
    Hello,
    History,
    HistoryRequest,
    IntentMessage,
    Message,
    Report,
    Snapshot,
    Symbols,
    Ticks,
    Welcome,
)
from wire.parts import history_parts, snapshot_parts
from wire.session import HeartbeatDue, Limits, TerminalSession
from wire.states import SessionState

EA_BUILD: Final = 1
_ITEM_BYTES: Final = 400  # above the largest item of a snapshot
_ROOM_FOR_REST: Final = 1024  # above header and body of any message
_FINAL_ERRORS: Final = frozenset({ErrorCode.BAD_SECRET, ErrorCode.BAD_VERSION, ErrorCode.REFUSED})


class EaRules(msgspec.Struct, frozen=True, kw_only=True):
    """How the EA streams.

    `window` batches may be without an answer at once; with 1 the next tick waits for the decision and its intents.
    After `decision_wait_ms` without an answer it goes on and takes the answer later (0: it waits); after
    `half_dead_ms` without any answer to anything it takes the bridge for dead, heartbeats or not. A handshake may take
    `handshake_ms`. After `silent_ms` without a live session or without any answer it looks after its positions by
    itself and the market goes on unheard (0: never; the market waits); `backlog_ticks` a symbol are kept for later.
    """

    window: int = 1
    decision_wait_ms: int = 0
    half_dead_ms: int = 30_000
    handshake_ms: int = 10_000
    silent_ms: int = 10_000
    backlog_ticks: int = 4_096


class Refusal(msgspec.Struct, frozen=True):
    """Why bridge and terminal do not come together; another attempt would end the same way."""

    code: ErrorCode
    text: str


class ExpertAdvisor:
    """One EA over all its sessions.

    All `now_ns` are one monotonic clock [ns]; `utc_ns` only decorates frames. Frames that a method returns are to be
    sent in their order, before anything else is asked.
    """

    def __init__(
        self,
        terminal: Terminal,
        feed: TickFeed,
        executor: Executor,
        *,
        secret: bytes,
        terminal_id: int,
        magic: int,
        rules: EaRules | None = None,
    ) -> None:
        self.counts = Counts()
        self.refusal: Refusal | None = None
        self._terminal = terminal
        self._feed = feed
        self._executor = executor
        self._secret = secret
        self._terminal_id = terminal_id
        self._magic = magic
        self._rules = rules or EaRules()
        self._session: TerminalSession | None = None
        self._frames: list[bytes] = []
        self._backlog = Backlog(self._rules.backlog_ticks)
        self._unanswered: deque[Batch] = deque()
        self._intents_due = 0
        self._heard_ns = 0
        self._word_ns: int | None = None
        self._tends = False
        self._max_ticks = feed.max_ticks
        self._session_max_ticks = feed.max_ticks
        self._told_offset_s: int | None = None  # the first heartbeat tells it; before it need not be measured

    # -- where it stands -------------------------------------------------------------------------------------------

    @property
    def is_over(self) -> bool:
        """Whether there is no session: connect again."""
        return self._session is None or self._session.is_over

    @property
    def is_live(self) -> bool:
        """Whether ticks may flow."""
        return self._session is not None and self._session.state is SessionState.LIVE

    @property
    def is_done(self) -> bool:
        """Whether every tick has been played, answered, and what it led to executed."""
        is_answered = self._feed.is_over and not self._backlog and not self._unanswered and not self._intents_due
        return is_answered and not self._executor.is_waiting

    @property
    def deadline_ns(self) -> int | None:
        """When `on_time` next has something to do; None without a session."""
        return self._session.deadline_ns if self._session is not None else None

    def may_send(self, now_ns: int) -> bool:
        """Whether a batch may leave now."""
        if not self.is_live or not (self._feed.has_ticks or self._backlog):
            return False
        if self._rules.window == 1 and self._intents_due:
            return False
        return self._waiting(now_ns) < self._rules.window

    def is_silent(self, now_ns: int) -> bool:
        """Whether the bridge has been silent for so long that the market goes on without it (see `go_on`)."""
        silent_ms = self._rules.silent_ms
        return silent_ms > 0 and self._word_ns is not None and now_ns - self._word_ns > silent_ms * NS_PER_MS

    def _waiting(self, now_ns: int) -> int:
        """Batches whose answer is still waited for."""
        if not self._rules.decision_wait_ms:
            return len(self._unanswered)
        youngest_late_ns = now_ns - self._rules.decision_wait_ms * NS_PER_MS
        return sum(1 for batch in self._unanswered if batch.sent_ns > youngest_late_ns)

    # -- connection ------------------------------------------------------------------------------------------------

    def connect(self, nonce: bytes, now_ns: int, utc_ns: int = 0) -> list[bytes]:
        """Begin a session on a fresh connection; `nonce` is 16 random bytes. Unanswered batches will be sent again."""
        self._session = TerminalSession(self._secret, now_ns, Limits(handshake_ms=self._rules.handshake_ms))
        self._backlog.again(self._unanswered)
        self.counts.ticks_dropped = self._backlog.dropped
        self._unanswered.clear()
        self._intents_due = 0
        self._heard_ns = now_ns
        if self._word_ns is None and self._executor.caretaker.has_charges:
            self._word_ns = now_ns  # an EA that was started again; without positions the market waits for the bridge
        account = self._terminal.account()
        hello = Hello(
            ea_build=EA_BUILD,
            terminal_build=self._terminal.build,
            login=account.login,
            server=account.server,
            company=self._terminal.company,
            currency=account.currency,
            currency_digits=account.currency_digits,
            leverage=account.leverage,
            margin_mode=account.margin_mode,
            trade_mode=account.trade_mode,
            trade_allowed=account.trade_allowed,
            terminal_id=self._terminal_id,
            client_nonce=nonce,
            server_offset_s=self._terminal.server_offset_s,
            magic=self._magic,
        )
        self._say(hello, now_ns, utc_ns)
        return self._take_frames()

    def disconnected(self) -> None:
        """The connection is gone; there is no session until `connect`."""
        self._session = None

    def leave(self, now_ns: int, utc_ns: int = 0) -> list[bytes]:
        """Say good-bye; nothing follows."""
        if not self.is_over:
            self._say(Bye(reason=ByeReason.STOPPING), now_ns, utc_ns)
        return self._take_frames()

    # -- frames in -------------------------------------------------------------------------------------------------

    def receive(self, frame: bytes, now_ns: int, utc_ns: int = 0) -> list[bytes]:
        """Take one frame in; the frames it leads to. `refusal` then tells whether there is any hope left."""
        if self._session is None:
            return []
        try:
            messages = self._session.receive(frame, now_ns)
        except RemoteProtocolError as broken:
            self._note_error(broken.code, broken.detail)
            return [broken.answer]
        for message in messages:
            self._ON[type(message)](self, message, now_ns, utc_ns)
        return self._take_frames()

    def _on_challenge(self, _message: Challenge, now_ns: int, utc_ns: int) -> None:
        session = self._living()
        self._frames.append(session.authenticate(now_ns, utc_ns))

    def _on_welcome(self, welcome: Welcome, now_ns: int, utc_ns: int) -> None:
        room = _room_for(welcome, TICK_DTYPE.itemsize)
        self._session_max_ticks = min(welcome.max_ticks, room)
        self._feed.max_ticks = min(self._max_ticks, self._session_max_ticks)
        self._say(Symbols(specs=self._terminal.specs), now_ns, utc_ns)
        self._say_snapshot(welcome, now_ns, utc_ns)
        for timeframe in welcome.timeframes:
            for symbol_index in range(len(self._terminal.symbols)):
                request = HistoryRequest(symbol_index=symbol_index, timeframe=timeframe, bars=welcome.history_bars)
                self._on_history_request(request, now_ns, utc_ns)
        self._say(self._heartbeat(utc_ns), now_ns, utc_ns)
        self.counts.sessions += 1
        self._hear(now_ns)
        if self._backlog.has_hole:
            text = f"{self._backlog.dropped} ticks were dropped in all: nobody took them"
            self._say(ErrorMessage(code=ErrorCode.OUT_OF_SEQUENCE, fatal=False, ref_seq=0, text=text), now_ns, utc_ns)

    def _say_snapshot(self, welcome: Welcome, now_ns: int, utc_ns: int) -> None:
        terminal = self._terminal
        results = self._executor.last_words(terminal.now_msc)
        update = terminal.snapshot(welcome.deal_watermark_msc, welcome.deal_watermark_ticket)
        whole = Snapshot(account=terminal.account(), update=msgspec.structs.replace(update, results=results))
        for part in snapshot_parts(whole, _room_for(welcome, _ITEM_BYTES)):
            self._say(part, now_ns, utc_ns)

    def _on_history_request(self, request: HistoryRequest, now_ns: int, utc_ns: int) -> None:
        symbol = self._terminal.symbols[request.symbol_index]
        waiting = [batch.start for batch in self._unanswered if batch.symbol == symbol] + self._backlog.starts(symbol)
        played = min(waiting) if waiting else self._feed.reached(symbol)
        rates = self._feed.bars(symbol, request.timeframe, request.bars, played)
        history = History(symbol_index=request.symbol_index, timeframe=request.timeframe, rates=rates)
        for part in history_parts(history, _room_for(self._living().welcome, RATES_DTYPE.itemsize)):
            self._say(part, now_ns, utc_ns)

    def _on_decision(self, decision: Decision, now_ns: int, _utc_ns: int) -> None:
        self.counts.decisions += 1
        self._hear(now_ns)
        self._intents_due += decision.intents_following
        batch = next((one for one in self._unanswered if one.number == decision.batch), None)
        if batch is None:
            return
        self._unanswered.remove(batch)
        duration_ns = now_ns - batch.sent_ns
        self.counts.round_trips.add(duration_ns)
        wait_ms = self._rules.decision_wait_ms
        self.counts.decisions_late += bool(wait_ms) and duration_ns > wait_ms * NS_PER_MS

    def _on_intent(self, message: IntentMessage, now_ns: int, utc_ns: int) -> None:
        self.counts.intents += 1
        self._hear(now_ns)
        self._intents_due = max(0, self._intents_due - 1)
        update = self._executor.execute(message.intent, self._terminal.now_msc)
        self._report(update, now_ns, utc_ns)

    def _on_heartbeat(self, beat: Heartbeat, now_ns: int, utc_ns: int) -> None:
        welcome = self._living().welcome
        if beat.snapshot_wanted and welcome is not None:
            self._say_snapshot(welcome, now_ns, utc_ns)

    def _on_error(self, message: ErrorMessage, _now_ns: int, _utc_ns: int) -> None:
        if message.fatal:
            self._note_error(message.code, message.text)

    def _note_error(self, code: ErrorCode, text: str) -> None:
        if code in _FINAL_ERRORS:
            self.refusal = Refusal(code, text)

    def _on_bye(self, _message: Bye, _now_ns: int, _utc_ns: int) -> None:
        """The session is CLOSED; the host connects again."""

    _ON: ClassVar[dict[type, Callable[[Any, Any, int, int], None]]] = {
        Challenge: _on_challenge,
        Welcome: _on_welcome,
        HistoryRequest: _on_history_request,
        Decision: _on_decision,
        IntentMessage: _on_intent,
        Heartbeat: _on_heartbeat,
        ErrorMessage: _on_error,
        Bye: _on_bye,
    }

    # -- ticks and time --------------------------------------------------------------------------------------------

    def stream(self, now_ns: int, utc_ns: int = 0) -> list[bytes]:
        """The next batch, if one may leave: what the server did before it, then its ticks."""
        if not self.may_send(now_ns):
            return self._wait_on(now_ns, utc_ns)
        batch = self._next_waiting() if self._backlog else self._next_played(now_ns, utc_ns)
        batch.sent_ns = now_ns
        if not self._unanswered:
            self._hear(now_ns)
        self._unanswered.append(batch)
        self._say(self._ticks(batch), now_ns, utc_ns)
        return self._take_frames()

    def _next_waiting(self) -> Batch:
        if self._backlog.has_hole:
            self._feed.next_number()  # a number that never comes: the bridge sees that its bars do not go on
        batch = self._backlog.take(self._session_max_ticks)
        if batch.number:
            self.counts.batches_resent += 1
        else:
            batch.number = self._feed.next_number()
            self.counts.batches += 1
        return batch

    def _next_played(self, now_ns: int, utc_ns: int) -> Batch:
        update, batch = self._feed.play()
        told = self._executor.answered(update)
        if told is not None:
            self._report(told, now_ns, utc_ns)
        if self._offset_of(batch) != self._told_offset_s:
            self._say(self._heartbeat(utc_ns), now_ns, utc_ns)
        self.counts.ticks += len(batch.ticks)
        self.counts.batches += 1
        if self.is_silent(now_ns):
            self._look_after(now_ns, utc_ns)
        return batch

    def _wait_on(self, now_ns: int, utc_ns: int) -> list[bytes]:
        """After the last tick: the answers that are still to come."""
        if self.is_live and self._feed.is_over and not self._backlog and self._executor.is_waiting:
            update = self._executor.wait_on()
            if update is not None:
                self._report(update, now_ns, utc_ns)
        return self._take_frames()

    def go_on(self, now_ns: int, utc_ns: int = 0) -> list[bytes]:
        """The next tick of a market that does not wait for a silent bridge: it is kept, and own stops move.

        Nothing is opened. A session that still lives is told what changed; else the next SNAPSHOT shows it.
        """
        if not self.is_silent(now_ns) or not self._feed.has_ticks:
            return []
        update, batch = self._feed.play_unheard()
        told = self._executor.answered(update)
        if told is not None and self.is_live:
            self._report(told, now_ns, utc_ns)
        self.counts.ticks += len(batch.ticks)
        self._backlog.add(batch)
        self.counts.ticks_dropped = self._backlog.dropped
        self._look_after(now_ns, utc_ns)
        if self._backlog.has_hole and self.is_live:
            self._say(Bye(reason=ByeReason.RESTARTING, text="ticks had to be dropped"), now_ns, utc_ns)
        return self._take_frames()

    def tell_changes(self, now_ns: int, utc_ns: int = 0) -> list[bytes]:
        """What changed at the terminal without a tick, if there is anybody to be told."""
        changes = self._terminal.take_changes() if self.is_live else None
        if changes is not None:
            self._report(changes, now_ns, utc_ns)
        return self._take_frames()

    def _look_after(self, now_ns: int, utc_ns: int) -> None:
        """Move the stops that are due by the last instructions."""
        caretaker = self._executor.caretaker
        if not self._tends:
            caretaker.begin()
            self._tends = True
        moved = caretaker.look_after(self._terminal.now_msc)
        self.counts.stops_moved += moved
        changes = self._terminal.take_changes() if moved and self.is_live else None
        if changes is not None:
            self._report(changes, now_ns, utc_ns)

    def _hear(self, now_ns: int) -> None:
        """The bridge does what it should."""
        self._heard_ns = self._word_ns = now_ns
        self._tends = False

    def on_time(self, now_ns: int, utc_ns: int = 0) -> list[bytes]:
        """Do what is due: heartbeats; end the session of a bridge that is silent or only pretends to live."""
        if self._session is None:
            return []
        for duty in self._session.on_time(now_ns):
            if isinstance(duty, HeartbeatDue):
                self._say(self._heartbeat(utc_ns), now_ns, utc_ns)
            else:
                self._frames.append(duty.answer)
        waits = bool(self._unanswered) or self._intents_due > 0
        if self.is_live and not waits:
            self._hear(now_ns)
        if waits and now_ns - self._heard_ns > self._rules.half_dead_ms * NS_PER_MS and not self.is_over:
            self._say(Bye(reason=ByeReason.RESTARTING, text="no answer to ticks"), now_ns, utc_ns)
        return self._take_frames()

    def _offset_of(self, batch: Batch) -> int:
        return self._terminal.server_offset_s if batch.server_offset_s is None else batch.server_offset_s

    def _ticks(self, batch: Batch) -> Ticks:
        return Ticks(
            symbol_index=batch.symbol_index,
            batch=batch.number,
            server_offset_s=self._offset_of(batch),
            wants_decision=True,
            money=batch.money,
            ticks=batch.ticks,
        )

    def _heartbeat(self, utc_ns: int) -> Heartbeat:
        """A terminal that has told everything is ready; before that a heartbeat cannot be due."""
        terminal = self._terminal
        self._told_offset_s = terminal.server_offset_s
        return Heartbeat(
            server_time_s=terminal.now_msc // 1000,
            utc_s=utc_ns // NS_PER_S,
            server_offset_s=terminal.server_offset_s,
            money=terminal.money(),
            ticks_sent=self.counts.ticks,
            ready=True,
            trade_allowed=terminal.autotrading,
            connected=terminal.connected,
        )

    def _report(self, update: TradeUpdate, now_ns: int, utc_ns: int) -> None:
        self.counts.reports += 1
        self._say(Report(time_msc=self._terminal.now_msc, update=update), now_ns, utc_ns)

    # -- frames out ------------------------------------------------------------------------------------------------

    def _living(self) -> TerminalSession:
        if self._session is None:
            raise RuntimeError("a message came although there is no session")
        return self._session

    def _say(self, message: Message, now_ns: int, utc_ns: int) -> None:
        self._frames.append(self._living().send(message, now_ns, utc_ns))

    def _take_frames(self) -> list[bytes]:
        frames, self._frames = self._frames, []
        return frames


def _room_for(welcome: Welcome | None, item_bytes: int) -> int:
    """How many items fit into one frame of the session."""
    frame_bytes = welcome.max_frame_bytes if welcome is not None else 0
    return max(1, (frame_bytes - _ROOM_FOR_REST) // item_bytes)
