"""Ticks made of bars: they are the same bars again, in order, inside their bar, quoted as MT5's tester quotes."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.dtypes import RATES_DTYPE, TICK_DTYPE
from domain.timeframes import Timeframe
from marketdata import BarError, TickModel, every_tick, is_made_of_bars, load_quotes, ohlc_ticks, ticks_of_bars
from signals.fold import closed_capacity, fold_ticks, new_fold, resampled
from tests.marketdata.samples import bars_of, candles, minutes

FIXED = [frame for frame in Timeframe if frame is not Timeframe.MN1]
POINT = 0.00001
PRICES = ("time", "open", "high", "low", "close", "spread")
BID, ASK, LAST = 2, 4, 8


def _folded(ticks: npt.NDArray[np.void], timeframe: Timeframe, point: float) -> npt.NDArray[np.void]:
    """Bars of `ticks` by the project's own fold; a last tick far behind closes the last bar."""
    behind = np.concatenate([ticks, ticks[-1:]])
    behind["time_msc"][-1] += 400 * 86_400 * 1000
    fold = new_fold()
    capacity = closed_capacity(fold, timeframe.seconds, behind, 0, behind.size)
    closed, closed_at = np.zeros(capacity, RATES_DTYPE), np.zeros(capacity, np.int64)
    count = fold_ticks(fold, timeframe.seconds, point, behind, 0, behind.size, closed, closed_at)
    return closed[:count]


