"""One connection: a terminal's session, joined with its account's dealing. No socket, clock or file.

Time comes in as two numbers: `now_ns`, a monotonic clock for time-outs, and `utc_ns`, the wall clock, which decides
nothing and is only compared with the ticks' own time. What a desk wants to say waits in its outbox until `release`, so
that the journal can be written first.
"""

from typing import Final

from bridge.answers import WATCHING, holding
from bridge.config import DeskRules
from bridge.dealing import Dealing
from bridge.trader import Trader
from domain.servertime import NS_PER_S
from wire.enums import MAX_TIMEFRAMES, ByeReason, ErrorCode
from wire.errors import RemoteProtocolError
from wire.kinds import TEXT_BYTES, cut_text
from wire.messages import (
    Auth,
    Bye,
    Decision,
    ErrorMessage,
    Heartbeat,
    Hello,
    IntentMessage,
    Message,
    Welcome,
)
from wire.quotes import TICKS_AT
from wire.session import BridgeSession, HeartbeatDue, Limits

_DAY_MS: Final = 86_400_000
_WATCHING: Final = cut_text(WATCHING, TEXT_BYTES)


class Desk:
    """A terminal that is connected. Its dealing begins with `admit`, once it has proven that it knows the secret."""

    def __init__(self, secret: bytes, nonce: bytes, rules: DeskRules, now_ns: int) -> None:
        self.session = BridgeSession(secret, now_ns, Limits(frames_per_second=rules.frames_per_second))
        self.dealing: Dealing | None = None
        self.wants_admission = False
        self.fed_at: int | None = None
        self.alerts: dict[str, str] = {}
        self._rules = rules
        self._nonce = nonce
        self._is_lost = False
        self._frames: list[bytes] = []
        self._outbox: list[Message] = []

    # -- what the service asks ----------------------------------------------------------------------------------------

    @property
    def is_over(self) -> bool:
        """Whether the connection can be forgotten."""
        return self._is_lost or self.session.is_over

    def lost(self) -> None:
        """The peer cannot be reached any more."""
        self._is_lost = True
        self.alerts["terminal"] = "its connection was lost, or it does not read"

    @property
    def needs_journal(self) -> bool:
        """Whether an intent waits, which may leave only after the journal is safe."""
        return IntentMessage in map(type, self._outbox)

    def obstacle(self) -> str:
        """What stands between this terminal and trading; empty when nothing does."""
        return self.dealing.obstacle() if self.dealing else f"session is {self.session.state.name.lower()}"

    def all_alerts(self) -> dict[str, str]:
        """What a person should know, by subject."""
        return self.alerts | (self.dealing.all_alerts() if self.dealing else {})

    # -- in -----------------------------------------------------------------------------------------------------------

    def receive(self, frame: bytes, now_ns: int, utc_ns: int) -> None:
        """Take one frame in.

        `fed_at` then says before which of the trader's records the engine was fed with it; None where it was not.
        """
        self.fed_at = None
        try:
            messages = self.session.receive(frame, now_ns)
        except RemoteProtocolError as broken:
            self.alerts["protocol"] = str(broken)
            self._frames.append(broken.answer)
            return
        for message in messages:
            if self.dealing is not None and self.dealing.takes(message):
                self.fed_at = self.dealing.take(message, now_ns, utc_ns)
            else:
                self._converse(message, now_ns, utc_ns)

    def pass_over(self, frame: bytes, now_ns: int, utc_ns: int) -> bytes | None:
        """Take in a lone tick at which nothing can be decided, as nearly all frames are, and give the answer to it.

        What it comes to is what `receive` and `release` would come to, in less time. None leaves it to them, untouched.
        """
        tick = self.session.lone_tick(frame, now_ns)
        if tick is None or self._outbox or self._frames or self.dealing is None:
            return None
        if not self.dealing.pass_over(tick, frame[TICKS_AT:], utc_ns):
            return None
        return self.session.answer_watching(tick, self.dealing.server_ns, _WATCHING, now_ns, utc_ns)

    def _converse(self, message: Message, now_ns: int, utc_ns: int) -> None:
        match message:
            case Hello():
                self._frames.append(self.session.challenge(self._nonce, now_ns, utc_ns))
            case Auth():
                self.wants_admission = True
            case ErrorMessage():
                self.alerts["terminal"] = f"{message.code.name}: {message.text}"
            case Bye():
                self.alerts["terminal"] = f"left: {message.reason.name.lower()} {message.text}".rstrip()

    def admit(self, trader: Trader, now_ns: int, utc_ns: int) -> None:
        """Let the terminal in, as the one that trades for `trader`."""
        self.wants_admission = False
        hello, settings = self.session.hello, trader.engine.settings
        if hello is None or hello.magic != settings.magic:
            told = hello.magic if hello else 0
            self.turn_away(ErrorCode.REFUSED, f"magic is {told}; set it to {settings.magic} as here", now_ns, utc_ns)
            return
        met_ns = utc_ns if self._rules.clock_check else trader.clock_ns
        self._outbox.append(self._welcome(trader, trader.account.session + 1))
        self.dealing = Dealing(self.session, hello, trader, self._rules, self._outbox.append)
        self.dealing.open_session(trader.account.session + 1, met_ns)

    def _welcome(self, trader: Trader, session: int) -> Welcome:
        rules = self._rules
        return Welcome(
            session=session,
            deal_watermark_msc=max(0, trader.account.watermark[0] - _DAY_MS),
            timeframes=trader.engine.settings.timeframes[:MAX_TIMEFRAMES],
            history_bars=trader.bars_wanted,
            heartbeat_ms=rules.heartbeat_ms,
            silence_ms=rules.silence_ms,
            max_frame_bytes=rules.max_frame_bytes,
            max_ticks=rules.max_ticks,
            frames_per_second=rules.frames_per_second,
            decision_wait_ms=rules.decision_wait_ms,
        )

    def turn_away(self, code: ErrorCode, text: str, now_ns: int, utc_ns: int) -> None:
        """End the session with an error that says why."""
        self.wants_admission = False
        if not self.session.is_over:
            self.alerts["refused"] = text
            self._frames.append(self.session.refuse(code, text, now_ns, utc_ns))

    def leave(self, reason: ByeReason, text: str, now_ns: int, utc_ns: int) -> None:
        """Say good-bye."""
        if not self.session.is_over:
            self._frames.append(self.session.send(Bye(reason=reason, text=text), now_ns, utc_ns))

    def on_time(self, now_ns: int, utc_ns: int) -> None:
        """Do what is due: heartbeats, silence, intents without a word. Empty the socket first."""
        for duty in self.session.on_time(now_ns):
            if isinstance(duty, HeartbeatDue):
                self._outbox.append(Heartbeat(utc_s=utc_ns // NS_PER_S))
            else:
                self.alerts["terminal"] = f"silent for {duty.silent_ns // NS_PER_S} s"
                self._frames.append(duty.answer)
        if self.dealing is not None and not self.is_over:
            self.dealing.on_time(now_ns)

    def settle(self) -> None:
        """Do what can wait until the answers have left."""
        if self.dealing is not None:
            self.dealing.settle()

    # -- out ----------------------------------------------------------------------------------------------------------

    def release(self, now_ns: int, utc_ns: int) -> list[bytes]:
        """Every frame that may leave now, in order. Call it once the journal is safe, or where it need not be."""
        frames = self._frames.copy()
        self._frames.clear()
        if not self.session.is_over:
            frames.extend([self.session.send(message, now_ns, utc_ns) for message in self._outbox])
        self._outbox.clear()
        return frames

    def withhold(self, reason: str) -> None:
        """The journal could not be written: no intent leaves, and nothing is decided until `resume`.

        What was issued stays issued; it will be called UNKNOWN and settled by a snapshot.
        """
        self.alerts["journal"] = reason
        kept = [message for message in self._outbox if not isinstance(message, IntentMessage)]
        self._outbox[:] = [_without_intents(message, reason) for message in kept]
        if self.dealing is not None:
            self.dealing.halt(reason)

    def resume(self, now_ns: int) -> None:
        """The journal works again."""
        self.alerts.pop("journal", None)
        if self.dealing is not None:
            self.dealing.resume(now_ns)


def _without_intents(message: Message, reason: str) -> Message:
    if isinstance(message, Decision) and message.intents_following:
        return holding(message.batch, message.symbol_index, message.decided_ns, reason)
    return message
