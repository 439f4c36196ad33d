"""How much of a Sharpe ratio is left once its estimation error and the number of trials are counted.

Sources: D. H. Bailey and M. Lopez de Prado, The Sharpe Ratio Efficient Frontier, Journal of Risk 15(2), 2012
(probabilistic Sharpe ratio, minimum track record); the same, The Deflated Sharpe Ratio, Journal of Portfolio
Management 40(5), 2014 (expected maximum, deflation).

All Sharpe ratios here are per observation, not per year.
"""

import math
from statistics import NormalDist
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

_EULER_MASCHERONI: Final = 0.5772156649015329
_NORMAL: Final = NormalDist()
_NORMAL_KURTOSIS: Final = 3.0


class Moments(NamedTuple):
    """What the formulas need of a series of returns: their number, Sharpe ratio, skewness and kurtosis (normal: 3)."""

    observations: int
    sharpe: float
    skewness: float = 0.0
    kurtosis: float = _NORMAL_KURTOSIS


def moments_of(returns: NDArray[np.float64]) -> Moments:
    """Moments of `returns` [fraction of equity, one a period]; the Sharpe ratio of a series without variation is 0."""
    count = len(returns)
    deviations = returns - returns.mean() if count else returns
    variance = float(np.mean(deviations**2)) if count else 0.0
    if count < 2 or variance <= np.finfo(float).eps * float(np.max(np.abs(returns))) ** 2:  # noqa: PLR2004 - a variance
        return Moments(count, 0.0)
    spread = math.sqrt(variance)
    sharpe = float(returns.mean()) / (spread * math.sqrt(count / (count - 1)))
    skewness = float(np.mean(deviations**3)) / spread**3
    return Moments(count, sharpe, skewness, float(np.mean(deviations**4)) / variance**2)


def _error_of(moments: Moments) -> float:
    """Standard error of the Sharpe ratio, times the root of the observations less one."""
    bent = 1.0 - moments.skewness * moments.sharpe + (moments.kurtosis - 1.0) / 4.0 * moments.sharpe**2
    return math.sqrt(max(bent, 0.0))


def sharpe_error(moments: Moments) -> float:
    """Standard error of the Sharpe ratio, per observation; NaN for fewer than two.

    Source: A. W. Lo, The Statistics of Sharpe Ratios, Financial Analysts Journal 58(4), 2002, with the terms of
    skewness and kurtosis of E. Mertens (2002).
    """
    return _error_of(moments) / math.sqrt(moments.observations - 1) if moments.observations > 1 else math.nan


def probabilistic_sharpe(moments: Moments, benchmark: float = 0.0) -> float:
    """Probability [0..1] that the true Sharpe ratio is above `benchmark`; one half where nothing was observed."""
    error = _error_of(moments)
    if moments.observations < 2:  # noqa: PLR2004 - one observation has no variance
        return 0.5
    excess = (moments.sharpe - benchmark) * math.sqrt(moments.observations - 1)
    if error == 0.0:
        return 0.5 if excess == 0.0 else float(excess > 0.0)
    return _NORMAL.cdf(excess / error)


def expected_maximum_sharpe(trials: int, variance: float) -> float:
    """The Sharpe ratio that the best of `trials` independent strategies without skill is expected to show.

    `variance` is the variance of the Sharpe ratios over the trials.
    """
    if trials <= 1:
        return 0.0
    highest = (1.0 - _EULER_MASCHERONI) * _NORMAL.inv_cdf(1.0 - 1.0 / trials)
    highest += _EULER_MASCHERONI * _NORMAL.inv_cdf(1.0 - 1.0 / (trials * math.e))
    return math.sqrt(variance) * highest


def deflated_sharpe(moments: Moments, trials: int, variance: float) -> float:
    """Probability [0..1] that the chosen one of `trials` is better than the luckiest of so many without skill."""
    return probabilistic_sharpe(moments, expected_maximum_sharpe(trials, variance))


def minimum_track_record(moments: Moments, benchmark: float = 0.0, confidence: float = 0.95) -> float:
    """Observations it takes until the Sharpe ratio is above `benchmark` with `confidence`; infinite where it is not."""
    if moments.sharpe <= benchmark:
        return math.inf
    return 1.0 + (_error_of(moments) * _NORMAL.inv_cdf(confidence) / (moments.sharpe - benchmark)) ** 2
