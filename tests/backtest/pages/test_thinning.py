"""A thinned series is short and has every extreme of the whole one."""

import base64

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backtest.pages.thinning import kept_places, packed


@settings(max_examples=50)
@given(st.integers(1, 3000), st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_no_extreme_is_lost(size: int, buckets: int, seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=size).cumsum()
    places = kept_places(values, buckets)
    assert len(places) <= 4 * buckets or len(places) == size <= 4 * buckets
    assert (places[0], places[-1]) == (0, size - 1)
    assert np.all(np.diff(places) > 0)
    assert values[places].max() == values.max()
    assert values[places].min() == values.min()


@pytest.mark.parametrize("code", ["f8", "f4", "i4", "u4"])
def test_packed_values_are_little_endian(code: str) -> None:
    values = np.array([1, 2, 70_000])
    found = packed(values, code)
    assert found["dtype"] == code
    assert np.frombuffer(base64.b64decode(found["bdata"]), f"<{code}").tolist() == [1, 2, 70_000]
