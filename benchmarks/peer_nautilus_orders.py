"""nautilus_trader's side of `simulator.py`: run in an environment of its own, one JSON line for every script named.

The strategy does nothing but place the orders at their times; the venue looks after them.
"""

import json
import sys
import time
from decimal import Decimal

import numpy as np
from nautilus_trader.backtest.engine import BacktestEngine, BacktestEngineConfig
from nautilus_trader.config import LoggingConfig, StrategyConfig
from nautilus_trader.model.currencies import USD
from nautilus_trader.model.enums import AccountType, OmsType, OrderSide, OrderStatus, OrderType
from nautilus_trader.model.identifiers import InstrumentId
from nautilus_trader.model.objects import Money, Quantity
from nautilus_trader.test_kit.providers import TestInstrumentProvider
from nautilus_trader.trading.strategy import Strategy
from order_script import LIMIT
from peer_nautilus import VENUE, quote_ticks

_NS_PER_MS = 1_000_000
_UNITS = 1_000


class ScriptConfig(StrategyConfig, frozen=True):
    """What to trade."""

    instrument_id: InstrumentId


class Scripted(Strategy):
    """Places the rows of a script, each a nanosecond behind its tick."""

    def __init__(self, config: ScriptConfig, script: np.ndarray, times: np.ndarray) -> None:
        super().__init__(config)
        self.script = script
        self.times = times
        self.row_of_list = {}

    def on_start(self) -> None:
        """Set an alarm for each row."""
        self.instrument = self.cache.instrument(self.config.instrument_id)
        self.subscribe_quote_ticks(self.instrument.id)
        for row, at in enumerate(self.times):
            self.clock.set_time_alert_ns(f"row {row}", int(at) * _NS_PER_MS + 1, self.place)

    def place(self, event: object) -> None:
        """Place one row."""
        row = int(event.name.split()[1])
        order = self.script[row]
        price = self.instrument.make_price
        limit = order["kind"] == LIMIT
        made = self.order_factory.bracket(
            instrument_id=self.instrument.id,
            order_side=OrderSide.BUY if order["side"] > 0 else OrderSide.SELL,
            quantity=Quantity.from_int(_UNITS),
            entry_order_type=OrderType.LIMIT if limit else OrderType.MARKET,
            entry_price=price(order["price"]) if limit else None,
            sl_trigger_price=price(order["sl"]),
            tp_price=price(order["tp"]),
            tp_post_only=False,
        )
        self.row_of_list[made.id] = row
        self.submit_order_list(made)


def measured(instrument: object, data: list, script: np.ndarray, times: np.ndarray) -> dict[str, object]:
    """One run from the first tick to the last, and what became of each row."""
    quiet = LoggingConfig(bypass_logging=True)
    engine = BacktestEngine(config=BacktestEngineConfig(logging=quiet, run_analysis=False))
    engine.add_venue(
        venue=VENUE,
        oms_type=OmsType.HEDGING,
        account_type=AccountType.MARGIN,
        base_currency=USD,
        starting_balances=[Money(1_000_000, USD)],
        default_leverage=Decimal(500),
    )
    engine.add_instrument(instrument)
    engine.add_data(data, sort=False)
    strategy = Scripted(ScriptConfig(instrument_id=instrument.id), script, times)
    engine.add_strategy(strategy)
    began = time.perf_counter()
    engine.run()
    seconds = time.perf_counter() - began
    fills = [[-1, -1] for _ in script]
    for order in engine.cache.orders():
        if order.status == OrderStatus.FILLED:
            leaves = order.parent_order_id is not None
            fills[strategy.row_of_list[order.order_list_id]][leaves] = order.ts_last // _NS_PER_MS
    engine.dispose()
    return {"seconds": seconds, "fills": fills}


def main() -> None:
    """A round for every line on standard input: the file of a script."""
    ticks = np.load(sys.argv[1])
    instrument = TestInstrumentProvider.default_fx_ccy("EUR/USD", VENUE)
    data = quote_ticks(instrument, ticks)
    print(json.dumps({"ready": len(data)}), flush=True)
    for line in sys.stdin:
        script = np.load(line.strip())
        print(json.dumps(measured(instrument, data, script, ticks["time_msc"][script["tick"]])), flush=True)


if __name__ == "__main__":
    main()
