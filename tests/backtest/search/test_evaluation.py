"""One point, run: the figures of that backtest, and what its results belong to."""

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest

from backtest.curve import days_of
from backtest.exact import run_exact
from backtest.job import Job
from backtest.search.evaluation import evaluated, evaluated_chunk, head_of, returns_of
from backtest.search.ledger import Result
from backtest.search.material import CarriedJob, stored_job
from tests.backtest.jobs import EAGER, a_job

POINT = (("entry.stop_atr", 1.4),)


@pytest.fixture(scope="module")
def job() -> Job:
    return a_job(weeks=4)


def test_a_point_is_the_backtest_with_its_settings(job: Job) -> None:
    found = evaluated(job, POINT)
    entry = msgspec.structs.replace(EAGER.entry, stop_atr=1.4)
    outcome = run_exact(dataclasses.replace(job, settings=msgspec.structs.replace(EAGER, entry=entry)))
    days = days_of(outcome.curve, job.clock)
    np.testing.assert_array_equal(returns_of(found), days.returns)
    assert found.first_day == days.day[0]
    assert found.figures["final_equity"] == outcome.money.equity
    assert found.figures["round_trips"] == len(outcome.trips) > 5
    gained = sum(trip.profit for trip in outcome.trips if trip.profit > 0)
    lost = sum(trip.profit for trip in outcome.trips if trip.profit < 0)
    assert found.figures["profit_factor"] == pytest.approx(-gained / lost)
    equity = np.concatenate(([10_000.0], outcome.curve.equity))
    peaks = np.maximum.accumulate(equity)
    assert found.figures["drawdown"] == pytest.approx(max((peaks - equity) / peaks))


def test_what_is_not_defined_is_left_out_and_the_rest_survives_the_disk(job: Job) -> None:
    found = evaluated(job, (("entry.max_spread_points", 1.0),))
    assert found.figures["round_trips"] == 0
    assert "profit_factor" not in found.figures
    assert msgspec.json.decode(msgspec.json.encode(found), type=Result) == found


@pytest.mark.parametrize(
    ("point", "reason"), [((("entry.stop_atr", 9.0),), "min_reward_to_risk"), ((("entry.stop", 9.0),), "did you mean")]
)
def test_a_point_that_is_no_setting_says_why(job: Job, point: tuple[tuple[str, float]], reason: str) -> None:
    found = evaluated(job, point)
    assert reason in found.refused
    assert found.figures == {}


def test_a_job_is_the_same_however_it_travels(job: Job, tmp_path: Path) -> None:
    stored = stored_job(job, tmp_path)
    assert evaluated_chunk(stored, (POINT,)) == evaluated_chunk(CarriedJob(job), (POINT,)) == [evaluated(job, POINT)]
    assert head_of(stored.job()) == head_of(job)


def test_results_belong_to_quotes_settings_and_code(job: Job) -> None:
    head = head_of(job)
    assert head_of(a_job(weeks=4)) == head
    other = msgspec.structs.replace(EAGER, commission_per_lot={"*": 8.0})
    assert head_of(dataclasses.replace(job, settings=other)).settings != head.settings
    ticks = job.ticks["EURUSD"].copy()
    ticks["bid"][5] += 1e-5
    assert head_of(dataclasses.replace(job, ticks={"EURUSD": ticks})).quotes != head.quotes


def test_the_hash_of_results_is_the_same_in_another_process(job: Job) -> None:
    script = (
        "import json, msgspec; from backtest.search.evaluation import head_of; from tests.backtest.jobs import a_job;"
        "print(json.dumps(msgspec.to_builtins(head_of(a_job(weeks=4)))))"
    )
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert json.loads(told.stdout) == msgspec.to_builtins(head_of(job))
