"""The wire as JSON lines: every frame with its direction, time, type and fields. Secrets never appear."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

from bridge.config import Places
from bridge.introductions import TerminalInfo
from bridge.records import Entry, EntryKind
from bridge.segments import Follower
from wire.codec import decode, frame_type
from wire.enums import MessageType
from wire.errors import WireError

_DIRECTIONS: Final = {EntryKind.INBOUND: "in", EntryKind.OUTBOUND: "out"}
_SECRET_FIELDS: Final = frozenset({"proof", "client_nonce", "bridge_nonce"})
_REDACTED: Final = "redacted"
_LOOK_S: Final = 0.05
_TYPES: Final = {int(kind): kind.name for kind in MessageType}
_TERMINAL: Final = msgspec.json.Decoder(TerminalInfo)


def tap_lines(
    data_dir: Path, *, follow: bool = False, from_seq: int = 0, stop: threading.Event | None = None
) -> Iterator[str]:
    """One JSON object a frame, oldest first, as far as the capture is live; with `follow`, until `stop` is set."""
    stop = stop or threading.Event()
    terminals: dict[int, TerminalInfo] = {}
    with Follower(Places(data_dir).capture) as follower:
        while True:
            entries = follower.poll()
            for entry in entries:
                if entry.kind == EntryKind.TERMINAL:
                    terminals[entry.terminal] = _TERMINAL.decode(entry.payload)
                elif entry.kind in _DIRECTIONS and entry.seq >= from_seq:
                    yield line_of(entry, terminals.get(entry.terminal))
            if not entries and (not follow or stop.wait(_LOOK_S)):
                return


def line_of(entry: Entry, info: TerminalInfo | None) -> str:
    """One frame as a line of JSON; a frame that cannot be read says why."""
    kind = frame_type(entry.payload)
    line: dict[str, Any] = {
        "seq": entry.seq,
        "time": str(np.datetime64(entry.wall_ns, "ns")),
        "direction": _DIRECTIONS[EntryKind(entry.kind)],
        "account": info.account if info else None,
        "bytes": len(entry.payload),
        "type": _TYPES.get(kind, "UNKNOWN"),
    }
    try:
        header, message = decode(entry.payload, info.symbols if info else ())
    except WireError as unreadable:
        line["unreadable"] = str(unreadable)
    else:
        line |= {"frame_seq": header.seq, "ack": header.ack, "session": header.session}
        line["fields"] = _fields(message)
        index = getattr(message, "symbol_index", None)
        if info is not None and index is not None and index < len(info.symbols):
            line["symbol"] = info.symbols[index]
    return msgspec.json.encode(line, enc_hook=_plain).decode()


def _fields(message: msgspec.Struct) -> dict[str, object]:
    return {name: _REDACTED if name in _SECRET_FIELDS else getattr(message, name) for name in message.__struct_fields__}


def _plain(value: object) -> object:
    """What JSON has no word for: arrays as lists of named fields, numpy numbers as numbers."""
    if isinstance(value, np.ndarray):
        names = value.dtype.names
        return [dict(zip(names, row, strict=True)) for row in value.tolist()] if names else value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"no JSON for {type(value).__name__}")
