import struct
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.dtypes import TICK_DTYPE
from domain.timeframes import Timeframe
from domain.updates import Money, TradeUpdate
from tests.wire.samples import ASK, BRIDGE_NONCE, HEARTBEAT, NAMES, SAMPLES, same, tick_array, ticks
from tests.wire.strategies import MESSAGES, numbers, signed
from wire import codec, records
from wire.enums import PROTOCOL_VERSION, ByeReason, ErrorCode, FrameFlag, MessageType
from wire.errors import WireError
from wire.messages import Ask, Bye, ErrorMessage, Heartbeat, HistoryRequest, Message, Report, Ticks
from wire.states import Trigger

HEADER = "434d 01 {type} {flags} {items} 03000000 02000000 29000000 00000000 0807060504030201"
ONE, TWO, HALF, MINUS_TWO = "000000000000f03f", "0000000000000040", "000000000000e03f", "00000000000000c0"

# written by hand from the protocol document, with seq 3, ack 2, session 41, time_ns 0x0102030405060708
GOLDEN: dict[str, tuple[Message, str]] = {
    "ask": (
        Ask(
            symbol_index=1,
            batch=8,
            server_offset_s=-3600,
            money=Money(balance=1.0, equity=2.0, margin=0.5, margin_free=-2.0),
        ),
        HEADER.format(type="08", flags="0000", items="0000") + f"0100 f0f1ffff 08000000 {ONE} {TWO} {HALF} {MINUS_TWO}",
    ),
    "ticks": (
        Ticks(
            symbol_index=258,
            batch=16,
            server_offset_s=7200,
            wants_decision=True,
            money=Money(balance=1.0, equity=1.0, margin=0.0, margin_free=1.0),
            ticks=np.array([(1, 0.5, 1.0, 0.0, 9, 1234, 6, 2.0)], TICK_DTYPE),
        ),
        HEADER.format(type="07", flags="0100", items="0100")
        + f"0201 201c0000 10000000 {ONE} {ONE} {'00' * 8} {ONE}"
        + f"0100000000000000 {HALF} {ONE} {'00' * 8} 0900000000000000 d204000000000000 06000000 {TWO}",
    ),
    "bye": (
        Bye(reason=ByeReason.RESTARTING, text="ok \u00e4"),
        HEADER.format(type="10", flags="0000", items="0000") + "0200 6f6b20c3a4" + "00" * 59,
    ),
    "error": (
        ErrorMessage(code=ErrorCode.OUT_OF_SEQUENCE, fatal=True, ref_seq=0xFFFF_FFFF, text="gap"),
        HEADER.format(type="0f", flags="0000", items="0000") + "0700 01 ffffffff 676170" + "00" * 125,
    ),
    "challenge": (
        SAMPLES[Trigger.CHALLENGE],
        HEADER.format(type="02", flags="0000", items="0000") + "01" + BRIDGE_NONCE.hex() + "00" * 32,
    ),
    "history request": (
        HistoryRequest(symbol_index=1, timeframe=Timeframe.H4, bars=250),
        HEADER.format(type="06", flags="0000", items="0000") + "0100 0000 0000 04400000 fa000000",
    ),
    "report of a position gone": (
        Report(
            time_msc=1234,
            update=TradeUpdate(
                money=Money(balance=1.0, equity=1.0, margin=0.0, margin_free=1.0), positions_gone=(0x1122334455667788,)
            ),
        ),
        HEADER.format(type="0b", flags="0000", items="0100")
        + f"d204000000000000 {ONE} {ONE} {'00' * 8} {ONE} 0000 0000 0000 0100 0000 0000 8877665544332211",
    ),
    "heartbeat": (
        Heartbeat(
            server_time_s=2,
            utc_s=1,
            server_offset_s=7200,
            money=Money(balance=1.0, equity=1.0, margin=0.0, margin_free=1.0),
            ticks_sent=3,
            ping_ms=4,
            ready=True,
            connected=True,
        ),
        HEADER.format(type="0e", flags="1200", items="0000")
        + f"0200000000000000 0100000000000000 {ONE} {ONE} {'00' * 8} {ONE} 0300000000000000 201c0000 04000000",
    ),
}


