"""The account's fold: money, days, positions and what the digest tells apart."""

import math
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from account.events import (
    AccountEvent,
    DealBooked,
    EquityMarked,
    Flagged,
    FlagKind,
    IntentEnded,
    IntentSent,
    OrderGone,
    OrderSeen,
    PositionGone,
    PositionSeen,
    Reconciled,
    SymbolsSeen,
)
from account.state import NO_DAY, AccountState, PositionLots, flag_key
from domain.intents import IntentKind, IntentState, comment_of
from domain.servertime import NS_PER_S
from domain.trading import Deal, DealEntry, DealType, Position
from domain.updates import ResultPhase
from tests.account.samples import (
    DAY_MSC,
    DAY_NS,
    INTENT,
    MAGIC,
    NOON_MSC,
    NOON_NS,
    OFFSET_S,
    account,
    deal,
    deposit,
    done,
    exit_deal,
    intent,
    issued_event,
    order,
    position,
    reported,
    result,
    seen,
    session,
    spec,
)

MIDNIGHT_NS = NOON_NS + 10 * 3_600 * NS_PER_S  # the broker's clock is two hours ahead
THURSDAY = NOON_MSC // DAY_MSC


def booked(*deals: Deal, in_balance: bool = False) -> list[AccountEvent]:
    return [DealBooked(time_ns=NOON_NS, deal=one, in_balance=in_balance) for one in deals]


def marked(equity: float, time_ns: int = NOON_NS) -> EquityMarked:
    return EquityMarked(time_ns=time_ns, equity=equity, balance=10_000.0, margin=12.5)


def placed(**changes: object) -> PositionSeen:
    fields: dict[str, Any] = dict(changes)
    return PositionSeen(time_ns=NOON_NS, position=position(**fields))


def gone(position_ticket: int = 401) -> PositionGone:
    return PositionGone(time_ns=NOON_NS, position_ticket=position_ticket)


# -- session, symbols, the terminal's word ----------------------------------------------------------------------------


def test_a_session_says_whose_account_it_is() -> None:
    state = account()
    assert (state.login, state.server, state.currency, state.currency_digits) == (
        2_000_123,
        "JustMarkets-Demo2",
        "USD",
        2,
    )
    assert (state.leverage, state.magic, state.server_offset_s, state.session) == (500, MAGIC, OFFSET_S, 1)
    assert state.trade_allowed
    assert state.terminal_id == "vps-1"


def test_a_new_session_of_the_same_account_keeps_everything_else() -> None:
    state = account(issued_event(), *booked(deal()))
    state.apply(session(session=2, leverage=200, trade_allowed=False))
    assert (state.session, state.leverage, state.trade_allowed) == (2, 200, False)
    assert state.balance == 10_000.0
    assert list(state.intents) == [INTENT]


@pytest.mark.parametrize("other", [session(login=7), session(server="JustMarkets-Live")])
def test_another_account_starts_empty(other: AccountEvent) -> None:
    state = account(issued_event(), placed(), *booked(deal()))
    state.apply(other)
    assert state.digest() == AccountState.replayed([other]).digest()


def test_specifications_replace_each_other_by_name() -> None:
    state = account(SymbolsSeen(time_ns=1, specs=(spec(), spec("XAUUSD.s"))))
    state.apply(SymbolsSeen(time_ns=2, specs=(spec(volume_min=0.1),)))
    assert state.specs == {"EURUSD.s": spec(volume_min=0.1), "XAUUSD.s": spec("XAUUSD.s")}


def test_the_terminals_word_is_the_truth() -> None:
    state = account(seen(9_000.0, credit=50.0, equity=9_100.0, margin=10.0, margin_free=9_090.0))
    assert (state.balance, state.credit, state.last_equity) == (9_000.0, 50.0, 9_100.0)
    assert (state.margin, state.margin_free) == (10.0, 9_090.0)
    assert state.has_money
    assert not AccountState().has_money


# -- deals and the balance --------------------------------------------------------------------------------------------


