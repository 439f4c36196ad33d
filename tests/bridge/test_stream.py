"""Where a batch belongs: behind the last one, seen before, or somewhere else."""

from hypothesis import given
from hypothesis import strategies as st

from bridge.stream import Place, Stream


def after(*batches: int) -> Stream:
    stream = Stream()
    for batch in batches:
        stream.fed(batch, 2, batch * 10)
    return stream


def test_the_first_batch_continues_nothing() -> None:
    assert Stream().place_of(1, 1, 5) is Place.ELSEWHERE


def test_the_next_number_continues() -> None:
    assert after(1, 2).place_of(3, 9, 9) is Place.NEXT


def test_a_gap_does_not_continue() -> None:
    assert after(1, 2).place_of(4, 9, 9) is Place.ELSEWHERE


@given(st.integers(2, 500), st.data())
def test_every_batch_fed_is_known_again(count: int, data: st.DataObject) -> None:
    stream = after(*range(1, count))
    batch = data.draw(st.integers(1, count - 1))
    assert stream.place_of(batch, 2, batch * 10) is Place.AGAIN


def test_the_same_number_with_other_ticks_is_another_batch() -> None:
    stream = after(1, 2)
    assert stream.place_of(2, 2, 21) is Place.ELSEWHERE
    assert stream.place_of(2, 3, 20) is Place.ELSEWHERE


def test_a_terminal_that_counts_anew_starts_over() -> None:
    stream = after(1, 2, 3)
    stream.fed(1, 7, 99)
    assert stream.place_of(3, 2, 30) is Place.ELSEWHERE
    assert stream.place_of(2, 2, 20) is Place.NEXT


def test_a_broken_stream_continues_nothing() -> None:
    stream = after(1, 2)
    stream.broken()
    assert stream.place_of(2, 2, 20) is Place.ELSEWHERE
    assert stream.place_of(3, 2, 30) is Place.ELSEWHERE


def test_memory_is_bounded() -> None:
    stream = after(*range(1, 10_000))
    assert stream.place_of(1, 2, 10) is Place.ELSEWHERE
    assert stream.place_of(9_999, 2, 99_990) is Place.AGAIN
    assert len(stream._fed) <= 4096
