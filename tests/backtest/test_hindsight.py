"""What refused entries would have earned: by hand, and beside what a run without the gate did earn."""

import dataclasses
import math

import msgspec
import numpy as np
import pytest

from backtest.exact import Outcome, run_exact
from backtest.hindsight import hindsight_of, results_of
from backtest.job import Job
from domain.dtypes import TICK_DTYPE
from domain.serverclock import clock_named
from strategy.gates import NO_GATE, Gate
from strategy.params import CareSettings, EntrySettings, GuardSettings
from strategy.tables import Table
from strategy.tally import EPISODE_DTYPE
from tests.backtest.jobs import EAGER, a_job

PLAIN = CareSettings(
    break_even_r=0.0,
    trailing_atr=0.0,
    partial_legs=(),
    fill_tolerance=10.0,
    fill_close_ratio=0.0,
    max_holding_s=200_000.0,
)
WEDNESDAY_MSC = 6 * 86_400_000 + 12 * 3_600_000  # 1970-01-07, 12:00
DAY_MSC = 86_400_000


def a_plain_job(min_reward_to_risk: float) -> Job:
    """Entries that nothing tends, with guards that never act, and room for many at once."""
    settings = msgspec.structs.replace(
        EAGER,
        entry=EntrySettings(
            score_threshold=0.5,
            min_reward_to_risk=min_reward_to_risk,
            risk_fraction=0.002,
            max_symbol_positions=20,
        ),
        care=PLAIN,
        guards=GuardSettings(
            floating_loss_fraction=0.9,
            day_loss_fraction=0.9,
            drawdown_fraction=0.9,
            reduce_fraction=0.93,
            halt_fraction=0.95,
        ),
    )
    return a_job(settings=settings)


@pytest.fixture(scope="module")
def strict() -> Outcome:
    return run_exact(a_plain_job(2.2))


def results_by_time(outcome: Outcome) -> dict[int, float]:
    return {trip.opened_ns: trip.r_multiple for trip in outcome.trips if trip.is_closed}


def test_entries_that_were_made_came_to_the_same(strict: Outcome) -> None:
    episodes = strict.refusals.episodes
    made = episodes[(episodes["alone"] == NO_GATE) & (episodes["first"] == NO_GATE)]
    real = results_by_time(strict)
    found = dict(zip(made["time_ns"].tolist(), results_of(strict.job, made).tolist(), strict=True))
    assert found.keys() >= real.keys()
    assert len(real) > 10
    assert [found[at] for at in real] == pytest.approx(list(real.values()), abs=2e-3)


def test_refused_entries_come_to_what_they_earn_without_the_gate(strict: Outcome) -> None:
    free = results_by_time(run_exact(a_plain_job(0.5)))
    episodes = strict.refusals.episodes
    refused = episodes[episodes["alone"] == Gate.REWARD_TO_RISK]
    found = dict(zip(refused["time_ns"].tolist(), results_of(strict.job, refused).tolist(), strict=True))
    both = [at for at in found if at in free]
    assert len(both) > 10
    assert [found[at] for at in both] == pytest.approx([free[at] for at in both], abs=2e-3)


def an_episode(side: int, price: float, sl: float, tp: float, gate: Gate) -> Table:
    row = np.zeros(1, EPISODE_DTYPE)
    row["side"], row["price"], row["sl"], row["tp"], row["alone"], row["first"] = side, price, sl, tp, gate, gate
    row["time_ns"] = (WEDNESDAY_MSC - 2 * 3_600_000) * 1_000_000  # the clock is UTC+2
    return row


def a_job_of(bids: list[float], *, slippage: float = 0.0) -> Job:
    """A quote at noon of each day from Wednesday on, with commission of 7 a lot and a swap of -6 and -2 points."""
    job = a_job(weeks=1, settings=msgspec.structs.replace(EAGER, care=CareSettings()))
    ticks = np.zeros(len(bids), TICK_DTYPE)
    ticks["bid"], ticks["ask"] = bids, np.round(np.array(bids) + 0.0001, 5)
    ticks["time_msc"] = WEDNESDAY_MSC + DAY_MSC * np.arange(len(bids))
    profile = msgspec.structs.replace(job.profile, slippage_points=slippage)
    return dataclasses.replace(job, ticks={"EURUSD": ticks}, profile=profile)


