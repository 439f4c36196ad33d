"""Rules for intents: issuing, silence, and what a complete snapshot settles. One test for each line of the table."""

from typing import Any

import pytest

from account.booking import SETTLE_NS, balance_gap, booked, expired, first_money, issued, reconciled
from account.events import (
    AccountEvent,
    DealBooked,
    Flagged,
    FlagKind,
    IntentEnded,
    IntentIssued,
    IntentSent,
    PositionSeen,
    Reconciled,
    SymbolsSeen,
    kind_of,
)
from account.state import AccountState
from domain.intents import IntentKind, IntentState, comment_of
from domain.retcodes import Retcode
from domain.servertime import NS_PER_S
from domain.trading import AccountSnapshot, AccountTradeMode, MarginMode, Position
from domain.updates import IntentResult, ResultPhase, TradeUpdate
from tests.account.samples import (
    INTENT,
    NOON_MSC,
    NOON_NS,
    account,
    apply_all,
    deal,
    deposit,
    done,
    intent,
    issued_event,
    money,
    order,
    position,
    reported,
    result,
    seen,
    session,
    spec,
    update,
)

EXPIRY_NS = intent().expires_ns
PAST_NS = EXPIRY_NS + 1
SETTLED_NS = EXPIRY_NS + SETTLE_NS
RECEIVED = result(ResultPhase.RECEIVED)
EXECUTING = result(ResultPhase.EXECUTING)
TIMED_OUT = result(retcode=Retcode.TIMEOUT)
UNKNOWN_BY_SILENCE = IntentEnded(time_ns=EXPIRY_NS, intent_id=INTENT, state=IntentState.UNKNOWN, reason="silence")
MODIFY: dict[str, Any] = {"kind": IntentKind.MODIFY, "position_ticket": 401, "sl": 1.098, "tp": 1.12}
CANCEL: dict[str, Any] = {"kind": IntentKind.CANCEL, "order_ticket": 450}


def known_account(*events: AccountEvent) -> AccountState:
    return account(
        SymbolsSeen(time_ns=NOON_NS, specs=(spec(),)),
        DealBooked(time_ns=NOON_NS, deal=deposit(10_000.0, 1, time_msc=1), in_balance=True),
        *events,
    )


def reconcile(
    state: AccountState,
    time_ns: int = PAST_NS,
    memory: tuple[IntentResult, ...] = (),
    balance: float = 10_000.0,
    **parts: object,
) -> tuple[list[AccountEvent], list[int]]:
    """Reconcile and apply; reconciling by itself changes nothing."""
    before = state.digest()
    events, resend = reconciled(state, update(balance, complete=True, **parts), memory, 2, time_ns)
    assert state.digest() == before
    apply_all(state, events)
    return events, resend


def state_of(state: AccountState, intent_id: int = INTENT) -> IntentState:
    return state.intents[intent_id].state


def flags(events: list[AccountEvent]) -> list[tuple[FlagKind, str]]:
    return [(event.kind, event.subject) for event in events if isinstance(event, Flagged)]


def ends(events: list[AccountEvent]) -> list[IntentState]:
    return [event.state for event in events if isinstance(event, IntentEnded)]


# -- issuing, first money, the gap ------------------------------------------------------------------------------------


def test_an_intent_is_issued_once() -> None:
    state = account()
    events = issued(state, intent(), NOON_NS)
    assert events == [IntentIssued(time_ns=NOON_NS, intent=intent())]
    apply_all(state, events)
    assert issued(state, intent(), NOON_NS + 1) == []


def snapshot(**changes: object) -> AccountSnapshot:
    fields: dict[str, Any] = {"balance": 500.0, "credit": 20.0, "equity": 530.0, "margin": 1.0, "margin_free": 529.0}
    fields.update(changes)
    return AccountSnapshot(
        login=1,
        server="s",
        currency="USD",
        currency_digits=2,
        leverage=500,
        margin_mode=MarginMode.RETAIL_HEDGING,
        trade_mode=AccountTradeMode.DEMO,
        trade_allowed=True,
        time_msc=NOON_MSC,
        **fields,
    )


def test_the_first_greeting_brings_money_and_credit() -> None:
    state = AccountState.replayed([session()])
    events = first_money(state, snapshot(), NOON_NS)
    assert events == [seen(500.0, credit=20.0, equity=530.0, margin=1.0, margin_free=529.0)]
    apply_all(state, events)
    assert first_money(state, snapshot(balance=9.0), NOON_NS) == []


@pytest.mark.parametrize(("terminal", "gap"), [(10_000.0, 0.0), (10_000.01, 0.01), (9_999.7, -0.3), (10_000.004, 0.0)])
def test_the_gap_is_what_deals_do_not_explain(terminal: float, gap: float) -> None:
    assert balance_gap(account(), money(terminal)) == gap


