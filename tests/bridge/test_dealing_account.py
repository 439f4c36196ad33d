"""Money, silence and other people's orders: what the bridge makes of what a terminal tells about its account."""

import msgspec
import pytest

from account.events import EquityMarked, Flagged, FlagKind, IntentEnded, IntentIssued, SessionOpened
from bridge.config import DeskRules
from domain.intents import Intent, IntentKind, IntentState, comment_of
from domain.requests import TradeAction, TradeRequest
from domain.timeframes import Timeframe
from domain.trading import DealReason, OrderType, Position, PositionType
from domain.updates import Money, TradeUpdate
from strategy.params import EngineSettings
from strategy.tables import Table
from tests.bridge.floor import (
    EAGER,
    HELLO,
    MS,
    RULES,
    SECOND,
    Floor,
    Market,
    Script,
    a_snapshot,
    intents,
    played,
    some_bars,
    some_ticks,
    texts,
)
from tests.strategy.markets import MAGIC, START_MSC, a_spec
from wire.enums import ErrorCode
from wire.messages import (
    Calendar,
    CalendarValue,
    ErrorMessage,
    Heartbeat,
    History,
    IntentMessage,
    Report,
)

START_NS = START_MSC * MS
CHECKED = DeskRules(clock_check=True)


def richer(by: float) -> Money:
    return Money(balance=10_000.0 + by, equity=10_000.0 + by, margin=0.0, margin_free=10_000.0 + by)


# -- money ----------------------------------------------------------------------------------------------------------


def test_equity_is_marked_once_a_minute_and_at_a_peak() -> None:
    script = Script().live()
    for offset_ms in (0, 10_000, 20_000):
        script.tick(some_ticks(offset_ms))
    script.tick(some_ticks(30_000), richer(5.0))
    script.tick(some_ticks(60_000), richer(5.0))
    marks = [event.equity for event in script.line.heard.journal if isinstance(event, EquityMarked)]
    assert marks == [10_000.0, 10_005.0, 10_005.0]
    assert script.trader.account.peak_equity == 10_005.0


def test_a_balance_that_stays_different_leads_to_a_snapshot() -> None:
    script = Script().live()
    assert script.ready(money=richer(50.0)) == []
    script.line.now_ns += 5 * SECOND
    (beat,) = script.ready(money=richer(50.0))
    assert isinstance(beat, Heartbeat)
    assert beat.snapshot_wanted
    script.say(a_snapshot(money=richer(50.0)))
    assert script.trader.account.balance == 10_050.0
    assert script.ready(money=richer(50.0)) == []


def test_a_report_shows_the_difference_too() -> None:
    script = Script(rules=msgspec.structs.replace(RULES, money_settle_ms=0)).live()
    (beat,) = script.say(Report(time_msc=START_MSC, update=TradeUpdate(money=richer(-3.0))))
    assert isinstance(beat, Heartbeat)
    assert beat.snapshot_wanted


def test_a_balance_that_comes_right_is_forgotten() -> None:
    script = Script().live()
    script.ready(money=richer(50.0))
    script.line.now_ns += 4 * SECOND
    script.ready()
    script.line.now_ns += 4 * SECOND
    assert script.ready(money=richer(50.0)) == []


def test_equity_that_differs_twice_is_flagged_once() -> None:
    script = Script().live()
    for minute in range(6):
        odd = Money(balance=10_000.0, equity=9_000.0 - minute, margin=0.0, margin_free=9_000.0)
        script.tick(some_ticks(minute * 60_000), odd)
    flags = [event for event in script.line.heard.journal if isinstance(event, Flagged)]
    assert [(flag.kind, flag.subject) for flag in flags] == [(FlagKind.MONEY_MISMATCH, "equity")]


def test_equity_is_not_compared_while_a_position_has_no_quote() -> None:
    """After a restart the floating profit of a symbol is not known before its first tick; that is no mismatch."""
    settings = EngineSettings(symbols=("EURUSD", "GBPUSD"), timeframes=(Timeframe.M1,), entry=EAGER.entry)
    script = Script(settings=settings)
    script.enter()
    script.reconcile(a_snapshot((a_foreign_position("GBPUSD"),)), a_spec(), a_spec("GBPUSD"))
    for place in (0, 1):
        script.say(History(symbol_index=place, timeframe=Timeframe.M1, rates=some_bars(300)))
    script.ready()
    for minute in range(4):
        floating = Money(balance=10_000.0, equity=9_000.0 - minute, margin=0.0, margin_free=9_000.0)
        script.tick(some_ticks(minute * 60_000), floating)
    assert flags_of(script) == []
    script.tick(some_ticks(240_000), symbol_index=1)
    for minute in range(5, 8):
        odd = Money(balance=10_000.0, equity=8_000.0 - minute, margin=0.0, margin_free=8_000.0)
        script.tick(some_ticks(minute * 60_000), odd)
    assert flags_of(script) == [(FlagKind.MONEY_MISMATCH, "equity")]


