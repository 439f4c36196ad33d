"""How much may be risked and how much may be held: settings, lowered by what the account has been through.

Every decision takes its risk fraction and its leverage cap from `effective_limits`, and nowhere else.
"""

import math
from enum import IntEnum
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from domain.jit import njit_inlined

HARDEST_RISK_FRACTION: Final = 0.02
"""No setting and no override risks more of the equity in one position."""
HARDEST_LEVERAGE: Final = 500.0
"""No setting and no override lets notional / equity go higher."""


class Regime(IntEnum):
    """Which leverage an account has earned."""

    NORMAL = 0
    PROVEN = 1
    STRESSED = 2
    NEWS = 3


class LimitRules(NamedTuple):
    """Settings behind the limits; meaning, unit and range stand in `EntrySettings` and `LeverageSettings`."""

    risk_fraction: float
    max_leverage: float
    proven_leverage: float
    stressed_leverage: float
    stress_drawdown: float
    stress_losses: float
    proof_trips: float
    news_leverage: float


class Standing(NamedTuple):
    """Where the account stands.

    `allowed_leverage` is what account and broker's tier allow, as 1:n; `drawdown` [fraction of the peak equity];
    `losing_streak` counts the last losing round trips; `news_negative` and `news_window` (inside one) are 1 or 0, NaN
    where nobody tells; `proof_trips` round trips from which `expectancy_bound_r` [R], the lower confidence bound of
    their mean, was taken.
    """

    allowed_leverage: float
    drawdown: float
    losing_streak: float
    news_negative: float
    news_window: float
    proof_trips: float
    expectancy_bound_r: float


class Steering(NamedTuple):
    """What guards and people say: `risk_scale` at most 1, `leverage_cap` (infinite: none), overrides (NaN: none)."""

    risk_scale: float
    leverage_cap: float
    risk_override: float
    leverage_override: float


class Limits(NamedTuple):
    """What one decision may use: `risk_fraction` of equity, notional / equity up to `max_leverage`; the `Regime`."""

    risk_fraction: float
    max_leverage: float
    regime: int


UNSTEERED: Final = Steering(1.0, math.inf, math.nan, math.nan)
_NORMAL: Final = int(Regime.NORMAL)
_PROVEN: Final = int(Regime.PROVEN)
_STRESSED: Final = int(Regime.STRESSED)
_NEWS: Final = int(Regime.NEWS)


@njit_inlined
def tier_leverage(equity: float, tiers: NDArray[np.float64]) -> float:
    """Leverage 1:n the broker grants at `equity`; `tiers` shape (n, 2): equity from, leverage, rising; 0: no row.

    Infinite where there are no tiers; below the first one the first one holds.
    """
    granted = math.inf
    for row in range(tiers.shape[0]):
        if tiers[row, 1] > 0.0 and (row == 0 or equity >= tiers[row, 0]):
            granted = tiers[row, 1]
    return granted


@njit_inlined
def regime_of(standing: Standing, rules: LimitRules) -> int:
    """The account's regime: stress first, then a window of news, then proof; what is not known is never a proof.

    Proven is a run whose expectancy in R lies above 0 with the confidence that `expectancy_bound_r` was taken with.
    """
    calm = standing.drawdown <= rules.stress_drawdown and standing.losing_streak < rules.stress_losses
    if not calm or standing.news_negative > 0.0:
        return _STRESSED
    if standing.news_window > 0.0:
        return _NEWS
    if standing.proof_trips >= rules.proof_trips and standing.expectancy_bound_r > 0.0:
        return _PROVEN
    return _NORMAL


@njit_inlined
def _regime_leverage(regime: int, normal: float, rules: LimitRules) -> float:
    if regime == _PROVEN:
        return max(normal, rules.proven_leverage)
    return normal


@njit_inlined
def _lowered(cap: float, regime: int, standing: Standing, rules: LimitRules) -> float:
    """`cap` where stress and news leave it: they lower an override as well."""
    if regime == _STRESSED:
        cap = min(cap, rules.stressed_leverage)
    return min(cap, rules.news_leverage) if standing.news_window > 0.0 else cap


@njit_inlined
def effective_limits(rules: LimitRules, standing: Standing, steering: Steering, scale: float) -> Limits:
    """The limits of one decision: settings or an override in their place, lowered by all that is against it.

    An override of the leverage replaces the caps of NORMAL and PROVEN; stress, news, a guard, the account, the broker's
    tier and the hard bounds still lower it. `scale` (volatility's times sentiment's) at most 1. NaN in a factor gives
    NaN: nothing may be risked.
    """
    regime = regime_of(standing, rules)
    risk = rules.risk_fraction if math.isnan(steering.risk_override) else steering.risk_override
    risk = min(risk, HARDEST_RISK_FRACTION) * steering.risk_scale * scale
    if math.isnan(steering.leverage_override):
        cap = _regime_leverage(regime, rules.max_leverage, rules)
    else:
        cap = steering.leverage_override
    cap = _lowered(cap, regime, standing, rules)
    for bound in (steering.leverage_cap, standing.allowed_leverage, HARDEST_LEVERAGE):
        if math.isnan(bound) or bound < cap:
            cap = bound
    return Limits(risk, cap, regime)
