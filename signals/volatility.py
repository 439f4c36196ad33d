"""How much the market moves, and how much it usually does: MT5's ATR and its own average."""

import math

import numpy as np
from numpy.typing import NDArray

from domain.jit import njit
from signals.indicators import atr_state_size, atr_step, sma_state_size, sma_step

Floats = NDArray[np.float64]


@njit
def volatility_state_size(atr_period: int, baseline_period: int) -> int:
    """Cells `volatility_step` needs, zero-initialized."""
    return atr_state_size(atr_period) + sma_state_size(baseline_period)


@njit
def volatility_step(
    state: Floats, atr_period: int, baseline_period: int, high: float, low: float, close: float, out: Floats
) -> None:
    """Write ATR of `atr_period` bars and the mean of its last `baseline_period` values [price] to out[0] and out[1].

    Both depend on the last atr_period + baseline_period bars alone. ATR is NaN for the first `atr_period` bars, its
    mean for the first atr_period + baseline_period - 1.
    """
    out[0] = atr_step(state, 0, atr_period, high, low, close)
    out[1] = math.nan
    if not math.isnan(out[0]):
        out[1] = sma_step(state, atr_state_size(atr_period), baseline_period, out[0])


@njit
def volatilities(bars: NDArray[np.void], state: Floats, atr_period: int, baseline_period: int, out: Floats) -> None:
    """`volatility_step` over `bars` (RATES_DTYPE), going on from `state`; `out` has shape (n, 2): ATR, its mean."""
    for index in range(len(bars)):
        bar = bars[index]
        volatility_step(state, atr_period, baseline_period, bar["high"], bar["low"], bar["close"], out[index])
