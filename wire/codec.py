"""Frames to messages and back. Nothing but `WireError` comes out of a bad frame, and no byte outside it is read."""

import struct
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

import msgspec

from wire import bodies, quotes, records
from wire.enums import MAGIC, MAX_ITEMS, PROTOCOL_VERSION, ErrorCode, FrameFlag, MessageType
from wire.errors import WireError
from wire.layout import Frame, Record
from wire.messages import (
    Ask,
    Auth,
    Bye,
    Calendar,
    Challenge,
    Decision,
    ErrorMessage,
    Heartbeat,
    Hello,
    History,
    HistoryRequest,
    IntentMessage,
    Message,
    Report,
    Snapshot,
    Symbols,
    Ticks,
    Welcome,
)

HEADER_BYTES: Final = records.HEADER.size
_HEADER: Final = records.HEADER.struct
_TYPE_AT: Final = records.HEADER.offsets()["type"]
_MAGIC_BYTES: Final = MAGIC.to_bytes(2, "little")

Reader: TypeAlias = Callable[[Frame, int, int, Sequence[str]], Message]
Writer: TypeAlias = Callable[[Any, Sequence[str]], tuple[int, int, bytes]]


class Header(msgspec.Struct, frozen=True):
    """The first 32 bytes of a frame, in their order (so by position, the quickest way to build one).

    `seq` counts the sender's frames, `ack` is the last `seq` it has heard.
    """

    magic: int
    version: int
    type: int
    flags: int
    items: int
    seq: int
    ack: int
    session: int
    reserved: int
    time_ns: int


def frame_type(frame: Frame) -> int:
    """`MessageType` number a frame claims, 0 where it is none of ours; nothing else is looked at."""
    if len(frame) < HEADER_BYTES or bytes(frame[:2]) != _MAGIC_BYTES:
        return 0
    return frame[_TYPE_AT]


def read_header(frame: Frame) -> Header:
    """The header, checked.

    Raises:
        WireError: BAD_FRAME or BAD_VERSION.
    """
    if len(frame) < HEADER_BYTES:
        raise WireError(ErrorCode.BAD_FRAME, "length", f"is {len(frame)} bytes; a header has {HEADER_BYTES}")
    header = Header(*_HEADER.unpack_from(frame))
    if header.magic != MAGIC:
        raise records.HEADER.error("magic", f"is {header.magic:#06x}; must be {MAGIC:#06x}")
    if header.version != PROTOCOL_VERSION:
        raise WireError(
            ErrorCode.BAD_VERSION, "WireHeader.version", f"is {header.version}; this side speaks {PROTOCOL_VERSION}"
        )
    if header.reserved or header.seq == 0:
        raise records.HEADER.error("reserved", "must be 0, and seq must not")
    return header


def read_message(header: Header, frame: Frame, symbols: Sequence[str] = ()) -> Message:
    """The message behind a checked header. `symbols`: names of this session, for INTENT.

    Raises:
        WireError: BAD_FRAME or UNKNOWN_SYMBOL.
    """
    kind, flags = header.type, header.flags
    if not 0 < kind < len(_READERS):
        raise records.HEADER.error("type", f"is {kind}; no message has this number")
    if flags & ~_FLAGS[kind]:
        raise records.HEADER.error("flags", f"are {flags:#x}; {MessageType(kind).name} knows {_FLAGS[kind]:#x}")
    return _READERS[kind](frame, flags, header.items, symbols)


def decode(frame: Frame, symbols: Sequence[str] = ()) -> tuple[Header, Message]:
    """Header and message of one frame. Arrays in the message are views of `frame`.

    Raises:
        WireError: names the field that is wrong; nothing else is raised for any bytes.
    """
    header = read_header(frame)
    return header, read_message(header, frame, symbols)


def encode(
    message: Message, *, seq: int = 1, ack: int = 0, session: int = 0, time_ns: int = 0, symbols: Sequence[str] = ()
) -> bytes:
    """One frame.

    Raises:
        WireError: for a value that may not be on the wire.
    """
    kind = type(message)
    flags, count, payload = _WRITERS[kind](message, symbols)
    if count > MAX_ITEMS:
        raise records.HEADER.error("items", f"are {count}; at most {MAX_ITEMS} items fit a frame, send parts")
    try:
        return _HEADER.pack(MAGIC, PROTOCOL_VERSION, kind.type, flags, count, seq, ack, session, 0, time_ns) + payload
    except struct.error as problem:
        raise records.HEADER.error(
            "seq", f"{seq}, ack {ack}, session {session}, time_ns {time_ns}: {problem}"
        ) from problem


