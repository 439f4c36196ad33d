"""`Buy`, `Sell` and `Close`: the package's three conveniences, which are Python there as well."""

from typing import Any, Final

from sim.metatrader5.constants import (
    ORDER_TYPE_BUY,
    ORDER_TYPE_SELL,
    TRADE_ACTION_DEAL,
    TRADE_RETCODE_DONE,
    TRADE_RETCODE_PRICE_OFF,
    TRADE_RETCODE_REQUOTE,
)
from sim.metatrader5.listing import positions_get
from sim.metatrader5.structs import OrderSendResult, TradePosition
from sim.metatrader5.symbols import symbol_info_tick
from sim.metatrader5.trading import order_send

_DEVIATION: Final = 10
_TRIES: Final = 10
_AGAIN: Final = (TRADE_RETCODE_REQUOTE, TRADE_RETCODE_PRICE_OFF)


def Buy(  # noqa: N802 - the package's name
    symbol: str, volume: float, price: float | None = None, *, comment: str | None = None, ticket: int | None = None
) -> OrderSendResult | None:
    """Buy at `price`, or at the latest ask with up to ten tries; `ticket` is a position to close."""
    return _market_order(ORDER_TYPE_BUY, symbol, volume, price, comment, ticket)


def Sell(  # noqa: N802 - the package's name
    symbol: str, volume: float, price: float | None = None, *, comment: str | None = None, ticket: int | None = None
) -> OrderSendResult | None:
    """Sell at `price`, or at the latest bid with up to ten tries; `ticket` is a position to close."""
    return _market_order(ORDER_TYPE_SELL, symbol, volume, price, comment, ticket)


def Close(symbol: str, *, comment: str | None = None, ticket: int | None = None) -> bool | str | None:  # noqa: N802 - the package's name
    """Close the position `ticket`, or every one of `symbol`: True for all, "Partially", False for none.

    Raises:
        TypeError: without a connection, as the package does.
    """
    named: dict[str, Any] = {"symbol": symbol} if ticket is None else {"ticket": ticket}
    done = tried = 0
    for position in positions_get(**named):  # type: ignore[union-attr]
        tried += 1
        answer = _close(symbol, position, comment)
        if answer is None:
            return None
        done += answer.retcode == TRADE_RETCODE_DONE
    if 0 < done < tried:
        return "Partially"
    return done > 0


def _close(symbol: str, position: TradePosition, comment: str | None) -> OrderSendResult | None:
    opposite = ORDER_TYPE_SELL if position.type == ORDER_TYPE_BUY else ORDER_TYPE_BUY
    if symbol_info_tick(symbol) is None:
        return None
    return _market_order(opposite, symbol, position.volume, None, comment, position.ticket)


def _market_order(
    order_type: int, symbol: str, volume: float, price: float | None, comment: str | None, ticket: int | None
) -> OrderSendResult | None:
    answer = None
    for _ in range(_TRIES if price is None else 1):
        wanted = _latest(order_type, symbol) if price is None else price
        answer = _RawOrder(order_type, symbol, volume, wanted, comment, ticket)
        if answer is None or answer.retcode not in _AGAIN:
            break
    return answer


def _latest(order_type: int, symbol: str) -> float:
    tick = symbol_info_tick(symbol)
    return tick.ask if order_type == ORDER_TYPE_BUY else tick.bid  # type: ignore[union-attr]


def _RawOrder(  # noqa: N802 - the package's name and signature; wrappers of others call it
    order_type: int,
    symbol: str,
    volume: float,
    price: float,
    comment: str | None = None,
    ticket: int | None = None,
) -> OrderSendResult | None:
    request: dict[str, Any] = {
        "action": TRADE_ACTION_DEAL,
        "symbol": symbol,
        "volume": volume,
        "type": order_type,
        "price": price,
        "deviation": _DEVIATION,
    }
    optional = {"comment": comment, "position": ticket}
    return order_send(request | {name: value for name, value in optional.items() if value is not None})
