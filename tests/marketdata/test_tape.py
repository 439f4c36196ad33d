from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketdata import Tape
from tests.marketdata.samples import bars_of, ticks_at

SYMBOLS = ("EURUSD", "USDJPY", "XAUUSD")
Times = list[list[int]]


@st.composite
def times_of_symbols(draw: st.DrawFn) -> Times:
    one = st.lists(st.integers(0, 60), max_size=25).map(sorted)
    return draw(st.lists(one, min_size=3, max_size=3))


def _tape(times: Times) -> Tape:
    return Tape(SYMBOLS, {symbol: ticks_at(moments) for symbol, moments in zip(SYMBOLS, times, strict=True)})


def _merged_by_hand(times: Times) -> list[tuple[int, int, int]]:
    """(time, symbol, place) of every tick; Python's own sort orders ties by symbol, then by place."""
    return sorted((time, symbol, place) for symbol, moments in enumerate(times) for place, time in enumerate(moments))


def _flat(slices: list[tuple[int, int, int]]) -> list[tuple[int, int]]:
    return [(symbol, place) for symbol, start, stop in slices for place in range(start, stop)]


def _in_order(times: Times) -> list[tuple[int, int]]:
    return [(symbol, place) for _, symbol, place in _merged_by_hand(times)]


@given(times=times_of_symbols())
def test_every_tick_comes_once_and_in_order(times: Times) -> None:
    tape = _tape(times)
    slices = list(tape)
    assert _flat(slices) == _in_order(times)
    assert tape.total == len(_in_order(times))


@given(times=times_of_symbols())
def test_runs_are_as_long_as_they_can_be(times: Times) -> None:
    slices = list(_tape(times))
    assert all(stop > start for _, start, stop in slices)
    assert all(before[0] != after[0] for before, after in pairwise(slices))


@given(times=times_of_symbols(), max_ticks=st.integers(1, 10))
def test_batches_of_a_number_of_ticks(times: Times, max_ticks: int) -> None:
    batches = list(_tape(times).batches(max_ticks=max_ticks))
    sizes = [len(_flat(batch)) for batch in batches]
    assert [tick for batch in batches for tick in _flat(batch)] == _in_order(times)
    assert all(size == max_ticks for size in sizes[:-1])
    assert all(0 < size <= max_ticks for size in sizes)


@given(times=times_of_symbols(), batch_ms=st.integers(1, 30))
def test_batches_of_a_window(times: Times, batch_ms: int) -> None:
    batches = list(_tape(times).batches(batch_ms=batch_ms))
    assert [tick for batch in batches for tick in _flat(batch)] == _in_order(times)
    windows = [{times[symbol][place] // batch_ms for symbol, place in _flat(batch)} for batch in batches]
    assert all(len(window) == 1 for window in windows)
    assert len({window.pop() for window in windows}) == len(batches)


@given(times=times_of_symbols(), batch_ms=st.integers(1, 30), max_ticks=st.integers(1, 10))
def test_batches_of_a_window_split_at_a_number(times: Times, batch_ms: int, max_ticks: int) -> None:
    batches = list(_tape(times).batches(batch_ms=batch_ms, max_ticks=max_ticks))
    assert [tick for batch in batches for tick in _flat(batch)] == _in_order(times)
    counts: dict[int, int] = {}
    for time, _, _ in _merged_by_hand(times):
        counts[time // batch_ms] = counts.get(time // batch_ms, 0) + 1
    assert len(batches) == sum(-(-count // max_ticks) for count in counts.values())
    assert all(len(_flat(batch)) <= max_ticks for batch in batches)


@given(times=times_of_symbols(), batch_ms=st.integers(1, 30))
def test_symbol_batches_hold_the_same_ticks_once_a_symbol(times: Times, batch_ms: int) -> None:
    tape = _tape(times)
    for batch, joined in zip(tape.batches(batch_ms=batch_ms), tape.symbol_batches(batch_ms=batch_ms), strict=True):
        symbols = [symbol for symbol, _, _ in joined]
        assert symbols == list(dict.fromkeys(symbol for symbol, _, _ in batch))
        assert sorted(_flat(joined)) == sorted(_flat(batch))


def test_one_tick_a_batch_is_lock_step() -> None:
    tape = _tape([[1, 3], [2, 3], [3]])
    assert list(tape.batches(max_ticks=1)) == [[(0, 0, 1)], [(1, 0, 1)], [(0, 1, 2)], [(1, 1, 2)], [(2, 0, 1)]]


def test_long_tapes_are_read_in_chunks() -> None:
    times = [list(range(0, 200_000, 2)), list(range(1, 200_000, 2)), []]
    slices = list(_tape(times))
    assert len(slices) == 200_000
    assert slices[-1] == (1, 99_999, 100_000)
    assert slices[131_072] == (0, 65_536, 65_537)


def test_ticks_are_not_copied() -> None:
    ticks = ticks_at([1, 2])
    assert Tape(["EURUSD"], {"EURUSD": ticks}).ticks[0] is ticks


def test_the_span_is_that_of_all_symbols() -> None:
    assert _tape([[5, 9], [2], []]).span_msc == (2, 9)


@pytest.mark.parametrize("symbols", [(), SYMBOLS])
def test_an_empty_tape_is_empty(symbols: tuple[str, ...]) -> None:
    tape = Tape(symbols, {symbol: ticks_at([]) for symbol in symbols})
    assert (tape.total, tape.span_msc, list(tape), list(tape.batches(max_ticks=5))) == (0, None, [], [])


@pytest.mark.parametrize("limits", [{}, {"batch_ms": 0}, {"max_ticks": -1}, {"batch_ms": 5, "max_ticks": 0}])
def test_a_batch_needs_a_limit(limits: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="at least one"):
        next(_tape([[1], [], []]).batches(**limits))


@pytest.mark.parametrize(
    ("symbols", "ticks", "match"),
    [
        (["EURUSD"], {"USDJPY": ticks_at([1])}, "'EURUSD' has no ticks"),
        (["EURUSD", "EURUSD"], {"EURUSD": ticks_at([1])}, "name each once"),
        (["EURUSD"], {"EURUSD": ticks_at([2, 1])}, "goes back"),
        (["EURUSD"], {"EURUSD": bars_of([(1, 1, 1, 1)])}, "want TICK_DTYPE"),
    ],
)
def test_what_cannot_be_merged_is_refused(
    symbols: list[str], ticks: dict[str, npt.NDArray[np.void]], match: str
) -> None:
    with pytest.raises(ValueError, match=match):
        Tape(symbols, ticks)
