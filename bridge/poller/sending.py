"""A request as the `MetaTrader5` package takes it, and what its answer means: never more than it says."""

from typing import Any, Final

from bridge.poller.link import DISABLED, INVALID_PARAMS, Link
from domain.requests import TradeAction, TradeAnswer, TradeRequest
from domain.retcodes import Retcode

_PRICED: Final = (TradeAction.DEAL, TradeAction.PENDING, TradeAction.MODIFY)
_NOT_SENT: Final = {INVALID_PARAMS: Retcode.INVALID, DISABLED: Retcode.CLIENT_DISABLES_AT}
"""Codes of `last_error` with which the package itself refuses -> what a server would say to such a request."""


def request_fields(request: TradeRequest) -> dict[str, Any]:
    """The fields of `request`, numbers in the types that the package insists on."""
    fields: dict[str, Any] = {"action": int(request.action), "magic": request.magic}
    if request.action in _PRICED:
        fields |= {
            "volume": float(request.volume),
            "price": float(request.price),
            "deviation": request.deviation_points,
            "type": int(request.type),
            "type_filling": int(request.filling),
            "type_time": int(request.time_type),
            "comment": request.comment,
        }
    given = {
        "symbol": request.symbol,
        "order": request.order_ticket,
        "position": request.position_ticket,
        "position_by": request.position_by,
        "stoplimit": float(request.stop_limit),
        "expiration": request.expiration_s,
    }
    fields |= {name: value for name, value in given.items() if value}
    if request.action != TradeAction.REMOVE:
        fields |= {"sl": float(request.sl), "tp": float(request.tp)}
    return fields


def answer_to(link: Link, request: TradeRequest) -> TradeAnswer:
    """`order_send`.

    Without an answer (None) only two codes prove that nothing was sent; with every other one the order may be at the
    server, so that the answer is TIMEOUT and what became of it has to be looked for.
    """
    result = link.tried("order_send", request_fields(request))
    if result is None:
        code, text = link.last_error()
        retcode = _NOT_SENT.get(code, Retcode.TIMEOUT)
        return TradeAnswer(retcode=retcode, comment=f"MetaTrader5.order_send: {code} {text}")
    return TradeAnswer(
        retcode=int(result.retcode),
        deal_ticket=int(result.deal),
        order_ticket=int(result.order),
        volume=float(result.volume),
        price=float(result.price),
        bid=float(result.bid),
        ask=float(result.ask),
        comment=str(result.comment),
    )
