"""A cross of two simple averages as a signal model: exactly what vectorbt's `MA` and `ma_crossed_above` call one.

Closes are summed as whole points, so that equal averages are equal: sums of prices differ in their last bits by the
order of summing, and at a tie that makes or unmakes a cross.
"""

import math
from typing import Annotated

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from domain.jit import njit

Floats = NDArray[np.float64]

NAME = "sma_cross"
FEATURES = ("setup",)
POINTS = 1e5  # of a pair with five digits


class Parameters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Lengths of the averages [bars]."""

    fast: Annotated[int, Meta(ge=2, le=1000, description="fast average [bars]")] = 10
    slow: Annotated[int, Meta(ge=3, le=2000, description="slow average [bars]")] = 50

    def __post_init__(self) -> None:
        """Refuse averages that cannot cross."""
        if self.fast >= self.slow:
            raise ValueError("fast must be below slow")


@njit
def state_size(params: Floats) -> int:
    """Closes of the slow average; bars seen; both sums; for up and down whether it was apart, and for how long."""
    return int(params[1]) + 7


@njit
def warmup_bars(params: Floats) -> int:
    """The first bar with both averages."""
    return int(params[1])


@njit
def _has_crossed(state: Floats, was_apart: int, ahead: float, behind: float) -> bool:
    """Whether `ahead` passes `behind` now, having been below it at some time before."""
    if ahead > behind:
        if state[was_apart] > 0.0:
            state[was_apart + 1] += 1.0
            return bool(state[was_apart + 1] == 1.0)
        return False
    state[was_apart + 1] = 0.0
    if ahead < behind:
        state[was_apart] = 1.0
    return False


@njit
def step(state: Floats, params: Floats, _open: float, _high: float, _low: float, close: float, told: Floats) -> float:
    """Take one closed bar: 1 where the fast average crosses above the slow one, -1 below, else 0; NaN in warm-up."""
    fast, slow = int(params[0]), int(params[1])
    seen, sums = slow, slow + 1
    place = int(state[seen])
    points = np.floor(close * POINTS + 0.5)
    if place >= slow:
        state[sums + 1] -= state[place % slow]
    if place >= fast:
        state[sums] -= state[(place - fast) % slow]
    state[place % slow] = points
    state[sums] += points
    state[sums + 1] += points
    state[seen] += 1.0
    told[0] = math.nan
    if place + 1 < slow:
        return math.nan
    told[0] = 0.0
    quick, calm = state[sums] / fast, state[sums + 1] / slow
    up = _has_crossed(state, slow + 3, quick, calm)
    down = _has_crossed(state, slow + 5, calm, quick)
    return 1.0 if up else (-1.0 if down else 0.0)
