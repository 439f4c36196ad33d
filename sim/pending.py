"""Pending orders of one account: what stands, as rows a kernel can walk, and when the next one expires."""

from collections.abc import Iterator
from typing import Final

import msgspec
import numpy as np

from domain.timeframes import DAY_S
from domain.trading import DealReason, Order, OrderFilling, OrderState, OrderTime, OrderType
from sim.matching import ORDER_DTYPE, Rows

_FIRST_CAPACITY: Final = 16
NEVER_MSC: Final = 2**62
"""Expiry of an order that is good till canceled [ms]."""

LIMITS: Final = frozenset({OrderType.BUY_LIMIT, OrderType.SELL_LIMIT})
STOP_LIMITS: Final = frozenset({OrderType.BUY_STOP_LIMIT, OrderType.SELL_STOP_LIMIT})
BUYS: Final = frozenset({OrderType.BUY, OrderType.BUY_LIMIT, OrderType.BUY_STOP, OrderType.BUY_STOP_LIMIT})
PENDING_TYPES: Final = LIMITS | STOP_LIMITS | {OrderType.BUY_STOP, OrderType.SELL_STOP}


class OrderDetail(msgspec.Struct, frozen=True, kw_only=True):
    """What MT5 knows of an order beyond `Order`; `time_done_msc` [ms, broker's clock] 0 while it stands."""

    reason: DealReason
    filling: OrderFilling = OrderFilling.FOK
    time_type: OrderTime = OrderTime.GTC
    stop_limit: float = 0.0
    time_done_msc: int = 0
    position_by: int = 0


class PendingOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order that waits for its price. `expires_msc` is the first moment at which it is gone [ms, broker's clock]."""

    order: Order
    detail: OrderDetail
    symbol_index: int
    expires_msc: int = NEVER_MSC

    @property
    def side(self) -> int:
        """+1 for a buy, -1 for a sell."""
        return 1 if self.order.type in BUYS else -1

    def with_order(self, **changes: object) -> "PendingOrder":
        """The same with other fields of its `Order`."""
        return msgspec.structs.replace(self, order=msgspec.structs.replace(self.order, **changes))

    def as_limit(self) -> "PendingOrder":
        """What a stop-limit order becomes when its stop price is reached: under its ticket a limit order."""
        kind = OrderType.BUY_LIMIT if self.side > 0 else OrderType.SELL_LIMIT
        return self.with_order(type=kind, price_open=self.detail.stop_limit)

    def finished(self, state: OrderState, now_msc: int) -> "PendingOrder":
        """As the history keeps it."""
        detail = msgspec.structs.replace(self.detail, time_done_msc=now_msc)
        return msgspec.structs.replace(self.with_order(state=state), detail=detail)


def expiry_msc(time_type: OrderTime, expiration_s: int, now_msc: int) -> int:
    """The first moment at which an order placed now is gone [ms, broker's clock].

    DAY and SPECIFIED_DAY end with the day, of now or of `expiration_s` [s, broker's clock].
    """
    if time_type == OrderTime.GTC:
        return NEVER_MSC
    if time_type == OrderTime.SPECIFIED:
        return expiration_s * 1000
    second = now_msc // 1000 if time_type == OrderTime.DAY else expiration_s
    return (second // DAY_S + 1) * DAY_S * 1000


class PendingBook:
    """The pending orders of an account by ticket, in the order they were placed."""

    def __init__(self) -> None:
        self._orders: dict[int, PendingOrder] = {}
        self._rows: Rows = np.zeros(_FIRST_CAPACITY, ORDER_DTYPE)
        self.next_expiry_msc = NEVER_MSC

    @property
    def rows(self) -> Rows:
        """The orders, shape [n]: a view, valid until the book changes."""
        return self._rows[: len(self._orders)]

    def __len__(self) -> int:
        return len(self._orders)

    def __iter__(self) -> Iterator[PendingOrder]:
        """Oldest first; a copy, so that the book may change meanwhile."""
        return iter(tuple(self._orders.values()))

    def get(self, order_ticket: int) -> PendingOrder | None:
        """The order with this ticket, where it stands."""
        return self._orders.get(order_ticket)

    def put(self, pending: PendingOrder) -> None:
        """Add an order, or replace the one with its ticket."""
        ticket = pending.order.order_ticket
        known = self._orders.get(ticket)
        place = len(self._orders) if known is None else self._place_of(ticket)
        if place == len(self._rows):
            self._rows = np.resize(self._rows, 2 * len(self._rows))
        self._rows[place] = (pending.symbol_index, pending.order.type, pending.order.price_open)
        self._orders[ticket] = pending
        self._note_expiry(known, pending.expires_msc)

    def remove(self, order_ticket: int) -> None:
        """Take out an order that stands."""
        place, count = self._place_of(order_ticket), len(self._orders)
        self._rows[place : count - 1] = self._rows[place + 1 : count]
        self._note_expiry(self._orders.pop(order_ticket), NEVER_MSC)

    def _place_of(self, order_ticket: int) -> int:
        return list(self._orders).index(order_ticket)

    def _note_expiry(self, gone: PendingOrder | None, new_msc: int) -> None:
        """All are asked only where the order that expired first is no more, or has new terms."""
        if gone is not None and gone.expires_msc == self.next_expiry_msc != NEVER_MSC:
            self.next_expiry_msc = min((one.expires_msc for one in self._orders.values()), default=NEVER_MSC)
        self.next_expiry_msc = min(self.next_expiry_msc, new_msc)
