"""Everything compiled that a terminal will run, before anybody waits for it.

A kernel that is compiled at its first use takes seconds, in which no heartbeat leaves: a bridge would take the terminal
for dead at its first order.
"""

import msgspec
import numpy as np

from advisor.ordering import filling_of
from domain.dtypes import RATES_DTYPE
from domain.pricing import rounded_price
from domain.requests import TradeAction, TradeRequest
from domain.symbols import SymbolSpec, SymbolTradeMode
from domain.timeframes import Timeframe
from domain.trading import OrderFilling, OrderType
from marketdata.tape import Tape
from sim.feed import Feed
from sim.matching import Rows
from sim.profiles import AccountProfile
from sim.terminal import SimTerminal

_PLENTY: float = 1e12


def rehearse(profile: AccountProfile, spec: SymbolSpec, ticks: Rows) -> SimTerminal:
    """Quote, open, order, stop out, swap and close on a scratch account in `spec`, at the first of `ticks` (not none).

    Returns the scratch terminal. Kernels are compiled for arrays like `ticks`: a read-only one needs another version.
    """
    rates = {currency: 1.0 for currency in (spec.currency_profit, spec.currency_margin) if currency != profile.currency}
    rich = msgspec.structs.replace(profile, deposit=_PLENTY, fixed_rates=rates)
    open_to_all = msgspec.structs.replace(spec, sessions=(), trade_mode=SymbolTradeMode.FULL, stops_level_points=0)
    terminal = SimTerminal(rich, (open_to_all,), start_msc=int(ticks[0]["time_msc"]))
    first = ticks[:1]
    bars = np.zeros(1, RATES_DTYPE)
    bars["time"] = ticks[0]["time"] - Timeframe.M1.seconds
    feed = Feed(terminal, Tape((spec.name,), {spec.name: first}), history={(spec.name, Timeframe.M1): bars})
    feed.play()
    feed.bars(spec.name, Timeframe.M1, 1, 1)
    for side in (OrderType.BUY, OrderType.SELL):
        terminal.send(_order(open_to_all, side))
    waiting = terminal.send(_order_far_below(open_to_all, float(first[0]["ask"])))
    terminal.scan(0, ticks, 0, len(first))
    terminal.on_tick(0, first, 0)
    terminal.send(TradeRequest(action=TradeAction.REMOVE, order_ticket=waiting.order_ticket))
    for position in terminal.positions():
        closing = OrderType.SELL if position.side > 0 else OrderType.BUY
        ticket = position.position_ticket
        terminal.send(msgspec.structs.replace(_order(open_to_all, closing), position_ticket=ticket))
    return terminal


def _order_far_below(spec: SymbolSpec, ask: float) -> TradeRequest:
    return TradeRequest(
        action=TradeAction.PENDING,
        symbol=spec.name,
        volume=spec.volume_min,
        price=max(float(rounded_price(ask / 2.0, spec.tick_size, spec.digits)), spec.tick_size),
        type=OrderType.BUY_LIMIT,
        filling=OrderFilling.RETURN,
    )


def _order(spec: SymbolSpec, side: OrderType) -> TradeRequest:
    return TradeRequest(
        action=TradeAction.DEAL, symbol=spec.name, volume=spec.volume_min, type=side, filling=filling_of(spec)
    )
