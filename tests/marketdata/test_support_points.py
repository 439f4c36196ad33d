"""The way through a minute: support points by MetaQuotes' table, and nothing outside the bar between them."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.timeframes import Timeframe
from marketdata import every_tick
from marketdata.support_points import MOST_SUPPORT_POINTS, support_points
from tests.marketdata.samples import bars_of

RISING = (0, -40, 60, 20)
"""Open, near, far, close."""


def _points(path: tuple[int, int, int, int], ticks: int) -> list[int]:
    points = np.full(MOST_SUPPORT_POINTS, 10**6, np.int64)
    count = support_points(np.array(path, np.int64), ticks, points)
    return [int(point) for point in points[:count]]


def _bids(shape: tuple[int, int, int, int], volume: int) -> list[int]:
    """Bids of one bar of (open, high, low, close), in points."""
    bars = bars_of([shape], digits=2)
    bars["tick_volume"] = volume
    return [int(bid) for bid in np.rint(every_tick(bars, Timeframe.M1, 0.01)["bid"] * 100)]


@pytest.mark.parametrize(
    ("ticks", "opening", "between", "closing"),
    [(4, 1, 1, 1), (6, 1, 3, 1), (8, 2, 3, 2), (10, 2, 5, 2), (12, 3, 5, 3), (13, 3, 5, 3), (5000, 3, 5, 3)],
)
def test_points_are_shared_as_metaquotes_shares_them(ticks: int, opening: int, between: int, closing: int) -> None:
    points = _points(RISING, ticks)
    near, far = points.index(-40), points.index(60)
    assert (near + 1, far - near, len(points) - far - 1) == (opening, between, closing)
    assert points[-1] == 20


@pytest.mark.parametrize(("ticks", "between"), [(5, 1), (7, 3), (9, 3), (11, 5)])
def test_a_range_with_an_even_share_has_one_point_less(ticks: int, between: int) -> None:
    points = _points(RISING, ticks)
    assert points.index(60) - points.index(-40) == between


@pytest.mark.parametrize(
    ("path", "ticks", "shares"),
    [
        ((0, 0, 60, 20), 100, (0, 7, 4)),
        ((0, -40, 60, 60), 100, (4, 7, 0)),
        ((0, 0, 60, 60), 100, (0, 11, 0)),
        ((0, 0, -60, -60), 100, (0, 11, 0)),
        ((0, 0, 60, 20), 4, (0, 1, 2)),
        ((0, -40, 60, 60), 5, (1, 3, 0)),
        ((0, -40, 60, 60), 8, (2, 5, 0)),
        ((0, 0, 60, 60), 11, (0, 9, 0)),
    ],
)
def test_a_missing_shadow_gives_its_points_to_an_odd_range(
    path: tuple[int, int, int, int], ticks: int, shares: tuple[int, int, int]
) -> None:
    points = _points(path, ticks)
    near, far = points.index(path[1]) + 1 if path[1] != path[0] else 0, points.index(path[2]) + 1
    assert (near, far - near, len(points) - far) == shares


def test_a_shadow_goes_three_quarters_back_to_half_and_to_its_end() -> None:
    assert _points(RISING, 12)[:3] == [-30, -20, -40]
    assert _points(RISING, 12)[-3:] == [30, 40, 20]
    assert _points((0, 7, -9, 0), 12)[:3] == [5, 3, 7]
    assert _points((0, 7, -9, 0), 12)[-3:] == [-3, -5, 0]
    assert _points(RISING, 8)[:2] == [-20, -40]
    assert _points((0, 0, 60, 20), 12)[-4:] == [30, 40, 30, 20]


@pytest.mark.parametrize(
    ("size", "waves"),
    [(100, [34, 33, 67, 66, 100]), (6, [2, 1, 3, 2, 6]), (3, [1, 0, 1, 0, 3]), (2, [1, 0, 1, 0, 2])],
)
def test_a_range_is_three_impulses_with_a_point_back_between_them(size: int, waves: list[int]) -> None:
    """Each impulse is ((range - 1) / 3 + 1) points, the last one reaches the extreme."""
    assert _points((1, 0, size, size - 1), 12)[3:8] == waves
    assert _points((-1, 0, -size, 1 - size), 12)[3:8] == [-point for point in waves]


@pytest.mark.parametrize(
    ("shape", "bids"),
    [
        ((120, 130, 90, 110), None),
        ((100, 110, 100, 100), [100, 110, 100]),
        ((100, 100, 90, 100), [100, 90, 100]),
        ((100, 110, 100, 105), [100, 110, 105]),
        ((100, 105, 90, 105), [100, 90, 105]),
        ((105, 110, 90, 90), [105, 110, 90]),
        ((100, 110, 100, 110), [100, 105, 110]),
        ((110, 110, 101, 101), [110, 105, 101]),
        ((100, 100, 100, 100), [100, 100, 100]),
    ],
)
def test_three_ticks_follow_the_four_documented_shapes(
    shape: tuple[int, int, int, int], bids: list[int] | None
) -> None:
    if bids is None:
        with pytest.raises(ValueError, match="need 4 ticks"):
            _bids(shape, 3)
    else:
        assert _bids(shape, 3) == bids


def test_one_tick_is_the_close_and_two_are_open_and_close() -> None:
    assert _bids((100, 100, 100, 100), 1) == [100]
    assert _bids((100, 107, 100, 107), 2) == [100, 107]


def test_a_way_longer_than_its_ticks_is_walked_in_even_steps() -> None:
    bids = _bids((1000, 2100, 1000, 2100), 23)
    first_leg = np.diff(bids[:3])
    assert first_leg.tolist() == [92, 92]
    assert len(bids) == 23


def test_more_ticks_than_points_make_saw_teeth() -> None:
    bids = _bids((100, 101, 100, 101), 13)
    assert bids[0] == 100
    assert bids[-1] == 101
    assert set(bids) == {100, 101}
    assert sum(first != second for first, second in itertools.pairwise(bids)) >= 10


def test_a_tooth_points_back_and_at_the_start_of_a_leg_ahead() -> None:
    """Eleven legs of five ticks; the first two go from 100 to 102 and back to 101."""
    assert _bids((100, 107, 100, 107), 56)[:11] == [100, 101, 100, 101, 100, 102, 101, 102, 101, 102, 101]


@st.composite
def _bars(draw: st.DrawFn) -> tuple[tuple[int, int, int, int], int]:
    opens, closes = draw(st.integers(1_000, 1_030)), draw(st.integers(1_000, 1_030))
    high, low = max(opens, closes) + draw(st.integers(0, 9)), min(opens, closes) - draw(st.integers(0, 9))
    return (opens, high, low, closes), draw(st.integers(4, 40) | st.integers(4, 600))


@settings(max_examples=200)
@given(case=_bars())
def test_the_way_stays_inside_the_bar_and_goes_by_its_support_points(
    case: tuple[tuple[int, int, int, int], int],
) -> None:
    (opens, high, low, closes), volume = case
    rising = closes >= opens
    near, far = (low, high) if rising else (high, low)
    bids = _bids((opens, high, low, closes), volume)
    assert len(bids) == volume
    assert (bids[0], bids[-1], max(bids), min(bids)) == (opens, closes, high, low)
    points = _points((opens, near, far, closes), volume)
    assert [bids[(volume - 1) * (leg + 1) // len(points)] for leg in range(len(points))] == points


@settings(max_examples=200)
@given(case=_bars())
def test_a_tick_seldom_repeats_the_one_before(case: tuple[tuple[int, int, int, int], int]) -> None:
    """Where it does, a leg ends: one repetition a leg at most, save in a bar of one price."""
    shape, volume = case
    bids = _bids(shape, volume)
    repeated = sum(first == second for first, second in itertools.pairwise(bids))
    if shape[1] > shape[2]:
        assert repeated <= MOST_SUPPORT_POINTS
    else:
        assert repeated == volume - 1


def test_compiled_and_plain_give_the_same_points() -> None:
    for ticks in range(2, 14):
        path = np.array(RISING, np.int64)
        compiled, plain = np.zeros(11, np.int64), np.zeros(11, np.int64)
        count = support_points(path, ticks, compiled)
        assert support_points.py_func(path, ticks, plain) == count  # type: ignore[attr-defined]  # numba's own
        assert compiled.tolist() == plain.tolist()
