"""What an intent tells a terminal that may hear nothing more: the stop rules of `decide_position` as distances.

With the ATR of the decision they move a stop exactly where and when `decide_position` would: the same bits.
"""

import math
from typing import Final, NamedTuple

import numpy as np

from domain.jit import njit
from strategy.gates import Action, DecisionKind
from strategy.positions import CareRules
from strategy.tables import Table

_OPENING: Final = (int(Action.BUY), int(Action.SELL))
_MODIFY: Final = int(Action.MODIFY)
_ENTRY: Final = int(DecisionKind.ENTRY)
_INITIAL_RISK: Final = 5  # among the features of a decision on a position
_FARTHEST: Final = 1e12  # no price is farther away


class CareDistances(NamedTuple):
    """The fields of `domain.intents.LocalCare` in their order [price]; 0 switches a rule off."""

    break_even_gain: float
    break_even_offset: float
    trailing_gain: float
    trailing_distance: float
    trailing_step: float


@njit
def least_gain(r_multiple: float, initial_risk: float) -> float:
    """The smallest gain [price, not below 0] for which `gain / initial_risk >= r_multiple`: the product may be off."""
    gain = r_multiple * initial_risk
    while gain > 0.0 and gain / initial_risk >= r_multiple:
        gain = np.nextafter(gain, 0.0)
    while gain / initial_risk < r_multiple:
        gain = np.nextafter(gain, math.inf)
    return float(gain)


@njit
def care_distances(initial_risk: float, atr: float, rules: CareRules, point: float) -> CareDistances:
    """`rules` for a position with `initial_risk` while the ATR stays `atr` [price]; what is not known (NaN) is off."""
    gain = offset = start = distance = step = 0.0
    if rules.break_even_r > 0.0 and 0.0 < initial_risk < _FARTHEST:
        gain, offset = least_gain(rules.break_even_r, initial_risk), rules.break_even_buffer_points * point
    if rules.trailing_atr > 0.0 and 0.0 < initial_risk < _FARTHEST and atr > 0.0:
        start = least_gain(rules.trailing_start_r, initial_risk)
        distance, step = rules.trailing_atr * atr, rules.min_step_atr * atr
    if not max(gain, offset) < _FARTHEST:
        gain = offset = 0.0
    if not max(start, distance, step) < _FARTHEST:
        start = distance = step = 0.0
    return CareDistances(gain, offset, start, distance, step)


@njit
def care_after(decision: Table, rules: CareRules, point: float) -> CareDistances:
    """The instructions that go with `decision` (DECISION_DTYPE, one row); all 0 for what opens or moves nothing.

    The initial risk of an entry is that of its decided price: slippage is not known yet.
    """
    row = decision[0]
    if row.action not in _OPENING and row.action != _MODIFY:
        return CareDistances(0.0, 0.0, 0.0, 0.0, 0.0)
    risk = abs(row.price - row.sl) if row.kind == _ENTRY else row.features[_INITIAL_RISK]
    return care_distances(risk, row.atr, rules, point)
