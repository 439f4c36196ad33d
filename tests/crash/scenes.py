"""What the scenarios need: a rig that trades, and a trap that springs at an intent of one kind."""

from collections.abc import Callable, Iterable
from typing import Final

from account.lifecycle import IntentRecord
from account.state import AccountState
from domain.intents import Intent, IntentKind
from tests.crash.market import Market
from tests.crash.rig import TO_TERMINAL, Rig
from wire.codec import decode, frame_type
from wire.enums import MessageType
from wire.messages import IntentMessage

KINDS: Final = (IntentKind.OPEN, IntentKind.MODIFY, IntentKind.PARTIAL_CLOSE, IntentKind.CLOSE)
MARKET: Final = Market(3_000)

MakeRig = Callable[..., Rig]


class Trap:
    """Lets frames pass; at the first INTENT of `kind`, `act` decides what arrives in its place."""

    def __init__(self, rig: Rig, kind: IntentKind, act: Callable[[bytes], Iterable[bytes]]) -> None:
        self.found: Intent | None = None
        self._kind = kind
        self._act = act
        self._rig = rig
        rig.post = self

    def __call__(self, direction: str, frame: bytes) -> Iterable[bytes]:
        """What arrives."""
        if self.found is None and direction == TO_TERMINAL and frame_type(frame) == MessageType.INTENT:
            message = decode(frame, self._rig.symbols)[1]
            assert isinstance(message, IntentMessage)
            if message.intent.kind == self._kind:
                self.found = message.intent
                return self._act(frame)
        return (frame,)

    def spring(self) -> Intent:
        """Play until it springs; the intent."""
        self._rig.play_until(lambda: self.found)
        assert self.found is not None
        return self.found


def nothing(_frame: bytes) -> Iterable[bytes]:
    """It is lost."""
    return ()


def as_it_is(frame: bytes) -> Iterable[bytes]:
    """It arrives."""
    return (frame,)


def the_end(rig: Rig, *, settled: bool = False) -> AccountState:
    """Go on undisturbed, stop both sides: the account in the journal, which must agree with the terminal."""
    if settled:
        rig.settle()
    else:
        rig.play(60)
    state = rig.finish()
    assert rig.faults(state) == []
    return state


def record_of(state: AccountState, intent: Intent) -> IntentRecord:
    """What the journal knows of an intent in the end."""
    return state.intents[intent.intent_id]
