"""Turns finished capture segments into Parquet, in a process of its own, off the hot path.

A segment is removed only after every file made of it is on the disk. A crash at any moment loses nothing and doubles
nothing: the next run makes the same files of the same segment again.
"""

import logging
import os
import signal
import threading
from collections import defaultdict
from pathlib import Path
from typing import Final

from bridge.capture import remember_recorded_seq
from bridge.config import BridgeConfig, Places
from bridge.files import FolderLock, sync_folder
from bridge.inputs import Decided, Fed, InputReader
from bridge.recordings import (
    Partition,
    SegmentDone,
    day_of,
    decisions_table,
    inputs_table,
    mark_done,
    ticks_table,
    write_partition,
)
from bridge.records import STRANGER, Entry, EntryKind
from bridge.segments import first_seq_in_name, scan_segment, segment_paths
from domain.servertime import utc_ns_from_server_msc
from wire.codec import frame_type
from wire.enums import MessageType

_LOG: Final = logging.getLogger("companion.recorder")
_LOOK_S: Final = 2.0
_NICENESS: Final = 10
_CHATTER: Final = frozenset({MessageType.DECISION, MessageType.HEARTBEAT})


class Recorder:
    """The one recorder of a data directory."""

    def __init__(self, data_dir: Path) -> None:
        places = Places(data_dir)
        self._capture = places.capture
        self._root = places.recordings

    def run_once(self) -> int:
        """Record every finished segment, oldest first; how many there were."""
        finished = segment_paths(self._capture)[:-1]
        for path in finished:
            self.record(path)
        return len(finished)

    def record(self, path: Path) -> None:
        """Put one finished segment into Parquet, and remove it."""
        first_seq = first_seq_in_name(path)
        scan = scan_segment(path)
        last_seq = scan.entries[-1].seq if scan.entries else first_seq - 1
        if scan.rest:
            _LOG.warning("%s: the last %d bytes are no whole entry; a crash tore them", path.name, scan.rest)
        self._write(scan.entries, first_seq)
        mark_done(self._root, SegmentDone(first_seq, last_seq, scan.rest))
        remember_recorded_seq(self._capture, last_seq)
        path.unlink()
        sync_folder(self._capture)

    def _write(self, entries: list[Entry], first_seq: int) -> None:
        sorted_out = _Sorter()
        for entry in entries:
            sorted_out.add(entry)
        for place, batches in sorted_out.ticks.items():
            write_partition(self._root, place, first_seq, ticks_table(batches))
        for place, decided in sorted_out.decisions.items():
            write_partition(self._root, place, first_seq, decisions_table(decided))
        for place, kept in sorted_out.inputs.items():
            write_partition(self._root, place, first_seq, inputs_table(kept))


class _Sorter:
    """Sorts entries by where they belong. A batch of ticks is never divided: it goes to the day of its first tick."""

    def __init__(self) -> None:
        self.ticks: dict[Partition, list[Fed]] = defaultdict(list)
        self.decisions: dict[Partition, list[Decided]] = defaultdict(list)
        self.inputs: dict[Partition, list[Entry]] = defaultdict(list)
        self._reader = InputReader()

    def add(self, entry: Entry) -> None:
        """Put one entry where it belongs; chatter and strangers belong nowhere."""
        found = self._reader.input_of(entry)
        if isinstance(found, Fed):
            first_ns = utc_ns_from_server_msc(int(found.ticks["time_msc"][0]), found.server_offset_s)
            self.ticks[Partition("ticks", found.account, found.symbol, day_of(first_ns))].append(found)
        elif isinstance(found, Decided):
            day = day_of(int(found.rows["time_ns"][0]))
            self.decisions[Partition("decisions", found.account, "", day)].append(found)
        elif entry.kind == EntryKind.NOTE or not _is_chatter(entry):
            for account in self._accounts_of(entry):
                self.inputs[Partition("inputs", account, "", day_of(entry.wall_ns))].append(entry)

    def _accounts_of(self, entry: Entry) -> list[str]:
        if entry.kind == EntryKind.NOTE:
            return sorted({info.account for info in self._reader.terminals.values()})
        info = self._reader.terminals.get(entry.terminal)
        return [info.account] if info is not None and entry.terminal != STRANGER else []


def _is_chatter(entry: Entry) -> bool:
    is_frame = entry.kind in (EntryKind.INBOUND, EntryKind.OUTBOUND)
    return is_frame and frame_type(entry.payload) in _CHATTER


def run_recorder(config: BridgeConfig, stop: threading.Event | None = None) -> None:
    """Record until SIGTERM or SIGINT, or until `stop` is set.

    Raises:
        FolderInUseError: where another recorder works in the data directory.
    """
    stop = stop or threading.Event()
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _number, _frame: stop.set())
        os.nice(_NICENESS)
    recorder = Recorder(config.data_dir)
    with FolderLock(config.places.recorder_lock):
        while not stop.is_set():
            try:
                recorder.run_once()
            except OSError as refused:
                _LOG.error("recording failed, will be tried again: %s", refused)
            stop.wait(_LOOK_S)
