"""Decisions made anew from their records alone: the same bits by the same rules, other answers by others."""

import pytest

from account.events import IntentIssued
from domain.pricing import symbol_money
from strategy.engine import Engine
from strategy.events import AccountChanged, Quotes
from strategy.gates import DecisionKind
from strategy.params import CareSettings, EngineSettings
from strategy.recorded import decide_recorded
from strategy.symbol_rows import rules_row, symbol_row
from strategy.tables import Table
from tests.strategy.markets import a_spec, opening_events
from tests.strategy.test_engine import EAGER, filled

SETTINGS = EngineSettings(
    timeframes=EAGER.timeframes,
    entry=EAGER.entry,
    care=CareSettings(break_even_r=0.3, trailing_start_r=0.3, trailing_atr=0.5),
    slippage_points={},
)


@pytest.fixture(scope="module")
def symbols() -> Table:
    return symbol_row(a_spec(), symbol_money(a_spec(), "USD", 2, 2000), SETTINGS)


@pytest.fixture(scope="module")
def records(ticks: Table) -> Table:
    """Decisions on entries and on positions that are filled as they are asked for."""

    engine = Engine(SETTINGS)
    engine.on_event(AccountChanged(opening_events([a_spec()])))
    quotes, at, ticket = Quotes("EURUSD", ticks, 0), 0, 100
    while at < len(ticks):
        at, intents = engine.advance(quotes, at)
        for intent in intents:
            ticket += 1
            answer = filled(intent, ticket) if intent.position_ticket == 0 else []
            engine.on_event(AccountChanged([IntentIssued(time_ns=intent.decided_ns, intent=intent), *answer]))
    return engine.take_decisions()


def blank(records: Table) -> Table:
    asked: Table = records.copy()
    for answer in ("action", "lots", "sl", "tp", "decided_by"):
        asked[answer] = 99
    entries = asked["kind"] == DecisionKind.ENTRY
    for answer in ("side", "price", "bound", "regime", "risk_fraction", "max_leverage", "tone_scale"):
        asked[answer][entries] = 99
    return asked


def test_the_same_rules_give_the_same_bits(records: Table, symbols: Table) -> None:
    assert set(records["kind"]) == {DecisionKind.ENTRY, DecisionKind.POSITION}
    asked = blank(records)
    acting = decide_recorded(asked, rules_row(SETTINGS), symbols)
    assert asked.tobytes() == records.tobytes()
    assert acting == (records["action"] > 0).sum() > 0


def test_other_rules_give_other_answers(records: Table, symbols: Table) -> None:
    strict = EngineSettings(timeframes=EAGER.timeframes, slippage_points={})
    asked = blank(records)
    assert decide_recorded(asked, rules_row(strict), symbols) < (records["action"] > 0).sum()
