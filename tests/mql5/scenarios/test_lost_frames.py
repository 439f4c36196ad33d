"""Frames between EA and bridge are lost, doubled, torn, late, or come a byte at a time."""

from collections.abc import Callable, Iterable

import pytest

from domain.intents import IntentKind, IntentState
from domain.retcodes import Retcode
from tests.mql5.scenarios.scene import Scene, Trap, record_of
from tests.mql5.scenarios.tunnel import TO_BRIDGE, TO_TERMINAL, Arrival, Dribbled, Torn
from wire.codec import frame_type
from wire.enums import MessageType

pytestmark = [pytest.mark.crash, pytest.mark.integration]

SAID_BY_BRIDGE = (MessageType.DECISION, MessageType.INTENT, MessageType.HEARTBEAT)
SAID_BY_EA = (MessageType.TICKS, MessageType.REPORT, MessageType.HEARTBEAT)
EVERY_FRAME = [(TO_TERMINAL, kind) for kind in SAID_BY_BRIDGE] + [(TO_BRIDGE, kind) for kind in SAID_BY_EA]
NAMES = [f"{kind.name} {direction}" for direction, kind in EVERY_FRAME]

Become = Callable[[bytes], Iterable[Arrival]]


class Sometimes:
    """Every third frame of one kind becomes something else, five times; `done` counts."""

    def __init__(self, direction: str, kind: MessageType, become: Become) -> None:
        self.done = 0
        self._wanted = (direction, kind)
        self._become = become
        self._seen = 0

    def __call__(self, direction: str, frame: bytes) -> Iterable[Arrival]:
        if (direction, frame_type(frame)) != self._wanted:
            return (frame,)
        self._seen += 1
        if self._seen % 3 or self.done == 5:
            return (frame,)
        self.done += 1
        return self._become(frame)


def played_with(scene: Scene, direction: str, kind: MessageType, become: Become) -> None:
    """Trade while that happens, and to the end."""
    sometimes = Sometimes(direction, kind, become)
    scene.post(sometimes)
    for _ in range(160):
        scene.play(5)
        scene.chart.pass_ms(500)  # the bridge beats in real time
        if sometimes.done == 5:
            break
    assert sometimes.done == 5
    scene.end()


@pytest.mark.parametrize(("direction", "kind"), EVERY_FRAME, ids=NAMES)
def test_lost(scene: Scene, direction: str, kind: MessageType) -> None:
    played_with(scene, direction, kind, lambda _frame: ())


@pytest.mark.parametrize(("direction", "kind"), EVERY_FRAME, ids=NAMES)
def test_twice(scene: Scene, direction: str, kind: MessageType) -> None:
    played_with(scene, direction, kind, lambda frame: (frame, frame))


@pytest.mark.parametrize("keep", [0, 1, 2, 20, -1], ids=lambda keep: f"keep {keep}")
@pytest.mark.parametrize(
    ("direction", "kind"),
    [(TO_TERMINAL, MessageType.INTENT), (TO_TERMINAL, MessageType.DECISION), (TO_BRIDGE, MessageType.REPORT)],
)
def test_half_a_frame(scene: Scene, direction: str, kind: MessageType, keep: int) -> None:
    played_with(scene, direction, kind, lambda frame: (Torn(frame, keep),))


def test_everything_the_bridge_says_comes_a_byte_at_a_time(scene: Scene) -> None:
    scene.post(lambda direction, frame: (Dribbled(frame) if direction == TO_TERMINAL else frame,))
    scene.play(200)
    assert scene.chart.observer.counts.sessions == 1
    scene.end()


def test_noise_in_place_of_a_frame(scene: Scene) -> None:
    played_with(scene, TO_TERMINAL, MessageType.DECISION, lambda frame: (bytes(255 - byte for byte in frame),))


def test_a_frame_longer_than_was_agreed(scene: Scene) -> None:
    played_with(scene, TO_TERMINAL, MessageType.DECISION, lambda frame: (frame + bytes(2 << 20),))


@pytest.mark.parametrize("kind", [IntentKind.OPEN, IntentKind.MODIFY, IntentKind.CLOSE], ids=lambda kind: kind.name)
def test_an_intent_that_comes_after_its_expiry_is_not_carried_out(scene: Scene, kind: IntentKind) -> None:
    late: list[bytes] = []
    tunnel = scene.chart.tunnel

    def delay(_direction: str, frame: bytes) -> Iterable[Arrival]:
        late.append(frame)
        tunnel.held.add(TO_TERMINAL)
        return ()

    intent = Trap(scene, kind, delay).spring()
    for _ in range(10):
        scene.chart.tick()
    tunnel.say(TO_TERMINAL, late[0])
    tunnel.release()
    scene.play(20)
    record = record_of(scene.end(), intent)
    assert scene.chart.effects(intent) == 0
    assert record.state in {IntentState.EXPIRED, IntentState.REJECTED}
    assert record.retcode == Retcode.INVALID_EXPIRATION
