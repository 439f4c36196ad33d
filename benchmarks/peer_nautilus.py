"""nautilus_trader's side of `replay.py`: run in an environment of its own, prints one JSON line a round.

The strategy does less than ours: an average cross confirmed by MACD on internally built bars, one bracket (market
entry, stop and target by ATR), no spread, session, portfolio or sizing rules.
"""

import json
import sys
import time
from decimal import Decimal

import numpy as np
from nautilus_trader.backtest.engine import BacktestEngine, BacktestEngineConfig
from nautilus_trader.config import LoggingConfig, StrategyConfig
from nautilus_trader.indicators.averages import ExponentialMovingAverage
from nautilus_trader.indicators.trend import MovingAverageConvergenceDivergence
from nautilus_trader.indicators.volatility import AverageTrueRange
from nautilus_trader.model.currencies import USD
from nautilus_trader.model.data import Bar, BarType, QuoteTick
from nautilus_trader.model.enums import AccountType, OmsType, OrderSide
from nautilus_trader.model.identifiers import Venue
from nautilus_trader.model.objects import Money, Price, Quantity
from nautilus_trader.test_kit.providers import TestInstrumentProvider
from nautilus_trader.trading.strategy import Strategy

VENUE = Venue("SIM")
LEAST_STOP = 0.0006  # a stop inside the spread is refused, and the position would stay open for good


class CrossConfig(StrategyConfig, frozen=True):
    """Which bars to build."""

    bar_type: BarType


class Cross(Strategy):
    """Average cross with a bracket."""

    def __init__(self, config: CrossConfig) -> None:
        super().__init__(config)
        self.fast = ExponentialMovingAverage(12)
        self.slow = ExponentialMovingAverage(26)
        self.macd = MovingAverageConvergenceDivergence(12, 26)
        self.atr = AverageTrueRange(14)
        self.above: bool | None = None

    def on_start(self) -> None:
        """Subscribe to bars built from quotes."""
        self.instrument = self.cache.instrument(self.config.bar_type.instrument_id)
        for indicator in (self.fast, self.slow, self.macd, self.atr):
            self.register_indicator_for_bars(self.config.bar_type, indicator)
        self.subscribe_quote_ticks(self.instrument.id)
        self.subscribe_bars(self.config.bar_type)

    def on_quote_tick(self, tick: QuoteTick) -> None:
        """Nothing: the bracket looks after the position."""

    def on_bar(self, bar: Bar) -> None:
        """Enter on a confirmed cross while flat."""
        if not self.indicators_initialized():
            return
        above = self.fast.value > self.slow.value
        crossed, self.above = self.above is not None and above != self.above, above
        if not crossed or not self.portfolio.is_flat(self.instrument.id):
            return
        side = OrderSide.BUY if above else OrderSide.SELL
        sign = 1 if above else -1
        if sign * self.macd.value <= 0:
            return
        close, risk = bar.close.as_double(), max(1.5 * self.atr.value, LEAST_STOP)
        orders = self.order_factory.bracket(
            instrument_id=self.instrument.id,
            order_side=side,
            quantity=Quantity.from_int(10_000),
            sl_trigger_price=self.instrument.make_price(close - sign * risk),
            tp_price=self.instrument.make_price(close + sign * risk * 7 / 3),
        )
        self.submit_order_list(orders)


def quote_ticks(instrument: object, ticks: np.ndarray) -> list[QuoteTick]:
    """Ticks as its own objects, made before the clock starts."""
    size = Quantity.from_int(1_000_000)
    made = []
    for bid, ask, time_msc in zip(ticks["bid"], ticks["ask"], ticks["time_msc"], strict=True):
        at = int(time_msc) * 1_000_000
        made.append(QuoteTick(instrument.id, Price(bid, 5), Price(ask, 5), size, size, at, at))
    return made


def measured(instrument: object, data: list[QuoteTick], minutes: int) -> dict[str, float]:
    """One run from the first tick to the last."""
    quiet = LoggingConfig(bypass_logging=True)
    engine = BacktestEngine(config=BacktestEngineConfig(logging=quiet, run_analysis=False))
    engine.add_venue(
        venue=VENUE,
        oms_type=OmsType.NETTING,
        account_type=AccountType.MARGIN,
        base_currency=USD,
        starting_balances=[Money(10_000, USD)],
        default_leverage=Decimal(500),
    )
    engine.add_instrument(instrument)
    engine.add_data(data, sort=False)
    bar_type = BarType.from_str(f"{instrument.id}-{minutes}-MINUTE-BID-INTERNAL")
    engine.add_strategy(Cross(CrossConfig(bar_type=bar_type)))
    began = time.perf_counter()
    engine.run()
    seconds = time.perf_counter() - began
    orders = len(engine.cache.orders())
    engine.dispose()
    return {"seconds": seconds, "ticks": len(data), "orders": orders}


def main() -> None:
    """A round for every line on standard input."""
    ticks = np.load(sys.argv[1])
    instrument = TestInstrumentProvider.default_fx_ccy("EUR/USD", VENUE)
    data = quote_ticks(instrument, ticks)
    print(json.dumps({"ready": len(data)}), flush=True)
    for _ in sys.stdin:
        print(json.dumps(measured(instrument, data, int(sys.argv[2]))), flush=True)


if __name__ == "__main__":
    main()
