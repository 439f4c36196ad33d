"""The shorter way of a quiet tick: whatever comes, both ways say and remember the same."""

from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.config import DeskRules
from domain.updates import Money
from tests.bridge.floor import MONEY, SECOND, Market, Script, a_snapshot, played, some_ticks, texts
from tests.strategy.markets import START_MSC
from wire.codec import encode
from wire.messages import Decision, Ticks
from wire.states import SessionState

MARKET = Market()


def test_a_market_is_decided_alike_on_both_ways() -> None:
    slow, quick = played(MARKET), played(MARKET, is_quick=True)
    assert quick.heard.messages == slow.heard.messages
    assert quick.heard.decisions.tobytes() == slow.heard.decisions.tobytes()
    assert [msgspec.json.encode(event) for event in quick.heard.journal] == [
        msgspec.json.encode(event) for event in slow.heard.journal
    ]
    assert quick.line.trader.account.digest() == slow.line.trader.account.digest()
    assert quick.terminal.deals == slow.terminal.deals
    assert quick.line.passed_over > len(MARKET.ticks) // 2
    assert slow.line.passed_over == 0


# -- anything a terminal may send -------------------------------------------------------------------------------------

amounts = st.sampled_from([9_000.0, 9_999.99, 10_000.0, 10_000.01, 10_250.5])
steps = st.one_of(
    st.tuples(st.just("tick"), st.integers(0, 70_000), st.sampled_from([1.0995, 1.1, 1.1001, 0.0]), amounts),
    st.tuples(st.just("tick"), st.integers(1, 2_000), st.sampled_from([1.1, 1.10003]), st.just(10_000.0)),
    st.tuples(st.just("batch"), st.integers(1, 5)),
    st.tuples(st.just("again")),
    st.tuples(st.just("gap"), st.integers(2, 9)),
    st.tuples(st.just("late"), st.integers(1, 90_000)),
    st.tuples(st.just("silent"), st.booleans()),
    st.tuples(st.just("offset"), st.sampled_from([-7200, 0, 10_800])),
    st.tuples(st.just("wait"), st.integers(1, 3)),
    st.tuples(st.just("beat"), st.booleans()),
    st.tuples(st.just("snapshot")),
    st.tuples(st.just("halt")),
    st.tuples(st.just("history")),
    st.tuples(st.just("flip"), st.integers(0, 133), st.integers(0, 7)),
)


class Pair:
    """The same terminal on both ways."""

    def __init__(self, rules: DeskRules) -> None:
        self.slow, self.quick = Script(rules=rules), Script(rules=rules, is_quick=True)
        self.scripts = (self.slow, self.quick)
        for script in self.scripts:
            script.live()
        self.at_ms = 0
        self.offset_s = 0
        self.is_over = False

    def both(self, act: Any) -> None:  # noqa: ANN401 - any method of a script
        answers = []
        for script in self.scripts:
            heard = act(script)
            answers.append((heard, script.desk.session.state, script.desk.obstacle(), dict(script.desk.all_alerts())))
        assert answers[0] == answers[1]

    def tick(self, *offsets_ms: int, bid: float = 1.1, money: Money = MONEY, **fields: object) -> None:
        ticks = some_ticks(*offsets_ms, bid=bid)
        self.both(lambda script: script.tick(ticks, money, **({"server_offset_s": self.offset_s} | fields)))

    def step(self, step: tuple[Any, ...]) -> None:
        if self.is_over or self.slow.session.state is not SessionState.LIVE:
            return
        getattr(self, f"_{step[0]}")(*step[1:])
        slow, quick = (script.trader for script in self.scripts)
        assert quick.engine.own_money() == slow.engine.own_money()
        assert quick.engine.ignored_ticks == slow.engine.ignored_ticks
        assert quick.account.digest() == slow.account.digest()
        sides = [script.desk.dealing for script in self.scripts]
        assert [side and (side.server_ns, vars(side.counts)) for side in sides[:1]] == [
            side and (side.server_ns, vars(side.counts)) for side in sides[1:]
        ]

    def _tick(self, later_ms: int, bid: float, equity: float) -> None:
        self.at_ms += later_ms
        self.tick(self.at_ms, bid=bid, money=msgspec.structs.replace(MONEY, equity=equity))

    def _batch(self, count: int) -> None:
        offsets = [self.at_ms + 100 * number for number in range(count)]
        self.at_ms = offsets[-1]
        self.tick(*offsets)

    def _again(self) -> None:
        for script in self.scripts:
            script.batch -= 1
        self.tick(self.at_ms)

    def _gap(self, batches: int) -> None:
        for script in self.scripts:
            script.batch += batches
        self.tick(self.at_ms)

    def _late(self, earlier_ms: int) -> None:
        self.tick(self.at_ms - earlier_ms)

    def _silent(self, wants: bool) -> None:
        self.tick(self.at_ms, wants_decision=wants)

    def _offset(self, offset_s: int) -> None:
        self.offset_s = offset_s
        self.tick(self.at_ms)

    def _wait(self, seconds: int) -> None:
        self.both(lambda script: script.wait(seconds * SECOND))

    def _beat(self, allowed: bool) -> None:
        self.both(lambda script: script.ready(trade_allowed=allowed))

    def _snapshot(self) -> None:
        self.both(lambda script: script.say(a_snapshot()))

    def _halt(self) -> None:
        for script in self.scripts:
            script.desk.withhold("the disk is full")
        self.tick(self.at_ms)
        for script in self.scripts:
            script.desk.resume(script.line.now_ns)

    def _history(self) -> None:
        self.both(lambda script: script.remember())

    def _flip(self, byte: int, bit: int) -> None:
        """A frame with one bit turned over."""

        def flipped(script: Script) -> object:
            script.batch += 1
            message = Ticks(
                symbol_index=0,
                batch=script.batch,
                server_offset_s=self.offset_s,
                wants_decision=True,
                money=MONEY,
                ticks=some_ticks(self.at_ms),
            )
            frame = bytearray(script.session.send(message, script.line.now_ns))
            frame[byte] ^= 1 << bit
            return script.line.give(bytes(frame))

        self.both(flipped)
        self.is_over = True  # the terminal's own count is now wrong


