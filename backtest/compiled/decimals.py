"""Rounding to decimals as Python's `round` does it, compiled: the simulated server and the books use that."""

import math
from typing import Final

from domain.jit import njit
from domain.volumes import STEP_SLACK

_SPLITTER: Final = 134_217_729.0  # 2**27 + 1
_LOT_SCALE: Final = 1e8  # 8 decimals, as `domain.volumes` keeps lots


@njit
def _product_error(left: float, right: float, product: float) -> float:
    """What `product`, the rounded `left * right`, lacks of the true one (T. J. Dekker, Numer. Math. 18, 1971)."""
    spread = _SPLITTER * left
    left_high = spread - (spread - left)
    left_low = left - left_high
    spread = _SPLITTER * right
    right_high = spread - (spread - right)
    right_low = right - right_high
    return ((left_high * right_high - product) + left_high * right_low + left_low * right_high) + left_low * right_low


@njit
def rounded_decimal(value: float, scale: float) -> float:
    """`round(value, n)` for `scale` = 10**n and results below 2**53 / scale: the nearest decimal, a tie to the even."""
    product = value * scale
    whole = whole_below(product)
    beyond_half = (product - whole) - 0.5
    if beyond_half == 0.0:
        beyond_half = _product_error(value, scale, product)
    if beyond_half > 0.0 or (beyond_half == 0.0 and whole % 2.0 == 1.0):
        whole += 1.0
    return math.copysign(whole / scale, value)


@njit
def whole_below(value: float) -> float:
    """The largest whole number that is not above `value`, as a float."""
    return float(math.floor(value))


@njit
def whole(value: float) -> float:
    """`round(value)`: the nearest whole number, a tie to the even."""
    return rounded_decimal(value, 1.0)


@njit
def on_grid(volume: float, step: float) -> float:
    """`domain.volumes.on_grid`, compiled."""
    return rounded_decimal(whole(volume / step) * step, _LOT_SCALE)


@njit
def floored(volume: float, step: float) -> float:
    """`domain.volumes.floored`, compiled."""
    return on_grid(whole_below(volume / step + STEP_SLACK) * step, step)


@njit
def rounded_lots(lots: float) -> float:
    """`round(lots, 8)`."""
    return rounded_decimal(lots, _LOT_SCALE)
