"""Parity: the same decisions and deals inside vectorbt, through the simulated terminal and by the plain runner."""

import dataclasses
import sys

import msgspec
import numpy as np
import pytest

pytest.importorskip("pandas")

from backtest.comparison import Comparison, compared
from backtest.exact import run_exact, terminal_of
from backtest.job import Job
from backtest.vbt import MissingExtraError, VbtOutcome, imported_vectorbt, rows_of, run_vbt
from domain.timeframes import Timeframe
from marketdata.bar_ticks import ohlc_ticks
from marketdata.drifting import TRENDING, DriftingSymbol, drifting_bars
from sim.profiles import justmarkets_symbol
from sim.runner import Runner
from strategy.engine import Engine
from strategy.gates import Action
from tests.backtest.jobs import EAGER, a_job

pytestmark = [pytest.mark.parity, pytest.mark.slow]

YEN = DriftingSymbol(name="USDJPY", digits=3, start_points=150_000, spread_points=14, move_points=180)


def two_symbols(weeks: int = 5) -> Job:
    """Two symbols that share one account: profit in dollars, and in yen."""
    job = a_job(weeks, msgspec.structs.replace(EAGER, symbols=("EURUSD", "USDJPY")))
    yen = msgspec.structs.replace(justmarkets_symbol("USDJPY"), swap_long=4.0, swap_short=-9.0)
    ticks = ohlc_ticks(drifting_bars(5, weeks, TRENDING, YEN), Timeframe.H1, 1e-3)
    return dataclasses.replace(job, specs=(*job.specs, yen), ticks={**job.ticks, "USDJPY": ticks})


@pytest.fixture(scope="module")
def vbt() -> VbtOutcome:
    return run_vbt(two_symbols())


@pytest.fixture(scope="module")
def comparison(vbt: VbtOutcome) -> Comparison:
    return compared(run_exact(vbt.job, keep_decisions=True), vbt)


def test_decisions_and_deals_are_the_same(vbt: VbtOutcome, comparison: Comparison) -> None:
    ran = Runner(Engine(vbt.job.settings), terminal_of(vbt.job), vbt.job.tape).run()
    assert ran.decisions.tobytes() == vbt.ran.decisions.tobytes()
    assert ran.deals == vbt.ran.deals
    assert comparison.same_decisions
    assert comparison.same_deals
    assert {deal.symbol for deal in ran.deals[1:]} == {"EURUSD", "USDJPY"}
    assert {Action.BUY, Action.SELL, Action.CLOSE, Action.PARTIAL_CLOSE} <= set(ran.decisions["action"].tolist())


def test_every_difference_of_equity_has_a_cause(vbt: VbtOutcome, comparison: Comparison) -> None:
    assert comparison.agrees
    assert comparison.rest <= comparison.bound < 1.5
    assert comparison.swap > 1.0
    assert comparison.sell_spread > 1.0
    assert comparison.apart > comparison.rest
    assert '"agrees": true' in comparison.told()
    assert abs(comparison.final_apart) <= comparison.bound + abs(vbt.swap[-1]) + abs(vbt.sell_spread[-1])


def test_a_difference_without_a_cause_is_seen(vbt: VbtOutcome) -> None:
    wrong = dataclasses.replace(vbt, equity=vbt.equity + np.where(np.arange(len(vbt.equity)) == 40, 2.0, 0.0))
    assert not compared(run_exact(vbt.job, keep_decisions=True), wrong).agrees


def test_vectorbt_keeps_its_own_account(vbt: VbtOutcome) -> None:
    orders = vbt.portfolio.orders.records
    trades = list(vbt.ran.deals[1:])
    assert len(orders) == len(trades)
    assert orders["fees"].sum() == pytest.approx(-sum(deal.commission + deal.fee + deal.swap for deal in trades))
    assert vbt.equity[0] == pytest.approx(vbt.job.profile.deposit, abs=50.0)
    falls = np.maximum.accumulate(vbt.equity)
    assert -vbt.drawdowns().max_drawdown() == pytest.approx(float(np.max((falls - vbt.equity) / falls)))
    assert np.prod(1.0 + vbt.returns().to_numpy()) == pytest.approx(vbt.equity[-1] / vbt.equity[0])


def test_rows_are_first_ticks_of_bars() -> None:
    job = a_job(1)
    assert len(rows_of(job)) == 120
    assert rows_of(job)[-1] == job.end_msc


def test_exact_without_decisions_cannot_be_compared(vbt: VbtOutcome) -> None:
    with pytest.raises(ValueError, match="keep_decisions"):
        compared(run_exact(vbt.job), vbt)


def test_without_the_extra_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "vectorbt", None)
    with pytest.raises(MissingExtraError, match=r"mt5-companion\[backtest\]"):
        imported_vectorbt()
