"""What other orders and other draws make of the same round trips."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backtest.shuffling import Outcomes, dearer, drawn_anew, other_orders

RETURNS = st.lists(st.floats(-0.2, 0.3), min_size=1, max_size=30).map(np.array)


def deepest(returns: list[float]) -> float:
    curve = np.concatenate([[1.0], np.cumprod(1.0 + np.array(returns))])
    return float(np.max(1.0 - curve / np.maximum.accumulate(curve)))


@settings(max_examples=50)
@given(RETURNS, st.integers(0, 9))
def test_an_order_changes_the_way_and_not_the_end(returns: np.ndarray, seed: int) -> None:
    outcomes = other_orders(returns, 20, seed)
    np.testing.assert_allclose(outcomes.final, np.prod(1.0 + returns), rtol=1e-9)
    losses = returns[returns < 0]
    worst = 1.0 - float(np.prod(1.0 + losses))
    assert np.all(outcomes.drawdown <= worst + 1e-12)
    assert np.all(outcomes.drawdown >= -min(0.0, returns.min()) - 1e-12)
    assert np.all(np.diff(outcomes.drawdown) >= 0)


def test_all_orders_of_three_are_as_likely() -> None:
    """-10 %, -10 %, +50 %: two orders in three have both losses in a row, none of them less than one."""
    outcomes = other_orders(np.array([-0.1, -0.1, 0.5]), 6000, 1)
    together = np.isclose(outcomes.drawdown, deepest([-0.1, -0.1]))
    assert together.mean() == pytest.approx(2 / 3, abs=0.03)
    assert np.allclose(outcomes.drawdown[~together], 0.1)


def test_draws_have_the_mean_of_what_is_drawn() -> None:
    returns = np.array([0.02, -0.01, 0.005, -0.004])
    outcomes = drawn_anew(returns, 40_000, 2)
    assert outcomes.final.mean() == pytest.approx((1 + returns.mean()) ** 4, rel=1e-3)
    assert outcomes.final[0] >= (1 - 0.01) ** 4 - 1e-12


def test_ruin_is_the_end() -> None:
    outcomes = other_orders(np.array([-1.5, 10.0]), 50, 3)
    assert np.all(outcomes.final == 0.0)
    assert np.all(outcomes.drawdown == 1.0)


def test_a_seed_gives_the_same_again() -> None:
    returns = np.linspace(-0.05, 0.06, 40)
    for trial in (other_orders, drawn_anew):
        np.testing.assert_array_equal(trial(returns, 30, 7).drawdown, trial(returns, 30, 7).drawdown)
        assert trial(returns, 30, 7).drawdown.tolist() != trial(returns, 30, 8).drawdown.tolist()


@pytest.mark.parametrize("trial", [other_orders, drawn_anew])
def test_no_round_trip_no_risk(trial: Callable[[np.ndarray, int, int], Outcomes]) -> None:
    outcomes = trial(np.zeros(0), 3, 1)
    assert outcomes.final.tolist() == [1.0] * 3
    assert outcomes.drawdown.tolist() == [0.0] * 3


@given(st.floats(0, 5))
def test_costs_are_taken_off_once_more_for_each_factor(factor: float) -> None:
    returns, costs = np.array([0.02, -0.01]), np.array([0.001, 0.002])
    gross = returns + costs
    np.testing.assert_allclose(dearer(returns, costs, factor), gross - factor * costs, atol=1e-15)
    assert math.isclose(dearer(returns, costs, 1.0)[0], 0.02)
