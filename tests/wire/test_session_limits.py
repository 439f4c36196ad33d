from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.wire.link import Link, broken, in_place, linked
from tests.wire.samples import (
    ASK,
    DECISION,
    HEARTBEAT,
    HELLO,
    INTENT_MESSAGE,
    NAMES,
    SAMPLES,
    SNAPSHOT,
    SPEC,
    SYMBOLS,
    UPDATE,
    WELCOME,
    rates_array,
    tick_array,
    ticks,
)
from wire import codec
from wire.enums import ErrorCode
from wire.errors import LocalProtocolError, RemoteProtocolError
from wire.messages import ErrorMessage, Heartbeat, History, Message, Snapshot, Symbols
from wire.session import HeartbeatDue, Limits, PeerSilent
from wire.states import Sender, SessionState, Trigger

TERMINAL, BRIDGE = Sender.TERMINAL, Sender.BRIDGE
MS = 1_000_000
SECOND = 1_000 * MS


def live(**rules: int) -> Link:
    """A live link under these rules of WELCOME."""
    link = linked(SessionState.PROVEN)
    link.say(BRIDGE, replace(WELCOME, **rules))
    for trigger in (Trigger.SYMBOLS, Trigger.SNAPSHOT, Trigger.READY):
        link.step(trigger)
    return link


# ---------------------------------------------------------------------------------------------------------------- size


def test_a_frame_over_the_limit_is_refused_unread() -> None:
    link = live(max_frame_bytes=5000)
    assert broken(link, TERMINAL, bytes(5001)).code is ErrorCode.TOO_LARGE


def test_a_hundred_megabytes_are_refused() -> None:
    link = linked(SessionState.LIVE)
    assert broken(link, TERMINAL, bytes(100_000_000)).code is ErrorCode.TOO_LARGE


def test_a_frame_of_the_largest_size_is_heard() -> None:
    link = live(max_frame_bytes=74 + 60 * 100)
    link.say(TERMINAL, ticks(100))
    before = link.terminal.sent_seq
    with pytest.raises(LocalProtocolError) as caught:
        link.terminal.send(ticks(101), link.now_ns)
    assert caught.value.code is ErrorCode.TOO_LARGE
    assert link.terminal.sent_seq == before


@pytest.mark.parametrize("state", [SessionState.OPEN, SessionState.CHALLENGED])
def test_before_the_welcome_frames_are_small(state: SessionState) -> None:
    assert broken(linked(state), TERMINAL, bytes(4097)).code is ErrorCode.TOO_LARGE
    assert broken(linked(state), TERMINAL, bytes(4096)).code is ErrorCode.BAD_FRAME


def test_more_ticks_than_agreed_are_refused() -> None:
    link = live(max_ticks=10)
    link.say(TERMINAL, ticks(10))
    with pytest.raises(LocalProtocolError, match="at most 10"):
        link.terminal.send(ticks(11), link.now_ns)
    assert broken(link, TERMINAL, in_place(link, TERMINAL, ticks(11))).code is ErrorCode.TOO_LARGE


# ---------------------------------------------------------------------------------------------------------------- rate


def test_a_burst_is_heard_and_a_flood_is_not() -> None:
    link = live(frames_per_second=100)
    for _ in range(150):
        link.say(TERMINAL, ticks())
    flood = [link.frame(TERMINAL, ticks()) for _ in range(60)]
    with pytest.raises(RemoteProtocolError, match="100 a second") as caught:
        list(map(partial(link.deliver, TERMINAL), flood))
    assert caught.value.code is ErrorCode.TOO_FAST
    assert 180 < link.bridge.heard_seq <= 210


def test_the_sustained_rate_may_go_on_for_ever() -> None:
    link = live(frames_per_second=100)
    for _ in range(2000):
        link.now_ns += 10 * MS
        link.say(TERMINAL, ticks())


def test_rest_makes_room_for_another_burst() -> None:
    link = live(frames_per_second=100)
    for _ in range(3):
        for _ in range(190):
            link.say(TERMINAL, ticks())
        link.now_ns += 2 * SECOND


@given(
    gaps=st.lists(st.integers(0, 40 * MS), min_size=1, max_size=300),
    rate=st.integers(10, 200),
    burst_s=st.floats(0.1, 3.0),
)
def test_the_rate_is_that_of_a_leaking_bucket(gaps: list[int], rate: int, burst_s: float) -> None:
    link = Link(limits=Limits(frames_per_second=rate, burst_s=burst_s, handshake_ms=1_000_000))
    level, capacity, refused = 0.0, burst_s * 1e9, False
    for gap in gaps:
        link.now_ns += gap
        level = max(level - gap, 0.0) + 1_000_000_000 // rate
        with pytest.raises(RemoteProtocolError) as caught:
            Link.deliver(link, TERMINAL, b"")
        refused = caught.value.code is ErrorCode.TOO_FAST
        assert refused == (level > int(capacity))
        if refused:
            break
        link.bridge.state = SessionState.OPEN


# ---------------------------------------------------------------------------------------------------------------- time


