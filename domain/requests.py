"""What a terminal sends to its trade server, and what comes back: MqlTradeRequest and MqlTradeResult."""

from enum import IntEnum

import msgspec

from domain.retcodes import Retcode
from domain.trading import OrderFilling, OrderTime, OrderType


class TradeAction(IntEnum):
    """`TRADE_ACTION_*`."""

    DEAL = 1
    PENDING = 5
    SLTP = 6
    MODIFY = 7
    REMOVE = 8
    CLOSE_BY = 10


class TradeRequest(msgspec.Struct, frozen=True, kw_only=True):
    """`MqlTradeRequest`: fields that an action does not use stay at their defaults."""

    action: TradeAction
    symbol: str = ""
    magic: int = 0
    order_ticket: int = 0
    volume: float = 0.0
    price: float = 0.0
    sl: float = 0.0
    tp: float = 0.0
    deviation_points: int = 0
    type: OrderType = OrderType.BUY
    filling: OrderFilling = OrderFilling.FOK
    comment: str = ""
    position_ticket: int = 0
    position_by: int = 0
    stop_limit: float = 0.0
    time_type: OrderTime = OrderTime.GTC
    expiration_s: int = 0


class TradeAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """`MqlTradeResult`. Tickets and `price` are 0 where nothing was executed or the acknowledgement was lost."""

    retcode: int
    deal_ticket: int = 0
    order_ticket: int = 0
    volume: float = 0.0
    price: float = 0.0
    bid: float = 0.0
    ask: float = 0.0
    comment: str = ""


def refused(retcode: Retcode, comment: str = "") -> TradeAnswer:
    """An answer that says no."""
    return TradeAnswer(retcode=retcode, comment=comment or retcode.name.lower().replace("_", " "))
