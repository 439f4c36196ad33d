"""The gates of losses in a row, of the account's guards and of what a person imposed."""

import math
from typing import Final

from domain.jit import njit_inlined
from risk.portfolio import StreakRules
from strategy.entry_views import SafetyView
from strategy.gates import Gate
from strategy.verdicts import Gates, judge

_COOL_DOWN: Final = int(Gate.COOL_DOWN)
_LOSING_STREAK: Final = int(Gate.LOSING_STREAK)
_FLOATING_LOSS: Final = int(Gate.FLOATING_LOSS)
_DAY_LOSS: Final = int(Gate.DAY_LOSS)
_DRAWDOWN: Final = int(Gate.DRAWDOWN)
_PAUSED: Final = int(Gate.PAUSED)
_REDUCES: Final = 2.0  # the first level that reduces positions


@njit_inlined
def judge_safety(view: SafetyView, rules: StreakRules, gates: Gates) -> None:
    """Write the gates of losses, guards and overrides. A latched guard refuses whatever its loss is by now.

    Of the drawdown guard's levels the first one lowers risk; only those that reduce positions refuse entries.
    """
    judge(gates, _COOL_DOWN, view.since_loss_s, rules.cool_down_s, view.since_loss_s >= rules.cool_down_s)
    longest = rules.max_losing_streak if rules.max_losing_streak > 0.0 else math.inf
    calm = view.losses < longest or view.since_loss_s >= rules.losing_streak_pause_s
    judge(gates, _LOSING_STREAK, view.losses, longest, calm)
    judge(gates, _FLOATING_LOSS, view.floating_loss, view.floating_threshold, view.floating_level < 1.0)
    judge(gates, _DAY_LOSS, view.day_loss, view.day_threshold, view.day_level < 1.0)
    judge(gates, _DRAWDOWN, view.drawdown, view.drawdown_threshold, view.drawdown_level < _REDUCES)
    judge(gates, _PAUSED, view.imposed, 0.0, view.imposed <= 0.0)
