"""What volatility does to an entry: ATR against its own history."""

import math

from domain.jit import njit_inlined


@njit_inlined
def volatility_ratio(atr: float, atr_baseline: float) -> float:
    """ATR over its own average [ratio]; NaN where there is no average."""
    return atr / atr_baseline if atr_baseline > 0.0 else math.nan


@njit_inlined
def volatility_scale(ratio: float, calm_ratio: float) -> float:
    """What is left of the risk at this volatility [0..1]: all up to `calm_ratio`, beyond it inversely to the ratio.

    Source: volatility scaling with weight target / realized, capped at 1 (Moreira and Muir, Journal of Finance 72(4),
    2017), by standard deviation there. NaN stays NaN.
    """
    if math.isnan(ratio):
        return ratio
    return calm_ratio / ratio if ratio > calm_ratio else 1.0
