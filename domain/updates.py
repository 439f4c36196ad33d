"""What a terminal tells about trading: results of intents, deals, and how positions and orders stand now.

The EA, its twin and the simulated terminal all speak in these; `account` books them.
"""

from enum import IntEnum

import msgspec

from domain.trading import Deal, Order, Position


class ResultPhase(IntEnum):
    """How far the EA is with an intent. Only FINAL carries a retcode that means something."""

    RECEIVED = 1
    EXECUTING = 2
    FINAL = 3


class IntentResult(msgspec.Struct, frozen=True, kw_only=True):
    """The EA's word on one intent. Tickets and `price` are 0 where MT5 gave none: a price of 0 is unknown, not free."""

    intent_id: int
    phase: ResultPhase
    retcode: int
    order_ticket: int
    deal_ticket: int
    position_ticket: int
    volume: float
    price: float
    time_msc: int
    text: str = ""


class Money(msgspec.Struct, frozen=True, kw_only=True):
    """The account's money at one moment [account currency]."""

    balance: float
    equity: float
    margin: float
    margin_free: float


class TradeUpdate(msgspec.Struct, frozen=True, kw_only=True):
    """What changed since the last update, or (`complete`) everything there is.

    `positions` and `orders` replace what was known under the same ticket; `*_gone` are tickets that exist no more. In a
    complete update the lists are exhaustive: what is not in them is gone. Order within: results, deals, then the rest.
    """

    money: Money
    results: tuple[IntentResult, ...] = ()
    deals: tuple[Deal, ...] = ()
    positions: tuple[Position, ...] = ()
    positions_gone: tuple[int, ...] = ()
    orders: tuple[Order, ...] = ()
    orders_gone: tuple[int, ...] = ()
    complete: bool = False
