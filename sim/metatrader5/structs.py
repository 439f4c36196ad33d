"""The struct types of the `MetaTrader5` package: tuples with named fields, made from one sequence, with `_asdict`.

They are what CPython calls struct sequences, not named tuples: there is no `_fields` and no `_replace`. Fields and
their order are those of version 5.0.6231; a test compares them with the package itself where Wine is there.
"""

import operator
from collections.abc import Iterable
from typing import Any, ClassVar, Self, TypeVar


class TerminalStruct(tuple[Any, ...]):
    """A tuple whose items are also attributes; a subclass lists them as annotations, in order.

    Raises:
        TypeError: when made from what is no sequence, or from one of another length.
    """

    __slots__ = ()
    n_fields: ClassVar[int] = 0
    n_sequence_fields: ClassVar[int] = 0
    n_unnamed_fields: ClassVar[int] = 0
    __match_args__: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        """Make the annotations of a struct its fields."""
        names = tuple(name for name in cls.__annotations__ if not name.startswith("_"))
        type.__setattr__(cls, "__match_args__", names)  # mypy takes a plain assignment for a mistake
        cls.n_fields = cls.n_sequence_fields = len(names)
        for place, name in enumerate(names):
            setattr(cls, name, property(operator.itemgetter(place)))

    def __new__(cls, sequence: Iterable[Any], extra: dict[str, Any] | None = None) -> Self:  # noqa: ARG004, D102 - CPython's own
        if not isinstance(sequence, Iterable):
            raise TypeError("constructor requires a sequence")
        items = tuple(sequence)
        if len(items) != cls.n_fields:
            raise TypeError(f"{cls.__name__}() takes a {cls.n_fields}-sequence ({len(items)}-sequence given)")
        return super().__new__(cls, items)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (tuple(self),)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self._asdict().items())})"

    def _asdict(self) -> dict[str, Any]:
        return dict(zip(self.__match_args__, self, strict=True))


Struct = TypeVar("Struct", bound=TerminalStruct)


def filled(kind: type[Struct], **values: Any) -> Struct:  # noqa: ANN401 - fields differ in type
    """A struct with the given fields; the others hold the zero of their type.

    Raises:
        KeyError: for a field the struct does not have.
    """
    unknown = values.keys() - set(kind.__match_args__)
    if unknown:
        raise KeyError(f"{kind.__name__} has no field {', '.join(sorted(unknown))}")
    types = kind.__annotations__
    return kind(values[name] if name in values else types[name]() for name in kind.__match_args__)


class TradePosition(TerminalStruct):
    """One open position; times [s] and `*_msc` [ms] on the broker's clock."""

    __slots__ = ()
    ticket: int
    time: int
    time_msc: int
    time_update: int
    time_update_msc: int
    type: int
    magic: int
    identifier: int
    reason: int
    volume: float
    price_open: float
    sl: float
    tp: float
    price_current: float
    swap: float
    profit: float
    symbol: str
    comment: str
    external_id: str


class TradeOrder(TerminalStruct):
    """One order, active or finished."""

    __slots__ = ()
    ticket: int
    time_setup: int
    time_setup_msc: int
    time_done: int
    time_done_msc: int
    time_expiration: int
    type: int
    type_time: int
    type_filling: int
    state: int
    magic: int
    position_id: int
    position_by_id: int
    reason: int
    volume_initial: float
    volume_current: float
    price_open: float
    sl: float
    tp: float
    price_current: float
    price_stoplimit: float
    symbol: str
    comment: str
    external_id: str


class TradeDeal(TerminalStruct):
    """One deal of the history."""

    __slots__ = ()
    ticket: int
    order: int
    time: int
    time_msc: int
    type: int
    entry: int
    magic: int
    position_id: int
    reason: int
    volume: float
    price: float
    commission: float
    swap: float
    profit: float
    fee: float
    symbol: str
    comment: str
    external_id: str


class TradeRequest(TerminalStruct):
    """A request as it was sent."""

    __slots__ = ()
    action: int
    magic: int
    order: int
    symbol: str
    volume: float
    price: float
    stoplimit: float
    sl: float
    tp: float
    deviation: int
    type: int
    type_filling: int
    type_time: int
    expiration: int
    comment: str
    position: int
    position_by: int


