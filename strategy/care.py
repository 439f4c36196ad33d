"""What an intent tells a terminal that may hear nothing more: the stop rules of `decide_position` as distances.

With the ATR, the swap and the kind of trailing that they are made for they move a stop exactly where and when
`decide_position` would: the same bits. What a terminal cannot do alone becomes a distance that trails no tighter than
the core would: a chandelier hangs from the present price, and of the ladder the stop keeps two rungs.
"""

import math
from typing import Final, NamedTuple

import numpy as np

from domain.jit import njit
from domain.pricing import money_per_price
from risk.trailing import cost_distance
from strategy.gates import Action, DecisionKind
from strategy.position_rules import CareRules, StopRules
from strategy.stops import break_even_offset
from strategy.tables import POSITION_SEEN, Table
from strategy.views import money_of

_OPENING: Final = (int(Action.BUY), int(Action.SELL))
_MODIFY: Final = int(Action.MODIFY)
_ENTRY: Final = int(DecisionKind.ENTRY)
_INITIAL_RISK: Final = POSITION_SEEN.index("initial_risk")
_COST: Final = POSITION_SEEN.index("cost")
_RUNGS_BEHIND: Final = 2.0  # the ladder keeps the stop between one and two rungs behind
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
def trailing_distance(initial_risk: float, atr: float, rules: StopRules, point: float) -> float:
    """The nearest that any kind of trailing keeps to the price it closes at [price]; 0 where none is on."""
    nearest = math.inf
    if rules.trailing_atr > 0.0:
        nearest = rules.trailing_atr * atr
    if rules.chandelier_atr > 0.0:
        nearest = min(nearest, rules.chandelier_atr * atr)
    if rules.trailing_points > 0.0:
        nearest = min(nearest, rules.trailing_points * point)
    if rules.stepped_r > 0.0:
        nearest = min(nearest, _RUNGS_BEHIND * (rules.stepped_r * initial_risk))
    return nearest if nearest < math.inf else 0.0


@njit
def care_distances(initial_risk: float, atr: float, offset: float, rules: StopRules, point: float) -> CareDistances:
    """`rules` for a position with `initial_risk` and its break-even `offset` beyond the entry, at this ATR [price].

    What is not known (NaN) is off.
    """
    known = 0.0 < initial_risk < _FARTHEST
    gain = start = distance = 0.0
    step = rules.min_step_atr * atr if 0.0 < atr < _FARTHEST else 0.0
    if rules.break_even_r > 0.0 and known and offset >= 0.0:
        gain = least_gain(rules.break_even_r, initial_risk)
    if known and step > 0.0:
        distance = trailing_distance(initial_risk, atr, rules, point)
    if distance > 0.0:
        start = least_gain(rules.trailing_start_r, initial_risk)
        if rules.trailing_in_profit > 0.0:
            start = max(start, distance + offset)
    if not (gain > 0.0 and max(gain, offset) < _FARTHEST):
        gain = offset = 0.0
    if not max(start, distance, step) < _FARTHEST:
        start = distance = step = 0.0
    if distance <= 0.0 and gain <= 0.0:
        step = 0.0
    return CareDistances(gain, offset, start, distance, step)


@njit
def care_after(decision: Table, rules: CareRules, symbols: Table) -> CareDistances:
    """The instructions that go with `decision` (DECISION_DTYPE, one row); all 0 for what opens or moves nothing.

    `symbols` is the table of symbols. The initial risk of an entry is that of its decided price, and its costs are the
    commission: slippage and swap are not known yet.
    """
    row = decision[0]
    if row.action not in _OPENING and row.action != _MODIFY:
        return CareDistances(0.0, 0.0, 0.0, 0.0, 0.0)
    if row.kind == _ENTRY:
        risk = abs(row.price - row.sl)
        worth = money_per_price(row.price, money_of(symbols, row.symbol))
        cost = cost_distance(row.lots, symbols[row.symbol].commission_per_lot, 0.0, worth)
    else:
        risk, cost = row.position[_INITIAL_RISK], row.position[_COST]
    point = symbols[row.symbol].point
    return care_distances(risk, row.atr, break_even_offset(cost, rules.stops, point), rules.stops, point)
