"""backtesting.py's side of `backtests.py`: run in an environment of its own, one JSON line for each line it is told.

Its strategy is a cross of two averages with a stop and a target by ATR, entered at the open behind the bar, both ways,
one position at a time.
"""

import json
import sys
import time
import warnings

import numpy as np
import pandas as pd
from backtesting import Backtest, Strategy

FAST, SLOW, ATR_BARS, STOP_ATR, TARGET_ATR = 10, 50, 14, 2.0, 4.0


def average(values: np.ndarray, period: int) -> np.ndarray:
    """Simple average; NaN at first."""
    return pd.Series(values).rolling(period).mean().to_numpy()


def true_range(high: np.ndarray, low: np.ndarray, close: np.ndarray) -> np.ndarray:
    """Simple average of the true range."""
    before = np.concatenate((close[:1], close[:-1]))
    return average(np.maximum(high, before) - np.minimum(low, before), ATR_BARS)


class Cross(Strategy):
    """Average cross with a stop and a target."""

    def init(self) -> None:
        """Its indicators, worked out before the run."""
        self.fast = self.I(average, self.data.Close, FAST)
        self.slow = self.I(average, self.data.Close, SLOW)
        self.atr = self.I(true_range, self.data.High, self.data.Low, self.data.Close)

    def next(self) -> None:
        """Enter on a cross while flat."""
        if self.position:
            return
        now, before = self.fast[-1] - self.slow[-1], self.fast[-2] - self.slow[-2]
        price, atr = self.data.Close[-1], self.atr[-1]
        if now > 0.0 >= before:
            self.buy(size=1000, sl=price - STOP_ATR * atr, tp=price + TARGET_ATR * atr)
        elif now < 0.0 <= before:
            self.sell(size=1000, sl=price + STOP_ATR * atr, tp=price - TARGET_ATR * atr)


def measured(frame: pd.DataFrame) -> dict[str, float]:
    """One run with the figures it always computes."""
    began = time.perf_counter()
    found = Backtest(frame, Cross, cash=1e6, margin=0.02).run()
    return {"seconds": time.perf_counter() - began, "bars": len(frame), "orders": float(2 * found["# Trades"])}


def main() -> None:
    """A round over as many bars as each line says."""
    warnings.simplefilter("ignore")
    bars = np.load(sys.argv[1])
    columns = {name.capitalize(): bars[name] for name in ("open", "high", "low", "close")}
    frame = pd.DataFrame(columns, index=pd.to_datetime(bars["time"], unit="s"))
    print(json.dumps({"ready": len(frame)}), flush=True)
    for line in sys.stdin:
        print(json.dumps(measured(frame.iloc[: int(line)])), flush=True)


if __name__ == "__main__":
    main()