def _grouped_by_hand(
    ticks: npt.NDArray[np.void], period_s: int
) -> list[tuple[int, int, float, float, float, float, int]]:
    """(time, tick_volume, open, high, low, close, least spread) without any of the project's code."""
    bars: dict[int, list[tuple[float, int]]] = {}
    for tick in ticks:
        quote = (float(tick["bid"]), round((float(tick["ask"]) - float(tick["bid"])) / POINT))
        bars.setdefault(int(tick["time_msc"]) // 1000 // period_s * period_s, []).append(quote)
    found = []
    for time, quotes in bars.items():
        bids = [bid for bid, _ in quotes]
        found.append((time, len(bids), bids[0], max(bids), min(bids), bids[-1], min(spread for _, spread in quotes)))
    return found


def _aligned(shapes: list[tuple[int, int, int, int]], timeframe: Timeframe) -> npt.NDArray[np.void]:
    bars = bars_of(shapes, timeframe.seconds)
    bars["time"] -= (bars["time"] + 4 * 86_400 * (timeframe is Timeframe.W1)) % timeframe.seconds
    return bars


# -- every tick ------------------------------------------------------------------------------------------------------


@settings(max_examples=60)
@given(bars=minutes())
def test_every_tick_folds_back_to_its_minutes(bars: npt.NDArray[np.void]) -> None:
    ticks = every_tick(bars, Timeframe.M1, POINT)
    assert ticks.dtype == TICK_DTYPE
    assert ticks.size == int(bars["tick_volume"].sum())
    assert _folded(ticks, Timeframe.M1, POINT).tobytes() == bars.tobytes()


@settings(max_examples=25)
@given(bars=minutes())
def test_every_tick_groups_back_to_its_minutes(bars: npt.NDArray[np.void]) -> None:
    names = ("time", "tick_volume", "open", "high", "low", "close", "spread")
    found = _grouped_by_hand(every_tick(bars, Timeframe.M1, POINT), 60)
    assert found == [tuple(bar[name].item() for name in names) for bar in bars]


@settings(max_examples=25)
@given(bars=minutes(), timeframe=st.sampled_from([Timeframe.M5, Timeframe.M15, Timeframe.H1, Timeframe.D1]))
def test_every_tick_makes_the_higher_bars_of_its_minutes(bars: npt.NDArray[np.void], timeframe: Timeframe) -> None:
    ticks = every_tick(bars, Timeframe.M1, POINT)
    assert _folded(ticks, timeframe, POINT).tobytes() == resampled(bars, timeframe).tobytes()


@settings(max_examples=60)
@given(bars=minutes())
def test_every_tick_is_in_order_on_the_grid_and_inside_its_bar(bars: npt.NDArray[np.void]) -> None:
    ticks = every_tick(bars, Timeframe.M1, POINT)
    of_bar = np.repeat(np.arange(bars.size), bars["tick_volume"].astype(np.int64))
    after_ms = ticks["time_msc"] - bars["time"][of_bar] * 1000
    assert (np.diff(ticks["time_msc"]) > 0).all()
    assert ((after_ms >= 0) & (after_ms < 60_000)).all()
    assert (ticks["time"] == ticks["time_msc"] // 1000).all()
    points = np.rint(ticks["bid"] * 1e5)
    assert ticks["bid"].tobytes() == (points / 1e5).tobytes()
    assert ticks["ask"].tobytes() == ((points + bars["spread"][of_bar]) / 1e5).tobytes()


@settings(max_examples=10)
@given(bars=minutes())
def test_the_same_bars_make_the_same_ticks(bars: npt.NDArray[np.void]) -> None:
    for model in TickModel:
        first, again = (ticks_of_bars(bars, Timeframe.M1, POINT, model) for _ in range(2))
        assert first.tobytes() == again.tobytes()


def test_the_first_ticks_of_a_test_are_those_metaquotes_printed() -> None:
    """`TickModel.mq5` of "MQL5 Programming for Traders": EURUSD, "Every tick", from 2022-04-01 00:00.

    The book prints the ticks; of the two bars, what these tell.
    """
    bars = np.zeros(2, dtype=RATES_DTYPE)
    bars["time"] = [1_648_771_200, 1_648_771_260]
    for name, values in {"open": (1.10656, 1.10656), "high": (1.10656, 1.10656)}.items():
        bars[name] = values
    bars["low"] = bars["close"] = [1.10656, 1.10608]
    bars["tick_volume"], bars["spread"] = [1, 2], [23, 24]
    ticks = every_tick(bars, Timeframe.M1, POINT)
    told = [
        tuple(tick[name].item() for name in ("time_msc", "bid", "ask", "last", "volume", "flags")) for tick in ticks
    ]
    assert told == [
        (1_648_771_230_000, 1.10656, 1.10679, 1.10656, 0, 14),
        (1_648_771_260_000, 1.10656, 1.10680, 1.10656, 0, 12),
        (1_648_771_290_000, 1.10608, 1.10632, 1.10608, 0, 14),
    ]


@pytest.mark.parametrize("timeframe", [Timeframe.M5, Timeframe.H1, Timeframe.MN1])
def test_every_tick_is_of_minutes_alone(timeframe: Timeframe) -> None:
    with pytest.raises(ValueError, match=rf"of M1 bars only, these are {timeframe.name}; give M1 bars, or use ohlc"):
        every_tick(bars_of([RISING]), timeframe, POINT)


@pytest.mark.parametrize(("volume", "fewest"), [(0, 4), (1, 4), (3, 4)])
def test_fewer_ticks_than_prices_are_refused(volume: int, fewest: int) -> None:
    bars = bars_of([RISING, RISING])
    bars["tick_volume"][1] = volume
    with pytest.raises(
        BarError, match=rf"bar 1 .*00:01:00\): tick_volume is {volume}, .* need {fewest} ticks"
    ) as found:
        every_tick(bars, Timeframe.M1, POINT)
    assert (found.value.row, found.value.field) == (1, "tick_volume")


def test_more_ticks_than_milliseconds_are_refused() -> None:
    bars = bars_of([RISING])
    bars["tick_volume"] = 60_000
    assert (np.diff(every_tick(bars, Timeframe.M1, POINT)["time_msc"]) == 1).all()
    bars["tick_volume"] = 60_001
    with pytest.raises(BarError, match="tick_volume is more than 60000, one a millisecond; use ohlc"):
        every_tick(bars, Timeframe.M1, POINT)


# -- 1 minute OHLC ---------------------------------------------------------------------------------------------------


@given(shapes=candles(), timeframe=st.sampled_from(FIXED))
def test_ohlc_ticks_fold_back_to_their_bars(shapes: list[tuple[int, int, int, int]], timeframe: Timeframe) -> None:
    bars = _aligned(shapes, timeframe)
    assert _folded(ohlc_ticks(bars, timeframe, POINT), timeframe, POINT).tobytes() == bars.tobytes()


@settings(max_examples=50)
@given(bars=minutes())
def test_ohlc_ticks_of_small_volumes_keep_every_price(bars: npt.NDArray[np.void]) -> None:
    folded = _folded(ohlc_ticks(bars, Timeframe.M1, POINT), Timeframe.M1, POINT)
    for name in PRICES:
        assert folded[name].tobytes() == bars[name].tobytes()
    assert folded["tick_volume"].tolist() == np.minimum(bars["tick_volume"], 4).tolist()


@given(shapes=candles(), timeframe=st.sampled_from([Timeframe.M1, Timeframe.H4]))
def test_ohlc_ticks_group_back_to_their_bars(shapes: list[tuple[int, int, int, int]], timeframe: Timeframe) -> None:
    bars = _aligned(shapes, timeframe)
    names = ("time", "tick_volume", "open", "high", "low", "close", "spread")
    found = _grouped_by_hand(ohlc_ticks(bars, timeframe, POINT), timeframe.seconds)
    assert found == [tuple(bar[name].item() for name in names) for bar in bars]


@given(shapes=candles(), timeframe=st.sampled_from(FIXED))
def test_ohlc_ticks_are_in_order_and_inside_their_bar(
    shapes: list[tuple[int, int, int, int]], timeframe: Timeframe
) -> None:
    bars = _aligned(shapes, timeframe)
    ticks = ohlc_ticks(bars, timeframe, POINT)
    assert ticks.dtype == TICK_DTYPE
    assert ticks.size == 4 * bars.size
    assert (np.diff(ticks["time_msc"]) > 0).all()
    assert (ticks["time"] == ticks["time_msc"] // 1000).all()
    within = ticks["time_msc"].reshape(-1, 4) - bars["time"][:, np.newaxis] * 1000
    assert (within[:, 0] == 0).all()
    assert (within[:, 3] == (timeframe.seconds - 1) * 1000).all()


@given(shapes=candles())
def test_the_ask_is_the_bid_and_the_bars_spread(shapes: list[tuple[int, int, int, int]]) -> None:
    bars = bars_of(shapes)
    ticks = ohlc_ticks(bars, Timeframe.M1, POINT)
    bids = np.rint(ticks["bid"] * 10**5)
    asks = np.rint(ticks["ask"] * 10**5)
    assert (asks - bids).tolist() == np.repeat(bars["spread"], 4).tolist()
    assert ticks["ask"].tobytes() == (asks / 10.0**5).tobytes()


@settings(max_examples=40)
@given(bars=minutes(), model=st.sampled_from(TickModel))
def test_flags_are_those_of_the_tester(bars: npt.NDArray[np.void], model: TickModel) -> None:
    ticks = ticks_of_bars(bars, Timeframe.M1, POINT, model)
    bids = ticks["bid"].tolist()
    moved = [number == 0 or bid != bids[number - 1] for number, bid in enumerate(bids)]
    assert ticks["flags"].tolist() == [BID | ASK | LAST if is_new else ASK | LAST for is_new in moved]
    assert ticks["last"].tobytes() == ticks["bid"].tobytes()
    assert not ticks["volume"].any()
    assert not ticks["volume_real"].any()


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
@pytest.mark.parametrize("model", TickModel)
def test_the_nearer_extreme_comes_first(
    shapes: list[tuple[int, int, int, int]], extremes: list[tuple[int, int]], model: TickModel
) -> None:
    """MT5's rule: a doji is taken for the opposite of the candle before it."""
    ticks = ticks_of_bars(bars_of(shapes, digits=2), Timeframe.M1, 0.01, model)
    points = np.rint(ticks["bid"].reshape(-1, 4) * 100).astype(int)
    assert [(first, second) for _, first, second, _ in points.tolist()] == extremes


def test_a_minute_has_its_ticks_at_0_20_40_and_59_seconds() -> None:
    bars = bars_of([RISING], digits=2)
    ticks = ohlc_ticks(bars, Timeframe.M1, 0.01)
    assert (ticks["time"] - bars["time"][0]).tolist() == [0, 20, 40, 59]


@pytest.mark.parametrize(
    ("shape", "volume", "told"),
    [
        ((100, 100, 100, 100), 1, [(0, 100)]),
        ((100, 100, 100, 100), 9, [(0, 100), (20, 100), (40, 100), (59, 100)]),
        ((100, 130, 100, 130), 2, [(0, 100), (59, 130)]),
        ((100, 130, 100, 120), 3, [(0, 100), (40, 130), (59, 120)]),
        ((100, 120, 90, 120), 3, [(0, 100), (20, 90), (59, 120)]),
        ((100, 130, 90, 120), 1, [(0, 100), (20, 90), (40, 130), (59, 120)]),
        ((100, 130, 100, 130), 0, [(0, 100), (20, 100), (40, 130), (59, 130)]),
    ],
)
def test_a_bar_of_few_ticks_makes_few(
    shape: tuple[int, int, int, int], volume: int, told: list[tuple[int, int]]
) -> None:
    bars = bars_of([shape], digits=2)
    bars["tick_volume"] = volume
    ticks = ohlc_ticks(bars, Timeframe.M1, 0.01)
    seconds = (ticks["time"] - bars["time"][0]).tolist()
    assert list(zip(seconds, np.rint(ticks["bid"] * 100).astype(int).tolist(), strict=True)) == told


def test_no_bars_give_no_ticks() -> None:
    for model in TickModel:
        assert ticks_of_bars(bars_of([]), Timeframe.M1, POINT, model).size == 0


def test_months_have_no_ticks() -> None:
    with pytest.raises(ValueError, match="MN1"):
        ohlc_ticks(bars_of([RISING]), Timeframe.MN1, POINT)


# -- real bars -------------------------------------------------------------------------------------------------------

M1 = "m1/icmarkets_EURUSD_M1_2025_01_08_server.parquet"
REAL = (
    M1,
    "m1/icmarkets_EURUSD_D1_2025_01_08_server.parquet",
    "m1/fxcm_GBPUSD_M1_bidask_2012_02_utc.parquet",
    "bars/ftmo_US500.cash_M15_server.parquet",
    "bars/metaquotes_demo_USDJPY_H1_2018_2023_server.parquet",
    "bars/oanda_XAUUSD_H1_bidask_to2014_utc.parquet",
    "bars/vantage_live_EURUSD_H1_2021_2024_server.parquet",
    "mt5_export/XAUUSD_M5_202501020100_202506302355.csv.gz",
)


@pytest.mark.parametrize("name", REAL)
def test_real_bars_fold_back_exactly(reference: Path, name: str) -> None:
    quotes = load_quotes(reference / name)
    assert quotes.bars is not None
    assert quotes.timeframe is not None
    folded = _folded(ohlc_ticks(quotes.bars, quotes.timeframe, quotes.point), quotes.timeframe, quotes.point)
    for column in PRICES:
        assert folded[column].tobytes() == quotes.bars[column].tobytes()


@pytest.mark.parametrize("frame", ["M1", "M5", "M15", "M30", "H1", "H4", "D1"])
def test_every_tick_of_a_brokers_minutes_makes_its_own_bars(reference: Path, frame: str) -> None:
    """Six weeks; the higher bars are MT5's own, not ours."""
    minutes = load_quotes(reference / M1).bars
    wanted = load_quotes(reference / M1.replace("_M1_", f"_{frame}_")).bars
    assert minutes is not None
    assert wanted is not None
    until = wanted["time"][0] + 42 * 86_400
    ticks = every_tick(minutes[minutes["time"] < until], Timeframe.M1, POINT)
    assert _folded(ticks, Timeframe[frame], POINT).tobytes() == wanted[wanted["time"] < until].tobytes()


def test_ticks_made_of_bars_are_known_as_such() -> None:
    made = ohlc_ticks(np.array([(0, 1.1, 1.2, 1.0, 1.15, 9, 3, 0)], RATES_DTYPE), Timeframe.M1, 1e-5)
    assert is_made_of_bars(made)
    real = made.copy()
    real["last"] = 0.0
    assert not is_made_of_bars(real)
    assert not is_made_of_bars(made[:0])