def test_a_deal_changes_the_balance_by_all_its_money() -> None:
    state = account(*booked(exit_deal(profit=12.34, swap=-0.56, commission=-0.7, fee=-0.08)))
    assert state.balance == 10_011.0


def test_a_known_deal_changes_nothing() -> None:
    state = account(*booked(exit_deal(profit=5.0)))
    before = state.digest()
    state.apply(DealBooked(time_ns=NOON_NS + 5, deal=exit_deal(profit=5.0)))
    state.apply(DealBooked(time_ns=NOON_NS + 5, deal=exit_deal(profit=99.0, time_msc=NOON_MSC + 9)))
    assert state.digest() == before


def test_a_deal_that_the_balance_holds_already_is_only_recorded() -> None:
    state = account(*booked(exit_deal(profit=5.0), in_balance=True))
    assert state.balance == 10_000.0
    assert state.deals == {502}
    assert state.watermark == (NOON_MSC, 502)


@pytest.mark.parametrize("kind", list(DealType))
def test_only_credit_goes_to_the_credit(kind: DealType) -> None:
    state = account(*booked(deposit(25.0, kind=kind)))
    on_credit = kind == DealType.CREDIT
    assert (state.balance, state.credit) == ((10_000.0, 25.0) if on_credit else (10_025.0, 0.0))


def test_credit_that_the_account_holds_already_is_only_recorded() -> None:
    state = account(*booked(deposit(25.0, kind=DealType.CREDIT), in_balance=True))
    assert (state.balance, state.credit) == (10_000.0, 0.0)


def test_the_watermark_is_the_newest_deal_not_the_last_booked() -> None:
    state = account(*booked(deal(503, time_msc=NOON_MSC + 5), deal(504, time_msc=NOON_MSC), deal(502)))
    assert state.watermark == (NOON_MSC + 5, 503)
    assert state.deals == {502, 503, 504}


CENTS = st.integers(-1_000_000, 1_000_000)
MONEY = st.tuples(CENTS, CENTS, CENTS, CENTS)


@given(st.lists(MONEY, max_size=60), st.integers(0, 3))
def test_the_balance_is_the_exact_decimal_sum_of_all_deals(amounts: list[tuple[int, ...]], digits: int) -> None:
    unit = 10**digits
    state = AccountState.replayed([session(currency_digits=digits), seen(0.0)])
    for ticket, (profit, swap, commission, fee) in enumerate(amounts, start=1):
        one = exit_deal(ticket, profit / unit, swap=swap / unit, commission=commission / unit, fee=fee / unit)
        state.apply(DealBooked(time_ns=NOON_NS, deal=one))
    expected = Decimal(sum(map(sum, amounts))).scaleb(-digits)
    assert Decimal(repr(state.balance)).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP) == expected
    assert state.balance == float(expected)


@given(st.permutations(range(6)))
def test_the_order_of_deals_does_not_change_the_money(order_of_deals: list[int]) -> None:
    deals = [exit_deal(600 + n, 0.1 * n - 0.25, swap=-0.03, time_msc=NOON_MSC + n) for n in range(6)]
    state = account(*booked(*(deals[n] for n in order_of_deals)))
    assert state.balance == account(*booked(*deals)).balance
    assert state.watermark == (NOON_MSC + 5, 605)


# -- peak and drawdown ------------------------------------------------------------------------------------------------


def test_drawdown_counts_from_the_highest_mark() -> None:
    state = account(marked(12_000.0), marked(9_000.0))
    assert state.peak_equity == 12_000.0
    assert state.drawdown_fraction(9_000.0) == 0.25
    assert state.drawdown_fraction(12_500.0) == 0.0


def test_nothing_is_lost_where_nothing_is_known() -> None:
    assert AccountState().drawdown_fraction(5.0) == 0.0
    assert AccountState().day_loss_fraction(5.0) == 0.0


