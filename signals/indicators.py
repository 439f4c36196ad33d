"""Indicators in MT5's own definitions, one bar at a time and over arrays.

Every indicator is a step, `*_step(state, at, ..., price)`, whose state is `*_state_size` cells of a zero-initialized
float64 array, from cell `at` on, and an array form that folds this very step. A value is NaN until it is defined. SMA,
Bollinger bands and ATR are computed anew from the prices of their window, oldest first: their value depends on the
window alone, however long the history before it was. EMA, MACD, RSI and ADX have no window: what came first fades.

Sources: the indicators MetaQuotes delivers with the terminal (MovingAverages.mqh, MACD, RSI, BB, ATR, ADX, ADXW);
J. Welles Wilder, New Concepts in Technical Trading Systems (1978); J. Bollinger, Bollinger on Bollinger Bands (2001).
`docs/indicators.md` tells where TA-Lib differs.
"""

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from domain.jit import njit

Floats = NDArray[np.float64]


class Macd(NamedTuple):
    """`line` (fast minus slow average) and its `signal` [price]."""

    line: float
    signal: float


class Bands(NamedTuple):
    """Bollinger bands [price]."""

    upper: float
    middle: float
    lower: float


class Directional(NamedTuple):
    """Average directional index and the two directional indicators [0..100]."""

    adx: float
    plus_di: float
    minus_di: float


# ------------------------------------------------------------------------------------------- window of the last prices
# state: how many values it holds, where the next one goes, then every value twice, `period` cells apart: so the window
# always lies in one piece, oldest value first. It is summed in lanes because one lane would wait for each addition.

_WINDOW_HEAD: Final = 2
_LANES: Final = 4


@njit
def window_state_size(period: int) -> int:
    """Cells of a window of `period` values."""
    return _WINDOW_HEAD + 2 * period


@njit
def window_is_full(state: Floats, at: int, period: int) -> bool:
    """Whether the window holds `period` values."""
    return bool(state[at] == period)


@njit
def window_push(state: Floats, at: int, period: int, value: float) -> bool:
    """Take `value` in, the oldest one out; whether the window is full."""
    place = int(state[at + 1])
    state[at + _WINDOW_HEAD + place] = value
    state[at + _WINDOW_HEAD + place + period] = value
    state[at + 1] = place + 1.0 if place + 1 < period else 0.0
    if state[at] < period:
        state[at] += 1.0
    return window_is_full(state, at, period)


@njit
def window_values(state: Floats, at: int, period: int) -> Floats:
    """View of a full window's values, oldest first, shape (period,)."""
    start = at + _WINDOW_HEAD + int(state[at + 1])
    return state[start : start + period]


@njit
def window_sum(values: Floats) -> float:
    """Sum of a window's values."""
    first = second = third = fourth = 0.0
    whole = len(values) // _LANES * _LANES
    for index in range(0, whole, _LANES):
        first += values[index]
        second += values[index + 1]
        third += values[index + 2]
        fourth += values[index + 3]
    for index in range(whole, len(values)):
        first += values[index]
    return (first + second) + (third + fourth)


@njit
def _square_sum(values: Floats, mean: float) -> float:
    """Sum of the squared distances from `mean` of a window's values."""
    first = second = third = fourth = 0.0
    whole = len(values) // _LANES * _LANES
    for index in range(0, whole, _LANES):
        first += (values[index] - mean) * (values[index] - mean)
        second += (values[index + 1] - mean) * (values[index + 1] - mean)
        third += (values[index + 2] - mean) * (values[index + 2] - mean)
        fourth += (values[index + 3] - mean) * (values[index + 3] - mean)
    for index in range(whole, len(values)):
        first += (values[index] - mean) * (values[index] - mean)
    return (first + second) + (third + fourth)


# -------------------------------------------------------------------------------------------------------------- SMA


@njit
def sma_state_size(period: int) -> int:
    """Cells `sma_step` needs."""
    return window_state_size(period)


@njit
def sma_step(state: Floats, at: int, period: int, price: float) -> float:
    """Mean of the last `period` prices [price]; NaN for the first period - 1."""
    if not window_push(state, at, period, price):
        return math.nan
    return window_sum(window_values(state, at, period)) / period


@njit
def sma(prices: Floats, period: int) -> Floats:
    """`sma_step` over `prices`, shape (n,)."""
    state = np.zeros(sma_state_size(period))
    out = np.empty(len(prices))
    for index in range(len(prices)):
        out[index] = sma_step(state, 0, period, prices[index])
    return out