# -- silence ----------------------------------------------------------------------------------------------------------


def test_there_is_time_until_the_expiry() -> None:
    assert expired(account(issued_event()), EXPIRY_NS - 1) == []


@pytest.mark.parametrize("attempts", [0, 1, 3])
def test_an_intent_without_a_word_is_unknown_not_expired(attempts: int) -> None:
    sent = [IntentSent(time_ns=1, intent_id=INTENT, attempt=n + 1) for n in range(attempts)]
    state = account(issued_event(), *sent)
    (event,) = apply_all(state, expired(state, EXPIRY_NS))
    assert isinstance(event, IntentEnded)
    assert event.state == IntentState.UNKNOWN
    assert f"sent {attempts} times" in event.reason
    assert expired(state, EXPIRY_NS + 1) == []
    assert [record.intent.intent_id for record in state.open_intents()] == [INTENT]


def test_an_acknowledged_intent_has_more_time() -> None:
    state = account(issued_event(), *reported(RECEIVED))
    assert expired(state, SETTLED_NS - 1) == []
    (event,) = apply_all(state, expired(state, SETTLED_NS))
    assert isinstance(event, IntentEnded)
    assert "acknowledged, but no result 300 s" in event.reason
    assert state_of(state) == IntentState.UNKNOWN


@pytest.mark.parametrize("ended", [done(), result(retcode=Retcode.REJECT), TIMED_OUT])
def test_an_intent_with_a_result_is_not_silent(ended: IntentResult) -> None:
    assert expired(account(issued_event(), *reported(ended)), SETTLED_NS) == []


def test_each_intent_has_its_own_expiry() -> None:
    state = account(issued_event(1), issued_event(2, expires_ns=EXPIRY_NS + 10 * NS_PER_S), issued_event(3))
    silent = [event.intent_id for event in expired(state, EXPIRY_NS) if isinstance(event, IntentEnded)]
    assert silent == [1, 3]


# -- reconciling: what goes out again ---------------------------------------------------------------------------------


def test_an_intent_that_never_arrived_goes_out_again() -> None:
    state = known_account(issued_event(1), issued_event(2), issued_event(3))
    events, resend = reconcile(state, EXPIRY_NS - 1, memory=(done(2),))
    assert resend == [1, 3]
    assert ends(events) == []
    assert (state_of(state, 1), state_of(state, 2)) == (IntentState.ISSUED, IntentState.FILLED)


def test_an_intent_that_never_arrived_expires_when_its_time_is_over() -> None:
    state = known_account(issued_event())
    events, resend = reconcile(state)
    assert (ends(events), resend) == ([IntentState.EXPIRED], [])
    assert "never arrived" in state.intents[INTENT].reason
    assert state.open_intents() == []


def test_at_its_expiry_itself_an_intent_on_its_way_may_still_be_executed() -> None:
    """The EA refuses what comes after the expiry, and the snapshot may have crossed the intent."""
    state = known_account(issued_event())
    events, resend = reconcile(state, EXPIRY_NS)
    assert (ends(events), resend) == ([IntentState.UNKNOWN], [])
    reconcile(state, EXPIRY_NS, results=(done(),))
    assert state_of(state) == IntentState.FILLED


def test_an_unknown_intent_that_never_arrived_expires() -> None:
    state = known_account(issued_event(), UNKNOWN_BY_SILENCE)
    _, resend = reconcile(state)
    assert (state_of(state), resend) == (IntentState.EXPIRED, [])


@pytest.mark.parametrize(
    "trace",
    [
        {"deals": (deal(),)},
        {"positions": (position(),)},
        {"results": (done(),)},
        {"orders": (order(),)},
    ],
    ids=["deal", "position", "result", "order"],
)
@pytest.mark.parametrize("time_ns", [EXPIRY_NS - 1, EXPIRY_NS, SETTLED_NS])
def test_an_intent_with_any_trace_never_goes_out_again(trace: dict[str, Any], time_ns: int) -> None:
    state = known_account(issued_event())
    events, resend = reconcile(state, time_ns, **trace)
    assert resend == []
    assert IntentState.EXPIRED not in ends(events)
    assert state_of(state) in (IntentState.FILLED, IntentState.ISSUED, IntentState.UNKNOWN)


def test_an_order_in_the_market_keeps_its_intent_open() -> None:
    state = known_account(issued_event())
    events, _ = reconcile(state, SETTLED_NS, orders=(order(),))
    assert ends(events) == [IntentState.UNKNOWN]
    events, _ = reconcile(state, SETTLED_NS + 1, orders=(order(),))
    assert ends(events) == []


