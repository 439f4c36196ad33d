"""What luck could have made of the same round trips: their order changed, drawn anew, or dearer."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

_TRIALS_AT_ONCE: Final = 256


class Outcomes(NamedTuple):
    """One figure a trial, each sorted upwards: final equity and deepest drawdown, both as fractions.

    `final` is what 1 became; `drawdown` a positive fraction of the peak.
    """

    final: NDArray[np.float64]
    drawdown: NDArray[np.float64]


def _played(returns: NDArray[np.float64], picks: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Final equity and deepest drawdown of each row of `picks`, some trials at a time: a year of them needs little."""
    finals, drawdowns = np.ones(len(picks)), np.zeros(len(picks))
    if picks.shape[1] == 0:
        return finals, drawdowns
    for first in range(0, len(picks), _TRIALS_AT_ONCE):
        part = slice(first, first + _TRIALS_AT_ONCE)
        # what is lost is lost: a ruin stays one
        equity = np.cumprod(np.maximum(1.0 + returns[picks[part]], 0.0), axis=1)
        peaks = np.maximum(np.maximum.accumulate(equity, axis=1), 1.0)
        finals[part], drawdowns[part] = equity[:, -1], np.max(1.0 - equity / peaks, axis=1)
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
