"""The splits of a history, beside the same by hand."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import rankdata

from backtest.overfitting import TooLittleError, backtest_overfitting


def by_hand(returns: np.ndarray, blocks: int) -> tuple[float, list[float], list[float]]:
    """The procedure as the paper tells it, one split after the other."""
    parts = np.array_split(returns, blocks)
    low, inside, outside = 0, [], []
    splits = list(itertools.combinations(range(blocks), blocks // 2))
    for split in splits:
        first = np.concatenate([parts[block] for block in split])
        second = np.concatenate([parts[block] for block in range(blocks) if block not in split])
        ratios = [half.mean(axis=0) / half.std(axis=0) for half in (first, second)]
        best = int(ratios[0].argmax())
        rank = rankdata(ratios[1])[best] / (returns.shape[1] + 1)
        low += math.log(rank / (1 - rank)) <= 0
        inside.append(ratios[0][best])
        outside.append(ratios[1][best])
    return low / len(splits), inside, outside


@pytest.mark.parametrize(("periods", "sets", "blocks"), [(64, 5, 4), (96, 10, 6), (80, 20, 8)])
def test_all_splits_are_those_of_the_paper(periods: int, sets: int, blocks: int) -> None:
    returns = np.random.default_rng(sets).normal(0.0005, 0.01, (periods, sets))
    found = backtest_overfitting(returns, blocks)
    probability, inside, outside = by_hand(returns, blocks)
    assert found.probability == probability
    np.testing.assert_allclose(found.in_sample, inside, rtol=1e-9)
    np.testing.assert_allclose(found.out_of_sample, outside, rtol=1e-7, atol=1e-12)
    assert found.loss_probability == np.mean(np.array(outside) < 0)
    assert found.slope == pytest.approx(np.polyfit(inside, outside, 1)[0])


def test_one_set_with_skill_is_found_again() -> None:
    returns = np.random.default_rng(3).normal(0.0, 0.01, (1600, 50))
    returns[:, 17] += 0.003
    found = backtest_overfitting(returns)
    assert found.probability == 0.0
    assert len(found.in_sample) == math.comb(16, 8)


def test_chance_alone_is_no_choice() -> None:
    """Without skill the winner of one half is as likely above as below the median of the other."""
    found = [
        backtest_overfitting(np.random.default_rng(seed).normal(size=(400, 40)), 8).probability for seed in range(60)
    ]
    assert 0.4 < np.mean(found) < 0.65


def test_a_fixed_sum_turns_the_winner_into_the_loser() -> None:
    """Sets whose whole history ends at nought: what one half gained, the other lost."""
    returns = np.random.default_rng(8).normal(size=(640, 30))
    returns -= returns.mean(axis=0)
    found = backtest_overfitting(returns, 8)
    assert found.probability > 0.99
    assert found.slope == pytest.approx(-1.0, abs=0.1)


@settings(max_examples=30)
@given(st.integers(0, 50), st.integers(2, 6), st.sampled_from([2, 4, 6]))
def test_sets_that_do_nothing_are_equal(seed: int, sets: int, blocks: int) -> None:
    idle = np.zeros((2 * blocks + seed, sets))
    found = backtest_overfitting(idle, blocks)
    assert found.probability == 1.0, "the middle rank is not above the median"
    assert found.loss_probability == found.slope == 0.0


@pytest.mark.parametrize(("shape", "blocks"), [((100, 1), 4), ((100, 3), 5), ((7, 3), 4), ((0, 3), 2), ((100, 3), 0)])
def test_what_cannot_be_split_is_refused(shape: tuple[int, int], blocks: int) -> None:
    with pytest.raises(TooLittleError, match="cannot be judged"):
        backtest_overfitting(np.zeros(shape), blocks)
