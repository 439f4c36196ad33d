"""What MQL5's property functions answer about the simulated terminal, by the names MQL5 gives the properties."""

import operator
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from domain.symbols import SymbolSpec
from sim.mql5.constants import constants

if TYPE_CHECKING:
    from domain.trading import Deal, Order, Position
    from sim.pending import OrderDetail

Answer: TypeAlias = int | float | str
Getter: TypeAlias = Callable[[Any], Answer]
Getters: TypeAlias = Mapping[int, Getter]

_BUILD: Final = 5000
_EXPERT: Final = 3


def _numbered(named: Mapping[str, Getter]) -> Getters:
    return {constants()[name]: getter for name, getter in named.items()}


def _fields(prefix: str, names: Mapping[str, str]) -> dict[str, Getter]:
    return {f"{prefix}_{name}": operator.attrgetter(field) for name, field in names.items()}


def account_getters() -> Getters:
    """Of an AccountSnapshot."""
    fields = {name.upper(): name for name in ("login", "trade_mode", "leverage", "margin_mode", "currency_digits")}
    fields |= {name.upper(): name for name in ("balance", "credit", "equity", "margin", "margin_free")}
    fields |= {"CURRENCY": "currency", "SERVER": "server", "TRADE_ALLOWED": "trade_allowed"}
    return _numbered(
        _fields("ACCOUNT", fields)
        | {
            "ACCOUNT_TRADE_EXPERT": lambda _: True,
            "ACCOUNT_MARGIN_SO_MODE": lambda _: 0,
            "ACCOUNT_LIMIT_ORDERS": lambda _: 0,
            "ACCOUNT_FIFO_CLOSE": lambda _: False,
            "ACCOUNT_HEDGE_ALLOWED": lambda _: True,
            "ACCOUNT_PROFIT": lambda account: account.equity - account.balance,
            "ACCOUNT_MARGIN_LEVEL": lambda account: account.equity / account.margin * 100.0 if account.margin else 0.0,
            "ACCOUNT_MARGIN_INITIAL": lambda _: 0.0,
            "ACCOUNT_MARGIN_MAINTENANCE": lambda _: 0.0,
            "ACCOUNT_ASSETS": lambda _: 0.0,
            "ACCOUNT_LIABILITIES": lambda _: 0.0,
            "ACCOUNT_COMMISSION_BLOCKED": lambda _: 0.0,
            "ACCOUNT_NAME": lambda account: f"simulated {account.login}",
            "ACCOUNT_COMPANY": lambda _: "simulated",
        }
    )


def terminal_getters() -> Getters:
    """Of a SimTerminal."""
    return _numbered(
        {
            "TERMINAL_BUILD": lambda _: _BUILD,
            "TERMINAL_CONNECTED": lambda terminal: terminal.connected,
            "TERMINAL_DLLS_ALLOWED": lambda _: False,
            "TERMINAL_TRADE_ALLOWED": lambda terminal: terminal.autotrading,
            "TERMINAL_MAXBARS": lambda _: 100_000,
            "TERMINAL_CODEPAGE": lambda _: 1252,
            "TERMINAL_X64": lambda _: True,
            "TERMINAL_PING_LAST": lambda _: 0,
            "TERMINAL_VPS": lambda _: False,
            "TERMINAL_LANGUAGE": lambda _: "English",
            "TERMINAL_COMPANY": lambda _: "simulated",
            "TERMINAL_NAME": lambda _: "simulated terminal",
            "TERMINAL_PATH": lambda _: "",
            "TERMINAL_DATA_PATH": lambda _: "",
            "TERMINAL_COMMONDATA_PATH": lambda _: "",
        }
    )


def program_getters() -> Getters:
    """Of a SimTerminal, about the EA on its chart."""
    never = ("DEBUG", "PROFILER", "TESTER", "OPTIMIZATION", "VISUAL_MODE", "FORWARD", "FRAME_MODE", "DLLS_ALLOWED")
    return _numbered(
        {
            **{f"MQL_{name}": lambda _: False for name in never},
            "MQL_PROGRAM_TYPE": lambda _: 2,
            "MQL_TRADE_ALLOWED": lambda terminal: terminal.autotrading,
            "MQL_PROGRAM_NAME": lambda _: "Companion",
            "MQL_PROGRAM_PATH": lambda _: "",
        }
    )


