"""Silence, money and clocks: when they count, and when they do not yet."""

import msgspec
import pytest

from account.events import IntentEnded, IntentIssued, IntentReported
from account.state import AccountState
from bridge.config import DeskRules
from bridge.watch import ClockWatch, IntentWatch, MoneyWatch
from domain.intents import Intent, IntentKind, IntentState
from domain.updates import IntentResult, Money, ResultPhase
from tests.bridge.floor import RULES, SECOND
from tests.strategy.markets import a_spec, opening_events

DECIDED_NS = 1_000 * SECOND
EXPIRES_NS = DECIDED_NS + 3 * SECOND


def an_intent(intent_id: int = 5) -> Intent:
    return Intent(
        intent_id=intent_id,
        kind=IntentKind.OPEN,
        symbol="EURUSD",
        side=1,
        volume=0.1,
        price=1.1,
        sl=1.0,
        tp=1.2,
        position_ticket=0,
        order_ticket=0,
        magic=1,
        deviation_points=5,
        signal_id=1,
        decided_ns=DECIDED_NS,
        expires_ns=EXPIRES_NS,
    )


def an_account(*intents: Intent) -> AccountState:
    account = AccountState.replayed(opening_events([a_spec()]))
    for intent in intents:
        account.apply(IntentIssued(time_ns=DECIDED_NS, intent=intent))
    return account


def acknowledged(account: AccountState, intent_id: int = 5) -> None:
    result = IntentResult(
        intent_id=intent_id,
        phase=ResultPhase.RECEIVED,
        retcode=0,
        order_ticket=0,
        deal_ticket=0,
        position_ticket=0,
        volume=0.0,
        price=0.0,
        time_msc=1,
    )
    account.apply(IntentReported(time_ns=DECIDED_NS, result=result))


@pytest.mark.parametrize(
    ("waited_s", "server_s", "is_overdue"),
    [
        (4.9, 100, False),  # ours is not over yet
        (5.0, 2.9, False),  # the ticks' is not over yet: a quiet market, a frozen terminal
        (5.0, 3.0, True),
    ],
)
def test_both_clocks_must_agree(waited_s: float, server_s: float, is_overdue: bool) -> None:
    watch, account = IntentWatch(RULES), an_account(an_intent())
    watch.sent(an_intent(), 0)
    found = watch.overdue(account, int(waited_s * SECOND), DECIDED_NS + int(server_s * SECOND))
    assert bool(found) is is_overdue
    assert all(isinstance(event, IntentEnded) and event.state is IntentState.UNKNOWN for event in found)


def test_a_word_in_time_ends_the_waiting() -> None:
    watch, account = IntentWatch(RULES), an_account(an_intent())
    watch.sent(an_intent(), 0)
    acknowledged(account)
    assert watch.overdue(account, 100 * SECOND, EXPIRES_NS + 10 * SECOND) == []


def test_an_acknowledgement_without_a_result_is_waited_for_longer() -> None:
    watch, account = IntentWatch(RULES), an_account(an_intent())
    acknowledged(account)
    watch.overdue(account, 0, EXPIRES_NS)
    assert len(watch.overdue(account, 10 * SECOND, EXPIRES_NS + 301 * SECOND)) == 1


def test_intents_of_an_earlier_life_get_a_moment_first() -> None:
    watch, account = IntentWatch(RULES), an_account(an_intent())
    assert watch.overdue(account, 50 * SECOND, EXPIRES_NS + SECOND) == []
    assert len(watch.overdue(account, 52 * SECOND, EXPIRES_NS + SECOND)) == 1


def test_only_the_silent_one_is_called_unknown() -> None:
    watch, account = IntentWatch(RULES), an_account(an_intent(5), an_intent(6))
    watch.sent(an_intent(5), 0)
    watch.sent(an_intent(6), 4 * SECOND)
    (event,) = watch.overdue(account, 5 * SECOND, EXPIRES_NS + SECOND)
    assert isinstance(event, IntentEnded)
    assert event.intent_id == 5


def test_a_snapshot_is_asked_for_at_once_and_then_now_and_again() -> None:
    watch, account = IntentWatch(RULES), an_account(an_intent())
    assert not watch.wants_snapshot(account, 0)
    account.apply(IntentEnded(time_ns=1, intent_id=5, state=IntentState.UNKNOWN, reason=""))
    asked = [watch.wants_snapshot(account, second * SECOND) for second in range(21)]
    assert [second for second, wanted in enumerate(asked) if wanted] == [0, 10, 20]
    account.apply(IntentEnded(time_ns=1, intent_id=5, state=IntentState.EXPIRED, reason=""))
    assert not watch.wants_snapshot(account, 100 * SECOND)


def money(balance: float, equity: float | None = None) -> Money:
    return Money(balance=balance, equity=balance if equity is None else equity, margin=0.0, margin_free=balance)


def test_a_balance_counts_once_it_lasts() -> None:
    watch, account = MoneyWatch(RULES), an_account()
    differing = [watch.balance_is_off(account, money(10_001.0), second * SECOND) for second in range(7)]
    assert differing == [False] * 5 + [True] * 2
    watch.start_over()
    assert not watch.balance_is_off(account, money(10_001.0), 8 * SECOND)


@pytest.mark.parametrize(("balance", "differs"), [(10_000.01, False), (10_000.02, True), (9_999.98, True)])
def test_a_cent_does_not_count(balance: float, differs: bool) -> None:
    watch = MoneyWatch(msgspec.structs.replace(RULES, money_settle_ms=0))
    assert watch.balance_is_off(an_account(), money(balance), 0) is differs


def test_equity_is_flagged_at_the_second_difference_in_a_row() -> None:
    watch, account = MoneyWatch(RULES), an_account()
    own = money(10_000.0)
    raised = [
        bool(watch.equity_flags(account, own, money(10_000.0, equity), 1))
        for equity in (9_990.0, 10_000.0, 9_990.0, 9_990.0)
    ]
    assert raised == [False, False, False, True]


def test_a_balance_that_differs_explains_equity() -> None:
    watch, account = MoneyWatch(RULES), an_account()
    for _ in range(3):
        assert watch.equity_flags(account, money(10_000.0), money(9_000.0), 1) == []


@pytest.mark.parametrize(
    ("ahead_s", "is_ahead", "words"),
    [(0, False, ""), (120, False, ""), (-120, False, ""), (121, True, "121 s ahead of"), (-121, False, "121 s behind")],
)
def test_clocks_may_differ_by_two_minutes(ahead_s: int, is_ahead: bool, words: str) -> None:
    watch = ClockWatch(DeskRules())
    assert watch.is_ahead(DECIDED_NS + ahead_s * SECOND, DECIDED_NS) is is_ahead
    assert words in watch.alert
    assert bool(watch.alert) is bool(words)


def test_replays_have_no_wall_clock() -> None:
    watch = ClockWatch(DeskRules(clock_check=False))
    assert not watch.is_ahead(DECIDED_NS, 0)
    assert watch.alert == ""
