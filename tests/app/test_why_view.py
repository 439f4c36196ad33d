"""The answer as it is printed: marks, numbers, and what became of an order in each of its states."""

import io
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from account.events import IntentEnded, IntentIssued, IntentSent, SessionOpened, SymbolsSeen
from app.moments import Span
from app.story import Story
from app.why import Answer
from app.why_view import answer_as_json, followed, show_answer
from bridge.inputs import Decided
from bridge.lookup import ExplainedDecision, explained
from domain.intents import Intent, IntentKind, IntentState
from domain.timeframes import Timeframe
from domain.trading import AccountTradeMode, MarginMode
from sim.profiles import justmarkets_symbol
from strategy.gates import NO_GATE, Action, Care, DecisionKind, Gate, Verdict
from strategy.tables import DECISION_DTYPE

NOON = 1_748_865_600_000_000_000  # Mon 2025-06-02 12:00 UTC
SECOND = 1_000_000_000
INTENT_ID = 77


def a_story(*events: object, offset_s: int = 10_800) -> Story:
    story = Story(account="S:7")
    story.take(
        SessionOpened(
            time_ns=NOON - 3600 * SECOND,
            login=7,
            server="S",
            session=1,
            terminal_id="t",
            currency="USD",
            currency_digits=2,
            leverage=100,
            margin_mode=MarginMode.RETAIL_HEDGING,
            trade_mode=AccountTradeMode.DEMO,
            trade_allowed=True,
            server_offset_s=offset_s,
            magic=9,
        )
    )
    story.take(SymbolsSeen(time_ns=NOON - 3600 * SECOND, specs=(justmarkets_symbol("EURUSD"),)))
    for event in events:
        story.take(event)  # type: ignore[arg-type]  # account events, each test its own
    return story


ISSUED = IntentIssued(
    time_ns=NOON,
    intent=Intent(
        intent_id=INTENT_ID,
        kind=IntentKind.OPEN,
        symbol="EURUSD",
        side=1,
        volume=0.5,
        price=1.1,
        sl=1.09,
        tp=1.13,
        position_ticket=0,
        order_ticket=0,
        magic=9,
        deviation_points=1,
        signal_id=1,
        decided_ns=NOON,
        expires_ns=NOON + SECOND,
    ),
)
SENT = IntentSent(time_ns=NOON, intent_id=INTENT_ID, attempt=1)


def a_decision(
    action: Action = Action.HOLD, kind: DecisionKind = DecisionKind.ENTRY, **fields: float
) -> ExplainedDecision:
    row = np.zeros(1, DECISION_DTYPE)
    row["time_ns"], row["kind"], row["action"], row["timeframe"] = NOON, kind, action, Timeframe.M15
    row["side"], row["bid"], row["ask"], row["atr"], row["equity"], row["balance"] = 1, 1.1, 1.10012, 0.0005, 1e4, 1e4
    row["decided_by"], row["score"], row["features"] = NO_GATE, 0.75, np.nan
    row["features"][0, :2] = (1.0, 31.25)
    row["gates"][0, :, :2] = np.nan
    row["gates"][0, Gate.SPREAD] = (12.0, 11.2, Verdict.REFUSED)
    row["gates"][0, Gate.WARM_UP] = (200.0, 138.0, Verdict.PASSED)
    row["gates"][0, Gate.CONFLUENCE] = (np.nan, np.nan, Verdict.UNKNOWN)
    for name, value in fields.items():
        row[name] = value
    decided = Decided(seq=5, account="S:7", wall_ns=NOON, symbols=("EURUSD",), rows=row)
    return explained(decided, "EURUSD", row[0])


def an_answer(story: Story, *decisions: ExplainedDecision, reason: str = "", stand: bool = True) -> Answer:
    entries = tuple(one for one in decisions if one.kind == DecisionKind.ENTRY)
    return Answer(
        story=story,
        symbol="EURUSD",
        spec=story.state.specs["EURUSD"],
        span=Span(NOON, NOON + 60 * SECOND),
        decisions=entries,
        cared=tuple(one for one in decisions if one.kind == DecisionKind.POSITION),
        following=(),
        reason=reason,
        stand=stand,
    )


