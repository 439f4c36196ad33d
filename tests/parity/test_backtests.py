"""The same decisions, bit for bit: inside vectorbt, `backtest.exact`, the runner, the bridge over ZeroMQ.

Equity inside vectorbt is an account of its own. It may differ from the terminal's by what has a name, and by no more.
"""

import dataclasses
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
import pytest

pytest.importorskip("pandas")

from backtest.comparison import Comparison, compared
from backtest.exact import Outcome, run_exact, terminal_of
from backtest.job import Job
from backtest.vbt import VbtOutcome, run_vbt
from domain.dtypes import RATES_DTYPE
from domain.intents import IntentKind
from domain.serverclock import Daylight, ServerClock
from domain.symbols import SymbolSpec
from domain.timeframes import HOUR_S, Timeframe
from marketdata import load_quotes, ohlc_ticks
from marketdata.drifting import TRENDING, DriftingSymbol, drifting_bars
from signals.fold import fold_ticks, new_fold
from sim.profiles import justmarkets_symbol
from sim.runner import Runner, RunResult
from strategy.engine import Engine
from strategy.events import WarmUp
from strategy.tables import Table
from tests.parity.runs import MARKETS, PROFILE, Market, a_job, a_spec
from tests.parity.wires import over_zeromq

pytestmark = pytest.mark.parity

WINTER = ServerClock(winter_offset_s=2 * HOUR_S, daylight=Daylight.NONE)
YEN = DriftingSymbol(name="USDJPY", digits=3, start_points=150_000, spread_points=14, move_points=180)
HISTORY_BARS = 1000
REAL_BARS = slice(0, 400)
REAL_TICKS = slice(67_594, 71_000)  # Friday 2014-05-02, 16:45 to 18:32 UTC: an entry at 17:00, closed in parts


def with_swap(symbol: str) -> SymbolSpec:
    return msgspec.structs.replace(justmarkets_symbol(symbol), swap_long=-6.0, swap_short=4.0, sessions=())


def hours_of_two(ticks: dict[str, np.ndarray]) -> Job:
    """EURUSD and USDJPY on one account: profit in dollars and in yen, one equity, one margin."""
    eager = MARKETS[0].settings()
    settings = msgspec.structs.replace(eager, symbols=tuple(ticks), timeframes=(Timeframe.H1, Timeframe.H4))
    specs = tuple(with_swap(symbol) for symbol in ticks)
    return Job(settings=settings, profile=PROFILE, specs=specs, ticks=ticks, clock=WINTER)


def invented() -> Job:
    """Needs no data."""
    euro, yen = drifting_bars(3, 3, TRENDING), drifting_bars(5, 3, TRENDING, YEN)
    return hours_of_two({"EURUSD": ohlc_ticks(euro, Timeframe.H1, 1e-5), "USDJPY": ohlc_ticks(yen, Timeframe.H1, 1e-3)})


def real_bars(reference: Path) -> Job:
    """January 2018, hour by hour, with the spread each bar had."""
    ticks = {}
    for symbol in ("EURUSD", "USDJPY"):
        path = reference / f"bars/metaquotes_demo_{symbol}_H1_2018_2023_server.parquet"
        quotes = load_quotes(path, symbol=symbol, timeframe=Timeframe.H1)
        assert quotes.bars is not None
        ticks[symbol] = ohlc_ticks(quotes.bars[REAL_BARS], Timeframe.H1, quotes.point)
    return hours_of_two(ticks)


def real_ticks(reference: Path) -> Job:
    """Two hours of EURUSD, quote by quote, on charts that know the day and a half before them."""
    market = MARKETS[0]
    ticks = market.ticks(reference)
    before = ticks[: REAL_TICKS.start + 1]  # the first tick of the new bar closes the last one before it
    history = tuple(WarmUp(market.symbol, one, closed_bars(market, before, one)) for one in market.timeframes)
    return dataclasses.replace(a_job(market, ticks[REAL_TICKS]), warm_up=history)


def closed_bars(market: Market, ticks: Table, timeframe: Timeframe) -> Table:
    """The last of them, as many as a bridge asks for."""
    bars, at = np.empty(len(ticks), RATES_DTYPE), np.empty(len(ticks), np.int64)
    point = a_spec(market).point
    count = fold_ticks(new_fold(), timeframe.seconds, point, ticks, 0, len(ticks), bars, at)
    return bars[:count][-HISTORY_BARS:]


class Four(NamedTuple):
    """One job, four times."""

    job: Job
    inside: VbtOutcome
    exact: Outcome
    runner: RunResult
    comparison: Comparison


@pytest.fixture(scope="module", params=[invented, real_bars, real_ticks], ids=lambda source: source.__name__)
def ran(request: pytest.FixtureRequest) -> Four:
    needs_data = request.param is not invented
    job = request.param(request.getfixturevalue("reference")) if needs_data else invented()
    exact, inside = run_exact(job, keep_decisions=True), run_vbt(job)
    runner = Runner(Engine(job.settings), terminal_of(job), job.tape, warm_up=job.warm_up).run()
    return Four(job, inside, exact, runner, compared(exact, inside))


def test_the_stretches_are_worth_comparing(ran: Four) -> None:
    dealt = {deal.symbol for deal in ran.runner.deals if deal.symbol}
    assert dealt == set(ran.job.ticks)
    assert len(ran.runner.decisions) > 150
    kinds = {intent.kind for intent in ran.runner.intents}
    assert {IntentKind.OPEN, IntentKind.MODIFY, IntentKind.PARTIAL_CLOSE} <= kinds


def test_exact_and_vectorbt_decide_what_the_runner_decides(ran: Four) -> None:
    expected = ran.runner
    assert ran.exact.decisions.tobytes() == expected.decisions.tobytes()
    assert ran.inside.booked.decisions.tobytes() == expected.decisions.tobytes()
    assert (ran.exact.intents, ran.exact.deals, ran.exact.money) == (expected.intents, expected.deals, expected.money)
    assert (ran.inside.booked.intents, ran.inside.booked.deals) == (expected.intents, expected.deals)
    assert ran.inside.booked.money == expected.money


@pytest.mark.integration
def test_the_bridge_decides_what_the_runner_decides(ran: Four, tmp_path: Path) -> None:
    """Real processes, one tick a batch: decisions on record, deals of the terminal, the journal's account."""
    statistics, decisions, account = over_zeromq(ran.job, tmp_path)
    assert statistics.ticks == ran.runner.ticks
    assert decisions.tobytes() == ran.runner.decisions.tobytes()
    assert statistics.order_list_hash == ran.runner.order_list_hash()
    assert account.balance == ran.runner.money.balance


def test_every_difference_of_equity_has_a_cause(ran: Four) -> None:
    found, inside = ran.comparison, ran.inside
    assert found.agrees
    assert abs(found.rest.largest) <= found.bound <= 0.005 * 2 * len(ran.runner.deals)
    assert inside.apart == pytest.approx(inside.swap - inside.sell_spread + inside.rest)
    assert (found.apart.rows == 0) or abs(found.apart.largest) > abs(found.rest.largest)
    assert ran.exact.money.equity == inside.terminal_equity[-1]


def test_vectorbt_shares_one_equity(ran: Four) -> None:
    """Its value is one series for all symbols, and its orders are the deals of all of them."""
    portfolio, deals = ran.inside.portfolio, [deal for deal in ran.runner.deals if deal.symbol]
    assert portfolio.value().ndim == 1
    assert len(portfolio.orders.records) == len(deals)
