"""Where the stop and the target go, and what they are worth against each other."""

from typing import NamedTuple

from domain.jit import njit_inlined
from domain.pricing import rounded_price


class Levels(NamedTuple):
    """Prices of an entry: `price` it is expected at, `sl` and `tp`, and the distance to the stop [price]."""

    price: float
    sl: float
    tp: float
    stop_distance: float


@njit_inlined
def stop_distance_for(
    atr: float, stop_atr: float, stops_level: float, spread: float, tick_size: float, ceiling: float
) -> float:
    """Distance of the stop from the entry [price]: `stop_atr` ATRs, up to `ceiling`, outside of stops level and spread.

    MT5 measures the stops level from the price that would trigger the stop, which lies one spread from the entry. Where
    the broker asks for more than the ceiling, the broker has its way: the size follows the real distance.
    """
    wanted = stop_atr * atr
    if wanted > ceiling:
        wanted = ceiling
    return max(wanted, stops_level + spread + tick_size)


@njit_inlined
def target_distance_for(atr: float, target_atr: float, stops_level: float, tick_size: float) -> float:
    """Distance of the target from the entry [price]: `target_atr` ATRs, but outside the broker's stops level."""
    return max(target_atr * atr, stops_level + tick_size)


@njit_inlined
def entry_levels(
    side: int, bid: float, ask: float, stop_distance: float, target_distance: float, tick_size: float, digits: int
) -> Levels:
    """Levels of a market entry on `side`: a buy opens at the ask and closes on the bid, a sell the other way round."""
    price = ask if side > 0 else bid
    sl = rounded_price(price - side * stop_distance, tick_size, digits)
    tp = rounded_price(price + side * target_distance, tick_size, digits)
    return Levels(price, sl, tp, abs(price - sl))


@njit_inlined
def reward_to_risk(reward_per_lot: float, risk_per_lot: float, cost_per_lot: float) -> float:
    """Net reward over net risk of one lot, both after `cost_per_lot` (commission of the round turn) [ratio]."""
    return (reward_per_lot - cost_per_lot) / (risk_per_lot + cost_per_lot)
