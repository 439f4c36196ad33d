import random
import statistics

import pytest

from sim.faults.distributions import Distribution, Empirical, Fixed, Lognormal, Normal, Uniform

MANY = 20_000


@pytest.mark.parametrize(
    ("amount", "median", "mean"),
    [
        (Fixed(value=3.0), 3.0, 3.0),
        (Uniform(low=-1.0, high=3.0), 1.0, 1.0),
        (Lognormal(median=20.0, sigma=0.5, shift=5.0), 25.0, 5.0 + 20.0 * 1.1331),  # exp(sigma^2 / 2) = 1.1331
        (Normal(mean=2.0, sigma=4.0), 2.0, 2.0),
        (Empirical(values=(1.0, 2.0, 9.0)), 2.0, 4.0),
    ],
    ids=lambda given: type(given).__name__,
)
def test_shapes(amount: Distribution, median: float, mean: float) -> None:
    chance = random.Random(1)
    drawn = [amount.sample(chance) for _ in range(MANY)]
    assert statistics.median(drawn) == pytest.approx(median, abs=0.15)
    assert statistics.fmean(drawn) == pytest.approx(mean, abs=0.15)
    assert min(drawn) >= amount.least


@pytest.mark.parametrize(
    "amount", [Uniform(low=0.0, high=1.0), Lognormal(median=1.0), Normal(), Empirical(values=(1.0, 2.0))]
)
def test_the_same_numbers_make_the_same_amounts(amount: Distribution) -> None:
    one, other = random.Random(5), random.Random(5)
    assert [amount.sample(one) for _ in range(50)] == [amount.sample(other) for _ in range(50)]
