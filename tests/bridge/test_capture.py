"""The record of what the engine consumed: nothing twice, all in order, and a crash costs the torn tail alone."""

import errno
import json
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.capture import CaptureLimits, CaptureWriter, recorded_seq, remember_recorded_seq
from bridge.records import SEGMENT_HEAD_BYTES, Entry, EntryFlag, EntryKind
from bridge.segments import (
    entries_in,
    first_seq_in_name,
    scan_segment,
    segment_paths,
)

SECOND = 1_000_000_000


def writer(folder: Path, mono_ns: int = 0, **limits: int) -> CaptureWriter:
    return CaptureWriter(folder, mono_ns=mono_ns, wall_ns=5, limits=CaptureLimits(**limits))


def fill(target: CaptureWriter, count: int, size: int = 10, mono_ns: int = 0) -> None:
    for number in range(count):
        target.append(EntryKind.INBOUND, 1, bytes([number % 256]) * size, mono_ns, 7)


def payloads(folder: Path) -> list[bytes]:
    return [entry.payload for entry in entries_in(folder) if entry.kind == EntryKind.INBOUND]


def notes(folder: Path) -> list[dict[str, object]]:
    return [json.loads(entry.payload) for entry in entries_in(folder) if entry.kind == EntryKind.NOTE]


def test_what_is_appended_is_read(tmp_path: Path) -> None:
    target = writer(tmp_path)
    assert target.append(EntryKind.INBOUND, 3, b"abc", 11, 12, EntryFlag.CONSUMED) == 1
    assert target.append(EntryKind.DECISIONS, 3, b"", 13, 14) == 2
    target.close(15, 16)
    assert list(entries_in(tmp_path)) == [Entry(2, 1, 3, 1, 11, 12, b"abc"), Entry(6, 0, 3, 2, 13, 14, b"")]


def test_nothing_is_written_before_it_is_due(tmp_path: Path) -> None:
    target = writer(tmp_path, flush_ns=100)
    fill(target, 1)
    target.flush_if_due(99, 0)
    assert payloads(tmp_path) == []
    target.flush_if_due(100, 0)
    assert len(payloads(tmp_path)) == 1


def test_an_idle_service_writes_at_once(tmp_path: Path) -> None:
    target = writer(tmp_path)
    fill(target, 1)
    target.flush_if_due(1, 0, idle=True)
    assert len(payloads(tmp_path)) == 1


def test_a_busy_service_writes_when_much_has_gathered(tmp_path: Path) -> None:
    target = writer(tmp_path)
    fill(target, 30, size=10_000)
    assert target.is_under_pressure
    target.flush_if_due(1, 0)
    assert len(payloads(tmp_path)) == 30
    assert not target.is_under_pressure


def test_a_full_segment_is_followed_by_another(tmp_path: Path) -> None:
    target = writer(tmp_path, segment_bytes=250)
    for round_ns in range(5):
        fill(target, 4)
        target.flush_if_due(round_ns, 0, idle=True)
    target.close(9, 9)
    paths = segment_paths(tmp_path)
    assert [first_seq_in_name(path) for path in paths] == [1, 9, 17]
    assert [entry.seq for entry in entries_in(tmp_path)] == list(range(1, 21))


def test_an_old_segment_is_followed_by_another_unless_it_is_empty(tmp_path: Path) -> None:
    target = writer(tmp_path, segment_ns=10)
    target.flush_if_due(50, 0, idle=True)
    assert len(segment_paths(tmp_path)) == 1
    fill(target, 1)
    target.flush_if_due(51, 0, idle=True)
    assert len(segment_paths(tmp_path)) == 2


def test_each_segment_says_who_the_terminals_are(tmp_path: Path) -> None:
    target = writer(tmp_path, segment_bytes=150)
    target.introduce(1, b"one", 0, 0)
    target.introduce(2, b"two", 0, 0)
    target.introduce(1, b"one again", 0, 0)
    target.flush_if_due(1, 0, idle=True)
    target.close(2, 0)
    second = scan_segment(segment_paths(tmp_path)[1]).entries
    assert [(entry.kind, entry.terminal, entry.payload) for entry in second] == [(1, 1, b"one again"), (1, 2, b"two")]


