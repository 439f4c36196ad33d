"""Invented hourly bars: the same everywhere, alike but for the drift, and honest about what they are."""

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.timeframes import Timeframe
from marketdata.bar_ticks import ohlc_ticks
from marketdata.drifting import DRIFTLESS, TRENDING, DriftingSymbol, drifting_bars

WEEKS = 60


def closes(seed: int, drift: int) -> np.ndarray:
    return np.asarray(np.rint(drifting_bars(seed, WEEKS, drift)["close"] * 1e5), dtype=np.int64)


def test_the_same_seed_gives_the_same_bars_everywhere() -> None:
    """Recorded once, so that another machine or numpy that changes a bar is noticed."""
    digest = hashlib.sha256(drifting_bars(1, 10, TRENDING).tobytes()).hexdigest()
    assert digest == "d48ec30696966caf7c4f7546bf8c7ee3e171f2eb0014cbb798c1d8ebd0017171"


def test_both_markets_share_the_noise() -> None:
    """What the one has beyond the other moves by the drift, up, down or not at all, an hour."""
    beyond = np.diff(closes(1, TRENDING) - closes(1, DRIFTLESS))
    drift = TRENDING * 120 / 1024
    near = np.abs(np.abs(beyond)[:, np.newaxis] - np.array([0.0, drift])).min(axis=1)
    assert near.max() <= 1.5
    assert {-1, 0, 1} == set(np.rint(beyond / drift).astype(int).tolist())


def test_trends_last_two_to_five_days() -> None:
    ways = np.rint(np.diff(closes(4, TRENDING) - closes(4, DRIFTLESS)) / (TRENDING * 120 / 1024)).astype(int)
    turns = np.flatnonzero(np.diff(ways))
    assert np.diff(turns).min() >= 40
    assert 0.2 < np.mean(ways == 0) < 0.5


@pytest.mark.parametrize("seed", range(1, 6))
def test_noise_has_the_size_it_is_said_to_have(seed: int) -> None:
    moves = np.diff(closes(seed, DRIFTLESS))
    assert np.std(moves) == pytest.approx(120, rel=0.03)
    assert abs(np.mean(moves)) < 4 * 120 / np.sqrt(moves.size)
    assert abs(np.corrcoef(moves[1:], moves[:-1])[0, 1]) < 4 / np.sqrt(moves.size)


@given(st.integers(0, 2**31), st.sampled_from([DRIFTLESS, TRENDING]), st.integers(1, 4))
@settings(max_examples=30)
def test_bars_are_bars(seed: int, drift: int, weeks: int) -> None:
    bars = drifting_bars(seed, weeks, drift)
    assert len(bars) == 120 * weeks
    assert (bars["low"] <= np.minimum(bars["open"], bars["close"])).all()
    assert (bars["high"] >= np.maximum(bars["open"], bars["close"])).all()
    assert (bars["open"][1:] == bars["close"][:-1]).all()
    weekday = (bars["time"] // 86_400 + 4) % 7
    assert weekday.min() == 1
    assert weekday.max() == 5
    ticks = ohlc_ticks(bars, Timeframe.H1, 1e-5)
    assert len(ticks) == 4 * len(bars)


def test_prices_stay_in_reach() -> None:
    """Trends that lead too far are turned round, so that nothing ends at no price at all."""
    for seed in range(8):
        prices = drifting_bars(seed, 200, TRENDING)["close"]
        assert 0.6 < prices.min() < prices.max() < 1.8


@pytest.mark.parametrize(("seed", "weeks", "drift"), [(-1, 1, 0), (1, 0, 0), (1, 1, -1)])
def test_no_market_of_nothing(seed: int, weeks: int, drift: int) -> None:
    with pytest.raises(ValueError, match="want seed"):
        drifting_bars(seed, weeks, drift)


def test_no_symbol_without_a_price() -> None:
    with pytest.raises(ValueError, match="must be positive"):
        DriftingSymbol(start_points=0)
