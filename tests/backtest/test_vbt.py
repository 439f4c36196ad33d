"""Parity: the same decisions and deals inside vectorbt, through the simulated terminal and by the plain runner."""

import csv
import dataclasses
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest

pytest.importorskip("pandas")

from backtest.comparison import Comparison, compared, write_comparison
from backtest.exact import run_exact, terminal_of
from backtest.job import Job
from backtest.vbt import MissingExtraError, VbtOutcome, imported_vectorbt, run_vbt
from backtest.vbt_rows import moments_of
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
    assert ran.decisions.tobytes() == vbt.booked.decisions.tobytes()
    assert ran.deals == vbt.booked.deals
    assert comparison.same_decisions
    assert comparison.same_deals
    assert {deal.symbol for deal in ran.deals[1:]} == {"EURUSD", "USDJPY"}
    assert {Action.BUY, Action.SELL, Action.CLOSE, Action.PARTIAL_CLOSE} <= set(ran.decisions["action"].tolist())


def test_every_difference_of_equity_has_a_cause(vbt: VbtOutcome, comparison: Comparison) -> None:
    found = comparison
    assert found.agrees
    assert abs(found.rest.largest) <= found.bound < 1.5
    assert abs(found.swap.largest) > 1.0
    assert found.sell_spread.largest < -1.0
    assert abs(found.apart.largest) > abs(found.rest.largest)
    assert vbt.swap[vbt.time_ns == found.swap.at_ns] == found.swap.largest
    assert found.swap.rows == np.count_nonzero(vbt.swap)
    assert found.final_apart == pytest.approx(vbt.swap[-1] - vbt.sell_spread[-1], abs=found.bound)


def test_a_difference_without_a_cause_is_seen(vbt: VbtOutcome) -> None:
    wrong = dataclasses.replace(vbt, equity=vbt.equity + np.where(np.arange(len(vbt.equity)) == 40, 2.0, 0.0))
    found = compared(run_exact(vbt.job, keep_decisions=True), wrong)
    assert not found.agrees
    assert found.rest.at_ns == vbt.time_ns[40]
    assert found.rest.largest == pytest.approx(-2.0, abs=found.bound)


@pytest.mark.parametrize(("change", "apart"), [(slice(None, -3), 3), (slice(None), 0)])
def test_decisions_that_differ_are_counted(vbt: VbtOutcome, comparison: Comparison, change: slice, apart: int) -> None:
    exact = run_exact(vbt.job, keep_decisions=True)
    records = exact.decisions[change].copy()
    records["equity"][[5, 9]] += 1e-9
    found = compared(dataclasses.replace(exact, decisions=records), vbt)
    assert (found.decisions_apart, found.same_decisions, found.agrees) == (apart + 2, False, False)
    assert found.rest == comparison.rest


def test_what_is_written(vbt: VbtOutcome, comparison: Comparison, tmp_path: Path) -> None:
    assert write_comparison(comparison, vbt, tmp_path) == ("comparison.json", "comparison.csv")
    assert msgspec.json.decode((tmp_path / "comparison.json").read_bytes(), type=Comparison) == comparison
    with (tmp_path / "comparison.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["time_utc"] for row in rows[:1]] == ["2020-01-05T23:00:00.000Z"]
    assert len(rows) == comparison.rows
    for row in rows:
        exact, inside, apart, *causes = (float(row[name]) for name in list(row)[1:])
        assert apart == pytest.approx(exact - inside, abs=2e-4) == pytest.approx(sum(causes), abs=3e-4)


def test_vectorbt_keeps_its_own_account(vbt: VbtOutcome) -> None:
    """Orders are the deals; statistics and falls are those of the account, without the cash that paid the purchases."""
    orders, trades, portfolio = vbt.portfolio.orders.records, list(vbt.booked.deals[1:]), vbt.portfolio
    assert len(orders) == len(trades)
    assert orders["fees"].sum() == pytest.approx(-sum(deal.commission + deal.fee + deal.swap for deal in trades))
    assert portfolio.init_cash == vbt.job.profile.deposit
    with np.errstate(all="ignore"):
        stats = portfolio.stats(metrics=["end_value", "total_return", "max_dd", "period"])  # others compile for seconds
    peaks = np.maximum.accumulate(vbt.equity)
    assert stats["Max Drawdown [%]"] == pytest.approx(100.0 * float(np.max((peaks - vbt.equity) / peaks)))
    assert stats["Total Return [%]"] == pytest.approx(100.0 * (vbt.equity[-1] / vbt.job.profile.deposit - 1.0))
    assert stats["End Value"] == pytest.approx(vbt.equity[-1])
    assert stats["Period"].total_seconds() == pytest.approx(
        (vbt.time_ns[-1] - vbt.time_ns[0]) / 1e9 * len(vbt.time_ns) / (len(vbt.time_ns) - 1)
    )
    assert np.prod(1.0 + portfolio.returns().to_numpy()) == pytest.approx(vbt.equity[-1] / vbt.job.profile.deposit)


def test_gross_exposure_is_about_the_leverage_in_use(vbt: VbtOutcome) -> None:
    """Notional value of all that is open over equity; vectorbt takes sells at the price they were opened at."""
    notional = (vbt.portfolio.assets() * vbt.portfolio.close).abs().sum(axis=1).to_numpy()
    assert vbt.portfolio.gross_exposure().to_numpy() == pytest.approx(notional / vbt.equity, rel=0.1)
    assert (notional / vbt.equity).max() > 1.0


def test_vectorbt_draws_it(vbt: VbtOutcome) -> None:
    figure = vbt.portfolio.plot(subplots=["value", "drawdowns", "underwater"])
    drawn = next(trace for trace in figure.data if trace.name == "Value")
    assert np.asarray(drawn.y) == pytest.approx(vbt.equity)


def test_rows_are_first_ticks_of_bars() -> None:
    job = a_job(1)
    assert len(moments_of(job)) == 120
    assert moments_of(job)[-1] == job.end_msc


def test_exact_without_decisions_cannot_be_compared(vbt: VbtOutcome) -> None:
    with pytest.raises(ValueError, match="keep_decisions"):
        compared(run_exact(vbt.job), vbt)


def test_without_the_extra_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "vectorbt", None)
    with pytest.raises(MissingExtraError, match=r"mt5-companion\[backtest\]"):
        imported_vectorbt()
