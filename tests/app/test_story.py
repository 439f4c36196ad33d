"""A journal read for people: what became of each intent, and what the deals came to."""

from pathlib import Path

import pytest

from account.events import (
    AccountEvent,
    DealBooked,
    EquityMarked,
    IntentEnded,
    IntentIssued,
    IntentReported,
    IntentSent,
    SessionOpened,
)
from account.journal import Journal
from app.console import CommandError
from app.story import Story, deal_words, results, stories, story_of
from domain.intents import Intent, IntentKind, IntentState, comment_of
from domain.trading import AccountTradeMode, Deal, DealEntry, DealReason, DealType, MarginMode
from domain.updates import IntentResult, ResultPhase

NOW = 1_750_000_000_000_000_000
SECOND = 1_000_000_000
OFFSET_S = 10_800


def opened(login: int = 7, offset_s: int = OFFSET_S) -> SessionOpened:
    return SessionOpened(
        time_ns=NOW,
        login=login,
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


def intent(intent_id: int = 5, kind: IntentKind = IntentKind.OPEN, ticket: int = 0, volume: float = 1.0) -> Intent:
    return Intent(
        intent_id=intent_id,
        kind=kind,
        symbol="EURUSD",
        side=1,
        volume=volume,
        price=1.1,
        sl=1.0,
        tp=1.3,
        position_ticket=ticket,
        order_ticket=0,
        magic=9,
        deviation_points=1,
        signal_id=1,
        decided_ns=NOW,
        expires_ns=NOW + SECOND,
    )


def deal(
    ticket: int,
    entry: DealEntry = DealEntry.IN,
    *,
    reason: DealReason = DealReason.EXPERT,
    profit: float = 0.0,
    volume: float = 1.0,
    comment: str = "",
    later_s: int = 0,
) -> Deal:
    return Deal(
        deal_ticket=ticket,
        order_ticket=ticket + 100,
        position_id=50,
        symbol="EURUSD",
        type=DealType.BUY if entry == DealEntry.IN else DealType.SELL,
        entry=entry,
        reason=reason,
        magic=9,
        volume=volume,
        price=1.1,
        profit=profit,
        swap=0.0,
        commission=-1.0,
        fee=0.0,
        time_msc=NOW // 1_000_000 + OFFSET_S * 1000 + later_s * 1000,
        comment=comment,
    )


def deposit(amount: float) -> Deal:
    return Deal(
        deal_ticket=1,
        order_ticket=0,
        position_id=0,
        symbol="",
        type=DealType.BALANCE,
        entry=DealEntry.IN,
        reason=DealReason.CLIENT,
        magic=0,
        volume=0.0,
        price=0.0,
        profit=amount,
        swap=0.0,
        commission=0.0,
        fee=0.0,
        time_msc=NOW // 1_000_000,
        comment="",
    )


def told(*events: AccountEvent) -> Story:
    story = Story(account="S:7")
    for event in events:
        story.take(event)
    return story


def words_of(story: Story, intent_id: int = 5) -> list[str]:
    return [step.words for step in story.steps.get(intent_id, [])]


def final(retcode: int, intent_id: int = 5) -> IntentReported:
    result = IntentResult(
        intent_id=intent_id,
        phase=ResultPhase.FINAL,
        retcode=retcode,
        order_ticket=102,
        deal_ticket=2,
        position_ticket=50,
        volume=1.0,
        price=1.1,
        time_msc=0,
    )
    return IntentReported(time_ns=NOW + SECOND, result=result)


ISSUED = IntentIssued(time_ns=NOW, intent=intent())
SENT = IntentSent(time_ns=NOW, intent_id=5, attempt=1)
ENTERED = DealBooked(time_ns=NOW + SECOND, deal=deal(2, comment=comment_of(5)))


def test_an_entry_is_told_from_decision_to_deal() -> None:
    story = told(opened(), ISSUED, SENT, final(10009), ENTERED)
    assert words_of(story) == [
        "decided and written to the journal",
        "sent to the terminal",
        "terminal: 10009 DONE",
        "deal 2: bought 1 lots at 1.1 (position 50 opened)",
    ]


@pytest.mark.parametrize(
    ("reason", "how"),
    [
        (DealReason.SL, "stop loss"),
        (DealReason.TP, "take profit"),
        (DealReason.SO, "stop out"),
        (DealReason.CLIENT, "closed by hand"),
        (DealReason.MOBILE, "closed by hand"),
        (DealReason.ROLLOVER, "rollover"),
    ],
)
def test_the_end_of_a_position_belongs_to_its_entry(reason: DealReason, how: str) -> None:
    closed = DealBooked(time_ns=NOW, deal=deal(3, DealEntry.OUT, reason=reason, profit=26.0))
    story = told(opened(), ISSUED, SENT, ENTERED, closed)
    assert words_of(story)[-1] == f"deal 3: sold 1 lots at 1.1 ({how}), result +25.00"


def test_a_close_that_was_decided_is_told_with_both() -> None:
    close = intent(6, IntentKind.CLOSE, ticket=50)
    closed = DealBooked(time_ns=NOW, deal=deal(3, DealEntry.OUT, profit=5.0, comment=comment_of(6)))
    story = told(opened(), ISSUED, ENTERED, IntentIssued(time_ns=NOW, intent=close), closed)
    assert (
        words_of(story)[-1] == words_of(story, 6)[-1] == "deal 3: sold 1 lots at 1.1 (closed as decided), result +4.00"
    )


def test_a_deal_is_told_at_its_own_time() -> None:
    later = DealBooked(time_ns=NOW + 99 * SECOND, deal=deal(2, comment=comment_of(5), later_s=3))
    story = told(opened(), ISSUED, later)
    assert story.steps[5][-1].time_ns == NOW + 3 * SECOND


def test_a_refusal_is_told_in_mt5s_words() -> None:
    assert "10016" in words_of(told(opened(), ISSUED, SENT, final(10016)))[-1]


def test_a_second_attempt_and_an_unknown_end_are_told() -> None:
    again = IntentSent(time_ns=NOW, intent_id=5, attempt=2)
    lost = IntentEnded(time_ns=NOW, intent_id=5, state=IntentState.UNKNOWN, reason="no word in time")
    assert words_of(told(opened(), ISSUED, SENT, again, lost))[-2:] == [
        "sent again (attempt 2)",
        "unknown: no word in time",
    ]


def test_a_word_before_the_last_is_not_told() -> None:
    received = IntentResult(
        intent_id=5,
        phase=ResultPhase.RECEIVED,
        retcode=0,
        order_ticket=0,
        deal_ticket=0,
        position_ticket=0,
        volume=0.0,
        price=0.0,
        time_msc=0,
    )
    assert len(words_of(told(opened(), ISSUED, IntentReported(time_ns=NOW, result=received)))) == 1


def test_a_deal_by_hand_belongs_to_no_intent() -> None:
    story = told(opened(), DealBooked(time_ns=NOW, deal=deal(2)))
    assert story.steps == {}
    assert len(story.trades) == 1


def test_money_begins_with_the_deposit_and_the_deepest_fall_is_kept() -> None:
    marks = [
        EquityMarked(time_ns=NOW, equity=one, balance=one, margin=0.0)
        for one in (1000.0, 1200.0, 900.0, 1300.0, 1290.0)
    ]
    story = told(opened(), DealBooked(time_ns=NOW, deal=deposit(1000.0)), *marks)
    assert story.start_balance == 1000.0
    assert story.deepest_drawdown == pytest.approx(0.25)
    assert story.trades == []


def test_partial_closes_are_one_result() -> None:
    half = {"volume": 0.5, "profit": 11.0}
    deals = [deal(2), deal(3, DealEntry.OUT, **half), deal(4, DealEntry.OUT, **half)]  # type: ignore[arg-type]  # floats
    assert results(deals) == [pytest.approx(19.0)]
    assert results([deal(2)]) == []


def test_a_deal_in_words() -> None:
    assert deal_words(deal(2, volume=0.25)) == "deal 2: bought 0.25 lots at 1.1 (position 50 opened)"


def test_the_record_begins_when_a_terminal_has_told_its_clock() -> None:
    early = EquityMarked(time_ns=0, equity=1.0, balance=1.0, margin=0.0)
    story = told(early, opened(), EquityMarked(time_ns=NOW + SECOND, equity=1.0, balance=1.0, margin=0.0))
    assert (story.first_ns, story.last_ns, story.events) == (NOW, NOW + SECOND, 3)


# -- from a file -----------------------------------------------------------------------------------------------------


@pytest.fixture
def two_accounts(tmp_path: Path) -> Path:
    with Journal.open(tmp_path / "journal.sqlite3") as journal:
        for login in (7, 8):
            journal.append(f"S:{login}", opened(login))
        journal.commit()
    return tmp_path


def test_each_account_has_its_story(two_accounts: Path) -> None:
    assert [(story.account, story.state.login) for story in stories(two_accounts)] == [("S:7", 7), ("S:8", 8)]


@pytest.mark.parametrize("account", ["S:8", "8"])
def test_an_account_is_chosen_by_key_or_login(two_accounts: Path, account: str) -> None:
    assert story_of(two_accounts, account).state.login == 8


def test_which_account_is_never_guessed(two_accounts: Path) -> None:
    with pytest.raises(CommandError, match="more than one account") as refused:
        story_of(two_accounts, None)
    assert "S:7, S:8" in refused.value.remedy
