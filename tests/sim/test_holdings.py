import msgspec
import pytest

from domain.trading import DealEntry, DealReason, DealType
from sim.exposure import Fill
from sim.holdings import Holdings
from sim.market import Market
from sim.profiles import AccountProfile, CommissionRule, LeverageTier
from tests.sim.venues import DAY_MSC, EURUSD, MONDAY_MSC, PROFILE, USDJPY, ticks_of

TIERS = (LeverageTier(equity_from=0.0, leverage=1000), LeverageTier(equity_from=10_000.0, leverage=500))


class Account:
    """Holdings at a market that quotes EURUSD and USDJPY."""

    def __init__(self, profile: AccountProfile = PROFILE, **swaps: float) -> None:
        spec = msgspec.structs.replace(EURUSD, **swaps)
        leverage = profile.leverage_at(profile.deposit)
        self.market = Market((spec, USDJPY), "USD", 2, leverage, MONDAY_MSC)
        self.holdings = Holdings(profile, self.market)
        self.quote(1.1, 1.1002)

    def quote(self, bid: float, ask: float, *, after_msc: int = 1000, symbol_index: int = 0) -> None:
        ticks = ticks_of([(bid, ask)], start_msc=self.market.now_msc + after_msc)
        self.market.take_quote(symbol_index, ticks, 0)

    def sleep(self, days: int) -> None:
        before_msc = self.market.now_msc
        self.quote(1.1, 1.1002, after_msc=days * DAY_MSC)
        self.holdings.charge_swaps(before_msc)


def fill(volume: float, price: float) -> Fill:
    return Fill(volume=volume, price=price, reason=DealReason.EXPERT, magic=7, comment="c", sl=1.0, tp=1.2)


def test_an_account_begins_with_its_deposit() -> None:
    money = Account().holdings.money()
    assert (money.balance, money.equity, money.margin, money.margin_free) == (10_000.0, 10_000.0, 0.0, 10_000.0)


def test_opening_makes_a_position_named_by_its_order() -> None:
    account = Account()
    deal = account.holdings.trade(0, 1, fill(0.5, 1.1002))
    position = account.holdings.position(deal.position_id)
    assert position is not None
    assert deal.order_ticket == deal.position_id == position.position_ticket == position.position_id
    assert (deal.entry, deal.type, deal.profit, deal.comment) == (DealEntry.IN, DealType.BUY, 0.0, "c")
    assert (position.profit, position.sl, position.tp, position.comment) == (-10.0, 1.0, 1.2, "c")
    money = account.holdings.money()
    assert (money.balance, money.equity, money.margin) == (10_000.0, 9_990.0, 110.02)
    assert money.margin_free == 9_879.98


def test_a_partial_close_keeps_the_position_and_its_ticket() -> None:
    account = Account()
    ticket = account.holdings.trade(0, 1, fill(0.5, 1.1002)).position_id
    account.quote(1.101, 1.1012)
    deal = account.holdings.reduce(ticket, fill(0.2, 1.101))
    position = account.holdings.position(ticket)
    assert position is not None
    assert (deal.entry, deal.type, deal.position_id, deal.profit) == (DealEntry.OUT, DealType.SELL, ticket, 16.0)
    assert deal.order_ticket > ticket
    assert (position.volume, position.time_update_msc > position.time_msc) == (0.3, True)
    assert account.holdings.money().balance == 10_016.0


def test_volumes_left_have_no_binary_noise() -> None:
    account = Account()
    ticket = account.holdings.trade(0, 1, fill(0.3, 1.1002)).position_id
    account.holdings.reduce(ticket, fill(0.1, 1.1))
    account.holdings.reduce(ticket, fill(0.1, 1.1))
    position = account.holdings.position(ticket)
    assert position is not None
    assert position.volume == 0.1
    account.holdings.reduce(ticket, fill(0.1, 1.1))
    assert account.holdings.position(ticket) is None
    assert account.holdings.money().margin == 0.0


def test_what_is_not_open_cannot_be_reduced() -> None:
    with pytest.raises(KeyError):
        Account().holdings.reduce(1, fill(0.1, 1.1))