@pytest.mark.parametrize(("flow", "equity"), [(10_000.0, 18_000.0), (-4_500.0, 4_500.0), (-1_000.0, 8_000.0)])
def test_a_deposit_is_no_profit_and_a_withdrawal_no_loss(flow: float, equity: float) -> None:
    state = account(marked(12_000.0), marked(9_000.0), *booked(deposit(flow)))
    assert state.last_equity == 9_000.0 + flow
    assert state.drawdown_fraction(9_000.0 + flow) == pytest.approx(0.25, abs=1e-6)
    assert state.day_loss_fraction(9_000.0 + flow) == pytest.approx(0.1, abs=1e-6)
    assert 0.0 <= state.drawdown_fraction(equity) <= 1.0


def test_a_withdrawal_of_everything_leaves_no_drawdown() -> None:
    state = account(*booked(deposit(-10_000.0)))
    assert (state.peak_equity, state.day_start_equity, state.balance) == (0.0, 0.0, 0.0)
    assert state.drawdown_fraction(0.0) == 0.0


def test_the_first_deposit_is_the_first_peak() -> None:
    state = AccountState.replayed([session(), *booked(deposit(10_000.0))])
    assert (state.balance, state.peak_equity, state.day_start_equity) == (10_000.0, 10_000.0, 10_000.0)


def test_a_deposit_that_the_balance_holds_moves_no_mark() -> None:
    state = account(*booked(deposit(10_000.0), in_balance=True))
    assert (state.peak_equity, state.day_start_equity) == (10_000.0, 10_000.0)


@given(st.lists(st.floats(1.0, 1e7), min_size=1, max_size=30))
def test_drawdown_is_a_fraction(equities: list[float]) -> None:
    state = account(*(marked(equity) for equity in equities))
    fraction = state.drawdown_fraction(equities[-1])
    assert 0.0 <= fraction < 1.0
    assert state.peak_equity == max(10_000.0, *equities)
    assert math.isclose(state.peak_equity * (1.0 - fraction), equities[-1], rel_tol=1e-9)


# -- the broker's day -------------------------------------------------------------------------------------------------


def test_a_day_begins_at_midnight_of_the_broker() -> None:
    state = account(marked(9_500.0))
    assert state.broker_day == THURSDAY
    assert not state.is_new_day(MIDNIGHT_NS - 1)
    assert state.is_new_day(MIDNIGHT_NS)


def test_a_day_starts_with_the_last_equity_of_the_day_before() -> None:
    state = account(marked(9_500.0, MIDNIGHT_NS - 1))
    assert (state.day_start_equity, state.day_loss_fraction(9_500.0)) == (10_000.0, 0.05)
    state.apply(marked(9_310.0, MIDNIGHT_NS))
    assert state.broker_day == THURSDAY + 1
    assert state.day_start_equity == 9_500.0
    assert state.day_loss_fraction(9_310.0) == pytest.approx(0.02)
    assert state.day_loss_fraction(9_600.0) == 0.0


@pytest.mark.parametrize(("days", "start"), [(1, 9_500.0), (4, 9_500.0), (5, 9_000.0)])
def test_a_weekend_is_bridged_and_a_long_absence_is_not(days: int, start: float) -> None:
    state = account(marked(9_500.0), marked(9_000.0, NOON_NS + days * DAY_NS))
    assert state.day_start_equity == start


def test_the_day_before_the_first_mark_is_not_known() -> None:
    state = AccountState.replayed([session()])
    assert state.broker_day == NO_DAY
    assert state.is_new_day(NOON_NS)


def test_what_was_realised_before_the_first_mark_of_a_day_counts() -> None:
    state = AccountState.replayed([session(), *booked(exit_deal(profit=-40.0), in_balance=True), seen(9_960.0)])
    assert (state.realised_today, state.day_start_equity) == (-40.0, 10_000.0)
    assert state.day_loss_fraction(9_960.0) == 0.004


