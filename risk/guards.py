"""Guards on equity: when they latch, when they let go, and how far equity may move before one has to be looked at.

Every guard is a level that rises when its value reaches a threshold, and falls only below a part of that threshold
(hysteresis), so that equity which wavers around a threshold does not make it flap.
"""

import math
from enum import IntEnum
from typing import Final, NamedTuple

import numpy as np

from domain.jit import njit


class Guard(IntEnum):
    """Guards of the account, by their place in a table of levels."""

    FLOATING_LOSS = 0
    DAY_LOSS = 1
    DRAWDOWN = 2


GUARDS: Final = len(Guard)
_FLOATING: Final = int(Guard.FLOATING_LOSS)
_DAY: Final = int(Guard.DAY_LOSS)


class GuardRules(NamedTuple):
    """Thresholds of the guards; meaning, unit and range stand in `strategy.params.GuardSettings`."""

    floating_loss_fraction: float
    day_loss_fraction: float
    drawdown_fraction: float
    reduce_fraction: float
    halt_fraction: float
    reduce_steps: float
    release_fraction: float
    drawdown_risk_scale: float
    drawdown_max_leverage: float


class Marks(NamedTuple):
    """What equity is compared with [account money]: `funds` is balance and credit, 0 is a mark that is not known."""

    balance: float
    funds: float
    day_start_equity: float
    peak_equity: float


class Losses(NamedTuple):
    """How far equity lies below each mark [fraction of the mark, negative above it, 0 where it is not known]."""

    floating: float
    day: float
    drawdown: float


class Levels(NamedTuple):
    """Level of each guard: 0 or 1; of `drawdown` 1 lowers risk, 2 and more reduce positions, the last one halts."""

    floating: int
    day: int
    drawdown: int


class Corridor(NamedTuple):
    """No guard changes and no mark moves while equity stays above `floor` and at most at `ceiling` [account money]."""

    floor: float
    ceiling: float


@njit
def _fraction(loss: float, of: float) -> float:
    return loss / of if of > 0.0 else 0.0


@njit
def losses_of(equity: float, marks: Marks) -> Losses:
    """The loss each guard watches."""
    return Losses(
        _fraction(marks.funds - equity, marks.balance),
        _fraction(marks.day_start_equity - equity, marks.day_start_equity),
        _fraction(marks.peak_equity - equity, marks.peak_equity),
    )


@njit
def halt_level(rules: GuardRules) -> int:
    """The drawdown guard's last level, at which everything is closed."""
    return int(rules.reduce_steps) + 2


@njit
def drawdown_threshold(level: int, rules: GuardRules) -> float:
    """Drawdown at which the guard reaches `level` [fraction]; infinite above the last one.

    The steps that reduce positions are spread evenly from `reduce_fraction` to `halt_fraction`.
    """
    last = halt_level(rules)
    if level > last:
        return math.inf
    if level <= 1:
        return rules.drawdown_fraction
    if level == last:
        return rules.halt_fraction
    width = (rules.halt_fraction - rules.reduce_fraction) / rules.reduce_steps
    return rules.reduce_fraction + (level - 2) * width


@njit
def _latched(value: float, level: int, threshold: float, release_fraction: float) -> int:
    if value >= threshold:
        return 1
    return level if value >= threshold * release_fraction else 0


@njit
def drawdown_level(value: float, level: int, rules: GuardRules) -> int:
    """Level of the drawdown guard at drawdown `value` [fraction] after it stood at `level`.

    A drawdown of exactly `drawdown_fraction` is allowed; the thresholds above are reached by touching them.
    """
    last = halt_level(rules)
    level = min(level, last)
    while level < last and value >= drawdown_threshold(level + 1, rules):
        if level == 0 and value <= rules.drawdown_fraction:
            break
        level += 1
    while level > 0 and value < drawdown_threshold(level, rules) * rules.release_fraction:
        level -= 1
    return level


@njit
def levels_after(losses: Losses, levels: Levels, rules: GuardRules) -> Levels:
    """Levels of all guards at these losses. The day's guard stays latched until somebody begins a new day."""
    day = 1 if losses.day >= rules.day_loss_fraction else levels.day
    floating = _latched(losses.floating, levels.floating, rules.floating_loss_fraction, rules.release_fraction)
    return Levels(floating, day, drawdown_level(losses.drawdown, levels.drawdown, rules))


@njit
def threshold_of(guard: int, level: int, rules: GuardRules) -> float:
    """Loss at which `guard` reaches `level` [fraction]."""
    if guard == _FLOATING:
        return rules.floating_loss_fraction
    if guard == _DAY:
        return rules.day_loss_fraction
    return drawdown_threshold(level, rules)


@njit
def corridor_of(marks: Marks, levels: Levels, rules: GuardRules) -> Corridor:
    """How far equity may move before a guard has to be looked at."""
    floor, ceiling = -math.inf, marks.peak_equity
    limit = marks.funds - marks.balance * rules.floating_loss_fraction
    if levels.floating == 0:
        floor = max(floor, limit)
    else:
        ceiling = min(ceiling, marks.funds - marks.balance * rules.floating_loss_fraction * rules.release_fraction)
    if levels.day == 0 and marks.day_start_equity > 0.0:
        floor = max(floor, marks.day_start_equity * (1.0 - rules.day_loss_fraction))
    if levels.drawdown < halt_level(rules):
        floor = max(floor, marks.peak_equity * (1.0 - drawdown_threshold(levels.drawdown + 1, rules)))
    if levels.drawdown > 0:
        release = drawdown_threshold(levels.drawdown, rules) * rules.release_fraction
        ceiling = min(ceiling, marks.peak_equity * (1.0 - release))
    return Corridor(floor, ceiling)


@njit
def kept_fraction(level: int, rules: GuardRules) -> float:
    """Part of its first volume that a position may keep at this drawdown level [fraction].

    Every step takes away the same part; at the last level nothing is kept.
    """
    if level <= 1:
        return 1.0
    return max(0.0, 1.0 - (level - 1) / (rules.reduce_steps + 1.0))


@njit
def lots_over(volume: float, initial_lots: float, kept: float, volume_min: float, volume_step: float) -> float:
    """Lots to close so that at most `kept` of `initial_lots` is left: up to the next step, all of it below the minimum.

    0 where no more than that is held.
    """
    excess = volume - kept * initial_lots
    if excess <= volume_step * 1e-6:
        return 0.0
    lots = np.ceil(excess / volume_step - 1e-6) * volume_step
    lots = max(np.floor(lots * 1e8 + 0.5) / 1e8, volume_min)
    return volume if volume - lots < volume_min * (1.0 - 1e-9) else float(lots)
