"""The wilder the market against its own history, the less is risked."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.levels import stop_distance_for
from risk.volatility import volatility_ratio, volatility_scale
from tests.domain.interpreted import bits, interpreted

PLAIN = interpreted("risk.volatility")
NAN = math.nan


@pytest.mark.parametrize(
    ("ratio", "scale"), [(0.2, 1.0), (1.0, 1.0), (1.5, 1.0), (2.0, 0.75), (3.0, 0.5), (NAN, NAN), (math.inf, 0.0)]
)
def test_the_scale_by_hand(ratio: float, scale: float) -> None:
    assert bits([volatility_scale(ratio, 1.5)]) == bits([scale])


@pytest.mark.parametrize("baseline", [0.0, -1.0, NAN])
def test_without_a_history_nothing_is_known(baseline: float) -> None:
    assert math.isnan(volatility_ratio(0.001, baseline))


@given(calm=st.floats(0.5, 10.0), ratios=st.tuples(st.floats(0.01, 100.0), st.floats(0.01, 100.0)))
def test_more_volatility_never_means_more_risk(calm: float, ratios: tuple[float, float]) -> None:
    low, high = sorted(ratios)
    assert 0.0 < volatility_scale(high, calm) <= volatility_scale(low, calm) <= 1.0
    # beyond the calm ratio risk times volatility stays what it was at the calm ratio
    assert volatility_scale(high, calm) * max(high, calm) == pytest.approx(max(calm, min(high, calm)))


@given(
    atr=st.floats(1e-5, 0.05),
    baseline=st.floats(1e-5, 0.05),
    floor=st.floats(0.0, 0.01),
    wanted=st.floats(0.5, 5.0),
)
def test_a_stop_keeps_floor_and_ceiling(atr: float, baseline: float, floor: float, wanted: float) -> None:
    ceiling = 4.0 * baseline
    distance = stop_distance_for(atr, wanted, floor, 0.0001, 1e-5, ceiling)
    least = floor + 0.0001 + 1e-5
    assert distance >= least
    assert distance <= max(ceiling, least)
    assert distance <= max(wanted * atr, least)


@given(atr=st.floats(), baseline=st.floats(), calm=st.floats(0.5, 10.0))
def test_volatility_agrees_with_python(atr: float, baseline: float, calm: float) -> None:
    ratio = volatility_ratio(atr, baseline)
    assert bits([ratio]) == bits([PLAIN.volatility_ratio(atr, baseline)])
    assert bits([volatility_scale(ratio, calm)]) == bits([PLAIN.volatility_scale(ratio, calm)])