def test_the_days_result_is_the_sum_of_the_days_deals() -> None:
    today = [exit_deal(502, 10.0, swap=-1.0), deal(503, commission=-0.5)]
    yesterday = exit_deal(499, -300.0, time_msc=NOON_MSC - DAY_MSC)
    state = account(*booked(*today, yesterday, deposit(1_000.0)))
    assert state.realised_today == 8.5
    assert state.balance == 10_000.0 + 8.5 - 300.0 + 1_000.0


def test_a_deal_of_the_next_day_begins_it() -> None:
    state = account(marked(9_800.0), *booked(exit_deal(502, -50.0), exit_deal(503, 7.0, time_msc=NOON_MSC + DAY_MSC)))
    assert (state.broker_day, state.realised_today, state.day_start_equity) == (THURSDAY + 1, 7.0, 9_800.0)


def test_an_old_deal_does_not_take_the_day_back() -> None:
    state = account(*booked(exit_deal(profit=-5.0, time_msc=NOON_MSC - 3 * DAY_MSC)))
    assert (state.broker_day, state.realised_today) == (THURSDAY, 0.0)


# -- positions, orders and intents ------------------------------------------------------------------------------------


def test_a_position_lives_from_seen_to_gone() -> None:
    state = account(placed(), placed(sl=1.098))
    assert state.positions == {401: position(sl=1.098)}
    state.apply(gone())
    assert state.positions == {}
    state.apply(gone())
    assert state.gone == {401}


def test_an_order_lives_from_seen_to_gone() -> None:
    state = account(OrderSeen(time_ns=1, order=order()))
    assert state.orders == {450: order()}
    state.apply(OrderGone(time_ns=1, order_ticket=450))
    state.apply(OrderGone(time_ns=1, order_ticket=450))
    assert state.orders == {}


@pytest.mark.parametrize(
    ("seen_position", "own"),
    [
        (position(), True),
        (position(magic=8), False),
        (position(intent_id=None, magic=MAGIC), False),
        (position(intent_id=None), False),
        (position(comment=comment_of(INTENT) + "[sl 1.09]"), True),
        (position(comment="CMPx"), False),
    ],
)
def test_own_is_our_magic_with_our_comment(seen_position: Position, own: bool) -> None:
    assert account().is_own(seen_position) == own


def test_a_position_whose_comment_a_broker_dropped_is_own_by_its_result() -> None:
    state = account(issued_event(), *reported(done()))
    assert state.is_own(position(comment=""))
    state.apply(placed(comment=""))
    assert state.opening_intent(401) == intent()


@pytest.mark.parametrize("learn", [[placed()], booked(deal()), reported(done())])
def test_the_opening_intent_is_known_from_any_trace(learn: list[AccountEvent]) -> None:
    state = account(issued_event(), *learn)
    assert state.opening_intent(401) == intent()
    assert state.opening_intent(402) is None


def test_the_opening_intent_survives_a_new_ticket() -> None:
    state = account(issued_event(), placed(), gone(), placed(position_ticket=480, position_id=401))
    assert state.opening_intent(480) == intent()
    assert state.initial_lots(480) == 0.1


def test_a_foreign_or_forgotten_position_has_no_opening_intent() -> None:
    state = account(placed(intent_id=None), placed(position_ticket=402, intent_id=99))
    assert state.opening_intent(401) is None
    assert state.opening_intent(402) is None


def test_later_deals_and_intents_do_not_become_the_opening_one() -> None:
    adding = intent(0xDEF)
    state = account(
        issued_event(), *booked(deal()), issued_event(0xDEF), *booked(deal(503, 0xDEF)), *reported(done(0xDEF))
    )
    assert adding.intent_id in state.intents
    assert state.opening_intent(401) == intent()


def test_initial_lots_stay_through_partial_closes() -> None:
    state = account(*booked(deal(501, volume=0.06), deal(502, volume=0.04)), placed())
    assert state.initial_lots(401) == pytest.approx(0.1)
    for event in (*booked(exit_deal(503, volume=0.05)), placed(volume=0.05)):
        state.apply(event)
    assert state.initial_lots(401) == pytest.approx(0.1)
    assert state.initial_lots(999) == 0.0


