"""A drop-in for the `MetaTrader5` package over a simulated terminal: docs/metatrader5-drop-in.md."""

from sim.metatrader5.connection import (
    account_info as account_info,
)
from sim.metatrader5.connection import (
    initialize as initialize,
)
from sim.metatrader5.connection import (
    last_error as last_error,
)
from sim.metatrader5.connection import (
    login as login,
)
from sim.metatrader5.connection import (
    shutdown as shutdown,
)
from sim.metatrader5.connection import (
    terminal_info as terminal_info,
)
from sim.metatrader5.connection import (
    version as version,
)
from sim.metatrader5.constants import *  # noqa: F403 - 223 names, as the package's own interface has them
from sim.metatrader5.copying import (
    copy_rates_from as copy_rates_from,
)
from sim.metatrader5.copying import (
    copy_rates_from_pos as copy_rates_from_pos,
)
from sim.metatrader5.copying import (
    copy_rates_range as copy_rates_range,
)
from sim.metatrader5.copying import (
    copy_ticks_from as copy_ticks_from,
)
from sim.metatrader5.copying import (
    copy_ticks_range as copy_ticks_range,
)
from sim.metatrader5.desk import attach as attach
from sim.metatrader5.desk import detach as detach
from sim.metatrader5.desk import utc_ns as utc_ns
from sim.metatrader5.installing import installed as installed
from sim.metatrader5.listing import (
    history_deals_get as history_deals_get,
)
from sim.metatrader5.listing import (
    history_deals_total as history_deals_total,
)
from sim.metatrader5.listing import (
    history_orders_get as history_orders_get,
)
from sim.metatrader5.listing import (
    history_orders_total as history_orders_total,
)
from sim.metatrader5.listing import (
    orders_get as orders_get,
)
from sim.metatrader5.listing import (
    orders_total as orders_total,
)
from sim.metatrader5.listing import (
    positions_get as positions_get,
)
from sim.metatrader5.listing import (
    positions_total as positions_total,
)
from sim.metatrader5.shortcuts import Buy as Buy
from sim.metatrader5.shortcuts import Close as Close
from sim.metatrader5.shortcuts import Sell as Sell
from sim.metatrader5.structs import (
    AccountInfo as AccountInfo,
)
from sim.metatrader5.structs import (
    BookInfo as BookInfo,
)
from sim.metatrader5.structs import (
    OrderCheckResult as OrderCheckResult,
)
from sim.metatrader5.structs import (
    OrderSendResult as OrderSendResult,
)
from sim.metatrader5.structs import (
    SymbolInfo as SymbolInfo,
)
from sim.metatrader5.structs import (
    TerminalInfo as TerminalInfo,
)
from sim.metatrader5.structs import (
    Tick as Tick,
)
from sim.metatrader5.structs import (
    TradeDeal as TradeDeal,
)
from sim.metatrader5.structs import (
    TradeOrder as TradeOrder,
)
from sim.metatrader5.structs import (
    TradePosition as TradePosition,
)
from sim.metatrader5.structs import (
    TradeRequest as TradeRequest,
)
from sim.metatrader5.symbols import (
    market_book_add as market_book_add,
)
from sim.metatrader5.symbols import (
    market_book_get as market_book_get,
)
from sim.metatrader5.symbols import (
    market_book_release as market_book_release,
)
from sim.metatrader5.symbols import (
    symbol_info as symbol_info,
)
from sim.metatrader5.symbols import (
    symbol_info_tick as symbol_info_tick,
)
from sim.metatrader5.symbols import (
    symbol_select as symbol_select,
)
from sim.metatrader5.symbols import (
    symbols_get as symbols_get,
)
from sim.metatrader5.symbols import (
    symbols_total as symbols_total,
)
from sim.metatrader5.trading import (
    order_calc_margin as order_calc_margin,
)
from sim.metatrader5.trading import (
    order_calc_profit as order_calc_profit,
)
from sim.metatrader5.trading import (
    order_check as order_check,
)
from sim.metatrader5.trading import (
    order_send as order_send,
)
