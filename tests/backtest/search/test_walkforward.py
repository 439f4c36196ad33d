"""What is chosen on a training knows nothing of what it is tested on."""

import math
from pathlib import Path

import numpy as np
import pytest

from backtest.folds import Cut
from backtest.job import Job
from backtest.returns import sharpe
from backtest.search.crew import OneProcess
from backtest.search.evaluation import evaluated, returns_of
from backtest.search.space import axis_from, grid
from backtest.search.sweep import Aim, SearchError
from backtest.search.walkforward import WalkForward, walk_forward
from backtest.span import part_of
from tests.backtest.jobs import a_job

CUT = Cut(train=21, test=10, purge=2)
POINTS = list(grid((axis_from("entry.stop_atr=1,1.4"), axis_from("care.break_even_r=0.5,1"))))
AIM = Aim("sharpe", 3)


@pytest.fixture(scope="module")
def job() -> Job:
    return a_job(weeks=8)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("walk")


@pytest.fixture(scope="module")
def walked(job: Job, folder: Path) -> WalkForward:
    return walk_forward(job, POINTS, CUT, AIM, OneProcess(), folder)


def test_each_choice_is_the_best_of_its_training_alone(job: Job, walked: WalkForward) -> None:
    step = walked.steps[1]
    assert step.chosen is not None
    training = part_of(job, step.fold.train_from_ns, step.fold.train_until_ns)
    values = {point: evaluated(training, point).figures["sharpe"] for point in POINTS}
    assert values[step.chosen.point] == max(values.values()) == step.chosen.figures["sharpe"]


def test_another_future_does_not_change_a_choice(job: Job, walked: WalkForward, tmp_path: Path) -> None:
    until = walked.steps[0].fold.train_until_ns
    cut_off = part_of(job, walked.steps[0].fold.train_from_ns, until)
    other = a_job(weeks=8, seed=77).ticks["EURUSD"]
    seam = cut_off.end_msc
    mixed = np.concatenate(
        [job.ticks["EURUSD"][job.ticks["EURUSD"]["time_msc"] <= seam], other[other["time_msc"] > seam]]
    )
    twin = Job(
        settings=job.settings,
        profile=job.profile,
        specs=job.specs,
        ticks={"EURUSD": mixed},
        clock=job.clock,
    )
    again = walk_forward(twin, POINTS, CUT, AIM, OneProcess(), tmp_path)
    assert again.steps[0].chosen == walked.steps[0].chosen
    assert again.steps[0].tested != walked.steps[0].tested


def test_the_headline_is_the_tests_alone(walked: WalkForward) -> None:
    assert len(walked.steps) == 3
    returns = np.concatenate([returns_of(step.tested) for step in walked.steps if step.tested is not None])
    assert walked.out_of_sample.sharpe == pytest.approx(sharpe(returns))
    assert walked.out_of_sample.total_return == pytest.approx(np.prod(1 + returns) - 1)
    assert walked.trials == len(POINTS)
    assert len(walked.trips) == sum(len(step.trips) for step in walked.steps) > 0
    assert math.isfinite(walked.efficiency)


def test_an_interrupted_walk_goes_on(job: Job, walked: WalkForward, folder: Path) -> None:
    (folder / "fold-03.jsonl").unlink()
    assert sorted(path.name for path in folder.iterdir()) == ["fold-01.jsonl", "fold-02.jsonl"]
    told: list[int] = []
    again = walk_forward(job, POINTS, CUT, AIM, OneProcess(), folder, lambda number, *_: told.append(number))
    assert again == walked
    assert told == [0, 1, 2]


def test_a_training_without_a_result_trades_nothing(job: Job, tmp_path: Path) -> None:
    with pytest.raises(SearchError, match="no training has settings that count"):
        walk_forward(job, POINTS[:1], CUT, Aim("sharpe", 10_000), OneProcess(), tmp_path)
