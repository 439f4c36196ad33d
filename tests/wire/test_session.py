import pytest
from msgspec.structs import replace

from domain.timeframes import Timeframe
from tests.wire.link import RUNNING, broken, case_name, in_place, linked
from tests.wire.samples import (
    ASK,
    DECISION,
    HEARTBEAT,
    HELLO,
    INTENT_MESSAGE,
    NAMES,
    REPORT,
    SAMPLES,
    SNAPSHOT,
    SYMBOLS,
    WELCOME,
    same,
    ticks,
)
from wire import codec
from wire.enums import ByeReason, ErrorCode
from wire.errors import LocalProtocolError, ProtocolError, RemoteProtocolError
from wire.messages import Bye, ErrorMessage, Heartbeat, HistoryRequest, Message
from wire.states import OVER, TRANSITIONS, Sender, SessionState, Trigger

TERMINAL, BRIDGE = Sender.TERMINAL, Sender.BRIDGE


# ------------------------------------------------------------------------------------------------------ the happy path


def test_two_ends_go_live() -> None:
    link = linked(SessionState.LIVE)
    assert link.terminal.state is link.bridge.state is SessionState.LIVE
    assert link.terminal.session == link.bridge.session == WELCOME.session
    assert link.terminal.symbols == link.bridge.symbols == NAMES
    assert link.bridge.specs == SYMBOLS.specs
    assert link.bridge.hello == HELLO
    assert link.terminal.welcome == WELCOME
    assert not link.terminal.is_over


def test_a_day_of_talk() -> None:
    link = linked(SessionState.LIVE)
    conversation: list[tuple[Sender, Message]] = [
        (TERMINAL, ticks(30)),
        (BRIDGE, replace(DECISION, intents_following=1)),
        (BRIDGE, INTENT_MESSAGE),
        (TERMINAL, REPORT),
        (BRIDGE, Heartbeat(snapshot_wanted=True)),
        (TERMINAL, SNAPSHOT),
        (BRIDGE, HistoryRequest(symbol_index=1, timeframe=Timeframe.H1, bars=3)),
        (TERMINAL, SAMPLES[Trigger.HISTORY]),
        (TERMINAL, SAMPLES[Trigger.CALENDAR]),
        (TERMINAL, ASK),
        (BRIDGE, DECISION),
        (BRIDGE, SAMPLES[Trigger.ERROR]),
        (TERMINAL, HEARTBEAT),
        (TERMINAL, Bye(reason=ByeReason.REMOVED)),
    ]
    for sender, message in conversation:
        assert same(link.say(sender, message), message)
    assert link.terminal.state is link.bridge.state is SessionState.CLOSED
    assert link.bridge.heard_seq == link.terminal.sent_seq
    assert link.terminal.heard_seq == link.bridge.sent_seq


def test_frames_carry_the_count_and_the_session() -> None:
    link = linked(SessionState.LIVE)
    header, _ = codec.decode(link.terminal.send(ticks(), link.now_ns, utc_ns=123))
    assert header.seq == link.bridge.heard_seq + 1
    assert header.ack == link.bridge.sent_seq
    assert header.session == WELCOME.session
    assert header.time_ns == 123


def test_each_side_learns_what_the_other_has_heard() -> None:
    link = linked(SessionState.LIVE)
    link.say(BRIDGE, DECISION)
    assert link.bridge.acked_seq == link.bridge.sent_seq - 1
    link.say(TERMINAL, ASK)
    assert link.bridge.acked_seq == link.bridge.sent_seq


# -------------------------------------------------------------------------------------------- what is not in the table

ILLEGAL = [
    (state, sender, trigger)
    for state in RUNNING
    for sender in Sender
    for trigger in Trigger
    if (sender, trigger) not in TRANSITIONS[state]
]
LEGAL = [(state, *step) for state in RUNNING for step in TRANSITIONS[state]]


