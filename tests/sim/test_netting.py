"""Netting accounts, and close-by on hedging accounts."""

from collections import defaultdict
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.executor import Executor, ExecutorGuards
from advisor.memory import RamMemory
from domain.requests import TradeAction, TradeAnswer, TradeRequest
from domain.retcodes import Retcode
from domain.trading import DealEntry, DealReason, MarginMode, OrderState, OrderType, PositionType
from sim.profiles import CommissionRule
from tests.sim.venues import DAY_MSC, EURUSD, MAGIC, PROFILE, USDJPY, Venue, open_all_week, order

WITH_SWAP = msgspec.structs.replace(open_all_week(EURUSD), swap_long=-7.5, swap_short=2.5)
NETTING = msgspec.structs.replace(PROFILE, margin_mode=MarginMode.RETAIL_NETTING)


def account(mode: MarginMode = MarginMode.RETAIL_NETTING, **changes: Any) -> Venue:  # noqa: ANN401 - fields of the profile
    """EURUSD at 1.10000 without a spread."""
    venue = Venue(WITH_SWAP, USDJPY, profile=msgspec.structs.replace(PROFILE, margin_mode=mode, **changes))
    venue.quote(1.1, 1.1)
    return venue


def close_by(venue: Venue, position_ticket: int, position_by: int) -> TradeAnswer:
    request = TradeRequest(
        action=TradeAction.CLOSE_BY, position_ticket=position_ticket, position_by=position_by, magic=MAGIC
    )
    return venue.terminal.send(request)


# -- netting -----------------------------------------------------------------------------------------------------------


def test_a_second_order_enlarges_the_position_at_the_average_price() -> None:
    venue = account()
    ticket = venue.open(1, 0.1, sl=1.09).order_ticket
    venue.quote(1.103, 1.103)
    answer = venue.open(1, 0.2, tp=1.12)
    (position,) = venue.terminal.positions()
    assert (position.position_ticket, position.position_id, position.volume) == (ticket, ticket, 0.3)
    assert position.price_open == pytest.approx(1.102)
    assert (position.sl, position.tp) == (1.09, 1.12)  # what the order names replaces, what it leaves open stays
    assert position.time_update_msc == venue.clock_msc > position.time_msc
    deal = venue.terminal.deals[-1]
    assert (deal.entry, deal.position_id, deal.order_ticket) == (DealEntry.IN, ticket, answer.order_ticket)
    assert venue.terminal.order_history[-1].position_id == ticket


def test_an_opposite_order_reduces_and_closes() -> None:
    venue = account()
    ticket = venue.open(1, 0.3, sl=1.09).order_ticket
    venue.quote(1.101, 1.101, after_msc=DAY_MSC)  # a night: -2.25
    venue.open(-1, 0.1, sl=1.2)  # a level for the other side changes nothing
    (position,) = venue.terminal.positions()
    assert (position.volume, position.price_open, position.sl, position.swap) == (0.2, 1.1, 1.09, -1.5)
    venue.open(-1, 0.2)
    assert venue.terminal.positions() == ()
    exits = venue.terminal.deals[-2:]
    assert [(one.entry, one.position_id, one.profit, one.swap) for one in exits] == [
        (DealEntry.OUT, ticket, 10.0, -0.75),
        (DealEntry.OUT, ticket, 20.0, -1.5),
    ]


def test_a_larger_opposite_order_reverses_in_one_deal() -> None:
    venue = account(commission=CommissionRule(per_lot=7.0))
    ticket = venue.open(1, 0.2, sl=1.09).order_ticket
    venue.quote(1.102, 1.102, after_msc=DAY_MSC)
    venue.terminal.take_changes()
    answer = venue.open(-1, 0.5, sl=1.11, comment="turned")
    (position,) = venue.terminal.positions()
    assert (position.position_id, position.position_ticket) == (ticket, answer.order_ticket)
    assert (position.type, position.volume, position.price_open) == (PositionType.SELL, 0.3, 1.102)
    assert (position.sl, position.tp, position.swap, position.comment) == (1.11, 0.0, 0.0, "turned")
    deal = venue.terminal.deals[-1]
    assert (deal.entry, deal.position_id, deal.volume) == (DealEntry.INOUT, ticket, 0.5)
    assert (deal.profit, deal.swap, deal.commission) == (40.0, -1.5, -2.1)
    update = venue.terminal.take_changes()
    assert update is not None
    assert update.positions_gone == (ticket,)
    assert [one.position_ticket for one in update.positions] == [answer.order_ticket]


def test_a_pending_order_changes_the_position_it_meets() -> None:
    venue = account()
    ticket = venue.open(1, 0.2).order_ticket
    sell = venue.pend(OrderType.SELL_LIMIT, 0.5, 1.105).order_ticket
    venue.quote(1.106, 1.106)
    (position,) = venue.terminal.positions()
    assert (position.position_id, position.position_ticket, position.side, position.volume) == (ticket, sell, -1, 0.3)
    assert venue.terminal.deals[-1].entry == DealEntry.INOUT
    assert venue.terminal.order_history[-1].position_id == ticket


