"""Compiled rounding is Python's own: the simulated server and the books round with that."""

from hypothesis import given
from hypothesis import strategies as st

from backtest.compiled.decimals import floored, on_grid, rounded_decimal, rounded_lots, whole
from domain import volumes

STEPS = st.sampled_from([0.01, 0.1, 1.0, 0.001, 0.25])


@given(st.floats(-1e6, 1e6))
def test_two_digits(value: float) -> None:
    assert rounded_decimal(value, 100.0) == round(value, 2)


@given(st.integers(-(10**9), 10**9), st.sampled_from([0.005, 0.125, 0.5, 0.015625]))
def test_ties_and_what_is_next_to_them(count: int, step: float) -> None:
    assert rounded_decimal(count * step, 100.0) == round(count * step, 2)
    assert whole(count * step) == round(count * step)


@given(st.floats(0.0, 1000.0), STEPS)
def test_lots(volume: float, step: float) -> None:
    assert rounded_lots(volume) == round(volume, 8)
    assert on_grid(volume, step) == volumes.on_grid(volume, step)
    assert floored(volume, step) == volumes.floored(volume, step)
