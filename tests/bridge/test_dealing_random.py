"""A terminal that does anything it may: never an exception, one decision a batch, no order before its time."""

from collections.abc import Callable
from typing import ClassVar

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from account.events import IntentIssued, IntentSent
from account.state import AccountState
from bridge.trader import Trader
from domain.timeframes import Timeframe
from domain.updates import IntentResult, Money, ResultPhase, TradeUpdate
from tests.bridge.floor import EAGER, RULES, SECOND, Market, Script, a_snapshot, some_ticks
from tests.strategy.markets import START_MSC, a_spec
from wire.messages import Ask, Decision, Heartbeat, History, IntentMessage, Message, Report, Symbols
from wire.states import SessionState

MARKET = Market(ticks=200)
PATIENT = msgspec.structs.replace(RULES, silence_ms=600_000)


class Terminal:
    """Says whatever its session allows."""

    def __init__(self, draw: Callable[[st.SearchStrategy[int]], int]) -> None:
        self.draw = draw
        self.trader = Trader("Test-Demo:5000001", EAGER)
        self.told: list[Message] = []
        self.journal: list[object] = []
        self.played = 0
        self.asked = 0
        self.come()

    def come(self) -> None:
        """A new connection."""
        self.script = Script(trader=self.trader, rules=PATIENT)
        self.script.line.now_ns += self.played * SECOND
        self.script.enter()

    def choose(self, count: int) -> int:
        return self.draw(st.integers(0, count - 1))

    def hear(self, messages: list[Message]) -> None:
        for message in messages:
            assert not isinstance(message, IntentMessage) or self.script.desk.obstacle() == ""
        self.told.extend(messages)

    def say_symbols(self) -> None:
        self.hear(self.script.say(Symbols(specs=(a_spec(tick_value=1.0 + self.choose(3)),))))

    def say_snapshot(self) -> None:
        balance = 10_000.0 + self.choose(2) * 50
        money = Money(balance=balance, equity=balance, margin=0.0, margin_free=balance)
        self.hear(self.script.say(a_snapshot(money=money, time_msc=self.clock_msc())))

    def say_history(self) -> None:
        bars = MARKET.bars[-self.choose(150) - 1 :]
        self.hear(self.script.say(History(symbol_index=0, timeframe=Timeframe.M1, rates=bars)))

    def say_ready(self) -> None:
        self.hear(self.script.ready(trade_allowed=bool(self.choose(4)), server_time_s=self.clock_msc() // 1000))

    def say_heartbeat(self) -> None:
        self.hear(self.script.say(Heartbeat()))

    def say_ticks(self) -> None:
        count = 1 + self.choose(20)
        ticks = MARKET.ticks[self.played : self.played + count]
        self.played += count
        if len(ticks):
            self.expect_one(self.script.tick(ticks))

    def say_odd_ticks(self) -> None:
        self.expect_one(self.script.tick(some_ticks(-self.choose(10_000) * 1000, bid=self.choose(2) * 1.1)))

    def say_ask(self) -> None:
        ask = Ask(symbol_index=0, batch=self.script.batch, server_offset_s=0, money=a_snapshot().update.money)
        self.expect_one(self.script.say(ask))

    def expect_one(self, messages: list[Message]) -> None:
        assert sum(isinstance(message, Decision) for message in messages) == 1
        self.hear(messages)

    def say_report(self) -> None:
        known = list(self.trader.account.intents) or [1]
        result = IntentResult(
            intent_id=known[self.choose(len(known))],
            phase=ResultPhase(1 + self.choose(3)),
            retcode=(0, 10009, 10006, 10012)[self.choose(4)],
            order_ticket=0,
            deal_ticket=0,
            position_ticket=0,
            volume=0.0,
            price=0.0,
            time_msc=self.clock_msc(),
        )
        update = TradeUpdate(money=a_snapshot().update.money, results=(result,))
        self.hear(self.script.say(Report(time_msc=self.clock_msc(), update=update)))

    def wait(self) -> None:
        self.hear(self.script.wait(self.choose(12) * SECOND))

    def go(self) -> None:
        self.come()

    def clock_msc(self) -> int:
        return START_MSC + self.played * 5000

    BEFORE_LISTED: ClassVar = ("say_symbols", "say_heartbeat", "wait")
    BEFORE_RECONCILED: ClassVar = ("say_symbols", "say_snapshot", "say_snapshot", "wait")
    BEFORE_LIVE: ClassVar = ("say_history", "say_ready", "say_ready", "say_snapshot", "say_report", "go")
    LIVE: ClassVar = (
        *("say_ticks",) * 8, "say_history", "say_report", "say_report", "say_ready", "say_snapshot",
        "say_odd_ticks", "say_ask", "say_symbols", "wait", "go",
    )  # fmt: skip

    def step(self) -> None:
        """Anything that may be said now."""
        state = self.script.session.state
        may = {SessionState.WELCOMED: self.BEFORE_LISTED, SessionState.LISTED: self.BEFORE_RECONCILED}.get(
            state, self.LIVE if state is SessionState.LIVE else self.BEFORE_LIVE
        )
        getattr(self, may[self.choose(len(may))])()
        self.journal.extend(self.script.line.heard.journal)
        self.script.line.heard.journal.clear()


@settings(max_examples=80, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.data(), st.integers(60, 150))
def test_whatever_a_terminal_may_do(data: st.DataObject, steps: int) -> None:
    terminal = Terminal(data.draw)
    for _ in range(steps):
        terminal.step()
    events = terminal.journal
    issued = [event.intent.intent_id for event in events if isinstance(event, IntentIssued)]
    assert len(issued) == len(set(issued))
    sent = [(event.intent_id, event.attempt) for event in events if isinstance(event, IntentSent)]
    assert len(sent) == len(set(sent))
    assert {intent_id for intent_id, _ in sent} <= set(issued)
    told = [message.intent.intent_id for message in terminal.told if isinstance(message, IntentMessage)]
    assert sorted(told) == sorted(intent_id for intent_id, _ in sent)
    replayed = AccountState.replayed(events)  # type: ignore[arg-type]  # events is what the journal was given
    assert replayed.digest() == terminal.trader.account.digest()
