"""The part of the trade server that keeps pending orders: places, changes and removes them."""

from typing import Final

import msgspec

from domain import volumes
from domain.requests import TradeAction, TradeRequest
from domain.retcodes import Retcode
from domain.symbols import SymbolSpec
from domain.trading import DealReason, Order, OrderState
from sim import checks, room
from sim.holdings import Holdings
from sim.market import Market
from sim.pending import PENDING_TYPES, STOP_LIMITS, OrderDetail, PendingOrder, expiry_msc

_COMMENT_LIMIT: Final = 31

Placed = PendingOrder | Retcode
"""What came of a request: the order as it stands, or stood until it was removed; else why not."""


class Placing:
    """Answers PENDING, MODIFY and REMOVE on `holdings` at the quotes of `market`."""

    def __init__(self, market: Market, holdings: Holdings) -> None:
        self._market = market
        self._holdings = holdings

    def execute(self, request: TradeRequest, reason: DealReason) -> Placed:
        """Carry out `request` or say why not."""
        if request.action == TradeAction.PENDING:
            return self._place(request, reason)
        pending = self._holdings.pending.get(request.order_ticket)
        if pending is None:
            return Retcode.INVALID
        if not self._market.in_session(pending.symbol_index):
            return Retcode.MARKET_CLOSED
        if self._is_frozen(pending):
            return Retcode.FROZEN
        return self._remove(pending) if request.action == TradeAction.REMOVE else self._modify(pending, request)

    def _place(self, request: TradeRequest, reason: DealReason) -> Placed:
        index = self._market.index_of.get(request.symbol)
        if index is None or request.type not in PENDING_TYPES:
            return Retcode.INVALID
        pending = self._ordered(request, reason, index)
        refusal = self._symbol_refusal(request, pending) or self._terms_refusal(pending)
        refusal = refusal or room.order_refusal(self._market, self._holdings, pending)
        if refusal is not None:
            return refusal
        numbered = pending.with_order(order_ticket=self._holdings.ledger.take_order_ticket())
        self._holdings.place(numbered)
        return numbered

    def _modify(self, pending: PendingOrder, request: TradeRequest) -> Placed:
        order, detail = pending.order, pending.detail
        expires_msc = expiry_msc(request.time_type, request.expiration_s, order.time_setup_msc)
        changed = msgspec.structs.replace(
            pending.with_order(
                price_open=request.price, sl=request.sl, tp=request.tp, time_expiration_s=_expiration(request)
            ),
            detail=msgspec.structs.replace(detail, time_type=request.time_type, stop_limit=request.stop_limit),
            expires_msc=expires_msc,
        )
        if changed == pending:
            return Retcode.NO_CHANGES
        refusal = self._terms_refusal(changed)
        if refusal is not None:
            return refusal
        self._holdings.place(changed)
        return changed

    def _remove(self, pending: PendingOrder) -> Placed:
        self._holdings.finish(pending, OrderState.CANCELED)
        return pending

    # -- checks ------------------------------------------------------------------------------------------------------

    def _symbol_refusal(self, request: TradeRequest, pending: PendingOrder) -> Retcode | None:
        index, spec = pending.symbol_index, self._spec_of(pending)
        refusal = checks.volume_refusal(request.volume, spec)
        refusal = refusal or checks.pending_filling_refusal(request.filling, request.type, spec)
        if refusal is not None:
            return refusal
        if not self._market.in_session(index):
            return Retcode.MARKET_CLOSED
        if not self._market.is_quoted(index) or not self._market.is_convertible(index):
            return Retcode.PRICE_OFF
        return checks.mode_refusal(pending.side, spec)

    def _terms_refusal(self, pending: PendingOrder) -> Retcode | None:
        """10022, 10015 or 10016 for an expiry, prices or levels an order cannot have now."""
        if pending.expires_msc <= self._market.now_msc:
            return Retcode.INVALID_EXPIRATION
        order, spec = pending.order, self._spec_of(pending)
        bid, ask, _ = self._market.quote(pending.symbol_index)
        refusal = checks.price_refusal(order.type, order.price_open, pending.detail.stop_limit, bid, ask, spec)
        opens_at = pending.detail.stop_limit if order.type in STOP_LIMITS else order.price_open
        return refusal or checks.stops_refusal(pending.side, opens_at, opens_at, order.sl, order.tp, spec)

    def _is_frozen(self, pending: PendingOrder) -> bool:
        market_price = self._market.price(pending.symbol_index, pending.side)
        return checks.is_frozen(market_price, (pending.order.price_open,), self._spec_of(pending))

    def _spec_of(self, pending: PendingOrder) -> SymbolSpec:
        return self._market.specs[pending.symbol_index]

    def _ordered(self, request: TradeRequest, reason: DealReason, index: int) -> PendingOrder:
        """The order that `request` wants, without a ticket yet."""
        volume = volumes.on_grid(request.volume, self._market.specs[index].volume_step)
        now_msc = self._market.now_msc
        order = Order(
            order_ticket=0,
            symbol=request.symbol,
            type=request.type,
            state=OrderState.PLACED,
            magic=request.magic,
            position_id=0,
            volume_initial=volume,
            volume_current=volume,
            price_open=request.price,
            sl=request.sl,
            tp=request.tp,
            time_setup_msc=now_msc,
            time_expiration_s=_expiration(request),
            comment=request.comment[:_COMMENT_LIMIT],
        )
        detail = OrderDetail(
            reason=reason, filling=request.filling, time_type=request.time_type, stop_limit=request.stop_limit
        )
        expires_msc = expiry_msc(request.time_type, request.expiration_s, now_msc)
        return PendingOrder(order=order, detail=detail, symbol_index=index, expires_msc=expires_msc)


def _expiration(request: TradeRequest) -> int:
    """What the order shows as its expiration [s]: 0 where its kind has none."""
    return request.expiration_s if request.time_type.name.startswith("SPECIFIED") else 0
