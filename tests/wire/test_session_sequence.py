import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wire.link import Link, broken, case_name, linked
from tests.wire.samples import DECISION, HEARTBEAT, SAMPLES, ticks
from wire import codec
from wire.enums import ErrorCode
from wire.errors import RemoteProtocolError
from wire.session import SEQUENCE_PERIOD, next_seq
from wire.states import Sender, SessionState, Trigger

TERMINAL, BRIDGE = Sender.TERMINAL, Sender.BRIDGE


# ------------------------------------------------------------------------------------------------------------ sequence


@pytest.mark.parametrize("sender", Sender, ids=case_name)
def test_a_lost_frame_is_noticed_at_the_next(sender: Sender) -> None:
    link = linked(SessionState.LIVE)
    link.frame(sender, HEARTBEAT)
    assert broken(link, sender, link.frame(sender, HEARTBEAT)).code is ErrorCode.OUT_OF_SEQUENCE


@pytest.mark.parametrize("sender", Sender, ids=case_name)
def test_a_repeated_frame_is_noticed(sender: Sender) -> None:
    link = linked(SessionState.LIVE)
    frame = link.frame(sender, HEARTBEAT)
    link.deliver(sender, frame)
    assert broken(link, sender, frame).code is ErrorCode.OUT_OF_SEQUENCE


@pytest.mark.parametrize("by", [-1, 1, 5])
def test_an_ack_of_what_was_not_sent_or_is_taken_back_is_noticed(by: int) -> None:
    link = linked(SessionState.LIVE)
    link.say(TERMINAL, HEARTBEAT)
    ack = link.bridge.sent_seq + by
    frame = codec.encode(HEARTBEAT, seq=link.terminal.sent_seq + 1, ack=ack, session=link.terminal.session)
    problem = broken(link, TERMINAL, frame)
    assert problem.code is ErrorCode.OUT_OF_SEQUENCE
    assert problem.field == "WireHeader.ack"


@pytest.mark.parametrize(
    ("state", "session"), [(SessionState.LIVE, 0), (SessionState.LIVE, 42), (SessionState.GREETED, 41)]
)
def test_the_number_of_another_session_is_noticed(state: SessionState, session: int) -> None:
    link = linked(state)
    end = link.terminal
    frame = codec.encode(SAMPLES[Trigger.BYE], seq=end.sent_seq + 1, ack=end.heard_seq, session=session)
    assert broken(link, TERMINAL, frame).code is ErrorCode.OUT_OF_SEQUENCE


def test_a_fatal_error_is_heard_wherever_the_count_stands() -> None:
    link = linked(SessionState.LIVE)
    frame = codec.encode(SAMPLES[Trigger.FATAL], seq=99, ack=99, session=99)
    (heard,) = link.deliver(BRIDGE, frame)
    assert heard == SAMPLES[Trigger.FATAL]
    assert link.terminal.state is SessionState.FAILED


def test_the_count_turns_over_without_a_zero() -> None:
    assert next_seq(0) == 1
    assert next_seq(SEQUENCE_PERIOD - 1) == SEQUENCE_PERIOD == 2**32 - 1
    assert next_seq(SEQUENCE_PERIOD) == 1
    link = linked(SessionState.LIVE)
    start = SEQUENCE_PERIOD - 5
    for end in (link.terminal, link.bridge):
        end.sent_seq = end.heard_seq = end.acked_seq = start
    for _ in range(12):
        link.say(TERMINAL, ticks())
        link.say(BRIDGE, DECISION)
    link.say(TERMINAL, ticks())
    assert link.terminal.sent_seq == 8
    assert link.bridge.acked_seq == 7


def test_an_ack_ahead_is_noticed_around_the_turn_too() -> None:
    link = linked(SessionState.LIVE)
    link.bridge.sent_seq = link.bridge.acked_seq = SEQUENCE_PERIOD
    link.frame(BRIDGE, DECISION)
    assert link.bridge.sent_seq == 1
    frame = codec.encode(HEARTBEAT, seq=link.terminal.sent_seq + 1, ack=2, session=link.terminal.session)
    assert broken(link, TERMINAL, frame).code is ErrorCode.OUT_OF_SEQUENCE


# --------------------------------------------------------------------------------------------------- a line with faults


def talk(link: Link, count: int) -> list[bytes]:
    """Frames that the terminal sends one after the other."""
    turns = [SAMPLES[trigger] for trigger in (Trigger.TICKS, Trigger.HEARTBEAT, Trigger.ASK, Trigger.REPORT)]
    return [link.frame(TERMINAL, turns[number % len(turns)]) for number in range(count)]


def heard_until_noticed(link: Link, frames: list[bytes]) -> int:
    """How many of `frames` are heard before one is refused as out of sequence."""
    for number, frame in enumerate(frames):
        try:
            link.deliver(TERMINAL, frame)
        except RemoteProtocolError as problem:
            return number if problem.code is ErrorCode.OUT_OF_SEQUENCE else -1
    return len(frames)


@given(count=st.integers(2, 12), data=st.data())
def test_a_frame_lost_anywhere_is_noticed_at_the_one_behind_it(count: int, data: st.DataObject) -> None:
    link = linked(SessionState.LIVE)
    frames = talk(link, count)
    lost = data.draw(st.integers(0, count - 2))
    assert heard_until_noticed(link, frames[:lost] + frames[lost + 1 :]) == lost


@given(count=st.integers(2, 12), data=st.data())
def test_a_frame_repeated_anywhere_is_noticed(count: int, data: st.DataObject) -> None:
    link = linked(SessionState.LIVE)
    frames = talk(link, count)
    again = data.draw(st.integers(0, count - 1))
    late = data.draw(st.integers(again + 1, count))
    assert heard_until_noticed(link, [*frames[:late], frames[again], *frames[late:]]) == late


@given(count=st.integers(2, 12), data=st.data())
def test_two_frames_that_change_places_are_noticed_at_the_first(count: int, data: st.DataObject) -> None:
    link = linked(SessionState.LIVE)
    frames = talk(link, count)
    first, second = sorted(data.draw(st.sets(st.integers(0, count - 1), min_size=2, max_size=2)))
    frames[first], frames[second] = frames[second], frames[first]
    assert heard_until_noticed(link, frames) == first


@given(count=st.integers(1, 12))
def test_a_sound_line_carries_everything(count: int) -> None:
    link = linked(SessionState.LIVE)
    assert heard_until_noticed(link, talk(link, count)) == count
