"""A place in a stream of ticks: read from anywhere before it, nothing comes twice and nothing is left out."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.poller.places import Place, Rows, after, place_at, unseen
from domain.dtypes import TICK_DTYPE

TIMES = st.lists(st.integers(1, 8), min_size=1, max_size=25).map(sorted)


def ticks_at(times: list[int]) -> Rows:
    rows = np.zeros(len(times), TICK_DTYPE)
    rows["time_msc"] = times
    rows["bid"] = np.arange(len(times))  # so that each is itself
    return rows


@settings(max_examples=100)
@given(TIMES, st.data())
def test_pieces_of_any_size_make_the_whole(times: list[int], data: st.DataObject) -> None:
    ticks, place, found = ticks_at(times), Place(0, 0), list[float]()
    while len(found) < len(ticks):
        there = data.draw(st.integers(len(found) + 1, len(ticks)))  # what the terminal has by now
        fresh = unseen(place, ticks[:there])
        assert fresh is not None
        fresh = fresh[: data.draw(st.integers(1, len(fresh)))]
        found.extend(fresh["bid"])
        place = after(place, fresh)
    assert found == list(ticks["bid"])


@given(TIMES, st.integers(0, 25))
def test_the_number_of_a_place_grows_and_leads_back(times: list[int], count: int) -> None:
    ticks = ticks_at(times)
    places = [after(Place(0, 0), ticks[:stop]) for stop in range(len(ticks) + 1)]
    numbers = [place.number for place in places]
    assert numbers == sorted(set(numbers))
    assert [place_at(number) for number in numbers] == places


def test_a_place_that_is_gone_is_noticed() -> None:
    assert unseen(Place(5, 2), ticks_at([5, 6])) is None
    assert unseen(Place(5, 1), ticks_at([6])) is None


def test_a_place_that_is_not_there_yet_has_nothing_behind_it() -> None:
    found = unseen(Place(5, 2), ticks_at([4, 5]))
    assert found is not None
    assert not len(found)
