"""How long until the broker's clock comes to a moment that costs: the week's end, midnight, a triple swap."""

import math
from typing import Final

from domain.jit import njit_inlined
from domain.timeframes import DAY_S, WEEK_S

_EPOCH_TO_SUNDAY_S: Final = 4 * DAY_S  # 1970-01-01 was a Thursday, MT5's week starts on Sunday


@njit_inlined
def _until(second_of_week: int, server_s: int) -> float:
    """Time until the week comes to `second_of_week` again, a week where it is there now [s]."""
    return float(WEEK_S - (server_s + _EPOCH_TO_SUNDAY_S - second_of_week) % WEEK_S)


@njit_inlined
def week_left_s(week_end_s: int, server_s: int) -> float:
    """Time until the last session of the week ends [s]; infinite where trading never pauses (`week_end_s` < 0)."""
    return _until(week_end_s, server_s) if week_end_s >= 0 else math.inf


@njit_inlined
def day_left_s(server_s: int) -> float:
    """Time until the broker's midnight, when swap is booked [s]."""
    return float(DAY_S - server_s % DAY_S)


@njit_inlined
def triple_swap_left_s(triple_day: int, server_s: int) -> float:
    """Time until the midnight that ends weekday `triple_day` (0 Sunday; below 0: none) [s]."""
    return _until((triple_day + 1) * DAY_S, server_s) if triple_day >= 0 else math.inf


@njit_inlined
def from_midnight_s(server_s: int) -> float:
    """Distance to the nearest midnight of the broker, before or after it [s]."""
    since = server_s % DAY_S
    return float(min(since, DAY_S - since))