def test_seq_goes_on_after_a_restart(tmp_path: Path) -> None:
    first = writer(tmp_path)
    fill(first, 3)
    first.close(1, 1)
    second = writer(tmp_path)
    assert second.next_seq == 4
    second.close(1, 1)
    assert writer(tmp_path).next_seq == 4


def test_seq_goes_on_when_every_segment_was_taken_away(tmp_path: Path) -> None:
    tmp_path.mkdir(exist_ok=True)
    assert recorded_seq(tmp_path) == 0
    remember_recorded_seq(tmp_path, 41)
    assert writer(tmp_path).next_seq == 42


@settings(max_examples=60)
@given(count=st.integers(0, 12), size=st.integers(0, 40), data=st.data())
def test_a_torn_tail_is_cut_and_noted_and_nothing_whole_is_lost(
    tmp_path_factory: pytest.TempPathFactory, count: int, size: int, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("torn")
    first = writer(folder)
    fill(first, count, size)
    first.close(1, 1)
    path = segment_paths(folder)[0]
    whole_bytes = path.stat().st_size
    cut = data.draw(st.integers(0, whole_bytes))
    os.truncate(path, cut)
    whole = max(0, cut - SEGMENT_HEAD_BYTES) // (40 + size)
    torn = cut - (SEGMENT_HEAD_BYTES + whole * (40 + size)) if cut >= SEGMENT_HEAD_BYTES else cut
    second = writer(folder)
    fill(second, 2, size)
    second.close(2, 2)
    assert [entry.seq for entry in entries_in(folder)] == list(range(1, whole + 3 + bool(torn)))
    assert [note["cut_bytes"] for note in notes(folder)] == ([torn] if torn else [])


def test_a_full_disk_loses_entries_but_never_raises_and_the_gap_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = writer(tmp_path)
    target.introduce(1, b"one", 0, 0)
    fill(target, 2)
    target.flush(1, 1)
    real = os.write

    def half_then_full(descriptor: int, data: memoryview) -> int:
        if len(data) > 50:
            return real(descriptor, data[:30])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", half_then_full)
    fill(target, 3)
    target.flush(2, 2)
    assert "No space left" in target.last_error
    target.flush(3, 3)
    monkeypatch.setattr(os, "write", real)
    fill(target, 1)
    target.close(4, 4)
    (note,) = notes(tmp_path)
    seqs = [entry.seq for entry in entries_in(tmp_path)]
    assert seqs[:3] == [1, 2, 3]
    assert note["lost_from_seq"] == 4
    assert seqs[3] == int(str(note["lost_to_seq"])) + 1
    assert seqs[3:] == list(range(seqs[3], seqs[-1] + 1))
    assert target.lost > 0


def test_a_disk_full_from_the_start_still_leaves_a_readable_segment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int, data: memoryview) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    real = os.write
    target = writer(tmp_path)
    monkeypatch.setattr(os, "write", full)
    fill(target, 3)
    target.flush(1, 1)
    monkeypatch.setattr(os, "write", real)
    fill(target, 2)
    target.close(2, 2)
    assert len(payloads(tmp_path)) == 2


def test_a_disk_without_room_for_another_file_goes_on_in_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = writer(tmp_path, segment_bytes=100)
    real = os.open

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "open", full)
    fill(target, 5)
    target.flush_if_due(1, 1, idle=True)
    assert "No space left" in target.last_error
    monkeypatch.setattr(os, "open", real)
    fill(target, 5)
    target.flush_if_due(2, 2, idle=True)
    target.close(3, 3)
    assert [entry.seq for entry in entries_in(tmp_path)] == list(range(1, 11))
    assert [first_seq_in_name(path) for path in segment_paths(tmp_path)] == [1, 11]