def flags_of(script: Script) -> list[tuple[FlagKind, str]]:
    """Flags about money, in order."""
    events = script.line.heard.journal
    flags = [event for event in events if isinstance(event, Flagged) and event.kind == FlagKind.MONEY_MISMATCH]
    return [(flag.kind, flag.subject) for flag in flags]


def a_foreign_position(symbol: str) -> Position:
    """Somebody else's, opened at the price of `some_ticks`."""
    return Position(
        position_ticket=21,
        position_id=21,
        symbol=symbol,
        type=PositionType.BUY,
        magic=0,
        volume=1.0,
        price_open=1.1,
        sl=0.0,
        tp=0.0,
        swap=0.0,
        profit=0.0,
        time_msc=START_MSC,
        time_update_msc=START_MSC,
        comment="",
    )


def test_credit_is_taken_over() -> None:
    script = Script()
    script.enter()
    script.reconcile(a_snapshot(credit=250.0))
    assert (script.trader.account.balance, script.trader.account.credit) == (10_000.0, 250.0)


# -- what changes while it trades ------------------------------------------------------------------------------------


def test_autotrading_switched_off_is_known_at_the_next_heartbeat() -> None:
    script = Script().live()
    allowed = []
    for switch in (False, True):
        script.ready(trade_allowed=switch)
        allowed.append(script.trader.account.trade_allowed)
    assert allowed == [False, True]
    sessions = [event.session for event in script.line.heard.journal if isinstance(event, SessionOpened)]
    assert sessions == [1, 1, 1]


