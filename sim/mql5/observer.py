"""Reads along what an EA and a bridge say to each other: how far they are, and what was counted.

It sees bytes after the EA has sent them or as the EA takes them in, changes nothing, and never objects: judging frames
is what the two ends are for.
"""

import struct
import time
from typing import TYPE_CHECKING, Final

from advisor.counts import Counts
from advisor.expert import Refusal
from sim.mql5.abi import Traffic
from wire.codec import HEADER_BYTES, Header, decode, frame_type, read_header
from wire.enums import ErrorCode, FrameFlag, MessageType
from wire.errors import WireError
from wire.messages import Decision, ErrorMessage, IntentMessage, Symbols

if TYPE_CHECKING:
    from domain.intents import Intent

_GREETING_BYTES: Final = 64
_SHORT_HEAD: Final = 2  # flags and one byte of length
_LONG: Final = 2
_COMMAND: Final = 4
_TICKS_BATCH: Final = struct.Struct("<6xI")  # WireTicks: symbol_index, server_offset_s, batch
_OWED_BY: Final = {MessageType.HELLO: MessageType.CHALLENGE, MessageType.AUTH: MessageType.WELCOME}
_FINAL_ERRORS: Final = frozenset({ErrorCode.BAD_SECRET, ErrorCode.BAD_VERSION, ErrorCode.REFUSED})


class FrameReader:
    """Cuts one direction of a ZMTP 3 connection into its messages."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._is_greeted = False

    def take(self, data: bytes) -> list[bytes]:
        """The messages that `data` completes; commands are left out."""
        self._bytes += data
        if not self._is_greeted:
            if len(self._bytes) < _GREETING_BYTES:
                return []
            del self._bytes[:_GREETING_BYTES]
            self._is_greeted = True
        found = []
        while (end := self._end()) is not None:
            start, stop = end
            if not self._bytes[0] & _COMMAND:
                found.append(bytes(self._bytes[start:stop]))
            del self._bytes[:stop]
        return found

    def _end(self) -> tuple[int, int] | None:
        """Where the first message begins and ends, if all of it is there."""
        if len(self._bytes) < _SHORT_HEAD:
            return None
        places = 8 if self._bytes[0] & _LONG else 1
        start = 1 + places
        stop = start + int.from_bytes(self._bytes[1:start], "big")
        return (start, stop) if len(self._bytes) >= max(start, stop) else None


class Observer:
    """What an EA and its bridge have said so far. `refusal` means that no other attempt would end in another way."""

    def __init__(self) -> None:
        self.counts = Counts()
        self.refusal: Refusal | None = None
        self.intents: dict[int, Intent] = {}
        self.is_live = False
        self._ends = (FrameReader(), FrameReader())
        self._symbols: tuple[str, ...] = ()
        self._sent_ns: dict[int, int] = {}
        self._intents_due = 0
        self._awaited: MessageType | None = None
        self._newest_batch = 0

    @property
    def waiting(self) -> int:
        """Batches without an answer."""
        return len(self._sent_ns)

    @property
    def is_owed(self) -> bool:
        """Whether the bridge has something to answer."""
        return bool(self._sent_ns) or self._intents_due > 0 or self._awaited is not None

    @property
    def is_settled(self) -> bool:
        """Whether everything sent has been answered, and every intent that was announced has come."""
        return self.is_live and not self._sent_ns and self._intents_due == 0

    def take(self, what: int, data: bytes) -> None:
        """Something happened on the connection."""
        if what in (Traffic.CONNECTED, Traffic.ENDED):
            self._begin()
            return
        for frame in self._ends[what].take(data):
            kind = frame_type(frame)
            if kind and what == Traffic.SENT:
                self._said(kind, frame)
            elif kind:
                self._heard(kind, frame)

    def _begin(self) -> None:
        self._ends = (FrameReader(), FrameReader())
        self.is_live = False
        self._sent_ns.clear()
        self._intents_due = 0
        self._awaited = None

    # -- the EA --------------------------------------------------------------------------------------------------------

    def _said(self, kind: int, frame: bytes) -> None:
        header = _header(frame)
        if header is None:
            return
        if kind == MessageType.TICKS:
            self._ticks(header, frame)
        elif kind == MessageType.REPORT:
            self.counts.reports += 1
        elif kind == MessageType.ERROR:
            self._note_error(_message(frame))
        elif kind == MessageType.SYMBOLS:
            message = _message(frame)
            self._symbols = tuple(spec.name for spec in message.specs) if isinstance(message, Symbols) else ()
        elif kind == MessageType.HEARTBEAT and header.flags & FrameFlag.READY and not self.is_live:
            self.is_live = True
            self.counts.sessions += 1
        self._awaited = _OWED_BY.get(MessageType(kind), self._awaited)

    def _ticks(self, header: Header, frame: bytes) -> None:
        (number,) = _TICKS_BATCH.unpack_from(frame, HEADER_BYTES)
        if number > self._newest_batch:
            self._newest_batch = number
            self.counts.ticks += header.items
            self.counts.batches += 1
        else:
            self.counts.batches_resent += 1
        self._sent_ns[number] = time.monotonic_ns()

    # -- the bridge ----------------------------------------------------------------------------------------------------

    def _heard(self, kind: int, frame: bytes) -> None:
        if kind == self._awaited:
            self._awaited = None
        if kind not in (MessageType.DECISION, MessageType.INTENT, MessageType.ERROR):
            return
        message = _message(frame, self._symbols)
        if isinstance(message, Decision):
            self._decision(message)
        elif isinstance(message, IntentMessage):
            self.counts.intents += 1
            self._intents_due = max(0, self._intents_due - 1)
            self.intents.setdefault(message.intent.intent_id, message.intent)
        else:
            self._note_error(message)

    def _note_error(self, message: object) -> None:
        """Of either side: an EA that does not believe the bridge says so itself."""
        if isinstance(message, ErrorMessage) and message.fatal and message.code in _FINAL_ERRORS:
            self.refusal = Refusal(ErrorCode(message.code), message.text)

    def _decision(self, message: Decision) -> None:
        self.counts.decisions += 1
        self._intents_due += message.intents_following
        sent_ns = self._sent_ns.pop(message.batch, None)
        if sent_ns is not None:
            self.counts.round_trips.add(time.monotonic_ns() - sent_ns)


def _header(frame: bytes) -> Header | None:
    try:
        return read_header(frame)
    except WireError:
        return None


def _message(frame: bytes, symbols: tuple[str, ...] = ()) -> object:
    """The message, or None for one the receiver will refuse."""
    try:
        return decode(frame, symbols)[1]
    except WireError:
        return None
