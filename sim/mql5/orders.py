"""Requests and answers between an EA's structures and the simulated terminal's."""

from domain.requests import TradeAction, TradeAnswer, TradeRequest
from domain.trading import OrderFilling, OrderTime, OrderType
from sim.mql5.abi import HostRequest, HostResult, fitted


def request_in(given: HostRequest) -> TradeRequest:
    """What an EA asks for; what is none of MT5's values becomes one that the server refuses."""
    known = {int(action) for action in TradeAction}
    return TradeRequest(
        action=TradeAction(given.action) if given.action in known else TradeAction.PENDING,
        symbol=given.symbol.decode() if given.action in known else "",
        magic=given.magic,
        order_ticket=given.order,
        volume=given.volume,
        price=given.price,
        sl=given.sl,
        tp=given.tp,
        deviation_points=given.deviation,
        type=OrderType(given.type) if given.type in list(OrderType) else OrderType.CLOSE_BY,
        filling=OrderFilling(given.type_filling) if given.type_filling in list(OrderFilling) else OrderFilling.BOC,
        comment=given.comment.decode(),
        position_ticket=given.position,
        position_by=given.position_by,
        stop_limit=given.stoplimit,
        time_type=OrderTime(given.type_time) if given.type_time in list(OrderTime) else OrderTime.GTC,
        expiration_s=given.expiration,
    )


def fill_in(result: HostResult, answer: TradeAnswer) -> None:
    """The server's answer as the EA reads it."""
    result.retcode = answer.retcode
    result.deal, result.order = answer.deal_ticket, answer.order_ticket
    result.volume, result.price = answer.volume, answer.price
    result.bid, result.ask = answer.bid, answer.ask
    result.comment = fitted(answer.comment, 128)
