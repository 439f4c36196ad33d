"""What was refused for a position is not asked for again at every tick."""

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from account.events import AccountEvent, IntentIssued, IntentReported
from account.lifecycle import IntentRecord
from account.state import AccountState
from domain.dtypes import TICK_DTYPE
from domain.intents import Intent, IntentKind, IntentState
from domain.timeframes import Timeframe
from domain.updates import IntentResult, ResultPhase
from strategy.engine import Engine
from strategy.events import AccountChanged, Quotes
from strategy.params import CareSettings, EngineSettings
from strategy.pauses import Pauses
from strategy.tables import Table
from tests.strategy.markets import START_MSC, a_spec, opening_events
from tests.strategy.test_engine import filled

S = 1_000_000_000
MARKET_CLOSED, DONE = 10018, 10009


def an_intent(number: int = 1, kind: IntentKind = IntentKind.PARTIAL_CLOSE, **fields: object) -> Intent:
    facts: dict[str, object] = {
        "intent_id": number,
        "kind": kind,
        "symbol": "EURUSD",
        "side": 1,
        "volume": 0.1,
        "price": 1.1,
        "sl": 1.09,
        "tp": 1.12,
        "position_ticket": 0 if kind == IntentKind.OPEN else 7,
        "order_ticket": 0,
        "magic": 770_001,
        "deviation_points": 20,
        "signal_id": 0,
        "decided_ns": START_MSC * 1_000_000,
        "expires_ns": START_MSC * 1_000_000 + 3 * S,
    }
    return Intent(**(facts | fields))  # type: ignore[arg-type]  # the record checks its own fields


def reported(intent: Intent, retcode: int) -> list[AccountEvent]:
    result = IntentResult(
        intent_id=intent.intent_id,
        phase=ResultPhase.FINAL,
        retcode=retcode,
        order_ticket=0,
        deal_ticket=0,
        position_ticket=intent.position_ticket,
        volume=intent.volume if retcode == DONE else 0.0,
        price=intent.price,
        time_msc=intent.decided_ns // 1_000_000,
    )
    return [
        IntentIssued(time_ns=intent.decided_ns, intent=intent),
        IntentReported(time_ns=intent.decided_ns, result=result),
    ]


def record(intent: Intent, retcode: int) -> IntentRecord:
    account = AccountState()
    for event in [*opening_events([a_spec()]), *reported(intent, retcode)]:
        account.apply(event)
    return account.intents[intent.intent_id]


@given(refusals=st.integers(1, 12))
def test_each_refusal_doubles_the_pause_up_to_64_times(refusals: int) -> None:
    pauses = Pauses(5.0)
    for number in range(refusals):
        asked = an_intent(number + 1, decided_ns=number * 1000 * S)
        pauses.note(record(asked, MARKET_CLOSED))
        assert pauses.until_ns(7) == asked.decided_ns + 5 * S * min(2**number, 64)


def test_what_is_told_twice_counts_once() -> None:
    pauses = Pauses(5.0)
    for _ in range(3):
        pauses.note(record(an_intent(), MARKET_CLOSED))
    assert pauses.until_ns(7) == an_intent().decided_ns + 5 * S


def test_what_was_done_ends_it() -> None:
    pauses = Pauses(5.0)
    pauses.note(record(an_intent(1), MARKET_CLOSED))
    pauses.note(record(an_intent(2, IntentKind.MODIFY), DONE))
    assert pauses.until_ns(7) == 0
    pauses.note(record(an_intent(3), MARKET_CLOSED))
    assert pauses.until_ns(7) == an_intent().decided_ns + 5 * S


def test_an_entry_that_was_refused_pauses_no_position() -> None:
    pauses = Pauses(5.0)
    pauses.note(record(an_intent(1, IntentKind.OPEN), MARKET_CLOSED))
    assert pauses.until_ns(0) == 0


def test_positions_that_are_gone_are_forgotten() -> None:
    pauses = Pauses(5.0)
    pauses.note(record(an_intent(), MARKET_CLOSED))
    pauses.forget({7, 8})
    assert pauses.until_ns(7) > 0
    pauses.forget({8})
    assert pauses.until_ns(7) == 0


def test_one_that_never_ends_is_not_waited_for() -> None:
    """An intent whose end is not known is in flight; that is another thing."""
    pauses = Pauses(5.0)
    pauses.note(msgspec.structs.replace(record(an_intent(), MARKET_CLOSED), state=IntentState.UNKNOWN))
    assert pauses.until_ns(7) == 0


# -- in the engine -----------------------------------------------------------------------------------------------------


def a_tick(at_s: int, bid: float) -> Table:
    tick = np.zeros(1, TICK_DTYPE)
    tick["time_msc"] = START_MSC + at_s * 1000
    tick["time"] = tick["time_msc"] // 1000
    tick["bid"], tick["ask"] = bid, round(bid + 1e-4, 5)
    return tick


def asked_at(first_s: float, *, seconds: int, rebuilt: bool = False) -> list[int]:
    """When [s] a partial close is asked for that is due all the time and refused each time."""
    settings = EngineSettings(timeframes=(Timeframe.M1,), care=CareSettings(retry_pause_s=first_s, break_even_r=0.0))
    past: list[AccountEvent] = [*opening_events([a_spec()])]
    opening = an_intent(1, IntentKind.OPEN, volume=1.0, sl=1.09, tp=1.12)
    past += [IntentIssued(time_ns=opening.decided_ns, intent=opening), *filled(opening, 7)]
    engine = Engine(settings)
    engine.on_event(AccountChanged(past))
    asked = []
    for at_s in range(1, seconds):
        for intent in engine.on_event(Quotes("EURUSD", a_tick(at_s, 1.115), 0)):
            assert intent.kind == IntentKind.PARTIAL_CLOSE
            asked.append(at_s)
            events = reported(intent, MARKET_CLOSED)
            past += events
            engine.on_event(AccountChanged(events))
        if rebuilt:
            engine = Engine(settings)
            engine.on_event(AccountChanged(past))
    return asked


def test_a_rule_that_fires_asks_again_after_the_pause() -> None:
    assert asked_at(5.0, seconds=100) == [1, 6, 16, 36, 76]


def test_without_a_pause_it_asks_at_every_tick() -> None:
    assert asked_at(0.0, seconds=20) == list(range(1, 20))


@pytest.mark.parametrize("seconds", [40])
def test_a_restart_does_not_forget_it(seconds: int) -> None:
    assert asked_at(5.0, seconds=seconds, rebuilt=True) == [1, 6, 16, 36]
