"""What an update becomes: the order of its events, what is dropped, what is flagged, whose balance counts."""

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from account.booking import booked
from account.events import (
    AccountEvent,
    AccountSeen,
    DealBooked,
    Flagged,
    FlagKind,
    IntentEnded,
    IntentReported,
    OrderGone,
    OrderSeen,
    PositionGone,
    PositionSeen,
    kind_of,
)
from account.state import AccountState
from domain.intents import IntentKind, IntentState, comment_of
from domain.retcodes import Retcode
from domain.trading import Deal, DealEntry, DealReason, DealType, Position
from domain.updates import ResultPhase, TradeUpdate
from tests.account.samples import (
    DAY_MSC,
    INTENT,
    MAGIC,
    NOON_MSC,
    NOON_NS,
    account,
    apply_all,
    deal,
    deposit,
    done,
    exit_deal,
    issued_event,
    money,
    order,
    position,
    reported,
    result,
    seen,
    session,
    update,
)

LATER_NS = NOON_NS + 1


def book(state: AccountState, what: TradeUpdate) -> list[AccountEvent]:
    """Book and apply; whatever is booked, booking changes nothing by itself and has nothing to say a second time."""
    before = state.digest()
    events = booked(state, what, LATER_NS)
    assert state.digest() == before
    assert booked(state, what, LATER_NS) == events
    apply_all(state, events)
    assert booked(state, what, LATER_NS + 1) == []
    return events


def kinds(events: list[AccountEvent]) -> list[str]:
    return [kind_of(event) for event in events]


def flags(events: list[AccountEvent]) -> list[tuple[FlagKind, str]]:
    return [(event.kind, event.subject) for event in events if isinstance(event, Flagged)]


def held(events: list[AccountEvent]) -> list[bool]:
    return [event.in_balance for event in events if isinstance(event, DealBooked)]


def with_history(*events: AccountEvent) -> AccountState:
    """An account that knows at least one deal, so that a snapshot is no first contact."""
    return account(DealBooked(time_ns=NOON_NS, deal=deposit(10_000.0, 1, time_msc=1), in_balance=True), *events)


# -- order of the events ----------------------------------------------------------------------------------------------


def test_an_entry_from_result_to_position() -> None:
    state = account(issued_event())
    what = update(
        9_999.65,
        results=(result(ResultPhase.RECEIVED), done()),
        deals=(deal(commission=-0.35),),
        positions=(position(),),
    )
    assert kinds(book(state, what)) == ["intent_reported", "intent_reported", "deal_booked", "position_seen"]
    assert state.balance == 9_999.65
    assert state.intents[INTENT].state == IntentState.FILLED
    assert state.open_intents() == []
    assert state.opening_intent(401) is not None


def test_deals_come_by_time_and_the_rest_by_ticket() -> None:
    what = update(
        deals=(deal(9, time_msc=NOON_MSC + 1), deal(8, time_msc=NOON_MSC + 1), deal(10, time_msc=NOON_MSC)),
        positions=(position(403), position(402)),
        orders=(order(452), order(451)),
    )
    events = book(account(issued_event()), what)
    tickets = [
        event.deal.deal_ticket
        if isinstance(event, DealBooked)
        else event.position.position_ticket
        if isinstance(event, PositionSeen)
        else event.order.order_ticket
        if isinstance(event, OrderSeen)
        else 0
        for event in events
        if not isinstance(event, Flagged)
    ]
    assert tickets == [10, 8, 9, 402, 403, 451, 452]


def test_a_complete_update_ends_with_the_terminals_money() -> None:
    events = book(with_history(), update(10_005.0, complete=True, deals=(exit_deal(profit=5.0),), orders=(order(),)))
    assert kinds(events) == ["deal_booked", "order_seen", "account_seen"]
    assert events[-1] == seen(10_005.0, LATER_NS)


# -- what is known already --------------------------------------------------------------------------------------------


