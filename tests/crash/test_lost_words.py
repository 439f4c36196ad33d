"""Frames that are lost, doubled or late, connections that only seem to live, bridges that restart in between."""

from collections.abc import Iterable

import msgspec
import pytest

from account.events import IntentSent
from account.journal import JournalReader
from advisor.expert import EaRules
from domain.intents import IntentKind, IntentState
from tests.crash.market import RULES
from tests.crash.points import Plan, Point
from tests.crash.rig import TO_BRIDGE, TO_TERMINAL, Rig, undisturbed
from tests.crash.scenes import KINDS, MakeRig, Trap, as_it_is, nothing, record_of, the_end
from wire.codec import frame_type
from wire.enums import MessageType

pytestmark = [pytest.mark.crash, pytest.mark.integration]


def attempts(rig: Rig, intent_id: int) -> list[int]:
    """Every sending of an intent that the journal knows."""
    with JournalReader.open(rig.config.places.journal) as journal:
        events = [event for _, _, event in journal.read()]
    return [event.attempt for event in events if isinstance(event, IntentSent) and event.intent_id == intent_id]


def losing(rig: Rig, direction: str, kind: MessageType) -> None:
    """From now on the first frame of one kind is lost."""
    lost: list[bytes] = []

    def post(to: str, frame: bytes) -> Iterable[bytes]:
        if not lost and to == direction and frame_type(frame) == kind:
            lost.append(frame)
            return ()
        return (frame,)

    rig.post = post


# -- the intent --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_an_intent_lost_on_the_way_is_sent_again(rig: Rig, kind: IntentKind) -> None:
    """Nothing else is lost, so the terminal notices at the next frame that one is missing, and connects anew."""
    intent = Trap(rig, kind, nothing).spring()
    rig.wait(1.2)
    rig.revive()
    state = the_end(rig)
    assert record_of(state, intent).state == IntentState.FILLED
    assert attempts(rig, intent.intent_id) == [1, 2]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_an_intent_delivered_twice_is_executed_once(rig: Rig, kind: IntentKind) -> None:
    """The same frame twice breaks the sequence; the session ends, and what was executed is known."""
    intent = Trap(rig, kind, lambda frame: (frame, frame)).spring()
    assert rig.ea is not None
    assert rig.ea.is_over
    state = the_end(rig)
    assert record_of(state, intent).state == IntentState.FILLED
    assert attempts(rig, intent.intent_id) == [1]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_an_intent_sent_again_needlessly_is_executed_once(rig: Rig, kind: IntentKind) -> None:
    """A bridge that does not know better says it once more, in a frame of its own: the EA repeats its answer."""
    intent = Trap(rig, kind, as_it_is).spring()
    assert rig.service is not None
    desk = rig.service._roster.desk_of(rig.peer)
    assert desk is not None
    assert desk.dealing is not None
    desk.dealing._say_intent(intent, 2, [], rig.clock.now_ns)
    rig.service._send_released(rig.peer, desk, rig.clock.now_ns, rig.clock.time_ns())
    rig.serve()
    rig.exchange()
    state = the_end(rig)
    assert record_of(state, intent).state == IntentState.FILLED
    assert rig.terminal.effects[intent.intent_id] == 1


# -- the answer --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_report_that_is_lost_comes_with_the_snapshot(rig: Rig, kind: IntentKind) -> None:
    def act(frame: bytes) -> Iterable[bytes]:
        losing(rig, TO_BRIDGE, MessageType.REPORT)
        return (frame,)

    intent = Trap(rig, kind, act).spring()
    state = the_end(rig)
    assert record_of(state, intent).state == IntentState.FILLED
    assert attempts(rig, intent.intent_id) == [1]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_report_that_comes_twice_counts_once(rig: Rig, kind: IntentKind) -> None:
    def act(frame: bytes) -> Iterable[bytes]:
        rig.post = lambda _, other: (other, other) if frame_type(other) == MessageType.REPORT else (other,)
        return (frame,)

    intent = Trap(rig, kind, act).spring()
    rig.play(3)
    state = the_end(rig)
    assert record_of(state, intent).state == IntentState.FILLED
    assert attempts(rig, intent.intent_id) == [1]


# -- late --------------------------------------------------------------------------------------------------------------


PATIENT = msgspec.structs.replace(RULES, silence_ms=60_000)


