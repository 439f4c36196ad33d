"""A bridge in memory: the real session, and answers that the test writes."""

from collections.abc import Callable, Iterable

import numpy as np

from advisor.expert import ExpertAdvisor
from domain.intents import Intent, comment_of
from domain.timeframes import Timeframe
from wire.enums import NO_GATE
from wire.messages import (
    Auth,
    Decision,
    Heartbeat,
    Hello,
    History,
    IntentMessage,
    Message,
    Report,
    Snapshot,
    Symbols,
    Ticks,
    Welcome,
)
from wire.session import BridgeSession

SECRET = b"a secret that both know"
NONCE = b"n" * 16
BRIDGE_NONCE = b"m" * 16
MILLISECOND = 1_000_000
WELCOME = Welcome(session=1, timeframes=(Timeframe.M1,), history_bars=3)

Script = Callable[[Ticks], Iterable[Intent]]
"""The intents a batch leads to."""


def nothing(_ticks: Ticks) -> Iterable[Intent]:
    """Never trades."""
    return ()


class BridgeDouble:
    """Answers like a bridge whose strategy is `script`; everything heard is in `heard`.

    `is_deaf` takes frames in and says nothing but heartbeats; `is_muted` loses every answer.
    """

    def __init__(self, script: Script = nothing, *, welcome: Welcome = WELCOME, secret: bytes = SECRET) -> None:
        self.script = script
        self.welcome = welcome
        self.secret = secret
        self.heard: list[Message] = []
        self.now_ns = 1_000_000_000_000
        self.is_deaf = False
        self.is_muted = False
        self.session = BridgeSession(secret, self.now_ns)

    def connected(self) -> None:
        """A new connection."""
        self.session = BridgeSession(self.secret, self.now_ns)

    def answers_to(self, frame: bytes) -> list[bytes]:
        """The frames that one frame leads to."""
        replies: list[bytes] = []
        for message in self.session.receive(frame, self.now_ns):
            self.heard.append(message)
            if isinstance(message, Hello):
                replies.append(self.session.challenge(BRIDGE_NONCE, self.now_ns))
            elif isinstance(message, Auth):
                replies.append(self.say(self.welcome))
            elif isinstance(message, Ticks) and not self.is_deaf:
                replies.extend(self._decided(message))
        return [] if self.is_muted else replies

    def _decided(self, ticks: Ticks) -> Iterable[bytes]:
        intents = tuple(self.script(ticks))
        yield self.say(decision(ticks, len(intents)))
        for intent in intents:
            yield self.order(intent)

    def order(self, intent: Intent) -> bytes:
        """The frame that asks for `intent`."""
        return self.say(IntentMessage(intent=intent, comment=comment_of(intent.intent_id)))

    def say(self, message: Message) -> bytes:
        """The frame that says `message`."""
        return self.session.send(message, self.now_ns)

    def all_of(self, kind: type[Message]) -> list[Message]:
        """Every message of one kind that was heard."""
        return [message for message in self.heard if isinstance(message, kind)]

    @property
    def ticks(self) -> list[Ticks]:
        """Every batch heard."""
        return [message for message in self.heard if isinstance(message, Ticks)]

    @property
    def reports(self) -> list[Report]:
        """Every report heard."""
        return [message for message in self.heard if isinstance(message, Report)]

    @property
    def snapshots(self) -> list[Snapshot]:
        """Every snapshot heard."""
        return [message for message in self.heard if isinstance(message, Snapshot)]

    @property
    def histories(self) -> list[History]:
        """Every history heard."""
        return [message for message in self.heard if isinstance(message, History)]

    @property
    def heartbeats(self) -> list[Heartbeat]:
        """Every heartbeat heard."""
        return [message for message in self.heard if isinstance(message, Heartbeat)]

    @property
    def symbols(self) -> list[Symbols]:
        """Every symbol list heard."""
        return [message for message in self.heard if isinstance(message, Symbols)]


def decision(ticks: Ticks, intents: int = 0) -> Decision:
    """The answer to a batch."""
    return Decision(
        batch=ticks.batch,
        symbol_index=ticks.symbol_index,
        timeframe=0,
        action=0,
        gates_passed=0,
        gates_refused=0,
        first_refusing_gate=NO_GATE,
        score=0.0,
        decided_ns=int(ticks.ticks["time_msc"][-1]) * MILLISECOND,
        intents_following=intents,
        text="",
    )


class Wire:
    """An EA and a bridge joined in memory; frames are carried at once and in order."""

    def __init__(self, advisor: ExpertAdvisor, bridge: BridgeDouble) -> None:
        self.advisor = advisor
        self.bridge = bridge

    def connect(self) -> None:
        """A new connection with its whole handshake."""
        self.bridge.connected()
        self.carry(self.advisor.connect(NONCE, self.bridge.now_ns))

    def carry(self, frames: Iterable[bytes]) -> None:
        """Take frames of the EA to the bridge, and all that follows from them."""
        for frame in frames:
            for answer in self.bridge.answers_to(frame):
                self.carry(self.advisor.receive(answer, self.bridge.now_ns))

    def tell(self, *frames: bytes) -> None:
        """Take frames of the bridge to the EA, and all that follows from them."""
        for frame in frames:
            self.carry(self.advisor.receive(frame, self.bridge.now_ns))

    def stream(self, batches: int = 1_000_000) -> int:
        """Let the EA send up to `batches` batches; how many it did."""
        for sent in range(batches):
            frames = self.advisor.stream(self.bridge.now_ns)
            if not frames:
                return sent
            self.carry(frames)
        return batches

    def wait(self, milliseconds: int) -> None:
        """Let time pass, a step of 100 ms at a time."""
        for _ in range(max(1, milliseconds // 100)):
            self.bridge.now_ns += min(milliseconds, 100) * MILLISECOND
            self.carry(self.advisor.on_time(self.bridge.now_ns))


def times_of(batches: Iterable[Ticks]) -> list[int]:
    """Times of all ticks in `batches` [ms]."""
    return [int(time_msc) for batch in batches for time_msc in np.asarray(batch.ticks["time_msc"])]
