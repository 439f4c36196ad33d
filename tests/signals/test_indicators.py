"""Indicators against numbers worked out by hand, closed forms of their formulas, and each other."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from signals.indicators import (
    adx,
    adx_state_size,
    adx_step,
    adx_wilder,
    adx_wilder_step,
    atr,
    atr_state_size,
    atr_step,
    atr_wilder,
    atr_wilder_step,
    bollinger,
    bollinger_state_size,
    bollinger_step,
    ema,
    ema_state_size,
    ema_step,
    macd,
    macd_ema_signal,
    macd_ema_signal_step,
    macd_state_size,
    macd_step,
    rsi,
    rsi_state_size,
    rsi_step,
    sma,
    sma_state_size,
    sma_step,
    true_range,
    window_push,
    window_state_size,
    window_sum,
    window_values,
)
from tests.signals.market import Floats, columns, made_up_bars
from tests.signals.pure_python import interpreted

NAN = math.nan

PRICES = hnp.arrays(np.float64, st.integers(1, 80), elements=st.floats(0.5, 2.0, width=32))


def floats(*values: float) -> Floats:
    return np.array(values)


def bits(values: Floats) -> bytes:
    """The bytes of `values`, all kinds of NaN alike."""
    return np.where(np.isnan(values), NAN, values).tobytes()


# ---------------------------------------------------------------------------------------------------------- by hand


def test_sma() -> None:
    np.testing.assert_array_equal(sma(floats(1, 2, 3, 4, 8), 3), [NAN, NAN, 2, 3, 5])


def test_ema_is_seeded_with_the_first_price() -> None:
    np.testing.assert_array_equal(ema(floats(1, 2, 3, 1), 3), [1, 1.5, 2.25, 1.625])


def test_macd_has_a_simple_signal() -> None:
    prices = floats(1, 2, 4)
    line = ema(prices, 1) - ema(prices, 3)
    assert line.tolist() == [0.0, 0.5, 1.25]
    np.testing.assert_array_equal(macd(prices, 1, 3, 2), [[0, NAN], [0.5, 0.25], [1.25, 0.875]])


def test_macd_with_an_exponential_signal() -> None:
    np.testing.assert_array_equal(macd_ema_signal(floats(1, 2, 4), 1, 3, 3), [[0, 0], [0.5, 0.25], [1.25, 0.75]])


def test_rsi() -> None:
    # changes +1.0, -0.5, +1.0: averages of two, then (average + change) / 2
    expected = floats(NAN, NAN, 100 - 100 / (1 + 0.5 / 0.25), 100 - 100 / (1 + 0.75 / 0.125))
    np.testing.assert_allclose(rsi(floats(10, 11, 10.5, 11.5), 2), expected, rtol=1e-15)


@pytest.mark.parametrize(("prices", "expected"), [((3, 3, 3, 3), 50.0), ((1, 2, 3, 4), 100.0), ((4, 3, 2, 1), 0.0)])
def test_rsi_of_a_market_with_one_direction_or_none(prices: tuple[float, ...], expected: float) -> None:
    assert rsi(floats(*prices), 2)[-1] == expected


# StockCharts ChartSchool, "Relative Strength Index", spreadsheet example (QQQQ, 2009-12-14 to 2010-02-01)
CHART_SCHOOL_CLOSES = (
    *(44.3389, 44.0902, 44.1497, 43.6124, 44.3278, 44.8264, 45.0955, 45.4245, 45.8433, 46.0826, 45.8931),
    *(46.0328, 45.6140, 46.2820, 46.2820, 46.0028, 46.0328, 46.4116, 46.2222, 45.6439, 46.2122, 46.2521),
    *(45.7137, 46.4515, 45.7835, 45.3548, 44.0288, 44.1783, 44.2181, 44.5672, 43.4205, 42.6628, 43.1314),
)
CHART_SCHOOL_RSI = (
    *(70.53, 66.32, 66.55, 69.41, 66.36, 57.97, 62.93, 63.26, 56.06, 62.38, 54.71, 50.42, 39.99, 41.46, 41.87),
    *(45.46, 37.30, 33.08, 37.77),
)


def test_rsi_of_the_published_example() -> None:
    values = rsi(floats(*CHART_SCHOOL_CLOSES), 14)
    assert np.all(np.isnan(values[:14]))
    # the published figures have two decimals, the published closes were rounded to four
    np.testing.assert_allclose(values[14:], CHART_SCHOOL_RSI, atol=0.01)


def test_bollinger_takes_the_population_deviation() -> None:
    # the textbook example: mean 5, population standard deviation 2 (the sample's would be 2.138)
    values = bollinger(floats(2, 4, 4, 4, 5, 5, 7, 9), 8, 1.5)
    assert np.all(np.isnan(values[:7]))
    assert values[7].tolist() == [8.0, 5.0, 2.0]


@pytest.mark.parametrize(
    ("previous_close", "high", "low", "expected"), [(5, 6, 4, 2), (3, 6, 4, 3), (8, 6, 4, 4), (5, 5, 5, 0)]
)
def test_true_range(previous_close: float, high: float, low: float, expected: float) -> None:
    assert true_range(previous_close, high, low) == expected


ATR_BARS = floats(5, 7, 6, 8), floats(3, 4, 4, 5), floats(4, 6, 5, 6)  # true ranges 3, 2, 3


def test_atr_is_a_simple_average_that_starts_with_the_second_bar() -> None:
    np.testing.assert_array_equal(atr(*ATR_BARS, 2), [NAN, NAN, 2.5, 2.5])
    np.testing.assert_array_equal(atr(*ATR_BARS, 1), [NAN, 3, 2, 3])


def test_wilders_atr_is_smoothed() -> None:
    np.testing.assert_array_equal(atr_wilder(*ATR_BARS, 2), [NAN, NAN, 2.5, 2.75])


ADX_BARS = floats(10, 12, 13, 12.5, 12.5), floats(8, 9, 11, 10, 10), floats(9, 11, 12, 11, 11)
# +DM 2, 1, 0, 0; -DM 0, 0, 1, 0; TR 3, 2, 2.5, 2.5


def test_adx_smooths_each_bars_share_exponentially() -> None:
    k = 2 / 3
    plus = k * (100 * 2 / 3)
    plus = k * (100 * 1 / 2) + (1 - k) * plus
    adx_value = k * 100 + (1 - k) * k * 100
    at_2 = plus
    plus *= 1 - k
    minus = k * (100 * 1 / 2.5)
    adx_value = k * (100 * abs(plus - minus) / (plus + minus)) + (1 - k) * adx_value
    minus_4, plus_4 = minus * (1 - k), plus * (1 - k)
    adx_4 = k * (100 * abs(plus_4 - minus_4) / (plus_4 + minus_4)) + (1 - k) * adx_value
    values = adx(*ADX_BARS, 2)
    assert np.all(np.isnan(values[:2]))
    np.testing.assert_allclose(values[2], [NAN, at_2, 0])
    np.testing.assert_allclose(values[3], [NAN, plus, minus])
    np.testing.assert_allclose(values[4], [adx_4, plus_4, minus_4])


def test_adx_of_wilder_smooths_movement_and_range_apart() -> None:
    # from bar 2 on, halves: +DM 1/2, 1/4, 1/8; -DM 0, 1/2, 1/4; TR 1, 1.75, 2.125
    dx = [100, 100 * (0.5 - 0.25) / 0.75, 100 * (0.25 - 0.125) / 0.375]
    adx_value = ((dx[0] / 2 + dx[1]) / 2 + dx[2]) / 2
    values = adx_wilder(*ADX_BARS, 2)
    assert np.all(np.isnan(values[:3]))
    np.testing.assert_allclose(values[3], [NAN, 100 * 0.25 / 1.75, 100 * 0.5 / 1.75])
    np.testing.assert_allclose(values[4], [adx_value, 100 * 0.125 / 2.125, 100 * 0.25 / 2.125])


@pytest.mark.parametrize("kernel", [adx, adx_wilder])
def test_adx_of_a_market_that_stands_still_is_nothing(kernel: Callable[..., Floats]) -> None:
    still = np.full(20, 1.1)
    assert kernel(still, still, still, 3)[-1].tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("kernel", [adx, adx_wilder])
@pytest.mark.parametrize(("direction", "stronger"), [(1.0, 1), (-1.0, 2)])
def test_adx_of_a_straight_way_is_full(kernel: Callable[..., Floats], direction: float, stronger: int) -> None:
    close = 100 + direction * np.arange(400.0)
    last = kernel(close + 0.5, close - 0.5, close, 14)[-1]
    assert last[0] == pytest.approx(100.0)
    assert last[stronger] > 60.0
    assert last[3 - stronger] == 0.0


def test_equal_movement_both_ways_is_none() -> None:
    high, low, close = floats(10, 11, 11, 11, 11), floats(9, 8, 8, 8, 8), floats(9.5, 9.5, 9.5, 9.5, 9.5)
    assert adx(high, low, close, 2)[-1].tolist() == [0.0, 0.0, 0.0]
    assert adx_wilder(high, low, close, 2)[-1].tolist() == [0.0, 0.0, 0.0]


# ------------------------------------------------------------------------------------------------------ closed forms


@given(PRICES, st.integers(1, 30))
def test_sma_is_the_mean_of_the_window(prices: Floats, period: int) -> None:
    values = sma(prices, period)
    for index in range(period - 1, len(prices)):
        assert values[index] == pytest.approx(float(np.mean(prices[index - period + 1 : index + 1])), rel=1e-14)


@given(PRICES, st.integers(2, 30), st.floats(0.5, 4))
def test_bollinger_is_mean_and_deviation_of_the_window(prices: Floats, period: int, deviations: float) -> None:
    values = bollinger(prices, period, deviations)
    for index in range(period - 1, len(prices)):
        window = prices[index - period + 1 : index + 1]
        width = deviations * np.std(window)
        expected = [np.mean(window) + width, np.mean(window), np.mean(window) - width]
        np.testing.assert_allclose(values[index], expected, rtol=1e-12)


@given(PRICES, st.integers(1, 30))
def test_ema_is_a_weighted_sum(prices: Floats, period: int) -> None:
    k = 2 / (period + 1)
    last = len(prices) - 1
    weights = np.array([(1 - k) ** last, *(k * (1 - k) ** (last - i) for i in range(1, len(prices)))])
    assert ema(prices, period)[-1] == pytest.approx(float(weights @ prices), rel=1e-12)


@given(st.integers(0, 500), st.integers(2, 20), st.integers(30, 90))
def test_directional_indicators_of_wilder_are_ratios_of_weighted_sums(seed: int, period: int, count: int) -> None:
    high, low, close = columns(made_up_bars(count, seed))
    up, down = np.diff(high), -np.diff(low)
    plus = np.where((up > down) & (up > 0), up, 0.0)[period - 1 :]
    minus = np.where((down > up) & (down > 0), down, 0.0)[period - 1 :]
    reach = (np.maximum(high[1:], close[:-1]) - np.minimum(low[1:], close[:-1]))[period - 1 :]
    weights = (1 - 1 / period) ** np.arange(len(plus) - 1, -1, -1)
    if len(plus) < 2:
        return
    expected = 100 * np.array([weights @ plus, weights @ minus]) / (weights @ reach)
    np.testing.assert_allclose(adx_wilder(high, low, close, period)[-1, 1:], expected, rtol=1e-9)


@given(st.integers(0, 500), st.integers(1, 40))
def test_atr_is_the_mean_of_the_last_true_ranges(seed: int, period: int) -> None:
    high, low, close = columns(made_up_bars(60, seed))
    ranges = np.maximum(high[1:], close[:-1]) - np.minimum(low[1:], close[:-1])
    assert atr(high, low, close, period)[-1] == pytest.approx(float(np.mean(ranges[-period:])), rel=1e-12)


@given(st.integers(0, 500))
def test_oscillators_stay_in_their_bounds(seed: int) -> None:
    high, low, close = columns(made_up_bars(150, seed))
    for values in (rsi(close, 5)[5:], adx(high, low, close, 5)[10:], adx_wilder(high, low, close, 5)[10:]):
        assert np.all((values >= 0.0) & (values <= 100.0 + 1e-9))


# ------------------------------------------------------------------------------------- NaN until defined, as MT5 draws


@pytest.mark.parametrize("period", [1, 2, 7, 14])
def test_values_begin_where_mt5_begins_to_draw(period: int) -> None:
    high, low, close = columns(made_up_bars(60))
    firsts = {
        "sma": (sma(close, period), period - 1),
        "ema": (ema(close, period), 0),
        "macd line": (macd(close, 3, 5, period)[:, 0], 0),
        "macd signal": (macd(close, 3, 5, period)[:, 1], period - 1),
        "rsi": (rsi(close, period), period),
        "bollinger": (bollinger(close, period, 2.0)[:, 0], period - 1),
        "atr": (atr(high, low, close, period), period),
        "atr wilder": (atr_wilder(high, low, close, period), period),
        "adx": (adx(high, low, close, period)[:, 0], 2 * period),
        "adx +di": (adx(high, low, close, period)[:, 1], period),
        "adx wilder": (adx_wilder(high, low, close, period)[:, 0], 2 * period),
        "adx wilder +di": (adx_wilder(high, low, close, period)[:, 1], period + 1),
    }
    for name, (values, first) in firsts.items():
        assert np.all(np.isnan(values[:first])), name
        assert not np.any(np.isnan(values[first:])), name


@pytest.mark.parametrize("count", [0, 1])
def test_hardly_any_bars_are_no_trouble(count: int) -> None:
    high, low, close = columns(made_up_bars(count))
    for values in (sma(close, 5), ema(close, 5), rsi(close, 5), atr(high, low, close, 5), adx(high, low, close, 5)):
        assert len(values) == count


# ------------------------------------------------------------------------- one step at a time, as Python, from anywhere


class Form(NamedTuple):
    """An indicator in both forms: cells of its state, what it takes of a bar, its parameters."""

    size: int
    step: Callable[..., Any]
    array: Callable[..., Floats]
    parameters: tuple[float, ...]
    whole_bars: bool = False

    def prices(self, high: Floats, low: Floats, close: Floats) -> tuple[Floats, ...]:
        return (high, low, close) if self.whole_bars else (close,)

    def over(self, high: Floats, low: Floats, close: Floats) -> Floats:
        return self.array(*self.prices(high, low, close), *self.parameters)

    def stepped(self, state: Floats, at: int, *bars: Floats) -> Floats:
        rows = zip(*self.prices(*bars), strict=True)
        return np.array([self.step(state, at, *self.parameters, *row) for row in rows])


FORMS = {
    "sma": Form(sma_state_size(7), sma_step, sma, (7,)),
    "ema": Form(ema_state_size(7), ema_step, ema, (7,)),
    "macd": Form(macd_state_size(5), macd_step, macd, (6, 13, 5)),
    "macd_ema_signal": Form(macd_state_size(5), macd_ema_signal_step, macd_ema_signal, (6, 13, 5)),
    "rsi": Form(rsi_state_size(7), rsi_step, rsi, (7,)),
    "bollinger": Form(bollinger_state_size(7), bollinger_step, bollinger, (7, 2.0)),
    "atr": Form(atr_state_size(7), atr_step, atr, (7,), whole_bars=True),
    "atr_wilder": Form(atr_state_size(7), atr_wilder_step, atr_wilder, (7,), whole_bars=True),
    "adx": Form(adx_state_size(7), adx_step, adx, (7,), whole_bars=True),
    "adx_wilder": Form(adx_state_size(7), adx_wilder_step, adx_wilder, (7,), whole_bars=True),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_the_array_form_folds_the_step(form: Form) -> None:
    bars = columns(made_up_bars(120, seed=3))
    assert bits(form.stepped(np.zeros(form.size), 0, *bars)) == bits(form.over(*bars))


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_step_touches_its_own_cells_alone(form: Form) -> None:
    bars = columns(made_up_bars(120, seed=4))
    state = np.full(form.size + 20, 123.0)
    state[10 : 10 + form.size] = 0.0
    assert bits(form.stepped(state, 10, *bars)) == bits(form.over(*bars))
    assert np.all(state[:10] == 123.0)
    assert np.all(state[-10:] == 123.0)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@settings(max_examples=15)
@given(seed=st.integers(0, 10_000), count=st.integers(1, 90))
def test_the_compiled_form_gives_the_bits_of_plain_python(form: Form, seed: int, count: int) -> None:
    bars = columns(made_up_bars(count, seed))
    assert bits(form._replace(array=interpreted(form.array)).over(*bars)) == bits(form.over(*bars))


# SMA, Bollinger bands and ATR have a window: whatever came before it changes no bit
WINDOWED = {"sma": 7, "bollinger": 7, "atr": 8}


@pytest.mark.parametrize("name", WINDOWED)
@given(seed=st.integers(0, 10_000), start=st.integers(0, 100))
def test_a_restart_with_enough_history_changes_no_bit(name: str, seed: int, start: int) -> None:
    high, low, close = columns(made_up_bars(140, seed))
    long_run = FORMS[name].over(high, low, close)[start + WINDOWED[name] - 1 :]
    restarted = FORMS[name].over(high[start:], low[start:], close[start:])[WINDOWED[name] - 1 :]
    assert bits(restarted) == bits(long_run)


@pytest.mark.parametrize("name", ["ema", "rsi", "adx", "adx_wilder", "macd_ema_signal"])
def test_without_a_window_the_past_fades(name: str) -> None:
    high, low, close = columns(made_up_bars(1000, seed=5))
    long_run = FORMS[name].over(high, low, close)[-1]
    restarted = FORMS[name].over(high[600:], low[600:], close[600:])[-1]
    np.testing.assert_allclose(restarted, long_run, rtol=1e-11, atol=1e-15)


@given(PRICES, st.integers(1, 20))
def test_a_window_holds_the_last_values_in_order(prices: Floats, period: int) -> None:
    state = np.zeros(window_state_size(period))
    for index, price in enumerate(prices):
        full = window_push(state, 0, period, price)
        assert full == (index + 1 >= period)
        if full:
            values = window_values(state, 0, period)
            assert values.tolist() == prices[index + 1 - period : index + 1].tolist()
            assert window_sum(values) == pytest.approx(float(np.sum(values)), rel=1e-14)