# -------------------------------------------------------------------------------------------------------------- EMA
# state: whether there was a price, the average

_EMA_SIZE: Final = 2


@njit
def ema_state_size(_period: int) -> int:
    """Cells `ema_step` needs, whatever the period."""
    return _EMA_SIZE


@njit
def ema_step(state: Floats, at: int, period: int, price: float) -> float:
    """Exponential average, k = 2 / (period + 1) [price]; as in MT5 the first price is its first value."""
    k = 2.0 / (period + 1.0)
    state[at + 1] = price if state[at] == 0.0 else price * k + state[at + 1] * (1.0 - k)
    state[at] = 1.0
    return float(state[at + 1])


@njit
def ema(prices: Floats, period: int) -> Floats:
    """`ema_step` over `prices`, shape (n,)."""
    state = np.zeros(ema_state_size(period))
    out = np.empty(len(prices))
    for index in range(len(prices)):
        out[index] = ema_step(state, 0, period, prices[index])
    return out


# ------------------------------------------------------------------------------------------------------------- MACD
# state: fast EMA, slow EMA, signal


@njit
def macd_state_size(signal: int) -> int:
    """Cells `macd_step` and `macd_ema_signal_step` need for a signal of `signal` bars."""
    return 2 * _EMA_SIZE + sma_state_size(signal)


@njit
def _macd_line(state: Floats, at: int, fast: int, slow: int, price: float) -> float:
    return ema_step(state, at, fast, price) - ema_step(state, at + _EMA_SIZE, slow, price)


@njit
def macd_step(state: Floats, at: int, fast: int, slow: int, signal: int, price: float) -> Macd:
    """MT5's MACD: EMA(fast) - EMA(slow); the signal is the *simple* average of `signal` values of it, NaN before."""
    line = _macd_line(state, at, fast, slow, price)
    return Macd(line, sma_step(state, at + 2 * _EMA_SIZE, signal, line))


@njit
def macd_ema_signal_step(state: Floats, at: int, fast: int, slow: int, signal: int, price: float) -> Macd:
    """MACD as Appel published it and TA-Lib computes it: the signal is an *exponential* average of the line."""
    line = _macd_line(state, at, fast, slow, price)
    return Macd(line, ema_step(state, at + 2 * _EMA_SIZE, signal, line))


@njit
def macd(prices: Floats, fast: int, slow: int, signal: int) -> Floats:
    """`macd_step` over `prices`, shape (n, 2): line, signal."""
    state = np.zeros(macd_state_size(signal))
    out = np.empty((len(prices), 2))
    for index in range(len(prices)):
        out[index, 0], out[index, 1] = macd_step(state, 0, fast, slow, signal, prices[index])
    return out


@njit
def macd_ema_signal(prices: Floats, fast: int, slow: int, signal: int) -> Floats:
    """`macd_ema_signal_step` over `prices`, shape (n, 2): line, signal."""
    state = np.zeros(macd_state_size(signal))
    out = np.empty((len(prices), 2))
    for index in range(len(prices)):
        out[index, 0], out[index, 1] = macd_ema_signal_step(state, 0, fast, slow, signal, prices[index])
    return out


# -------------------------------------------------------------------------------------------------------------- RSI
# state: prices seen (as far as it matters), last price, average gain, average loss; sums of both until the first value

_RSI_SIZE: Final = 4
_RSI_MIDDLE: Final = 50.0


@njit
def rsi_state_size(_period: int) -> int:
    """Cells `rsi_step` needs, whatever the period."""
    return _RSI_SIZE


@njit
def _rsi_of(gain: float, loss: float) -> float:
    if loss != 0.0:
        return 100.0 - 100.0 / (1.0 + gain / loss)
    return 100.0 if gain != 0.0 else _RSI_MIDDLE


@njit
def rsi_step(state: Floats, at: int, period: int, price: float) -> float:
    """Wilder's RSI as MT5 has it [0..100]; NaN for the first `period` prices, 50 where the price never moved."""
    seen = state[at]
    change = price - state[at + 1]
    state[at + 1] = price
    if seen <= period:
        state[at] += 1.0
    if seen == 0.0:
        return math.nan
    gain = max(0.0, change)
    loss = max(0.0, -change)
    if seen <= period:
        state[at + 2] += gain
        state[at + 3] += loss
        if seen < period:
            return math.nan
        state[at + 2] /= period
        state[at + 3] /= period
    else:
        state[at + 2] = (state[at + 2] * (period - 1) + gain) / period
        state[at + 3] = (state[at + 3] * (period - 1) + loss) / period
    return _rsi_of(state[at + 2], state[at + 3])


