"""Deals, finished orders and the balance: what MT5 shows in the history of an account."""

from typing import Final

import msgspec

from domain.pricing import rounded_money
from domain.trading import Deal, DealEntry, DealReason, DealType, Order, OrderState, OrderType
from sim.accounting import commission_of
from sim.pending import OrderDetail
from sim.profiles import AccountProfile

_FIRST_DEAL_TICKET: Final = 1_000_001
CREDITS: Final = frozenset({DealType.CREDIT, DealType.BONUS})
"""Deals that change the credit, not the balance."""
_TRADES: Final = frozenset({DealType.BUY, DealType.SELL, DealType.BUY_CANCELED, DealType.SELL_CANCELED})
_FIRST_ORDER_TICKET: Final = 2_000_001  # apart from the deals, so that a mix-up of the two is noticed


class Execution(msgspec.Struct, frozen=True, kw_only=True):
    """What a deal adds to what its order says; `side` is the deal's, `volume_opened` the part that a reversal opens."""

    position_id: int
    side: int
    entry: DealEntry
    reason: DealReason
    volume: float
    price: float
    time_msc: int
    profit: float = 0.0
    swap: float = 0.0
    volume_opened: float = 0.0


class Ledger:
    """An account's history. The balance is the sum of its deals but for credit; the first is the deposit."""

    def __init__(self, profile: AccountProfile) -> None:
        self._profile = profile
        self._next_order = _FIRST_ORDER_TICKET
        self.deals: list[Deal] = []
        self.orders: list[Order] = []
        self.details: dict[int, OrderDetail] = {}
        self.balance = 0.0
        self.credit = 0.0

    @property
    def funds(self) -> float:
        """Balance and credit: the equity without positions [account money]."""
        return float(rounded_money(self.balance + self.credit, self._profile.currency_digits))

    def deposit(self, amount: float, time_msc: int) -> None:
        """Book money that comes in, or goes out, as MT5 does: a deal of type BALANCE."""
        self.operate(DealType.BALANCE, amount, time_msc, "deposit" if amount > 0.0 else "withdrawal")

    def operate(self, kind: DealType, amount: float, time_msc: int, comment: str) -> Deal:
        """Book a deal without a symbol; CREDIT and BONUS change the credit, every other `kind` the balance.

        The amount stands in the deal's profit, of whatever type it is. Source: MetaTrader 5 platform help, "Deals".

        Raises:
            ValueError: for a kind of deal that trades.
        """
        if kind in _TRADES:
            raise ValueError(f"kind {kind.name} is a trade; send a request")
        deal = Deal(
            deal_ticket=self._next_deal,
            order_ticket=0,
            position_id=0,
            symbol="",
            type=kind,
            entry=DealEntry.IN,
            reason=DealReason.CLIENT,
            magic=0,
            volume=0.0,
            price=0.0,
            profit=amount,
            swap=0.0,
            commission=0.0,
            fee=0.0,
            time_msc=time_msc,
            comment=comment,
        )
        self._append(deal)
        return deal

    def roll(self, execution: Execution, symbol: str, magic: int) -> None:
        """Book one of the two deals by which a swap closes a position and opens it again: no order, no commission."""
        deal = Deal(
            deal_ticket=self._next_deal,
            order_ticket=0,
            position_id=execution.position_id,
            symbol=symbol,
            type=DealType.BUY if execution.side > 0 else DealType.SELL,
            entry=execution.entry,
            reason=execution.reason,
            magic=magic,
            volume=execution.volume,
            price=execution.price,
            profit=execution.profit,
            swap=0.0,
            commission=0.0,
            fee=0.0,
            time_msc=execution.time_msc,
            comment="",
        )
        self._append(deal)

    def take_order_ticket(self) -> int:
        """A new ticket."""
        self._next_order += 1
        return self._next_order - 1

    def keep(self, order: Order, detail: OrderDetail) -> None:
        """Put a finished order into the history."""
        self.orders.append(order)
        self.details[order.order_ticket] = detail

    def book(self, order: Order, execution: Execution) -> Deal:
        """Book a deal of `order`, with its commission."""
        rule = self._profile.commission_of(order.symbol)
        digits = self._profile.currency_digits
        deal = Deal(
            deal_ticket=self._next_deal,
            order_ticket=order.order_ticket,
            position_id=execution.position_id,
            symbol=order.symbol,
            type=DealType.BUY if execution.side > 0 else DealType.SELL,
            entry=execution.entry,
            reason=execution.reason,
            magic=order.magic,
            volume=execution.volume,
            price=execution.price,
            profit=execution.profit,
            swap=execution.swap,
            commission=commission_of(rule, execution.entry, execution.volume, digits, execution.volume_opened),
            fee=0.0,
            time_msc=execution.time_msc,
            comment=order.comment,
        )
        self._append(deal)
        return deal

    def deal(self, deal_ticket: int) -> Deal:
        """The deal with this ticket.

        Raises:
            IndexError: for a ticket that is yet to come.
        """
        return self.deals[deal_ticket - _FIRST_DEAL_TICKET]

    @property
    def _next_deal(self) -> int:
        return _FIRST_DEAL_TICKET + len(self.deals)

    def _append(self, deal: Deal) -> None:
        self.deals.append(deal)
        digits = self._profile.currency_digits
        if deal.type in CREDITS:
            self.credit = float(rounded_money(self.credit + deal.balance_change, digits))
        else:
            self.balance = float(rounded_money(self.balance + deal.balance_change, digits))


def filled_order(  # noqa: PLR0913 - what an order is made of
    order_ticket: int,
    position_id: int,
    symbol: str,
    side: int,
    volume: float,
    *,
    sl: float,
    tp: float,
    magic: int,
    comment: str,
    time_msc: int,
) -> Order:
    """A market order as the history keeps it: filled at once, nothing left of it."""
    return Order(
        order_ticket=order_ticket,
        symbol=symbol,
        type=OrderType.BUY if side > 0 else OrderType.SELL,
        state=OrderState.FILLED,
        magic=magic,
        position_id=position_id,
        volume_initial=volume,
        volume_current=0.0,
        price_open=0.0,
        sl=sl,
        tp=tp,
        time_setup_msc=time_msc,
        time_expiration_s=0,
        comment=comment,
    )
