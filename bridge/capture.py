"""Writes everything the engine consumes and produces into append-only segment files, at about a microsecond an entry.

Nothing here waits for the disk: entries are gathered in memory and handed to the kernel when the service is idle, every
100 ms at the latest. The journal is what must survive a power cut; the capture explains.
"""

import contextlib
import json
import os
from collections.abc import Mapping
from itertools import chain
from pathlib import Path
from typing import Final

import msgspec

from bridge.files import replace_file
from bridge.records import (
    HEADER_BYTES,
    STRANGER,
    EntryFlag,
    EntryKind,
    entry_head,
    segment_head,
)
from bridge.segments import first_seq_in_name, scan_segment, segment_path, segment_paths

_HIGHEST_SEQ_FILE: Final = "recorded.json"
_PRESSURE_BYTES: Final = 256 * 1024


class CaptureLimits(msgspec.Struct, frozen=True, kw_only=True):
    """When a segment is full [bytes, ns] and how long an entry may wait in memory [ns]."""

    segment_bytes: int = 32 * 1024 * 1024
    segment_ns: int = 3600 * 1_000_000_000
    flush_ns: int = 100_000_000


class CaptureWriter:
    """The one writer of a capture folder.

    A disk that refuses to take entries never stops the service: what could not be written is counted in `lost`, and a
    NOTE in the record says which `seq` are missing once the disk works again.
    """

    def __init__(self, folder: Path, *, mono_ns: int, wall_ns: int, limits: CaptureLimits | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._limits = limits or CaptureLimits()
        self._head = b""
        self._waiting: list[tuple[bytes, int, int, int, int, int, int]] = []
        self._pending_bytes = 0
        self._terminals: dict[int, bytes] = {}
        self._flushed_ns = mono_ns
        self.lost = 0
        self.last_error = ""
        last_seq, cut = _resumed(folder)
        self.next_seq = self._unwritten_seq = last_seq + 1
        self._open_segment(mono_ns, wall_ns)
        if cut:
            self.note({"cut_bytes": cut, "before_seq": self.next_seq}, mono_ns, wall_ns)

    def append(
        self,
        kind: EntryKind,
        terminal: int,
        payload: bytes,
        mono_ns: int,
        wall_ns: int,
        flags: EntryFlag = EntryFlag.NONE,
    ) -> int:
        """Take one entry; gives its `seq`. Its bytes are made when it is written, not while a terminal waits."""
        seq = self.next_seq
        self.next_seq = seq + 1
        self._waiting.append((payload, kind, flags, terminal, seq, mono_ns, wall_ns))
        self._pending_bytes += HEADER_BYTES + len(payload)
        return seq

    def introduce(self, terminal: int, payload: bytes, mono_ns: int, wall_ns: int) -> None:
        """Say who `terminal` is from here on; repeated at the head of each later segment, so that each reads alone."""
        self._terminals[terminal] = payload
        self.append(EntryKind.TERMINAL, terminal, payload, mono_ns, wall_ns)

    def note(self, content: Mapping[str, object], mono_ns: int, wall_ns: int) -> None:
        """Record something about the record itself."""
        self.append(EntryKind.NOTE, STRANGER, json.dumps(content).encode(), mono_ns, wall_ns)

    @property
    def is_waiting(self) -> bool:
        """Whether entries wait in memory."""
        return self._pending_bytes > 0

    @property
    def is_under_pressure(self) -> bool:
        """Whether enough has gathered that it should be written even while the service is busy."""
        return self._pending_bytes >= _PRESSURE_BYTES

    def flush_if_due(self, mono_ns: int, wall_ns: int, *, idle: bool = False) -> None:
        """Hand gathered entries to the kernel when idle, overdue or many, and begin a new segment when one is full."""
        if self._waiting and (idle or self.is_under_pressure or mono_ns - self._flushed_ns >= self._limits.flush_ns):
            self.flush(mono_ns, wall_ns)
        if self._is_full(mono_ns):
            self.flush(mono_ns, wall_ns)
            self._begin_next(mono_ns, wall_ns)

    def flush(self, mono_ns: int, wall_ns: int) -> None:
        """Hand all gathered entries to the kernel."""
        self._flushed_ns = mono_ns
        data = b"".join([self._head, *chain.from_iterable((entry_head(*entry), entry[0]) for entry in self._waiting)])
        self._head = b""
        self._waiting.clear()
        self._pending_bytes = 0
        try:
            _write_all(self._descriptor, data)
        except OSError as refused:
            self._give_up(refused, mono_ns, wall_ns)
        else:
            self._written += len(data)
            self._unwritten_seq = self.next_seq

    def close(self, mono_ns: int, wall_ns: int) -> None:
        """Write what is left and stop."""
        self.flush(mono_ns, wall_ns)
        os.close(self._descriptor)

    def _is_full(self, mono_ns: int) -> bool:
        too_large = self._written >= self._limits.segment_bytes
        too_old = mono_ns - self._opened_ns >= self._limits.segment_ns and self.next_seq > self._opened_seq
        return too_large or too_old

    def _begin_next(self, mono_ns: int, wall_ns: int) -> None:
        """Go on in a new segment; in the old one where the disk has no room for another file."""
        former = self._descriptor
        try:
            self._open_segment(mono_ns, wall_ns)
        except OSError as refused:
            self.last_error = f"capture: {refused.strerror}"
            self._opened_ns = mono_ns
        else:
            os.close(former)

    def _open_segment(self, mono_ns: int, wall_ns: int) -> None:
        path = segment_path(self._folder, self.next_seq)
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o640)
        self._written = 0
        self._opened_ns = mono_ns
        self._begin(mono_ns, wall_ns)
        self._opened_seq = self.next_seq

    def _begin(self, mono_ns: int, wall_ns: int) -> None:
        if self._written == 0:
            self._head = segment_head(self.next_seq)
        for terminal, payload in self._terminals.items():
            self.append(EntryKind.TERMINAL, terminal, payload, mono_ns, wall_ns)

    def _give_up(self, refused: OSError, mono_ns: int, wall_ns: int) -> None:
        with contextlib.suppress(OSError):  # what is left is written over
            os.ftruncate(self._descriptor, self._written)
        os.lseek(self._descriptor, self._written, os.SEEK_SET)
        self.last_error = f"capture: {refused.strerror}"
        self.lost = self.next_seq - self._unwritten_seq
        gap = {"lost_from_seq": self._unwritten_seq, "lost_to_seq": self.next_seq - 1, "error": self.last_error}
        self._begin(mono_ns, wall_ns)
        self.note(gap, mono_ns, wall_ns)


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _resumed(folder: Path) -> tuple[int, int]:
    """Last `seq` in use, and the bytes of a torn tail that were cut from the newest segment."""
    recorded = recorded_seq(folder)
    paths = segment_paths(folder)
    if not paths:
        return recorded, 0
    newest = paths[-1]
    scan = scan_segment(newest)
    if scan.rest:
        os.truncate(newest, scan.end)
    last = scan.entries[-1].seq if scan.entries else first_seq_in_name(newest) - 1
    return max(last, recorded), scan.rest


def recorded_seq(folder: Path) -> int:
    """Highest `seq` that is safely in Parquet; 0 where nothing is."""
    path = folder / _HIGHEST_SEQ_FILE
    return int(json.loads(path.read_bytes())["seq"]) if path.exists() else 0


def remember_recorded_seq(folder: Path, seq: int) -> None:
    """Keep the highest `seq` that is safely in Parquet, so that it is never given out again."""
    replace_file(folder / _HIGHEST_SEQ_FILE, json.dumps({"seq": seq}).encode(), durable=True)
