"""`symbols_*`, `symbol_*` and the market's depth."""

from typing import Any, Final

import numpy as np

from domain.pricing import loss_per_price, money_per_price
from domain.symbols import SymbolSpec
from domain.timeframes import Timeframe
from sim.matching import Rows
from sim.metatrader5.arguments import flag, group_text, text
from sim.metatrader5.desk import DESK, call
from sim.metatrader5.failures import (
    CALL_FAILED,
    INCOMPATIBLE,
    INVALID_COUNT,
    NO_CONNECTION,
    NOT_FOUND,
    CallError,
    invalid,
    invalid_unnamed,
)
from sim.metatrader5.masks import chooser
from sim.metatrader5.station import Station
from sim.metatrader5.structs import BookInfo, SymbolInfo, Tick, filled

_PERCENT: Final = 100.0
_ORDER_MODE: Final = 127  # every kind of order: so on ETHUSD.s of JustMarkets-Demo2
_EXPIRATION_MODE: Final = 15  # every expiration: the same
_FOLDER: Final = "Simulated"


@call()
def symbols_total() -> int | None:
    """How many symbols the broker has, shown or not."""
    return len(_listing().terminal.symbols)


@call(failure=False)
def symbols_get(*unnamed: str, **named: str) -> tuple[SymbolInfo, ...] | None:
    """`symbols_get(group="*USD*,!EUR*")`: every symbol, or those of a group, in the broker's order."""
    if len(unnamed) > 1:
        raise CallError(INVALID_COUNT)
    group = group_text(unnamed[0], invalid_unnamed(1)) if unnamed else ""
    if "group" in named:
        group = group_text(named["group"], invalid("group"))
    station = _listing()
    chosen = chooser(group)
    return tuple(_symbol_info(station, spec) for spec in station.terminal.specs if chosen(spec.name))


@call(text)
def symbol_info(symbol: str, /) -> SymbolInfo | None:
    """Specification and latest prices of `symbol`."""
    station = DESK.station()
    return _symbol_info(station, station.spec(symbol))


@call(text)
def symbol_info_tick(symbol: str, /) -> Tick | None:
    """The latest tick of `symbol`, which must be shown in Market Watch; zeros before the first."""
    station = DESK.station()
    if symbol not in station.watched:
        raise CallError(NOT_FOUND)
    ticks = station.last_tick(symbol)
    return Tick(ticks[0].item()) if len(ticks) else filled(Tick)


@call(text, flag, failure=False, optional=1)
def symbol_select(symbol: str, enable: bool = True, /) -> bool:  # noqa: FBT001, FBT002 - the package's signature
    """Show `symbol` in Market Watch, or hide it; one with an open position or order stays."""
    station = DESK.station()
    terminal = station.terminal
    in_use = {held.symbol for held in terminal.positions()} | {order.symbol for order in terminal.orders()}
    if terminal.spec(symbol) is None or (not enable and symbol in in_use):
        raise CallError(CALL_FAILED)
    (station.watched.add if enable else station.watched.discard)(symbol)
    return True


@call(text)
def market_book_add(symbol: str, /) -> bool:
    """Ask for the depth of `symbol`: there is none, but asking succeeds for every symbol."""
    return _with_book(symbol, adding=True)


@call(text)
def market_book_release(symbol: str, /) -> bool:
    """Ask no more."""
    return _with_book(symbol, adding=False)


@call(text)
def market_book_get(symbol: str, /) -> tuple[BookInfo, ...] | None:
    """The depth of `symbol`: an empty tuple, None where it was not asked for."""
    station = DESK.station()
    if symbol not in station.books:
        raise CallError(CALL_FAILED)
    return ()


def _with_book(symbol: str, *, adding: bool) -> bool:
    """Without a connection the package answers False and calls it a success."""
    try:
        station = DESK.station()
        station.spec(symbol)
    except CallError as error:
        if error.failure != NO_CONNECTION:
            raise
        return False
    known = symbol in station.books
    (station.books.add if adding else station.books.discard)(symbol)
    return adding or known


