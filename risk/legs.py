"""Parts of a position that are closed on the way to its target."""

from typing import Final, NamedTuple

from domain.jit import njit_inlined
from risk.sizing import floored_lots

MAX_LEGS: Final = 4
_LOTS_SLACK: Final = 1e-9


class LegRules(NamedTuple):
    """Up to four legs in their order: from `at_*` of the way to the target `part_*` of the first volume is closed.

    A part of 0: no leg. All of one type, so that a leg is found by its number.
    """

    at_1: float
    part_1: float
    at_2: float
    part_2: float
    at_3: float
    part_3: float
    at_4: float
    part_4: float


class Leg(NamedTuple):
    """A leg to come: `at` which part of the way it is due, and its `lots`; 0 lots: there is none."""

    at: float
    lots: float


@njit_inlined
def _lots_of(index: int, closed: float, volume: float, initial: float, least: float, step: float, r: LegRules) -> float:
    """What leg `index` still has to close [lots], the legs before it included; 0 where MT5 would not take it."""
    part = 0.0
    for earlier in range(index + 1):
        part += r[2 * earlier + 1]
    lots = floored_lots(floored_lots(initial * part, step) - closed, step)
    fits = lots >= least and volume - lots >= least - _LOTS_SLACK
    return lots if fits else 0.0


@njit_inlined
def next_leg(reached: float, volume: float, initial: float, least: float, step: float, rules: LegRules) -> Leg:
    """The leg that is due at `reached` of the way, else the first that will be.

    What is closed already is `initial - volume`, for whatever reason: nothing has to be remembered, and a leg that was
    filled in part is completed. Of several that are due at once the last one closes the volume of all [lots]. `least`
    and `step` are the symbol's smallest volume and volume step [lots].
    """
    closed = max(0.0, initial - volume)
    found = Leg(rules[2 * (MAX_LEGS - 1)], 0.0)
    for index in range(MAX_LEGS - 1, -1, -1):
        if not rules[2 * index + 1] > 0.0:
            continue
        lots = _lots_of(index, closed, volume, initial, least, step, rules)
        if lots > 0.0:
            found = Leg(rules[2 * index], lots)
            if reached >= found.at:
                return found
    return found