def framed(message: Message) -> bytes:
    return codec.encode(message, seq=3, ack=2, session=41, time_ns=0x0102030405060708, symbols=NAMES)


@pytest.mark.parametrize("case", GOLDEN)
def test_a_frame_has_these_bytes(case: str) -> None:
    message, expected = GOLDEN[case]
    assert framed(message).hex() == bytes.fromhex(expected).hex()


@pytest.mark.parametrize("case", GOLDEN)
def test_these_bytes_are_this_message(case: str) -> None:
    message, expected = GOLDEN[case]
    header, heard = codec.decode(bytes.fromhex(expected))
    assert same(heard, message)
    assert (header.seq, header.ack, header.session, header.time_ns) == (3, 2, 41, 0x0102030405060708)


def test_every_message_has_a_strategy_and_a_sample() -> None:
    every = set(get_args(Message))
    assert set(MESSAGES) == every == {type(sample) for sample in SAMPLES.values()}


@pytest.mark.parametrize("kind", MESSAGES, ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_what_is_written_is_read_again(kind: type[Message], data: st.DataObject) -> None:
    message = data.draw(MESSAGES[kind])
    frame = codec.encode(message, symbols=NAMES)
    header, heard = codec.decode(frame, NAMES)
    assert same(heard, message)
    assert header.type == message.type
    assert codec.encode(heard, symbols=NAMES) == frame


@given(seq=st.integers(1, 2**32 - 1), ack=numbers(32), session=numbers(32), time_ns=signed(64))
def test_the_header_is_kept(seq: int, ack: int, session: int, time_ns: int) -> None:
    header, _ = codec.decode(codec.encode(ASK, seq=seq, ack=ack, session=session, time_ns=time_ns))
    assert (header.seq, header.ack, header.session, header.time_ns) == (seq, ack, session, time_ns)
    assert (header.magic, header.version, header.reserved) == (0x4D43, PROTOCOL_VERSION, 0)


@pytest.mark.parametrize("trigger", SAMPLES, ids=lambda trigger: trigger.name)
def test_a_frame_is_read_as_bytes_and_as_a_view_inside_a_larger_buffer(trigger: Trigger) -> None:
    frame = framed(SAMPLES[trigger])
    around = b"\xff" * 7 + frame + b"\xff" * 999
    _, heard = codec.decode(memoryview(around)[7 : 7 + len(frame)], NAMES)
    assert same(heard, SAMPLES[trigger])


@pytest.mark.parametrize("trigger", SAMPLES, ids=lambda trigger: trigger.name)
def test_any_other_length_is_refused(trigger: Trigger) -> None:
    frame = framed(SAMPLES[trigger])
    buffer = memoryview(frame + b"\0" * 400)
    for length in [*range(len(frame)), *range(len(frame) + 1, len(buffer))]:
        with pytest.raises(WireError) as caught:
            codec.decode(buffer[:length], NAMES)
        assert caught.value.code is ErrorCode.BAD_FRAME


def changed(frame: bytes, field: str, value: int) -> bytes:
    offset = records.HEADER.offsets()[field]
    code = next(f.kind.code for f in records.HEADER.fields if f.name == field)
    buffer = bytearray(frame)
    struct.pack_into("<" + code, buffer, offset, value)
    return bytes(buffer)


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("magic", 0x434D, ErrorCode.BAD_FRAME),
        ("version", 0, ErrorCode.BAD_VERSION),
        ("version", 2, ErrorCode.BAD_VERSION),
        ("type", 0, ErrorCode.BAD_FRAME),
        ("type", 17, ErrorCode.BAD_FRAME),
        ("type", 255, ErrorCode.BAD_FRAME),
        ("flags", 2, ErrorCode.BAD_FRAME),
        ("flags", 0x8000, ErrorCode.BAD_FRAME),
        ("items", 1, ErrorCode.BAD_FRAME),
        ("seq", 0, ErrorCode.BAD_FRAME),
        ("reserved", 1, ErrorCode.BAD_FRAME),
    ],
)
def test_a_wrong_header_is_refused_by_its_field(field: str, value: int, code: ErrorCode) -> None:
    with pytest.raises(WireError) as caught:
        codec.decode(changed(framed(ASK), field, value))
    assert caught.value.code is code
    assert field in caught.value.field + caught.value.detail


