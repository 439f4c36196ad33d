import pytest

from domain.trading import DealEntry, DealReason, DealType, OrderState, OrderType
from sim.ledger import Execution, Ledger, filled_order
from sim.pending import OrderDetail
from sim.profiles import AccountProfile, CommissionRule

PROFILE = AccountProfile(login=1, server="S", deposit=1000.0, commission=CommissionRule(per_lot=7.0))

DETAIL = OrderDetail(reason=DealReason.SL, time_done_msc=11)


def executed(side: int, entry: DealEntry, reason: DealReason, *, volume: float = 0.5, **money: float) -> Execution:
    return Execution(
        position_id=3, side=side, entry=entry, reason=reason, volume=volume, price=1.5, time_msc=11, **money
    )


def test_a_deposit_is_a_deal_of_its_own() -> None:
    ledger = Ledger(PROFILE)
    ledger.deposit(1000.0, 5)
    ledger.deposit(-200.0, 6)
    deposit, withdrawal = ledger.deals
    assert (deposit.type, deposit.profit, deposit.time_msc, deposit.comment) == (DealType.BALANCE, 1000.0, 5, "deposit")
    assert (withdrawal.profit, withdrawal.comment) == (-200.0, "withdrawal")
    assert (deposit.symbol, deposit.order_ticket, deposit.position_id) == ("", 0, 0)
    assert ledger.balance == 800.0


def test_tickets_rise_and_are_never_given_twice() -> None:
    ledger = Ledger(PROFILE)
    orders = [ledger.take_order_ticket() for _ in range(3)]
    ledger.deposit(1.0, 0)
    ledger.deposit(1.0, 0)
    deals = [deal.deal_ticket for deal in ledger.deals]
    assert orders == sorted(set(orders))
    assert deals == sorted(set(deals))
    assert not set(orders) & set(deals)


@pytest.mark.parametrize(("side", "type_"), [(1, DealType.BUY), (-1, DealType.SELL)])
def test_a_deal_takes_over_what_its_order_says(side: int, type_: DealType) -> None:
    ledger = Ledger(PROFILE)
    order = filled_order(7, 3, "EURUSD", side, 0.5, sl=1.0, tp=2.0, magic=9, comment="c", time_msc=11)
    ledger.keep(order, DETAIL)
    deal = ledger.book(order, executed(side, DealEntry.OUT, DealReason.SL, profit=-12.34, swap=-0.5))
    assert (deal.order_ticket, deal.position_id, deal.symbol, deal.type) == (7, 3, "EURUSD", type_)
    assert (deal.magic, deal.volume, deal.price, deal.time_msc, deal.comment) == (9, 0.5, 1.5, 11, "c")
    assert (deal.profit, deal.swap, deal.commission, deal.fee) == (-12.34, -0.5, 0.0, 0.0)
    assert (deal.entry, deal.reason) == (DealEntry.OUT, DealReason.SL)
    assert ledger.orders == [order]
    assert ledger.details == {7: DETAIL}
    assert ledger.balance == -12.84


def test_the_entry_pays_the_commission() -> None:
    ledger = Ledger(PROFILE)
    ledger.deposit(100.0, 0)
    order = filled_order(7, 7, "EURUSD", 1, 0.01, sl=0.0, tp=0.0, magic=0, comment="", time_msc=1)
    deal = ledger.book(order, executed(1, DealEntry.IN, DealReason.EXPERT, volume=0.01))
    assert deal.commission == -0.07
    assert ledger.balance == 99.93


def test_a_market_order_is_filled_at_once() -> None:
    order = filled_order(7, 3, "EURUSD", -1, 0.5, sl=1.0, tp=2.0, magic=9, comment="c", time_msc=11)
    assert (order.type, order.state) == (OrderType.SELL, OrderState.FILLED)
    assert (order.volume_initial, order.volume_current) == (0.5, 0.0)


def test_a_balance_of_many_cents_stays_exact() -> None:
    ledger = Ledger(PROFILE)
    for _ in range(1000):
        ledger.deposit(0.1, 0)
    assert ledger.balance == 100.0
