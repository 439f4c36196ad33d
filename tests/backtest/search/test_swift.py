"""The figures of a search come compiled, and are those of the exact run, to the bit."""

import dataclasses

import msgspec
import pytest

from backtest.compiled.preparing import Shared
from backtest.exact import run_exact
from backtest.job import Job
from backtest.search.evaluation import evaluated, outcome_at, result_of
from backtest.search.figures import figures_of
from backtest.search.swift import swift_figures
from domain.symbols import SwapMode
from strategy.params import CareSettings
from tests.backtest.jobs import EAGER, a_job


@pytest.fixture(scope="module")
def job() -> Job:
    return a_job(weeks=6)


def test_figures_are_those_of_the_exact_run_whatever_was_run_before(job: Job) -> None:
    """Other care has the same bars and scores; another period of the ATR or another parameter of the model has not."""
    other_bars = msgspec.structs.replace(EAGER.entry, atr_period=10)
    settings = (
        EAGER,
        msgspec.structs.replace(EAGER, care=CareSettings(partial_legs=((0.3, 0.4), (0.7, 0.3)))),
        msgspec.structs.replace(EAGER, entry=other_bars),
        msgspec.structs.replace(EAGER, model_parameters={"adx_threshold": 35.0}),
        EAGER,
    )
    shared, found = Shared(job), []
    for chosen in settings:
        at = dataclasses.replace(job, settings=chosen)
        found.append(swift_figures(at, shared))
        assert found[-1] == figures_of(run_exact(at))
    assert found[0] == found[-1]
    assert len({one.named["final_equity"] for one in found if one is not None}) == 4


def test_what_cannot_be_run_compiled_is_run_exactly(job: Job) -> None:
    spec = msgspec.structs.replace(job.specs[0], swap_mode=SwapMode.INTEREST_CURRENT)
    charged = dataclasses.replace(job, specs=(spec,))
    assert Shared(charged).refusal is not None
    assert swift_figures(charged, Shared(charged)) is None
    point = (("entry.stop_atr", 1.4),)
    found = evaluated(charged, point)
    assert found == result_of(outcome_at(charged, point), point)
    assert found.figures["round_trips"] > 5
