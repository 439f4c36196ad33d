import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from signals.indicators import atr, sma
from signals.volatility import volatilities, volatility_state_size, volatility_step
from tests.signals.market import Floats, Table, columns, made_up_bars
from tests.signals.pure_python import interpreted

NAN = float("nan")


def volatility_of(bars: Table, atr_period: int, baseline_period: int, state: Floats | None = None) -> Floats:
    state = np.zeros(volatility_state_size(atr_period, baseline_period)) if state is None else state
    out = np.empty((len(bars), 2))
    volatilities(bars, state, atr_period, baseline_period, out)
    return out


def test_by_hand() -> None:
    bars = made_up_bars(4)
    bars["high"], bars["low"], bars["close"] = (5, 7, 6, 8), (3, 4, 4, 5), (4, 6, 5, 6)  # true ranges 3, 2, 3
    np.testing.assert_array_equal(volatility_of(bars, 1, 2), [[NAN, NAN], [3, NAN], [2, 2.5], [3, 2.5]])


@pytest.mark.parametrize(("atr_period", "baseline_period"), [(1, 1), (2, 5), (14, 100)])
def test_values_are_nan_until_defined(atr_period: int, baseline_period: int) -> None:
    values = volatility_of(made_up_bars(200), atr_period, baseline_period)
    assert np.flatnonzero(~np.isnan(values[:, 0]))[0] == atr_period
    assert np.flatnonzero(~np.isnan(values[:, 1]))[0] == atr_period + baseline_period - 1
    assert not np.any(np.isnan(values[atr_period + baseline_period - 1 :]))


def test_it_is_mt5s_atr_and_the_mean_of_it() -> None:
    bars = made_up_bars(300)
    values = volatility_of(bars, 14, 50)
    expected = atr(*columns(bars), 14)
    np.testing.assert_array_equal(values[:, 0], expected)
    np.testing.assert_array_equal(values[14:, 1], sma(expected[14:], 50))


@given(seed=st.integers(0, 1000), cut=st.integers(0, 150))
def test_bars_may_come_in_pieces(seed: int, cut: int) -> None:
    bars = made_up_bars(150, seed)
    state = np.zeros(volatility_state_size(5, 30))
    pieces = [volatility_of(part, 5, 30, state) for part in (bars[:cut], bars[cut:])]
    assert np.concatenate(pieces).tobytes() == volatility_of(bars, 5, 30).tobytes()


@given(seed=st.integers(0, 1000), start=st.integers(0, 100))
def test_a_restart_with_enough_history_changes_no_bit(seed: int, start: int) -> None:
    bars = made_up_bars(150, seed)
    restarted = volatility_of(bars[start:], 5, 30)[5 + 30 - 1 :]
    assert restarted.tobytes() == volatility_of(bars, 5, 30)[start + 5 + 30 - 1 :].tobytes()


@given(seed=st.integers(0, 1000))
def test_one_step_and_plain_python_give_the_same_bits(seed: int) -> None:
    bars = made_up_bars(60, seed)
    expected = volatility_of(bars, 3, 7)
    for step in (volatility_step, interpreted(volatility_step)):
        state, out = np.zeros(volatility_state_size(3, 7)), np.empty((len(bars), 2))
        for bar, row in zip(bars, out, strict=True):
            step(state, 3, 7, float(bar["high"]), float(bar["low"]), float(bar["close"]), row)
        np.testing.assert_array_equal(out, expected)