class Held:
    """Holds frames of one direction back, in their order, until they are let go."""

    def __init__(self, rig: Rig, direction: str) -> None:
        self._rig = rig
        self._direction = direction
        self._frames: list[bytes] = []

    def __call__(self, direction: str, frame: bytes) -> Iterable[bytes]:
        if direction != self._direction:
            return (frame,)
        self._frames.append(frame)
        return ()

    def let_go(self) -> None:
        """They arrive now."""
        self._rig.post = undisturbed
        if self._direction == TO_TERMINAL:
            self._rig._down.extend(self._frames)
        else:
            self._rig.router.inbox.extend((self._rig.peer, frame) for frame in self._frames)
        self._rig.exchange()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_an_intent_that_arrives_after_its_expiry_is_left_alone(make_rig: MakeRig, kind: IntentKind) -> None:
    impatient = EaRules(window=8, decision_wait_ms=1)  # it goes on while answers are missing
    rig = make_rig(ea_rules=impatient, rules=PATIENT)
    held = Held(rig, TO_TERMINAL)

    def act(frame: bytes) -> Iterable[bytes]:
        rig.post = held
        return held(TO_TERMINAL, frame)

    intent = Trap(rig, kind, act).spring()
    rig.play(8)
    assert rig.live_state_of(intent) == IntentState.ISSUED, "the ticks' clock may have leapt"
    rig.wait(6.0)
    assert rig.live_state_of(intent) == IntentState.UNKNOWN, "a time-out is never read as a rejection"
    held.let_go()
    state = the_end(rig)
    assert record_of(state, intent).state == IntentState.EXPIRED
    assert rig.terminal.effects[intent.intent_id] == 0


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_report_may_take_its_time(make_rig: MakeRig, kind: IntentKind) -> None:
    rig = make_rig(rules=PATIENT)
    held = Held(rig, TO_BRIDGE)

    def act(frame: bytes) -> Iterable[bytes]:
        rig.post = held
        return (frame,)

    intent = Trap(rig, kind, act).spring()
    rig.wait(20.0, 0.1)
    assert rig.live_state_of(intent) == IntentState.ISSUED, "while the ticks' clock stands nothing expires"
    held.let_go()
    state = the_end(rig)
    assert record_of(state, intent).state == IntentState.FILLED
    assert attempts(rig, intent.intent_id) == [1]


# -- connections that only seem to live --------------------------------------------------------------------------------


@pytest.mark.parametrize("arrives", [True, False], ids=["intent arrives", "intent is lost"])
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_half_open_connection_ends_in_silence(rig: Rig, kind: IntentKind, *, arrives: bool) -> None:
    def act(frame: bytes) -> Iterable[bytes]:
        rig.post = lambda _direction, _frame: ()
        return (frame,) if arrives else ()

    intent = Trap(rig, kind, act).spring()
    rig.wait(6.0)
    assert rig.ea is not None
    assert rig.ea.is_over
    rig.post = undisturbed
    state = the_end(rig)
    assert record_of(state, intent).state == IntentState.FILLED
    assert attempts(rig, intent.intent_id) == ([1] if arrives else [1, 2])


@pytest.mark.parametrize("arrives", [True, False], ids=["intent arrives", "intent is lost"])
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_terminal_that_is_back_before_its_end_was_noticed_goes_on(
    rig: Rig, kind: IntentKind, *, arrives: bool
) -> None:
    def act(frame: bytes) -> Iterable[bytes]:
        rig.post = lambda _direction, _frame: ()
        return (frame,) if arrives else ()

    intent = Trap(rig, kind, act).spring()
    rig.lose_sight()
    rig.post = undisturbed
    rig.connect()
    state = the_end(rig)
    assert record_of(state, intent).state == IntentState.FILLED
    assert attempts(rig, intent.intent_id) == ([1] if arrives else [1, 2])


# -- bridges that restart in between -----------------------------------------------------------------------------------


def dead_at(rig: Rig, point: Point, nth: int = 1) -> None:
    """The bridge lives until it dies at `point`."""
    rig.kill_bridge()
    rig.start_bridge(Plan(point=point, nth=nth))
    rig.play_until(lambda: rig.bridge_deaths[point])


@pytest.mark.parametrize("nth", [1, 2, 3, 4, 5, 6])
@pytest.mark.parametrize("point", [Point.INTENT_COMMITTED, Point.DECISION_SENT, Point.INTENT_SENT], ids=str)
def test_an_intent_in_the_journal_that_did_not_arrive_is_sent_again(rig: Rig, point: Point, nth: int) -> None:
    dead_at(rig, point, nth)
    before = rig.account()
    (open_intent,) = before.open_intents()
    arrived = rig.memory is not None and rig.memory.known(open_intent.intent.intent_id) is not None
    state = the_end(rig)
    assert record_of(state, open_intent.intent).state == IntentState.FILLED
    assert attempts(rig, open_intent.intent.intent_id) == ([1] if arrived else [1, 2])


@pytest.mark.parametrize("nth", [1, 2, 3, 4, 5, 6])
@pytest.mark.parametrize("point", [Point.REPORT_CAME, Point.REPORT_HANDLED, Point.REPORT_WRITTEN], ids=str)
def test_an_intent_whose_report_was_not_written_is_adopted_and_not_sent_again(rig: Rig, point: Point, nth: int) -> None:
    dead_at(rig, point, nth)
    waiting = rig.account().open_intents()
    state = the_end(rig)
    for record in waiting:
        assert record_of(state, record.intent).state == IntentState.FILLED
        assert attempts(rig, record.intent.intent_id) == [1]


def test_an_intent_decided_but_not_written_is_decided_again(rig: Rig) -> None:
    dead_at(rig, Point.DECIDED)
    assert rig.account().open_intents() == []
    known = rig.account().intents.keys()
    rig.revive()
    rig.step()
    assert len(rig.account().intents.keys() - known) == 1
    the_end(rig)
