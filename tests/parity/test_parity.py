"""The same decisions, bit for bit: compiled loop over `decide`, engine bar by bar, runner, bridge over ZeroMQ.

The hashes pin the whole decision list and the whole order list of each data set. A change of a rule changes them: run
the failing test, read what changed, and put the printed hashes here together with that change.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from domain.jit import njit
from domain.pricing import SymbolMoney, symbol_money
from domain.timeframes import Timeframe
from risk.limits import Standing, Steering
from risk.portfolio import Exposure
from sim.runner import RunResult
from strategy.charts import Chart, Scored
from strategy.decide import decide_entry
from strategy.engine import Engine
from strategy.entry_rules import EntryRules, SymbolRules
from strategy.entry_views import (
    EntryView,
    EvidenceView,
    HoldingView,
    MarketView,
    MoneyView,
    NewsView,
    SafetyView,
    StakeView,
)
from strategy.events import Quotes
from strategy.gates import GATE_SEATS, Action, DecisionKind, Gate
from strategy.guard_care import GuardCare, decide_guarded
from strategy.position_rules import CareRules
from strategy.position_tables import recorded_view
from strategy.tables import DECISION_DTYPE, Table
from tests.parity.runs import MARKETS, PROFILE, Market, WrittenDown, a_spec, bar_numbers, run
from tests.parity.wires import over_zeromq

pytestmark = [pytest.mark.parity, pytest.mark.reference]

PINNED: dict[str, tuple[str, str]] = {
    "eurusd-ticks": (
        "93ecc3441ac972037178cbb49473fa0caac78e91302888fea9e986143e2ee0ac",
        "98eaae1dbf6cce4332306e01fb355e9f464fe7c7bf890bd23180f104dc0e981e",
    ),
    "xauusd-ticks": (
        "f654f105d3f0e7b14918b550a0aaaeaa7dc72d253269a0fd0af3ae7bd1ce0f78",
        "606095823f9cdbff50543e9cd97931f41ba6bfe5e268d1df27b133a6265089be",
    ),
    "eurusd-bars": (
        "7cf92f28e8f469b56bf05ab95bce152d5d7bb545421859dcd2097c6038de51eb",
        "1571d5dfa4ddc30d334d0ecda1182badb37cca3856ed9fbbb3a972644adb38b1",
    ),
    "xauusd-mt5-export": (
        "5de2a8fe0a933507cc3e28e60c25b92ba69e9604b0ff118fb202062c28913fcd",
        "ec592aaff3229cb68e44dda30a443cd88f52dc2a6799f4d28e7300145beba9e8",
    ),
}


Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Ran:
    """A data set and what the runner made of it."""

    market: Market
    ticks: Table
    result: RunResult
    engine: WrittenDown


@pytest.fixture(scope="module", params=MARKETS, ids=lambda market: market.name)
def ran(request: pytest.FixtureRequest, reference: Path) -> Ran:
    market: Market = request.param
    ticks = market.ticks(reference)
    result, engine = run(market, ticks)
    return Ran(market, ticks, result, engine)


def test_the_data_sets_are_worth_comparing(ran: Ran) -> None:
    kinds = {intent.kind for intent in ran.result.intents}
    assert len(ran.result.decisions) > 500
    assert len(ran.result.intents) >= 4
    assert len(kinds) >= 2


def test_the_lists_are_the_pinned_ones(ran: Ran) -> None:
    found = (ran.result.decisions_hash(), ran.result.order_list_hash())
    assert PINNED.get(ran.market.name) == found


def test_running_again_changes_nothing(ran: Ran) -> None:
    again, _ = run(ran.market, ran.ticks)
    assert again.decisions.tobytes() == ran.result.decisions.tobytes()
    assert again.order_list_hash() == ran.result.order_list_hash()
    assert again.account_digest == ran.result.account_digest


def test_engine_bar_by_bar(ran: Ran) -> None:
    """A fresh engine, told the same account events, takes the ticks in one batch a bar."""
    engine = Engine(ran.market.settings())
    kept = []
    finest = min(ran.market.timeframes, key=lambda timeframe: timeframe.seconds)
    for what, told in ran.engine.told:
        if what == "ticks":
            part: Table = told  # type: ignore[assignment]  # what was written down under this name
            cuts = np.flatnonzero(np.diff(bar_numbers(part, finest))) + 1
            for batch in np.split(part, cuts):
                engine.on_event(Quotes(ran.market.symbol, batch, 0))
        elif what == "money":
            engine.adopt_money(told)  # type: ignore[arg-type]  # what was written down under this name
        else:
            engine.on_event(told)  # type: ignore[arg-type]  # what was written down under this name
        kept.append(engine.take_decisions())
    assert np.concatenate(kept).tobytes() == ran.result.decisions.tobytes()
    assert engine.account.digest() == ran.result.account_digest


@njit
def market_again(row: Any, bar: Any) -> MarketView:  # noqa: ANN401 - rows of a table, as a kernel sees them
    """The market as it was recorded, with the score and the volatility of `bar`."""
    g = row.gates
    return MarketView(
        g[0, 0],
        g[1, 0],
        g[1, 1],
        g[2, 0],
        g[24, 0],
        g[25, 0],
        row.bid,
        row.ask,
        bar.score,
        bar.atr,
        bar.atr_baseline,
    )


@njit
def entries_again(
    rows: Table,
    scored: Table,
    rules: EntryRules,
    symbol: SymbolRules,
    money: SymbolMoney,
    gates: np.ndarray,
    out: np.ndarray,
) -> None:
    """`decide_entry` over all bars of a chart; the account's part of every view is the recorded one."""
    for index in range(len(rows)):
        row, bar, since = rows[index], scored[index], rows[index].gates[7, 0]
        s = row.safety
        view = EntryView(
            market_again(row, bar),
            HoldingView(since, since, row.symbol_positions, row.other_symbols),
            MoneyView(row.equity, row.margin_free, row.notional_open, row.volume_buy, row.volume_sell),
            EvidenceView(row.trips, row.win_rate, row.win_r, row.loss_r, row.kelly_fraction),
            Standing(
                row.allowed_leverage,
                row.drawdown,
                row.losing_streak,
                row.news_negative,
                row.news_window,
                row.proof_trips,
                row.expectancy_bound_r,
            ),
            Steering(row.risk_scale, row.leverage_cap, row.risk_override, row.leverage_override),
            StakeView(Exposure(row.base_exposure, row.quote_exposure), row.open_risk),
            SafetyView(s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7], s[8], s[9], s[10], s[11]),
            NewsView(row.gates[4, 0], 1.0 if row.gates[4, 2] > 0.0 else 0.0, row.tone),
        )
        decision = decide_entry(view, rules, symbol, money, gates[index])
        out[index, 0] = decision.action
        out[index, 1] = decision.lots
        out[index, 2] = decision.sl
        out[index, 3] = decision.tp
        out[index, 4] = decision.refused_by
        out[index, 5] = decision.bound
        out[index, 6] = decision.limits.regime
        out[index, 7] = decision.limits.risk_fraction
        out[index, 8] = decision.limits.max_leverage


