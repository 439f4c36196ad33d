"""When real MT5 testers filled stops: at the times at which ticks made of bars reach new prices."""

import csv
import gzip
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from domain.timeframes import Timeframe
from marketdata import every_tick, load_quotes, ohlc_ticks

ONE_MINUTE_OHLC = ("2MAAOS", "COT1")
EVERY_TICK = ("2MACDSTO", "3MACD", "3MAF", "BBRSI", "CEZLSMA")
NO_NEW_PRICES = (*range(6, 11), *range(44, 51))
"""Seconds of a minute in which the way of twelve ticks or more goes back over prices it has been at: a fifth of it."""
HARDLY_ANY = 0.05


def _seconds_of_stops(reference: Path, test: str) -> Counter[int]:
    path = reference / "mt5_reports" / "tester_geraked" / test / "deals.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["Comment"].startswith(("sl ", "tp ", "[sl", "[tp"))]
    return Counter(int(row["Time"][-2:]) for row in rows)


@pytest.mark.parametrize("test", ONE_MINUTE_OHLC)
def test_stops_on_1_minute_ohlc_are_filled_at_the_seconds_of_our_extremes(reference: Path, test: str) -> None:
    bars = load_quotes(reference / "m1" / "icmarkets_EURUSD_M1_2025_01_08_server.parquet").bars
    assert bars is not None
    ours = set((ohlc_ticks(bars[:100], Timeframe.M1, 0.00001)["time"] % 60).tolist())
    seconds = _seconds_of_stops(reference, test)
    assert set(seconds) <= ours
    assert seconds.total() > 200
    assert seconds[40] > 5 * seconds[20] > 0  # the far extreme is the one to reach a stop


@pytest.mark.parametrize("test", EVERY_TICK)
def test_stops_on_every_tick_are_not_filled_on_the_way_back(reference: Path, test: str) -> None:
    seconds = _seconds_of_stops(reference, test)
    assert seconds.total() > 150
    assert sum(seconds[second] for second in NO_NEW_PRICES) < HARDLY_ANY * seconds.total()


def test_nor_does_our_way_reach_new_prices_then(reference: Path) -> None:
    bars = load_quotes(reference / "m1" / "icmarkets_EURUSD_M1_2025_01_08_server.parquet").bars
    assert bars is not None
    bars = bars[bars["tick_volume"] >= 12][:5_000]
    ticks = every_tick(bars, Timeframe.M1, 0.00001)
    reached: Counter[int] = Counter()
    for bids, times in zip(
        np.split(ticks["bid"], np.cumsum(bars["tick_volume"].astype(np.int64))[:-1]),
        np.split(ticks["time"], np.cumsum(bars["tick_volume"].astype(np.int64))[:-1]),
        strict=True,
    ):
        new = (bids[1:] > np.maximum.accumulate(bids)[:-1]) | (bids[1:] < np.minimum.accumulate(bids)[:-1])
        reached.update((times[1:][new] % 60).tolist())
    assert sum(reached[second] for second in NO_NEW_PRICES) < HARDLY_ANY * reached.total()
