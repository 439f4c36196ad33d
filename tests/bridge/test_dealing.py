"""What a terminal tells, and what the bridge makes of it: readiness, history, the same ticks again, clocks."""

import msgspec
import pytest

from account.events import EquityMarked
from bridge.config import DeskRules
from domain.symbols import CalcMode
from domain.timeframes import Timeframe
from tests.bridge.floor import (
    EAGER,
    MONEY,
    MS,
    RULES,
    SECOND,
    Script,
    some_bars,
    some_ticks,
    texts,
)
from tests.strategy.markets import START_MSC, a_spec
from wire.messages import (
    Ask,
    Decision,
    History,
    HistoryRequest,
)

START_NS = START_MSC * MS
CHECKED = DeskRules(clock_check=True)


# -- readiness ---------------------------------------------------------------------------------------------------------


def test_without_history_it_holds_and_asks_for_it() -> None:
    script = Script()
    script.enter()
    script.reconcile()
    (request,) = script.ready()
    assert isinstance(request, HistoryRequest)
    assert (request.symbol_index, request.timeframe) == (0, Timeframe.M1)
    assert request.bars == script.trader.bars_wanted
    assert script.desk.obstacle() == "no history of EURUSD M1"
    assert texts(script.tick(some_ticks(0))) == ["not ready: no history of M1"]
    assert script.desk.dealing is not None
    assert script.desk.dealing.counts.held_batches == 1
    script.remember()
    assert texts(script.tick(some_ticks(1))) == ["watching"]


def test_it_does_not_ask_for_history_at_every_heartbeat() -> None:
    script = Script()
    script.enter()
    script.reconcile()
    assert len(script.ready()) == 1
    script.line.now_ns += SECOND
    assert script.ready() == []
    script.line.now_ns += 5 * SECOND
    assert len(script.ready()) == 1


def test_a_terminal_that_has_no_bars_is_warm_with_nothing() -> None:
    script = Script()
    script.enter()
    script.reconcile()
    script.remember(0)
    script.ready()
    assert texts(script.tick(some_ticks(0))) == ["watching"]


def test_history_comes_in_parts() -> None:
    script = Script()
    script.enter()
    script.reconcile()
    bars = some_bars(10)
    for part in (1, 2):
        half = bars[(part - 1) * 5 : part * 5]
        script.say(History(symbol_index=0, timeframe=Timeframe.M1, rates=half, part=part, parts=2))
    script.ready()
    assert script.desk.obstacle() == ""


def test_history_of_other_charts_is_left_aside() -> None:
    script = Script()
    script.enter()
    script.reconcile()
    script.say(History(symbol_index=0, timeframe=Timeframe.H4, rates=some_bars(3)))
    script.ready()
    assert script.desk.obstacle() == "no history of EURUSD M1"


def test_a_symbol_that_is_not_offered_is_named() -> None:
    settings = msgspec.structs.replace(EAGER, symbols=("EURUSD", "GBPUSD"))
    script = Script(settings=settings)
    script.enter()
    script.reconcile()
    assert script.desk.all_alerts()["symbols"] == "not offered by the terminal: GBPUSD"


def test_a_symbol_that_cannot_be_priced_is_left_out_and_the_others_trade() -> None:
    script = Script()
    script.enter()
    option = a_spec("OPTION", calc_mode=CalcMode.EXCH_OPTIONS)
    script.reconcile(None, a_spec(), option)
    script.remember()
    script.ready()
    assert "calc_mode" in script.desk.all_alerts()["symbol OPTION"]
    assert texts(script.tick(some_ticks(0))) == ["watching"]
    (text,) = texts(script.tick(some_ticks(1), symbol_index=1))
    assert text.startswith("not ready: symbol 'OPTION'")


def test_a_batch_that_wants_no_decision_gets_none() -> None:
    script = Script().live()
    assert script.tick(some_ticks(0), wants_decision=False) == []


def test_an_ask_is_answered_without_feeding_the_engine() -> None:
    script = Script().live()
    script.tick(some_ticks(0))
    script.line.heard.records.clear()
    (decision,) = script.say(Ask(symbol_index=0, batch=9, server_offset_s=0, money=MONEY))
    assert isinstance(decision, Decision)
    assert (decision.batch, decision.text, decision.intents_following) == (9, "watching", 0)
    assert script.line.heard.records == []


def test_an_ask_before_the_history_says_what_is_missing() -> None:
    script = Script()
    script.enter()
    script.reconcile()
    script.ready()
    assert texts(script.say(Ask(symbol_index=0, batch=1, server_offset_s=0, money=MONEY))) == [
        "not ready: no history of M1"
    ]


# -- the same ticks again ----------------------------------------------------------------------------------------------


