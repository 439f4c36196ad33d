"""Volumes on the grid of a symbol's step."""

import math
from typing import Final

STEP_SLACK: Final = 1e-6
"""Part of a step that binary noise may make."""
_LOT_DIGITS: Final = 8  # MT5 keeps volumes as whole numbers of 1e-8 lots


def on_grid(volume: float, step: float) -> float:
    """`volume` [lots] without binary noise, as the server stores it."""
    return round(round(volume / step) * step, _LOT_DIGITS)


def floored(volume: float, step: float) -> float:
    """The largest volume on the grid that is not above `volume` [lots]."""
    return on_grid(math.floor(volume / step + STEP_SLACK) * step, step)