@njit
def care_again(rows: Table, rules: CareRules, symbol: SymbolRules, gates: Floats, out: Floats) -> None:
    """`decide_guarded` over all recorded views of positions."""
    for index in range(len(rows)):
        view = recorded_view(rows[index : index + 1])
        guard = GuardCare(rows[index].kept_fraction, rows[index].halted)
        decision = decide_guarded(view, rules, symbol, guard, gates[index])
        out[index, 0] = decision.action
        out[index, 1] = decision.lots
        out[index, 2] = decision.sl
        out[index, 3] = decision.tp
        out[index, 4] = decision.rule


def signals_again(ran: Ran, timeframe: Timeframe) -> Scored:
    """Bars, scores and volatility of the whole data set in one go."""
    engine = ran.engine.engine
    chart = Chart(0, ran.market.symbol, timeframe, engine.model, engine._parameters, engine.settings.entry)
    closed = chart.closes(ran.ticks, a_spec(ran.market).point)
    assert closed is not None
    return closed[1]


def symbol_rules(ran: Ran) -> tuple[SymbolRules, SymbolMoney]:
    spec = a_spec(ran.market)
    rules = SymbolRules(
        spec.digits,
        spec.point,
        spec.tick_size,
        spec.volume_min,
        spec.volume_max,
        spec.volume_step,
        spec.volume_limit,
        spec.stops_level_points * spec.point,
        7.0,
        5.0 * spec.point,
        float(spec.freeze_level_points),
    )
    return rules, symbol_money(spec, PROFILE.currency, PROFILE.currency_digits, PROFILE.tiers[0].leverage)