def test_nothing_new_is_no_event() -> None:
    state = with_history(PositionSeen(time_ns=1, position=position()), OrderSeen(time_ns=1, order=order()))
    assert booked(state, update(complete=True, positions=(position(),), orders=(order(),)), LATER_NS) == []


def test_a_change_of_profit_alone_is_no_event() -> None:
    state = account(issued_event(), PositionSeen(time_ns=1, position=position()))
    assert booked(state, update(positions=(position(profit=12.5),)), LATER_NS) == []


@pytest.mark.parametrize("change", [{"tp": 1.2}, {"swap": -0.5}, {"volume": 0.05}, {"comment": "x"}])
def test_every_other_change_of_a_position_is_one(change: dict[str, Any]) -> None:
    state = account(issued_event(), PositionSeen(time_ns=1, position=position()))
    assert kinds(book(state, update(positions=(position(**change),)))) == ["position_seen"]


def test_a_stale_position_is_dropped() -> None:
    newer = position(volume=0.05, time_update_msc=NOON_MSC + 9)
    state = account(issued_event(), PositionSeen(time_ns=1, position=newer))
    assert booked(state, update(positions=(position(),)), LATER_NS) == []
    assert kinds(booked(with_history(PositionSeen(time_ns=1, position=newer)), update(complete=True), LATER_NS)) == [
        "position_gone",
        "flagged",
    ]


def test_a_position_that_is_gone_does_not_come_back_by_a_late_update() -> None:
    state = account(PositionSeen(time_ns=1, position=position()), PositionGone(time_ns=1, position_ticket=401))
    assert booked(state, update(positions=(position(),)), LATER_NS) == []
    assert "position_seen" in kinds(booked(state, update(complete=True, positions=(position(),)), LATER_NS))


def test_the_same_deal_twice_in_one_update_is_one_deal() -> None:
    assert held(book(account(), update(10_005.0, deals=(exit_deal(profit=5.0),) * 2))) == [False]


def test_what_is_gone_and_was_never_known_is_no_event() -> None:
    assert booked(account(), update(positions_gone=(1, 2), orders_gone=(3,)), LATER_NS) == []


def test_what_is_gone_and_what_is_absent() -> None:
    standing: tuple[AccountEvent, ...] = (
        PositionSeen(time_ns=1, position=position(intent_id=None)),
        OrderSeen(time_ns=1, order=order()),
    )
    incremental = book(with_history(*standing), update(positions_gone=(401,), orders_gone=(450,)))
    complete = book(with_history(*standing), update(complete=True))
    assert incremental == complete
    assert incremental == [
        PositionGone(time_ns=LATER_NS, position_ticket=401),
        OrderGone(time_ns=LATER_NS, order_ticket=450),
    ]
    assert booked(with_history(*standing), update(), LATER_NS) == []


# -- results ----------------------------------------------------------------------------------------------------------


def test_a_result_for_an_unknown_intent_is_flagged_once() -> None:
    state = account()
    assert flags(book(state, update(results=(done(),)))) == [(FlagKind.UNKNOWN_INTENT, comment_of(INTENT))]
    assert flags(book(state, update(results=(done(volume=0.3),)))) == []


def test_results_out_of_order_keep_the_final_word() -> None:
    state = account(issued_event())
    events = book(state, update(results=(done(), result(ResultPhase.EXECUTING), result(ResultPhase.RECEIVED))))
    assert kinds(events) == ["intent_reported"]
    assert state.intents[INTENT].state == IntentState.FILLED


def test_an_ambiguous_result_becomes_what_its_deal_says() -> None:
    state = account(issued_event())
    book(state, update(results=(result(retcode=Retcode.TIMEOUT),)))
    assert state.intents[INTENT].state == IntentState.UNKNOWN
    book(state, update(deals=(deal(),), positions=(position(),)))
    assert state.intents[INTENT].state == IntentState.FILLED