def test_by_hand_with_every_cost() -> None:
    """One lot: 7 of commission in result and risk; Wednesday's night counts three times, 6 for a buy, 2 for a sell."""
    job = a_job_of([1.1000, 1.1010, 1.1031, 1.0900])
    buy, sell = an_episode(1, 1.1001, 1.0981, 1.1030, Gate.SPREAD), an_episode(-1, 1.1000, 1.1030, 1.0950, Gate.NEWS)
    # the buy ends at 1.1031 after two nights (3 + 1); the sell's ask is 1.1032 then, behind its stop
    expected = [(300.0 - 7.0 - 24.0) / (200.0 + 7.0), (-320.0 - 7.0 - 8.0) / (300.0 + 7.0)]
    assert results_of(job, np.concatenate([buy, sell])) == pytest.approx(expected, abs=1e-6)
    worse = results_of(a_job_of([1.1000, 1.1010, 1.1031, 1.0900], slippage=3.0), sell)
    assert worse == pytest.approx([(-326.0 - 7.0 - 8.0) / (303.0 + 7.0)], abs=1e-6)


def test_a_time_stop_goes_by_the_time_that_passes() -> None:
    """Held over the weekend on which the broker's clock is put forward: 72 hours later it shows 73 hours more."""
    care = CareSettings(max_holding_s=72 * 3600.0, weekend_close_s=0.0)
    job = a_job(weeks=1, settings=msgspec.structs.replace(EAGER, care=care))
    clock, opened_s = clock_named("eu"), 1_711_713_600  # 2024-03-29, 12:00 UTC
    utc_s = opened_s + 3600 * np.arange(90)
    ticks = np.zeros(len(utc_s), TICK_DTYPE)
    ticks["bid"], ticks["ask"] = 1.1, 1.1001
    ticks["bid"][72], ticks["ask"][72] = 1.1010, 1.1011
    ticks["time_msc"] = (utc_s + clock.offsets_at_utc(utc_s)) * 1000
    spec = msgspec.structs.replace(job.specs[0], swap_long=0.0, sessions=())
    profile = msgspec.structs.replace(job.profile, slippage_points=0.0)
    later = dataclasses.replace(job, ticks={"EURUSD": ticks}, clock=clock, specs=(spec,), profile=profile)
    buy = an_episode(1, 1.1001, 1.0981, 1.1200, Gate.SPREAD)
    buy["time_ns"] = opened_s * 1_000_000_000
    assert results_of(later, buy) == pytest.approx([(90.0 - 7.0) / 207.0], abs=1e-6)


def test_figures_by_gate() -> None:
    job = a_job_of([1.1000, 1.1010, 1.1031, 1.0900])
    buy, sell = an_episode(1, 1.1001, 1.0981, 1.1030, Gate.SPREAD), an_episode(-1, 1.1000, 1.1030, 1.0950, Gate.SPREAD)
    far, made = an_episode(1, 1.1001, 1.0, 1.2, Gate.SPREAD), buy.copy()
    sell["alone"] = NO_GATE
    made["alone"] = made["first"] = NO_GATE
    found = hindsight_of(job, np.concatenate([buy, sell, far, made]))
    gate = found.gates[Gate.SPREAD]
    won, lost = 269.0 / 207.0, -335.0 / 307.0
    assert (gate.gate, gate.first.number, gate.first.still_open, gate.alone.number) == ("spread", 2, 1, 1)
    assert gate.first.sum_r == pytest.approx(won + lost, abs=1e-6)
    assert gate.first.mean_r == pytest.approx((won + lost) / 2, abs=1e-6)
    assert gate.first.error_r == pytest.approx((won - lost) / 2, abs=1e-6)  # of two: half of what they differ by
    assert gate.first.won == 0.5
    assert gate.alone.mean_r == pytest.approx(won, abs=1e-6)
    assert gate.alone.won == 1.0
    assert math.isnan(gate.alone.error_r)
    assert found.made.mean_r == pytest.approx(won, abs=1e-6)
    none = found.gates[Gate.NEWS].alone
    assert (none.number, none.sum_r) == (0, 0.0)
    assert math.isnan(none.mean_r)
    assert math.isnan(none.won)


def test_nothing_refused_is_nothing_earned() -> None:
    assert hindsight_of(a_job(weeks=1), np.zeros(0, EPISODE_DTYPE)).made.number == 0
