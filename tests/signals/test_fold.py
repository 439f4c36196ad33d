import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.dtypes import RATES_DTYPE, TICK_DTYPE
from domain.timeframes import DAY_S, Timeframe, bar_open_time
from signals.fold import (
    FOLD_DTYPE,
    closed_capacity,
    fold_ticks,
    new_fold,
    resample_into,
    resampled,
    spread_points,
)
from tests.signals.market import Table, made_up_bars, real_bars, real_ticks, ticks_from
from tests.signals.pure_python import interpreted

POINT = 1e-5
FIXED_LENGTH = [timeframe for timeframe in Timeframe if timeframe is not Timeframe.MN1]
UP_TO_D1 = [timeframe for timeframe in FIXED_LENGTH if timeframe is not Timeframe.W1]
MONDAY = 1_736_121_600  # 2025-01-06 00:00
FIELDS = RATES_DTYPE.names or ()


def quotes(*rows: tuple[float, float, float]) -> Table:
    """Ticks of (seconds, bid, ask)."""
    times = np.array([round(row[0] * 1000) for row in rows], np.int64)
    return ticks_from(times, np.array([row[1] for row in rows]), np.array([row[2] for row in rows]))


def folded(ticks: Table, period_s: int, fold: Table | None = None) -> tuple[Table, np.ndarray, Table]:
    """Finished bars, the ticks that finished them, the fold."""
    fold = new_fold() if fold is None else fold
    capacity = closed_capacity(fold, period_s, ticks, 0, len(ticks))
    closed, closed_at = np.zeros(capacity, RATES_DTYPE), np.zeros(capacity, np.int64)
    assert fold_ticks(fold, period_s, POINT, ticks, 0, len(ticks), closed, closed_at) == capacity
    return closed, closed_at, fold


def with_running(closed: Table, fold: Table) -> Table:
    """Finished bars and the running one."""
    last = np.zeros(1, RATES_DTYPE)
    last["time"] = fold["open_time"]
    for field in ("open", "high", "low", "close", "tick_volume", "spread"):
        last[field] = fold[field]
    return np.concatenate((closed, last)) if fold["open_time"][0] >= 0 else closed


# ---------------------------------------------------------------------------------------------------------- by hand


def test_a_new_fold_has_seen_nothing() -> None:
    fold = new_fold()
    assert fold.dtype == FOLD_DTYPE
    assert fold.shape == (1,)
    assert fold["open_time"][0] == -1
    assert fold["late"][0] == fold["bad"][0] == fold["tick_volume"][0] == 0


def test_bars_are_made_of_bids_and_end_with_the_first_tick_of_a_later_one() -> None:
    ticks = quotes(
        (0.0, 1.10000, 1.10012),
        (20.0, 1.10030, 1.10037),
        (59.999, 1.09980, 1.09990),
        (60.0, 1.09990, 1.10005),
        (61.0, 1.10010, 1.10030),
        (300.0, 1.10020, 1.10031),
    )
    closed, closed_at, fold = folded(ticks, 60)
    assert closed.tolist() == [
        (0, 1.10000, 1.10030, 1.09980, 1.09980, 3, 7, 0),
        (60, 1.09990, 1.10010, 1.09990, 1.10010, 2, 15, 0),
    ]
    assert closed_at.tolist() == [3, 5]
    assert fold.tolist() == [(300, 1.10020, 1.10020, 1.10020, 1.10020, 1, 11, 0, 0)]


