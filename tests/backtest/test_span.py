"""A part of a run, and what it knows of the time before."""

import dataclasses

import msgspec
import numpy as np
import pytest

from backtest.exact import run_exact
from backtest.job import Job, JobError
from backtest.span import bars_of, part_of
from domain.timeframes import DAY_S, Timeframe
from marketdata.drifting import DRIFTING_TIMEFRAME, TRENDING, DriftingSymbol, drifting_bars
from signals.fold import resampled
from strategy.events import WarmUp
from tests.backtest.jobs import a_job

NS_PER_DAY = DAY_S * 1_000_000_000


@pytest.fixture(scope="module")
def job() -> Job:
    return a_job(weeks=6)


def start_ns(job: Job) -> int:
    return job.utc_ns(job.start_msc)


@pytest.mark.parametrize("timeframe", [Timeframe.H1, Timeframe.H4, Timeframe.D1])
def test_bars_of_ticks_are_those_the_ticks_were_made_of(job: Job, timeframe: Timeframe) -> None:
    market = DriftingSymbol()
    bars = drifting_bars(3, 6, TRENDING, market)
    found = bars_of(job.ticks[market.name], timeframe, 1e-5)
    wanted = resampled(bars, timeframe) if timeframe is not DRIFTING_TIMEFRAME else bars
    for field in ("time", "open", "high", "low", "close", "spread"):
        np.testing.assert_array_equal(found[field], wanted[field])


def test_no_ticks_no_bars(job: Job) -> None:
    assert len(bars_of(job.ticks["EURUSD"][:0], Timeframe.H1, 1e-5)) == 0


def test_a_part_has_its_ticks_and_no_others(job: Job) -> None:
    begin, end = start_ns(job) + 7 * NS_PER_DAY, start_ns(job) + 20 * NS_PER_DAY
    part = part_of(job, begin, end)
    times_ns = [job.utc_ns(int(time)) for time in part.ticks["EURUSD"]["time_msc"]]
    whole_ns = [job.utc_ns(int(time)) for time in job.ticks["EURUSD"]["time_msc"]]
    assert times_ns == [time for time in whole_ns if begin <= time < end]


def test_indicators_stand_where_they_would_in_the_whole(job: Job) -> None:
    """Before anything is traded, a part decides with the same numbers as the whole: score, ATR and its average."""
    strict = msgspec.structs.replace(job.settings.entry, max_spread_points=1.0)
    idle = dataclasses.replace(job, settings=msgspec.structs.replace(job.settings, entry=strict))
    begin = start_ns(job) + 16 * NS_PER_DAY + NS_PER_DAY // 3
    whole = run_exact(idle, keep_decisions=True).decisions
    part = run_exact(part_of(idle, begin, start_ns(job) + 99 * NS_PER_DAY), keep_decisions=True).decisions
    same = whole[whole["time_ns"] >= begin]
    assert len(part) == len(same) > 100
    for field in ("time_ns", "bar_time", "score", "atr", "atr_baseline", "features"):
        np.testing.assert_array_equal(part[field], same[field], err_msg=field)


def test_history_that_was_given_comes_first(job: Job) -> None:
    split = start_ns(job) + 10 * NS_PER_DAY
    later = start_ns(job) + 20 * NS_PER_DAY
    end = start_ns(job) + 99 * NS_PER_DAY
    once, twice = part_of(job, later, end), part_of(part_of(job, split, end), later, end)
    assert [(warm.symbol, warm.timeframe) for warm in once.warm_up] == [
        (warm.symbol, warm.timeframe) for warm in twice.warm_up
    ]
    for one, other in zip(once.warm_up, twice.warm_up, strict=True):
        for field in ("time", "open", "high", "low", "close"):
            np.testing.assert_array_equal(one.bars[field], other.bars[field])


def test_history_of_another_chart_is_left_out(job: Job) -> None:
    daily = WarmUp("EURUSD", Timeframe.D1, drifting_bars(1, 1, TRENDING)[:3])
    part = part_of(dataclasses.replace(job, warm_up=(daily,)), start_ns(job), start_ns(job) + NS_PER_DAY)
    assert part.warm_up == ()


@pytest.mark.parametrize("days", [(900, 999), (2, 2)])
def test_a_time_without_quotes_is_refused(job: Job, days: tuple[int, int]) -> None:
    with pytest.raises(JobError, match="no quotes in that part"):
        part_of(job, *(start_ns(job) + day * NS_PER_DAY for day in days))
