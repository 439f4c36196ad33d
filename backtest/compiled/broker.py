"""The simulated broker, compiled: what `sim.terminal` does with a request, at a tick and at midnight when all is fair.

Each function names what it follows; formulas, kernels and their order are the same, so that the same bits come out.
"""

import math
from typing import Final

from backtest.compiled.decimals import on_grid, whole
from backtest.compiled.hours import cap_of, is_open
from backtest.compiled.margin import account_margin, symbol_margin
from backtest.compiled.tables import Broker
from domain.jit import njit_inner, njit_once
from domain.pricing import (
    Conversion,
    margin_currency_rate,
    money_per_price,
    position_profit,
    rounded_money,
    rounded_price,
)
from domain.retcodes import Retcode
from domain.symbols import CalcMode
from domain.timeframes import DAY_S
from domain.trading import DealEntry, DealReason
from domain.volumes import STEP_SLACK
from sim.matching import close_reason, floating_profit, money_at
from strategy.tables import Table

_DAY_MSC: Final = DAY_S * 1000
_MS_PER_S: Final = 1000
_IN: Final = int(DealEntry.IN)
_OUT: Final = int(DealEntry.OUT)
_SL: Final = int(DealReason.SL)
_SO: Final = int(DealReason.SO)
_DONE: Final = int(Retcode.DONE)
_NO_CHANGES: Final = int(Retcode.NO_CHANGES)
_REFUSED: Final = int(Retcode.REJECT)
_GRID_SLACK: Final = 1e-4  # of a tick, as in `sim.checks`
_FIXED_RATE: Final = int(Conversion.FIXED_RATE)
_BY_TICK_VALUE: Final = (int(CalcMode.FUTURES), int(CalcMode.EXCH_FUTURES))


@njit_inner
def equity_of(broker: Broker) -> float:
    """`Holdings.equity`: balance and floating profit at the latest quotes [account money]."""
    return equity_at(broker, broker.quotes)


@njit_inner
def equity_at(broker: Broker, quotes: Table) -> float:
    """`Holdings._equity_at`: the same at `quotes`."""
    account = broker.account[0]
    funds = rounded_money(account.balance + 0.0, account.money_digits)
    if account.positions == 0:
        return float(funds)
    floating = floating_profit(broker.book[: account.positions], quotes, broker.moneys)
    return float(rounded_money(funds + floating, account.money_digits))


@njit_inner
def stop_out_equity(broker: Broker) -> float:
    """`Holdings.stop_out_equity`."""
    account = broker.account[0]
    if account.margin > 0.0 and account.stop_out_fraction > 0.0:
        return float(account.stop_out_fraction * account.margin)
    return -math.inf


@njit_inner
def is_broke(broker: Broker, quotes: Table) -> bool:
    """`Holdings.is_broke`."""
    return equity_at(broker, quotes) <= stop_out_equity(broker)


@njit_inner
def has_left_tier(broker: Broker, quotes: Table) -> bool:
    """`Holdings.has_left_tier`."""
    account = broker.account[0]
    return not account.tier_low <= equity_at(broker, quotes) < account.tier_high


@njit_inner
def follow_equity(broker: Broker) -> None:
    """`Holdings.follow_equity`: leverage of the tier that the equity is in, and the margin that goes with it."""
    account, equity = broker.account[0], equity_of(broker)
    low, high, leverage = -math.inf, math.inf, account.tiers[0, 1]
    for row in range(account.tier_count):
        start = account.tiers[row, 0]
        if equity >= start:
            leverage = account.tiers[row, 1]
        if row > 0 and start <= equity:
            low = max(low, start)
        if row > 0 and start > equity:
            high = min(high, start)
    account.tier_low, account.tier_high = low, high
    if leverage != account.leverage:
        account.leverage = leverage
        for symbol in range(broker.moneys.shape[0]):
            broker.moneys[symbol].leverage = leverage
    sum_margin(broker)


@njit_inner
def sum_margin(broker: Broker) -> None:
    """`Holdings._sum_margin`."""
    broker.account[0].margin = account_margin(broker.book[: broker.account[0].positions], broker)


@njit_inner
def price_of(broker: Broker, symbol: int, side: int) -> float:
    """What a deal on `side` is done at: the ask for a buy, the bid for a sell."""
    quote = broker.quotes[symbol]
    return float(quote.ask if side > 0 else quote.bid)


@njit_inner
def fill_price(broker: Broker, symbol: int, side: int, slippage_points: float) -> float:
    """`Market.fill_price`: the same, worsened, on the symbol's grid."""
    terms = broker.terms[symbol]
    worsened = float(price_of(broker, symbol, side) + side * slippage_points * terms.point)
    if slippage_points != 0.0:
        return float(rounded_price(worsened, terms.tick_size, terms.digits))
    return worsened


