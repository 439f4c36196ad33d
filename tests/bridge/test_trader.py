"""One account's engine: events reach engine, journal and capture together, or not at all."""

import msgspec
import pytest

from account.events import AccountSeen, EventError
from account.state import AccountState
from bridge.records import EntryKind
from bridge.trader import EngineStart, Trader, account_key, decision_layout, verdict_name
from domain.jit import kernel_fingerprint
from domain.timeframes import Timeframe
from strategy.gates import NO_GATE, Action, Care, DecisionKind, Gate
from tests.bridge.floor import EAGER, Market, played, some_bars
from tests.strategy.markets import a_spec, opening_events


def seen(balance: float) -> AccountSeen:
    return AccountSeen(time_ns=5, balance=balance, credit=0.0, equity=balance, margin=0.0, margin_free=balance)


def test_events_go_to_engine_journal_and_capture() -> None:
    trader = Trader("a:1", EAGER)
    trader.take_records()
    events = opening_events([a_spec()])
    trader.book(events)
    assert trader.account.balance == 10_000.0
    (record,) = trader.take_records()
    assert record.kind is EntryKind.EVENTS
    assert len(msgspec.json.decode(record.payload)) == len(events)
    assert trader.take_unsaved() == events
    assert trader.take_unsaved() == []
    assert trader.take_records() == []


def test_an_event_that_cannot_be_kept_does_not_happen() -> None:
    trader = Trader("a:1", EAGER)
    trader.book(opening_events([a_spec()]))
    trader.take_unsaved()
    with pytest.raises(EventError):
        trader.book([seen(float("nan"))])
    assert trader.account.balance == 10_000.0
    assert trader.take_unsaved() == []


def test_it_begins_where_the_journal_ends() -> None:
    events = [*opening_events([a_spec()]), seen(777.0)]
    trader = Trader("a:1", EAGER, iter(events), 42)
    assert trader.account.digest() == AccountState.replayed(events).digest()
    assert trader.clock_ns == 5
    assert trader.take_unsaved() == []
    start = msgspec.json.decode(trader.take_records()[0].payload, type=EngineStart)
    assert (start.account, start.journal_seq, start.settings) == ("a:1", 42, EAGER)
    assert start.account_digest == trader.account.digest()
    assert (start.kernels, start.decision_layout) == (kernel_fingerprint(), decision_layout())


def test_a_chart_that_got_history_is_warm() -> None:
    trader = Trader("a:1", EAGER, opening_events([a_spec()]))
    trader.warm_up(("EURUSD", Timeframe.M1), some_bars(trader.bars_wanted))
    assert trader.warm == {("EURUSD", Timeframe.M1)}
    (chart,) = trader.engine.wanted_charts
    assert chart.bars <= trader.bars_wanted


def test_decisions_and_intents_are_counted_by_what_they_came_to() -> None:
    floor = played(Market())
    trader = floor.line.trader
    counts = trader.decision_counts()
    assert sum(counts.values()) == len(floor.heard.decisions)
    assert {"buy", "sell", "hold", "modify", "refused: duplicate"} <= set(counts)
    assert trader.decision_counts() == counts
    assert sum(trader.intent_counts().values()) == len(trader.account.intents)
    assert "filled" in trader.intent_counts()


@pytest.mark.parametrize(
    ("kind", "action", "decided_by", "name"),
    [
        (DecisionKind.ENTRY, Action.HOLD, Gate.SPREAD, "refused: spread"),
        (DecisionKind.ENTRY, Action.BUY, NO_GATE, "buy"),
        (DecisionKind.ENTRY, Action.HOLD, NO_GATE, "hold"),
        (DecisionKind.POSITION, Action.PARTIAL_CLOSE, Care.PARTIAL_CLOSE, "partial close"),
        (DecisionKind.POSITION, Action.HOLD, NO_GATE, "hold"),
    ],
)
def test_verdicts_have_names(kind: int, action: int, decided_by: int, name: str) -> None:
    assert verdict_name(kind, action, decided_by) == name


def test_accounts_of_two_brokers_differ() -> None:
    assert account_key("A", 1) != account_key("B", 1)
