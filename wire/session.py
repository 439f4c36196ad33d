"""One end of a conversation, without a socket, a clock or randomness.

Frames go in and messages come out (`receive`); messages go in and frames come out (`send`); time goes in and duties
come out (`on_time`). All `now_ns` are one monotonic clock of the caller's [ns]; `utc_ns` only decorates headers.

- `LocalProtocolError`: we may not say this now. Nothing is sent, state and sequence are as before.
- `RemoteProtocolError`: the peer broke the rules. The state is FAILED; `answer` is the frame that says why.
- A session that is over (CLOSED or FAILED) hears nothing (`receive` gives an empty list) and says nothing. It never
  comes back: a new connection is a new session.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeAlias

import msgspec

from wire import authentication, codec, quotes
from wire.enums import HANDSHAKE_FRAME_BYTES, PROTOCOL_VERSION, ErrorCode, MessageType
from wire.errors import LocalProtocolError, RemoteProtocolError, WireError
from wire.layout import Frame
from wire.messages import (
    Ask,
    Auth,
    Challenge,
    Decision,
    ErrorMessage,
    Hello,
    History,
    HistoryRequest,
    Message,
    Snapshot,
    Symbols,
    Ticks,
    Welcome,
)
from wire.states import NEXT_STATE, OVER, Sender, SessionState, Trigger

if TYPE_CHECKING:
    from domain.symbols import SymbolSpec

NS_PER_MS: Final = 1_000_000
NS_PER_S: Final = 1_000_000_000
SEQUENCE_PERIOD: Final = 2**32 - 1
"""Sequence numbers run from 1 to this and begin at 1 again; 0 means none."""

NOT_PROVEN: Final = "authentication failed: set the same shared secret in the bridge and in the EA"
"""The only thing a failed proof is ever told, whatever part of it was wrong."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What a peer may do before WELCOME sets the rules. Frames of `burst_s` [s] may come at once, before and after."""

    handshake_frame_bytes: int = HANDSHAKE_FRAME_BYTES
    handshake_ms: int = 10_000
    frames_per_second: int = 20_000
    burst_s: float = 2.0


class HeartbeatDue(msgspec.Struct, frozen=True):
    """Send a `Heartbeat` now; said again until one is sent."""


class PeerSilent(msgspec.Struct, frozen=True, kw_only=True):
    """The peer has not been heard for `silent_ns` [ns]. State FAILED; `answer` tells whoever still listens."""

    silent_ns: int
    answer: bytes


Duty: TypeAlias = HeartbeatDue | PeerSilent
Rules: TypeAlias = Mapping[Trigger, Callable[[Any, Any], None]]


def next_seq(seq: int) -> int:
    """The sequence number after `seq`."""
    return seq % SEQUENCE_PERIOD + 1