@pytest.mark.parametrize(
    "evidence",
    [{"results": (done(),)}, {"deals": (deal(),)}, {"positions": (position(),)}],
    ids=["result", "deal", "position"],
)
def test_an_execution_after_the_expiry_counts_and_is_flagged(evidence: dict[str, Any]) -> None:
    ended = IntentEnded(time_ns=1, intent_id=INTENT, state=IntentState.EXPIRED, reason="")
    state = account(issued_event(), ended)
    assert flags(book(state, update(**evidence))) == [(FlagKind.LATE_EXECUTION, comment_of(INTENT))]
    assert state.intents[INTENT].state == IntentState.FILLED


@pytest.mark.parametrize(
    "evidence",
    [{"results": (done(),)}, {"deals": (deal(),)}, {"positions": (position(),)}],
    ids=["result", "deal", "position"],
)
def test_an_execution_after_a_rejection_is_a_contradiction(evidence: dict[str, Any]) -> None:
    state = account(issued_event(), *reported(result(retcode=Retcode.NO_MONEY)))
    assert flags(book(state, update(**evidence))) == [(FlagKind.CONTRADICTION, comment_of(INTENT))]
    assert state.intents[INTENT].state == IntentState.REJECTED
    assert flags(book(state, update(results=(done(volume=0.2),)))) == []


def test_a_rejection_after_a_fill_is_a_contradiction() -> None:
    state = account(issued_event(), DealBooked(time_ns=1, deal=deal()))
    events = book(state, update(results=(result(retcode=Retcode.REJECT),)))
    assert flags(events) == [(FlagKind.CONTRADICTION, comment_of(INTENT))]
    assert state.intents[INTENT].state == IntentState.FILLED
    assert state.intents[INTENT].retcode == Retcode.REJECT


def test_a_result_and_deal_of_one_update_are_matched_by_ticket() -> None:
    state = account(issued_event())
    book(
        state, update(results=(done(),), deals=(deal(comment="cut by the server"),), positions=(position(comment=""),))
    )
    assert state.intents[INTENT].deal_tickets == (501,)
    assert state.intents[INTENT].deal_lots == 0.1
    assert state.opening_intent(401) is not None


# -- flags on deals and positions -------------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", list(DealReason))
def test_an_own_position_closed_by_hand_is_flagged(reason: DealReason) -> None:
    by_hand = reason in (DealReason.CLIENT, DealReason.MOBILE, DealReason.WEB)
    state = account(issued_event(), PositionSeen(time_ns=1, position=position()))
    events = book(state, update(10_001.0, deals=(exit_deal(profit=1.0, reason=reason, magic=0, comment=""),)))
    assert flags(events) == ([(FlagKind.CLOSED_BY_HAND, "deal 502")] if by_hand else [])


def test_an_own_position_opened_and_closed_by_hand_between_two_updates() -> None:
    state = account(issued_event())
    events = book(state, update(deals=(deal(), exit_deal(reason=DealReason.MOBILE, comment=""))))
    assert flags(events) == [(FlagKind.CLOSED_BY_HAND, "deal 502")]


def test_each_partial_close_by_hand_is_flagged() -> None:
    state = account(issued_event(), PositionSeen(time_ns=1, position=position()))
    halves = tuple(exit_deal(600 + n, volume=0.05, reason=DealReason.WEB, comment="") for n in range(2))
    assert len(flags(book(state, update(deals=halves)))) == 2


def test_a_foreign_position_is_closed_by_whom_it_may() -> None:
    state = account(PositionSeen(time_ns=1, position=position(intent_id=None)))
    assert flags(book(state, update(deals=(exit_deal(reason=DealReason.CLIENT, intent_id=None),)))) == []