class OrderSendResult(TerminalStruct):
    """What `order_send` answers."""

    __slots__ = ()
    retcode: int
    deal: int
    order: int
    volume: float
    price: float
    bid: float
    ask: float
    comment: str
    request_id: int
    retcode_external: int
    request: TradeRequest


class OrderCheckResult(TerminalStruct):
    """What `order_check` answers; money in the account's currency."""

    __slots__ = ()
    retcode: int
    balance: float
    equity: float
    profit: float
    margin: float
    margin_free: float
    margin_level: float
    comment: str
    request: TradeRequest


class Tick(TerminalStruct):
    """Latest prices of a symbol."""

    __slots__ = ()
    time: int
    bid: float
    ask: float
    last: float
    volume: int
    time_msc: int
    flags: int
    volume_real: float


class TerminalInfo(TerminalStruct):
    """The terminal's state and settings."""

    __slots__ = ()
    community_account: bool
    community_connection: bool
    connected: bool
    dlls_allowed: bool
    trade_allowed: bool
    tradeapi_disabled: bool
    email_enabled: bool
    ftp_enabled: bool
    notifications_enabled: bool
    mqid: bool
    build: int
    maxbars: int
    codepage: int
    ping_last: int
    community_balance: float
    retransmission: float
    company: str
    name: str
    language: str
    path: str
    data_path: str
    commondata_path: str


class SymbolInfo(TerminalStruct):
    """A symbol's specification and its latest prices."""

    __slots__ = ()
    custom: bool
    chart_mode: int
    select: bool
    visible: bool
    session_deals: int
    session_buy_orders: int
    session_sell_orders: int
    volume: int
    volumehigh: int
    volumelow: int
    time: int
    digits: int
    spread: int
    spread_float: bool
    ticks_bookdepth: int
    trade_calc_mode: int
    trade_mode: int
    start_time: int
    expiration_time: int
    trade_stops_level: int
    trade_freeze_level: int
    trade_exemode: int
    swap_mode: int
    swap_rollover3days: int
    margin_hedged_use_leg: bool
    expiration_mode: int
    filling_mode: int
    order_mode: int
    order_gtc_mode: int
    option_mode: int
    option_right: int
    bid: float
    bidhigh: float
    bidlow: float
    ask: float
    askhigh: float
    asklow: float
    last: float
    lasthigh: float
    lastlow: float
    volume_real: float
    volumehigh_real: float
    volumelow_real: float
    option_strike: float
    point: float
    trade_tick_value: float
    trade_tick_value_profit: float
    trade_tick_value_loss: float
    trade_tick_size: float
    trade_contract_size: float
    trade_accrued_interest: float
    trade_face_value: float
    trade_liquidity_rate: float
    volume_min: float
    volume_max: float
    volume_step: float
    volume_limit: float
    swap_long: float
    swap_short: float
    margin_initial: float
    margin_maintenance: float
    session_volume: float
    session_turnover: float
    session_interest: float
    session_buy_orders_volume: float
    session_sell_orders_volume: float
    session_open: float
    session_close: float
    session_aw: float
    session_price_settlement: float
    session_price_limit_min: float
    session_price_limit_max: float
    margin_hedged: float
    price_change: float
    price_volatility: float
    price_theoretical: float
    price_greeks_delta: float
    price_greeks_theta: float
    price_greeks_gamma: float
    price_greeks_vega: float
    price_greeks_rho: float
    price_greeks_omega: float
    price_sensitivity: float
    basis: str
    category: str
    currency_base: str
    currency_profit: str
    currency_margin: str
    bank: str
    description: str
    exchange: str
    formula: str
    isin: str
    name: str
    page: str
    path: str


class AccountInfo(TerminalStruct):
    """The account and its money."""

    __slots__ = ()
    login: int
    trade_mode: int
    leverage: int
    limit_orders: int
    margin_so_mode: int
    trade_allowed: bool
    trade_expert: bool
    margin_mode: int
    currency_digits: int
    fifo_close: bool
    balance: float
    credit: float
    profit: float
    equity: float
    margin: float
    margin_free: float
    margin_level: float
    margin_so_call: float
    margin_so_so: float
    margin_initial: float
    margin_maintenance: float
    assets: float
    liabilities: float
    commission_blocked: float
    name: str
    server: str
    currency: str
    company: str


class BookInfo(TerminalStruct):
    """One level of a market's depth."""

    __slots__ = ()
    type: int
    price: float
    volume: int
    volume_dbl: float
