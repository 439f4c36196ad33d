"""Two imports become one: nothing twice, nothing lost, no contradiction passed over."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.dtypes import TICK_DTYPE
from domain.serverclock import UTC_CLOCK
from marketdata.merging import Overlap, merged
from marketdata.months import Stamped
from marketdata.store import stamped_by
from tests.marketdata.samples import bars_of, ticks_at

BARS = stamped_by(bars_of([(100_000, 100_020, 99_980, 100_010)] * 8), UTC_CLOCK)


@st.composite
def tick_rows(draw: st.DrawFn) -> Stamped:
    """Ticks of few different times and prices, so that equal ones are common."""
    steps = draw(st.lists(st.sampled_from([0, 0, 1, 5]), min_size=1, max_size=30))
    bids = draw(st.lists(st.sampled_from([1.1, 1.2]), min_size=len(steps), max_size=len(steps)))
    return stamped_by(ticks_at((1000 + np.cumsum(steps)).tolist(), bids), UTC_CLOCK)


@given(ticks=tick_rows(), data=st.data())
@settings(max_examples=100)
def test_cut_pieces_of_ticks_become_the_whole(ticks: Stamped, data: st.DataObject) -> None:
    size = ticks.rows.size
    first = data.draw(st.integers(1, size))
    second = data.draw(st.integers(0, first))
    head, tail = ticks.part(slice(0, first)), ticks.part(slice(second, size))
    if tail.rows.size:
        outcome = merged(head, tail, Overlap.REFUSE)
        if not outcome.contradicting.size:
            assert sorted(outcome.rows.rows.tolist()) == sorted(_union(head, tail).tolist())
        again = merged(outcome.rows, outcome.rows, Overlap.REFUSE)
        assert (again.added, again.equal) == (0, outcome.rows.rows.size)


def _union(head: Stamped, tail: Stamped) -> np.ndarray[tuple[int], np.dtype[np.void]]:
    """Each tick as often as the side has it that has it more often."""
    counts: dict[tuple[float, ...], int] = {}
    for side in (head, tail):
        rows, seen = side.rows.tolist(), side.rows.tolist()
        for row in set(rows):
            counts[row] = max(counts.get(row, 0), seen.count(row))
    return np.array([row for row, count in counts.items() for _ in range(count)], TICK_DTYPE)


def test_a_fuller_history_takes_the_place_of_one_with_holes() -> None:
    whole = stamped_by(ticks_at([1, 2, 2, 3, 9, 12]), UTC_CLOCK)
    holes = whole.part([0, 2, 5])
    for stored, new in ((holes, whole), (whole, holes)):
        outcome = merged(stored, new, Overlap.REFUSE)
        assert outcome.rows.rows.tobytes() == whole.rows.tobytes()
        assert not outcome.contradicting.size
    assert merged(holes, whole, Overlap.REFUSE).added == 3


def test_two_feeds_are_not_mixed() -> None:
    one = stamped_by(ticks_at([10, 20, 30, 40]), UTC_CLOCK)
    other = stamped_by(ticks_at([15, 20, 25, 35]), UTC_CLOCK)
    refused = merged(one, other, Overlap.REFUSE)
    assert refused.contradicting.tolist() == [15_000_000, 25_000_000, 35_000_000]
    assert merged(one, other, Overlap.NEW).rows.rows["time_msc"].tolist() == [10, 15, 20, 25, 35, 40]
    assert merged(one, other, Overlap.STORED).rows.rows["time_msc"].tolist() == [10, 20, 30, 40]


@pytest.mark.parametrize("field", TICK_DTYPE.names or ())
def test_ticks_that_differ_in_anything_differ(field: str) -> None:
    if field in ("time", "time_msc"):
        return
    one, other = (stamped_by(ticks_at([10, 20, 30]), UTC_CLOCK) for _ in range(2))
    other.rows[field][1] += 1
    assert merged(one, other, Overlap.REFUSE).contradicting.tolist() == [20_000_000]


def test_the_bar_that_was_forming_is_completed() -> None:
    forming = BARS.part(slice(0, 6))
    later = Stamped(BARS.rows.copy(), BARS.offset_s)
    later.rows["high"][5], later.rows["close"][5], later.rows["tick_volume"][5] = 1.0003, 1.0002, 9
    outcome = merged(forming, later, Overlap.REFUSE)
    assert (outcome.added, outcome.equal, outcome.completed) == (2, 5, 1)
    assert outcome.rows.rows.tobytes() == later.rows.tobytes()
    assert merged(forming, later, Overlap.REFUSE, open_end=False).contradicting.size == 1


@pytest.mark.parametrize(("field", "value"), [("open", 1.00001), ("high", 1.0001), ("low", 0.9999), ("tick_volume", 3)])
def test_a_bar_that_shrank_or_opened_elsewhere_was_not_forming(field: str, value: float) -> None:
    other = Stamped(BARS.rows.copy(), BARS.offset_s)
    other.rows[field][-1] = value
    assert merged(BARS, other, Overlap.REFUSE).contradicting.tolist() == [BARS.time_ns[-1]]


@pytest.mark.parametrize("place", range(8))
@pytest.mark.parametrize("field", ["open", "high", "low", "close", "tick_volume", "spread", "real_volume"])
def test_a_bar_within_that_differs_is_a_contradiction(place: int, field: str) -> None:
    other = Stamped(BARS.rows.copy(), BARS.offset_s)
    other.rows[field][place] += 3
    longer = BARS.part(slice(0, 8))
    outcome = merged(longer, other, Overlap.REFUSE, open_end=False)
    assert outcome.contradicting.tolist() == [BARS.time_ns[place]]
    assert outcome.equal == 7
