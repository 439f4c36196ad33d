"""What a filled order risks against what its decision allowed, and how the excess is taken back."""

import math
from typing import Final, NamedTuple

from domain.jit import njit_inlined
from domain.pricing import rounded_price
from risk.sizing import floored_lots

_GRID_SLACK: Final = 1e-6  # of a tick: binary noise of a price that lies on the grid
_LOTS_SLACK: Final = 1e-9


class Fill(NamedTuple):
    """A filled position and what one of its lots loses: `money_per_price` for a move of 1.0, `cost_per_lot` besides."""

    side: int
    lots: float
    price: float
    sl: float
    money_per_price: float
    cost_per_lot: float


@njit_inlined
def risk_to_stop(fill: Fill) -> float:
    """Loss at the stop, costs included [account money]; below 0 where the stop locks in more than the costs."""
    return fill.lots * ((fill.price - fill.sl) * fill.side * fill.money_per_price + fill.cost_per_lot)


@njit_inlined
def stop_for_risk(fill: Fill, allowed: float, tick_size: float, digits: int) -> float:
    """The widest stop on the price grid that loses at most `allowed` [account money]; NaN where the costs alone do."""
    distance = (allowed / fill.lots - fill.cost_per_lot) / fill.money_per_price
    if not distance > 0.0:
        return math.nan
    wanted = fill.price - fill.side * distance
    level = rounded_price(wanted, tick_size, digits)
    if (wanted - level) * fill.side > _GRID_SLACK * tick_size:
        level = rounded_price(level + fill.side * tick_size, tick_size, digits)
    return level


@njit_inlined
def lots_to_shed(lots: float, lots_allowed: float, volume_min: float, volume_step: float) -> float:
    """What to close so that at most `lots_allowed` stay [lots]; 0 where nothing can be closed.

    MT5 neither closes nor leaves less than `volume_min`, so that much stays, and a smaller part is rounded up to it.
    """
    keep = max(floored_lots(lots_allowed, volume_step), volume_min)
    shed = floored_lots(lots - keep, volume_step)
    if shed <= 0.0:
        return 0.0
    shed = max(shed, volume_min)
    return shed if lots - shed >= volume_min - _LOTS_SLACK else 0.0
