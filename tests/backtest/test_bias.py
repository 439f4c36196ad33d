"""Each check finds nothing where there is nothing, and finds what is put there."""

import dataclasses

import numpy as np
import pytest

from backtest.bias import (
    cost_effect,
    differences,
    look_ahead,
    null_test,
    shuffled,
    warm_up_effect,
)
from backtest.curve import Floats
from backtest.dry_run import dry_job
from backtest.job import Job
from marketdata.drifting import TRENDING
from signals.models import signal_model
from strategy.tables import Table
from tests.backtest.jobs import a_job


@pytest.fixture(scope="module")
def job() -> Job:
    return a_job(weeks=6)


def test_the_future_does_not_matter(job: Job) -> None:
    found = look_ahead(job)
    assert all(cut.is_clean for cut in found)
    assert [cut.decisions for cut in found] == sorted({cut.decisions for cut in found})
    assert found[-1].decisions > 100


def test_a_model_that_peeks_is_found(job: Job) -> None:
    """It knows the bars of a window before it scores the first of them: what the last of them does is in each score."""
    honest = signal_model("confluence")

    def steps(bars: Table, state: Floats, params: Floats, scores: Floats, features: Floats) -> None:
        honest.steps(bars, state, params, scores, features)
        following = np.append(bars["close"][1:], bars["close"][-1:])
        scores[:] = np.where(np.isnan(scores), np.nan, np.sign(following - bars["close"]))

    found = look_ahead(job, model=dataclasses.replace(honest, steps=steps))
    assert not any(cut.is_clean for cut in found)
    assert all(cut.first_ns <= cut.cut_ns and cut.other > 0 for cut in found)


def test_places_that_came_out_otherwise() -> None:
    whole = np.arange(300)
    part = whole[:200].copy()
    assert differences(whole, part).tolist() == []
    part[[17, 117]] += 1
    assert differences(whole, part).tolist() == [17, 117]
    assert differences(whole[:10], whole[:12]).tolist() == [10, 11]


def test_each_run_is_told(job: Job) -> None:
    ended: list[int] = []
    look_ahead(job, (0.2,), done=lambda: ended.append(1))
    assert len(ended) == 2
    cost_effect(job, (2.0,), done=lambda: ended.append(1))
    assert len(ended) == 3


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