@njit_inner
def _points(distance: float, point: float) -> float:
    return whole(distance / point)


@njit_inner
def _breaks_stops(broker: Broker, symbol: int, side: int, sl: float, tp: float) -> bool:
    """`checks.stops_refusal`."""
    terms, price = broker.terms[symbol], price_of(broker, symbol, -side)
    near = max(terms.stops_points, 1.0)
    wrong_sl = sl != 0.0 and side * _points(price - sl, terms.point) < near
    wrong_tp = tp != 0.0 and side * _points(tp - price, terms.point) < near
    return wrong_sl or wrong_tp or sl < 0.0 or tp < 0.0


@njit_inner
def _is_frozen(broker: Broker, row: int) -> bool:
    """`checks.freeze_refusal`."""
    position = broker.book[row]
    terms = broker.terms[position.symbol_index]
    if terms.freeze_points <= 0.0:
        return False
    price = price_of(broker, position.symbol_index, -position.side)
    for level in (position.sl, position.tp):
        if level > 0.0 and abs(_points(price - level, terms.point)) <= terms.freeze_points:
            return True
    return False


@njit_inner
def in_session(broker: Broker, symbol: int) -> bool:
    """Whether the symbol trades at the server's clock."""
    return is_open(broker, symbol, broker.account[0].now_msc // _MS_PER_S)


@njit_inner
def _refuses_deal(broker: Broker, symbol: int, side: int, volume: float) -> bool:
    """`TradeServer._market_refusal` and what it checks, for a request at the quote itself."""
    terms, quote = broker.terms[symbol], broker.quotes[symbol]
    if not terms.volume_min - STEP_SLACK <= volume <= terms.volume_max + STEP_SLACK:
        return True
    steps = volume / terms.volume_step
    if not abs(steps - whole(steps)) < STEP_SLACK or terms.has_filling == 0 or not in_session(broker, symbol):
        return True
    if not (quote.bid > 0.0 and quote.ask > 0.0):
        return True
    ticks = price_of(broker, symbol, side) / terms.tick_size
    return bool(terms.on_grid_only == 1 and not abs(ticks - whole(ticks)) < _GRID_SLACK)


@njit_once
def _lacks_room(broker: Broker, symbol: int, side: int, volume: float) -> bool:
    """`room.position_refusal` on a hedging account; the row behind the last one is the position to be."""
    account, terms = broker.account[0], broker.terms[symbol]
    if account.limit_positions > 0 and account.positions >= account.limit_positions:
        return True
    if terms.volume_limit > 0.0:
        same = 0.0
        for row in range(account.positions):
            position = broker.book[row]
            if position.symbol_index == symbol and position.side == side:
                same += position.volume
        if on_grid(same + volume, terms.volume_step) > terms.volume_limit + terms.volume_step / 2.0:
            return True
    others = 0.0
    for other in range(broker.terms.shape[0]):
        if other != symbol:
            others += symbol_margin(broker.book[: account.positions], other, broker)
    others = float(rounded_money(others, account.money_digits))
    opened = symbol_margin(broker.book[: account.positions + 1], symbol, broker)
    extra = float(rounded_money(others + opened, account.money_digits)) - account.margin
    equity = equity_of(broker)
    return bool(extra > max(float(rounded_money(equity - account.margin, account.money_digits)), 0.0))


@njit_once
def _lay_down(broker: Broker, symbol: int, side: int, volume: float, price: float, sl: float, tp: float) -> None:
    """Write the position to be into the row behind the last one."""
    account = broker.account[0]
    cap, until_msc = cap_of(broker, symbol, account.now_msc // _MS_PER_S)
    row = broker.book[account.positions]
    row.position_ticket = row.position_id = account.next_order
    row.symbol_index, row.side, row.volume, row.price_open = symbol, side, volume, price
    row.sl, row.tp, row.swap = sl, tp, 0.0
    row.time_msc = row.time_update_msc = account.now_msc
    row.margin_rate = margin_currency_rate(side, price, money_at(broker.moneys, symbol))
    row.leverage_cap, row.cap_until_msc = cap, until_msc


@njit_once
def open_position(
    broker: Broker, deals: Table, at: int, symbol: int, side: int, volume: float, sl: float, tp: float
) -> bool:
    """`TradeServer._open` and `Holdings.trade`: the deal becomes `deals[at]`; False where the server refuses."""
    account, terms = broker.account[0], broker.terms[symbol]
    if _refuses_deal(broker, symbol, side, volume):
        return False
    if (terms.may_buy if side > 0 else terms.may_sell) == 0 or _breaks_stops(broker, symbol, side, sl, tp):
        return False
    volume = on_grid(volume, terms.volume_step)
    price = fill_price(broker, symbol, side, account.slippage_points)
    if volume == 0.0:
        return False
    _lay_down(broker, symbol, side, volume, price, sl, tp)
    if _lacks_room(broker, symbol, side, volume):
        return False
    ticket = account.next_order
    account.next_order += 1
    account.positions += 1
    deal = deals[at]
    deal.order_ticket, deal.position_id, deal.symbol, deal.side = ticket, ticket, symbol, side
    deal.entry, deal.volume, deal.price, deal.profit, deal.swap = _IN, volume, price, 0.0, 0.0
    _book(broker, deals, at)
    follow_equity(broker)
    return True


@njit_inner
def _book(broker: Broker, deals: Table, at: int) -> None:
    """`Ledger.book`: ticket, commission and time of `deals[at]`, and the balance after it."""
    deal, account = deals[at], broker.account[0]
    terms = broker.terms[deal.symbol]
    deal.deal_ticket = account.next_deal
    account.next_deal += 1
    deal.time_msc = account.now_msc
    deal.commission = 0.0
    if terms.commission_each == 1 or deal.entry == _IN:
        cost = -(terms.commission_lot * deal.volume + terms.commission_deal)
        deal.commission = rounded_money(cost, account.money_digits)
    account.balance = rounded_money(account.balance + balance_change(deals, at), account.money_digits)


@njit_inner
def balance_change(deals: Table, at: int) -> float:
    """`Deal.balance_change` of `deals[at]`, which has no fee."""
    deal = deals[at]
    return float(deal.profit + deal.swap + deal.commission + 0.0)


@njit_inner
def row_of(broker: Broker, ticket: int) -> int:
    """Row of a position in the book; -1 where it is not open."""
    for row in range(broker.account[0].positions):
        if broker.book[row].position_ticket == ticket:
            return row
    return -1


@njit_once
def close_position(broker: Broker, deals: Table, at: int, row: int, volume: float) -> bool:
    """`TradeServer._close` and `Holdings.reduce`; False where the server refuses."""
    account, position = broker.account[0], broker.book[row]
    terms = broker.terms[position.symbol_index]
    if _refuses_deal(broker, position.symbol_index, -position.side, volume):
        return False
    if volume > position.volume + terms.volume_step / 2.0 or _is_frozen(broker, row):
        return False
    volume = on_grid(volume, terms.volume_step)
    if volume == 0.0:
        return False
    price = fill_price(broker, position.symbol_index, -position.side, account.slippage_points)
    reduce(broker, deals, at, row, volume, price)
    return True


@njit_inner
def reduce(broker: Broker, deals: Table, at: int, row: int, volume: float, price: float) -> None:
    """`Exposure.reduce` and `Holdings.reduce`: less of the position on `row`, by the deal `deals[at]`."""
    account, position = broker.account[0], broker.book[row]
    symbol, deal = position.symbol_index, deals[at]
    money = money_at(broker.moneys, symbol)
    swap = rounded_money(position.swap * volume / position.volume, account.money_digits)
    deal.profit = position_profit(position.side, volume, position.price_open, price, money)
    deal.swap, deal.volume, deal.price = swap, volume, price
    deal.position_id, deal.symbol, deal.side, deal.entry = position.position_id, symbol, -position.side, _OUT
    left = on_grid(position.volume - volume, broker.terms[symbol].volume_step)
    if left > 0.0:
        position.volume = left
        position.swap = rounded_money(position.swap - swap, account.money_digits)
        position.time_update_msc = account.now_msc
    else:
        _remove(broker, row)
    deal.order_ticket = account.next_order
    account.next_order += 1
    _book(broker, deals, at)
    follow_equity(broker)


@njit_once
def _remove(broker: Broker, row: int) -> None:
    count = broker.account[0].positions
    for behind in range(row, count - 1):
        broker.book[behind] = broker.book[behind + 1]
    broker.account[0].positions = count - 1


@njit_once
def move_stops(broker: Broker, row: int, sl: float, tp: float) -> bool:
    """`TradeServer._modify`; False where the server refuses. Levels that stand already are no refusal."""
    position = broker.book[row]
    if not in_session(broker, position.symbol_index):
        return False
    if position.sl == sl and position.tp == tp:
        return True
    if _is_frozen(broker, row) or _breaks_stops(broker, position.symbol_index, position.side, sl, tp):
        return False
    position.sl, position.tp = sl, tp
    return True


# -- by itself ---------------------------------------------------------------------------------------------------------


@njit_inner
def next_cap_end_msc(broker: Broker) -> int:
    """`Exposure.next_cap_end_msc`."""
    ends = 2**62
    for row in range(broker.account[0].positions):
        if broker.book[row].leverage_cap > 0:
            ends = min(ends, broker.book[row].cap_until_msc)
    return ends


@njit_inner
def pass_time(broker: Broker, before_msc: int) -> bool:
    """`ServerWatch.pass_time`: swap of the midnights since `before_msc`, caps that end; whether a swap was charged."""
    account, charged = broker.account[0], False
    for day in range(before_msc // _DAY_MSC, account.now_msc // _DAY_MSC):
        for row in range(account.positions):
            if broker.book[row].time_msc < (day + 1) * _DAY_MSC:
                charged = _charge_night(broker, row, day) or charged
    if next_cap_end_msc(broker) <= account.now_msc:
        for row in range(account.positions):
            position = broker.book[row]
            if position.leverage_cap > 0 and position.cap_until_msc <= account.now_msc:
                position.leverage_cap = 0
        sum_margin(broker)
    return charged


@njit_once
def _charge_night(broker: Broker, row: int, day: int) -> bool:
    """`Exposure._charge_night` for swaps in points."""
    position, account = broker.book[row], broker.account[0]
    terms, money = broker.terms[position.symbol_index], money_at(broker.moneys, position.symbol_index)
    nights = broker.nights[position.symbol_index, day - account.first_day]
    if nights == 0.0:
        return False
    size = terms.swap_long if position.side > 0 else terms.swap_short
    price = price_of(broker, position.symbol_index, -position.side)
    if money.profit_conversion == _FIXED_RATE and money.calc_mode not in _BY_TICK_VALUE:
        is_bought = position.side < 0 if money.by_deal != 0 else size < 0.0
        worth = money.contract_size * (money.loss_rate if is_bought else money.profit_rate)
    else:
        worth = money_per_price(price, money)
    amount = size * terms.point * position.volume * worth
    swap = float(rounded_money(amount * nights, account.money_digits))
    position.swap = rounded_money(position.swap + swap, account.money_digits)
    return swap != 0.0


@njit_once
def act(broker: Broker, deals: Table, at: int, symbol: int, before_msc: int) -> tuple[int, bool]:
    """`ServerWatch.act` at the latest tick of `symbol`: deals from `deals[at]` on; where they end, and any swap."""
    if broker.account[0].positions == 0:
        return at, False
    charged = pass_time(broker, before_msc)
    if not in_session(broker, symbol):
        return at, charged
    at = _close_triggered(broker, deals, at, symbol)
    return _stop_out(broker, deals, at, symbol), charged


@njit_once
def _close_triggered(broker: Broker, deals: Table, at: int, symbol: int) -> int:
    """`ServerWatch._close_triggered`: stops and targets that the quote has reached, in the order of tickets."""
    bid, ask = broker.quotes[symbol].bid, broker.quotes[symbol].ask
    row = 0
    while row < broker.account[0].positions:
        position = broker.book[row]
        reason = close_reason(position, bid, ask) if position.symbol_index == symbol else -1
        if reason < 0:
            row += 1
            continue
        deals[at].level = position.sl if reason == _SL else position.tp
        before = broker.account[0].positions
        _force(broker, deals, at, row, reason, broker.account[0].slippage_points if reason == _SL else 0.0)
        row += 1 - (before - broker.account[0].positions)
        at += 1
    return at


@njit_inner
def _force(broker: Broker, deals: Table, at: int, row: int, reason: int, slippage_points: float) -> None:
    position = broker.book[row]
    deals[at].reason, deals[at].act = reason, -1
    price = fill_price(broker, position.symbol_index, -position.side, slippage_points)
    reduce(broker, deals, at, row, position.volume, price)


@njit_once
def _stop_out(broker: Broker, deals: Table, at: int, symbol: int) -> int:
    """`ServerWatch._stop_out`: the position with the largest loss, one by one, while the margin level is down."""
    held = False
    for row in range(broker.account[0].positions):
        held = held or broker.book[row].symbol_index == symbol
    if not held:
        return at
    if has_left_tier(broker, broker.quotes):
        follow_equity(broker)
    while is_broke(broker, broker.quotes):
        worst = _worst_position(broker)
        if worst < 0:
            return at
        deals[at].equity, deals[at].margin = equity_of(broker), broker.account[0].margin
        _force(broker, deals, at, worst, _SO, broker.account[0].slippage_points)
        at += 1
    return at


@njit_once
def _worst_position(broker: Broker) -> int:
    """`ServerWatch._worst_position`."""
    worst, least = -1, 0.0
    for row in range(broker.account[0].positions):
        position = broker.book[row]
        if not in_session(broker, position.symbol_index):
            continue
        price = price_of(broker, position.symbol_index, -position.side)
        money = money_at(broker.moneys, position.symbol_index)
        result = position_profit(position.side, position.volume, position.price_open, price, money) + position.swap
        if worst < 0 or result < least:
            worst, least = row, result
    return worst
