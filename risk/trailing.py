"""Where a stop may follow the market to. Every level is a price; whether it is better is decided by who asks.

Sources: chandelier exit, C. LeBeau and D. Lucas, "Computer Analysis of the Futures Markets" (hung from the best price
since entry instead of the last 22 bars'); ATR, J. W. Wilder, "New Concepts in Technical Trading Systems".
"""

import math

import numpy as np

from domain.jit import njit_inlined


@njit_inlined
def cost_distance(volume: float, commission_per_lot: float, swap: float, money_per_price: float) -> float:
    """How far the price must move to pay for commission and swap [price, not below 0].

    `commission_per_lot` of the round turn and `swap` booked so far (negative: paid) in account money.
    """
    paid = commission_per_lot * volume - swap
    worth = volume * money_per_price
    return max(0.0, paid / worth) if worth > 0.0 else math.nan


@njit_inlined
def trailing_level(side: int, price: float, distance: float) -> float:
    """`distance` behind `price` [price]: the close price for ATR and fixed trailing, the best one for a chandelier."""
    return price - side * distance


@njit_inlined
def best_of(side: int, one: float, other: float) -> float:
    """The more favorable price to a position on `side`."""
    better = one > other if side > 0 else one < other
    return one if better else other


@njit_inlined
def stepped_level(side: int, price_open: float, gain: float, rung: float) -> float:
    """One rung of the ladder behind the last one that was reached [price]; `rung` is the height of each [price]."""
    return float(price_open + side * (np.floor(gain / rung) - 1.0) * rung)


@njit_inlined
def stepped_wake(held: float, least: float, rung: float) -> float:
    """Smallest gain [price] at which the ladder lies `least` above a stop that holds a gain of `held` [price]."""
    return float(max(1.0, np.ceil((held + least) / rung - 1e-9) + 1.0) * rung)
