"""Figures of daily returns against published ones and against a plain computation."""

import math
import statistics

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backtest.curve import Days
from backtest.returns import (
    daily_figures,
    drawdown,
    expected_shortfall,
    growth,
    omega,
    sharpe,
    sortino,
    value_at_risk,
)

# the returns and figures of empyrical's published tests, annualized by 252
MIXED = np.array([1.0, 10.0, -4.0, 2.0, 3.0, 2.0, 1.0, -10.0]) / 100
POSITIVE = np.array([1.0, 2.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]) / 100
NEGATIVE = np.array([0.0, -6.0, -7.0, -1.0, -9.0, -2.0, -6.0, -8.0, -5.0]) / 100

some_returns = st.lists(st.floats(-0.2, 0.2).map(lambda one: round(one, 6)), min_size=3, max_size=60).map(np.array)


@pytest.mark.parametrize(
    ("returns", "published"),
    [(MIXED, 1.7238613961706866), (POSITIVE, 52.915026221291804), (NEGATIVE, -24.406808633910085)],
)
def test_published_sharpe_ratios(returns: np.ndarray, published: float) -> None:
    assert sharpe(returns) == pytest.approx(published, rel=1e-12)


@pytest.mark.parametrize(("returns", "published"), [(MIXED, 2.605531251673693), (NEGATIVE, -13.532743075043401)])
def test_published_sortino_ratios(returns: np.ndarray, published: float) -> None:
    assert sortino(returns) == pytest.approx(published, rel=1e-12)


def test_published_drawdown() -> None:
    assert drawdown(np.concatenate(([1.0], np.cumprod(1.0 + MIXED)))) == pytest.approx(0.1, rel=1e-12)


def days_of_returns(returns: np.ndarray) -> Days:
    return Days(np.arange(returns.size), np.asarray(100.0 * np.cumprod(1.0 + returns), np.float64), 100.0)


@given(some_returns)
@settings(max_examples=60)
def test_by_the_standard_library(returns: np.ndarray) -> None:
    values = returns.tolist()
    spread = statistics.stdev(values)
    if spread < 1e-6:
        return
    expected = statistics.fmean(values) / spread * math.sqrt(252)
    assert sharpe(returns) == pytest.approx(expected, rel=1e-9, abs=1e-9)
    found = daily_figures(days_of_returns(returns))
    assert found.sharpe == pytest.approx(expected, rel=1e-6, abs=1e-6)
    middle, wide = statistics.fmean(values), statistics.pstdev(values)
    skewness = statistics.fmean(((one - middle) / wide) ** 3 for one in values)
    kurtosis = statistics.fmean(((one - middle) / wide) ** 4 for one in values)
    variance = 1.0 - skewness * expected / math.sqrt(252) + (kurtosis - 1.0) / 4.0 * expected**2 / 252
    if variance > 1e-6:
        error = math.sqrt(variance / (len(values) - 1) * 252)
        assert found.sharpe_error == pytest.approx(error, rel=1e-3)
        assert found.probabilistic_sharpe == pytest.approx(
            statistics.NormalDist().cdf(expected / error), rel=1e-4, abs=1e-6
        )


@given(some_returns, st.floats(0.1, 5.0))
@settings(max_examples=40)
def test_ratios_do_not_depend_on_leverage(returns: np.ndarray, factor: float) -> None:
    for ratio in (sharpe, sortino, omega):
        before, after = ratio(returns), ratio(returns * factor)
        assert after == pytest.approx(before, rel=1e-6, nan_ok=True) or abs(returns).max() < 1e-5


@given(some_returns)
@settings(max_examples=40)
def test_losses_of_a_bad_day_are_in_order(returns: np.ndarray) -> None:
    small, large = value_at_risk(returns, 0.95), value_at_risk(returns, 0.99)
    worst = -float(returns.min())
    assert small <= large <= worst + 1e-15
    assert small - 1e-15 <= expected_shortfall(returns, 0.95) <= worst + 1e-15


@pytest.mark.parametrize("figure", [sharpe, sortino, omega])
def test_what_never_moves_has_no_ratio(figure: object) -> None:
    assert math.isnan(figure(np.zeros(30)))  # type: ignore[operator]  # each takes the returns
    assert math.isnan(figure(np.zeros(0)))  # type: ignore[operator]  # each takes the returns


def test_growth_compounds() -> None:
    assert growth(np.full(252, 0.001)) == pytest.approx(1.001**252 - 1.0)
    assert growth(np.full(126, 0.001)) == pytest.approx(1.001**252 - 1.0)
    assert growth(np.array([0.5, -1.0])) == -1.0
    assert math.isnan(growth(np.zeros(0)))


def test_figures_of_a_few_days() -> None:
    days = Days(np.arange(4), np.array([110.0, 99.0, 99.0, 132.0]), 100.0)
    found = daily_figures(days)
    assert found.total_return == pytest.approx(0.32)
    assert (found.days, found.days_won, found.days_lost, found.days_flat) == (4, 2, 1, 1)
    assert found.best_day == pytest.approx(1.0 / 3.0)
    assert found.worst_day == pytest.approx(-0.1)
    assert found.calmar == pytest.approx((1.32 ** (252 / 4) - 1.0) / 0.1)


def test_no_day_at_all() -> None:
    found = daily_figures(Days(np.zeros(0, np.int64), np.zeros(0), 100.0))
    assert found.days == 0
    assert math.isnan(found.sharpe)
    assert math.isnan(found.worst_day)


@given(some_returns)
@settings(max_examples=60)
def test_there_are_days_enough_exactly_where_it_is_sure(returns: np.ndarray) -> None:
    """By two ways: the probability of these days, and how many days it takes to make it 95 %."""
    found = daily_figures(days_of_returns(returns))
    if math.isnan(found.days_to_be_sure):
        assert not found.sharpe > 0.0
    else:
        assert (found.days >= found.days_to_be_sure) == (found.probabilistic_sharpe >= 0.95)