@njit
def rsi(prices: Floats, period: int) -> Floats:
    """`rsi_step` over `prices`, shape (n,)."""
    state = np.zeros(rsi_state_size(period))
    out = np.empty(len(prices))
    for index in range(len(prices)):
        out[index] = rsi_step(state, 0, period, prices[index])
    return out


# -------------------------------------------------------------------------------------------------- Bollinger bands


@njit
def bollinger_state_size(period: int) -> int:
    """Cells `bollinger_step` needs."""
    return window_state_size(period)


@njit
def bollinger_step(state: Floats, at: int, period: int, deviations: float, price: float) -> Bands:
    """SMA and `deviations` population standard deviations around it; NaN for the first period - 1 prices."""
    if not window_push(state, at, period, price):
        return Bands(math.nan, math.nan, math.nan)
    values = window_values(state, at, period)
    middle = window_sum(values) / period
    width = deviations * math.sqrt(_square_sum(values, middle) / period)
    return Bands(middle + width, middle, middle - width)


@njit
def bollinger(prices: Floats, period: int, deviations: float) -> Floats:
    """`bollinger_step` over `prices`, shape (n, 3): upper, middle, lower."""
    state = np.zeros(bollinger_state_size(period))
    out = np.empty((len(prices), 3))
    for index in range(len(prices)):
        out[index, 0], out[index, 1], out[index, 2] = bollinger_step(state, 0, period, deviations, prices[index])
    return out


# -------------------------------------------------------------------------------------------------------------- ATR
# state: whether there was a bar, its close, window of true ranges (Wilder: their number, the average)

_ATR_HEAD: Final = 2


@njit
def true_range(previous_close: float, high: float, low: float) -> float:
    """Wilder's true range [price]: the bar with the gap from the previous close."""
    return max(high, previous_close) - min(low, previous_close)


@njit
def atr_state_size(period: int) -> int:
    """Cells `atr_step` and `atr_wilder_step` need."""
    return _ATR_HEAD + window_state_size(period)


@njit
def atr_step(state: Floats, at: int, period: int, high: float, low: float, close: float) -> float:
    """MT5's iATR: the *simple* average of the last `period` true ranges [price]; NaN for the first `period` bars."""
    previous_close = state[at + 1]
    first = state[at] == 0.0
    state[at] = 1.0
    state[at + 1] = close
    if first:
        return math.nan
    return sma_step(state, at + _ATR_HEAD, period, true_range(previous_close, high, low))


@njit
def atr_wilder_step(state: Floats, at: int, period: int, high: float, low: float, close: float) -> float:
    """Wilder's ATR, TA-Lib's ATR: seeded with the mean of `period` true ranges, then smoothed by 1 / period [price]."""
    seen = state[at]
    reach = true_range(state[at + 1], high, low)
    state[at + 1] = close
    if seen <= period:
        state[at] += 1.0
    if seen == 0.0:
        return math.nan
    if seen <= period:
        state[at + 2] += reach / period
        return float(state[at + 2]) if seen == period else math.nan
    state[at + 2] = (state[at + 2] * (period - 1) + reach) / period
    return float(state[at + 2])


@njit
def atr(high: Floats, low: Floats, close: Floats, period: int) -> Floats:
    """`atr_step` over bars, shape (n,)."""
    state = np.zeros(atr_state_size(period))
    out = np.empty(len(close))
    for index in range(len(close)):
        out[index] = atr_step(state, 0, period, high[index], low[index], close[index])
    return out


@njit
def atr_wilder(high: Floats, low: Floats, close: Floats, period: int) -> Floats:
    """`atr_wilder_step` over bars, shape (n,)."""
    state = np.zeros(atr_state_size(period))
    out = np.empty(len(close))
    for index in range(len(close)):
        out[index] = atr_wilder_step(state, 0, period, high[index], low[index], close[index])
    return out


# -------------------------------------------------------------------------------------------------------------- ADX
# state: bars seen (as far as it matters), last high, low and close, smoothed +DM, -DM and true range, ADX. `adx_step`
# smooths +DI and -DI themselves and leaves the cell of the true range alone.

_ADX_SIZE: Final = 8


class _Movement(NamedTuple):
    plus: float
    minus: float
    reach: float


