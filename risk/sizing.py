"""How many lots an entry may have. Every limit gives a number of lots; the smallest one binds."""

import math
from enum import IntEnum
from typing import Final, NamedTuple

import numpy as np

from domain.jit import njit_inlined
from domain.pricing import SymbolMoney, notional_value, required_margin

_STEP_SLACK: Final = 1e-9  # 0.07 / 0.01 is 7.000000000000001 or 6.999999999999999


class Bound(IntEnum):
    """Which limit set the size."""

    NONE = 0
    RISK = 1
    LEVERAGE = 2
    FREE_MARGIN = 3
    VOLUME_MAX = 4
    VOLUME_LIMIT = 5
    KELLY = 6
    EXPOSURE = 7
    OPEN_RISK = 8


class VolumeRules(NamedTuple):
    """The symbol's volume rules [lots]; `volume_limit` 0 means none, `volume_held` is what one side holds already."""

    volume_min: float
    volume_max: float
    volume_step: float
    volume_limit: float
    volume_held: float


class Budget(NamedTuple):
    """What the account allows for one entry [account money], and how it is spent.

    `risk_per_lot` is the loss of one lot at the stop, costs included; `notional_open` is held by all positions and
    by entries in flight; `kelly_money` is what the record of the strategy justifies to risk. `exposure_lots` and
    `open_risk_lots` [lots] are what net exposure by currency and total open risk leave; infinite where nothing limits.
    """

    risk_money: float
    risk_per_lot: float
    equity: float
    max_leverage: float
    notional_open: float
    margin_available: float
    kelly_money: float
    exposure_lots: float
    open_risk_lots: float


class Size(NamedTuple):
    """Lots after every limit, what risk alone and Kelly alone would have allowed, and which limit bound."""

    lots: float
    risk_lots: float
    kelly_lots: float
    bound: int


_RISK: Final = int(Bound.RISK)
_LEVERAGE: Final = int(Bound.LEVERAGE)
_FREE_MARGIN: Final = int(Bound.FREE_MARGIN)
_VOLUME_MAX: Final = int(Bound.VOLUME_MAX)
_VOLUME_LIMIT: Final = int(Bound.VOLUME_LIMIT)
_KELLY: Final = int(Bound.KELLY)
_EXPOSURE: Final = int(Bound.EXPOSURE)
_OPEN_RISK: Final = int(Bound.OPEN_RISK)


@njit_inlined
def floored_lots(lots: float, volume_step: float) -> float:
    """`lots` rounded down to the step, never up [lots]; 0 for what is not a positive number."""
    if not lots > 0.0:
        return 0.0
    steps = np.floor(lots / volume_step + _STEP_SLACK)
    return float(np.floor(steps * volume_step * 1e8 + 0.5) / 1e8)


@njit_inlined
def reaches(lots: float, volume_min: float, volume_step: float) -> bool:
    """Whether `lots`, rounded down to the step, are at least `volume_min`."""
    # two steps above it they are, and nothing has to be divided
    return lots >= volume_min + 2.0 * volume_step or floored_lots(lots, volume_step) >= volume_min


@njit_inlined
def lots_for_risk(risk_money: float, risk_per_lot: float) -> float:
    """Lots that lose `risk_money` at the stop [lots]."""
    return risk_money / risk_per_lot if risk_per_lot > 0.0 else 0.0


@njit_inlined
def lots_for_leverage(equity: float, max_leverage: float, notional_open: float, notional_per_lot: float) -> float:
    """Lots that bring notional / equity to `max_leverage` [lots]; 0 where it is there already."""
    return max(0.0, (equity * max_leverage - notional_open) / notional_per_lot)


@njit_inlined
def lots_for_margin(margin_available: float, margin_per_lot: float) -> float:
    """Lots whose margin is `margin_available` [lots]; unlimited where the symbol asks for none."""
    return max(0.0, margin_available) / margin_per_lot if margin_per_lot > 0.0 else math.inf


@njit_inlined
def sized(side: int, price: float, budget: Budget, volume: VolumeRules, money: SymbolMoney) -> Size:
    """Size of an entry: the smallest of all limits, floored to the volume step; 0 lots where that is too small."""
    risk_lots = lots_for_risk(budget.risk_money, budget.risk_per_lot)
    lots, bound = risk_lots, _RISK
    leverage_lots = lots_for_leverage(
        budget.equity, budget.max_leverage, budget.notional_open, notional_value(1.0, price, money)
    )
    if leverage_lots < lots:
        lots, bound = leverage_lots, _LEVERAGE
    margin_lots = lots_for_margin(budget.margin_available, required_margin(side, 1.0, price, money))
    if margin_lots < lots:
        lots, bound = margin_lots, _FREE_MARGIN
    if volume.volume_max < lots:
        lots, bound = volume.volume_max, _VOLUME_MAX
    if volume.volume_limit > 0.0 and volume.volume_limit - volume.volume_held < lots:
        lots, bound = volume.volume_limit - volume.volume_held, _VOLUME_LIMIT
    kelly_lots = lots_for_risk(budget.kelly_money, budget.risk_per_lot)
    # what is not a number binds, and buys nothing
    if math.isnan(kelly_lots) or kelly_lots < lots:
        lots, bound = kelly_lots, _KELLY
    if math.isnan(budget.exposure_lots) or budget.exposure_lots < lots:
        lots, bound = budget.exposure_lots, _EXPOSURE
    if math.isnan(budget.open_risk_lots) or budget.open_risk_lots < lots:
        lots, bound = budget.open_risk_lots, _OPEN_RISK
    lots = floored_lots(lots, volume.volume_step)
    return Size(lots if lots >= volume.volume_min else 0.0, risk_lots, kelly_lots, bound)
