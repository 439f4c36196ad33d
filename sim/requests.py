"""What a terminal sends to its trade server and what comes back; and, for tests, what can go wrong in between."""

from collections.abc import Iterable
from enum import IntEnum
from typing import Final, Protocol

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


class Disturbance(msgspec.Struct, frozen=True, kw_only=True):
    """What happens to one request on its way.

    `retcode` other than 0: the server answers that and does nothing. `lost_answer`: the server executes, the terminal
    hears TIMEOUT. `fill_fraction` [0..1]: part of the volume the market can give.
    """

    retcode: int = 0
    lost_answer: bool = False
    fill_fraction: float = 1.0
    slippage_points: float = 0.0


UNDISTURBED: Final = Disturbance()


class FillPlan(Protocol):
    """Decides what happens to each request; the place of latency and fault models."""

    def disturbance(self, request: TradeRequest) -> Disturbance:
        """What happens to this request."""


class FairFills:
    """Nothing goes wrong."""

    def disturbance(self, request: TradeRequest) -> Disturbance:  # noqa: ARG002 - the protocol's signature
        """Nothing happens to it."""
        return UNDISTURBED


class ScriptedFills:
    """The given disturbances in their order, then nothing more."""

    def __init__(self, script: Iterable[Disturbance]) -> None:
        self._script = list(script)

    def disturbance(self, request: TradeRequest) -> Disturbance:  # noqa: ARG002 - the protocol's signature
        """The next one of the script."""
        return self._script.pop(0) if self._script else UNDISTURBED


def refused(retcode: Retcode, comment: str = "") -> TradeAnswer:
    """An answer that says no."""
    return TradeAnswer(retcode=retcode, comment=comment or retcode.name.lower().replace("_", " "))
