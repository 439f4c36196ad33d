"""Bars and ticks for the tests of this room: made up from a seed, or read from the reference data."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from domain.dtypes import RATES_DTYPE, TICK_DTYPE

Floats = NDArray[np.float64]
Table = NDArray[np.void]


def made_up_bars(count: int, seed: int = 1, step: float = 5e-4) -> Table:
    """A random walk in M1 bars with flat stretches, shape (count,), RATES_DTYPE."""
    rng = np.random.default_rng(seed)
    bars = np.zeros(count, RATES_DTYPE)
    moves = rng.normal(0.0, step, count) * (rng.random(count) > 0.05)
    bars["time"] = 60 * np.arange(count)
    bars["close"] = np.round(1.1 + np.cumsum(moves), 5)
    bars["open"] = np.round(np.concatenate(([1.1], bars["close"][:-1])), 5)
    bars["high"] = np.maximum(bars["open"], bars["close"]) + np.round(rng.exponential(step, count), 5)
    bars["low"] = np.minimum(bars["open"], bars["close"]) - np.round(rng.exponential(step, count), 5)
    bars["tick_volume"] = rng.integers(1, 500, count)
    bars["spread"] = rng.integers(0, 30, count)
    return bars


def columns(bars: Table) -> tuple[Floats, Floats, Floats]:
    """High, low and close in one piece each, as array forms take them."""
    return bars["high"].copy(), bars["low"].copy(), bars["close"].copy()


def ticks_from(times_msc: NDArray[np.int64], bids: Floats, asks: Floats) -> Table:
    """TICK_DTYPE of the given times and prices."""
    ticks = np.zeros(len(times_msc), TICK_DTYPE)
    ticks["time"] = times_msc // 1000
    ticks["time_msc"] = times_msc
    ticks["bid"] = bids
    ticks["ask"] = asks
    ticks["flags"] = 6
    return ticks


def real_ticks(path: Path) -> Table:
    """Quotes of a reference file with the columns time, bid and ask."""
    table = pq.read_table(path)
    times = table["time"].to_numpy().astype("datetime64[ms]").astype(np.int64)
    return ticks_from(times, table["bid"].to_numpy(), table["ask"].to_numpy())


def real_bars(path: Path) -> Table:
    """Bars of a reference file, RATES_DTYPE."""
    table = pq.read_table(path)
    bars = np.zeros(table.num_rows, RATES_DTYPE)
    bars["time"] = table["server_time"].to_numpy().astype("datetime64[s]").astype(np.int64)
    for field in RATES_DTYPE.names or ():
        if field != "time":
            bars[field] = table[field].to_numpy()
    return bars
