"""What the observer makes of a conversation, however its bytes arrive."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from sim.mql5.abi import Traffic
from sim.mql5.observer import FrameReader, Observer
from tests.wire.samples import DECISION, HEARTBEAT, HELLO, INTENT, INTENT_MESSAGE, REPORT, SYMBOLS, WELCOME, ticks
from wire.codec import encode
from wire.enums import ErrorCode
from wire.messages import Challenge, ErrorMessage, Message

GREETING = b"\xff" + bytes(8) + b"\x7f\x03" + bytes(53)
NAMES = tuple(spec.name for spec in SYMBOLS.specs)
READY = replace(HEARTBEAT, ready=True)
CHALLENGE = Challenge(version=1, bridge_nonce=b"n" * 16, proof=b"p" * 32)


def framed(*bodies: bytes, flags: int = 0) -> bytes:
    """ZMTP frames (RFC 23)."""
    made = b""
    for body in bodies:
        if len(body) > 255:
            made += bytes([flags | 2]) + len(body).to_bytes(8, "big") + body
        else:
            made += bytes([flags, len(body)]) + body
    return made


@given(st.lists(st.binary(max_size=600), max_size=6), st.lists(st.integers(1, 80), min_size=1, max_size=30))
def test_frames_are_cut_right_however_they_come(bodies: list[bytes], cuts: list[int]) -> None:
    stream = GREETING + framed(b"\x05READY", flags=4) + framed(*bodies)
    reader, at, turn = FrameReader(), 0, 0
    found: list[bytes] = []
    while at < len(stream):
        step = cuts[turn % len(cuts)]
        found += reader.take(stream[at : at + step])
        at, turn = at + step, turn + 1
    assert found == bodies


class Talk:
    """A connection with an observer on it."""

    def __init__(self) -> None:
        self.observer = Observer()
        self.connect()

    def connect(self) -> None:
        self.observer.take(Traffic.CONNECTED, b"")
        for way in (Traffic.SENT, Traffic.HEARD):
            self.observer.take(way, GREETING + framed(b"\x05READY", flags=4))

    def ea(self, *messages: Message) -> None:
        for message in messages:
            self.observer.take(Traffic.SENT, framed(encode(message, symbols=NAMES)))

    def bridge(self, *messages: Message) -> None:
        for message in messages:
            self.observer.take(Traffic.HEARD, framed(encode(message, symbols=NAMES)))


def live() -> Talk:
    talk = Talk()
    talk.ea(SYMBOLS, READY)
    return talk


def test_a_session_is_live_with_its_ready() -> None:
    talk = Talk()
    live_first = talk.observer.is_live
    talk.ea(HELLO)
    owed = [talk.observer.is_owed]
    talk.bridge(CHALLENGE)
    owed.append(talk.observer.is_owed)
    assert (live_first, owed) == (False, [True, False])
    talk.bridge(WELCOME)
    talk.ea(SYMBOLS, READY, READY)
    assert talk.observer.is_live
    assert talk.observer.is_settled
    assert talk.observer.counts.sessions == 1


def test_a_batch_is_owed_its_decision_and_the_intents_that_follow() -> None:
    talk, batch = live(), replace(ticks(3), batch=DECISION.batch)
    talk.ea(batch, REPORT)
    assert (talk.observer.waiting, talk.observer.is_owed, talk.observer.is_settled) == (1, True, False)
    talk.bridge(replace(DECISION, intents_following=1))
    assert (talk.observer.waiting, talk.observer.is_owed) == (0, True)
    talk.bridge(INTENT_MESSAGE)
    assert talk.observer.is_settled
    counts = talk.observer.counts
    assert (counts.ticks, counts.batches, counts.decisions, counts.intents, counts.reports) == (3, 1, 1, 1, 1)
    assert talk.observer.intents == {INTENT.intent_id: INTENT}


def test_a_new_connection_owes_nothing_and_batches_come_again() -> None:
    talk, batch = live(), ticks(2)
    talk.ea(batch)
    talk.observer.take(Traffic.ENDED, b"")
    assert not talk.observer.is_live
    assert not talk.observer.is_owed
    talk.connect()
    talk.ea(SYMBOLS, READY, batch)
    counts = talk.observer.counts
    assert (counts.sessions, counts.ticks, counts.batches, counts.batches_resent) == (2, 2, 1, 1)


def test_a_refusal_of_either_side_is_final() -> None:
    error = ErrorMessage(code=ErrorCode.BAD_SECRET, fatal=True, ref_seq=1, text="no")
    for say in ("ea", "bridge"):
        talk = Talk()
        getattr(talk, say)(error)
        assert talk.observer.refusal is not None
        assert talk.observer.refusal.code is ErrorCode.BAD_SECRET
    talk = Talk()
    talk.bridge(replace(error, code=ErrorCode.SILENT))
    assert talk.observer.refusal is None


@given(st.lists(st.tuples(st.sampled_from([Traffic.SENT, Traffic.HEARD]), st.binary(max_size=200)), max_size=8))
def test_it_never_objects(pieces: list[tuple[Traffic, bytes]]) -> None:
    talk = live()
    for way, data in pieces:
        talk.observer.take(way, framed(data))
        talk.observer.take(way, framed(b"\x43\x4d\x01" + data))
    talk.connect()
    for way, data in pieces:
        talk.observer.take(way, data)