def test_margin_is_that_of_the_net_volume_and_less_exposure_needs_none() -> None:
    venue = account(deposit=250.0)
    venue.open(1, 1.0)
    assert venue.terminal.money().margin == 220.0
    assert venue.open(1, 0.2).retcode == Retcode.NO_MONEY
    assert venue.open(-1, 2.2).retcode == Retcode.NO_MONEY  # 1.2 the other way: 264
    assert venue.open(-1, 2.1).retcode == Retcode.DONE
    assert venue.terminal.money().margin == 242.0
    assert venue.open(1, 1.0).retcode == Retcode.DONE
    assert venue.terminal.money().margin == 22.0


def test_limits_count_what_an_order_opens() -> None:
    venue = account(limit_positions=1)
    venue.open(1, 0.1)
    assert venue.open(1, 0.1).retcode == Retcode.DONE
    assert venue.open(-1, 0.5).retcode == Retcode.DONE
    venue.quote(150.0, 150.0, symbol_index=1)
    assert venue.open(1, 0.1, symbol="USDJPY").retcode == Retcode.LIMIT_POSITIONS


def test_levels_are_set_by_symbol_and_stops_close_the_whole() -> None:
    venue = account()
    venue.open(1, 0.1)
    venue.open(1, 0.2)
    request = TradeRequest(action=TradeAction.SLTP, symbol="EURUSD", sl=1.095)
    assert venue.terminal.send(request).retcode == Retcode.DONE
    venue.quote(1.094, 1.094)
    assert venue.terminal.positions() == ()
    assert (venue.terminal.deals[-1].reason, venue.terminal.deals[-1].volume) == (DealReason.SL, 0.3)
    assert venue.terminal.send(request).retcode == Retcode.POSITION_CLOSED


def test_a_netting_account_is_stopped_out_too() -> None:
    venue = account(deposit=1000.0)
    venue.open(1, 0.6)
    venue.open(1, 0.4)
    venue.quote(1.0904, 1.0904)
    assert [(deal.reason, deal.volume) for deal in venue.terminal.deals[-1:]] == [(DealReason.SO, 1.0)]


def test_the_ea_trades_hedging_accounts_alone() -> None:
    with pytest.raises(ValueError, match="margin_mode RETAIL_NETTING: the EA trades hedging accounts alone"):
        Executor(account().terminal, RamMemory(), ExecutorGuards(), MAGIC)


TRADES = st.lists(
    st.tuples(st.sampled_from([1, -1]), st.integers(1, 100), st.integers(-200, 200)), min_size=1, max_size=12
)


@given(TRADES)
def test_netting_and_hedging_earn_the_same(trades: list[tuple[int, int, int]]) -> None:
    """The same orders at the same quotes: equal equity at every one, and equal balances when all is closed."""
    accounts = [account(mode, deposit=1_000_000.0) for mode in (MarginMode.RETAIL_NETTING, MarginMode.RETAIL_HEDGING)]
    net = 0
    for side, steps, drift in trades:
        net += side * steps
        price = round(1.1 + drift * 1e-5, 5)
        for venue in accounts:
            venue.quote(price, price)
            assert venue.open(side, steps / 100).retcode == Retcode.DONE
        equities = [venue.terminal.money().equity for venue in accounts]
        assert equities[0] == pytest.approx(equities[1], abs=0.01 * (len(trades) + 1))
        held = accounts[0].terminal.positions()
        assert sum(round(one.volume * one.side * 100) for one in held) == net
        assert len(held) == (net != 0)
        assert accounts[0].terminal.money().margin <= accounts[1].terminal.money().margin + 0.02
    for venue in accounts:
        for one in venue.terminal.positions():
            venue.close(one.position_ticket)
    balances = [venue.terminal.money().balance for venue in accounts]
    assert balances[0] == pytest.approx(balances[1], abs=0.01 * (2 * len(trades) + 1))


@given(TRADES, st.integers(0, 3))
def test_on_a_netting_account_money_and_volume_are_conserved(trades: list[tuple[int, int, int]], nights: int) -> None:
    venue = account(deposit=1_000_000.0, commission=CommissionRule(per_lot=7.0))
    for side, steps, drift in trades:
        price = round(1.1 + drift * 1e-5, 5)
        venue.quote(price, price, after_msc=1000 + nights * DAY_MSC)
        venue.open(side, steps / 100)
        money, deals = venue.terminal.money(), venue.terminal.deals
        assert money.balance == pytest.approx(sum(deal.balance_change for deal in deals), abs=1e-6)
        floating = sum(one.profit + one.swap for one in venue.terminal.positions())
        assert money.equity == pytest.approx(money.balance + floating, abs=1e-6)
        by_position: dict[int, float] = defaultdict(float)
        for deal in deals[1:]:
            by_position[deal.position_id] += deal.volume * (1 if deal.type == 0 else -1)
        stands = {one.position_id: one.volume * one.side for one in venue.terminal.positions()}
        assert {key: round(volume, 8) for key, volume in by_position.items() if round(volume, 8)} == stands


