"""Whether a run of round trips is more than luck: the lower confidence bound of its expectancy.

Sources: Student's t with its quantile by M. Abramowitz and I. A. Stegun, Handbook of Mathematical Functions, 26.7.5;
skewness by N. J. Johnson, Modified t Tests and Confidence Intervals for Asymmetrical Populations, JASA 73(363), 1978.
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from domain.jit import njit

_LEAST: Final = 2


@njit
def student_quantile(normal_quantile: float, freedom: float) -> float:
    """Quantile of Student's t with `freedom` degrees, from the normal quantile of the same probability."""
    x = normal_quantile
    first = (x**3 + x) / 4.0
    second = (5.0 * x**5 + 16.0 * x**3 + 3.0 * x) / 96.0
    third = (3.0 * x**7 + 19.0 * x**5 + 17.0 * x**3 - 15.0 * x) / 384.0
    found: float = x + first / freedom + second / freedom**2 + third / freedom**3
    return found


@njit
def expectancy_bound(r_multiples: NDArray[np.float64], normal_quantile: float) -> float:
    """Lower confidence bound of the mean of `r_multiples` [R]; NaN for fewer than two.

    Johnson's correction for skewness is taken only where it lowers the bound: many small gains and a few large losses
    are the record that looks better than it is.
    """
    count = r_multiples.shape[0]
    if count < _LEAST:
        return math.nan
    mean = 0.0
    for value in r_multiples:
        mean += value / count
    second, third = 0.0, 0.0
    for value in r_multiples:
        off = value - mean
        second += off * off
        third += off * off * off
    variance = second / (count - 1)
    if variance <= 0.0:
        return mean
    skew = min(0.0, third / count / (6.0 * variance * count))
    bound: float = mean + skew - student_quantile(normal_quantile, count - 1.0) * math.sqrt(variance / count)
    return bound
