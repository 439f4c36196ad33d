"""The declaration, second half: the records that follow a body, any number of them.

TICKS and HISTORY carry MetaTrader's own MqlTick and MqlRates instead (`domain.dtypes`).
"""

from typing import Final

from domain.dtypes import RATES_DTYPE, TICK_DTYPE
from domain.symbols import CalcMode, ExecutionMode, FillingFlag, SwapMode, SymbolTradeMode
from domain.trading import DealEntry, DealReason, DealType, OrderState, OrderType, PositionType
from domain.updates import ResultPhase
from wire import kinds as k
from wire.layout import Record

TICK_BYTES: Final = TICK_DTYPE.itemsize
RATES_BYTES: Final = RATES_DTYPE.itemsize

SYMBOL: Final = Record(
    "WireSymbol",
    "One symbol's specification, as `SymbolInfo*` gives it.",
    name=k.name(k.SYMBOL_BYTES),
    currency_base=k.name(8),
    currency_profit=k.name(8),
    currency_margin=k.name(8),
    point=k.NUMBER,
    tick_size=k.NUMBER,
    tick_value=k.NUMBER,
    tick_value_profit=k.NUMBER,
    tick_value_loss=k.NUMBER,
    contract_size=k.NUMBER,
    volume_min=k.VOLUME,
    volume_max=k.VOLUME,
    volume_step=k.VOLUME,
    volume_limit=k.VOLUME,
    swap_long=k.NUMBER,
    swap_short=k.NUMBER,
    margin_initial=k.NUMBER,
    margin_maintenance=k.NUMBER,
    margin_hedged=k.NUMBER,
    margin_rate_buy=k.NUMBER,
    margin_rate_sell=k.NUMBER,
    stops_level_points=k.U32,
    freeze_level_points=k.U32,
    digits=k.U8,
    calc_mode=k.one_of(CalcMode),
    trade_mode=k.one_of(SymbolTradeMode),
    execution_mode=k.one_of(ExecutionMode),
    filling_flags=k.bits_of(FillingFlag),
    swap_mode=k.one_of(SwapMode),
    swap_rollover3days=k.between("B", 0, 6, "weekday of the triple swap, 0 Sunday"),
    sessions=k.SESSIONS,
)

RESULT: Final = Record(
    "WireResult",
    "What became of an intent, in REPORT and SNAPSHOT.",
    intent_id=k.U64,
    order_ticket=k.TICKET,
    deal_ticket=k.TICKET,
    position_ticket=k.TICKET,
    volume=k.VOLUME,
    price=k.PRICE,
    time_msc=k.TIME_MSC,
    retcode=k.U32,
    phase=k.one_of(ResultPhase),
    text=k.text(k.TEXT_BYTES),
)

DEAL: Final = Record(
    "WireDeal",
    "One execution. `symbol` is empty for balance operations.",
    deal_ticket=k.TICKET,
    order_ticket=k.TICKET,
    position_id=k.TICKET,
    magic=k.I64,
    time_msc=k.TIME_MSC,
    volume=k.VOLUME,
    price=k.PRICE,
    profit=k.MONEY,
    swap=k.MONEY,
    commission=k.MONEY,
    fee=k.MONEY,
    type=k.one_of(DealType),
    entry=k.one_of(DealEntry),
    reason=k.one_of(DealReason),
    symbol=k.name(k.SYMBOL_BYTES),
    comment=k.text(k.SYMBOL_BYTES),
)

POSITION: Final = Record(
    "WirePosition",
    "One open position.",
    position_ticket=k.TICKET,
    position_id=k.TICKET,
    magic=k.I64,
    time_msc=k.TIME_MSC,
    time_update_msc=k.TIME_MSC,
    volume=k.VOLUME,
    price_open=k.PRICE,
    sl=k.PRICE,
    tp=k.PRICE,
    swap=k.MONEY,
    profit=k.MONEY,
    type=k.one_of(PositionType),
    symbol=k.name(k.SYMBOL_BYTES),
    comment=k.text(k.SYMBOL_BYTES),
)

ORDER: Final = Record(
    "WireOrder",
    "One order that is still in the market.",
    order_ticket=k.TICKET,
    position_id=k.TICKET,
    magic=k.I64,
    time_setup_msc=k.TIME_MSC,
    time_expiration_s=k.TIME_S,
    volume_initial=k.VOLUME,
    volume_current=k.VOLUME,
    price_open=k.PRICE,
    sl=k.PRICE,
    tp=k.PRICE,
    type=k.one_of(OrderType),
    state=k.one_of(OrderState),
    symbol=k.name(k.SYMBOL_BYTES),
    comment=k.text(k.SYMBOL_BYTES),
)

GONE: Final = Record("WireGone", "A position or order that exists no more.", ticket=k.TICKET)

CALENDAR_VALUE: Final = Record(
    "WireCalendarValue",
    "One `MqlCalendarValue` with what its event and country say. Enumerations have MT5's numbers.",
    value_id=k.U64,
    event_id=k.U64,
    time_s=k.TIME_S,
    period_s=k.I64,
    actual=k.SCALED,
    forecast=k.SCALED,
    previous=k.SCALED,
    revised=k.SCALED,
    revision=k.I32,
    importance=k.U8,
    impact=k.U8,
    time_mode=k.U8,
    event_type=k.U8,
    sector=k.U8,
    unit=k.U8,
    multiplier=k.U8,
    digits=k.U8,
    country=k.name(4),
    currency=k.name(8),
    name=k.text(k.TEXT_BYTES),
)

ITEMS: Final = (SYMBOL, RESULT, DEAL, POSITION, ORDER, GONE, CALENDAR_VALUE)
