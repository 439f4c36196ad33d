"""The bound of an expectancy: published quantiles, its coverage, and that luck rarely passes for skill."""

import math
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.proof import expectancy_bound, student_quantile
from tests.domain.interpreted import bits, interpreted

PLAIN = interpreted("risk.proof")
Z = NormalDist().inv_cdf(0.95)


@pytest.mark.parametrize(
    ("freedom", "quantile"),
    [(9, 1.833), (19, 1.729), (29, 1.699), (49, 1.677), (99, 1.660), (499, 1.648)],  # tables of Student's t
)
def test_students_quantiles_are_those_of_the_tables(freedom: float, quantile: float) -> None:
    assert student_quantile(Z, freedom) == pytest.approx(quantile, abs=6e-4)


def test_the_bound_by_hand() -> None:
    sample = np.array([1.0, 2.0, 3.0, 4.0, 5.0] * 4)
    # mean 3, standard deviation 1.4510, 20 of them: 3 - 1.7291 * 1.4510 / sqrt(20)
    assert expectancy_bound(sample, Z) == pytest.approx(2.439, abs=1e-3)


def test_skewness_counts_only_where_it_lowers_the_bound() -> None:
    gains = np.array([-1.0] * 30 + [3.0] * 20)
    sigma, count = gains.std(ddof=1), len(gains)
    student = gains.mean() - student_quantile(Z, count - 1.0) * sigma / math.sqrt(count)
    assert expectancy_bound(gains, Z) == pytest.approx(student)
    losses = -gains
    third = ((losses - losses.mean()) ** 3).mean()
    plain = losses.mean() - student_quantile(Z, count - 1.0) * sigma / math.sqrt(count)
    assert expectancy_bound(losses, Z) == pytest.approx(plain + third / (6.0 * sigma**2 * count))
    assert expectancy_bound(losses, Z) < plain


@pytest.mark.parametrize("sample", [[], [1.0]])
def test_a_run_of_one_proves_nothing(sample: list[float]) -> None:
    assert math.isnan(expectancy_bound(np.array(sample), Z))


@pytest.mark.parametrize("win_rate", [1 / 3, 0.5, 0.8])
def test_luck_is_rarely_taken_for_skill(win_rate: float) -> None:
    """Strategies without an edge: about one in twenty may pass, whatever the shape of their results."""
    rng = np.random.default_rng(1978)
    payoff = (1.0 - win_rate) / win_rate
    samples = np.where(rng.random((4000, 50)) < win_rate, payoff, -1.0)
    passed = np.mean([expectancy_bound(sample, Z) > 0.0 for sample in samples])
    assert passed <= 0.065


def test_skill_is_seen() -> None:
    rng = np.random.default_rng(1908)
    samples = np.where(rng.random((500, 50)) < 0.55, 2.0, -1.0)
    assert np.mean([expectancy_bound(sample, Z) > 0.0 for sample in samples]) > 0.85


@given(sample=st.lists(st.floats(-5.0, 20.0), max_size=60))
def test_the_bound_lies_below_the_mean(sample: list[float]) -> None:
    bound = expectancy_bound(np.array(sample), Z)
    assert math.isnan(bound) == (len(sample) < 2)
    if len(sample) > 1:
        assert bound <= np.mean(sample) + 1e-9


@given(sample=st.lists(st.floats(-5.0, 20.0), max_size=60))
def test_the_bound_agrees_with_python(sample: list[float]) -> None:
    assert bits([expectancy_bound(np.array(sample), Z)]) == bits([PLAIN.expectancy_bound(np.array(sample), Z)])