@pytest.mark.parametrize("sender", Sender, ids=lambda sender: sender.name)
def test_heartbeats_are_due_until_sent(sender: Sender) -> None:
    link = live(heartbeat_ms=1000, silence_ms=5000)
    end = link.end(sender)
    link.say(sender, HEARTBEAT if sender is TERMINAL else Heartbeat())
    assert end.deadline_ns == link.now_ns + 1000 * MS
    assert end.on_time(link.now_ns + 999 * MS) == []
    link.now_ns += 1000 * MS
    assert end.on_time(link.now_ns) == end.on_time(link.now_ns) == [HeartbeatDue()]
    link.say(sender, Heartbeat())
    assert end.on_time(link.now_ns) == []


def test_other_messages_do_not_stand_in_for_a_heartbeat() -> None:
    link = live(heartbeat_ms=1000)
    link.now_ns += 999 * MS
    link.say(TERMINAL, ticks())
    link.now_ns += 2 * MS
    assert link.terminal.on_time(link.now_ns) == [HeartbeatDue()]


@pytest.mark.parametrize("sender", Sender, ids=lambda sender: sender.name)
def test_silence_ends_the_session(sender: Sender) -> None:
    link = live(heartbeat_ms=1000, silence_ms=5000)
    end = link.end(sender)
    for _ in range(4):
        link.now_ns += 1000 * MS
        assert end.on_time(link.now_ns) == [HeartbeatDue()]
        end.send(Heartbeat(), link.now_ns)
    link.now_ns += 1000 * MS
    (silent,) = end.on_time(link.now_ns)
    assert isinstance(silent, PeerSilent)
    assert silent.silent_ns == 5000 * MS
    assert end.state is SessionState.FAILED
    _, told = codec.decode(silent.answer)
    assert isinstance(told, ErrorMessage)
    assert (told.code, told.fatal) == (ErrorCode.SILENT, True)


def test_any_frame_breaks_the_silence() -> None:
    link = live(heartbeat_ms=1000, silence_ms=5000)
    for _ in range(10):
        link.now_ns += 4999 * MS
        link.say(TERMINAL, ticks())
        assert PeerSilent not in map(type, link.bridge.on_time(link.now_ns))


def test_a_handshake_that_stalls_is_given_up() -> None:
    for state in (SessionState.OPEN, SessionState.GREETED, SessionState.CHALLENGED, SessionState.PROVEN):
        link = linked(state)
        for end in (link.bridge, link.terminal):
            assert end.deadline_ns == link.now_ns + 10_000 * MS
            assert end.on_time(link.now_ns + 9_999 * MS) == []
            assert isinstance(end.on_time(link.now_ns + 10_000 * MS)[0], PeerSilent)


def test_nobody_can_keep_a_handshake_open_by_talking() -> None:
    link = Link()
    assert broken(link, TERMINAL, in_place(link, TERMINAL, SAMPLES[Trigger.ERROR])).code is ErrorCode.UNEXPECTED


@given(steps=st.lists(st.integers(1, 3000), min_size=1, max_size=40))
def test_the_deadline_is_the_first_moment_with_something_to_say(steps: list[int]) -> None:
    link = live(heartbeat_ms=1000, silence_ms=2500)
    for step in steps:
        deadline = link.bridge.deadline_ns
        if deadline is None:
            assert link.bridge.is_over
            return
        assert link.bridge.on_time(deadline - 1) == []
        link.now_ns += step * MS
        duties = link.bridge.on_time(link.now_ns)
        assert bool(duties) == (link.now_ns >= deadline)
        if duties == [HeartbeatDue()]:
            link.say(BRIDGE, Heartbeat())


# --------------------------------------------------------------------------------------------------------------- rules


def spoken(message: Message) -> tuple[Sender, Message]:
    return (BRIDGE if message.trigger in (Trigger.DECISION, Trigger.HISTORY_REQUEST) else TERMINAL), message


@pytest.mark.parametrize(
    "message",
    [
        replace(ticks(), symbol_index=2),
        replace(ASK, symbol_index=2),
        replace(DECISION, symbol_index=0xFFFF),
        replace(SAMPLES[Trigger.HISTORY], symbol_index=2),
        replace(SAMPLES[Trigger.HISTORY_REQUEST], symbol_index=2),
    ],
    ids=lambda message: type(message).__name__,
)
def test_a_symbol_that_was_not_listed_is_refused_on_both_sides(message: Message) -> None:
    link = linked(SessionState.LIVE)
    sender, _ = spoken(message)
    with pytest.raises(LocalProtocolError) as caught:
        link.frame(sender, message)
    assert caught.value.code is ErrorCode.UNKNOWN_SYMBOL
    assert broken(link, sender, in_place(link, sender, message)).code is ErrorCode.UNKNOWN_SYMBOL


