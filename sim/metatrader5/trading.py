"""`order_calc_*`, `order_check` and `order_send`."""

from typing import Any, Final

from domain.pricing import SymbolMoney, position_profit, required_margin
from domain.requests import TradeAction, refused
from domain.requests import TradeRequest as ServerRequest
from domain.retcodes import Retcode
from domain.trading import DealReason, OrderFilling, OrderTime, OrderType
from sim.metatrader5.arguments import number, plain_integer, request_fields, text
from sim.metatrader5.desk import DESK, call
from sim.metatrader5.failures import (
    INVALID_ARGUMENTS,
    INVALID_COUNT,
    INVALID_PARAMS,
    NOT_FOUND,
    UNNAMED_ARGUMENTS,
    CallError,
)
from sim.metatrader5.structs import OrderCheckResult, OrderSendResult, TradeRequest, filled
from sim.metatrader5.wording import CHECKED, words_of
from sim.terminal import SimTerminal

_LAST_PRICED_TYPE: Final = OrderType.SELL_STOP_LIMIT
_PERCENT: Final = 100.0
_GOOD: Final = (Retcode.DONE, Retcode.DONE_PARTIAL, Retcode.PLACED)


@call(plain_integer, text, number, number)
def order_calc_margin(action: int, symbol: str, volume: float, price: float, /) -> float | None:
    """Margin of an order of type `action`, without regard to other positions [account money]."""
    terminal = DESK.station().terminal
    money = _money(terminal, symbol)
    if not 0 <= action <= _LAST_PRICED_TYPE or volume <= 0.0 or price <= 0.0:
        raise CallError(INVALID_PARAMS)
    return float(required_margin(_side(action), volume, price, money))


@call(plain_integer, text, number, number, number)
def order_calc_profit(
    action: int, symbol: str, volume: float, price_open: float, price_close: float, /
) -> float | None:
    """Profit of a position from `price_open` to `price_close` [account money]; `action` is buy or sell."""
    terminal = DESK.station().terminal
    money = _money(terminal, symbol)
    if action not in (OrderType.BUY, OrderType.SELL) or volume <= 0.0 or min(price_open, price_close) <= 0.0:
        raise CallError(INVALID_PARAMS)
    return float(position_profit(_side(action), volume, price_open, price_close, money))


@call()
def order_check(*unnamed: Any, **named: Any) -> OrderCheckResult | None:  # noqa: ANN401 - whatever the caller gave
    """`order_check(request)`: whether the account has the money, and the server would take it; nothing is sent.

    The return code of a good request is 0. The margin is simplified as in MetaTrader: the order's own is added, also
    to that of opposite positions.
    """
    fields = _request_of(unnamed, named)
    terminal = DESK.station().terminal
    request = filled(TradeRequest, **fields)
    sent = _server_request(request)
    account = terminal.account()
    extra = _extra_margin(terminal, sent) if sent is not None else 0.0
    retcode = terminal.checked(sent).retcode if sent is not None else Retcode.INVALID
    good = retcode in _GOOD
    margin = round(account.margin + extra, account.currency_digits)
    return OrderCheckResult(
        (
            0 if good else int(retcode),
            account.balance,
            account.equity,
            round(account.equity - account.balance, account.currency_digits),
            margin,
            round(account.equity - margin, account.currency_digits),
            account.equity / margin * _PERCENT if margin else 0.0,
            CHECKED if good else words_of(retcode),
            request,
        )
    )


@call()
def order_send(*unnamed: Any, **named: Any) -> OrderSendResult | None:  # noqa: ANN401 - whatever the caller gave
    """`order_send(request)`: send a request; None only where a field has the wrong type or there is no connection."""
    fields = _request_of(unnamed, named)
    station = DESK.station()
    request = filled(TradeRequest, **fields)
    sent = _server_request(request)
    station.requests += 1
    answer = station.terminal.send(sent, DealReason.EXPERT) if sent is not None else refused(Retcode.INVALID)
    return OrderSendResult(
        (
            int(answer.retcode),
            answer.deal_ticket,
            answer.order_ticket,
            answer.volume,
            answer.price,
            answer.bid,
            answer.ask,
            words_of(answer.retcode),
            station.requests,
            0,
            request,
        )
    )


def _request_of(unnamed: tuple[Any, ...], named: dict[str, Any]) -> dict[str, Any]:
    """The fields of the one request: a dictionary, or the fields as named arguments, as the package takes them too."""
    if unnamed and named:
        raise CallError(UNNAMED_ARGUMENTS)
    if not named and len(unnamed) != 1:
        raise CallError(INVALID_COUNT)
    given = named or unnamed[0]
    if not isinstance(given, dict):
        raise CallError(INVALID_ARGUMENTS)
    return request_fields(given)


def _server_request(request: TradeRequest) -> ServerRequest | None:
    """The request as the server takes it; None where its action, type or filling does not exist."""
    try:
        return ServerRequest(
            action=TradeAction(request.action),
            symbol=request.symbol,
            magic=request.magic,
            order_ticket=request.order,
            volume=request.volume,
            price=request.price,
            sl=request.sl,
            tp=request.tp,
            deviation_points=request.deviation,
            type=OrderType(request.type),
            filling=OrderFilling(request.type_filling),
            comment=request.comment,
            position_ticket=request.position,
            position_by=request.position_by,
            stop_limit=request.stoplimit,
            time_type=OrderTime(request.type_time),
            expiration_s=request.expiration,
        )
    except ValueError:
        return None


def _extra_margin(terminal: SimTerminal, request: ServerRequest) -> float:
    """Margin of the new position, or what the new order reserves of it, by itself [account money]."""
    spec, (bid, ask, time_msc) = terminal.spec(request.symbol), (0.0, 0.0, 0)
    if spec is not None:
        bid, ask, time_msc = terminal.quote(spec.name)
    if not time_msc or request.volume <= 0.0 or request.position_ticket:
        return 0.0
    price, fraction = (ask if _side(request.type) > 0 else bid), float(request.action == TradeAction.DEAL)
    if request.action == TradeAction.PENDING:
        price, fraction = request.price, terminal.profile.pending_margin_fraction
    if fraction <= 0.0 or price <= 0.0:
        return 0.0
    money = _money(terminal, request.symbol)
    return fraction * float(required_margin(_side(request.type), request.volume, price, money))


def _money(terminal: SimTerminal, symbol: str) -> SymbolMoney:
    if terminal.spec(symbol) is None:
        raise CallError(NOT_FOUND)
    return terminal.pricing(symbol)


def _side(action: int) -> int:
    """Types of orders are a buy and a sell in turn."""
    return -1 if action % 2 else 1
