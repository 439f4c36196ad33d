"""Spreads around a release of news: a compiled transform of ticks, its shape measured on real payrolls.

The shapes are medians of spread over the calm spread before (four hours to ten minutes earlier), from Oanda's quotes
around 2014-05-02 12:30 UTC. docs/simulated-faults.md shows them beside the ticks; a test compares them again.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from domain.jit import njit
from sim.matching import Rows

Curve = npt.NDArray[np.float64]
"""Knots [seconds after the release, factor], shape [n, 2], rising; between two the factor goes geometrically."""

CURRENCIES: Final[Curve] = np.array(
    [
        (-240.0, 1.0), (-150.0, 1.09), (-105.0, 1.45), (-75.0, 2.1), (-35.0, 2.2), (-15.0, 3.0), (-10.0, 3.3),
        (-7.0, 8.6), (0.9, 9.1), (1.1, 13.64), (20.0, 13.64), (30.0, 5.0), (33.0, 3.2), (52.0, 2.9), (75.0, 2.45),
        (105.0, 2.05), (210.0, 1.8), (270.0, 1.64), (375.0, 1.36), (600.0, 1.27), (1800.0, 1.1), (3600.0, 1.0),
    ]
)  # fmt: skip
"""EURUSD: 1.1 pip before, 15 from one second to twenty after."""

METALS: Final[Curve] = np.array(
    [
        (-900.0, 1.0), (-450.0, 1.31), (-210.0, 1.35), (-75.0, 1.54), (-38.0, 1.87), (-22.0, 2.3), (-18.0, 3.2),
        (-11.0, 3.1), (-8.0, 5.5), (0.9, 5.9), (1.1, 9.2), (6.0, 9.0), (10.0, 7.6), (14.0, 5.2), (25.0, 4.35),
        (40.0, 3.9), (48.0, 2.95), (75.0, 2.7), (105.0, 2.37), (150.0, 2.09), (210.0, 1.92), (375.0, 1.75),
        (525.0, 1.25), (1800.0, 1.07), (3600.0, 1.0),
    ]
)  # fmt: skip
"""XAUUSD: 0.28 before, 2.58 to 2.65 in the seconds after."""


@njit
def factor_at(curve: Curve, seconds: float) -> float:
    """How many times its calm width a spread has, `seconds` after a release; 1 outside the curve."""
    if seconds <= curve[0, 0] or seconds >= curve[-1, 0]:
        return 1.0
    knot = np.searchsorted(curve[:, 0], seconds)
    before, after = curve[knot - 1], curve[knot]
    part = (seconds - before[0]) / (after[0] - before[0])
    return float(before[1] * (after[1] / before[1]) ** part)


@njit
def widen(
    ticks: Rows, releases: npt.NDArray[np.int64], curve: Curve, strength: float, tick_size: float, digits: int
) -> None:
    """Widen the spread of `ticks` in place around `releases` [ms, rising]; of two releases the stronger counts."""
    scale = 10.0**digits
    for index in range(len(ticks)):
        bid, ask = ticks[index].bid, ticks[index].ask
        if not 0.0 < bid < ask < np.inf:
            continue
        factor = 1.0
        for release in releases:
            factor = max(factor, factor_at(curve, (ticks[index].time_msc - release) / 1000.0))
        extra = (ask - bid) * (factor - 1.0) * strength / 2.0
        steps = np.floor(extra / tick_size + 0.5)
        lower = np.round((bid - steps * tick_size) * scale) / scale
        if steps > 0.0 and lower > 0.0:
            ticks[index].bid = lower
            ticks[index].ask = np.round((ask + steps * tick_size) * scale) / scale
