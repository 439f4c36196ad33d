"""The Sharpe ratio's probabilities against the examples of the papers they come from."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from backtest.deflation import (
    Moments,
    deflated_sharpe,
    expected_maximum_sharpe,
    minimum_track_record,
    moments_of,
    probabilistic_sharpe,
)

FUND = Moments(24, 0.458)  # Bailey and Lopez de Prado 2012, section 4: monthly figures of two years
BENT_FUND = FUND._replace(skewness=-2.448, kurtosis=10.164)


def test_the_papers_fund_is_less_sure_once_its_tail_is_counted() -> None:
    assert probabilistic_sharpe(FUND) == pytest.approx(0.982, abs=5e-4)
    assert probabilistic_sharpe(BENT_FUND) == pytest.approx(0.913, abs=5e-4)


@pytest.mark.parametrize(("per_year", "years"), [(250, 2.73), (52, 2.83), (12, 3.24)])
def test_the_papers_minimum_track_record(per_year: int, years: float) -> None:
    """A yearly Sharpe ratio of 2, to be above 1 with 95 %."""
    root = math.sqrt(per_year)
    assert minimum_track_record(Moments(0, 2 / root), 1 / root) / per_year == pytest.approx(years, abs=5e-3)


def test_the_papers_deflated_strategy() -> None:
    """2014: a yearly Sharpe ratio of 2.5 in 1,250 days, the best of 100 whose variance is one half."""
    chosen = Moments(1250, 2.5 / math.sqrt(250), skewness=-3.0, kurtosis=10.0)
    assert expected_maximum_sharpe(100, 0.5 / 250) == pytest.approx(0.1132, abs=5e-5)
    assert deflated_sharpe(chosen, 100, 0.5 / 250) == pytest.approx(0.9004, abs=5e-5)
    assert deflated_sharpe(chosen, 46, 0.5 / 250) == pytest.approx(0.9505, abs=5e-5)
    straight = chosen._replace(skewness=0.0, kurtosis=3.0)
    assert deflated_sharpe(straight, 88, 0.5 / 250) == pytest.approx(0.9505, abs=5e-5)


def test_the_expected_maximum_is_what_luck_reaches() -> None:
    drawn = np.random.default_rng(5).normal(size=(20_000, 50)).max(axis=1).mean()
    assert expected_maximum_sharpe(50, 1.0) == pytest.approx(drawn, rel=0.02)


def test_moments_are_those_of_scipy() -> None:
    returns = np.random.default_rng(1).gamma(2.0, 0.01, 500) - 0.015
    found = moments_of(returns)
    assert found.observations == 500
    assert found.sharpe == pytest.approx(returns.mean() / returns.std(ddof=1))
    assert found.skewness == pytest.approx(stats.skew(returns))
    assert found.kurtosis == pytest.approx(stats.kurtosis(returns, fisher=False))


@pytest.mark.parametrize("returns", [[], [0.01], [0.01, 0.01, 0.01], [0.0, 0.0]])
def test_without_variation_there_is_no_sharpe_ratio(returns: list[float]) -> None:
    assert moments_of(np.array(returns, float)) == Moments(len(returns), 0.0)
    assert probabilistic_sharpe(moments_of(np.array(returns, float))) == 0.5


@given(
    st.integers(2, 5000),
    st.floats(-1, 1),
    st.floats(-1, 1),
    st.integers(1, 10_000),
    st.floats(0, 1),
)
def test_more_trials_never_make_it_surer(
    observations: int, sharpe: float, skewness: float, trials: int, variance: float
) -> None:
    moments = Moments(observations, sharpe, skewness)
    one, many = deflated_sharpe(moments, trials, variance), deflated_sharpe(moments, 2 * trials, variance)
    assert 0.0 <= many <= one <= 1.0


@given(st.floats(0.01, 1), st.floats(0.5, 0.999))
def test_a_track_record_of_that_length_is_sure_enough(sharpe: float, confidence: float) -> None:
    length = minimum_track_record(Moments(0, sharpe), 0.0, confidence)
    moments = Moments(max(2, math.ceil(length)), sharpe)
    assert probabilistic_sharpe(moments) >= confidence - 1e-9


def test_what_is_not_above_the_benchmark_never_gets_sure() -> None:
    assert minimum_track_record(Moments(100, 0.1), 0.1) == math.inf