# -- reconciling: what the EA remembers -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "state_after"),
    [
        (done(), IntentState.FILLED),
        (result(retcode=Retcode.DONE_PARTIAL, volume=0.05), IntentState.PARTLY_FILLED),
        (result(retcode=Retcode.NO_MONEY), IntentState.REJECTED),
        (result(retcode=Retcode.INVALID_EXPIRATION, text="EA: the intent came after its expiry"), IntentState.EXPIRED),
        (TIMED_OUT, IntentState.UNKNOWN),
        (RECEIVED, IntentState.ACKNOWLEDGED),
        (EXECUTING, IntentState.ACKNOWLEDGED),
    ],
)
@pytest.mark.parametrize("where", ["memory", "update"])
@pytest.mark.parametrize("before", [(), (UNKNOWN_BY_SILENCE,)], ids=["issued", "unknown"])
def test_the_eas_word_decides(
    said: IntentResult, state_after: IntentState, where: str, before: tuple[AccountEvent, ...]
) -> None:
    state = known_account(issued_event(), *before)
    parts: dict[str, Any] = {"memory": (said,)} if where == "memory" else {"results": (said,)}
    _, resend = reconcile(state, EXPIRY_NS - 1, **parts)
    acknowledged_late = bool(before) and state_after == IntentState.ACKNOWLEDGED
    assert state_of(state) == (IntentState.UNKNOWN if acknowledged_late else state_after)
    assert resend == []


def test_an_ea_that_forgot_is_not_sent_anything_again() -> None:
    state = known_account(issued_event(), *reported(RECEIVED))
    events, resend = reconcile(state, EXPIRY_NS - 1)
    assert (ends(events), resend) == ([IntentState.UNKNOWN], [])
    assert flags(events) == [(FlagKind.FORGOTTEN_INTENT, comment_of(INTENT))]
    events, resend = reconcile(state, PAST_NS)
    assert (ends(events), resend) == ([], [])
    events, _ = reconcile(state, SETTLED_NS)
    assert ends(events) == [IntentState.EXPIRED]


@pytest.mark.parametrize("said", [RECEIVED, EXECUTING])
def test_an_execution_in_progress_is_waited_for(said: IntentResult) -> None:
    state = known_account(issued_event())
    events, _ = reconcile(state, SETTLED_NS - 1, memory=(said,))
    assert (ends(events), state_of(state)) == ([], IntentState.ACKNOWLEDGED)
    events, _ = reconcile(state, SETTLED_NS, memory=(said,))
    assert (ends(events), state_of(state)) == ([IntentState.UNKNOWN], IntentState.UNKNOWN)
    events, _ = reconcile(state, SETTLED_NS + 1, memory=(said,))
    assert (ends(events), state_of(state)) == ([IntentState.EXPIRED], IntentState.EXPIRED)


def test_an_ambiguous_outcome_is_waited_for() -> None:
    state = known_account(issued_event(), *reported(TIMED_OUT))
    events, _ = reconcile(state, SETTLED_NS - 1, memory=(TIMED_OUT,))
    assert (ends(events), state_of(state)) == ([], IntentState.UNKNOWN)
    events, _ = reconcile(state, SETTLED_NS, memory=(TIMED_OUT,))
    assert ends(events) == [IntentState.EXPIRED]
    assert "no trace" in state.intents[INTENT].reason


def test_an_ambiguous_outcome_that_left_a_deal_is_a_fill() -> None:
    state = known_account(issued_event(), *reported(TIMED_OUT))
    events, _ = reconcile(state, SETTLED_NS, memory=(TIMED_OUT,), deals=(deal(),), positions=(position(),))
    assert (ends(events), state_of(state), flags(events)) == ([], IntentState.FILLED, [])


def test_a_partial_fill_is_final() -> None:
    state = known_account(issued_event(), UNKNOWN_BY_SILENCE)
    events, _ = reconcile(state, SETTLED_NS, deals=(deal(volume=0.04),), positions=(position(volume=0.04),))
    assert (ends(events), state_of(state)) == ([], IntentState.PARTLY_FILLED)


def test_intents_of_another_journal_are_one_flag() -> None:
    state = known_account()
    events, _ = reconcile(state, memory=tuple(done(1_000 + n) for n in range(50)))
    assert flags(events) == [(FlagKind.UNKNOWN_INTENT, "the EA's memory")]
    assert "50 intents" in str(events)
    events, _ = reconcile(state, memory=(done(1_000),))
    assert flags(events) == []


# -- reconciling: modify and cancel -----------------------------------------------------------------------------------


def standing() -> PositionSeen:
    return PositionSeen(time_ns=NOON_NS, position=position(intent_id=0xE))


