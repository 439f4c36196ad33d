"""What luck could have made of the same round trips: their order changed, drawn anew, or dearer."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from domain.jit import njit


class Outcomes(NamedTuple):
    """One figure a trial, each sorted upwards: final equity and deepest drawdown, both as fractions.

    `final` is what 1 became; `drawdown` a positive fraction of the peak.
    """

    final: NDArray[np.float64]
    drawdown: NDArray[np.float64]


@njit
def _played(returns: NDArray[np.float64], picks: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    finals, drawdowns = np.empty(picks.shape[0]), np.empty(picks.shape[0])
    for trial in range(picks.shape[0]):
        equity, peak, deepest = 1.0, 1.0, 0.0
        for pick in picks[trial]:
            equity = max(equity * (1.0 + returns[pick]), 0.0)
            peak = max(peak, equity)
            deepest = max(deepest, 1.0 - equity / peak)
        finals[trial], drawdowns[trial] = equity, deepest
    return finals, drawdowns


def other_orders(returns: NDArray[np.float64], trials: int, seed: int) -> Outcomes:
    """The same round trips in `trials` other orders; `returns` [fraction of equity, one a round trip].

    The final equity is the same but for rounding: what an order changes is how deep the account fell on the way.
    """
    generator = np.random.default_rng(seed)
    picks = np.tile(np.arange(len(returns)), (trials, 1))
    finals, drawdowns = _played(returns, generator.permuted(picks, axis=1))
    return Outcomes(np.sort(finals), np.sort(drawdowns))


def drawn_anew(returns: NDArray[np.float64], trials: int, seed: int) -> Outcomes:
    """As many round trips, drawn with replacement, in `trials` trials: the bootstrap of final equity and drawdown."""
    generator = np.random.default_rng(seed)
    count = len(returns)
    picks = generator.integers(0, max(count, 1), (trials, count))
    finals, drawdowns = _played(returns, picks)
    return Outcomes(np.sort(finals), np.sort(drawdowns))


def dearer(returns: NDArray[np.float64], costs: NDArray[np.float64], factor: float) -> NDArray[np.float64]:
    """`returns` had costs been `factor` times as high; `costs` is what each round trip paid [positive fraction]."""
    return returns - (factor - 1.0) * costs