def test_a_batch_that_comes_again_is_answered_and_not_counted_twice() -> None:
    script = Script().live()
    script.tick(some_ticks(0, 5))
    again = Script(trader=script.trader).live()
    assert texts(again.tick(some_ticks(0, 5))) == ["decided before"]
    assert texts(again.tick(some_ticks(6))) == ["watching"]
    assert again.trader.engine.ignored_ticks == 0


def test_ticks_that_go_on_need_no_history_again() -> None:
    script = Script().live()
    script.tick(some_ticks(0))
    script.line.heard.records.clear()
    again = Script(trader=script.trader).live()
    again.batch = script.batch
    again.tick(some_ticks(1))
    assert [record.kind.name for record in again.line.heard.records].count("WARM_UP") == 0


def test_ticks_that_do_not_go_on_learn_from_history_again() -> None:
    script = Script().live()
    script.tick(some_ticks(0))
    again = Script(trader=script.trader).live()
    again.batch = script.batch + 5
    again.tick(some_ticks(1))
    assert [record.kind.name for record in again.line.heard.records].count("WARM_UP") == 1


def test_new_symbols_begin_anew_with_history() -> None:
    script = Script().live()
    script.tick(some_ticks(0))
    again = Script(trader=script.trader)
    again.enter()
    again.reconcile(None, a_spec(), a_spec("EURGBP", currency_profit="USD"))
    again.batch = script.batch
    again.ready()
    assert texts(again.tick(some_ticks(1))) == ["not ready: no history of M1"]


# -- clocks ------------------------------------------------------------------------------------------------------------


def test_late_ticks_are_ignored_counted_and_shown() -> None:
    script = Script().live()
    script.tick(some_ticks(1000))
    assert texts(script.tick(some_ticks(500))) == ["watching"]
    assert script.desk.dealing is not None
    assert script.desk.dealing.counts.ignored_ticks == 1
    assert "1 ticks were ignored" in script.desk.all_alerts()["ticks"]
    assert texts(script.tick(some_ticks(1001))) == ["watching"]


def test_a_gap_in_time_is_no_reason_to_stop() -> None:
    script = Script().live()
    script.tick(some_ticks(0))
    assert script.tick(some_ticks(3 * 86_400_000))  # a weekend
    assert script.desk.all_alerts() == {}


@pytest.mark.parametrize(
    ("ahead_s", "text"), [(119, "M1 hold: confluence"), (121, "not ready: clock: ticks from the future")]
)
def test_ticks_from_the_future_are_held_back(ahead_s: int, text: str) -> None:
    script = Script(rules=CHECKED).live()
    assert texts(script.tick(some_ticks(ahead_s * 1000))) == [text]
    assert ("clock" in script.desk.all_alerts()) == (ahead_s > 120)


def test_old_ticks_are_shown_and_decided_on() -> None:
    script = Script(rules=CHECKED).live()
    script.line.utc_ns = START_NS + 500 * SECOND
    assert texts(script.tick(some_ticks(0))) == ["watching"]
    assert "500 s behind" in script.desk.all_alerts()["clock"]


def test_a_wall_clock_that_is_set_right_ends_the_alert() -> None:
    script = Script(rules=CHECKED).live()
    script.line.utc_ns = START_NS - 3600 * SECOND
    script.tick(some_ticks(0))
    assert "3600 s ahead of" in script.desk.all_alerts()["clock"]
    script.line.utc_ns = START_NS
    assert texts(script.tick(some_ticks(1))) == ["not ready: no history of M1"]  # it has missed a tick
    script.remember()
    assert texts(script.tick(some_ticks(2))) == ["watching"]
    assert script.desk.all_alerts() == {}


def test_ticks_that_are_missing_in_a_session_are_made_up_for_by_history() -> None:
    script = Script().live()
    assert texts(script.tick(some_ticks(0))) == ["watching"]
    script.batch += 1
    heard = script.tick(some_ticks(1))
    assert [type(message) for message in heard] == [HistoryRequest, Decision]
    assert texts(heard) == ["not ready: no history of M1"]
    assert "no history" in script.desk.obstacle()
    script.remember()
    assert texts(script.tick(some_ticks(2))) == ["watching"]
    assert script.desk.obstacle() == ""


def test_replays_of_old_quotes_do_not_look_at_the_wall_clock() -> None:
    script = Script(rules=RULES).live()
    script.line.utc_ns = 0
    assert texts(script.tick(some_ticks(0))) == ["watching"]
    assert script.desk.all_alerts() == {}


def test_events_bear_the_time_of_the_ticks() -> None:
    script = Script(rules=CHECKED).live()
    script.line.utc_ns += 60 * SECOND
    script.tick(some_ticks(250))
    (mark,) = [event for event in script.line.heard.journal if isinstance(event, EquityMarked)]
    assert mark.time_ns == START_NS + 250 * MS
