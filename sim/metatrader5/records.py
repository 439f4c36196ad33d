"""Positions, orders and deals of the simulated terminal as the package's structs."""

from typing import Final

from domain.trading import Deal, Order, Position
from sim.metatrader5.structs import TradeDeal, TradeOrder, TradePosition, filled
from sim.pending import BUYS
from sim.terminal import SimTerminal

_MS_PER_S: Final = 1000


def positions_of(terminal: SimTerminal) -> tuple[TradePosition, ...]:
    """Open positions, oldest first."""
    return tuple(_position(held, terminal) for held in terminal.positions())


def orders_of(terminal: SimTerminal) -> tuple[TradeOrder, ...]:
    """Active orders, oldest first."""
    return tuple(_order(order, None, terminal) for order in terminal.orders())


def finished_orders_of(terminal: SimTerminal) -> tuple[TradeOrder, ...]:
    """Orders of the history, oldest first."""
    deals = {deal.order_ticket: deal for deal in terminal.deals}
    return tuple(_order(order, deals.get(order.order_ticket), terminal) for order in terminal.order_history)


def deals_of(terminal: SimTerminal) -> tuple[TradeDeal, ...]:
    """Deals of the history, oldest first; the first is the deposit."""
    return tuple(_deal(deal) for deal in terminal.deals)


def _position(held: Position, terminal: SimTerminal) -> TradePosition:
    bid, ask, _ = terminal.quote(held.symbol)
    opening = terminal.order_detail(held.position_id)  # a position is identified by the order that opened it
    return filled(
        TradePosition,
        ticket=held.position_ticket,
        time=held.time_msc // _MS_PER_S,
        time_msc=held.time_msc,
        time_update=held.time_update_msc // _MS_PER_S,
        time_update_msc=held.time_update_msc,
        type=int(held.type),
        magic=held.magic,
        identifier=held.position_id,
        reason=int(opening.reason) if opening is not None else 0,
        volume=held.volume,
        price_open=held.price_open,
        sl=held.sl,
        tp=held.tp,
        price_current=bid if held.side > 0 else ask,
        swap=held.swap,
        profit=held.profit,
        symbol=held.symbol,
        comment=held.comment,
    )


def _order(order: Order, deal: Deal | None, terminal: SimTerminal) -> TradeOrder:
    """`deal` is the order's last one, if it had any."""
    detail = terminal.order_detail(order.order_ticket)
    done_msc = detail.time_done_msc if detail is not None else 0
    return filled(
        TradeOrder,
        ticket=order.order_ticket,
        time_setup=order.time_setup_msc // _MS_PER_S,
        time_setup_msc=order.time_setup_msc,
        time_done=done_msc // _MS_PER_S,
        time_done_msc=done_msc,
        time_expiration=order.time_expiration_s,
        type=int(order.type),
        state=int(order.state),
        magic=order.magic,
        position_id=order.position_id,
        reason=int(detail.reason) if detail is not None else 0,
        type_time=int(detail.time_type) if detail is not None else 0,
        type_filling=int(detail.filling) if detail is not None else 0,
        price_stoplimit=detail.stop_limit if detail is not None else 0.0,
        volume_initial=order.volume_initial,
        volume_current=order.volume_current,
        price_open=order.price_open,
        sl=order.sl,
        tp=order.tp,
        position_by_id=detail.position_by if detail is not None else 0,
        price_current=deal.price if deal is not None else _market_price(order, terminal),
        symbol=order.symbol,
        comment=order.comment,
    )


def _market_price(order: Order, terminal: SimTerminal) -> float:
    """What the order is compared with now: the ask for a buy, the bid for a sell."""
    bid, ask, _ = terminal.quote(order.symbol)
    return ask if order.type in BUYS else bid


def _deal(deal: Deal) -> TradeDeal:
    return filled(
        TradeDeal,
        ticket=deal.deal_ticket,
        order=deal.order_ticket,
        time=deal.time_msc // _MS_PER_S,
        time_msc=deal.time_msc,
        type=int(deal.type),
        entry=int(deal.entry),
        magic=deal.magic,
        position_id=deal.position_id,
        reason=int(deal.reason),
        volume=deal.volume,
        price=deal.price,
        commission=deal.commission,
        swap=deal.swap,
        profit=deal.profit,
        fee=deal.fee,
        symbol=deal.symbol,
        comment=deal.comment,
    )