@njit
def adx_state_size(_period: int) -> int:
    """Cells `adx_step` and `adx_wilder_step` need, whatever the period."""
    return _ADX_SIZE


@njit
def _movement(state: Floats, at: int, high: float, low: float, close: float) -> _Movement:
    """Directional movement and true range against the bar before, which `state` then forgets for this one."""
    up = high - state[at + 1]
    down = state[at + 2] - low
    reach = true_range(state[at + 3], high, low)
    state[at + 1] = high
    state[at + 2] = low
    state[at + 3] = close
    plus = up if up > down and up > 0.0 else 0.0
    minus = down if down > up and down > 0.0 else 0.0
    return _Movement(plus, minus, reach)


@njit
def _strength(plus_di: float, minus_di: float) -> float:
    total = plus_di + minus_di
    return 100.0 * abs(plus_di - minus_di) / total if total != 0.0 else 0.0


@njit
def adx_step(state: Floats, at: int, period: int, high: float, low: float, close: float) -> Directional:
    """MT5's iADX [0..100]: exponential averages, k = 2 / (period + 1), of each bar's own movement over its own range.

    +DI and -DI are NaN for the first `period` bars, ADX for the first 2 * period: what MT5 does not draw.
    """
    seen = state[at]
    movement = _movement(state, at, high, low, close)
    if seen <= 2 * period:
        state[at] += 1.0
    if seen == 0.0:
        return Directional(math.nan, math.nan, math.nan)
    k = 2.0 / (period + 1.0)
    scale = 100.0 / movement.reach if movement.reach != 0.0 else 0.0
    state[at + 4] = movement.plus * scale * k + state[at + 4] * (1.0 - k)
    state[at + 5] = movement.minus * scale * k + state[at + 5] * (1.0 - k)
    state[at + 7] = _strength(state[at + 4], state[at + 5]) * k + state[at + 7] * (1.0 - k)
    return _drawn(seen, period, period, Directional(state[at + 7], state[at + 4], state[at + 5]))


@njit
def adx_wilder_step(state: Floats, at: int, period: int, high: float, low: float, close: float) -> Directional:
    """MT5's iADXWilder [0..100]: Wilder's smoothing by 1 / period of movement and range, begun from 0.

    +DI and -DI are NaN for the first period + 1 bars, ADX for the first 2 * period: what MT5 does not draw. TA-Lib and
    Wilder's book begin with sums instead; the difference fades by 1 / period a bar.
    """
    seen = state[at]
    movement = _movement(state, at, high, low, close)
    if seen <= 2 * period:
        state[at] += 1.0
    if seen < period:
        return Directional(math.nan, math.nan, math.nan)
    state[at + 4] = (state[at + 4] * (period - 1) + movement.plus) / period
    state[at + 5] = (state[at + 5] * (period - 1) + movement.minus) / period
    state[at + 6] = (state[at + 6] * (period - 1) + movement.reach) / period
    scale = 100.0 / state[at + 6] if state[at + 6] != 0.0 else 0.0
    plus_di = state[at + 4] * scale
    minus_di = state[at + 5] * scale
    state[at + 7] = (state[at + 7] * (period - 1) + _strength(plus_di, minus_di)) / period
    return _drawn(seen, period, period + 1, Directional(state[at + 7], plus_di, minus_di))


@njit
def _drawn(seen: float, period: int, from_bar: int, values: Directional) -> Directional:
    """`values` as far as MT5 draws them."""
    adx_value = values.adx if seen >= 2 * period else math.nan
    if seen < from_bar:
        return Directional(adx_value, math.nan, math.nan)
    return Directional(adx_value, values.plus_di, values.minus_di)


@njit
def adx(high: Floats, low: Floats, close: Floats, period: int) -> Floats:
    """`adx_step` over bars, shape (n, 3): ADX, +DI, -DI."""
    state = np.zeros(adx_state_size(period))
    out = np.empty((len(close), 3))
    for index in range(len(close)):
        out[index, 0], out[index, 1], out[index, 2] = adx_step(state, 0, period, high[index], low[index], close[index])
    return out


@njit
def adx_wilder(high: Floats, low: Floats, close: Floats, period: int) -> Floats:
    """`adx_wilder_step` over bars, shape (n, 3): ADX, +DI, -DI."""
    state = np.zeros(adx_state_size(period))
    out = np.empty((len(close), 3))
    for index in range(len(close)):
        values = adx_wilder_step(state, 0, period, high[index], low[index], close[index])
        out[index, 0], out[index, 1], out[index, 2] = values
    return out
