"""The form of one captured entry: what the engine consumed and what it produced, in the order it happened.

An entry is a 40-byte header and its payload, little-endian: crc32 (u32, over all that follows), payload length (u32),
kind (u8), flags (u8), terminal number (u16), four spare bytes, seq (u64), monotonic and wall clock (i64 [ns] each).
"""

import struct
from enum import IntEnum, IntFlag
from typing import Final, NamedTuple
from zlib import crc32

MAX_PAYLOAD_BYTES: Final = 64 * 1024 * 1024  # a longer length is damage, not data
SEGMENT_MAGIC: Final = b"CMPCAP01"
STRANGER: Final = 0  # terminal number of a peer that has not said who it is

_CRC: Final = struct.Struct("<I")
_REST: Final = struct.Struct("<IBBHIQqq")
_SEGMENT_HEAD: Final = struct.Struct("<8sQ")
HEADER_BYTES: Final = _CRC.size + _REST.size
SEGMENT_HEAD_BYTES: Final = _SEGMENT_HEAD.size


class EntryKind(IntEnum):
    """What a payload holds."""

    TERMINAL = 1
    """JSON: who a terminal number is, with its symbols; repeated at the head of each segment."""
    INBOUND = 2
    """A frame as it came."""
    OUTBOUND = 3
    """A frame as it left."""
    ENGINE_START = 4
    """JSON: settings of a new engine and the journal position it was rebuilt from."""
    EVENTS = 5
    """JSON: account events given to the engine, and after which tick of the batch."""
    DECISIONS = 6
    """Rows of `strategy.tables.DECISION_DTYPE`, raw."""
    WARM_UP = 7
    """History given to the engine: see `warm_up_payload`."""
    NOTE = 8
    """JSON: something the record itself has to say (a cut tail, entries lost on a full disk)."""
    NEWS = 9
    """JSON: the `newsfilter.board.NewsBoard` that the engine knows from here on."""


class EntryFlag(IntFlag):
    """Qualities of an entry."""

    NONE = 0
    CONSUMED = 1
    """An inbound frame that the engine was fed with."""


class Entry(NamedTuple):
    """One captured entry. `seq` counts without gaps over all terminals, runs and segments of one data directory."""

    kind: int
    flags: int
    terminal: int
    seq: int
    mono_ns: int
    wall_ns: int
    payload: bytes

    @property
    def is_consumed(self) -> bool:
        """Whether the engine was fed with this frame."""
        return bool(self.flags & EntryFlag.CONSUMED)


class Scan(NamedTuple):
    """Entries found in a stretch of a segment, where the last whole one ends [bytes], and what follows it [bytes]."""

    entries: list[Entry]
    end: int
    rest: int


def warm_up_payload(symbol: str, timeframe: int, bars: bytes) -> bytes:
    """Payload of a WARM_UP: length of the symbol's name (u8), the name, timeframe (u32), rows of RATES_DTYPE."""
    name = symbol.encode()
    return bytes([len(name)]) + name + struct.pack("<I", timeframe) + bars


def warm_up_of(payload: bytes) -> tuple[str, int, bytes]:
    """Symbol, timeframe and bars of a WARM_UP payload."""
    bars_at = 1 + payload[0] + 4
    (timeframe,) = struct.unpack_from("<I", payload, bars_at - 4)
    return payload[1 : bars_at - 4].decode(), timeframe, payload[bars_at:]


def entry_head(payload: bytes, kind: int, flags: int, terminal: int, seq: int, mono_ns: int, wall_ns: int) -> bytes:
    """Header of the entry that carries `payload`, checksum included."""
    rest = _REST.pack(len(payload), kind, flags, terminal, 0, seq, mono_ns, wall_ns)
    return _CRC.pack(crc32(payload, crc32(rest))) + rest


def segment_head(first_seq: int) -> bytes:
    """What a segment file begins with."""
    return _SEGMENT_HEAD.pack(SEGMENT_MAGIC, first_seq)


def first_seq_of(head: bytes) -> int | None:
    """`seq` of the segment's first entry; None where `head` is not the beginning of a segment."""
    if len(head) < SEGMENT_HEAD_BYTES:
        return None
    magic, first_seq = _SEGMENT_HEAD.unpack_from(head)
    return int(first_seq) if magic == SEGMENT_MAGIC else None


def scanned(data: bytes | memoryview, offset: int = 0) -> Scan:
    """All whole and undamaged entries of `data` from `offset` on; stops for good at the first that is not."""
    view = memoryview(data)
    entries: list[Entry] = []
    while (entry := _entry_at(view, offset)) is not None:
        entries.append(entry)
        offset += HEADER_BYTES + len(entry.payload)
    return Scan(entries, offset, len(view) - offset)


def _entry_at(view: memoryview, offset: int) -> Entry | None:
    start = offset + HEADER_BYTES
    if start > len(view):
        return None
    (crc,) = _CRC.unpack_from(view, offset)
    length, kind, flags, terminal, _, seq, mono_ns, wall_ns = _REST.unpack_from(view, offset + _CRC.size)
    stop = start + length
    if length > MAX_PAYLOAD_BYTES or stop > len(view) or crc32(view[offset + _CRC.size : stop]) != crc:
        return None
    return Entry(kind, flags, terminal, seq, mono_ns, wall_ns, bytes(view[start:stop]))