@pytest.mark.parametrize(("state", "sender", "trigger"), ILLEGAL, ids=case_name)
def test_what_we_may_not_say_is_our_error_and_changes_nothing(
    state: SessionState, sender: Sender, trigger: Trigger
) -> None:
    link = linked(state)
    end = link.end(sender)
    before = end.sent_seq
    with pytest.raises(LocalProtocolError) as caught:
        end.send(SAMPLES[trigger], link.now_ns)
    assert caught.value.code is ErrorCode.UNEXPECTED
    assert trigger.name in caught.value.detail
    assert state.name in caught.value.detail
    assert (end.state, end.sent_seq) == (state, before)


@pytest.mark.parametrize(("state", "sender", "trigger"), ILLEGAL, ids=case_name)
def test_what_the_peer_may_not_say_ends_the_session(state: SessionState, sender: Sender, trigger: Trigger) -> None:
    link = linked(state)
    frame = in_place(link, sender, SAMPLES[trigger])
    if trigger is Trigger.INTENT and not link.other(sender).symbols:
        assert broken(link, sender, frame).code is ErrorCode.UNKNOWN_SYMBOL
    else:
        assert broken(link, sender, frame).code is ErrorCode.UNEXPECTED


@pytest.mark.parametrize(("state", "sender", "trigger"), LEGAL, ids=case_name)
def test_what_may_be_said_leads_both_where_the_table_says(
    state: SessionState, sender: Sender, trigger: Trigger
) -> None:
    link = linked(state)
    if trigger in (Trigger.CHALLENGE, Trigger.AUTH):
        link.step(trigger)
    else:
        assert same(link.say(sender, SAMPLES[trigger]), SAMPLES[trigger])
    assert link.terminal.state is link.bridge.state is TRANSITIONS[state][sender, trigger]


@pytest.mark.parametrize("state", sorted(OVER), ids=case_name)
@pytest.mark.parametrize("sender", Sender, ids=case_name)
def test_a_session_that_is_over_neither_hears_nor_says(state: SessionState, sender: Sender) -> None:
    link = linked(state)
    end = link.end(sender)
    assert end.is_over
    assert end.deadline_ns is None
    for message in (ticks(), HELLO, DECISION):
        assert end.receive(in_place(link, sender, message), link.now_ns) == []
        with pytest.raises(LocalProtocolError):
            end.send(message, link.now_ns)
    assert end.receive(b"anything", link.now_ns) == []
    assert end.on_time(link.now_ns + 10**15) == []
    assert end.state is state


def test_both_errors_are_protocol_errors() -> None:
    assert issubclass(LocalProtocolError, ProtocolError)
    assert issubclass(RemoteProtocolError, ProtocolError)


def test_an_answer_is_heard_and_ends_the_other_side_too() -> None:
    link = linked(SessionState.WELCOMED)
    problem = broken(link, TERMINAL, in_place(link, TERMINAL, ticks()))
    (heard,) = link.terminal.receive(problem.answer, link.now_ns)
    assert isinstance(heard, ErrorMessage)
    assert heard.code is ErrorCode.UNEXPECTED
    assert link.terminal.state is SessionState.FAILED


def test_frames_under_way_after_a_failure_are_ignored() -> None:
    link = linked(SessionState.LIVE)
    late = [link.frame(TERMINAL, ticks()) for _ in range(3)]
    broken(link, TERMINAL, b"rubbish")
    assert [link.deliver(TERMINAL, frame) for frame in late] == [[], [], []]


def test_frames_under_way_after_a_bye_are_ignored() -> None:
    link = linked(SessionState.LIVE)
    bye = link.frame(BRIDGE, Bye(reason=ByeReason.STOPPING))
    assert link.deliver(TERMINAL, link.frame(TERMINAL, ticks())) == []
    link.deliver(BRIDGE, bye)
    assert link.terminal.state is link.bridge.state is SessionState.CLOSED