# -- close-by ----------------------------------------------------------------------------------------------------------


def hedged() -> tuple[Venue, int, int]:
    """0.3 lots bought at 1.10000, 0.1 sold at 1.10400; the market at 1.2, so that its price shows where it is used."""
    venue = account(MarginMode.RETAIL_HEDGING)
    bought = venue.open(1, 0.3).order_ticket
    venue.quote(1.104, 1.104, after_msc=DAY_MSC)
    sold = venue.open(-1, 0.1).order_ticket
    venue.quote(1.11, 1.11)
    venue.terminal.take_changes()
    return venue, bought, sold


def test_two_positions_close_each_other_at_the_open_price_of_the_second() -> None:
    venue, bought, sold = hedged()
    answer = close_by(venue, bought, sold)
    assert (answer.retcode, answer.volume, answer.price) == (Retcode.DONE, 0.1, 1.104)
    first, second = venue.terminal.deals[-2:]
    assert answer.deal_ticket == first.deal_ticket
    assert {first.order_ticket, second.order_ticket} == {answer.order_ticket}
    assert (first.entry, first.position_id, first.price, first.volume) == (DealEntry.OUT_BY, bought, 1.104, 0.1)
    assert (second.entry, second.position_id, second.price, second.volume) == (DealEntry.OUT_BY, sold, 1.104, 0.1)
    assert (first.profit, second.profit) == (40.0, 0.0)
    assert (first.swap, first.type, second.type) == (-0.75, 1, 0)
    (left,) = venue.terminal.positions()
    assert (left.position_ticket, left.volume, left.swap) == (bought, 0.2, -1.5)
    made = venue.terminal.order_history[-1]
    assert (made.type, made.state, made.position_id) == (OrderType.CLOSE_BY, OrderState.FILLED, bought)
    detail = venue.terminal.order_detail(made.order_ticket)
    assert detail is not None
    assert detail.position_by == sold
    update = venue.terminal.take_changes()
    assert update is not None
    assert (update.positions_gone, len(update.deals)) == ((sold,), 2)


def test_a_close_by_earns_what_closing_both_would_without_a_spread() -> None:
    (by, bought, sold), (apart, first, second) = hedged(), hedged()
    close_by(by, sold, bought)
    apart.close(first, 0.1)
    apart.close(second)
    assert by.terminal.money().balance == pytest.approx(apart.terminal.money().balance, abs=0.011)
    assert [one.volume for one in by.terminal.positions()] == [one.volume for one in apart.terminal.positions()]


def test_what_cannot_be_closed_by_each_other() -> None:
    venue, bought, sold = hedged()
    venue.quote(150.0, 150.0, symbol_index=1)
    more = venue.open(1, 0.1).order_ticket
    yen = venue.open(-1, 0.1, symbol="USDJPY").order_ticket
    for other in (bought, more, yen):
        assert close_by(venue, bought, other).retcode == Retcode.INVALID
    for pair in ((bought, 7), (7, sold), (0, 0)):
        assert close_by(venue, *pair).retcode == Retcode.POSITION_CLOSED
    venue.terminal.autotrading = False
    assert close_by(venue, bought, sold).retcode == Retcode.CLIENT_DISABLES_AT
    frozen = Venue(msgspec.structs.replace(EURUSD, freeze_level_points=50))
    frozen.quote(1.1, 1.1002)
    tickets = [frozen.open(1, 0.1, sl=1.0997).order_ticket, frozen.open(-1, 0.1).order_ticket]
    assert close_by(frozen, *tickets).retcode == Retcode.FROZEN
    frozen.quote(1.1, 1.1002, after_msc=5 * DAY_MSC)
    assert close_by(frozen, *tickets).retcode == Retcode.MARKET_CLOSED
    netted = account()
    ticket = netted.open(1, 0.1).order_ticket
    assert close_by(netted, ticket, ticket).retcode == Retcode.INVALID


def test_a_request_by_ticket_closes_on_a_netting_account_as_well() -> None:
    venue = account()
    ticket = venue.open(1, 0.3).order_ticket
    request = msgspec.structs.replace(order(-1, 0.1), position_ticket=ticket)
    assert venue.terminal.send(request).retcode == Retcode.DONE
    too_much = msgspec.structs.replace(request, volume=0.3)
    assert venue.terminal.send(too_much).retcode == Retcode.INVALID_CLOSE_VOLUME
    assert [one.volume for one in venue.terminal.positions()] == [0.2]


def test_a_reversal_covers_nothing() -> None:
    """Where hedged margin is free it must not make a netting account's reversal cheaper."""
    free = msgspec.structs.replace(open_all_week(EURUSD), margin_hedged=0.0)
    venue = Venue(free, profile=msgspec.structs.replace(NETTING, deposit=250.0))
    venue.quote(1.1, 1.1)
    venue.open(1, 1.0)
    assert venue.open(-1, 2.2).retcode == Retcode.NO_MONEY
    assert venue.open(-1, 2.1).retcode == Retcode.DONE
