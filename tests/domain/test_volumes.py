"""Volumes lie on the grid of the step, without binary noise, and flooring never gives more than there was."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.volumes import floored, on_grid

STEPS = st.sampled_from([0.001, 0.01, 0.1, 0.25, 1.0])


@given(st.integers(1, 100_000), STEPS)
def test_what_lies_on_the_grid_stays(count: int, step: float) -> None:
    assert on_grid(count * step, step) == floored(count * step, step) == pytest.approx(count * step, abs=1e-9)


@given(st.floats(0.0, 1000.0), STEPS)
def test_floored_is_the_largest_that_is_not_above(volume: float, step: float) -> None:
    result = floored(volume, step)
    assert result <= volume + 1e-5 * step
    assert volume - result < step * (1 + 1e-5)
    assert on_grid(result, step) == result


def test_noise_is_taken_away() -> None:
    assert on_grid(0.1 + 0.2, 0.01) == 0.3
    assert floored(0.3 - 1e-12, 0.1) == 0.3
