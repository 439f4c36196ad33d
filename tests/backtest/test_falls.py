"""Falls of equity against a plain walk over the points."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backtest.curve import Curve
from backtest.falls import Fall, fall_figures, falls_of
from backtest.returns import drawdown

equities = st.lists(st.integers(1, 30).map(float), min_size=1, max_size=40)


def curve_of(equity: list[float]) -> Curve:
    time_ns = np.arange(len(equity), dtype=np.int64) * 10**9 + 7
    return Curve(time_ns, np.array(equity), np.array(equity))


def by_walking(equity: list[float]) -> list[Fall]:
    found: list[tuple[int, int, int | None]] = []
    peak_at, bottom_at = 0, -1
    for at, value in enumerate(equity):
        if value >= equity[peak_at]:
            if bottom_at >= 0:
                found.append((peak_at, bottom_at, at))
            peak_at, bottom_at = at, -1
        elif bottom_at < 0 or value < equity[bottom_at]:
            bottom_at = at
    if bottom_at >= 0:
        found.append((peak_at, bottom_at, None))
    moments = [place * 10**9 + 7 for place in range(len(equity))]
    return [
        Fall(moments[peak], moments[bottom], 0 if end is None else moments[end], equity[peak], equity[bottom])
        for peak, bottom, end in found
    ]


@given(equities)
@settings(max_examples=100)
def test_falls_by_walking(equity: list[float]) -> None:
    falls = falls_of(curve_of(equity))
    assert list(falls) == by_walking(equity)
    assert max((fall.fraction for fall in falls), default=0.0) == pytest.approx(drawdown(np.array(equity)))


@given(equities)
@settings(max_examples=50)
def test_time_under_water(equity: list[float]) -> None:
    found = fall_figures(curve_of(equity))
    assert 0.0 <= found.under_water <= 1.0
    assert found.lowest == min(equity)
    assert found.highest == max(equity)
    assert found.longest_s <= len(equity)
    assert found.number == len(by_walking(equity))


def test_figures_of_a_known_curve() -> None:
    found = fall_figures(curve_of([100.0, 120.0, 90.0, 110.0, 125.0, 105.0, 115.0]))
    assert found.number == 2
    assert found.deepest is not None
    assert found.largest == found.deepest
    assert (found.deepest.money, found.deepest.fraction) == (30.0, 0.25)
    assert found.mean_fraction == pytest.approx((0.25 + 0.16) / 2)
    assert (found.longest_s, found.mean_s) == (3.0, 2.5)
    assert found.under_water == pytest.approx(5 / 6)
    assert found.recovery == pytest.approx(15.0 / 30.0)


def test_what_never_falls_has_no_recovery() -> None:
    found = fall_figures(curve_of([1.0, 2.0, 2.0, 3.0]))
    assert (found.number, found.deepest, found.longest_s, found.under_water) == (0, None, 0.0, 0.0)
    assert math.isnan(found.recovery)