def test_an_intent_for_a_symbol_that_was_not_listed_cannot_be_sent() -> None:
    link = linked(SessionState.LIVE)
    stranger = replace(INTENT_MESSAGE, intent=replace(INTENT_MESSAGE.intent, symbol="GBPUSD.m"))
    with pytest.raises(LocalProtocolError, match="GBPUSD"):
        link.frame(BRIDGE, stranger)
    link.say(TERMINAL, Symbols(specs=(*SYMBOLS.specs, replace(SPEC, name="GBPUSD.m"))))
    assert link.say(BRIDGE, stranger) == stranger


def test_symbols_may_be_refreshed() -> None:
    link = linked(SessionState.LIVE)
    dearer = Symbols(specs=tuple(replace(spec, tick_value=1.1) for spec in SYMBOLS.specs))
    link.say(TERMINAL, dearer)
    assert link.bridge.specs[0].tick_value == 1.1


@pytest.mark.parametrize("names", [(NAMES[1], NAMES[0]), NAMES[:1], ("EURUSD", NAMES[1])])
def test_symbols_that_lose_their_places_are_refused(names: tuple[str, ...]) -> None:
    link = linked(SessionState.LIVE)
    moved = Symbols(specs=tuple(replace(SPEC, name=name) for name in names))
    with pytest.raises(LocalProtocolError, match=r"XAUUSD\.m"):
        link.frame(TERMINAL, moved)
    assert broken(link, TERMINAL, in_place(link, TERMINAL, moved)).code is ErrorCode.UNKNOWN_SYMBOL


def part(number: int, parts: int) -> Snapshot:
    return replace(SNAPSHOT, update=replace(UPDATE, complete=parts == 1), part=number, parts=parts)


def test_parts_of_a_snapshot_come_in_order_and_the_last_reconciles() -> None:
    link = linked(SessionState.LISTED)
    for number in (1, 2, 3):
        assert link.bridge.state is SessionState.LISTED
        link.say(TERMINAL, part(number, 3))
    assert link.bridge.state is link.terminal.state is SessionState.RECONCILED
    for number in (1, 2):
        link.say(TERMINAL, part(number, 2))
    link.say(TERMINAL, part(1, 1))


@pytest.mark.parametrize("first", [[], [(1, 3)], [(1, 3), (2, 3)]])
@pytest.mark.parametrize("wrong", [(2, 2), (3, 3), (1, 3), (2, 4), (3, 4)])
def test_a_part_out_of_order_is_refused(first: list[tuple[int, int]], wrong: tuple[int, int]) -> None:
    link = linked(SessionState.LISTED)
    for number, parts in first:
        link.say(TERMINAL, part(number, parts))
    done, of = first[-1] if first else (0, wrong[1])
    if wrong == (done + 1, of):
        link.say(TERMINAL, part(*wrong))
        return
    with pytest.raises(LocalProtocolError, match="in order"):
        link.frame(TERMINAL, part(*wrong))
    assert broken(link, TERMINAL, in_place(link, TERMINAL, part(*wrong))).code is ErrorCode.OUT_OF_SEQUENCE


def test_a_welcome_must_leave_time_between_heartbeat_and_silence() -> None:
    link = linked(SessionState.PROVEN)
    hasty = replace(WELCOME, heartbeat_ms=1000, silence_ms=1000)
    with pytest.raises(LocalProtocolError, match="silence_ms"):
        link.frame(BRIDGE, hasty)
    assert broken(link, BRIDGE, in_place(link, BRIDGE, hasty)).code is ErrorCode.BAD_FRAME


def test_a_refusal_ends_both_sides() -> None:
    link = linked(SessionState.PROVEN)
    frame = link.bridge.refuse(
        ErrorCode.DUPLICATE_LOGIN, "login 2000123 is connected from another terminal", link.now_ns
    )
    assert link.bridge.state is SessionState.FAILED
    (heard,) = link.deliver(BRIDGE, frame)
    assert isinstance(heard, ErrorMessage)
    assert heard.code is ErrorCode.DUPLICATE_LOGIN
    assert heard.ref_seq == 2
    assert link.terminal.state is SessionState.FAILED


def test_what_cannot_be_written_is_our_error() -> None:
    link = linked(SessionState.LIVE)
    before = link.terminal.sent_seq
    bad = tick_array(1)
    bad["bid"] = float("nan")
    with pytest.raises(LocalProtocolError, match="bid"):
        link.frame(TERMINAL, replace(ticks(), ticks=bad))
    assert (link.terminal.state, link.terminal.sent_seq) == (SessionState.LIVE, before)
    link.say(TERMINAL, ticks())


def test_history_in_parts_is_heard_part_by_part() -> None:
    link = linked(SessionState.RECONCILED)
    for number in (1, 2):
        message = replace(SAMPLES[Trigger.HISTORY], rates=rates_array(2), part=number, parts=2)
        heard = link.say(TERMINAL, message)
        assert isinstance(heard, History)
        assert (heard.part, heard.parts, len(heard.rates)) == (number, 2, 2)


def test_a_hello_twice_is_unexpected() -> None:
    link = linked(SessionState.GREETED)
    assert broken(link, TERMINAL, in_place(link, TERMINAL, HELLO)).code is ErrorCode.UNEXPECTED