def test_quiet_minutes_nights_and_weekends_leave_no_bar() -> None:
    friday_close = MONDAY - 2 * DAY_S - 1
    ticks = quotes((friday_close, 1.1, 1.2), (MONDAY, 1.2, 1.3), (MONDAY + 7200, 1.3, 1.4))
    closed, _, _ = folded(ticks, 60)
    assert closed["time"].tolist() == [friday_close // 60 * 60, MONDAY]


@pytest.mark.parametrize(
    ("timeframe", "opens"),
    [
        (Timeframe.M1, MONDAY + 3 * DAY_S + 13 * 3600 + 47 * 60),
        (Timeframe.M20, MONDAY + 3 * DAY_S + 13 * 3600 + 40 * 60),
        (Timeframe.H1, MONDAY + 3 * DAY_S + 13 * 3600),
        (Timeframe.H4, MONDAY + 3 * DAY_S + 12 * 3600),
        (Timeframe.D1, MONDAY + 3 * DAY_S),
        (Timeframe.W1, MONDAY - DAY_S),
    ],
)
def test_bars_stand_on_the_brokers_clock(timeframe: Timeframe, opens: int) -> None:
    at = MONDAY + 3 * DAY_S + 13 * 3600 + 47 * 60 + 12
    _, _, fold = folded(quotes((at, 1.1, 1.2)), timeframe.seconds)
    assert fold["open_time"][0] == opens


def test_a_tick_before_the_running_bar_is_dropped_and_counted() -> None:
    closed, _, fold = folded(quotes((60.0, 1.1, 1.2), (59.999, 9.9, 9.9), (61.0, 1.2, 1.3)), 60)
    assert len(closed) == 0
    assert fold["late"][0] == 1
    assert (fold["high"][0], fold["close"][0], fold["tick_volume"][0]) == (1.2, 1.2, 2)


def test_a_tick_out_of_order_inside_the_running_bar_counts() -> None:
    _, _, fold = folded(quotes((60.0, 1.1, 1.2), (65.0, 1.2, 1.3), (63.0, 1.3, 1.4)), 60)
    assert fold["late"][0] == 0
    assert (fold["high"][0], fold["close"][0], fold["tick_volume"][0]) == (1.3, 1.3, 3)


@pytest.mark.parametrize("bid", [math.nan, math.inf, -math.inf, 0.0, -1.1])
def test_a_tick_without_a_price_is_dropped_and_counted(bid: float) -> None:
    closed, _, fold = folded(quotes((0.0, 1.1, 1.2), (120.0, bid, 1.2)), 60)
    assert len(closed) == 0
    assert fold["bad"][0] == 1
    assert fold["tick_volume"][0] == 1


@pytest.mark.parametrize(
    ("bid", "ask", "points"),
    [
        (1.10000, 1.10012, 12),
        (1.10000, 1.10000, 0),
        (1.10000, 1.09990, 0),
        (1.10000, 0.0, 0),
        (1.10000, math.nan, 0),
        (1.10000, math.inf, 0),
        (1.10000, 1e300, 2**31 - 1),
        (1.10000, 1.100124999, 12),
        (1.10000, 1.100125001, 13),
    ],
)
def test_spread_is_in_whole_points(bid: float, ask: float, points: int) -> None:
    assert spread_points(bid, ask, POINT) == points
    assert interpreted(spread_points)(bid, ask, POINT) == points


def test_a_crossed_quote_forms_a_bid_bar_with_no_spread() -> None:
    _, _, fold = folded(quotes((0.0, 1.10000, 1.10010), (1.0, 1.10020, 1.10015)), 60)
    assert (fold["close"][0], fold["spread"][0], fold["bad"][0]) == (1.10020, 0, 0)


def test_only_the_given_range_is_folded() -> None:
    ticks = quotes((0.0, 1.1, 1.2), (60.0, 1.2, 1.3), (120.0, 1.3, 1.4), (180.0, 1.4, 1.5))
    fold = new_fold()
    closed, at = np.zeros(1, RATES_DTYPE), np.zeros(1, np.int64)
    assert closed_capacity(fold, 60, ticks, 1, 3) == 1
    assert fold_ticks(fold, 60, POINT, ticks, 1, 3, closed, at) == 1
    assert (closed["time"][0], at[0], fold["open_time"][0]) == (60, 2, 120)


@pytest.mark.parametrize(("bars", "indices"), [(0, 1), (1, 0)])
def test_outputs_that_are_too_short_are_refused(bars: int, indices: int) -> None:
    ticks = quotes((0.0, 1.1, 1.2), (60.0, 1.2, 1.3))
    closed, at = np.zeros(bars, RATES_DTYPE), np.zeros(indices, np.int64)
    with pytest.raises(ValueError, match="closed_capacity"):
        fold_ticks(new_fold(), 60, POINT, ticks, 0, 2, closed, at)


def test_resampling_joins_bars() -> None:
    m1 = np.array(
        [
            (0, 1.0, 1.5, 0.9, 1.2, 10, 7, 3),
            (240, 1.2, 1.3, 0.8, 1.1, 20, 5, 4),
            (300, 1.1, 1.4, 1.0, 1.3, 30, 9, 5),
        ],
        RATES_DTYPE,
    )
    assert resampled(m1, Timeframe.M5).tolist() == [
        (0, 1.0, 1.5, 0.8, 1.1, 30, 5, 7),
        (300, 1.1, 1.4, 1.0, 1.3, 30, 9, 5),
    ]


def test_no_bars_resample_to_none() -> None:
    assert len(resampled(np.zeros(0, RATES_DTYPE), Timeframe.H1)) == 0


@pytest.mark.parametrize("times", [(60, 0), (60, 60)])
def test_bars_out_of_order_are_refused(times: tuple[int, int]) -> None:
    bars = np.zeros(2, RATES_DTYPE)
    bars["time"] = times
    with pytest.raises(ValueError, match="ascending"):
        resampled(bars, Timeframe.M5)


def test_a_frame_without_fixed_length_is_refused() -> None:
    with pytest.raises(ValueError, match="MN1"):
        resampled(made_up_bars(3), Timeframe.MN1)


def test_a_resampling_output_that_is_too_short_is_refused() -> None:
    with pytest.raises(ValueError, match="too short"):
        resample_into(made_up_bars(10), 300, np.zeros(1, RATES_DTYPE))


# -------------------------------------------------------------------------------------------------------- properties

PRICES = st.integers(min_value=109_000, max_value=111_000).map(lambda points: points / 100_000)
ODD_PRICES = st.sampled_from([math.nan, math.inf, -math.inf, 0.0, -0.0, -1.0, 1e-300, 1e300])


@st.composite
def tick_tables(draw: st.DrawFn, *, dirty: bool) -> Table:
    """Ticks with gaps from milliseconds to weeks; dirty ones step back in time and hold what is no price."""
    count = draw(st.integers(min_value=0, max_value=60))
    gaps = st.one_of(st.integers(0, 30_000), st.integers(0, 4 * DAY_S * 1000))
    if dirty:
        gaps = st.one_of(gaps, st.integers(-200_000, 0))
    steps = draw(st.lists(gaps, min_size=count, max_size=count))
    prices = st.one_of(PRICES, PRICES, ODD_PRICES) if dirty else PRICES
    bids = draw(st.lists(prices, min_size=count, max_size=count))
    asks = draw(st.lists(prices, min_size=count, max_size=count))
    times = MONDAY * 1000 + np.cumsum(np.array(steps, np.int64))
    return ticks_from(times, np.array(bids, float), np.array(asks, float))


def slow_fold(ticks: Table, period_s: int) -> tuple[list[tuple[float, ...]], list[int], int, int]:
    """Bars (the running one last), closing ticks, late and bad ticks, by lists and dictionaries."""
    groups: dict[int, list[tuple[float, int]]] = {}
    closing: list[int] = []
    late = bad = 0
    for index, tick in enumerate(ticks):
        bid, ask = float(tick["bid"]), float(tick["ask"])
        if not (math.isfinite(bid) and bid > 0):
            bad += 1
            continue
        opens = int(bar_open_time(int(tick["time_msc"]) // 1000, period_s))
        if groups and opens < max(groups):
            late += 1
            continue
        if groups and opens > max(groups):
            closing.append(index)
        spread = min(math.floor((ask - bid) / POINT + 0.5), 2**31 - 1) if math.isfinite(ask) and ask > bid else 0
        groups.setdefault(opens, []).append((bid, spread))
    rows: list[tuple[float, ...]] = []
    for opens, seen in groups.items():
        bids = [bid for bid, _ in seen]
        rows.append((opens, bids[0], max(bids), min(bids), bids[-1], len(bids), min(spread for _, spread in seen), 0))
    return rows, closing, late, bad


@given(ticks=tick_tables(dirty=True), timeframe=st.sampled_from(FIXED_LENGTH))
def test_any_ticks_fold_as_lists_and_dictionaries_say(ticks: Table, timeframe: Timeframe) -> None:
    rows, closing, late, bad = slow_fold(ticks, timeframe.seconds)
    closed, closed_at, fold = folded(ticks, timeframe.seconds)
    assert with_running(closed, fold).tolist() == rows
    assert closed_at.tolist() == closing
    assert (fold["late"][0], fold["bad"][0]) == (late, bad)


@given(ticks=tick_tables(dirty=True), timeframe=st.sampled_from(FIXED_LENGTH), cut=st.integers(0, 60))
def test_ticks_may_come_in_pieces(ticks: Table, timeframe: Timeframe, cut: int) -> None:
    whole, _, expected = folded(ticks, timeframe.seconds)
    first, _, fold = folded(ticks[:cut], timeframe.seconds)
    second, _, fold = folded(ticks[cut:], timeframe.seconds, fold)
    assert np.concatenate((first, second)).tobytes() == whole.tobytes()
    assert fold.tobytes() == expected.tobytes()


@given(ticks=tick_tables(dirty=False), timeframe=st.sampled_from(FIXED_LENGTH))
def test_ticks_to_m1_to_a_higher_frame_is_ticks_to_that_frame(ticks: Table, timeframe: Timeframe) -> None:
    m1 = with_running(*folded(ticks, 60)[::2])
    direct = with_running(*folded(ticks, timeframe.seconds)[::2])
    assert resampled(m1, timeframe).tobytes() == direct.tobytes()


@given(ticks=tick_tables(dirty=True), timeframe=st.sampled_from(FIXED_LENGTH))
def test_bars_are_whole_and_in_order(ticks: Table, timeframe: Timeframe) -> None:
    closed, closed_at, fold = folded(ticks, timeframe.seconds)
    bars = with_running(closed, fold)
    assert np.all(np.diff(bars["time"]) > 0)
    assert np.all(np.diff(closed_at) > 0)
    assert np.all(bars["low"] <= np.minimum(bars["open"], bars["close"]))
    assert np.all(bars["high"] >= np.maximum(bars["open"], bars["close"]))
    assert int(bars["tick_volume"].sum()) + int(fold["late"][0]) + int(fold["bad"][0]) == len(ticks)


@settings(max_examples=30)
@given(ticks=tick_tables(dirty=True), timeframe=st.sampled_from(FIXED_LENGTH))
def test_the_compiled_fold_gives_the_bits_of_plain_python(ticks: Table, timeframe: Timeframe) -> None:
    closed, closed_at, fold = folded(ticks, timeframe.seconds)
    plain_fold, plain, plain_at = new_fold(), np.zeros_like(closed), np.zeros_like(closed_at)
    with np.errstate(all="ignore"):
        count = interpreted(closed_capacity)(plain_fold, timeframe.seconds, ticks, 0, len(ticks))
        interpreted(fold_ticks)(plain_fold, timeframe.seconds, POINT, ticks, 0, len(ticks), plain, plain_at)
    assert count == len(closed)
    assert plain.tobytes() == closed.tobytes()
    assert plain_at.tobytes() == closed_at.tobytes()
    assert plain_fold.tobytes() == fold.tobytes()


@given(seed=st.integers(0, 1000), lower=st.sampled_from(UP_TO_D1), upper=st.sampled_from(FIXED_LENGTH))
def test_resampling_twice_is_resampling_once(seed: int, lower: Timeframe, upper: Timeframe) -> None:
    bars = made_up_bars(400, seed)
    bars["time"] = MONDAY + 60 * np.cumsum(np.random.default_rng(seed).integers(1, 90, 400))
    if upper.seconds % lower.seconds == 0:
        assert resampled(resampled(bars, lower), upper).tobytes() == resampled(bars, upper).tobytes()


def test_compiled_resampling_gives_the_bits_of_plain_python() -> None:
    bars = made_up_bars(500)
    out = np.zeros_like(bars)
    assert interpreted(resample_into)(bars, 900, out) == len(resampled(bars, Timeframe.M15))
    assert out[: len(resampled(bars, Timeframe.M15))].tobytes() == resampled(bars, Timeframe.M15).tobytes()


# ----------------------------------------------------------------------------------------------------- the real thing


@pytest.mark.reference
@pytest.mark.parametrize("timeframe", ["M5", "M15", "M30", "H1", "H4", "D1"])
def test_m1_bars_of_a_broker_make_mt5s_own_higher_bars(reference: Path, timeframe: str) -> None:
    m1 = real_bars(reference / "m1" / "icmarkets_EURUSD_M1_2025_01_08_server.parquet")
    expected = real_bars(reference / "m1" / f"icmarkets_EURUSD_{timeframe}_2025_01_08_server.parquet")
    made = resampled(m1, Timeframe[timeframe])
    assert len(m1) == 247_411
    assert len(made) == len(expected)
    for field in FIELDS:
        assert made[field].tolist() == expected[field].tolist(), field


@pytest.mark.reference
@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("oanda_EURUSD_20140501_0507_utc", 186_092),
        ("fxcm_EURUSD_20140501_0504_utc_crossed_quotes", 106_163),
    ],
)
@pytest.mark.parametrize("timeframe", [Timeframe.M1, Timeframe.H1])
def test_real_quotes_fold_as_numpy_groups_them(reference: Path, name: str, count: int, timeframe: Timeframe) -> None:
    ticks = real_ticks(reference / "ticks" / f"{name}.parquet")
    assert ticks.dtype == TICK_DTYPE
    assert len(ticks) == count
    opens = ticks["time_msc"] // 1000 // timeframe.seconds * timeframe.seconds
    assert np.all(np.diff(opens) >= 0)
    starts = np.flatnonzero(np.diff(opens, prepend=-1))
    closed, closed_at, fold = folded(ticks, timeframe.seconds)
    bars = with_running(closed, fold)
    assert bars["time"].tolist() == opens[starts].tolist()
    assert closed_at.tolist() == starts[1:].tolist()
    assert bars["open"].tolist() == ticks["bid"][starts].tolist()
    assert bars["high"].tolist() == np.maximum.reduceat(ticks["bid"], starts).tolist()
    assert bars["low"].tolist() == np.minimum.reduceat(ticks["bid"], starts).tolist()
    spreads = np.maximum(np.floor((ticks["ask"] - ticks["bid"]) / POINT + 0.5), 0.0)
    assert bars["spread"].tolist() == np.minimum.reduceat(spreads, starts).tolist()
    assert int(bars["tick_volume"].sum()) == count