# ----------------------------------------------------------------------------------------------------------- registry


def _bare(record: Record, frame: Frame, count: int) -> None:
    if count:
        raise records.HEADER.error("items", f"are {count}; {record.name} has no items")
    quotes.check_length(frame, HEADER_BYTES + record.size)


def _plain_reader(record: Record, message: Callable[..., Message]) -> Reader:
    def read(frame: Frame, _flags: int, count: int, _symbols: Sequence[str]) -> Message:
        _bare(record, frame, count)
        return message(**record.read(frame, HEADER_BYTES))

    return read


def _plain_writer(record: Record) -> Writer:
    return lambda message, _symbols: (0, 0, record.write(msgspec.structs.asdict(message)))


def _refused(_frame: Frame, _flags: int, _count: int, _symbols: Sequence[str]) -> Message:
    raise records.HEADER.error("type", "is 0; no message has this number")


def _read_ask(frame: Frame, _flags: int, count: int, _symbols: Sequence[str]) -> Message:
    _bare(records.ASK, frame, count)
    return quotes.read_ask(frame)


def _read_intent(frame: Frame, _flags: int, count: int, symbols: Sequence[str]) -> Message:
    _bare(records.INTENT, frame, count)
    return bodies.read_intent(frame, symbols)


def _read_heartbeat(frame: Frame, flags: int, count: int, _symbols: Sequence[str]) -> Message:
    _bare(records.HEARTBEAT, frame, count)
    return bodies.read_heartbeat(frame, flags)


_READERS: Final[tuple[Reader, ...]] = (
    _refused,
    _plain_reader(records.HELLO, Hello),
    _plain_reader(records.CHALLENGE, Challenge),
    _plain_reader(records.AUTH, Auth),
    _plain_reader(records.WELCOME, Welcome),
    lambda frame, _flags, count, _symbols: bodies.read_symbols(frame, count),
    lambda frame, _flags, count, _symbols: bodies.read_history(frame, count),
    quotes.read_ticks,
    _read_ask,
    _plain_reader(records.DECISION, Decision),
    _read_intent,
    lambda frame, _flags, count, _symbols: bodies.read_report(frame, count),
    lambda frame, _flags, count, _symbols: bodies.read_snapshot(frame, count),
    lambda frame, _flags, count, _symbols: bodies.read_calendar(frame, count),
    _read_heartbeat,
    _plain_reader(records.ERROR, ErrorMessage),
    _plain_reader(records.BYE, Bye),
)

_FLAGS: Final = tuple(
    {int(MessageType.TICKS): int(FrameFlag.WANTS_DECISION), int(MessageType.HEARTBEAT): bodies.HEARTBEAT_FLAGS}.get(
        kind, 0
    )
    for kind in range(len(_READERS))
)


def _report_items(message: Report | Snapshot) -> int:
    update = message.update
    gone = len(update.positions_gone) + len(update.orders_gone)
    return len(update.results) + len(update.deals) + len(update.positions) + len(update.orders) + gone


_WRITERS: Final[dict[type[Message], Writer]] = {
    Hello: _plain_writer(records.HELLO),
    Challenge: _plain_writer(records.CHALLENGE),
    Auth: _plain_writer(records.AUTH),
    Welcome: _plain_writer(records.WELCOME),
    Symbols: lambda message, _symbols: (0, len(message.specs), bodies.write_symbols(message)),
    HistoryRequest: lambda message, _symbols: (0, 0, bodies.write_history_request(message)),
    History: lambda message, _symbols: (0, len(message.rates), bodies.write_history(message)),
    Ticks: lambda message, _symbols: (int(message.wants_decision), len(message.ticks), quotes.write_ticks(message)),
    Ask: lambda message, _symbols: (0, 0, quotes.write_ask(message)),
    Decision: lambda message, _symbols: (0, 0, quotes.write_decision(message)),
    IntentMessage: lambda message, symbols: (0, 0, bodies.write_intent(message, symbols)),
    Report: lambda message, _symbols: (0, _report_items(message), bodies.write_report(message)),
    Snapshot: lambda message, _symbols: (0, _report_items(message), bodies.write_snapshot(message)),
    Calendar: lambda message, _symbols: (0, len(message.values), bodies.write_calendar(message)),
    Heartbeat: lambda message, _symbols: (bodies.heartbeat_flags(message), 0, bodies.write_heartbeat(message)),
    ErrorMessage: _plain_writer(records.ERROR),
    Bye: _plain_writer(records.BYE),
}
