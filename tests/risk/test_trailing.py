"""Levels of trailing stops by hand, and the ladder against a naive one."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.trailing import best_of, cost_distance, stepped_level, stepped_wake, trailing_level
from tests.domain.interpreted import bits, interpreted

PLAIN = interpreted("risk.trailing")


@pytest.mark.parametrize(
    ("volume", "commission", "swap", "distance"),
    [
        (1.0, 7.0, 0.0, 0.00007),
        (0.5, 7.0, -1.5, 0.0001),  # 3.50 and 1.50 over 50,000 units
        (1.0, 0.0, 0.0, 0.0),
        (1.0, 7.0, 20.0, 0.0),  # the swap has paid for it
        (0.0, 7.0, 0.0, math.nan),
    ],
)
def test_costs_in_price_by_hand(volume: float, commission: float, swap: float, distance: float) -> None:
    assert cost_distance(volume, commission, swap, 100_000.0) == pytest.approx(distance, nan_ok=True)


def test_levels_by_hand() -> None:
    assert trailing_level(1, 1.1050, 0.002) == pytest.approx(1.103)
    assert trailing_level(-1, 1.0950, 0.002) == pytest.approx(1.097)
    assert (best_of(1, 1.2, 1.1), best_of(-1, 1.2, 1.1)) == (1.2, 1.1)


@pytest.mark.parametrize(
    ("gain", "level"), [(0.0010, 1.0985), (0.0015, 1.1), (0.0029, 1.1), (0.0031, 1.1015), (0.0061, 1.1045)]
)
def test_the_ladder_by_hand(gain: float, level: float) -> None:
    # rungs of 150 points: at 300 the stop stands at 150
    assert stepped_level(1, 1.1, gain, 0.0015) == pytest.approx(level)
    assert stepped_level(-1, 1.1, gain, 0.0015) == pytest.approx(2.2 - level)


@given(gain=st.integers(0, 2000), rung=st.integers(1, 300), held=st.integers(-300, 900), least=st.integers(0, 50))
def test_the_ladder_wakes_no_later_than_it_steps(gain: int, rung: int, held: int, least: int) -> None:
    """In whole units, so that nothing is rounded."""
    level = stepped_level(1, 0.0, float(gain), float(rung))
    assert level == (gain // rung - 1) * rung
    wake = stepped_wake(float(held), float(least), float(rung))
    if level >= held + least and gain >= rung:
        assert gain >= wake
    elif gain >= rung:
        assert gain < wake
    assert bits([wake]) == bits([PLAIN.stepped_wake(float(held), float(least), float(rung))])


@given(st.lists(st.floats(0.1, 2.0), min_size=4, max_size=4), st.sampled_from([1, -1]))
def test_the_kernels_agree_with_python(numbers: list[float], side: int) -> None:
    a, b, c, d = numbers
    found = [cost_distance(a, b, c, d), trailing_level(side, a, b), best_of(side, a, b), stepped_level(side, a, b, c)]
    plain = [
        PLAIN.cost_distance(a, b, c, d),
        PLAIN.trailing_level(side, a, b),
        PLAIN.best_of(side, a, b),
        PLAIN.stepped_level(side, a, b, c),
    ]
    assert bits(found) == bits(plain)
