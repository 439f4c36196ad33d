"""The simulated trade server: takes a request, checks it as MT5 does, executes it against the latest quote."""

from typing import Any, Final

import msgspec

from domain import volumes
from domain.requests import TradeAction, TradeAnswer, TradeRequest, refused
from domain.retcodes import Retcode
from domain.symbols import ExecutionMode, SymbolSpec
from domain.trading import Deal, DealReason, OrderFilling
from sim import checks, room
from sim.exposure import Fill
from sim.holdings import Holdings
from sim.market import Market
from sim.pending import PendingOrder
from sim.placing import Placing
from sim.requests import Disturbance, FillPlan, unanswered

_COMMENT_LIMIT: Final = 31


class TradeServer:
    """Executes requests on `holdings` at the quotes of `market`; `fills` may disturb them."""

    def __init__(self, market: Market, holdings: Holdings, fills: FillPlan) -> None:
        self._market = market
        self._holdings = holdings
        self._fills = fills
        self._placing = Placing(market, holdings)

    def execute(self, request: TradeRequest, reason: DealReason) -> TradeAnswer:
        """What the terminal hears; where an acknowledgement is lost, TIMEOUT although the request was executed."""
        answer, disturbance = self.execute_openly(request, reason)
        return unanswered(disturbance.lost_as) if disturbance.lost_answer else answer

    def execute_openly(self, request: TradeRequest, reason: DealReason) -> tuple[TradeAnswer, Disturbance]:
        """The server's answer, and what disturbed the request."""
        disturbance = self._fills.disturbance(request)
        if disturbance.retcode:
            return self._refusal(request, disturbance.retcode), disturbance
        return self._dispatch(request, reason, disturbance), disturbance

    def _dispatch(self, request: TradeRequest, reason: DealReason, disturbance: Disturbance) -> TradeAnswer:
        match request.action:
            case TradeAction.DEAL:
                return self._deal(request, reason, disturbance)
            case TradeAction.SLTP:
                return self._modify(request)
            case TradeAction.PENDING | TradeAction.MODIFY | TradeAction.REMOVE:
                return self._placed(request, self._placing.execute(request, reason))
            case TradeAction.CLOSE_BY:
                return self._close_by(request, reason)

    def _deal(self, request: TradeRequest, reason: DealReason, disturbance: Disturbance) -> TradeAnswer:
        if request.symbol not in self._market.index_of or checks.side_of(request) == 0:
            return refused(Retcode.INVALID, "unknown symbol or order type")
        refusal = self._market_refusal(request)
        if refusal is not None:
            return self._refusal(request, refusal)
        if request.position_ticket:
            return self._close(request, reason, disturbance)
        return self._open(request, reason, disturbance)

    def _market_refusal(self, request: TradeRequest) -> Retcode | None:
        index = self._market.index_of[request.symbol]
        spec = self._market.specs[index]
        refusal = checks.volume_refusal(request.volume, spec) or checks.filling_refusal(request.filling, spec)
        if refusal is not None:
            return refusal
        if not self._market.in_session(index):
            return Retcode.MARKET_CLOSED
        if not self._market.is_quoted(index) or not self._market.is_convertible(index):
            return Retcode.PRICE_OFF
        self._market.convert(index)
        if spec.execution_mode == ExecutionMode.INSTANT and not checks.is_on_grid(request.price, spec):
            return Retcode.INVALID_PRICE
        price = self._market.price(index, checks.side_of(request))
        allowed = (request.deviation_points + 0.5) * spec.point
        moved = spec.execution_mode == ExecutionMode.INSTANT and abs(request.price - price) > allowed
        return Retcode.REQUOTE if moved else None

    def _open(self, request: TradeRequest, reason: DealReason, disturbance: Disturbance) -> TradeAnswer:
        index, side = self._market.index_of[request.symbol], checks.side_of(request)
        spec = self._market.specs[index]
        bid, ask, _ = self._market.quote(index)
        refusal = None
        if self._holdings.opened_volume(index, side, request.volume) > 0.0:
            refusal = checks.mode_refusal(side, spec)
            refusal = refusal or checks.stops_refusal(side, bid, ask, request.sl, request.tp, spec)
        if refusal is not None:
            return self._refusal(request, refusal)
        fill = self._fill(request, reason, index, side, disturbance)
        if not fill.volume:
            refusal = Retcode.REJECT
        else:
            refusal = room.position_refusal(self._market, self._holdings, index, side, fill.volume, fill.price)
        if refusal is not None:
            return self._refusal(request, refusal)
        return self._done(request, self._holdings.trade(index, side, fill))

    def _close(self, request: TradeRequest, reason: DealReason, disturbance: Disturbance) -> TradeAnswer:
        position = self._holdings.book.row_of(request.position_ticket)
        if position is None:
            return self._refusal(request, Retcode.POSITION_CLOSED)
        index, side = int(position["symbol_index"]), int(position["side"])
        spec = self._market.specs[index]
        if spec.name != request.symbol or checks.side_of(request) != -side:
            return refused(Retcode.INVALID, "closing takes the position's symbol and the opposite type")
        if request.volume > position["volume"] + spec.volume_step / 2.0:
            return self._refusal(request, Retcode.INVALID_CLOSE_VOLUME)
        refusal = self._freeze_refusal(position, spec)
        fill = self._fill(request, reason, index, -side, disturbance)
        if refusal is not None or not fill.volume:
            return self._refusal(request, refusal or Retcode.REJECT)
        return self._done(request, self._holdings.reduce(request.position_ticket, fill))

    def _close_by(self, request: TradeRequest, reason: DealReason) -> TradeAnswer:
        """Two opposite positions by each other, as far as the smaller reaches; no market is needed, only its hours."""
        rows = [self._holdings.book.row_of(ticket) for ticket in (request.position_ticket, request.position_by)]
        first, second = rows
        if first is None or second is None:
            return self._refusal(request, Retcode.POSITION_CLOSED)
        index = int(first["symbol_index"])
        if self._holdings.is_netting or index != second["symbol_index"] or first["side"] == second["side"]:
            return refused(Retcode.INVALID, "close-by takes two opposite positions of one symbol on a hedging account")
        spec, request = self._market.specs[index], msgspec.structs.replace(request, symbol=self._market.symbols[index])
        if not self._market.in_session(index):
            return self._refusal(request, Retcode.MARKET_CLOSED)
        refusal = self._freeze_refusal(first, spec) or self._freeze_refusal(second, spec)
        if refusal is not None:
            return self._refusal(request, refusal)
        fill = Fill(
            volume=min(float(first["volume"]), float(second["volume"])),
            price=float(second["price_open"]),
            reason=reason,
            magic=request.magic,
            comment=request.comment[:_COMMENT_LIMIT],
        )
        deal = self._holdings.close_by(request.position_ticket, request.position_by, fill)
        return self._done(msgspec.structs.replace(request, volume=deal.volume), deal)

    def _modify(self, request: TradeRequest) -> TradeAnswer:
        request = self._addressed(request)
        position = self._holdings.book.row_of(request.position_ticket)
        if position is None:
            return self._refusal(request, Retcode.POSITION_CLOSED)
        refusal = self._modify_refusal(request, position)
        if refusal is not None:
            return self._refusal(request, refusal)
        self._holdings.move_stops(request.position_ticket, request.sl, request.tp)
        return self._refusal(request, Retcode.DONE)

    def _addressed(self, request: TradeRequest) -> TradeRequest:
        """With the position's ticket, which on a netting account the symbol may stand for."""
        index = self._market.index_of.get(request.symbol)
        if request.position_ticket or index is None or not self._holdings.is_netting:
            return request
        held = self._holdings.book.row_on(index)
        return (
            request if held is None else msgspec.structs.replace(request, position_ticket=int(held["position_ticket"]))
        )

    def _modify_refusal(self, request: TradeRequest, position: Any) -> Retcode | None:  # noqa: ANN401 - a row of the book
        index = int(position["symbol_index"])
        spec = self._market.specs[index]
        if not self._market.in_session(index):
            return Retcode.MARKET_CLOSED
        if position["sl"] == request.sl and position["tp"] == request.tp:
            return Retcode.NO_CHANGES
        bid, ask, _ = self._market.quote(index)
        refusal = self._freeze_refusal(position, spec)
        return refusal or checks.stops_refusal(int(position["side"]), bid, ask, request.sl, request.tp, spec)

    def _freeze_refusal(self, position: Any, spec: SymbolSpec) -> Retcode | None:  # noqa: ANN401 - a row of the book
        bid, ask, _ = self._market.quote(int(position["symbol_index"]))
        return checks.freeze_refusal(position, bid, ask, spec)

    def _fill(self, request: TradeRequest, reason: DealReason, index: int, side: int, disturbance: Disturbance) -> Fill:
        """What the market gives: volume 0 where Fill-or-Kill cannot be filled in whole."""
        spec = self._market.specs[index]
        volume = volumes.on_grid(request.volume, spec.volume_step)
        if disturbance.fill_fraction < 1.0:
            volume = volumes.floored(volume * disturbance.fill_fraction, spec.volume_step)
            volume = 0.0 if request.filling == OrderFilling.FOK else volume
        slippage = self._holdings.profile.slippage_points + disturbance.slippage_points
        return Fill(
            volume=volume,
            price=self._market.fill_price(index, side, slippage),
            reason=reason,
            magic=request.magic,
            comment=request.comment[:_COMMENT_LIMIT],
            sl=request.sl,
            tp=request.tp,
        )

    def _done(self, request: TradeRequest, deal: Deal) -> TradeAnswer:
        bid, ask, _ = self._market.quote(self._market.index_of[request.symbol])
        partly = deal.volume < volumes.on_grid(request.volume, self._spec_of(request).volume_step)
        return TradeAnswer(
            retcode=Retcode.DONE_PARTIAL if partly else Retcode.DONE,
            deal_ticket=deal.deal_ticket,
            order_ticket=deal.order_ticket,
            volume=deal.volume,
            price=deal.price,
            bid=bid,
            ask=ask,
            comment="Request executed",
        )

    def _placed(self, request: TradeRequest, placed: PendingOrder | Retcode) -> TradeAnswer:
        if placed == Retcode.INVALID:
            return refused(Retcode.INVALID, "unknown order, symbol or order type")
        if not isinstance(placed, PendingOrder):
            return self._refusal(request, placed)
        bid, ask, _ = self._market.quote(placed.symbol_index)
        return TradeAnswer(
            retcode=Retcode.DONE,
            order_ticket=placed.order.order_ticket,
            volume=placed.order.volume_current,
            bid=bid,
            ask=ask,
            comment="Request executed",
        )

    def _spec_of(self, request: TradeRequest) -> SymbolSpec:
        return self._market.specs[self._market.index_of[request.symbol]]

    def _refusal(self, request: TradeRequest, retcode: int) -> TradeAnswer:
        index = self._market.index_of.get(request.symbol)
        bid, ask, _ = self._market.quote(index) if index is not None else (0.0, 0.0, 0)
        words = Retcode(retcode).name.lower().replace("_", " ")
        return TradeAnswer(retcode=retcode, bid=bid, ask=ask, comment=words)