@pytest.mark.parametrize("trigger", SAMPLES, ids=lambda trigger: trigger.name)
def test_flags_belong_to_their_types(trigger: Trigger) -> None:
    frame = framed(SAMPLES[trigger])
    allowed = {
        MessageType.TICKS: FrameFlag.WANTS_DECISION,
        MessageType.HEARTBEAT: FrameFlag.READY
        | FrameFlag.SNAPSHOT_WANTED
        | FrameFlag.TRADE_ALLOWED
        | FrameFlag.CONNECTED,
    }.get(SAMPLES[trigger].type, FrameFlag(0))
    for bit in range(16):
        candidate = changed(frame, "flags", 1 << bit)
        if (1 << bit) & allowed:
            codec.decode(candidate, NAMES)
        else:
            with pytest.raises(WireError, match="flags"):
                codec.decode(candidate, NAMES)


@pytest.mark.parametrize("flag", ["ready", "snapshot_wanted", "trade_allowed", "connected"])
def test_each_flag_of_a_heartbeat_is_carried_alone(flag: str) -> None:
    message = replace(Heartbeat(), **{flag: True})
    _, heard = codec.decode(codec.encode(message))
    assert heard == message


def test_items_where_there_can_be_none_are_refused() -> None:
    for trigger in (Trigger.ASK, Trigger.INTENT, Trigger.HEARTBEAT, Trigger.BYE, Trigger.DECISION):
        with pytest.raises(WireError, match="items"):
            codec.decode(changed(framed(SAMPLES[trigger]), "items", 3), NAMES)


@pytest.mark.parametrize("trigger", SAMPLES, ids=lambda trigger: trigger.name)
def test_the_type_is_told_without_reading_more(trigger: Trigger) -> None:
    frame = framed(SAMPLES[trigger])
    assert codec.frame_type(frame) == SAMPLES[trigger].type
    assert codec.frame_type(memoryview(frame)) == SAMPLES[trigger].type
    assert codec.frame_type(frame[:31]) == 0
    assert codec.frame_type(b"\0" + frame[1:]) == 0
    assert codec.frame_type(b"") == 0


def test_a_batch_of_ticks_is_a_view_of_its_frame() -> None:
    frame = codec.encode(ticks(50))
    _, heard = codec.decode(frame)
    assert isinstance(heard, Ticks)
    assert np.shares_memory(heard.ticks, np.frombuffer(frame, np.uint8))
    assert not heard.ticks.flags.writeable
    assert heard.ticks.dtype == TICK_DTYPE


def test_more_items_than_a_frame_can_count_are_refused() -> None:
    with pytest.raises(WireError, match="65536"):
        codec.encode(replace(ticks(), ticks=tick_array(65_536)))


@pytest.mark.parametrize("field", ["seq", "ack", "session", "time_ns"])
def test_a_header_that_cannot_be_written_is_refused(field: str) -> None:
    wrong: dict[str, Any] = {field: 2**64}
    with pytest.raises(WireError, match=field):
        codec.encode(ASK, **wrong)


def test_a_value_that_is_no_number_is_refused_by_name() -> None:
    with pytest.raises(WireError, match="ping_ms"):
        codec.encode(replace(HEARTBEAT, ping_ms="31"))
    with pytest.raises(WireError, match="balance"):
        codec.encode(replace(ASK, money=Money(balance=float("nan"), equity=0.0, margin=0.0, margin_free=0.0)))
