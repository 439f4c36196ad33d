from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from marketdata.quotes import ImportLog, NoteKind, QuoteFileError
from marketdata.raw import RawQuotes
from marketdata.sequence import in_order, refuse_two_bars_of_one_time, without_repeats


def _log() -> ImportLog:
    return ImportLog(Path("EURUSD.csv"))


def _raw(times: list[int], bids: list[float] | None = None) -> RawQuotes:
    prices = np.arange(len(times), dtype=np.float64) if bids is None else np.array(bids)
    return RawQuotes(np.array(times, dtype=np.int64), {"bid": prices}, np.arange(2, len(times) + 2))


@given(times=st.lists(st.integers(0, 50), max_size=60))
def test_rows_in_order_are_left_alone(times: list[int]) -> None:
    raw, log = _raw(sorted(times)), _log()
    assert in_order(raw, log) is raw
    assert log.notes == []


@given(times=st.lists(st.integers(0, 1000), min_size=2, max_size=10))
def test_a_few_late_rows_are_sorted_in(times: list[int]) -> None:
    """At most 10 rows can be late here; a stable sort is what Python's own does."""
    late = [place + 2 for place in range(1, len(times)) if times[place] < max(times[:place])]
    assume(0 < 2 * len(late) <= len(times) and sorted(times, reverse=True) != times)
    log = _log()
    ordered = in_order(_raw(times), log)
    expected = sorted(range(len(times)), key=lambda place: times[place])
    assert ordered.fields["bid"].tolist() == expected
    assert [(note.kind, note.rows, note.first_row) for note in log.notes] == [(NoteKind.DISORDER, len(late), late[0])]


@given(times=st.lists(st.integers(0, 10**6), min_size=2, max_size=500, unique=True))
def test_newest_first_is_turned_round(times: list[int]) -> None:
    log = _log()
    turned = in_order(_raw(sorted(times, reverse=True)), log)
    assert turned.time_msc.tolist() == sorted(times)
    assert log.notes[0].kind is NoteKind.DISORDER


def test_turning_round_keeps_the_order_within_a_millisecond() -> None:
    assert in_order(_raw([9, 5, 5, 1], [4.0, 3.0, 2.0, 1.0]), _log()).fields["bid"].tolist() == [1.0, 2.0, 3.0, 4.0]


def test_a_shuffled_file_is_refused() -> None:
    times = np.random.default_rng(1).permutation(1000).tolist()
    with pytest.raises(QuoteFileError, match="sort the file") as caught:
        in_order(_raw(times), _log())
    assert caught.value.field == "time"


def test_two_exports_one_after_the_other_are_refused() -> None:
    with pytest.raises(QuoteFileError, match="time"):
        in_order(_raw([*range(500), *range(500)]), _log())


@given(
    rows=st.lists(st.tuples(st.integers(0, 3), st.sampled_from([1.0, 2.0, float("nan")])), max_size=40).map(
        lambda rows: sorted(rows, key=lambda row: row[0])
    )
)
def test_only_equal_neighbors_are_repeats(rows: list[tuple[int, float]]) -> None:
    kept = without_repeats(_raw([row[0] for row in rows], [row[1] for row in rows]), _log())
    words = [repr(row) for row in rows]
    expected = [place + 2 for place in range(len(rows)) if place == 0 or words[place] != words[place - 1]]
    assert kept.rows.tolist() == expected


def test_repeats_are_noted() -> None:
    log = _log()
    without_repeats(_raw([1, 1, 1, 2], [1.0, 1.0, 2.0, 2.0]), log)
    assert [(note.kind, note.rows, note.first_row) for note in log.notes] == [(NoteKind.DUPLICATE, 1, 3)]


def test_two_bars_of_one_time_contradict() -> None:
    with pytest.raises(QuoteFileError, match="one bar for each time") as caught:
        refuse_two_bars_of_one_time(_raw([1, 2, 2, 3]), _log())
    assert caught.value.row == 4


def test_bars_of_different_times_agree() -> None:
    refuse_two_bars_of_one_time(_raw([1, 2, 3]), _log())
    refuse_two_bars_of_one_time(_raw([]), _log())