def _listing() -> Station:
    """The two functions that list symbols look at the terminal's version first, which is none without a connection."""
    try:
        return DESK.station()
    except CallError as error:
        raise CallError(INCOMPATIBLE, returns_none=True) from error


def _symbol_info(station: Station, spec: SymbolSpec) -> SymbolInfo:
    return filled(
        SymbolInfo,
        select=spec.name in station.watched,
        visible=spec.name in station.watched,
        spread_float=True,
        order_mode=_ORDER_MODE,
        expiration_mode=_EXPIRATION_MODE,
        name=spec.name,
        description=spec.name,
        path=f"{_FOLDER}\\{spec.name}",
        **(_specified(spec) | _quoted(station, spec)),
    )


def _specified(spec: SymbolSpec) -> dict[str, Any]:
    """Fields that do not move with the market."""
    return {
        "digits": spec.digits,
        "point": spec.point,
        "trade_calc_mode": int(spec.calc_mode),
        "trade_mode": int(spec.trade_mode),
        "trade_stops_level": spec.stops_level_points,
        "trade_freeze_level": spec.freeze_level_points,
        "trade_exemode": int(spec.execution_mode),
        "swap_mode": int(spec.swap_mode),
        "swap_rollover3days": spec.swap_rollover3days,
        "filling_mode": int(spec.filling_flags),
        "trade_tick_value": spec.tick_value,
        "trade_tick_value_profit": spec.tick_value_profit,
        "trade_tick_value_loss": spec.tick_value_loss,
        "trade_tick_size": spec.tick_size,
        "trade_contract_size": spec.contract_size,
        "volume_min": spec.volume_min,
        "volume_max": spec.volume_max,
        "volume_step": spec.volume_step,
        "volume_limit": spec.volume_limit,
        "swap_long": spec.swap_long,
        "swap_short": spec.swap_short,
        "margin_initial": spec.margin_initial,
        "margin_maintenance": spec.margin_maintenance,
        "margin_hedged": spec.margin_hedged,
        "currency_base": spec.currency_base,
        "currency_profit": spec.currency_profit,
        "currency_margin": spec.currency_margin,
    }


def _quoted(station: Station, spec: SymbolSpec) -> dict[str, Any]:
    """Latest prices, the day's highs and lows, its first price and the last of the day before; zeros before a quote."""
    bid, ask, time_msc = station.terminal.quote(spec.name)
    if not time_msc:
        return {}
    today = _quotes(station.today(spec.name))
    days = station.archive.bars(spec.name, Timeframe.D1)
    before = days[days["time"] < today["time"][0] // 86_400 * 86_400] if len(today) else days
    close = float(before["close"][-1]) if len(before) else 0.0
    money = station.terminal.pricing(spec.name)
    tick_value = spec.tick_size * float(money_per_price(bid, money))
    fields = {
        "trade_tick_value": tick_value,
        "trade_tick_value_profit": tick_value,
        "trade_tick_value_loss": spec.tick_size * float(loss_per_price(bid, money)),
        "bid": bid,
        "ask": ask,
        "time": time_msc // 1000,
        "spread": round((ask - bid) / spec.point),
        "session_close": close,
        "price_change": (bid / close - 1.0) * _PERCENT if close else 0.0,
    }
    return fields | _extremes(today)


def _quotes(ticks: Rows) -> Rows:
    good = (ticks["bid"] > 0.0) & (ticks["ask"] > 0.0) & np.isfinite(ticks["bid"]) & np.isfinite(ticks["ask"])
    return np.asarray(ticks[good])


def _extremes(today: Rows) -> dict[str, Any]:
    if not len(today):
        return {}
    return {
        "bidhigh": float(today["bid"].max()),
        "bidlow": float(today["bid"].min()),
        "askhigh": float(today["ask"].max()),
        "asklow": float(today["ask"].min()),
        "session_open": float(today["bid"][0]),
    }
