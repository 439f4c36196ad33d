"""What the trade server checks before it executes a request, in the server's order; each failure has its own retcode.

Sources: MQL5 reference, "Return Codes of the Trade Server" and "Order Properties"; order of the checks: assumption.
"""

from collections.abc import Iterable
from typing import Any, Final

from domain.requests import TradeRequest
from domain.retcodes import Retcode
from domain.symbols import FillingFlag, SymbolSpec, SymbolTradeMode
from domain.trading import OrderFilling, OrderType
from domain.volumes import STEP_SLACK

_GRID_SLACK: Final = 1e-4  # of a tick
_PENDING_SIDES: Final = {
    OrderType.BUY_LIMIT: (1, -1),
    OrderType.SELL_LIMIT: (-1, 1),
    OrderType.BUY_STOP: (1, 1),
    OrderType.SELL_STOP: (-1, -1),
    OrderType.BUY_STOP_LIMIT: (1, 1),
    OrderType.SELL_STOP_LIMIT: (-1, -1),
}  # side of the deal; whether the price lies above (+1) or below the quote
_FILLING_BIT: Final = {OrderFilling.FOK: FillingFlag.FOK, OrderFilling.IOC: FillingFlag.IOC}

OPEN_MODES: Final = {
    SymbolTradeMode.DISABLED: (Retcode.TRADE_DISABLED, Retcode.TRADE_DISABLED),
    SymbolTradeMode.LONGONLY: (None, Retcode.LONG_ONLY),
    SymbolTradeMode.SHORTONLY: (Retcode.SHORT_ONLY, None),
    SymbolTradeMode.CLOSEONLY: (Retcode.CLOSE_ONLY, Retcode.CLOSE_ONLY),
    SymbolTradeMode.FULL: (None, None),
}
"""Symbol's trade mode -> what a new buy and a new sell are refused with."""


def volume_refusal(volume: float, spec: SymbolSpec) -> Retcode | None:
    """10014 for a volume outside the symbol's limits or off its step."""
    if not spec.volume_min - STEP_SLACK <= volume <= spec.volume_max + STEP_SLACK:
        return Retcode.INVALID_VOLUME
    steps = volume / spec.volume_step
    return None if abs(steps - round(steps)) < STEP_SLACK else Retcode.INVALID_VOLUME


def filling_refusal(filling: OrderFilling, spec: SymbolSpec) -> Retcode | None:
    """10030 for a filling mode the symbol does not list; RETURN has no bit and never fits market execution."""
    bit = _FILLING_BIT.get(filling, FillingFlag.NONE)
    return None if bit & spec.filling_flags else Retcode.INVALID_FILL


def stops_refusal(side: int, bid: float, ask: float, sl: float, tp: float, spec: SymbolSpec) -> Retcode | None:
    """10016 for levels on the wrong side of the closing quote, or nearer to it than the stops level.

    A level exactly at the quote would trigger at once and is refused as well, with a stops level of 0 (assumption).
    """
    price = bid if side > 0 else ask
    near = max(spec.stops_level_points, 1)
    wrong_sl = sl != 0.0 and side * _points(price - sl, spec) < near
    wrong_tp = tp != 0.0 and side * _points(tp - price, spec) < near
    return Retcode.INVALID_STOPS if wrong_sl or wrong_tp or sl < 0.0 or tp < 0.0 else None


def pending_filling_refusal(filling: OrderFilling, kind: OrderType, spec: SymbolSpec) -> Retcode | None:
    """10030 as for market orders, but RETURN always fits: what is left of a pending order can wait on.

    BOC needs its bit, and makes sense for what rests in the book: a limit.
    """
    if filling == OrderFilling.RETURN:
        return None
    if filling == OrderFilling.BOC:
        fits = FillingFlag.BOC in spec.filling_flags and kind in (OrderType.BUY_LIMIT, OrderType.SELL_LIMIT)
        return None if fits else Retcode.INVALID_FILL
    return filling_refusal(filling, spec)


def price_refusal(
    kind: OrderType, price: float, stop_limit: float, bid: float, ask: float, spec: SymbolSpec
) -> Retcode | None:
    """10015 for an order price off the grid, on the wrong side of the quote, or nearer to it than the stops level.

    A limit waits on the favorable side, a stop on the other; the limit price of a stop-limit lies on the favorable side
    of its stop price. At the price itself an order would be reached at once and is refused (assumption).
    """
    side, waits = _PENDING_SIDES[kind]
    near = max(spec.stops_level_points, 1)
    apart = waits * _points(price - (ask if side > 0 else bid), spec)
    fits = apart >= near and is_on_grid(price, spec)
    if kind in (OrderType.BUY_STOP_LIMIT, OrderType.SELL_STOP_LIMIT):
        fits = (
            fits
            and stop_limit > 0.0
            and side * _points(price - stop_limit, spec) >= near
            and is_on_grid(stop_limit, spec)
        )
    return None if fits and price > 0.0 else Retcode.INVALID_PRICE


def is_on_grid(price: float, spec: SymbolSpec) -> bool:
    """Whether `price` is a whole number of ticks."""
    ticks = price / spec.tick_size
    return abs(ticks - round(ticks)) < _GRID_SLACK


def is_frozen(market_price: float, levels: Iterable[float], spec: SymbolSpec) -> bool:
    """Whether the market stands within the freeze level of one of `levels`."""
    frozen = any(abs(_points(market_price - level, spec)) <= spec.freeze_level_points for level in levels)
    return frozen and spec.freeze_level_points > 0


def freeze_refusal(position: Any, bid: float, ask: float, spec: SymbolSpec) -> Retcode | None:  # noqa: ANN401 - a row
    """10029 while the market stands within the freeze level of a position's stop loss or take profit."""
    price = bid if position["side"] > 0 else ask
    levels = [float(level) for level in (position["sl"], position["tp"]) if level > 0.0]
    return Retcode.FROZEN if is_frozen(price, levels, spec) else None


def mode_refusal(side: int, spec: SymbolSpec) -> Retcode | None:
    """10017, 10042, 10043 or 10044 where the symbol does not take new positions on this side."""
    return OPEN_MODES[spec.trade_mode][0 if side > 0 else 1]


def side_of(request: TradeRequest) -> int:
    """+1 buy, -1 sell, 0 for an order type that is not a market order."""
    return {OrderType.BUY: 1, OrderType.SELL: -1}.get(request.type, 0)


def _points(distance: float, spec: SymbolSpec) -> int:
    return round(distance / spec.point)
