"""`positions_*`, `orders_*` and `history_*`: what there is, chosen by ticket, symbol, group or time."""

from typing import Any

from sim.metatrader5.arguments import Moment, moment, seconds
from sim.metatrader5.desk import DESK, call
from sim.metatrader5.records import deals_of, finished_orders_of, orders_of, positions_of
from sim.metatrader5.selection import past, standing
from sim.metatrader5.structs import TradeDeal, TradeOrder, TradePosition


@call()
def positions_total() -> int | None:
    """How many positions are open."""
    return len(DESK.station().terminal.positions())


@call()
def positions_get(*unnamed: object, **named: Any) -> tuple[TradePosition, ...] | None:  # noqa: ANN401 - arguments differ in type
    """`positions_get([symbol=], [group=], [ticket=])`: open positions; an empty tuple where there are none."""
    chosen = standing(unnamed, named)
    return tuple(held for held in positions_of(DESK.station().terminal) if chosen(held))


@call()
def orders_total() -> int | None:
    """How many orders are active."""
    return len(DESK.station().terminal.orders())


@call()
def orders_get(*unnamed: object, **named: Any) -> tuple[TradeOrder, ...] | None:  # noqa: ANN401 - arguments differ in type
    """`orders_get([symbol=], [group=], [ticket=])`: active orders; an empty tuple where there are none."""
    chosen = standing(unnamed, named)
    return tuple(order for order in orders_of(DESK.station().terminal) if chosen(order))


@call(moment, moment)
def history_orders_total(date_from: Moment, date_to: Moment, /) -> int | None:
    """How many orders ended from `date_from` to `date_to`."""
    begin, end = seconds(date_from), seconds(date_to)
    return sum(begin <= order.time_done <= end for order in finished_orders_of(DESK.station().terminal))


@call()
def history_orders_get(*dates: Moment, **named: Any) -> tuple[TradeOrder, ...] | None:  # noqa: ANN401 - arguments differ in type
    """`history_orders_get(date_from, date_to, [group=])`, `(ticket=)` or `(position=)`: finished orders."""
    chosen = past(dates, named, time_of=_end_of, ticket_of=_ticket_of)
    return tuple(order for order in finished_orders_of(DESK.station().terminal) if chosen(order))


@call(moment, moment)
def history_deals_total(date_from: Moment, date_to: Moment, /) -> int | None:
    """How many deals were done from `date_from` to `date_to`."""
    begin, end = seconds(date_from), seconds(date_to)
    return sum(begin <= deal.time <= end for deal in deals_of(DESK.station().terminal))


@call()
def history_deals_get(*dates: Moment, **named: Any) -> tuple[TradeDeal, ...] | None:  # noqa: ANN401 - arguments differ in type
    """`history_deals_get(date_from, date_to, [group=])`, `(ticket=)` or `(position=)`: deals, oldest first.

    `ticket` is that of the order whose deals are wanted.
    """
    chosen = past(dates, named, time_of=_time_of, ticket_of=_order_of)
    return tuple(deal for deal in deals_of(DESK.station().terminal) if chosen(deal))


def _end_of(order: TradeOrder) -> int:
    return order.time_done


def _ticket_of(order: TradeOrder) -> int:
    return order.ticket


def _time_of(deal: TradeDeal) -> int:
    return deal.time


def _order_of(deal: TradeDeal) -> int:
    return deal.order