def test_swap_grows_over_midnight_and_is_booked_by_the_exit() -> None:
    account = Account(swap_long=-7.51)
    ticket = account.holdings.trade(0, 1, fill(0.39, 1.1)).position_id
    account.sleep(1)
    position = account.holdings.position(ticket)
    assert position is not None
    assert position.swap == -2.93
    assert account.holdings.money().balance == 10_000.0
    assert account.holdings.money().equity == 9_997.07
    account.sleep(2)  # Tuesday and Wednesday
    assert account.holdings.reduce(ticket, fill(0.39, 1.1)).swap == -14.65  # 2.93 + 2.93 + 8.79
    assert account.holdings.money().balance == 9_985.35


def test_a_partial_close_takes_its_share_of_the_swap() -> None:
    account = Account(swap_long=-10.0)
    ticket = account.holdings.trade(0, 1, fill(0.3, 1.1)).position_id
    account.sleep(1)
    first = account.holdings.reduce(ticket, fill(0.1, 1.1))
    second = account.holdings.reduce(ticket, fill(0.2, 1.1))
    assert (first.swap, second.swap) == (-1.0, -2.0)


def test_a_position_opened_after_midnight_pays_nothing_for_it() -> None:
    account = Account(swap_long=-10.0)
    before_msc = account.market.now_msc
    account.quote(1.1, 1.1002, after_msc=DAY_MSC)
    ticket = account.holdings.trade(0, 1, fill(0.3, 1.1)).position_id
    account.holdings.charge_swaps(before_msc)
    position = account.holdings.position(ticket)
    assert position is not None
    assert position.swap == 0.0


def test_leverage_follows_equity_at_the_next_deal() -> None:
    account = Account(msgspec.structs.replace(PROFILE, deposit=9_990.0, tiers=TIERS))
    ticket = account.holdings.trade(0, 1, fill(1.0, 1.1)).position_id
    assert (account.market.leverage, account.holdings.margin) == (1000, 110.0)
    account.quote(1.1011, 1.1013)
    assert account.market.leverage == 1000
    account.holdings.reduce(ticket, fill(0.5, 1.1011))
    assert (account.market.leverage, account.holdings.margin) == (500, 110.0)


def test_margin_with_one_more_position() -> None:
    account = Account()
    account.holdings.trade(0, 1, fill(1.0, 1.1))
    assert account.holdings.margin_with(0, 1, 1.0, 1.1) == 440.0
    assert account.holdings.margin_with(0, -1, 1.0, 1.1) == 220.0
    assert account.holdings.margin_with(1, 1, 1.0, 150.0) == 420.0
    assert account.holdings.margin == 220.0


def test_changes_are_told_once() -> None:
    account = Account()
    deposit = account.holdings.take_changes()
    assert deposit is not None
    assert [deal.type for deal in deposit.deals] == [DealType.BALANCE]
    assert account.holdings.take_changes() is None
    ticket = account.holdings.trade(0, 1, fill(0.1, 1.1)).position_id
    account.holdings.move_stops(ticket, 1.05, 0.0)
    opened = account.holdings.take_changes()
    assert opened is not None
    assert [(one.position_ticket, one.sl) for one in opened.positions] == [(ticket, 1.05)]
    assert (len(opened.deals), opened.positions_gone, opened.money) == (1, (), account.holdings.money())
    account.holdings.reduce(ticket, fill(0.1, 1.1))
    closed = account.holdings.take_changes()
    assert closed is not None
    assert (len(closed.deals), closed.positions, closed.positions_gone) == (1, (), (ticket,))


def test_a_position_that_came_and_went_between_two_reports() -> None:
    account = Account()
    account.holdings.mark_reported()
    ticket = account.holdings.trade(0, 1, fill(0.1, 1.1)).position_id
    account.holdings.reduce(ticket, fill(0.1, 1.1))
    update = account.holdings.take_changes()
    assert update is not None
    assert [deal.entry for deal in update.deals] == [DealEntry.IN, DealEntry.OUT]
    assert (update.positions, update.positions_gone) == ((), (ticket,))


def test_commission_lowers_balance_and_equity() -> None:
    account = Account(msgspec.structs.replace(PROFILE, commission=CommissionRule(per_lot=7.0)))
    deal = account.holdings.trade(0, 1, fill(0.5, 1.1))
    assert deal.commission == -3.5
    assert account.holdings.money().balance == 9_996.5
    assert account.holdings.money().equity == 9_996.5