@pytest.mark.parametrize(
    "foreign",
    [
        position(intent_id=None),
        position(magic=99, comment="grid bot"),
        position(magic=99),
        position(comment="", magic=MAGIC),
    ],
    ids=["by hand", "another program", "another magic", "our magic without a comment"],
)
def test_a_position_that_is_not_ours_is_flagged_once(foreign: Position) -> None:
    state = account(issued_event())
    assert flags(book(state, update(positions=(foreign,)))) == [(FlagKind.MANUAL_POSITION, "position 401")]
    moved = position(401, None, magic=foreign.magic, sl=1.0, comment=foreign.comment)
    assert kinds(book(state, update(positions=(moved,)))) == ["position_seen"]
    assert state.positions[401].sl == 1.0


def test_a_position_of_a_lost_journal_is_adopted() -> None:
    state = account()
    assert flags(book(state, update(positions=(position(),)))) == [(FlagKind.ADOPTED_POSITION, "position 401")]
    assert state.is_own(state.positions[401])
    assert state.opening_intent(401) is None


@pytest.mark.parametrize(
    ("strange", "flagged"),
    [
        (deal(intent_id=99), True),
        (deal(comment="cut", magic=MAGIC), True),
        (deal(intent_id=None), False),
        (deal(magic=8, comment="grid"), False),
        (exit_deal(intent_id=99), False),
        (deposit(5.0, magic=MAGIC), False),
    ],
    ids=["unknown intent", "no comment", "by hand", "another program", "an exit", "a deposit"],
)
def test_an_entry_with_our_magic_needs_an_intent(strange: Deal, flagged: bool) -> None:
    events = book(account(), update(deals=(strange,)))
    assert flags(events) == ([(FlagKind.UNKNOWN_DEAL, f"deal {strange.deal_ticket}")] if flagged else [])


def test_without_a_magic_of_its_own_every_deal_would_be_strange() -> None:
    state = AccountState.replayed([session(magic=0), seen()])
    assert flags(book(state, update(deals=(deal(intent_id=None),)))) == []


def test_an_own_position_that_vanishes_is_flagged_by_the_next_snapshot() -> None:
    state = with_history(
        issued_event(), DealBooked(time_ns=1, deal=deal()), PositionSeen(time_ns=1, position=position())
    )
    assert flags(book(state, update(positions_gone=(401,)))) == []
    events = book(state, update(complete=True))
    assert flags(events) == [(FlagKind.GONE_WITHOUT_DEAL, "position 401")]


def test_an_own_position_whose_exit_comes_late_is_not_flagged() -> None:
    state = with_history(
        issued_event(), DealBooked(time_ns=1, deal=deal()), PositionSeen(time_ns=1, position=position())
    )
    book(state, update(positions_gone=(401,)))
    assert flags(book(state, update(10_003.0, complete=True, deals=(exit_deal(profit=3.0),)))) == []


def test_an_own_position_absent_from_a_snapshot() -> None:
    def fresh() -> AccountState:
        entered = DealBooked(time_ns=1, deal=deal())
        return with_history(issued_event(), entered, PositionSeen(time_ns=1, position=position()))

    assert flags(book(fresh(), update(complete=True))) == [(FlagKind.GONE_WITHOUT_DEAL, "position 401")]
    assert flags(book(fresh(), update(10_003.0, complete=True, deals=(exit_deal(profit=3.0),)))) == []
    halves = (exit_deal(601, volume=0.05), exit_deal(602, volume=0.05, entry=DealEntry.OUT_BY))
    assert flags(book(fresh(), update(complete=True, deals=halves))) == []
    assert flags(book(fresh(), update(complete=True, deals=halves[:1]))) == [
        (FlagKind.GONE_WITHOUT_DEAL, "position 401")
    ]


def test_a_broker_that_books_swap_by_reopening_changes_the_ticket_alone() -> None:
    reopened = position(480, position_id=401, swap=-0.2)

    def fresh() -> AccountState:
        entered = DealBooked(time_ns=1, deal=deal())
        return with_history(issued_event(), entered, PositionSeen(time_ns=1, position=position()))

    for what in (
        [update(positions=(reopened,), positions_gone=(401,))],
        [update(complete=True, positions=(reopened,))],
        [update(positions_gone=(401,)), update(positions=(reopened,)), update(complete=True, positions=(reopened,))],
    ):
        state = fresh()
        assert [flags(book(state, one)) for one in what] == [[]] * len(what)
        assert state.positions == {480: reopened}
        assert state.opening_intent(480) is not None
        assert (state.initial_lots(480), state.unexplained) == (0.1, set())
        book(state, update(10_003.0, deals=(exit_deal(profit=3.0),), positions_gone=(480,)))
        assert (state.lots, state.unexplained) == ({}, set())


