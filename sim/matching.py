"""Compiled matching: which tick triggers a stop loss or a take profit, and what open positions are worth.

Rules (MQL5 reference, "Order Properties"; the fills were checked against 4,787 exits of MT5 Strategy Tester reports):

- A buy is closed at the bid: stop loss when bid <= sl, take profit when bid >= tp. A sell is closed at the ask: stop
  loss when ask >= sl, take profit when ask <= tp.
- The fill is the quote of the triggering tick: after a gap a stop loss is worse than its level, a take profit better.
- At one tick positions are closed in the order of their tickets, and of one position the stop loss is looked at first
  (the pessimistic order; with levels on their proper sides both cannot be reached by one quote).
- A buy order is compared with the ask, a sell order with the bid: a limit is reached at its price or better, a stop
  (and a stop-limit) at its price or worse.
- Equity at or below the stop-out closes positions, too: `solvent_levels` says how far prices may go before it has to be
  looked at.
- A tick without finite positive bid and ask is no quote: it triggers nothing and changes no price.
"""

import math
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from domain.jit import njit
from domain.pricing import Conversion, SymbolMoney, loss_per_price, position_profit, rounded_money
from domain.trading import DealReason, OrderType

Rows = npt.NDArray[Any]
"""A structured numpy array."""

POSITION_DTYPE: Final = np.dtype(
    [
        ("position_ticket", "<i8"),
        ("symbol_index", "<i8"),
        ("side", "<i8"),
        ("volume", "<f8"),
        ("price_open", "<f8"),
        ("sl", "<f8"),
        ("tp", "<f8"),
        ("swap", "<f8"),
        ("magic", "<i8"),
        ("time_msc", "<i8"),
        ("time_update_msc", "<i8"),
        ("position_id", "<i8"),
        ("margin_rate", "<f8"),
        ("leverage_cap", "<i8"),
        ("cap_until_msc", "<i8"),
    ]
)
"""One open position; `position_id` is the ticket it had at first; `side` +1 buy, -1 sell; `sl` and `tp` 0 = none.

`margin_rate` converts its margin, as it was at the opening [account money per unit of margin currency]; its leverage is
at most `leverage_cap`, 0 = the account's, until `cap_until_msc` [ms, broker's clock].
"""

ORDER_DTYPE: Final = np.dtype([("symbol_index", "<i8"), ("type", "<i8"), ("price", "<f8")])
"""One pending order: `OrderType` and the price that activates it."""

QUOTE_DTYPE: Final = np.dtype([("bid", "<f8"), ("ask", "<f8"), ("time_msc", "<i8")])
"""Latest quote of a symbol; `time_msc` 0 = never quoted."""

MONEY_DTYPE: Final = np.dtype(
    [(name, "<i8" if kind is int else "<f8") for name, kind in SymbolMoney.__annotations__.items()]
)
"""`SymbolMoney` as a row, so that a kernel can choose the symbol at run time."""

_SL: Final = int(DealReason.SL)
_TP: Final = int(DealReason.TP)
_BUY_LIMIT: Final = int(OrderType.BUY_LIMIT)
_SELL_LIMIT: Final = int(OrderType.SELL_LIMIT)
_BUY_STOPS: Final = (int(OrderType.BUY_STOP), int(OrderType.BUY_STOP_LIMIT))
_INVERSE_PRICE: Final = int(Conversion.INVERSE_PRICE)


class TriggerLevels(NamedTuple):
    """Where the quotes of one symbol trigger something first; an infinity where there is nothing.

    A trigger: bid <= `bid_floor` (stop loss of a buy), bid >= `bid_ceiling` (its take profit), ask >= `ask_ceiling`
    (stop loss of a sell), ask <= `ask_floor` (its take profit).
    """

    bid_floor: float
    bid_ceiling: float
    ask_floor: float
    ask_ceiling: float


def money_row(money: SymbolMoney) -> Rows:
    """`money` as an array of one row."""
    return np.array([tuple(money)], dtype=MONEY_DTYPE)


@njit
def money_at(rows: Rows, index: int) -> SymbolMoney:
    """The `SymbolMoney` in row `index`."""
    row = rows[index]
    return SymbolMoney(
        row.calc_mode,
        row.contract_size,
        row.tick_size,
        row.tick_value,
        row.profit_conversion,
        row.profit_rate,
        row.margin_conversion,
        row.margin_initial,
        row.margin_rate_buy,
        row.margin_rate_sell,
        row.leverage,
        row.money_digits,
        row.loss_rate,
        row.by_deal,
        row.margin_bid,
        row.margin_ask,
    )


