"""What OnTradeTransaction is told of a change, in the order in which a server tells it.

Source: MQL5 reference, "Trade Transaction Structure": ORDER_ADD when an order is accepted, ORDER_UPDATE when its state,
price or volume changes (the step from STARTED to PLACED among them), ORDER_DELETE and HISTORY_ADD when it is finished,
DEAL_ADD for each deal, POSITION for a change of a position that no deal made. The structure is filled by type.
"""

from collections.abc import Iterator

from domain.trading import Deal, DealType, Order, OrderState, OrderType, Position
from domain.updates import TradeUpdate
from sim.mql5.abi import HostTransaction, fitted
from sim.mql5.constants import constants
from sim.pending import PENDING_TYPES
from sim.terminal import SimTerminal


class Messenger:
    """Tells of changes at `terminal`; remembers which pending orders have been told of."""

    def __init__(self, terminal: SimTerminal) -> None:
        self._terminal = terminal
        self._standing = {order.order_ticket for order in terminal.orders()}
        self._finished: set[int] = set()

    def told(self, update: TradeUpdate | None) -> list[HostTransaction]:
        """The transactions of a change."""
        return [] if update is None else list(self._told(update))

    def _told(self, update: TradeUpdate) -> Iterator[HostTransaction]:
        deals_of: dict[int, list[Deal]] = {}
        for deal in update.deals:
            deals_of.setdefault(deal.order_ticket, []).append(deal)
        for ticket, deals in deals_of.items():
            yield from self._of_order(ticket, deals)
        for ticket in (*(order.order_ticket for order in update.orders), *update.orders_gone):
            if ticket not in deals_of:
                yield from self._of_order(ticket, [])
        dealt = {deal.position_id for deal in update.deals}
        yield from (_of_position(one) for one in update.positions if one.position_id not in dealt)

    def _of_order(self, ticket: int, deals: list[Deal]) -> Iterator[HostTransaction]:
        """How an order came to where it is now."""
        standing, finished = self._terminal.order(ticket), self._terminal.finished_order(ticket)
        order, number = standing or finished, constants()
        if order is None or (ticket in self._finished and not deals):  # a deposit, or told again
            yield from (_of_deal(deal, order) for deal in deals)
            return
        position_id = deals[0].position_id if deals else order.position_id
        if ticket not in self._standing | self._finished:
            yield _of_order(order, number["TRADE_TRANSACTION_ORDER_ADD"], position_id, OrderState.STARTED)
            if order.type in PENDING_TYPES and (standing is not None or deals):
                yield _of_order(order, number["TRADE_TRANSACTION_ORDER_UPDATE"], position_id, OrderState.PLACED)
        elif standing is not None and not deals:
            yield _of_order(order, number["TRADE_TRANSACTION_ORDER_UPDATE"], position_id, order.state)
        yield from (_of_deal(deal, order) for deal in deals)
        if standing is not None:
            self._standing.add(ticket)
            if deals:
                yield _of_order(order, number["TRADE_TRANSACTION_ORDER_UPDATE"], position_id, order.state)
        elif ticket not in self._finished:
            self._standing.discard(ticket)
            self._finished.add(ticket)
            yield _of_order(order, number["TRADE_TRANSACTION_ORDER_DELETE"], position_id, order.state)
            yield _of_order(order, number["TRADE_TRANSACTION_HISTORY_ADD"], position_id, order.state)


def _of_deal(deal: Deal, order: Order | None) -> HostTransaction:
    return HostTransaction(
        type=constants()["TRADE_TRANSACTION_DEAL_ADD"],
        deal=deal.deal_ticket,
        order=deal.order_ticket,
        position=deal.position_id,
        symbol=fitted(deal.symbol, 64),
        deal_type=deal.type,
        order_type=OrderType.SELL if deal.type is DealType.SELL else OrderType.BUY,
        volume=deal.volume,
        price=deal.price,
        price_sl=order.sl if order is not None else 0.0,
        price_tp=order.tp if order is not None else 0.0,
    )


def _of_order(order: Order, kind: int, position_id: int, state: OrderState) -> HostTransaction:
    pending = order.type in PENDING_TYPES
    return HostTransaction(
        type=kind,
        order=order.order_ticket,
        position=position_id,
        symbol=fitted(order.symbol, 64),
        order_type=order.type,
        order_state=state,
        time_expiration=order.time_expiration_s,
        volume=order.volume_current if pending else order.volume_initial,
        price=order.price_open,
        price_sl=order.sl,
        price_tp=order.tp,
    )


def _of_position(position: Position) -> HostTransaction:
    return HostTransaction(
        type=constants()["TRADE_TRANSACTION_POSITION"],
        position=position.position_ticket,
        symbol=fitted(position.symbol, 64),
        deal_type=position.type,
        volume=position.volume,
        price=position.price_open,
        price_sl=position.sl,
        price_tp=position.tp,
    )
