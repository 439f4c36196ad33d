"""Donchian breakout: a close beyond the highest high or the lowest low of the bars before.

Source: R. Donchian's four-week rule in the form of the original Turtle rules (20 bars, the breaking bar not counted).
MT5 delivers no such indicator.
"""

import math
from typing import Annotated, Final

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from domain.jit import njit
from signals.indicators import window_is_full, window_push, window_state_size, window_values

Floats = NDArray[np.float64]

NAME: Final = "donchian"
FEATURES: Final = ("setup", "upper", "lower")
SETUP_NONE: Final = 0.0
SETUP_BREAKOUT: Final = 1.0


class Parameters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Length of the channel [bars]."""

    channel_period: Annotated[int, Meta(ge=2, le=1000, description="bars of the channel that is broken")] = 20


@njit
def state_size(params: Floats) -> int:
    """Cells `step` needs, zero-initialized: a window of highs, a window of lows."""
    return 2 * window_state_size(int(params[0]))


@njit
def warmup_bars(params: Floats) -> int:
    """Bars `step` must have seen, the one it scores included."""
    return int(params[0]) + 1


@njit
def step(state: Floats, params: Floats, _open: float, high: float, low: float, close: float, features: Floats) -> float:
    """Take one closed bar: 1 where it closed above the channel of the bars before, -1 below, else 0; NaN in warm-up."""
    period = int(params[0])
    size = window_state_size(period)
    features[:] = math.nan
    score = math.nan
    if window_is_full(state, 0, period):
        upper, lower = window_values(state, 0, period).max(), window_values(state, size, period).min()
        score = 1.0 if close > upper else (-1.0 if close < lower else 0.0)
        features[0] = SETUP_NONE if score == 0.0 else SETUP_BREAKOUT
        features[1], features[2] = upper, lower
    window_push(state, 0, period, high)
    window_push(state, size, period, low)
    return score


@njit
def steps(bars: NDArray[np.void], state: Floats, params: Floats, scores: Floats, features: Floats) -> None:
    """`step` over `bars` (RATES_DTYPE), going on from `state`: scores of shape (n,), features of shape (n, 3)."""
    row = np.empty(features.shape[1])
    for index in range(len(bars)):
        bar = bars[index]
        scores[index] = step(state, params, bar["open"], bar["high"], bar["low"], bar["close"], row)
        features[index, :] = row
