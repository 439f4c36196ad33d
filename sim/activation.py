"""What becomes of pending orders as quotes come: they expire, turn into limits, are filled, or fail."""

import numpy as np

from domain import volumes
from domain.requests import TradeAction, TradeRequest
from domain.trading import OrderFilling, OrderState, OrderType
from sim import matching, room
from sim.exposure import Fill
from sim.holdings import Holdings
from sim.market import Market
from sim.pending import LIMITS, STOP_LIMITS, PendingOrder
from sim.requests import FillPlan


class Activation:
    """Fills pending orders of `holdings` at the quotes of `market`; `fills` may disturb that as it does requests."""

    def __init__(self, market: Market, holdings: Holdings, fills: FillPlan) -> None:
        self._market = market
        self._holdings = holdings
        self._fills = fills

    def expire(self) -> None:
        """Take out what is past its time."""
        now_msc = self._market.now_msc
        if self._holdings.pending.next_expiry_msc > now_msc:
            return
        for pending in self._holdings.pending:
            if pending.expires_msc <= now_msc:
                self._holdings.finish(pending, OrderState.EXPIRED)

    def activate(self, symbol_index: int) -> bool:
        """Do what the latest quote reaches, oldest order first; whether there was anything."""
        reached = self._reached(symbol_index)
        for pending in reached:
            if pending.order.type in STOP_LIMITS:
                self._holdings.place(pending.as_limit())
            else:
                self._fill(pending)
        return bool(reached)

    def _reached(self, symbol_index: int) -> list[PendingOrder]:
        rows = self._holdings.pending.rows
        if not len(rows):
            return []
        bid, ask, _ = self._market.quote(symbol_index)
        flags = np.empty(len(rows), np.bool_)
        if not matching.reached_orders(rows, symbol_index, bid, ask, flags):
            return []
        return [pending for pending, flag in zip(self._holdings.pending, flags, strict=True) if flag]

    def _fill(self, pending: PendingOrder) -> None:
        """A deal at the quote; an order that cannot have one is canceled, one the plan refuses is rejected."""
        disturbance = self._fills.disturbance(_market_request(pending))
        if disturbance.retcode:
            self._holdings.finish(pending, OrderState.REJECTED)
            return
        volume = self._volume(pending, disturbance.fill_fraction)
        filling = pending.detail.filling
        if volume <= 0.0 and filling == OrderFilling.RETURN:
            return
        fill = self._fill_of(pending, volume, disturbance.slippage_points)
        index, side = pending.symbol_index, pending.side
        refusal = None
        if self._holdings.book.row_of(pending.order.order_ticket) is None:
            refusal = room.position_refusal(
                self._market, self._holdings, index, side, volume, fill.price, filled=pending
            )
        if volume <= 0.0 or refusal is not None:
            self._holdings.finish(pending, OrderState.CANCELED)
            return
        self._holdings.fill_pending(pending, fill)
        rest = self._holdings.pending.get(pending.order.order_ticket)
        if rest is not None and filling != OrderFilling.RETURN:
            self._holdings.finish(rest, OrderState.CANCELED)

    def _volume(self, pending: PendingOrder, fraction: float) -> float:
        """What the market gives of what is left [lots]: 0 where Fill-or-Kill cannot be filled in whole."""
        left = pending.order.volume_current
        if fraction >= 1.0:
            return left
        given = volumes.floored(left * fraction, self._market.specs[pending.symbol_index].volume_step)
        return 0.0 if pending.detail.filling == OrderFilling.FOK else given

    def _fill_of(self, pending: PendingOrder, volume: float, extra_slippage: float) -> Fill:
        """At the quote: for a limit its price or better, for a stop its price or worse."""
        order = pending.order
        slippage = 0.0 if order.type in LIMITS else self._holdings.profile.slippage_points + extra_slippage
        return Fill(
            volume=volume,
            price=self._market.fill_price(pending.symbol_index, pending.side, slippage),
            reason=pending.detail.reason,
            magic=order.magic,
            comment=order.comment,
            sl=order.sl,
            tp=order.tp,
        )


def _market_request(pending: PendingOrder) -> TradeRequest:
    """The order as a market order, for a plan that looks at what it disturbs."""
    order = pending.order
    return TradeRequest(
        action=TradeAction.DEAL,
        symbol=order.symbol,
        magic=order.magic,
        order_ticket=order.order_ticket,
        volume=order.volume_current,
        price=order.price_open,
        sl=order.sl,
        tp=order.tp,
        type=OrderType.BUY if pending.side > 0 else OrderType.SELL,
        filling=pending.detail.filling,
        comment=order.comment,
    )