class Session:
    """What both ends share. `secret` is the shared key; `now_ns` the time of connection."""

    role: ClassVar[Sender]
    peer: ClassVar[Sender]

    def __init__(self, secret: bytes, now_ns: int, limits: Limits | None = None) -> None:
        if not secret:
            raise ValueError("secret must not be empty; set the same shared secret in the bridge and in the EA")
        self._secret = secret
        self._limits = limits or Limits()
        self.state = SessionState.OPEN
        self.session = 0
        self.hello: Hello | None = None
        self.welcome: Welcome | None = None
        self.specs: tuple[SymbolSpec, ...] = ()
        self.symbols: tuple[str, ...] = ()
        self.sent_seq = 0
        self.heard_seq = 0
        self.acked_seq = 0
        self._challenge: Challenge | None = None
        self._parts_done, self._parts = 0, 0
        self._max_frame_bytes = self._limits.handshake_frame_bytes
        self._silence_ns = self._limits.handshake_ms * NS_PER_MS
        self._heartbeat_ns = 0
        self._heard_ns = now_ns
        self._beat_ns = now_ns
        self._arrival_ns = now_ns
        self._set_rate(self._limits.frames_per_second)

    @property
    def is_over(self) -> bool:
        """Whether nothing can follow."""
        return self.state in OVER

    # ---------------------------------------------------------------------------------------------------- hearing

    def receive(self, frame: Frame, now_ns: int) -> list[Message]:
        """The message in `frame`; empty when the session is over.

        Raises:
            RemoteProtocolError: the frame is damaged, or out of order, or too large, or too early. State FAILED.
        """
        if self.state in OVER:
            return []
        try:
            message = self._heard(frame, now_ns)
        except WireError as problem:
            raise self._broken(problem) from problem
        return [message]

    def _heard(self, frame: Frame, now_ns: int) -> Message:
        self._check_rate(now_ns)
        if len(frame) > self._max_frame_bytes:
            detail = f"is {len(frame)} bytes; at most {self._max_frame_bytes}"
            raise WireError(ErrorCode.TOO_LARGE, "length", detail)
        header = codec.read_header(frame)
        message = codec.read_message(header, frame, self.symbols)
        trigger = message.trigger
        if trigger is not Trigger.FATAL:  # the reason of the end is heard, wherever the count stands
            self._check_sequence(header)
        state = self._next_state(self.peer, message)
        check = self.heard_checks.get(trigger)
        if check:
            check(self, message)
        self.heard_seq = header.seq
        self.acked_seq = header.ack
        self._heard_ns = now_ns
        self._take(state, message)
        return message

    def _check_rate(self, now_ns: int) -> None:
        self._arrival_ns = self._arrived_ns(now_ns)
        if self._arrival_ns - now_ns > self._burst_ns:
            raise WireError(ErrorCode.TOO_FAST, "frames", f"come faster than {NS_PER_S // self._interval_ns} a second")

    def _arrived_ns(self, now_ns: int) -> int:
        arrival = self._arrival_ns
        return (arrival if arrival > now_ns else now_ns) + self._interval_ns

    def _check_sequence(self, header: codec.Header) -> None:
        if header.seq != self.heard_seq + 1 and header.seq != next_seq(self.heard_seq):
            detail = f"is {header.seq} after {self.heard_seq}; a frame was lost or repeated, reconnect"
            raise WireError(ErrorCode.OUT_OF_SEQUENCE, "WireHeader.seq", detail)
        if not self.acked_seq <= header.ack <= self.sent_seq and not self._is_ack_around_the_turn(header.ack):
            detail = f"is {header.ack}; it was {self.acked_seq} before, and {self.sent_seq} is the last sent"
            raise WireError(ErrorCode.OUT_OF_SEQUENCE, "WireHeader.ack", detail)
        if header.session != self.session:
            detail = f"is {header.session}; this session is {self.session}"
            raise WireError(ErrorCode.OUT_OF_SEQUENCE, "WireHeader.session", detail)

    def _is_ack_around_the_turn(self, ack: int) -> bool:
        return (ack - self.acked_seq) % SEQUENCE_PERIOD <= (self.sent_seq - self.acked_seq) % SEQUENCE_PERIOD

    def _broken(self, problem: WireError) -> RemoteProtocolError:
        return RemoteProtocolError(problem, self._last_words(problem.code, f"{problem.field} {problem.detail}".strip()))

    def _last_words(self, code: ErrorCode, text: str) -> bytes:
        message = ErrorMessage(code=code, fatal=True, ref_seq=next_seq(self.heard_seq), text=text)
        self.state = SessionState.FAILED
        return self._encoded(message, 0)

    # ---------------------------------------------------------------------------------------------------- saying

    def send(self, message: Message, now_ns: int, utc_ns: int = 0) -> bytes:
        """The frame that says `message`; hand it to the socket in this order.

        Raises:
            LocalProtocolError: the message may not be sent in this state, or cannot be written. Nothing has changed.
        """
        try:
            state = self._next_state(self.role, message)
            check = self.checks.get(message.trigger)
            if check:
                check(self, message)
            frame = self._encoded(message, utc_ns)
        except WireError as problem:
            raise LocalProtocolError(problem) from problem
        self._take(state, message)
        if message.type is MessageType.HEARTBEAT:
            self._beat_ns = now_ns
        return frame

    def _encoded(self, message: Message, utc_ns: int) -> bytes:
        seq = next_seq(self.sent_seq)
        frame = codec.encode(
            message, seq=seq, ack=self.heard_seq, session=self.session, time_ns=utc_ns, symbols=self.symbols
        )
        if len(frame) > self._max_frame_bytes:
            detail = f"is {len(frame)} bytes; at most {self._max_frame_bytes}, send it in parts"
            raise WireError(ErrorCode.TOO_LARGE, "length", detail)
        self.sent_seq = seq
        return frame

    def refuse(self, code: ErrorCode, text: str, now_ns: int, utc_ns: int = 0) -> bytes:
        """The frame that ends the session with an error (a second terminal for one login, say). State FAILED."""
        message = ErrorMessage(code=code, fatal=True, ref_seq=self.heard_seq, text=text)
        return self.send(message, now_ns, utc_ns)

    # ---------------------------------------------------------------------------------------------------- time

    def on_time(self, now_ns: int) -> list[Duty]:
        """What is due at `now_ns`. Empty the socket first: a frame that lies unread counts as silence."""
        if self.state in OVER:
            return []
        silent_ns = now_ns - self._heard_ns
        if silent_ns >= self._silence_ns:
            text = f"nothing heard for {silent_ns // NS_PER_MS} ms"
            return [PeerSilent(silent_ns=silent_ns, answer=self._last_words(ErrorCode.SILENT, text))]
        if self._heartbeat_ns and now_ns - self._beat_ns >= self._heartbeat_ns:
            return [HeartbeatDue()]
        return []

    @property
    def deadline_ns(self) -> int | None:
        """When `on_time` next has something to say; None when the session is over."""
        if self.state in OVER:
            return None
        silent_at = self._heard_ns + self._silence_ns
        return min(silent_at, self._beat_ns + self._heartbeat_ns) if self._heartbeat_ns else silent_at

    # ---------------------------------------------------------------------------------------------------- rules

    def _next_state(self, sender: Sender, message: Message) -> SessionState:
        state = NEXT_STATE[sender][self.state][message.trigger]
        if state is None:
            detail = f"is {message.trigger.name} from the {sender.name.lower()} in state {self.state.name}; not allowed"
            raise WireError(ErrorCode.UNEXPECTED, "message", detail)
        return state

    def _take(self, state: SessionState, message: Message) -> None:
        self.state = state
        effect = self.effects.get(message.trigger)
        if effect:
            effect(self, message)

    def _check_symbol(self, message: Ticks | Ask | Decision | History | HistoryRequest) -> None:
        if message.symbol_index >= len(self.symbols):
            detail = f"is {message.symbol_index} of {len(self.symbols)} symbols"
            raise WireError(ErrorCode.UNKNOWN_SYMBOL, "symbol_index", detail)

    def _check_ticks(self, message: Ticks) -> None:
        self._check_symbol(message)
        if self.welcome and len(message.ticks) > self.welcome.max_ticks:
            detail = f"are {len(message.ticks)}; at most {self.welcome.max_ticks} in one batch"
            raise WireError(ErrorCode.TOO_LARGE, "ticks", detail)

    def _check_symbols(self, message: Symbols) -> None:
        names = _names(message)
        if names[: len(self.symbols)] != self.symbols:
            detail = f"are {', '.join(names)}; the first must stay {', '.join(self.symbols)}"
            raise WireError(ErrorCode.UNKNOWN_SYMBOL, "WireSymbol.name", detail)

    def _check_part(self, message: Snapshot) -> None:
        if message.part != self._parts_done + 1 or self._parts not in (0, message.parts):
            detail = (
                f"is {message.part} of {message.parts} after {self._parts_done} of {self._parts}; send them in order"
            )
            raise WireError(ErrorCode.OUT_OF_SEQUENCE, "WireSnapshot.part", detail)

    def _check_welcome(self, message: Welcome) -> None:
        if message.silence_ms <= message.heartbeat_ms:
            detail = f"is {message.silence_ms}; must be longer than heartbeat_ms {message.heartbeat_ms}"
            raise WireError(ErrorCode.BAD_FRAME, "WireWelcome.silence_ms", detail)

    def _take_symbols(self, message: Symbols) -> None:
        self.specs = message.specs
        self.symbols = _names(message)

    def _take_part(self, message: Snapshot) -> None:
        is_last = message.part == message.parts
        self._parts_done, self._parts = (0, 0) if is_last else (message.part, message.parts)

    def _take_hello(self, message: Hello) -> None:
        self.hello = message

    def _take_welcome(self, welcome: Welcome) -> None:
        self.welcome = welcome
        self.session = welcome.session
        self._max_frame_bytes = welcome.max_frame_bytes
        self._silence_ns = welcome.silence_ms * NS_PER_MS
        self._heartbeat_ns = welcome.heartbeat_ms * NS_PER_MS
        self._set_rate(welcome.frames_per_second)

    def _set_rate(self, frames_per_second: int) -> None:
        self._interval_ns = max(NS_PER_S // frames_per_second, 1)
        self._burst_ns = int(self._limits.burst_s * NS_PER_S)

    checks: ClassVar[Rules] = {
        Trigger.TICKS: _check_ticks,
        Trigger.ASK: _check_symbol,
        Trigger.DECISION: _check_symbol,
        Trigger.HISTORY: _check_symbol,
        Trigger.HISTORY_REQUEST: _check_symbol,
        Trigger.SYMBOLS: _check_symbols,
        Trigger.SNAPSHOT: _check_part,
        Trigger.SNAPSHOT_PART: _check_part,
        Trigger.WELCOME: _check_welcome,
    }
    """What a message must fulfill, whoever says it."""

    effects: ClassVar[Rules] = {
        Trigger.HELLO: _take_hello,
        Trigger.WELCOME: _take_welcome,
        Trigger.SYMBOLS: _take_symbols,
        Trigger.SNAPSHOT: _take_part,
        Trigger.SNAPSHOT_PART: _take_part,
    }
    """What a message changes besides the state, once it is said or heard."""

    heard_checks: ClassVar[Rules]
    """The same for what the peer says, with its version and its knowledge of the secret besides."""


class BridgeSession(Session):
    """The bridge's end: one for each connected terminal."""

    role = Sender.BRIDGE
    peer = Sender.TERMINAL

    def challenge(self, bridge_nonce: bytes, now_ns: int, utc_ns: int = 0) -> bytes:
        """CHALLENGE, the answer to HELLO; `bridge_nonce` is 16 fresh random bytes.

        Raises:
            LocalProtocolError: no HELLO waits for it.
        """
        if self.hello is None:
            raise _too_early("CHALLENGE", "HELLO")
        try:
            self._challenge = authentication.challenge_for(self._secret, self.hello, bridge_nonce)
        except WireError as problem:
            raise LocalProtocolError(problem) from problem
        return self.send(self._challenge, now_ns, utc_ns)

    def lone_tick(self, frame: Frame, now_ns: int) -> quotes.LoneTick | None:
        """The tick in `frame` if `answer_watching` may answer it; None leaves it to `receive`. Changes nothing."""
        tick = quotes.lone_tick(frame) if self.state is SessionState.LIVE else None
        if (
            tick is None
            or tick.seq != self.heard_seq + 1
            or not self.acked_seq <= tick.ack <= self.sent_seq
            or tick.session != self.session
            or tick.symbol_index >= len(self.symbols)
            or self._arrived_ns(now_ns) - now_ns > self._burst_ns
        ):
            return None
        return tick

    def answer_watching(
        self, tick: quotes.LoneTick, decided_ns: int, text: bytes, now_ns: int, utc_ns: int = 0
    ) -> bytes:
        """Take what `lone_tick` gave as heard, and answer at once: nothing was done, and `text` says why."""
        self._arrival_ns = self._arrived_ns(now_ns)
        self.heard_seq, self.acked_seq, self._heard_ns = tick.seq, tick.ack, now_ns
        self.sent_seq = seq = next_seq(self.sent_seq)
        return quotes.watching_frame(tick, decided_ns, text, seq=seq, session=self.session, time_ns=utc_ns)

    def _check_hello(self, hello: Hello) -> None:
        if not hello.version_min <= PROTOCOL_VERSION <= hello.version_max:
            detail = (
                f"{hello.version_min} to {hello.version_max}; this bridge speaks {PROTOCOL_VERSION}: update the older"
            )
            raise WireError(ErrorCode.BAD_VERSION, "the EA speaks versions", detail)

    def _check_auth(self, auth: Auth) -> None:
        if self.hello is None or self._challenge is None:
            raise WireError(ErrorCode.BAD_SECRET, "", NOT_PROVEN)
        expected = authentication.terminal_proof(self._secret, self.hello, self._challenge)
        if not authentication.is_proof(expected, auth.proof):
            raise WireError(ErrorCode.BAD_SECRET, "", NOT_PROVEN)

    heard_checks: ClassVar[Rules] = {**Session.checks, Trigger.HELLO: _check_hello, Trigger.AUTH: _check_auth}


class TerminalSession(Session):
    """The EA's end, as its Python twin and the tests speak it."""

    role = Sender.TERMINAL
    peer = Sender.BRIDGE

    def authenticate(self, now_ns: int, utc_ns: int = 0) -> bytes:
        """AUTH, the answer to CHALLENGE.

        Raises:
            LocalProtocolError: no CHALLENGE waits for it.
        """
        if self.hello is None or self._challenge is None:
            raise _too_early("AUTH", "CHALLENGE")
        proof = authentication.terminal_proof(self._secret, self.hello, self._challenge)
        return self.send(Auth(proof=proof), now_ns, utc_ns)

    def _check_challenge(self, challenge: Challenge) -> None:
        if challenge.version != PROTOCOL_VERSION:
            detail = f"{challenge.version}; this EA speaks {PROTOCOL_VERSION}: update the older"
            raise WireError(ErrorCode.BAD_VERSION, "the bridge chose version", detail)
        if self.hello is None:
            raise WireError(ErrorCode.BAD_SECRET, "", NOT_PROVEN)
        expected = authentication.challenge_for(self._secret, self.hello, challenge.bridge_nonce)
        if not authentication.is_proof(expected.proof, challenge.proof):
            raise WireError(ErrorCode.BAD_SECRET, "", NOT_PROVEN)
        self._challenge = challenge

    heard_checks: ClassVar[Rules] = {**Session.checks, Trigger.CHALLENGE: _check_challenge}


def _names(message: Symbols) -> tuple[str, ...]:
    return tuple(spec.name for spec in message.specs)


def _too_early(what: str, before: str) -> LocalProtocolError:
    return LocalProtocolError(WireError(ErrorCode.UNEXPECTED, what, f"answers a {before}; none has been heard"))
