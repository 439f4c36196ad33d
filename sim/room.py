"""Whether an account has room for one more position or order: number, volume on one side, margin."""

from domain import volumes
from domain.retcodes import Retcode
from sim.holdings import Holdings
from sim.market import Market
from sim.pending import PendingOrder


def position_refusal(
    market: Market,
    holdings: Holdings,
    symbol_index: int,
    side: int,
    volume: float,
    price: float,
    *,
    filled: PendingOrder | None = None,
) -> Retcode | None:
    """10040, 10034 or 10019 where there is no room for what a deal opens; `filled` is the order it comes from."""
    volume = holdings.opened_volume(symbol_index, side, volume)
    if volume <= 0.0:
        return None
    limit = holdings.profile.limit_positions
    is_new = not holdings.is_netting or holdings.book.row_on(symbol_index) is None
    if limit and is_new and len(holdings.book) >= limit:
        return Retcode.LIMIT_POSITIONS
    if _is_too_much(market, holdings, symbol_index, side, volume, filled):
        return Retcode.LIMIT_VOLUME
    money = holdings.money()
    set_free = holdings.reserved_margin(filled) if filled is not None else 0.0
    extra = holdings.margin_with(symbol_index, side, volume, price) - money.margin - set_free
    return Retcode.NO_MONEY if extra > max(money.margin_free, 0.0) else None


def order_refusal(market: Market, holdings: Holdings, pending: PendingOrder) -> Retcode | None:
    """10033, 10034 or 10019 where there is no room for a new pending order."""
    limit = holdings.profile.limit_orders
    if limit and len(holdings.pending) >= limit:
        return Retcode.LIMIT_ORDERS
    if _is_too_much(market, holdings, pending.symbol_index, pending.side, pending.order.volume_current, pending):
        return Retcode.LIMIT_VOLUME
    reserved = holdings.reserved_margin(pending)
    return Retcode.NO_MONEY if reserved > max(holdings.money().margin_free, 0.0) else None


def _is_too_much(
    market: Market, holdings: Holdings, symbol_index: int, side: int, volume: float, apart: PendingOrder | None
) -> bool:
    """Whether positions and orders on one side would exceed the symbol's volume limit; `apart` is not counted."""
    spec = market.specs[symbol_index]
    if not spec.volume_limit:
        return False
    rows = holdings.book.rows
    same = rows[(rows["symbol_index"] == symbol_index) & (rows["side"] == side)]
    own = apart.order.order_ticket if apart is not None else 0
    waiting = sum(
        one.order.volume_current
        for one in holdings.pending
        if (one.symbol_index, one.side) == (symbol_index, side) and one.order.order_ticket != own
    )
    total = volumes.on_grid(float(same["volume"].sum()) + waiting + volume, spec.volume_step)
    return total > spec.volume_limit + spec.volume_step / 2.0
