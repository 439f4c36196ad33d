import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from signals import donchian
from signals.parameters import parameters_array
from tests.signals.market import Floats, Table, made_up_bars
from tests.signals.pure_python import interpreted

NAN = float("nan")


def scored(bars: Table, period: int) -> tuple[Floats, Floats]:
    params = parameters_array(donchian.Parameters(channel_period=period))
    scores, features = np.empty(len(bars)), np.empty((len(bars), len(donchian.FEATURES)))
    donchian.steps(bars, np.zeros(donchian.state_size(params)), params, scores, features)
    return scores, features


def bars_of(*rows: tuple[float, float, float]) -> Table:
    """Bars of (high, low, close)."""
    bars = made_up_bars(len(rows))
    for field, values in zip(("high", "low", "close"), np.array(rows).T, strict=True):
        bars[field] = values
    return bars


def test_a_close_beyond_the_bars_before_is_a_breakout() -> None:
    bars = bars_of((5, 3, 4), (6, 4, 5), (6, 5, 6), (7, 5, 6.5), (6, 3, 3.5), (8, 3, 7))
    scores, features = scored(bars, 2)
    np.testing.assert_array_equal(scores, [NAN, NAN, 0, 1, -1, 0])
    np.testing.assert_array_equal(features[2:], [[0, 6, 3], [1, 6, 4], [1, 7, 5], [0, 7, 3]])
    assert np.all(np.isnan(features[:2]))


def test_the_edge_itself_is_no_breakout() -> None:
    assert scored(bars_of((5, 3, 4), (5, 3, 4), (9, 1, 5)), 2)[0][-1] == 0.0
    assert scored(bars_of((5, 3, 4), (5, 3, 4), (9, 1, 3)), 2)[0][-1] == 0.0


@given(seed=st.integers(0, 1000), period=st.integers(2, 30))
def test_the_channel_is_that_of_the_bars_before(seed: int, period: int) -> None:
    bars = made_up_bars(80, seed)
    scores, features = scored(bars, period)
    for index in range(period, len(bars)):
        upper = bars["high"][index - period : index].max()
        lower = bars["low"][index - period : index].min()
        close = bars["close"][index]
        assert features[index, 1:].tolist() == [upper, lower]
        assert scores[index] == float(close > upper) - float(close < lower)
        assert features[index, 0] == abs(scores[index])


@given(seed=st.integers(0, 1000), start=st.integers(0, 50))
def test_a_restart_with_enough_history_changes_no_bit(seed: int, start: int) -> None:
    bars = made_up_bars(100, seed)
    for whole, restarted in zip(scored(bars, 20), scored(bars[start:], 20), strict=True):
        assert restarted[20:].tobytes() == whole[start + 20 :].tobytes()


def test_the_compiled_model_gives_the_bits_of_plain_python() -> None:
    bars = made_up_bars(120)
    params = parameters_array(donchian.Parameters(channel_period=7))
    scores, features = np.empty(len(bars)), np.empty((len(bars), 3))
    interpreted(donchian.steps)(bars, np.zeros(donchian.state_size(params)), params, scores, features)
    expected_scores, expected_features = scored(bars, 7)
    assert scores.tobytes() == expected_scores.tobytes()
    assert features.tobytes() == expected_features.tobytes()


def test_warm_up_is_the_channel_and_the_bar_that_breaks_it() -> None:
    params = parameters_array(donchian.Parameters(channel_period=12))
    scores, _ = scored(made_up_bars(40), 12)
    assert donchian.warmup_bars(params) == 13
    assert np.flatnonzero(~np.isnan(scores))[0] == 12


@pytest.mark.reference
def test_the_channel_of_a_published_sheet(reference: Path) -> None:
    with (reference / "vectors" / "stockcharts" / "cs-dc.csv").open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    bars = bars_of(*((float(row["high"]), float(row["low"]), float(row["close"])) for row in rows))
    _, features = scored(bars, 20)
    # the sheet counts the bar itself, so its channel is ours one bar later; it rounds to two decimals
    for index in range(20, len(rows)):
        published = [float(rows[index - 1]["upper_band"]), float(rows[index - 1]["lower_band"])]
        np.testing.assert_allclose(features[index, 1:], published, atol=0.005)