def printed(answer: Answer) -> str:
    console = Console(file=io.StringIO(), width=120, highlight=False)
    show_answer(answer, Path("data") / "demo", ("setup", "adx"), console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize(
    "words",
    [
        "EURUSD at Mon 2025-06-02 12:00 UTC, 15:00 server   S:7, demo",
        "Mon 2025-06-02 12:00:00 UTC  M15  no buy: spread, 12.0 points > limit 11.2",
        "bid 1.10000  ask 1.10012  ATR 0.00050  equity 10,000.00  balance 10,000.00",
        "✗  spread             12.0 points > limit 11.2",
        "✓  warm up            200 bars seen ≥ 138 needed",
        "?  confluence         not known yet, and what is not known refuses",
        "-  news               not asked",
        "score   +0.75  (setup 1, adx 31.25)",
    ],
)
def test_a_refused_entry_shows(words: str) -> None:
    assert words in printed(an_answer(a_story(), a_decision(decided_by=Gate.SPREAD)))


def test_a_broker_on_utc_needs_no_second_clock() -> None:
    assert "server" not in printed(an_answer(a_story(offset_s=0), a_decision())).splitlines()[0]


def test_while_indicators_warm_up_there_is_no_score() -> None:
    assert "score   none while the indicators warm up" in printed(an_answer(a_story(), a_decision(score=np.nan)))


def test_a_decision_on_a_position_has_no_score() -> None:
    decision = a_decision(
        Action.MODIFY, DecisionKind.POSITION, decided_by=Care.BREAK_EVEN, position_ticket=4, sl=1.1, intent_id=INTENT_ID
    )
    told = printed(an_answer(a_story(ISSUED), decision))
    assert "position 4: stop to 1.1 (break even)" in told
    assert "score" not in told


def test_without_a_decision_the_reason_and_the_neighbors_are_told() -> None:
    told = printed(an_answer(a_story(), a_decision(), reason="the market was closed (weekend)", stand=False))
    assert "No decision in this minute: the market was closed (weekend)." in told
    assert "decision before  Mon 2025-06-02 12:00:00 UTC" in told
    assert "decision after   none within four days" in told
    assert "warm up" not in told


def test_a_standing_decision_is_shown_in_full() -> None:
    assert "✓  warm up" in printed(an_answer(a_story(), a_decision(), reason="the bar was still forming"))


# -- what became of it -----------------------------------------------------------------------------------------------


def ended(state: IntentState, reason: str) -> IntentEnded:
    return IntentEnded(time_ns=NOON + 90 * SECOND, intent_id=INTENT_ID, state=state, reason=reason)


def lines(*events: object) -> list[str]:
    return followed(a_decision(Action.BUY, lots=0.5, intent_id=INTENT_ID), a_story(*events))


def test_nothing_follows_from_holding_still() -> None:
    assert followed(a_decision(), a_story()) == []


def test_an_order_on_its_way_is_issued() -> None:
    assert lines(ISSUED, SENT) == [
        "order   000000000000004d, issued",
        "        at once     decided and written to the journal",
        "        at once     sent to the terminal",
    ]


def test_an_order_without_a_word_is_unknown_and_says_what_is_done() -> None:
    told = lines(ISSUED, SENT, ended(IntentState.UNKNOWN, "no word in time"))
    assert told[0].endswith("unknown")
    assert told[3] == "        +90 s       unknown: no word in time"
    assert "the bridge asks the terminal" in told[4]


def test_an_order_that_came_too_late_is_expired() -> None:
    told = lines(ISSUED, SENT, ended(IntentState.UNKNOWN, "no word"), ended(IntentState.EXPIRED, "never executed"))
    assert told[0].endswith("expired")


def test_a_decision_whose_order_the_journal_never_saw_says_so() -> None:
    assert lines() == ["then    nothing is known of its order: it was never written to the journal"]


def test_json_names_the_refusing_gate() -> None:
    answer = an_answer(a_story(), a_decision(decided_by=Gate.SPREAD))
    (decision,) = answer_as_json(answer, Path("demo"), ("setup", "adx"))["decisions"]
    assert decision["refused_by"] == "spread, 12.0 points > limit 11.2"
    assert decision["time"] == "2025-06-02T12:00:00.000Z"
    assert decision["features"] == {"setup": 1.0, "adx": 31.25}
    assert (decision["order"], decision["then"]) == (None, [])


def test_json_holds_the_order_and_its_steps() -> None:
    answer = an_answer(a_story(ISSUED, SENT), a_decision(Action.BUY, lots=0.5, intent_id=INTENT_ID))
    (decision,) = answer_as_json(answer, Path("demo"), ())["decisions"]
    assert decision["refused_by"] is None
    assert decision["order"]["intent"]["intent_id"] == INTENT_ID
    assert [step["words"] for step in decision["then"]] == [
        "decided and written to the journal",
        "sent to the terminal",
    ]
