"""What must hold of a terminal at any time, whatever was traded on it; each function asserts one of these."""

from collections import defaultdict

from domain.pricing import position_profit, rounded_money
from domain.trading import DealType, MarginMode, OrderType
from sim.matching import Rows
from sim.pending import BUYS
from tests.sim.venues import Venue

_WAIT_BELOW = (OrderType.BUY_LIMIT, OrderType.SELL_STOP, OrderType.SELL_STOP_LIMIT)
_SIGNS = {DealType.BUY: 1, DealType.SELL: -1}


def money_is_conserved(venue: Venue) -> None:
    """The balance is what was paid in and what every deal earned and cost."""
    deals = venue.terminal.deals
    paid_in = sum(deal.profit for deal in deals if deal.type == DealType.BALANCE)
    earned = sum(deal.profit + deal.swap + deal.commission + deal.fee for deal in deals if deal.type in _SIGNS)
    assert venue.terminal.money().balance == rounded_money(paid_in + earned, 2)


def equity_is_balance_credit_and_what_floats(venue: Venue) -> None:
    """Profit of every position at the latest quote, from nothing but its open price and volume."""
    terminal, money = venue.terminal, venue.terminal.money()
    floating = 0.0
    for position in terminal.positions():
        bid, ask, _ = terminal.quote(position.symbol)
        close = bid if position.side > 0 else ask
        pricing = terminal.pricing(position.symbol)
        assert position.profit == position_profit(position.side, position.volume, position.price_open, close, pricing)
        floating += position.profit + position.swap
    account = terminal.account()
    assert account.equity == money.equity == rounded_money(account.balance + account.credit + floating, 2)
    assert money.margin_free == rounded_money(money.equity - money.margin, 2)


def volumes_come_from_deals(venue: Venue) -> None:
    """No volume is negative, none is below a step, and what is open is what deals opened and did not close."""
    left: dict[int, float] = defaultdict(float)
    for deal in venue.terminal.deals:
        assert deal.volume > 0.0 or deal.type == DealType.BALANCE
        if deal.type in _SIGNS:
            left[deal.position_id] += _SIGNS[deal.type] * deal.volume
    positions = venue.terminal.positions()
    stands = {position.position_id: position.volume * position.side for position in positions}
    assert {key: round(volume, 8) for key, volume in left.items() if round(volume, 8)} == stands
    assert all(position.volume >= 0.01 for position in positions)
    assert all(order.volume_current >= 0.01 for order in venue.terminal.orders())
    if venue.terminal.profile.margin_mode == MarginMode.RETAIL_NETTING:
        symbols = [position.symbol for position in positions]
        assert len(set(symbols)) == len(symbols)


def nobody_is_below_the_stop_out(venue: Venue) -> None:
    """After any tick: no position, or a margin level above the threshold."""
    money, fraction = venue.terminal.money(), venue.terminal.profile.stop_out_fraction
    assert not venue.terminal.positions() or money.equity > fraction * money.margin


def nothing_stands_behind_the_quote(venue: Venue) -> None:
    """Every level and every pending order that a quote has reached has been acted on."""
    for position in venue.terminal.positions():
        bid, ask, _ = venue.terminal.quote(position.symbol)
        price = bid if position.side > 0 else ask
        assert not position.sl or (price - position.sl) * position.side > 0
        assert not position.tp or (position.tp - price) * position.side > 0
    for order in venue.terminal.orders():
        bid, ask, _ = venue.terminal.quote(order.symbol)
        price = ask if order.type in BUYS else bid
        assert price > order.price_open if order.type in _WAIT_BELOW else price < order.price_open


def play(venue: Venue, ticks: Rows) -> None:
    """As a runner plays: from one stop of the scan to the next."""
    at = 0
    while at < len(ticks):
        found = venue.terminal.scan(0, ticks, at, len(ticks))
        if found > at:
            venue.terminal.settle(0, ticks, found - 1)
        if found < len(ticks):
            venue.terminal.on_tick(0, ticks, found)
        at = found + 1
    venue.clock_msc = int(ticks["time_msc"][-1])
