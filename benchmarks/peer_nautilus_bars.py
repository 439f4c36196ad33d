"""nautilus_trader's side of `backtests.py`: run in an environment of its own, one JSON line for each line it is told.

Its strategy is that of `peer_backtesting.py`, on the same minute bars, with brackets.
"""

import json
import sys
import time

import numpy as np
from nautilus_trader.backtest.engine import BacktestEngine, BacktestEngineConfig
from nautilus_trader.config import LoggingConfig, StrategyConfig
from nautilus_trader.indicators.averages import SimpleMovingAverage
from nautilus_trader.indicators.volatility import AverageTrueRange
from nautilus_trader.model.currencies import USD
from nautilus_trader.model.data import Bar, BarType
from nautilus_trader.model.enums import AccountType, OmsType, OrderSide
from nautilus_trader.model.identifiers import Venue
from nautilus_trader.model.objects import Money, Price, Quantity
from nautilus_trader.test_kit.providers import TestInstrumentProvider
from nautilus_trader.trading.strategy import Strategy

VENUE = Venue("SIM")
FAST, SLOW, ATR_BARS, STOP_ATR, TARGET_ATR = 10, 50, 14, 2.0, 4.0
MINUTE_NS = 60_000_000_000


class CrossConfig(StrategyConfig, frozen=True):
    """Which bars to trade."""

    bar_type: BarType


class Cross(Strategy):
    """Average cross with a bracket."""

    def __init__(self, config: CrossConfig) -> None:
        super().__init__(config)
        self.fast = SimpleMovingAverage(FAST)
        self.slow = SimpleMovingAverage(SLOW)
        self.atr = AverageTrueRange(ATR_BARS)
        self.above: bool | None = None

    def on_start(self) -> None:
        """Subscribe to the bars."""
        self.instrument = self.cache.instrument(self.config.bar_type.instrument_id)
        for indicator in (self.fast, self.slow, self.atr):
            self.register_indicator_for_bars(self.config.bar_type, indicator)
        self.subscribe_bars(self.config.bar_type)

    def on_bar(self, bar: Bar) -> None:
        """Enter on a cross while flat."""
        if not self.indicators_initialized():
            return
        above = self.fast.value > self.slow.value
        crossed, self.above = self.above is not None and above != self.above, above
        if not crossed or not self.portfolio.is_flat(self.instrument.id):
            return
        sign, close, atr = (1 if above else -1), bar.close.as_double(), self.atr.value
        orders = self.order_factory.bracket(
            instrument_id=self.instrument.id,
            order_side=OrderSide.BUY if above else OrderSide.SELL,
            quantity=Quantity.from_int(10_000),
            sl_trigger_price=self.instrument.make_price(close - sign * STOP_ATR * atr),
            tp_price=self.instrument.make_price(close + sign * TARGET_ATR * atr),
        )
        self.submit_order_list(orders)


def bars_of(bar_type: BarType, rows: np.ndarray) -> list[Bar]:
    """Bars as its own objects, made before the clock starts; one is known at its end."""
    size = Quantity.from_int(1_000_000)
    made = []
    for row in rows:
        at = int(row["time"]) * 1_000_000_000 + MINUTE_NS
        prices = (Price(float(row[name]), 5) for name in ("open", "high", "low", "close"))
        made.append(Bar(bar_type, *prices, size, at, at))
    return made


def measured(instrument: object, bar_type: BarType, data: list[Bar]) -> dict[str, float]:
    """One run from the first bar to the last."""
    quiet = LoggingConfig(bypass_logging=True)
    engine = BacktestEngine(config=BacktestEngineConfig(logging=quiet, run_analysis=False))
    engine.add_venue(
        venue=VENUE,
        oms_type=OmsType.NETTING,
        account_type=AccountType.MARGIN,
        base_currency=USD,
        starting_balances=[Money(1_000_000, USD)],
    )
    engine.add_instrument(instrument)
    engine.add_data(data, sort=False)
    engine.add_strategy(Cross(CrossConfig(bar_type=bar_type)))
    began = time.perf_counter()
    engine.run()
    seconds = time.perf_counter() - began
    orders = sum(1 for order in engine.cache.orders() if order.filled_qty > 0)
    engine.dispose()
    return {"seconds": seconds, "bars": len(data), "orders": orders}


def main() -> None:
    """A round over as many bars as each line says."""
    rows = np.load(sys.argv[1])
    instrument = TestInstrumentProvider.default_fx_ccy("EUR/USD", VENUE)
    bar_type = BarType.from_str(f"{instrument.id}-1-MINUTE-LAST-EXTERNAL")
    data = bars_of(bar_type, rows)
    print(json.dumps({"ready": len(data)}), flush=True)
    for line in sys.stdin:
        print(json.dumps(measured(instrument, bar_type, data[: int(line)])), flush=True)


if __name__ == "__main__":
    main()