@pytest.mark.parametrize("clock_check", [False, True])
@given(script=st.lists(steps, max_size=40))
@settings(max_examples=60, deadline=None)
def test_whatever_a_terminal_sends_both_ways_agree(clock_check: bool, script: list[tuple[Any, ...]]) -> None:
    pair = Pair(DeskRules(clock_check=clock_check))
    for number in range(1, 4):  # the first of a minute always goes the long way
        pair.tick(number)
    for step in script:
        pair.step(step)
    trail = [msgspec.json.encode(event) for event in pair.quick.line.heard.journal]
    assert trail == [msgspec.json.encode(event) for event in pair.slow.line.heard.journal]
    assert pair.quick.line.passed_over >= 2


# -- what it must leave to the long way -------------------------------------------------------------------------------


def warm(**options: Any) -> Script:  # noqa: ANN401 - options of Script
    script = Script(is_quick=True, **options).live()
    script.tick(some_ticks(1))
    assert script.line.passed_over == 0
    script.tick(some_ticks(2))
    assert script.line.passed_over == 1
    return script


@pytest.mark.parametrize(
    ("ticks", "fields"),
    [
        (some_ticks(3, 4), {}),
        (some_ticks(3), {"wants_decision": False}),
        (some_ticks(60_000), {}),
        (some_ticks(1), {}),
        (some_ticks(3, bid=0.0), {}),
        (some_ticks(3), {"money": msgspec.structs.replace(MONEY, equity=10_001.0)}),
    ],
    ids=["two ticks", "no answer wanted", "a bar closes", "late", "no price", "a new peak of equity"],
)
def test_what_is_not_quiet_goes_the_long_way(ticks: Any, fields: dict[str, Any]) -> None:  # noqa: ANN401 - a table
    script = warm()
    money = fields.pop("money", MONEY)
    script.tick(ticks, money, **fields)
    assert script.line.passed_over == 1


def test_a_tick_of_the_future_goes_the_long_way_and_is_held_back() -> None:
    script = warm(rules=DeskRules(clock_check=True))
    script.line.utc_ns -= 3600 * SECOND
    assert texts(script.tick(some_ticks(3))) == ["not ready: clock: ticks from the future"]


def test_the_answer_is_the_frame_the_long_way_would_have_written() -> None:
    script = warm()
    script.batch += 1
    message = Ticks(
        symbol_index=0, batch=script.batch, server_offset_s=0, wants_decision=True, money=MONEY, ticks=some_ticks(5)
    )
    frame = script.session.send(message, script.line.now_ns)
    session = script.desk.session
    (answer,) = script.line.give(frame)
    assert script.line.passed_over == 2
    (decision,) = script.heard([answer])
    assert isinstance(decision, Decision)
    assert decision.decided_ns == (START_MSC + 5) * 1_000_000
    expected = encode(
        decision, seq=session.sent_seq, ack=session.heard_seq, session=session.session, time_ns=script.line.utc_ns
    )
    assert answer == expected


def test_a_desk_with_something_to_say_says_it_first() -> None:
    script = warm()
    script.desk._outbox.append(Decision(**msgspec.structs.asdict(script.line.heard.of(Decision)[-1])))
    script.tick(some_ticks(3))
    assert script.line.passed_over == 1


def test_what_lies_unfolded_counts_when_the_bar_closes() -> None:
    """The high of a bar is that of its quiet ticks, too."""
    slow, quick = Script(), Script(is_quick=True)
    for script in (slow, quick):
        script.live()
        for number in range(200):
            script.tick(some_ticks(250 * number, bid=1.1 + 1e-5 * (number % 37)))
        script.tick(some_ticks(60_000))
    assert quick.line.passed_over > 150
    decisions = [np.frombuffer(script.line.heard.decisions.tobytes(), np.uint8) for script in (slow, quick)]
    assert len(decisions[0]) > 0
    assert decisions[0].tobytes() == decisions[1].tobytes()
