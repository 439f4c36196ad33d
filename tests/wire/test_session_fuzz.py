"""Rubbish against real sessions, and every order of talk that the rules allow."""

import gc
import tracemalloc
from collections import deque
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.wire.link import RUNNING, Link, in_place, linked
from tests.wire.samples import BRIDGE_NONCE, SAMPLES, same
from wire import codec
from wire.errors import RemoteProtocolError
from wire.messages import ErrorMessage, Message
from wire.states import OVER, TRANSITIONS, Sender, SessionState, Trigger

pytestmark = pytest.mark.fuzz


def spoilt(frame: bytes, rng: np.random.Generator) -> bytes:
    """`frame` with up to three bytes changed, half of them in the header."""
    buffer = bytearray(frame)
    for _ in range(int(rng.integers(0, 4))):
        reach = 32 if rng.random() < 0.5 else len(buffer)
        buffer[int(rng.integers(reach))] = int(rng.integers(256))
    return bytes(buffer) if rng.random() < 0.9 else bytes(buffer[: int(rng.integers(len(buffer)))])


def attempts(count: int, seed: int) -> Iterator[tuple[Link, Sender, bytes]]:
    """Links in any state, and a spoilt frame of any kind for one of their ends."""
    rng = np.random.default_rng(seed)
    triggers = list(SAMPLES)
    link = linked(SessionState.LIVE)
    for _ in range(count):
        if link.bridge.is_over or link.terminal.is_over or rng.random() < 0.05:
            link = linked(RUNNING[int(rng.integers(len(RUNNING)))])
        sender = Sender(int(rng.integers(2)))
        sample = SAMPLES[triggers[int(rng.integers(len(triggers)))]]
        yield link, sender, spoilt(in_place(link, sender, sample), rng)


def outcome(link: Link, sender: Sender, frame: bytes) -> str:
    """What the hearer made of `frame`; anything but a message or the one typed error escapes."""
    end = link.other(sender)
    before = end.state
    try:
        (message,) = link.deliver(sender, frame)
    except RemoteProtocolError as problem:
        return "refused" if answered(problem, end.state) else "wrong"
    allowed = TRANSITIONS[before].get((sender, message.trigger))
    return "heard" if end.state is allowed else "wrong"


def answered(problem: RemoteProtocolError, state: SessionState) -> bool:
    _, answer = codec.decode(problem.answer)
    return isinstance(answer, ErrorMessage) and answer.fatal and answer.code is problem.code and state in OVER


def test_no_frame_makes_a_session_do_anything_but_hear_or_refuse() -> None:
    outcomes = [outcome(*attempt) for attempt in attempts(30_000, seed=5)]
    assert set(outcomes) == {"heard", "refused"}
    assert outcomes.count("heard") > 1_000


def test_sessions_do_not_gather_memory() -> None:
    link = linked(SessionState.LIVE)
    traced = []
    tracemalloc.start()
    for _ in range(4):
        for _ in range(500):
            link.now_ns += 1_000_000
            for trigger in (Trigger.TICKS, Trigger.REPORT, Trigger.SNAPSHOT, Trigger.HEARTBEAT):
                link.say(Sender.TERMINAL, SAMPLES[trigger])
            link.say(Sender.BRIDGE, SAMPLES[Trigger.DECISION])
        gc.collect()
        traced.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert traced[-1] - traced[1] < 2_000


class Conversation(RuleBasedStateMachine):
    """Two ends that say whatever they may, with frames on their way for as long as you like."""

    def __init__(self) -> None:
        super().__init__()
        self.link = Link()
        self.under_way: dict[Sender, deque[tuple[bytes, Message]]] = {sender: deque() for sender in Sender}

    def may_say(self, sender: Sender) -> list[Trigger]:
        return [trigger for who, trigger in TRANSITIONS[self.link.end(sender).state] if who is sender]

    @rule(sender=st.sampled_from(Sender), data=st.data())
    def say(self, sender: Sender, data: st.DataObject) -> None:
        """Send anything that is allowed."""
        choices = self.may_say(sender)
        if not choices:
            return
        trigger = data.draw(st.sampled_from(choices))
        frame = self.sent(trigger, sender)
        self.under_way[sender].append((frame, codec.decode(frame, self.link.bridge.symbols)[1]))

    def sent(self, trigger: Trigger, sender: Sender) -> bytes:
        answers: dict[Trigger, Callable[[], bytes]] = {
            Trigger.CHALLENGE: lambda: self.link.bridge.challenge(BRIDGE_NONCE, self.link.now_ns),
            Trigger.AUTH: lambda: self.link.terminal.authenticate(self.link.now_ns),
        }
        if trigger in answers:
            return answers[trigger]()
        return self.link.frame(sender, whole(trigger))

    @rule(sender=st.sampled_from(Sender))
    def hear(self, sender: Sender) -> None:
        """Deliver the oldest frame; a legal message is never an error, whatever else was on its way."""
        if self.under_way[sender]:
            frame, message = self.under_way[sender].popleft()
            was_over = self.link.other(sender).is_over
            heard = self.link.deliver(sender, frame)
            assert heard == [] if was_over else same(heard[0], message)

    @precondition(lambda self: not any(self.under_way.values()))
    @rule()
    def agree(self) -> None:
        """With nothing on its way, both are in the same state, unless both said their end at once."""
        states = {self.link.terminal.state, self.link.bridge.state}
        assert len(states) == 1 or states <= OVER

    @invariant()
    def acknowledged_in_order(self) -> None:
        for sender in Sender:
            assert (
                self.link.end(sender).acked_seq <= self.link.other(sender).heard_seq <= self.link.end(sender).sent_seq
            )


def whole(trigger: Trigger) -> Message:
    """The sample, but for a part of a snapshot that would have to be followed by the rest."""
    return SAMPLES[Trigger.HEARTBEAT if trigger is Trigger.SNAPSHOT_PART else trigger]


TestConversation = Conversation.TestCase
TestConversation.settings = settings(max_examples=300, stateful_step_count=60, deadline=None)
