"""Whether choosing the best parameters in the past chooses anything: the probability of backtest overfitting.

Source: D. H. Bailey, J. M. Borwein, M. Lopez de Prado and Q. J. Zhu, The Probability of Backtest Overfitting,
Journal of Computational Finance 20(4), 2017: combinatorially symmetric cross-validation.
"""

import itertools
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

_FEWEST_SETS: Final = 2
_ROWS_AT_ONCE: Final = 1024


class TooLittleError(ValueError):
    """The returns do not suffice for the blocks asked for."""


class Overfitting(NamedTuple):
    """What the splits of the history show of the choice by Sharpe ratio.

    `probability`: part of the splits in which the best set of one half is not above the median of the other half;
    `loss_probability`: part in which it loses money there. `in_sample` and `out_of_sample`: Sharpe ratio per
    observation of the chosen set, one a split; `slope`: of the second over the first, below 0 where choosing harms.
    """

    probability: float
    loss_probability: float
    slope: float
    in_sample: NDArray[np.float64]
    out_of_sample: NDArray[np.float64]


def _halves(blocks: int) -> NDArray[np.float64]:
    """One row for each choice of half of the blocks: 1 where a block is chosen."""
    chosen = list(itertools.combinations(range(blocks), blocks // 2))
    rows = np.zeros((len(chosen), blocks))
    rows[np.arange(len(chosen))[:, None], chosen] = 1.0
    return rows


def _sharpe_ratios(sums: NDArray[np.float64], squares: NDArray[np.float64], count: float) -> NDArray[np.float64]:
    means = sums / count
    variances = squares / count - means**2
    steady = variances <= np.finfo(float).eps * squares / count
    return np.where(steady, 0.0, means / np.sqrt(np.where(steady, 1.0, variances)))


def backtest_overfitting(returns: NDArray[np.float64], blocks: int = 16) -> Overfitting:
    """The splits of `returns` (periods x parameter sets) into two halves of `blocks` / 2 blocks each, all of them.

    Periods that do not fill a block are left out at the beginning. The rank among equals is the middle one.

    Raises:
        TooLittleError: for an odd number of blocks, less than two parameter sets, or less than two periods a block.
    """
    periods, sets = returns.shape
    length = periods // blocks if blocks else 0
    if blocks < _FEWEST_SETS or blocks % 2 or sets < _FEWEST_SETS or length < _FEWEST_SETS:
        raise TooLittleError(
            f"{periods} periods of {sets} parameter sets cannot be judged in {blocks} blocks: "
            "it takes an even number of blocks, two periods a block and two sets"
        )
    used = returns[periods - blocks * length :].reshape(blocks, length, sets)
    sums, squares = used.sum(axis=1), (used**2).sum(axis=1)
    halves, count = _halves(blocks), float(length * blocks // 2)
    parts = [
        _judged(part, sums, squares, count) for part in np.array_split(halves, max(1, len(halves) // _ROWS_AT_ONCE))
    ]
    ranks, inside, outside = (np.concatenate(column) for column in zip(*parts, strict=True))
    centered = inside - inside.mean()
    spread = float(centered @ centered)
    return Overfitting(
        probability=float(np.mean(ranks <= 0.5)),  # noqa: PLR2004 - the median
        loss_probability=float(np.mean(outside < 0.0)),
        slope=float(centered @ outside) / spread if spread > 0.0 else 0.0,
        in_sample=inside,
        out_of_sample=outside,
    )


def _judged(
    halves: NDArray[np.float64], sums: NDArray[np.float64], squares: NDArray[np.float64], count: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Relative rank out of sample, Sharpe ratio in sample and out of sample of the chosen set, one a split."""
    inside = _sharpe_ratios(halves @ sums, halves @ squares, count)
    outside = _sharpe_ratios((1.0 - halves) @ sums, (1.0 - halves) @ squares, count)
    rows = np.arange(len(halves))
    best = inside.argmax(axis=1)
    theirs = outside[rows, best][:, None]
    below, equal = (outside < theirs).sum(axis=1), (outside == theirs).sum(axis=1)
    ranks = (below + (equal + 1) / 2) / (outside.shape[1] + 1)
    return ranks, inside[rows, best], outside[rows, best]
