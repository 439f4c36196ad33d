"""Settings of the gates and of the size of an entry."""

from typing import Annotated

import msgspec
from msgspec import Meta

from strategy.refusals import SettingsError


class EntrySettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When an entry is allowed and how large it is."""

    score_threshold: Annotated[float, Meta(gt=0.0, le=1.0, description="score an entry needs in calm markets")] = 0.6
    score_threshold_max: Annotated[
        float, Meta(gt=0.0, le=1.0, description="the threshold rises with ATR over its average, up to this score")
    ] = 0.9
    atr_period: Annotated[int, Meta(ge=2, le=500, description="bars of MT5's iATR")] = 14
    atr_baseline_period: Annotated[
        int, Meta(ge=2, le=5000, description="bars of the ATR average it is compared to")
    ] = 100
    stop_atr: Annotated[float, Meta(gt=0.0, le=20.0, description="stop distance in ATRs")] = 1.5
    target_atr: Annotated[float, Meta(gt=0.0, le=100.0, description="target distance in ATRs")] = 3.5
    min_reward_to_risk: Annotated[float, Meta(ge=0.5, le=20.0, description="least net reward per net risk")] = 2.0
    max_spread_points: Annotated[float, Meta(gt=0.0, description="widest spread for an entry [points]")] = 50.0
    max_spread_atr_fraction: Annotated[float, Meta(gt=0.0, le=1.0, description="widest spread as a part of ATR")] = 0.25
    session_close_buffer_s: Annotated[
        float, Meta(ge=0.0, le=86_400.0, description="no entry in the last seconds of a trade session [s]")
    ] = 300.0
    weekend_buffer_s: Annotated[
        float, Meta(ge=0.0, le=432_000.0, description="no entry this long before the week's last session ends [s]")
    ] = 7200.0
    rollover_buffer_s: Annotated[
        float, Meta(ge=0.0, le=21_600.0, description="no entry this near to the broker's midnight, before or after [s]")
    ] = 600.0
    duplicate_window_s: Annotated[
        float, Meta(ge=0.0, le=86_400.0, description="the same signal is not traded again within [s]")
    ] = 300.0
    max_symbol_positions: Annotated[int, Meta(ge=1, le=20, description="positions on one symbol at once")] = 1
    max_symbols: Annotated[int, Meta(ge=1, le=50, description="symbols with open positions at once")] = 4
    risk_fraction: Annotated[float, Meta(gt=0.0, le=0.02, description="equity risked to the stop")] = 0.01
    max_margin_fraction: Annotated[
        float, Meta(gt=0.0, le=1.0, description="part of the free margin one entry may take")
    ] = 0.5

    def __post_init__(self) -> None:
        """Refuse settings that contradict each other."""
        if self.score_threshold_max < self.score_threshold:
            raise SettingsError("entry.score_threshold_max", "must not be below entry.score_threshold")
        if self.target_atr / self.stop_atr < self.min_reward_to_risk:
            remedy = "raise entry.target_atr or lower entry.stop_atr, else no entry can ever pass"
            raise SettingsError("entry.min_reward_to_risk", f"is above target_atr / stop_atr; {remedy}")