def test_initial_lots_of_an_adopted_position_are_what_was_first_seen() -> None:
    assert account(placed(volume=0.07), placed(volume=0.03)).initial_lots(401) == 0.07


def test_volumes_of_a_closed_position_are_forgotten() -> None:
    state = account(*booked(deal()), placed(), *booked(exit_deal()), gone())
    assert state.lots == {}
    assert state.unexplained == set()


def test_volumes_of_a_position_that_was_never_seen_are_forgotten() -> None:
    assert account(*booked(deal(), exit_deal())).lots == {}


@pytest.mark.parametrize("entry", [DealEntry.OUT, DealEntry.OUT_BY])
def test_a_position_that_is_gone_waits_for_its_deal(entry: DealEntry) -> None:
    state = account(*booked(deal()), placed(), gone())
    assert state.unexplained == {401}
    state.apply(DealBooked(time_ns=NOON_NS, deal=exit_deal(entry=entry)))
    assert state.unexplained == set()


def test_a_foreign_position_need_not_explain_itself() -> None:
    assert account(placed(intent_id=None), gone()).unexplained == set()


def test_volumes_add_up_whatever_their_order() -> None:
    lots = PositionLots().after(exit_deal(volume=0.3)).after(deal(volume=0.1)).after(deal(volume=0.2))
    assert lots.initial == pytest.approx(0.3)
    assert lots.accounted_for
    assert not lots.after(deal(volume=0.01)).accounted_for


def test_an_intent_is_open_until_it_ends() -> None:
    state = account(issued_event(1), issued_event(2), issued_event(3), *reported(done(2)))
    assert [record.intent.intent_id for record in state.open_intents()] == [1, 3]
    state.apply(IntentEnded(time_ns=1, intent_id=1, state=IntentState.EXPIRED, reason="never arrived"))
    assert [record.intent.intent_id for record in state.open_intents()] == [3]
    assert (state.intents[1].state, state.intents[1].reason) == (IntentState.EXPIRED, "never arrived")


def test_issuing_again_changes_nothing() -> None:
    state = account(issued_event(), *reported(done()))
    before = state.digest()
    state.apply(issued_event())
    assert state.digest() == before


def test_attempts_are_counted() -> None:
    state = account(issued_event(), IntentSent(time_ns=1, intent_id=INTENT, attempt=1))
    state.apply(IntentSent(time_ns=2, intent_id=INTENT, attempt=2))
    assert state.intents[INTENT].attempts == 2


@pytest.mark.parametrize(
    "event",
    [
        IntentSent(time_ns=1, intent_id=5, attempt=1),
        *reported(done(5)),
        IntentEnded(time_ns=1, intent_id=5, state=IntentState.EXPIRED, reason=""),
    ],
)
def test_an_unknown_intent_is_no_error(event: AccountEvent) -> None:
    state = account()
    before = state.digest()
    state.apply(event)
    assert state.digest() == before


def test_a_deal_fills_its_intent_by_comment_or_by_ticket() -> None:
    assert account(issued_event(), *booked(deal())).intents[INTENT].state == IntentState.FILLED
    received = reported(result(ResultPhase.EXECUTING, order_ticket=401))
    state = account(issued_event(), *received, *booked(deal(comment="")))
    assert state.intents[INTENT].state == IntentState.FILLED
    assert state.intent_id_of(deal(comment="")) == INTENT


def test_a_stop_loss_with_the_entry_comment_fills_nothing() -> None:
    state = account(issued_event(volume=0.2), *booked(deal(), exit_deal()))
    assert state.intents[INTENT].filled_lots == 0.1
    assert state.intents[INTENT].deal_tickets == (501,)


def test_a_closing_intent_is_filled_by_the_exit() -> None:
    closing = issued_event(0xC, kind=IntentKind.CLOSE, position_ticket=401, side=-1)
    state = account(issued_event(), *booked(deal()), placed(), closing, *booked(exit_deal(comment=comment_of(0xC))))
    assert state.intents[0xC].state == IntentState.FILLED
    assert state.opening_intent(401) == intent()