def test_one_update_that_opens_and_closes_leaves_no_flag() -> None:
    state = with_history(issued_event())
    what = update(10_003.0, complete=True, results=(done(),), deals=(deal(), exit_deal(profit=3.0)))
    assert flags(book(state, what)) == []
    assert state.lots == {}


def test_a_stop_loss_is_nobodys_fault() -> None:
    state = account(issued_event(), PositionSeen(time_ns=1, position=position()), *reported(done()))
    stopped = exit_deal(profit=-5.0, reason=DealReason.SL, comment=comment_of(INTENT) + "[sl 1.09500]")
    events = book(state, update(9_995.0, deals=(stopped,), positions_gone=(401,)))
    assert kinds(events) == ["deal_booked", "position_gone"]
    assert state.intents[INTENT].filled_lots == 0.1


# -- whose balance counts ---------------------------------------------------------------------------------------------


def test_first_contact_takes_the_terminals_money_and_records_its_history() -> None:
    history = (deposit(10_000.0, 1), deal(2, 77, time_msc=NOON_MSC - DAY_MSC), exit_deal(3, -500.0, intent_id=77))
    state = AccountState.replayed([session()])
    events = book(state, update(9_500.0, complete=True, deals=history))
    assert held(events) == [True, True, True]
    assert flags(events) == []
    assert (state.balance, state.peak_equity, state.deals) == (9_500.0, 9_500.0, {1, 2, 3})


def test_first_contact_after_the_terminals_greeting() -> None:
    history = (deposit(10_000.0, 1), exit_deal(3, -500.0, reason=DealReason.CLIENT))
    state = AccountState.replayed([session(), seen(9_500.0)])
    events = book(state, update(9_500.0, complete=True, deals=history))
    assert (held(events), flags(events)) == ([True, True], [])
    assert (state.balance, state.peak_equity) == (9_500.0, 9_500.0)


def test_first_contact_by_an_incremental_update() -> None:
    state = AccountState.replayed([session()])
    events = book(state, update(9_500.0, deals=(exit_deal(3, -500.0),)))
    assert kinds(events) == ["deal_booked", "account_seen"]
    assert state.balance == 9_500.0


def test_deals_of_an_absence_are_counted() -> None:
    state = with_history()
    events = book(state, update(10_004.0, complete=True, deals=(exit_deal(7, 5.0), exit_deal(8, -1.0))))
    assert held(events) == [False, False]
    assert (state.balance, state.realised_today, flags(events)) == (10_004.0, 4.0, [])


def test_deals_that_the_greeting_held_are_not_counted_again() -> None:
    state = with_history(seen(10_004.0))
    events = book(state, update(10_004.0, complete=True, deals=(exit_deal(7, 5.0), exit_deal(8, -1.0))))
    assert (held(events), flags(events)) == ([True, True], [])
    assert (state.balance, state.realised_today) == (10_004.0, 4.0)


def test_deals_between_greeting_and_snapshot() -> None:
    state = with_history(seen(10_005.0))
    events = book(state, update(10_004.0, complete=True, deals=(exit_deal(7, 5.0), exit_deal(8, -1.0))))
    assert (held(events), flags(events)) == ([True, False], [])
    assert state.balance == 10_004.0


