"""The same decisions, bit for bit: compiled loop over `decide`, engine bar by bar, runner, bridge over ZeroMQ.

The hashes pin the whole decision list and the whole order list of each data set. A change of a rule changes them: run
the failing test, read what changed, and put the printed hashes here together with that change.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from domain.pricing import symbol_money
from domain.timeframes import Timeframe
from sim.runner import RunResult
from strategy.charts import Chart, Scored
from strategy.engine import Engine
from strategy.events import Quotes
from strategy.gates import Action, DecisionKind
from strategy.recorded import decide_recorded
from strategy.symbol_rows import rules_row, symbol_row
from strategy.tables import Table
from tests.parity.runs import MARKETS, PROFILE, Market, WrittenDown, a_job, a_spec, bar_numbers, run
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
        "ffd14d338ffd8b3825551a6a6d7da69d9d5be44c117409dbdc6fc00d1e31b729",
        "8451dab2c2a66ed39abdd830459a7ee93650890d72a44d12904843ead69033f9",
    ),
    "xauusd-mt5-export": (
        "2c3bb70801b3d3aaff5a078ad9384f3f7af1a5fd13b08c897a0d33e7d5faa976",
        "8700dc7071dd8c1782095068e9d7d1bb6ef587e7a4aa587bec8ad7d0ab68ac28",
    ),
}


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


def signals_again(ran: Ran, timeframe: Timeframe) -> Scored:
    """Bars, scores and volatility of the whole data set in one go."""
    engine = ran.engine.engine
    chart = Chart(0, ran.market.symbol, timeframe, engine.model, engine._parameters, engine.settings.entry)
    closed = chart.closes(ran.ticks, a_spec(ran.market).point)
    assert closed is not None
    return closed[1]


def symbols_of(ran: Ran) -> Table:
    spec = a_spec(ran.market)
    money = symbol_money(spec, PROFILE.currency, PROFILE.currency_digits, PROFILE.tiers[0].leverage)
    return symbol_row(spec, money, ran.market.settings())


def blank(rows: Table, answers: tuple[str, ...]) -> Table:
    """The records without what was decided."""
    asked: Table = rows.copy()
    for field in answers:
        asked[field] = 99
    return asked


CARE_ANSWERS = ("action", "lots", "sl", "tp", "decided_by")
ENTRY_ANSWERS = (*CARE_ANSWERS, "side", "price", "bound", "regime", "risk_fraction", "max_leverage", "tone_scale")


def test_compiled_loop_over_decide(ran: Ran) -> None:
    """Every decision anew, from its record alone; what the model saw comes from all bars in one go."""
    decisions, rules, symbols = ran.result.decisions, rules_row(ran.market.settings()), symbols_of(ran)
    checked = acting = 0
    for timeframe in ran.market.timeframes:
        rows = decisions[(decisions["kind"] == DecisionKind.ENTRY) & (decisions["timeframe"] == timeframe)]
        again, asked = signals_again(ran, timeframe), blank(rows, ENTRY_ANSWERS)
        asked["score"] = again.scores
        asked["atr"], asked["atr_baseline"] = again.volatility[:, 0], again.volatility[:, 1]
        assert rows["bar_time"].tolist() == again.bars["time"].tolist()
        assert rows["features"].tobytes() == again.features.tobytes()
        acting += decide_recorded(asked, rules, symbols)
        assert asked.tobytes() == rows.tobytes()
        checked += len(rows)
    rows = decisions[decisions["kind"] == DecisionKind.POSITION]
    asked = blank(rows, CARE_ANSWERS)
    acting += decide_recorded(asked, rules, symbols)
    assert asked.tobytes() == rows.tobytes()
    assert checked + len(rows) == len(decisions)
    assert acting == (decisions["action"] != Action.HOLD).sum() >= len(ran.result.intents)


@pytest.mark.integration
def test_bridge_and_terminal_over_zeromq(ran: Ran, tmp_path: Path) -> None:
    """Lock-step, one tick a batch, over a part of each data set that trades."""
    ticks = ran.ticks[slice(*ran.market.over_the_wire)]
    expected, _ = run(ran.market, ticks)
    statistics, decisions, account = over_zeromq(a_job(ran.market, ticks), tmp_path)
    assert statistics.ticks == len(ticks)
    assert decisions.tobytes() == expected.decisions.tobytes()
    assert statistics.order_list_hash == expected.order_list_hash()
    assert account.balance == expected.money.balance
    assert len(expected.intents) >= 2