@njit
def is_quote(bid: float, ask: float) -> bool:
    """Whether both prices are finite and positive."""
    return 0.0 < bid < np.inf and 0.0 < ask < np.inf


@njit
def take_quote(ticks: Rows, index: int, quotes: Rows, symbol_index: int) -> int:
    """Make `ticks[index]` the symbol's row of `quotes` (QUOTE_DTYPE), where it is a quote; returns its time [ms]."""
    tick = ticks[index]
    if is_quote(tick.bid, tick.ask):
        row = quotes[symbol_index]
        row.bid = tick.bid
        row.ask = tick.ask
        row.time_msc = tick.time_msc
    return int(tick.time_msc)


@njit
def trigger_levels(positions: Rows, symbol_index: int) -> TriggerLevels:
    """The levels of `positions` (shape [n]) of one symbol that are reached first."""
    bid_floor, bid_ceiling, ask_floor, ask_ceiling = -np.inf, np.inf, -np.inf, np.inf
    for position in positions:
        if position.symbol_index != symbol_index:
            continue
        sl, tp = position.sl, position.tp
        if position.side > 0:
            bid_floor = max(bid_floor, sl if sl > 0.0 else -np.inf)
            bid_ceiling = min(bid_ceiling, tp if tp > 0.0 else np.inf)
        else:
            ask_ceiling = min(ask_ceiling, sl if sl > 0.0 else np.inf)
            ask_floor = max(ask_floor, tp if tp > 0.0 else -np.inf)
    return TriggerLevels(bid_floor, bid_ceiling, ask_floor, ask_ceiling)


@njit
def order_levels(orders: Rows, symbol_index: int, levels: TriggerLevels) -> TriggerLevels:
    """`levels`, and where pending `orders` (ORDER_DTYPE, shape [n]) of one symbol are reached first."""
    bid_floor, bid_ceiling, ask_floor, ask_ceiling = levels
    for order in orders:
        if order.symbol_index != symbol_index:
            continue
        if order.type == _BUY_LIMIT:
            ask_floor = max(ask_floor, order.price)
        elif order.type == _SELL_LIMIT:
            bid_ceiling = min(bid_ceiling, order.price)
        elif order.type in _BUY_STOPS:
            ask_ceiling = min(ask_ceiling, order.price)
        else:
            bid_floor = max(bid_floor, order.price)
    return TriggerLevels(bid_floor, bid_ceiling, ask_floor, ask_ceiling)


@njit
def reached_orders(orders: Rows, symbol_index: int, bid: float, ask: float, reached: npt.NDArray[np.bool_]) -> int:
    """Fill `reached` (shape [n], as `orders`) with whether the quote activates each; returns how many."""
    count = 0
    for row in range(len(orders)):
        order = orders[row]
        if order.symbol_index != symbol_index:
            reached[row] = False
        elif order.type == _BUY_LIMIT:
            reached[row] = ask <= order.price
        elif order.type == _SELL_LIMIT:
            reached[row] = bid >= order.price
        elif order.type in _BUY_STOPS:
            reached[row] = ask >= order.price
        else:
            reached[row] = bid <= order.price
        count += reached[row]
    return count


@njit
def first_trigger(ticks: Rows, start: int, stop: int, levels: TriggerLevels) -> int:
    """Index of the first of `ticks[start:stop]` that reaches one of `levels`, or `stop`."""
    for index in range(start, stop):
        bid, ask = ticks[index].bid, ticks[index].ask
        reached = bid <= levels.bid_floor or bid >= levels.bid_ceiling
        if (reached or ask <= levels.ask_floor or ask >= levels.ask_ceiling) and is_quote(bid, ask):
            return index
    return stop


@njit
def first_at(ticks: Rows, start: int, stop: int, time_msc: int) -> int:
    """Index of the first of `ticks[start:stop]`, in time order, at or after `time_msc` [ms], or `stop`."""
    while start < stop:
        middle = (start + stop) // 2
        if ticks[middle].time_msc < time_msc:
            start = middle + 1
        else:
            stop = middle
    return start


@njit
def close_reason(position: Any, bid: float, ask: float) -> int:  # noqa: ANN401 - a row of POSITION_DTYPE
    """`DealReason` SL or TP if the quote closes `position`, else -1."""
    side, sl, tp = position.side, position.sl, position.tp
    price = bid if side > 0 else ask
    if sl > 0.0 and (price - sl) * side <= 0.0:
        return _SL
    return _TP if tp > 0.0 and (price - tp) * side >= 0.0 else -1