def test_a_balance_that_deals_do_not_explain_is_taken_and_flagged() -> None:
    state = with_history()
    events = book(state, update(9_990.0, complete=True, deals=(exit_deal(7, 5.0),)))
    assert [kind for kind, _ in flags(events)] == [FlagKind.MONEY_MISMATCH]
    assert "deals explain a balance of 10005.0, the terminal has 9990.0" in str(events)
    assert state.balance == 9_990.0
    again = book(state, update(9_980.0, complete=True))
    assert [kind for kind, _ in flags(again)] == [FlagKind.MONEY_MISMATCH]


def test_an_incremental_update_counts_its_deals_whatever_the_terminal_says() -> None:
    state = with_history()
    events = book(state, update(10_000.0, deals=(exit_deal(7, 5.0),)))
    assert (held(events), flags(events)) == ([False], [])
    assert state.balance == 10_005.0


def test_credit_is_kept_apart_from_the_balance() -> None:
    state = with_history(seen(10_000.0, credit=100.0))
    events = book(state, update(10_000.0, complete=True, deals=(deposit(50.0, 9, DealType.CREDIT),)))
    assert (state.credit, state.balance, flags(events)) == (150.0, 10_000.0, [])


@pytest.mark.parametrize("changed", ["equity", "margin", "margin_free"])
def test_the_terminals_money_is_an_event_when_it_changed(changed: str) -> None:
    state = with_history()
    figures: dict[str, Any] = {changed: 5.0}
    what = TradeUpdate(money=money(**figures), complete=True)
    (event,) = book(state, what)
    assert isinstance(event, AccountSeen)


AMOUNTS = st.lists(st.integers(-5_000, 5_000), max_size=8)


@given(AMOUNTS, st.integers(0, 8))
def test_whatever_part_of_the_deals_is_known_the_balance_ends_right(cents: list[int], known: int) -> None:
    """The greeting held the first `known` deals; none of it may be flagged, and the fold must end at the terminal's."""
    deals = tuple(exit_deal(10 + n, cent / 100, time_msc=NOON_MSC + n) for n, cent in enumerate(cents))
    greeting = (1_000_000 + sum(cents[:known])) / 100
    total = (1_000_000 + sum(cents)) / 100
    state = with_history(seen(greeting))
    events = book(state, update(total, complete=True, deals=deals))
    assert [kind for kind, _ in flags(events)] == []
    assert state.balance == total
    assert state.deals == {1, *(one.deal_ticket for one in deals)}


@given(AMOUNTS.filter(lambda cents: len(cents) > 0), st.randoms(use_true_random=False))
def test_deals_in_any_portions_give_the_same_account(cents: list[int], random: Random) -> None:
    deals = [exit_deal(10 + n, cent / 100, time_msc=NOON_MSC + n) for n, cent in enumerate(cents)]
    at_once, in_portions = with_history(), with_history()
    book(at_once, update(deals=tuple(deals)))
    random.shuffle(deals)
    while deals:
        book(in_portions, update(deals=(deals.pop(),)))
    assert in_portions.balance == at_once.balance == 10_000.0 + sum(cents) / 100
    assert in_portions.deals == at_once.deals
    assert in_portions.watermark == at_once.watermark


def test_closing_intents_are_filled_by_their_exits() -> None:
    closing = issued_event(0xC, kind=IntentKind.PARTIAL_CLOSE, volume=0.04, position_ticket=401, side=-1)
    state = account(issued_event(), *reported(done()), PositionSeen(time_ns=1, position=position()), closing)
    exits = (exit_deal(601, 2.0, volume=0.04, comment=comment_of(0xC)),)
    what = update(10_002.0, deals=exits, positions=(position(volume=0.06),))
    assert kinds(book(state, what)) == ["deal_booked", "position_seen"]
    assert state.intents[0xC].state == IntentState.FILLED
    assert (state.positions[401].volume, state.initial_lots(401)) == (0.06, 0.1)
    late = book(state, update(results=(done(0xC, deal_ticket=601, volume=0.04),)))
    assert [event for event in late if not isinstance(event, IntentReported)] == []
    assert state.intents[0xC].filled_lots == 0.04