def test_a_broker_that_changes_its_clock_is_followed() -> None:
    script = Script().live()
    script.ready(server_offset_s=3600, server_time_s=START_MSC // 1000 + 3600)
    assert script.trader.account.server_offset_s == 3600


def test_calendar_values_are_counted() -> None:
    script = Script().live()
    value = CalendarValue(
        value_id=1,
        event_id=2,
        time_s=3,
        period_s=0,
        revision=0,
        actual=None,
        forecast=None,
        previous=None,
        revised=None,
        importance=3,
        impact=0,
        time_mode=0,
        event_type=1,
        sector=0,
        unit=0,
        multiplier=0,
        digits=1,
        country="US",
        currency="USD",
        name="Nonfarm Payrolls",
    )
    script.say(Calendar(server_time_s=1, change_id=0, values=(value,)))
    assert script.desk.dealing is not None
    assert script.desk.dealing.counts.calendar_values == 1


def test_a_snapshot_in_parts_is_taken_as_one() -> None:
    script = Script()
    script.enter()
    whole = a_snapshot()
    first = msgspec.structs.replace(
        whole, part=1, parts=2, update=msgspec.structs.replace(whole.update, complete=False)
    )
    script.reconcile(first)
    assert script.trader.account.reconciled_session == 0
    script.say(msgspec.structs.replace(first, part=2))
    assert script.trader.account.reconciled_session == 1


def test_a_snapshot_of_endless_parts_is_refused() -> None:
    script = Script()
    script.enter()
    endless = msgspec.structs.replace(a_snapshot(), part=1, parts=60_000)
    part = msgspec.structs.replace(endless, update=msgspec.structs.replace(endless.update, complete=False))
    (error,) = script.reconcile(part)
    assert isinstance(error, ErrorMessage)
    assert (error.code, error.fatal) == (ErrorCode.TOO_LARGE, True)
    assert script.desk.is_over


# -- intents without a word ------------------------------------------------------------------------------------------


def with_an_unanswered_intent() -> Script:
    """A terminal that got an intent and never said a word about it."""
    market = Market()
    script = Script(rules=msgspec.structs.replace(RULES, silence_ms=60_000))
    script.enter()
    script.reconcile()
    script.say(History(symbol_index=0, timeframe=Timeframe.M1, rates=market.bars[-script.trader.bars_wanted :]))
    script.ready()
    for row in range(len(market.ticks)):
        if intents(script.tick(market.ticks[row : row + 1])):
            return script
    raise AssertionError("a market without an intent")


def last_tick(script: Script) -> Table:
    dealing = script.desk.dealing
    assert dealing is not None
    return some_ticks(0, start_msc=dealing.server_ns // MS)


@pytest.mark.parametrize(("terminal_id", "again"), [(7, 1), (8, 0)], ids=["the same one", "another one"])
def test_an_intent_goes_out_again_only_to_the_terminal_it_was_sent_to(terminal_id: int, again: int) -> None:
    """Another terminal on the account cannot know whether the first one still executes it."""
    script = with_an_unanswered_intent()
    (record,) = script.trader.account.open_intents()
    hello = msgspec.structs.replace(HELLO, terminal_id=terminal_id)
    other = Script(trader=script.trader, hello=hello)
    other.enter()
    now_msc = record.intent.decided_ns // MS
    other.reconcile(a_snapshot(time_msc=now_msc))
    assert len(intents(other.ready(server_time_s=now_msc // 1000))) == again
    state = other.trader.account.intents[record.intent.intent_id].state
    assert state is (IntentState.ISSUED if again else IntentState.UNKNOWN)
    if not again:
        other.say(a_snapshot(time_msc=record.intent.expires_ns // MS + 1))
        assert other.trader.account.intents[record.intent.intent_id].state is IntentState.EXPIRED


def test_silence_is_neither_a_fill_nor_a_refusal() -> None:
    script = with_an_unanswered_intent()
    (intent_id,) = script.trader.account.intents
    script.wait(10 * SECOND)
    assert (
        script.trader.account.intents[intent_id].state is IntentState.ISSUED
    )  # its validity on the ticks' clock lasts
    later = last_tick(script)
    later["time_msc"] += 4000
    script.tick(later)
    answers = script.wait(SECOND)
    assert script.trader.account.intents[intent_id].state is IntentState.UNKNOWN
    assert any(isinstance(answer, Heartbeat) and answer.snapshot_wanted for answer in answers)


def test_an_unknown_outcome_is_asked_for_until_it_is_known() -> None:
    script = with_an_unanswered_intent()
    later = last_tick(script)
    later["time_msc"] += 4000
    script.tick(later)
    asked = [isinstance(a, Heartbeat) and a.snapshot_wanted for a in script.wait(6 * SECOND)]
    assert any(asked)
    asked = [isinstance(a, Heartbeat) and a.snapshot_wanted for a in script.wait(3 * SECOND)]
    assert not any(asked)
    asked = [isinstance(a, Heartbeat) and a.snapshot_wanted for a in script.wait(8 * SECOND)]
    assert any(asked)
    script.say(a_snapshot(time_msc=int(later["time_msc"][0])))
    (record,) = script.trader.account.intents.values()
    assert record.state is IntentState.EXPIRED
    assert not any(isinstance(a, Heartbeat) and a.snapshot_wanted for a in script.wait(20 * SECOND))


def test_no_entry_while_an_outcome_is_unknown() -> None:
    market = Market()
    floor = Floor(market, rules=msgspec.structs.replace(RULES, unanswered_ms=0))
    floor.connect()
    dealing = floor.line.desk.dealing
    assert dealing is not None
    while not intents(floor.heard.messages):  # the terminal never gets the intent
        floor.line.now_ns += MS
        answers = [answer for frame in floor.ea.stream(floor.line.now_ns) for answer in floor.line.give(frame)]
        if not intents(floor.heard.messages):
            floor.pass_on(frame for answer in answers for frame in floor.ea.receive(answer, floor.line.now_ns))
    dealing.server_ns += 4 * SECOND
    floor.line.wait(4 * SECOND)
    (ended,) = [event for event in floor.heard.journal if isinstance(event, IntentEnded)]
    assert ended.state is IntentState.UNKNOWN
    before = len(floor.heard.of(IntentMessage))
    for answer in floor.line.heard.messages[-1:]:
        assert isinstance(answer, Heartbeat)
    script_ticks = market.ticks[floor.feed.played :]
    intents_made = floor.line.trader.quote("EURUSD", script_ticks, 0, None)[0]
    assert intents_made == ()
    assert len(floor.heard.of(IntentMessage)) == before


# -- other people's positions ----------------------------------------------------------------------------------------


def by_hand(floor: Floor) -> int:
    """A position opened by hand in the terminal; its ticket."""
    bid, ask, _ = floor.terminal.quote("EURUSD")
    assert bid > 0.0
    request = TradeRequest(
        action=TradeAction.DEAL, symbol="EURUSD", volume=0.5, type=OrderType.BUY, price=ask, magic=0, comment="by hand"
    )
    answer = floor.terminal.send(request, DealReason.CLIENT)
    return int(answer.order_ticket)


def test_a_manual_position_is_seen_counted_and_never_touched() -> None:
    floor = Floor(Market())
    floor.connect()
    floor.play(5)
    ticket = by_hand(floor)
    floor.play()
    account = floor.line.trader.account
    assert ticket in account.positions
    assert f"{FlagKind.MANUAL_POSITION}:position {ticket}" in account.flags
    sent: list[Intent] = [message.intent for message in floor.heard.of(IntentMessage)]
    assert sent
    assert all(intent.position_ticket != ticket for intent in sent)
    position = floor.terminal.position(ticket)
    assert position is not None
    assert (position.sl, position.tp, position.volume) == (0.0, 0.0, 0.5)


def test_a_position_of_ours_that_the_journal_does_not_know_is_adopted_and_looked_after() -> None:
    position = Position(
        position_ticket=11,
        position_id=11,
        symbol="EURUSD",
        type=PositionType.BUY,
        magic=MAGIC,
        volume=0.1,
        price_open=1.09,
        sl=1.089,
        tp=1.2,
        swap=0.0,
        profit=100.0,
        time_msc=START_MSC,
        time_update_msc=START_MSC,
        comment=comment_of(99),
    )
    script = Script()
    script.enter()
    script.reconcile(a_snapshot((position,)))
    script.remember()
    script.ready()
    assert f"{FlagKind.ADOPTED_POSITION}:position 11" in script.trader.account.flags
    made = [message.intent for message in intents(script.tick(some_ticks(0)))]
    assert [(intent.kind, intent.position_ticket) for intent in made] == [(IntentKind.MODIFY, 11)]


def test_a_position_closed_by_hand_is_noticed_with_the_report() -> None:
    floor = Floor(Market())
    floor.connect()
    while not floor.line.trader.account.positions:
        assert floor.step()
    (ticket,) = floor.line.trader.account.positions
    position = floor.terminal.position(ticket)
    assert position is not None
    closing = OrderType.SELL if position.type is PositionType.BUY else OrderType.BUY
    bid, ask, _ = floor.terminal.quote("EURUSD")
    request = TradeRequest(
        action=TradeAction.DEAL,
        symbol="EURUSD",
        volume=position.volume,
        type=closing,
        price=bid if closing is OrderType.SELL else ask,
        position_ticket=ticket,
    )
    floor.terminal.send(request, DealReason.CLIENT)
    floor.step()
    assert ticket not in floor.line.trader.account.positions
    assert f"{FlagKind.CLOSED_BY_HAND}:deal {floor.terminal.deals[-1].deal_ticket}" in floor.line.trader.account.flags


def test_two_symbols_on_one_account() -> None:
    settings = EngineSettings(symbols=("EURUSD", "GBPUSD"), timeframes=(Timeframe.M1,), entry=EAGER.entry)
    script = Script(settings=settings)
    script.enter()
    script.reconcile(None, a_spec(), a_spec("GBPUSD"))
    script.remember()
    script.ready()
    assert texts(script.tick(some_ticks(0))) == ["watching"]
    assert texts(script.tick(some_ticks(0), symbol_index=1)) == ["not ready: no history of M1"]
    script.say(History(symbol_index=1, timeframe=Timeframe.M1, rates=some_bars(200)))
    assert texts(script.tick(some_ticks(1), symbol_index=1)) == ["watching"]


def test_a_market_played_by_the_twin_raises_no_alarm() -> None:
    floor = played(Market())
    assert floor.line.desk.all_alerts() == {}
    assert floor.line.trader.account.flags == set()


def test_an_intent_that_went_to_another_terminal_is_not_sent_to_this_one() -> None:
    """Another terminal on the same account may have executed it, and this one would not know."""
    floor = Floor(Market())
    floor.connect()
    while not any(isinstance(event, IntentIssued) for event in floor.heard.journal):
        floor.line.now_ns += MS
        answers = [answer for frame in floor.ea.stream(floor.line.now_ns) for answer in floor.line.give(frame)]
        if not any(isinstance(event, IntentIssued) for event in floor.heard.journal):
            floor.pass_on(frame for answer in answers for frame in floor.ea.receive(answer, floor.line.now_ns))
    floor.ea._terminal_id = HELLO.terminal_id + 1
    floor.reconnect()
    (ended,) = [event for event in floor.heard.journal if isinstance(event, IntentEnded)]
    assert ended.state is IntentState.UNKNOWN
    assert "another terminal" in ended.reason
