"""vectorbt's side of `backtests.py`: `from_signals` with its own `MA`, one JSON line for each line it is told.

`run ENGINE FAST SLOW` and `sweep ENGINE SETS BARS` are vectorbt's own cross: long above, flat below, at the close of
the bar. `stops ENGINE WARM_UP` trades by the rules of our cross: a row for each tick, entries both ways, a stop and a
target.
"""

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import vectorbt as vbt
from bar_market import ATR_BARS, FAST, POINT, SLOW, STOP_ATR, TARGET_ATR
from sweep_grid import grid

from domain.timeframes import Timeframe
from marketdata.bar_ticks import ohlc_ticks

MINUTE_MSC: Final = 60_000

Told = dict[str, Any]


def crosses(close: np.ndarray, fast: object, slow: object, engine: str) -> tuple[Any, Any]:
    """Where the fast average crosses above the slow one, and below; one column for each pair."""
    quick = vbt.MA.run(close, fast, short_name="fast", engine=engine)
    calm = vbt.MA.run(close, slow, short_name="slow", engine=engine)
    return quick.ma_crossed_above(calm), quick.ma_crossed_below(calm)


def run(bars: np.ndarray, engine: str, fast: str, slow: str) -> Told:
    """One cross over all bars: from closes to order records."""
    close = np.ascontiguousarray(bars["close"])
    began = time.perf_counter()
    entries, exits = crosses(close, int(fast), int(slow), engine)
    portfolio = vbt.Portfolio.from_signals(close, entries, exits, size=1.0, freq="1min", engine=engine)
    orders = len(portfolio.order_records)
    return {"seconds": time.perf_counter() - began, "orders": orders}


def sweep(bars: np.ndarray, engine: str, sets: str, count: str) -> Told:
    """Many crosses at once, the way vectorbt does it: one column for each set, then the total return of each."""
    close = np.ascontiguousarray(bars["close"][: int(count)])
    pairs = grid(int(sets))
    began = time.perf_counter()
    fast, slow = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    entries, exits = crosses(close, fast, slow, engine)
    portfolio = vbt.Portfolio.from_signals(close[:, None], entries, exits, size=1.0, freq="1min", engine=engine)
    best = float(np.nanmax(portfolio.total_return().to_numpy()))
    return {"seconds": time.perf_counter() - began, "orders": len(portfolio.order_records), "best": best}


def stops(bars: np.ndarray, engine: str, warm_up: str) -> Told:
    """Crosses both ways with a stop and a target by ATR, entered at the tick behind the bar; all orders."""
    ticks = ohlc_ticks(bars, Timeframe.M1, POINT)
    close = np.ascontiguousarray(ticks["bid"])
    points = [np.round(bars[name] / POINT) for name in ("high", "low", "close")]
    up, down = crosses(points[2], FAST, SLOW, engine)
    atr = vbt.ATR.run(*points, window=ATR_BARS, ewm=False).atr.to_numpy()
    behind = np.flatnonzero(ticks["time_msc"] % MINUTE_MSC == 0)[1:]  # the tick that closes each bar but the last
    entries = np.zeros((2, len(ticks)), np.bool_)
    distances = np.full((2, len(ticks)), np.nan)
    for row, signal in enumerate((up, down)):
        entries[row, behind] = signal.to_numpy()[:-1] & (np.arange(1, len(bars)) >= int(warm_up))
    for row, times in enumerate((STOP_ATR, TARGET_ATR)):
        # half a point nearer: prices are whole points, and a fraction of a price is never one exactly
        distances[row, behind] = (np.round(times * atr)[:-1] - 0.5) * POINT
    nothing = np.zeros(len(ticks), np.bool_)
    began = time.perf_counter()
    portfolio = vbt.Portfolio.from_signals(
        close,
        entries[0],
        nothing,
        short_entries=entries[1],
        short_exits=nothing,
        size=1.0,
        init_cash=1e9,
        sl_stop=distances[0] / close,
        tp_stop=distances[1] / close,
        stop_exit_price="close",
        upon_opposite_entry="ignore",
        freq="1min",
        engine=engine,
    )
    found = portfolio.order_records
    seconds = time.perf_counter() - began
    orders = [[int(one["idx"]), 1 - 2 * int(one["side"]), round(float(one["price"]), 5)] for one in found]
    return {"seconds": seconds, "orders": orders}


def main() -> None:
    """An answer for every line on standard input."""
    vbt.settings.caching["enabled"] = False
    given = np.load(Path(sys.argv[1]))
    work: dict[str, Callable[..., Told]] = {"run": run, "sweep": sweep, "stops": stops}
    print(json.dumps({"ready": len(given)}), flush=True)
    for line in sys.stdin:
        name, *arguments = line.split()
        vbt.settings["engine"] = arguments[0]
        told = work[name](given, *arguments)
        told["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
