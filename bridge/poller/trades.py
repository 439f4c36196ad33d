"""Positions, orders and deals of a polled terminal, and what of them has not been told yet."""

from typing import Any, Final, TypeAlias

import msgspec

from bridge.poller.link import Link
from bridge.poller.reading import deal_of, money_of, order_of, position_of
from domain.timeframes import DAY_S
from domain.trading import Deal, Order, Position
from domain.updates import Money, TradeUpdate

_MS_PER_S: Final = 1_000
_SETTLING_MS: Final = 5_000  # a terminal may list a deal some time after what it did to the position
_END_S: Final = 2**31 - 1  # of the package's time; a clock of ours could lie before the newest deal
_NO_MONEY: Final = Money(balance=0.0, equity=0.0, margin=0.0, margin_free=0.0)
_Kept: TypeAlias = dict[int, Any]


class Trades:
    """What `link` shows, compared with what has been told.

    Deals are asked for only while something moves, and a day back each time: a server may list an older one late.
    """

    def __init__(self, link: Link) -> None:
        self._link = link
        self._money = _NO_MONEY
        self._positions: dict[int, Position] = {}
        self._orders: dict[int, Order] = {}
        self._deals: dict[int, Deal] = {}
        self._told_positions: _Kept = {}
        self._told_orders: _Kept = {}
        self._told_deals: set[int] = set()
        self._seen: tuple[Any, ...] = ()
        self._settled_ms = 0
        self._begun_msc: int | None = None
        self._newest_msc = 0

    def positions(self) -> tuple[Position, ...]:
        """Open positions, oldest first."""
        return tuple(self._positions.values())

    def expect_changes(self, now_ms: int) -> None:
        """Something was sent at `now_ms` [monotonic ms]: look for deals for a while."""
        self._settled_ms = now_ms + _SETTLING_MS

    def look(self, account: Any, now_ms: int) -> bool:  # noqa: ANN401 - AccountInfo
        """Read what there is; whether there is something to tell."""
        self._money = money_of(account)
        positions = (position_of(held) for held in self._link.asked("positions_get"))
        orders = (order_of(order) for order in self._link.asked("orders_get"))
        self._positions = {held.position_ticket: held for held in sorted(positions, key=_age)}
        self._orders = {order.order_ticket: order for order in sorted(orders, key=_age)}
        seen = (account.balance, account.credit, _essences(self._positions), _essences(self._orders))
        if seen != self._seen:
            self._seen = seen
            self.expect_changes(now_ms)
        if self._begun_msc is not None and now_ms < self._settled_ms:
            self._find_deals()
        return self._has_news

    def snapshot(self, since_msc: int, since_ticket: int, now_msc: int) -> TradeUpdate:
        """Everything there is, with the deals after (`since_msc`, `since_ticket`); all of it counts as told."""
        deals = self.deals_since(since_msc)
        self._told_deals |= {deal.deal_ticket for deal in deals}
        self._deals.clear()
        # what lies further back than these is the bridge's, or was before its time
        self._begun_msc = since_msc or (deals[-1].time_msc if deals else now_msc)
        self._mark_told()
        return TradeUpdate(
            money=self._money,
            deals=tuple(deal for deal in deals if (deal.time_msc, deal.deal_ticket) > (since_msc, since_ticket)),
            positions=self.positions(),
            orders=tuple(self._orders.values()),
            complete=True,
        )

    def take_changes(self) -> TradeUpdate | None:
        """What has not been told; None for nothing."""
        if not self._has_news:
            return None
        deals = tuple(self._deals.values())
        positions, gone = _differences(self._positions, self._told_positions)
        orders, orders_gone = _differences(self._orders, self._told_orders)
        self._told_deals |= self._deals.keys()
        self._deals.clear()
        self._mark_told()
        return TradeUpdate(
            money=self._money,
            deals=deals,
            positions=positions,
            positions_gone=gone,
            orders=orders,
            orders_gone=orders_gone,
        )

    def deals_since(self, time_msc: int) -> tuple[Deal, ...]:
        """The deals from `time_msc` on [ms, broker's clock], oldest first, asked for now."""
        rows = self._link.asked("history_deals_get", max(0, time_msc // _MS_PER_S), _END_S)
        deals = sorted((deal_of(row) for row in rows), key=lambda deal: (deal.time_msc, deal.deal_ticket))
        return tuple(deal for deal in deals if deal.time_msc >= time_msc)

    @property
    def _has_news(self) -> bool:
        return bool(
            self._deals
            or _essences(self._positions) != self._told_positions
            or _essences(self._orders) != self._told_orders
        )

    def _find_deals(self) -> None:
        for deal in self.deals_since(max(self._begun_msc or 0, self._newest_msc - DAY_S * _MS_PER_S)):
            self._newest_msc = max(self._newest_msc, deal.time_msc)
            if deal.deal_ticket not in self._told_deals:
                self._deals[deal.deal_ticket] = deal

    def _mark_told(self) -> None:
        self._told_positions = _essences(self._positions)
        self._told_orders = _essences(self._orders)


def _age(record: Position | Order) -> tuple[int, int]:
    if isinstance(record, Position):
        return record.time_msc, record.position_ticket
    return record.time_setup_msc, record.order_ticket


def _essences(records: dict[int, Any]) -> _Kept:
    """The records without what moves with every quote."""
    return {ticket: _essence(record) for ticket, record in records.items()}


def _essence(record: Position | Order) -> Position | Order:
    return msgspec.structs.replace(record, profit=0.0) if isinstance(record, Position) else record


def _differences(found: dict[int, Any], told: _Kept) -> tuple[tuple[Any, ...], tuple[int, ...]]:
    """The records that are new or other than told, and the tickets that are no more."""
    changed = tuple(record for ticket, record in found.items() if told.get(ticket) != _essence(record))
    return changed, tuple(ticket for ticket in told if ticket not in found)
