"""Structs and arrays of the `MetaTrader5` package as what the rest of Companion speaks in."""

from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from domain.dtypes import RATES_DTYPE, TICK_DTYPE
from domain.symbols import CalcMode, ExecutionMode, FillingFlag, SwapMode, SymbolSpec, SymbolTradeMode
from domain.trading import (
    AccountSnapshot,
    AccountTradeMode,
    Deal,
    DealEntry,
    DealReason,
    DealType,
    MarginMode,
    Order,
    OrderState,
    OrderType,
    Position,
    PositionType,
)
from domain.updates import Money

Rows: TypeAlias = npt.NDArray[Any]
_FILLING_BITS: Final = 7
_REASONS: Final = frozenset(DealReason)


def account_of(info: Any, *, trade_allowed: bool, time_msc: int) -> AccountSnapshot:  # noqa: ANN401 - AccountInfo
    """The account at `time_msc` [ms, broker's clock]."""
    return AccountSnapshot(
        login=info.login,
        server=info.server,
        currency=info.currency,
        currency_digits=info.currency_digits,
        leverage=info.leverage,
        margin_mode=MarginMode(info.margin_mode),
        trade_mode=AccountTradeMode(info.trade_mode),
        trade_allowed=trade_allowed,
        balance=info.balance,
        credit=info.credit,
        equity=info.equity,
        margin=info.margin,
        margin_free=info.margin_free,
        time_msc=time_msc,
    )


def money_of(info: Any) -> Money:  # noqa: ANN401 - AccountInfo
    """The account's money."""
    return Money(balance=info.balance, equity=info.equity, margin=info.margin, margin_free=info.margin_free)


def spec_of(info: Any, margin_rates: tuple[float, float] = (1.0, 1.0)) -> SymbolSpec:  # noqa: ANN401 - SymbolInfo
    """A symbol's specification; the package tells neither trade sessions nor `margin_rates` (of buy and sell).

    Raises:
        SymbolSpecError: for one that cannot be traded on.
    """
    return SymbolSpec(
        name=info.name,
        digits=info.digits,
        point=info.point,
        tick_size=info.trade_tick_size or info.point,
        tick_value=info.trade_tick_value,
        tick_value_profit=info.trade_tick_value_profit,
        tick_value_loss=info.trade_tick_value_loss,
        contract_size=info.trade_contract_size,
        volume_min=info.volume_min,
        volume_max=info.volume_max,
        volume_step=info.volume_step,
        volume_limit=info.volume_limit,
        stops_level_points=info.trade_stops_level,
        freeze_level_points=info.trade_freeze_level,
        calc_mode=CalcMode(info.trade_calc_mode),
        trade_mode=SymbolTradeMode(info.trade_mode),
        execution_mode=ExecutionMode(info.trade_exemode),
        filling_flags=FillingFlag(info.filling_mode & _FILLING_BITS),
        swap_mode=SwapMode(info.swap_mode),
        swap_long=info.swap_long,
        swap_short=info.swap_short,
        swap_rollover3days=info.swap_rollover3days,
        currency_base=info.currency_base,
        currency_profit=info.currency_profit,
        currency_margin=info.currency_margin,
        margin_initial=info.margin_initial,
        margin_maintenance=info.margin_maintenance,
        margin_hedged=info.margin_hedged,
        margin_rate_buy=margin_rates[0],
        margin_rate_sell=margin_rates[1],
    )


def position_of(held: Any) -> Position:  # noqa: ANN401 - TradePosition
    """An open position."""
    return Position(
        position_ticket=held.ticket,
        position_id=held.identifier,
        symbol=held.symbol,
        type=PositionType(held.type),
        magic=held.magic,
        volume=held.volume,
        price_open=held.price_open,
        sl=held.sl,
        tp=held.tp,
        swap=held.swap,
        profit=held.profit,
        time_msc=held.time_msc,
        time_update_msc=held.time_update_msc,
        comment=held.comment,
    )


def order_of(order: Any) -> Order:  # noqa: ANN401 - TradeOrder
    """An order, active or finished."""
    return Order(
        order_ticket=order.ticket,
        symbol=order.symbol,
        type=OrderType(order.type),
        state=OrderState(order.state),
        magic=order.magic,
        position_id=order.position_id,
        volume_initial=order.volume_initial,
        volume_current=order.volume_current,
        price_open=order.price_open,
        sl=order.sl,
        tp=order.tp,
        time_setup_msc=order.time_setup_msc,
        time_expiration_s=order.time_expiration,
        comment=order.comment,
    )


def deal_of(deal: Any) -> Deal:  # noqa: ANN401 - TradeDeal
    """A deal; a reason that newer terminals know and this version does not is told as one by hand."""
    return Deal(
        deal_ticket=deal.ticket,
        order_ticket=deal.order,
        position_id=deal.position_id,
        symbol=deal.symbol,
        type=DealType(deal.type),
        entry=DealEntry(deal.entry),
        reason=DealReason(deal.reason) if deal.reason in _REASONS else DealReason.CLIENT,
        magic=deal.magic,
        volume=deal.volume,
        price=deal.price,
        profit=deal.profit,
        swap=deal.swap,
        commission=deal.commission,
        fee=deal.fee,
        time_msc=deal.time_msc,
        comment=deal.comment,
    )


def ticks_of(rows: Any) -> Rows:  # noqa: ANN401 - the package's array
    """Ticks as TICK_DTYPE.

    Raises:
        ValueError: for fields of another version of the package.
    """
    return _as(rows, TICK_DTYPE)


def rates_of(rows: Any) -> Rows:  # noqa: ANN401 - the package's array
    """Bars as RATES_DTYPE, in an array of their own.

    Raises:
        ValueError: for fields of another version of the package.
    """
    return _as(rows, RATES_DTYPE).copy()


def _as(rows: Any, dtype: np.dtype[Any]) -> Rows:  # noqa: ANN401 - the package's array
    found = np.asarray(rows)
    if found.dtype.names != dtype.names:
        raise ValueError(f"MetaTrader5 gives the fields {found.dtype.names}; expected are {dtype.names}")
    return found.astype(dtype, copy=False)
