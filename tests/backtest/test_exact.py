"""A backtest is the runner's run, watched: same decisions, a curve that deals and quotes explain."""

import dataclasses
import math

import msgspec
import numpy as np
import pytest

from backtest.curve import days_of
from backtest.exact import Outcome, run_exact, terminal_of
from backtest.job import Job, JobError
from domain.pricing import position_profit, symbol_money
from domain.serverclock import Daylight, ServerClock
from newsfilter.board import NewsBoard
from sim.runner import Runner
from strategy.engine import Engine
from strategy.gates import DecisionKind, Gate, Verdict
from tests.backtest.jobs import a_job


def test_decisions_are_the_runners(outcome: Outcome) -> None:
    job = outcome.job
    ran = Runner(Engine(job.settings), terminal_of(job), job.tape).run()
    assert outcome.decisions.tobytes() == ran.decisions.tobytes()
    assert (outcome.deals, outcome.intents, outcome.money) == (ran.deals, ran.intents, ran.money)
    assert len(outcome.intents) > 20


def test_records_that_are_not_kept_change_nothing(outcome: Outcome) -> None:
    again = run_exact(a_job())
    assert len(again.decisions) == 0
    assert again.deals == outcome.deals
    assert again.refusals.tallies() == outcome.refusals.tallies()
    assert again.curve.equity.tobytes() == outcome.curve.equity.tobytes()
    assert again.acted.tobytes() == outcome.acted.tobytes()


def test_the_curve_begins_with_the_deposit_and_ends_with_the_money(outcome: Outcome) -> None:
    curve = outcome.curve
    assert curve.equity[0] == curve.balance[0] == outcome.job.profile.deposit
    assert (curve.equity[-1], curve.balance[-1]) == (outcome.money.equity, outcome.money.balance)
    assert (np.diff(curve.time_ns) > 0).all()


def test_equity_is_what_deals_and_quotes_say(outcome: Outcome) -> None:
    """At every point: the deposit, what deals have booked, and what is open at the quotes of that moment."""
    job, spec = outcome.job, outcome.job.specs[0]
    money = symbol_money(spec, "USD", 2, job.profile.leverage_at(job.profile.deposit))
    ticks = job.ticks[spec.name]
    checked = 0
    for time_ns, equity, balance in zip(*outcome.curve, strict=True):
        server_msc = time_ns // 10**6 + job.clock.winter_offset_s * 1000
        booked = math.fsum(deal.balance_change for deal in outcome.deals if deal.time_msc < server_msc)
        if any(deal.time_msc == server_msc for deal in outcome.deals) or checked > 400:
            continue
        tick = ticks[np.searchsorted(ticks["time_msc"], server_msc, side="right") - 1]
        floating = 0.0
        for trip in outcome.trips:
            if not trip.opened_ns < time_ns or (trip.is_closed and trip.closed_ns < time_ns):
                continue
            left = trip.lots - sum(
                deal.volume
                for deal in outcome.deals
                if deal.position_id == trip.position_id and deal.entry != 0 and deal.time_msc < server_msc
            )
            price = float(tick["bid"] if trip.side > 0 else tick["ask"])
            floating += position_profit(trip.side, left, trip.price_open, price, money)
        if time_ns == outcome.curve.time_ns[0]:
            booked = job.profile.deposit
        assert balance == pytest.approx(booked, abs=0.005)
        # swap of open positions is booked when they close: it stands between the two
        assert equity == pytest.approx(booked + floating, abs=60.0 if floating else 0.005)
        checked += 1
    assert checked > 100


def test_round_trips_explain_the_balance(outcome: Outcome) -> None:
    gained = math.fsum(trip.profit for trip in outcome.trips)
    assert outcome.money.balance == pytest.approx(outcome.job.profile.deposit + gained, abs=0.005)


def test_progress_is_told_to_the_end() -> None:
    told: list[tuple[int, int]] = []
    outcome = run_exact(a_job(2), on_progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (outcome.ticks, outcome.ticks)


def test_news_are_judged_where_they_are_told() -> None:
    job = a_job(2)
    silent = run_exact(job, keep_decisions=True)
    board = NewsBoard(reliable_until_ns=0, required=True)
    told = run_exact(
        Job(
            settings=job.settings,
            profile=job.profile,
            specs=job.specs,
            ticks=job.ticks,
            clock=job.clock,
            news=board,
        ),
        keep_decisions=True,
    )
    of_silent, of_told = (
        one.decisions[one.decisions["kind"] == DecisionKind.ENTRY]["gates"][:, Gate.NEWS, 2] for one in (silent, told)
    )
    assert set(of_silent.tolist()) == {Verdict.ABSENT}
    assert Verdict.ABSENT not in set(of_told.tolist())
    assert told.refusals.entries == 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"specs": ()}, "no specification"),
        ({"ticks": {}}, "no quotes"),
        ({"ticks": {"EURUSD": np.zeros(3)}}, "dtype"),
    ],
)
def test_a_job_that_cannot_run_is_refused(change: dict[str, object], words: str) -> None:
    job = a_job(1)
    fields = {"settings": job.settings, "profile": job.profile, "specs": job.specs, "ticks": job.ticks}
    with pytest.raises(JobError, match=words):
        Job(**(fields | change))  # type: ignore[arg-type]  # wrong on purpose


def test_another_broker_makes_another_result() -> None:
    job = a_job(4)
    dear = msgspec.structs.replace(job.profile, slippage_points=40.0)
    other = Job(settings=job.settings, profile=dear, specs=job.specs, ticks=job.ticks, clock=job.clock)
    assert run_exact(other).money.balance < run_exact(job).money.balance


def test_a_broker_that_changes_its_clocks() -> None:
    """Days, deals and decisions go by the clock: the same stamps, read an hour apart in summer."""
    job = a_job(30)
    summer = ServerClock(winter_offset_s=2 * 3600, daylight=Daylight.EU)
    changing = run_exact(dataclasses.replace(job, clock=summer), keep_decisions=True)
    fixed = run_exact(job, keep_decisions=True)
    assert [deal.time_msc for deal in changing.deals] == [deal.time_msc for deal in fixed.deals]
    assert [deal.price for deal in changing.deals] == [deal.price for deal in fixed.deals]
    apart = fixed.curve.time_ns - changing.curve.time_ns
    assert set(apart.tolist()) == {0, 3600 * 10**9}
    days = days_of(changing.curve, summer)
    assert days.day.tolist() == days_of(fixed.curve, job.clock).day.tolist()
    assert days.equity.tolist() == days_of(fixed.curve, job.clock).equity.tolist()
