"""Whether the best parameters stand on a plateau or on a needle."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Neighborhood(NamedTuple):
    """The figure of one parameter set beside those one step away on any axis of the grid; NaN where it has none."""

    own: float
    mean: float
    worst: float
    neighbors: int

    @property
    def stability(self) -> float:
        """The neighbors' mean over the own figure: 1 on a plateau, near 0 on a needle; 0 where the own is a loss."""
        return self.mean / self.own if self.own > 0.0 and self.neighbors else 0.0


def neighborhood(figures: NDArray[np.float64], place: tuple[int, ...]) -> Neighborhood:
    """The sets around `place` in a grid of figures, one axis a parameter, values in rising order; NaN: not run."""
    around = tuple(slice(max(step - 1, 0), step + 2) for step in place)
    near = figures[around].ravel()
    others = np.isfinite(near)
    others[_place_within(place, figures[around].shape)] = False
    found = near[others]
    own = float(figures[place])
    if not len(found):
        return Neighborhood(own, float("nan"), float("nan"), 0)
    return Neighborhood(own, float(found.mean()), float(found.min()), len(found))


def _place_within(place: tuple[int, ...], shape: tuple[int, ...]) -> int:
    own = tuple(min(step, 1) for step in place)
    return int(np.ravel_multi_index(own, shape))
