"""What all positions together put at stake: money to their stops, and net value by currency."""

import math
from typing import NamedTuple

from domain.jit import njit_inlined


class StakeRules(NamedTuple):
    """What may be at stake at once; meaning, unit and range stand in `strategy.params.PortfolioSettings`."""

    max_currency_exposure: float
    max_open_risk_fraction: float
    unstopped_fraction: float


class StreakRules(NamedTuple):
    """When losses make entries pause; meaning, unit and range stand in `strategy.params.PortfolioSettings`."""

    cool_down_s: float
    max_losing_streak: float
    losing_streak_pause_s: float


class Exposure(NamedTuple):
    """Net value of what is held of a symbol's two sides [account money].

    `base` is what is bought with the symbol (the EUR of EURUSD, the ounces of XAUUSD), `quote` what is paid with it;
    positive where held, negative where owed, over all symbols that share that side.
    """

    base: float
    quote: float


@njit_inlined
def open_risk_of(value_to_stop: float, notional: float, unstopped_fraction: float) -> float:
    """Money one position loses from here to its stop [account money, 0 where the stop locks in a gain].

    `value_to_stop` is that loss, NaN for a position without a stop, which counts with `unstopped_fraction` of its
    market value: nothing bounds its loss.
    """
    if math.isnan(value_to_stop):
        return notional * unstopped_fraction
    return max(0.0, value_to_stop)


@njit_inlined
def exposure_after(side: int, notional: float, held: Exposure) -> float:
    """The larger net value of a symbol's two sides [account money] once `notional` more is bought or sold on `side`."""
    base, quote = abs(held.base + side * notional), abs(held.quote - side * notional)
    return base if math.isnan(base) or base > quote else quote  # max() may lose what is not a number


@njit_inlined
def lots_for_exposure(side: int, limit_money: float, held: Exposure, notional_per_lot: float) -> float:
    """Lots that bring the net value of one of the symbol's sides to `limit_money` [lots, 0 where it is there].

    An entry that lowers what is held has room up to the limit on the other side of zero.
    """
    on_base, on_quote = limit_money - side * held.base, limit_money + side * held.quote
    room = on_base if math.isnan(on_base) or on_base < on_quote else on_quote
    return 0.0 if room < 0.0 else room / notional_per_lot


@njit_inlined
def lots_for_open_risk(limit_money: float, open_risk: float, risk_per_lot: float) -> float:
    """Lots whose risk brings the risk of everything open to `limit_money` [lots]."""
    room = limit_money - open_risk
    if room < 0.0 or not risk_per_lot > 0.0:
        return 0.0
    return room / risk_per_lot
