"""Thresholds of an entry, by concern; what they mean, their units and ranges stand in `strategy.params`."""

from typing import NamedTuple

from risk.limits import LimitRules
from risk.portfolio import StakeRules, StreakRules


class MarketRules(NamedTuple):
    """When the market itself allows an entry."""

    score_threshold: float
    score_threshold_max: float
    max_spread_points: float
    max_spread_atr_fraction: float
    session_close_buffer_s: float
    weekend_buffer_s: float
    rollover_buffer_s: float
    calm_ratio: float
    max_ratio: float


class LevelRules(NamedTuple):
    """Where stop and target go, and what they must be worth."""

    stop_atr: float
    max_stop_baseline_atr: float
    target_atr: float
    min_reward_to_risk: float


class HoldingRules(NamedTuple):
    """How much of the same there may be."""

    duplicate_window_s: float
    max_symbol_positions: float
    max_symbols: float


class SizingRules(NamedTuple):
    """What a size may use beside the limits of `risk.limits`."""

    max_margin_fraction: float


class ToneRules(NamedTuple):
    """Tones against an entry, as positive numbers: the one that halves its risk, and the one that refuses it; 0 off."""

    reduce_tone: float
    block_tone: float
    reduced_risk: float


class EntryRules(NamedTuple):
    """All thresholds of an entry."""

    market: MarketRules
    levels: LevelRules
    holdings: HoldingRules
    limits: LimitRules
    sizing: SizingRules
    stake: StakeRules
    streak: StreakRules
    sentiment: ToneRules


class SymbolRules(NamedTuple):
    """What a decision needs of a symbol.

    `stops_level` and `slippage` [price], `commission_per_lot` of a round turn [money]; `slippage` is what fills of a
    whole round trip are expected to lose against the prices asked for. Within `freeze_points` of a stop or a target MT5
    leaves a position as it is.
    """

    digits: int
    point: float
    tick_size: float
    volume_min: float
    volume_max: float
    volume_step: float
    volume_limit: float
    stops_level: float
    commission_per_lot: float
    slippage: float
    freeze_points: float
