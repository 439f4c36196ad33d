"""Each check finds nothing where there is nothing, and finds what is put there."""

import dataclasses

import numpy as np
import pytest

from backtest.bias import (
    cost_effect,
    first_difference,
    look_ahead,
    null_test,
    shuffled,
    warm_up_effect,
)
from backtest.dry_run import dry_job
from backtest.exact import Outcome
from backtest.job import Job
from marketdata.drifting import TRENDING
from tests.backtest.jobs import a_job


@pytest.fixture(scope="module")
def job() -> Job:
    return a_job(weeks=6)


def test_the_future_does_not_matter(job: Job) -> None:
    found = look_ahead(job)
    assert all(cut.is_clean for cut in found)
    assert [cut.decisions for cut in found] == sorted({cut.decisions for cut in found})
    assert found[-1].decisions > 100


def test_a_decision_that_came_out_otherwise_is_found(outcome: Outcome) -> None:
    whole = outcome.decisions
    part = whole[:300].copy()
    assert first_difference(whole, part) == -1
    part["score"][217] += 1e-9
    assert first_difference(whole, part) == 217
    assert first_difference(whole[:10], whole[:12]) == 10


def test_enough_history_gives_the_scores_of_all_of_it(job: Job) -> None:
    found = warm_up_effect(job, (0.2, 3.0))
    short, long = found
    assert short.history < long.history
    assert short.other > 0
    assert long.other == 0
    assert 0 < short.last_other <= short.bars


def test_dearer_spreads_earn_less() -> None:
    job = dry_job(1, TRENDING, 26)
    found = cost_effect(job, (1.0, 3.0))
    assert found[0].profit > found[1].profit
    assert found[0].round_trips > 0


def test_shuffled_bars_keep_what_is_within_them(job: Job) -> None:
    ticks = job.ticks["EURUSD"]
    mixed = shuffled(ticks, job, "EURUSD", np.random.default_rng(1))
    assert mixed["time_msc"].tolist() == ticks["time_msc"].tolist()
    assert (mixed["bid"][0], mixed["bid"][-1]) == (ticks["bid"][0], pytest.approx(ticks["bid"][-1]))
    before, after = (np.sort(np.rint(np.diff(rows["bid"]) * 1e5)) for rows in (ticks, mixed))
    assert np.abs(before.sum() - after.sum()) < 1.0
    assert np.mean(np.isin(before, after)) > 0.99
    assert sorted(np.rint((mixed["ask"] - mixed["bid"]) * 1e5)) == sorted(np.rint((ticks["ask"] - ticks["bid"]) * 1e5))
    assert mixed["bid"].tolist() != ticks["bid"].tolist()


def test_trends_are_more_than_luck() -> None:
    found = null_test(dry_job(4, TRENDING, 104), shuffles=4)
    assert found.chance == pytest.approx(0.2)
    assert found.sharpe > found.shuffled[-1]
    assert list(found.shuffled) == sorted(found.shuffled)


def test_without_quotes_nothing_is_shuffled(job: Job) -> None:
    ticks = job.ticks["EURUSD"][:0]
    assert len(shuffled(ticks, dataclasses.replace(job), "EURUSD", np.random.default_rng(1))) == 0