def symbol_getters() -> Getters:
    """Of a SymbolSpec: everything about a symbol but its quotes."""
    fields = {
        "DIGITS": "digits",
        "POINT": "point",
        "TRADE_TICK_SIZE": "tick_size",
        "TRADE_TICK_VALUE": "tick_value",
        "TRADE_TICK_VALUE_PROFIT": "tick_value_profit",
        "TRADE_TICK_VALUE_LOSS": "tick_value_loss",
        "TRADE_CONTRACT_SIZE": "contract_size",
        "TRADE_CALC_MODE": "calc_mode",
        "TRADE_MODE": "trade_mode",
        "TRADE_EXEMODE": "execution_mode",
        "TRADE_STOPS_LEVEL": "stops_level_points",
        "TRADE_FREEZE_LEVEL": "freeze_level_points",
        "FILLING_MODE": "filling_flags",
    }
    same = (
        *("volume_min", "volume_max", "volume_step", "volume_limit", "swap_mode", "swap_long", "swap_short"),
        *("swap_rollover3days", "currency_base", "currency_profit", "currency_margin"),
        *("margin_initial", "margin_maintenance", "margin_hedged"),
    )
    always: dict[str, Getter] = {
        "SYMBOL_SELECT": lambda _: True,
        "SYMBOL_VISIBLE": lambda _: True,
        "SYMBOL_EXIST": lambda _: True,
        "SYMBOL_CUSTOM": lambda _: False,
        "SYMBOL_SPREAD_FLOAT": lambda _: True,
        "SYMBOL_EXPIRATION_MODE": lambda _: 1,
        "SYMBOL_ORDER_MODE": lambda _: 127,
        "SYMBOL_MARGIN_HEDGED_USE_LEG": lambda _: False,
        "SYMBOL_DESCRIPTION": lambda spec: spec.name,
        "SYMBOL_PATH": lambda spec: spec.name,
        "SYMBOL_LAST": lambda _: 0.0,
    }
    return _numbered(_fields("SYMBOL", fields | {name.upper(): name for name in same}) | always)


def quote_getters() -> Mapping[int, Callable[[SymbolSpec, tuple[float, float, int]], Answer]]:
    """Of a symbol and its quote (bid, ask, time [ms])."""
    named: dict[str, Callable[[SymbolSpec, tuple[float, float, int]], Answer]] = {
        "SYMBOL_BID": lambda _, quote: quote[0],
        "SYMBOL_ASK": lambda _, quote: quote[1],
        "SYMBOL_TIME": lambda _, quote: quote[2] // 1000,
        "SYMBOL_TIME_MSC": lambda _, quote: quote[2],
        "SYMBOL_SPREAD": lambda spec, quote: round((quote[1] - quote[0]) / spec.point),
    }
    return {constants()[name]: getter for name, getter in named.items()}


def position_getters() -> Getters:
    """Of a Position; its current price is the desk's to tell."""
    fields = {name.upper(): name for name in ("type", "magic", "volume", "price_open", "sl", "tp", "swap", "profit")}
    fields |= {"TICKET": "position_ticket", "IDENTIFIER": "position_id", "SYMBOL": "symbol", "COMMENT": "comment"}
    fields |= {"TIME_MSC": "time_msc", "TIME_UPDATE_MSC": "time_update_msc"}
    seconds: dict[str, Callable[[Position], Answer]] = {
        "POSITION_TIME": lambda position: position.time_msc // 1000,
        "POSITION_TIME_UPDATE": lambda position: position.time_update_msc // 1000,
        "POSITION_REASON": lambda _: _EXPERT,
        "POSITION_EXTERNAL_ID": lambda _: "",
    }
    return _numbered(_fields("POSITION", fields) | seconds)


class OrderView(NamedTuple):
    """An order with all that is known of it; `price_current` is its symbol's price now, on its side."""

    order: "Order"
    detail: "OrderDetail"
    price_current: float


def order_getters() -> Getters:
    """Of an OrderView, standing or past."""
    own = {"TICKET": "order_ticket", "TYPE": "type", "STATE": "state", "MAGIC": "magic"}
    own |= {"POSITION_ID": "position_id", "VOLUME_INITIAL": "volume_initial", "VOLUME_CURRENT": "volume_current"}
    own |= {"PRICE_OPEN": "price_open", "SL": "sl", "TP": "tp", "SYMBOL": "symbol", "COMMENT": "comment"}
    own |= {"TIME_SETUP_MSC": "time_setup_msc", "TIME_EXPIRATION": "time_expiration_s"}
    detail = {"TYPE_FILLING": "filling", "TYPE_TIME": "time_type", "REASON": "reason", "TIME_DONE_MSC": "time_done_msc"}
    detail |= {"POSITION_BY_ID": "position_by", "PRICE_STOPLIMIT": "stop_limit"}
    fields = {name: f"order.{field}" for name, field in own.items()}
    fields |= {name: f"detail.{field}" for name, field in detail.items()}
    more: dict[str, Callable[[OrderView], Answer]] = {
        "ORDER_TIME_SETUP": lambda view: view.order.time_setup_msc // 1000,
        "ORDER_TIME_DONE": lambda view: view.detail.time_done_msc // 1000,
        "ORDER_EXTERNAL_ID": lambda _: "",
    }
    return _numbered(_fields("ORDER", fields | {"PRICE_CURRENT": "price_current"}) | more)


def deal_getters() -> Getters:
    """Of a Deal."""
    fields = {name.upper(): name for name in ("type", "entry", "magic", "position_id", "volume", "price", "commission")}
    fields |= {name.upper(): name for name in ("swap", "profit", "fee", "symbol", "comment", "time_msc")}
    fields |= {"TICKET": "deal_ticket", "ORDER": "order_ticket", "REASON": "reason"}
    more: dict[str, Callable[[Deal], Answer]] = {
        "DEAL_TIME": lambda deal: deal.time_msc // 1000,
        "DEAL_SL": lambda _: 0.0,
        "DEAL_TP": lambda _: 0.0,
        "DEAL_EXTERNAL_ID": lambda _: "",
    }
    return _numbered(_fields("DEAL", fields) | more)
