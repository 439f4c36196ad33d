from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.dtypes import RATES_DTYPE, TICK_DTYPE, TICK_FLAG_ASK, TICK_FLAG_BID
from domain.timeframes import Timeframe
from marketdata import load_quotes, ohlc_ticks
from signals.fold import closed_capacity, fold_ticks, new_fold
from tests.marketdata.samples import bars_of, candles

FIXED = [frame for frame in Timeframe if frame is not Timeframe.MN1]
POINT = 0.00001


def _folded(ticks: npt.NDArray[np.void], timeframe: Timeframe, point: float) -> npt.NDArray[np.void]:
    """Bars of `ticks` by the project's own fold; a last tick far behind closes the last bar."""
    behind = np.concatenate([ticks, ticks[-1:]])
    behind["time_msc"][-1] += 400 * 86_400 * 1000
    fold = new_fold()
    capacity = closed_capacity(fold, timeframe.seconds, behind, 0, behind.size)
    closed, closed_at = np.zeros(capacity, RATES_DTYPE), np.zeros(capacity, np.int64)
    count = fold_ticks(fold, timeframe.seconds, point, behind, 0, behind.size, closed, closed_at)
    return closed[:count]


def _grouped_by_hand(ticks: npt.NDArray[np.void], period_s: int) -> dict[int, tuple[float, float, float, float]]:
    """The same without any of the project's code."""
    bars: dict[int, list[float]] = {}
    for tick in ticks:
        bars.setdefault(int(tick["time_msc"]) // 1000 // period_s * period_s, []).append(float(tick["bid"]))
    return {time: (bids[0], max(bids), min(bids), bids[-1]) for time, bids in bars.items()}


@given(shapes=candles(), timeframe=st.sampled_from([frame for frame in FIXED if frame is not Timeframe.W1]))
def test_ticks_fold_back_to_their_bars(shapes: list[tuple[int, int, int, int]], timeframe: Timeframe) -> None:
    bars = bars_of(shapes, timeframe.seconds)
    bars["time"] -= bars["time"] % timeframe.seconds
    folded = _folded(ohlc_ticks(bars, timeframe, POINT), timeframe, POINT)
    for name in ("time", "open", "high", "low", "close", "tick_volume", "spread"):
        assert folded[name].tolist() == bars[name].tolist()


@given(shapes=candles(), timeframe=st.sampled_from([Timeframe.M1, Timeframe.H4]))
def test_ticks_group_back_to_their_bars(shapes: list[tuple[int, int, int, int]], timeframe: Timeframe) -> None:
    bars = bars_of(shapes, timeframe.seconds)
    found = _grouped_by_hand(ohlc_ticks(bars, timeframe, POINT), timeframe.seconds)
    assert found == {
        int(bar["time"]): tuple(float(bar[name]) for name in ("open", "high", "low", "close")) for bar in bars
    }


@given(shapes=candles(), timeframe=st.sampled_from(FIXED))
def test_ticks_are_in_order_and_inside_their_bar(shapes: list[tuple[int, int, int, int]], timeframe: Timeframe) -> None:
    bars = bars_of(shapes, timeframe.seconds)
    ticks = ohlc_ticks(bars, timeframe, POINT)
    assert ticks.dtype == TICK_DTYPE
    assert ticks.size == 4 * bars.size
    assert (np.diff(ticks["time_msc"]) > 0).all()
    assert (ticks["time"] == ticks["time_msc"] // 1000).all()
    within = ticks["time_msc"].reshape(-1, 4) - bars["time"][:, np.newaxis] * 1000
    assert (within[:, 0] == 0).all()
    assert (within[:, 3] == (timeframe.seconds - 1) * 1000).all()
    assert (ticks["flags"] == (TICK_FLAG_BID | TICK_FLAG_ASK)).all()


@given(shapes=candles())
def test_the_ask_is_the_bid_and_the_bars_spread(shapes: list[tuple[int, int, int, int]]) -> None:
    bars = bars_of(shapes)
    ticks = ohlc_ticks(bars, Timeframe.M1, POINT)
    bids = np.rint(ticks["bid"] * 10**5)
    asks = np.rint(ticks["ask"] * 10**5)
    assert (asks - bids).tolist() == np.repeat(bars["spread"], 4).tolist()
    assert ticks["ask"].tobytes() == (asks / 10.0**5).tobytes()


RISING, FALLING = (100, 130, 90, 120), (120, 130, 90, 100)
DOJI = (100, 130, 90, 100)
LOW_FIRST, HIGH_FIRST = (90, 130), (130, 90)


@pytest.mark.parametrize(
    ("shapes", "extremes"),
    [
        ([RISING], [LOW_FIRST]),
        ([FALLING], [HIGH_FIRST]),
        ([DOJI], [LOW_FIRST]),
        ([RISING, DOJI], [LOW_FIRST, HIGH_FIRST]),
        ([FALLING, DOJI], [HIGH_FIRST, LOW_FIRST]),
        ([RISING, DOJI, DOJI, FALLING, DOJI], [LOW_FIRST, HIGH_FIRST, HIGH_FIRST, HIGH_FIRST, LOW_FIRST]),
    ],
)
def test_the_nearer_extreme_comes_first(
    shapes: list[tuple[int, int, int, int]], extremes: list[tuple[int, int]]
) -> None:
    """MT5's rule: a doji is taken for the opposite of the candle before it."""
    ticks = ohlc_ticks(bars_of(shapes, digits=2), Timeframe.M1, 0.01)
    points = np.rint(ticks["bid"].reshape(-1, 4) * 100).astype(int)
    assert [(low, high) for _, low, high, _ in points.tolist()] == extremes


def test_a_minute_has_its_ticks_at_0_20_40_and_59_seconds() -> None:
    bars = bars_of([RISING], digits=2)
    ticks = ohlc_ticks(bars, Timeframe.M1, 0.01)
    assert (ticks["time"] - bars["time"][0]).tolist() == [0, 20, 40, 59]


def test_no_bars_give_no_ticks() -> None:
    assert ohlc_ticks(bars_of([]), Timeframe.M1, POINT).size == 0


def test_months_have_no_ticks() -> None:
    with pytest.raises(ValueError, match="MN1"):
        ohlc_ticks(bars_of([RISING]), Timeframe.MN1, POINT)


def test_a_point_is_a_power_of_ten() -> None:
    with pytest.raises(ValueError, match="power of ten"):
        ohlc_ticks(bars_of([RISING]), Timeframe.M1, 0.25)


@pytest.mark.parametrize(
    "name", ["m1/icmarkets_EURUSD_M1_2025_01_08_server.parquet", "m1/icmarkets_EURUSD_H1_2025_01_08_server.parquet"]
)
def test_real_bars_fold_back_exactly(reference: Path, name: str) -> None:
    quotes = load_quotes(reference / name)
    assert quotes.bars is not None
    assert quotes.timeframe is not None
    folded = _folded(ohlc_ticks(quotes.bars, quotes.timeframe, quotes.point), quotes.timeframe, quotes.point)
    for column in ("time", "open", "high", "low", "close", "spread"):
        assert folded[column].tobytes() == quotes.bars[column].tobytes()