def test_a_modification_whose_result_was_lost_is_seen_in_the_levels() -> None:
    state = known_account(issued_event(0xE), standing(), issued_event(**MODIFY), *reported(EXECUTING))
    moved = position(intent_id=0xE, sl=1.098, tp=1.12)
    events, _ = reconcile(state, EXPIRY_NS - 1, memory=(done(0xE), EXECUTING), positions=(moved,))
    assert (ends(events), state_of(state)) == ([IntentState.FILLED], IntentState.FILLED)
    assert "stands as asked" in state.intents[INTENT].reason


@pytest.mark.parametrize("sl", [1.098 + 4e-6, 1.098 - 4e-6])
def test_levels_are_compared_to_the_point(sl: float) -> None:
    state = known_account(issued_event(0xE), standing(), issued_event(**MODIFY), UNKNOWN_BY_SILENCE)
    reconcile(state, memory=(done(0xE),), positions=(position(intent_id=0xE, sl=sl, tp=1.12),))
    assert state_of(state) == IntentState.FILLED


@pytest.mark.parametrize("now", [position(intent_id=0xE), position(intent_id=0xE, sl=1.098), None])
def test_a_modification_that_did_not_happen_expires(now: Position | None) -> None:
    state = known_account(issued_event(0xE), standing(), issued_event(**MODIFY), UNKNOWN_BY_SILENCE)
    reconcile(state, memory=(done(0xE),), positions=(now,) if now else ())
    assert state_of(state) == IntentState.EXPIRED


def test_levels_that_happen_to_be_as_asked_do_not_prove_an_intent_that_never_arrived() -> None:
    state = known_account(issued_event(0xE), standing(), issued_event(**MODIFY))
    moved = position(intent_id=0xE, sl=1.098, tp=1.12)
    _, resend = reconcile(state, EXPIRY_NS - 1, memory=(done(0xE),), positions=(moved,))
    assert resend == [INTENT]
    _, resend = reconcile(state, PAST_NS, memory=(done(0xE),), positions=(moved,))
    assert (resend, state_of(state)) == ([], IntentState.EXPIRED)


@pytest.mark.parametrize(
    ("parts", "state_after"),
    [
        ({"orders": ()}, IntentState.FILLED),
        ({"orders": (order(intent_id=0xE),)}, IntentState.EXPIRED),
        ({"deals": (deal(intent_id=0xE, order_ticket=450),)}, IntentState.EXPIRED),
    ],
    ids=["gone", "still there", "filled instead"],
)
def test_a_cancellation_whose_result_was_lost(parts: dict[str, Any], state_after: IntentState) -> None:
    state = known_account(issued_event(0xE), issued_event(**CANCEL), UNKNOWN_BY_SILENCE)
    reconcile(state, memory=(done(0xE),), **parts)
    assert state_of(state) == state_after


def test_a_close_that_something_else_forestalled_expires() -> None:
    closing = issued_event(kind=IntentKind.CLOSE, position_ticket=401, side=-1)
    state = known_account(issued_event(0xE), standing(), closing, UNKNOWN_BY_SILENCE)
    reconcile(state, memory=(done(0xE),))
    assert state_of(state) == IntentState.EXPIRED


# -- reconciling as a whole -------------------------------------------------------------------------------------------


def test_the_last_event_counts_what_was_done() -> None:
    state = known_account(issued_event(1), issued_event(2), issued_event(3, expires_ns=SETTLED_NS))
    events, resend = reconcile(
        state,
        memory=(done(1),),
        deals=(deal(intent_id=1),),
        positions=(position(401, 1), position(402, None), position(403, 0xF00)),
    )
    assert resend == [3]
    assert events[-1] == Reconciled(time_ns=PAST_NS, session=2, adopted=1, resolved=2, flagged=2)
    assert flags(events) == [
        (FlagKind.MANUAL_POSITION, "position 402"),
        (FlagKind.ADOPTED_POSITION, "position 403"),
    ]
    assert state.reconciled_session == 2


def test_reconciling_again_says_nothing_but_that_it_was_done() -> None:
    state = known_account(issued_event(1), issued_event(2))
    parts: dict[str, Any] = {"deals": (deal(intent_id=1),), "positions": (position(401, 1), position(402, None))}
    reconcile(state, memory=(done(1),), **parts)
    events, resend = reconcile(state, memory=(done(1),), **parts)
    assert [kind_of(event) for event in events] == ["reconciled"]
    assert resend == []


def test_only_a_complete_update_can_be_reconciled_with() -> None:
    with pytest.raises(ValueError, match=r"update\.complete is false"):
        reconciled(account(), TradeUpdate(money=money()), (), 1, NOON_NS)


def test_a_snapshot_outside_of_reconciling_ends_nothing() -> None:
    state = known_account(issued_event(), UNKNOWN_BY_SILENCE)
    apply_all(state, booked(state, update(complete=True), SETTLED_NS))
    assert state_of(state) == IntentState.UNKNOWN
