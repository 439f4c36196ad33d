"""Which tick the server acts at by itself: `sim.watch.ServerWatch.scan`, compiled."""

from typing import Final

from backtest.compiled.broker import has_left_tier, is_broke, next_cap_end_msc, stop_out_equity
from backtest.compiled.hours import is_open
from backtest.compiled.tables import Broker
from domain.jit import njit_inner, njit_once
from domain.pricing import rounded_money
from sim.matching import TriggerLevels, close_reason, first_at, first_trigger, quiet_levels, take_quote
from strategy.tables import Table

_DAY_MSC: Final = 86_400_000
_MS_PER_S: Final = 1000


@njit_once
def scan(broker: Broker, symbol: int, ticks: Table, start: int, stop: int) -> int:
    """Index of the first of `ticks[start:stop]` at which something is due, or `stop`."""
    account = broker.account[0]
    if account.positions == 0:
        return stop
    midnight_msc = (account.now_msc // _DAY_MSC + 1) * _DAY_MSC
    end = first_at(ticks, start, stop, min(midnight_msc, next_cap_end_msc(broker)))
    count = broker.terms.shape[0]
    levels = _levels(broker, symbol, broker.quotes)
    quotes = broker.quotes[count:]
    while start < end:
        start = first_trigger(ticks, start, end, levels)
        if start == end:
            break
        if not is_open(broker, symbol, ticks[start].time_msc // _MS_PER_S):
            start += 1
            continue
        _try_quote(broker, symbol, ticks, start)
        if _is_due(broker, symbol, quotes):
            break
        levels = _levels(broker, symbol, quotes)
        start += 1
    return start


@njit_once
def _try_quote(broker: Broker, symbol: int, ticks: Table, index: int) -> None:
    """Make the quotes to try those of now, but for `ticks[index]` of the symbol."""
    count = broker.terms.shape[0]
    for place in range(count):
        broker.quotes[count + place] = broker.quotes[place]
    take_quote(ticks, index, broker.quotes, count + symbol)


@njit_inner
def _levels(broker: Broker, symbol: int, quotes: Table) -> TriggerLevels:
    """`ServerWatch._levels`: between these prices nothing is due."""
    account = broker.account[0]
    funds = float(rounded_money(account.balance, account.money_digits))
    cushion = funds - max(stop_out_equity(broker), account.tier_low)
    book = broker.book[: account.positions]
    return quiet_levels(book, symbol, quotes, broker.moneys, cushion, account.tier_high - funds)


@njit_once
def _is_due(broker: Broker, symbol: int, quotes: Table) -> bool:
    """`ServerWatch._is_due`."""
    bid, ask, held = quotes[symbol].bid, quotes[symbol].ask, False
    for row in range(broker.account[0].positions):
        position = broker.book[row]
        if position.symbol_index != symbol:
            continue
        held = True
        if close_reason(position, bid, ask) >= 0:
            return True
    return held and (is_broke(broker, quotes) or has_left_tier(broker, quotes))