FIELDS = ("action", "lots", "sl", "tp", "decided_by")
ENTRY_FIELDS = (*FIELDS, "bound", "regime", "risk_fraction", "max_leverage")


def test_compiled_loop_over_decide(ran: Ran) -> None:
    decisions, settings = ran.result.decisions, ran.market.settings()
    symbol, money = symbol_rules(ran)
    checked = 0
    for timeframe in ran.market.timeframes:
        rows = decisions[(decisions["kind"] == DecisionKind.ENTRY) & (decisions["timeframe"] == timeframe)]
        again = signals_again(ran, timeframe)
        told = np.zeros(len(rows), DECISION_DTYPE)
        told["score"], told["atr"], told["atr_baseline"] = again.scores, again.volatility[:, 0], again.volatility[:, 1]
        assert rows["bar_time"].tolist() == again.bars["time"].tolist()
        gates, out = np.empty((len(rows), GATE_SEATS, 3)), np.empty((len(rows), len(ENTRY_FIELDS)))
        entries_again(rows, told, settings.entry_rules(), symbol, money, gates, out)
        assert gates.tobytes() == np.ascontiguousarray(rows["gates"]).tobytes()
        assert rows["features"].tobytes() == again.features.tobytes()
        for column, field in enumerate(ENTRY_FIELDS):
            assert out[:, column].tobytes() == rows[field].astype(np.float64).tobytes(), field
        checked += len(rows)
    rows = decisions[decisions["kind"] == DecisionKind.POSITION]
    gates, out = np.empty((len(rows), GATE_SEATS, 3)), np.empty((len(rows), 5))
    care_again(rows, settings.care.rules(), symbol, gates, out)
    assert gates.tobytes() == np.ascontiguousarray(rows["gates"]).tobytes()
    for column, field in enumerate(FIELDS):
        assert out[:, column].tobytes() == rows[field].astype(np.float64).tobytes(), field
    assert checked + len(rows) == len(decisions)
    assert (decisions["action"] != Action.HOLD).sum() >= len(ran.result.intents)


@pytest.mark.integration
def test_bridge_and_terminal_over_zeromq(ran: Ran, tmp_path: Path) -> None:
    """Lock-step, one tick a batch, over a part of each data set that trades."""
    ticks = ran.ticks[slice(*ran.market.over_the_wire)]
    expected, _ = run(ran.market, ticks)
    statistics, decisions, account = over_zeromq(ran.market, ticks, tmp_path)
    assert statistics.ticks == len(ticks)
    assert decisions.tobytes() == expected.decisions.tobytes()
    assert statistics.order_list_hash == expected.order_list_hash()
    assert account.balance == expected.money.balance
    assert len(expected.intents) >= 2


def test_gate_seats_used_above_are_the_ones_meant() -> None:
    assert (Gate.TRADING_ALLOWED, Gate.WARM_UP, Gate.SESSION, Gate.DUPLICATE) == (0, 1, 2, 7)
    assert (Gate.WEEKEND, Gate.ROLLOVER) == (24, 25)
