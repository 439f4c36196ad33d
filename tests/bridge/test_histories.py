"""Parts of a history make the whole, in whatever sizes they come; a missing part makes nothing."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bridge.histories import MAX_PARTS, Histories
from domain.timeframes import Timeframe
from tests.bridge.floor import some_bars
from wire.messages import History
from wire.parts import history_parts


def parts_of(count: int, size: int, timeframe: Timeframe = Timeframe.M1) -> list[History]:
    return history_parts(History(symbol_index=0, timeframe=timeframe, rates=some_bars(count)), size)


@given(st.integers(0, 40), st.integers(1, 12))
def test_the_parts_make_the_whole(count: int, size: int) -> None:
    histories = Histories()
    *first, last = [histories.joined("EURUSD", part) for part in parts_of(count, size)]
    assert all(one is None for one in first)
    assert last is not None
    chart, bars = last
    assert chart == ("EURUSD", Timeframe.M1)
    assert bars.tobytes() == some_bars(count).tobytes()


@given(st.lists(st.integers(0, 3), max_size=12))
def test_parts_in_any_order_never_make_a_wrong_whole(order: list[int]) -> None:
    parts, histories = parts_of(8, 2), Histories()
    for number in order:
        found = histories.joined("EURUSD", parts[number])
        assert found is None or found[1].tobytes() == some_bars(8).tobytes()


def test_charts_are_kept_apart() -> None:
    histories = Histories()
    minutes, hours = parts_of(4, 2), parts_of(6, 3, Timeframe.H1)
    assert histories.joined("EURUSD", minutes[0]) is None
    assert histories.joined("EURUSD", hours[0]) is None
    assert histories.joined("GBPUSD", minutes[1]) is None
    found = histories.joined("EURUSD", minutes[1])
    assert found is not None
    assert len(found[1]) == 4


def test_a_new_first_part_starts_over() -> None:
    histories, parts = Histories(), parts_of(4, 2)
    histories.joined("EURUSD", parts[0])
    histories.joined("EURUSD", parts[0])
    found = histories.joined("EURUSD", parts[1])
    assert found is not None
    assert np.array_equal(found[1]["time"], some_bars(4)["time"])


def test_endless_parts_are_dropped() -> None:
    histories = Histories()
    one = some_bars(1)
    for number in range(1, MAX_PARTS + 5):
        part = History(symbol_index=0, timeframe=Timeframe.M1, rates=one, part=number, parts=60_000)
        assert histories.joined("EURUSD", part) is None
    assert histories._parts == {}
