"""Reading segments: finished ones and the live one, in order, each entry once, whatever the recorder takes away."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.segments import Follower, NotASegmentError, entries_in, scan_segment, segment_paths
from tests.bridge.test_capture import fill, writer


def test_a_file_of_another_kind_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / f"{1:020d}.capture"
    path.write_bytes(b"something else entirely")
    with pytest.raises(NotASegmentError, match=path.name):
        scan_segment(path)


def test_reading_starts_where_it_is_asked_to(tmp_path: Path) -> None:
    target = writer(tmp_path, segment_bytes=100)
    for _ in range(4):
        fill(target, 2)
        target.flush_if_due(1, 0, idle=True)
    target.close(1, 1)
    assert [entry.seq for entry in entries_in(tmp_path, 5)] == [5, 6, 7, 8]


def drained(follower: Follower) -> list[int]:
    seqs: list[int] = []
    for _ in range(20):
        seqs += [entry.seq for entry in follower.poll()]
    return seqs


def test_a_follower_sees_each_entry_once_across_segments(tmp_path: Path) -> None:
    seen: list[int] = []
    with Follower(tmp_path) as follower:
        assert follower.poll() == []
        target = writer(tmp_path, segment_bytes=100)
        for _ in range(5):
            fill(target, 2)
            target.flush_if_due(1, 0, idle=True)
            seen += drained(follower)
        target.close(1, 1)
        assert seen + drained(follower) == list(range(1, 11))


def test_a_follower_waits_for_the_rest_of_an_entry(tmp_path: Path) -> None:
    target = writer(tmp_path)
    fill(target, 2)
    target.close(1, 1)
    (path,) = segment_paths(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[:-5])
    with Follower(tmp_path) as follower:
        assert drained(follower) == [1]
        with path.open("ab") as file:
            file.write(whole[-5:])
        assert drained(follower) == [2]


def test_a_follower_goes_past_a_torn_segment_once_it_has_a_successor(tmp_path: Path) -> None:
    target = writer(tmp_path)
    fill(target, 2)
    target.close(1, 1)
    (path,) = segment_paths(tmp_path)
    with Follower(tmp_path) as follower:
        assert drained(follower) == [1, 2]
        with path.open("ab") as file:
            file.write(b"torn")
        assert drained(follower) == []
        again = writer(tmp_path)
        fill(again, 1)
        again.close(1, 1)
        assert drained(follower) == [3, 4]


def test_a_follower_begins_in_the_middle(tmp_path: Path) -> None:
    target = writer(tmp_path, segment_bytes=100)
    for _ in range(4):
        fill(target, 2)
        target.flush_if_due(1, 0, idle=True)
    target.close(1, 1)
    with Follower(tmp_path, 6) as follower:
        assert drained(follower) == [6, 7, 8]


def test_a_follower_survives_a_segment_that_is_taken_away(tmp_path: Path) -> None:
    target = writer(tmp_path, segment_bytes=100)
    for _ in range(4):
        fill(target, 2)
        target.flush_if_due(1, 0, idle=True)
    target.close(1, 1)
    with Follower(tmp_path) as follower:
        assert [entry.seq for entry in follower.poll()] == [1, 2]
        first, second, *_ = segment_paths(tmp_path)
        first.unlink()
        second.unlink()
        assert drained(follower) == [5, 6, 7, 8]


def test_entries_are_read_although_the_recorder_takes_their_segments(tmp_path: Path) -> None:
    target = writer(tmp_path, segment_bytes=100)
    for _ in range(4):
        fill(target, 2)
        target.flush_if_due(1, 0, idle=True)
    target.close(1, 1)
    reading = entries_in(tmp_path)
    assert next(reading).seq == 1
    for path in segment_paths(tmp_path):
        path.unlink()
    assert [entry.seq for entry in reading] == [2, 3, 4, 5, 6, 7, 8]


@given(st.lists(st.sampled_from(["fill", "flush", "poll"]), max_size=30))
def test_a_follower_and_a_writer_in_any_order(tmp_path_factory: pytest.TempPathFactory, steps: list[str]) -> None:
    folder = tmp_path_factory.mktemp("live")
    target = writer(folder, segment_bytes=150)
    seen: list[int] = []
    with Follower(folder) as follower:
        for step in [*steps, "flush", *["poll"] * (2 * len(steps) + 4)]:
            if step == "fill":
                fill(target, 1)
            elif step == "flush":
                target.flush_if_due(1, 0, idle=True)
            else:
                seen += [entry.seq for entry in follower.poll()]
    assert seen == list(range(1, steps.count("fill") + 1))
    target.close(2, 2)


def test_a_folder_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    assert segment_paths(tmp_path / "absent") == []
    assert list(entries_in(tmp_path / "absent")) == []