def test_a_position_with_another_magic_still_proves_that_its_intent_was_executed() -> None:
    state = account(issued_event(), placed(magic=8))
    assert state.intents[INTENT].state == IntentState.FILLED
    assert not state.is_own(state.positions[401])


def test_flags_and_reconciliation_are_remembered() -> None:
    flag = Flagged(time_ns=1, kind=FlagKind.UNKNOWN_DEAL, subject="deal 5", detail="?")
    state = account(flag, Reconciled(time_ns=1, session=4, adopted=0, resolved=0, flagged=1))
    assert state.flags == {flag_key(flag)} == {"unknown_deal:deal 5"}
    assert state.reconciled_session == 4


# -- the digest -------------------------------------------------------------------------------------------------------

CHANGES: list[AccountEvent] = [
    session(session=2),
    session(leverage=100),
    SymbolsSeen(time_ns=1, specs=(spec("XAUUSD.s"),)),
    seen(10_000.0, credit=1.0),
    seen(10_000.01),
    issued_event(7),
    IntentSent(time_ns=1, intent_id=INTENT, attempt=1),
    *reported(result(ResultPhase.RECEIVED)),
    IntentEnded(time_ns=1, intent_id=INTENT, state=IntentState.UNKNOWN, reason="x"),
    *booked(deal()),
    *booked(exit_deal(profit=0.01)),
    placed(),
    gone(),
    OrderSeen(time_ns=1, order=order()),
    marked(10_000.02),
    marked(9_999.0),
    Flagged(time_ns=1, kind=FlagKind.UNKNOWN_DEAL, subject="deal 5", detail="?"),
    Reconciled(time_ns=1, session=1, adopted=0, resolved=0, flagged=0),
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda event: type(event).__name__)
def test_the_digest_notices_every_change(change: AccountEvent) -> None:
    state = account(issued_event())
    before = state.digest()
    state.apply(change)
    assert state.digest() != before


@given(st.lists(st.sampled_from(CHANGES), max_size=25))
def test_equal_histories_have_equal_digests(events: list[AccountEvent]) -> None:
    live = account(issued_event())
    for event in events:
        live.apply(event)
    assert live.digest() == account(issued_event(), *events).digest()


def test_the_digest_does_not_depend_on_the_order_of_containers() -> None:
    one = account(OrderSeen(time_ns=1, order=order(1)), OrderSeen(time_ns=1, order=order(2)))
    two = account(OrderSeen(time_ns=1, order=order(2)), OrderSeen(time_ns=1, order=order(1)))
    assert one.digest() == two.digest()


def test_the_digest_sees_the_last_bit_of_a_number() -> None:
    assert account(marked(10_000.1)).digest() != account(marked(math.nextafter(10_000.1, 0.0))).digest()


def test_every_kind_of_event_can_be_folded() -> None:
    assert set(AccountState._FOLDS) == set(AccountEvent.__args__)


def test_a_position_keeps_its_hour_when_the_clocks_change() -> None:
    """A broker does not rewrite the times of what is open; only what is opened from then on has the new clock."""
    held, later = position(401), position(402, intent_id=None)
    state = account(issued_event(), PositionSeen(time_ns=1, position=held))
    before_ns = state.opened_ns(held)
    state.apply(session(session=2, server_offset_s=OFFSET_S - 3600))
    state.apply(PositionSeen(time_ns=2, position=msgspec.structs.replace(held, sl=1.097)))
    state.apply(PositionSeen(time_ns=2, position=later))
    assert state.opened_ns(held) == before_ns
    assert state.opened_ns(later) == before_ns + 3600 * NS_PER_S


def test_the_clock_of_a_position_is_forgotten_with_it() -> None:
    state = account(issued_event(), PositionSeen(time_ns=1, position=position(401)))
    state.apply(PositionGone(time_ns=2, position_ticket=401))
    assert state.opening_offsets_s == {}