@njit
def triggered(positions: Rows, symbol_index: int, bid: float, ask: float, reasons: npt.NDArray[np.int64]) -> int:
    """Fill `reasons` (shape [n], as `positions`) with each `close_reason` at the quote; returns how many are closed."""
    closed = 0
    for row in range(len(positions)):
        reasons[row] = close_reason(positions[row], bid, ask) if positions[row].symbol_index == symbol_index else -1
        closed += reasons[row] >= 0
    return closed


@njit
def floating_profit(positions: Rows, quotes: Rows, moneys: Rows) -> float:
    """Profit and swap of all `positions` at the latest `quotes`, each rounded as MT5 shows it [account money]."""
    total = 0.0
    for position in positions:
        quote = quotes[position.symbol_index]
        money = money_at(moneys, position.symbol_index)
        price = quote.bid if position.side > 0 else quote.ask
        total += position_profit(position.side, position.volume, position.price_open, price, money) + position.swap
    return rounded_money(total, moneys[0].money_digits)


@njit
def solvent_levels(
    positions: Rows,
    symbol_index: int,
    quotes: Rows,
    moneys: Rows,
    cushion: float,
    headroom: float,
    levels: TriggerLevels,
) -> TriggerLevels:
    """`levels`, drawn nearer so that between them balance and floating profit stay within the account's bounds.

    `cushion` [account money] is the balance less the equity at or below which something is due (a stop-out), `headroom`
    the equity at or above which something is due (another leverage), less the balance; infinite for none. `quotes`
    (QUOTE_DTYPE) are those to start from. With positions on one side the bound is met at the new level, give or take a
    rounding; with both sides each may move by half of what there is, and beyond the level it has to be looked at again.
    """
    bought, bought_worth, sold, sold_worth = 0.0, 0.0, 0.0, 0.0
    for position in positions:
        if position.symbol_index != symbol_index:
            continue
        if position.side > 0:
            bought += position.volume
            bought_worth += position.volume * position.price_open
        else:
            sold += position.volume
            sold_worth += position.volume * position.price_open
    if bought + sold == 0.0:
        return levels
    money, quote = money_at(moneys, symbol_index), quotes[symbol_index]
    roundings = (len(positions) + 2) * 10.0**-money.money_digits
    floating = floating_profit(positions, quotes, moneys)
    loss, gain = cushion + floating - roundings, headroom - floating - roundings
    if loss <= 0.0 or gain <= 0.0:
        return TriggerLevels(np.inf, levels.bid_ceiling, levels.ask_floor, levels.ask_ceiling)
    if bought > 0.0 and sold > 0.0:
        loss, gain = loss / 2.0, gain / 2.0
    bid_floor = _price_after_loss(1, bought, bought_worth, quote.bid, loss, money)
    bid_ceiling = _price_after_loss(1, bought, bought_worth, quote.bid, -gain, money)
    ask_ceiling = _price_after_loss(-1, sold, sold_worth, quote.ask, loss, money)
    ask_floor = _price_after_loss(-1, sold, sold_worth, quote.ask, -gain, money)
    return TriggerLevels(
        max(levels.bid_floor, bid_floor),
        min(levels.bid_ceiling, bid_ceiling),
        max(levels.ask_floor, ask_floor),
        min(levels.ask_ceiling, ask_ceiling),
    )


@njit
def quiet_levels(
    positions: Rows, symbol_index: int, quotes: Rows, moneys: Rows, cushion: float, headroom: float
) -> TriggerLevels:
    """`trigger_levels` and `solvent_levels` in one call."""
    levels = trigger_levels(positions, symbol_index)
    return solvent_levels(positions, symbol_index, quotes, moneys, cushion, headroom, levels)


@njit
def _price_after_loss(side: int, volume: float, worth: float, price: float, loss: float, money: SymbolMoney) -> float:
    """Closing price at which `volume`, opened for `worth` (lots times price), has lost `loss` more than at `price`.

    A negative `loss` is a gain. An infinity where there is no such price: with the sign of the way it would be.
    """
    if volume == 0.0 or np.isinf(loss):
        return -math.copysign(np.inf, side * loss)
    lot = loss_per_price(price, money)
    if money.profit_conversion != _INVERSE_PRICE:
        return price - side * loss / (volume * lot)
    kept = worth * lot + side * loss  # profit is worth * (1 / open - 1 / close): it bends with the price
    return worth * lot * price / kept if kept > 0.0 else np.inf
