"""Thresholds of position care, by concern; meaning, unit and range stand in `strategy.params`."""

from typing import NamedTuple

from risk.legs import LegRules


class StopRules(NamedTuple):
    """When the stop moves, and where to."""

    break_even_r: float
    break_even_buffer_points: float
    trailing_start_r: float
    trailing_in_profit: float
    trailing_atr: float
    chandelier_atr: float
    trailing_points: float
    stepped_r: float
    min_step_atr: float


class FillRules(NamedTuple):
    """How much more than its decision allowed a fill may risk, and what is done about it."""

    fill_tolerance: float
    fill_min_stop_atr: float
    fill_close_ratio: float


class HoursRules(NamedTuple):
    """When a position ends by the clock."""

    max_holding_s: float
    weekend_close_s: float
    weekend_stop_atr: float
    rollover_close_s: float
    triple_swap_close_s: float


class NewsRules(NamedTuple):
    """What happens to a position before an event of the calendar, and inside its window."""

    news_close_s: float
    news_stop_atr: float
    news_max_leverage: float


class CareRules(NamedTuple):
    """Everything position care goes by."""

    stops: StopRules
    legs: LegRules
    fill: FillRules
    hours: HoursRules
    news: NewsRules
