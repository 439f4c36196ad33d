"""Every number a decision depends on, with unit, range and default. The settings of the service are read into these."""

from typing import Annotated

import msgspec
from msgspec import Meta

from domain.timeframes import Timeframe
from strategy.decide import EntryRules
from strategy.positions import CareRules
from strategy.refusals import SettingsError

Fraction = Annotated[float, Meta(ge=0.0, le=1.0)]
Positive = Annotated[float, Meta(gt=0.0)]
NonNegative = Annotated[float, Meta(ge=0.0)]

MAX_CHARTS = 64


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
    duplicate_window_s: Annotated[
        float, Meta(ge=0.0, le=86_400.0, description="the same signal is not traded again within [s]")
    ] = 300.0
    max_symbol_positions: Annotated[int, Meta(ge=1, le=20, description="positions on one symbol at once")] = 1
    max_symbols: Annotated[int, Meta(ge=1, le=50, description="symbols with open positions at once")] = 4
    risk_fraction: Annotated[float, Meta(gt=0.0, le=0.02, description="equity risked to the stop")] = 0.01
    max_leverage: Annotated[float, Meta(gt=0.0, le=500.0, description="highest notional / equity after an entry")] = (
        100.0
    )
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

    def rules(self) -> EntryRules:
        """The numbers as the kernel takes them."""
        return EntryRules(*(float(getattr(self, field)) for field in EntryRules._fields))


class CareSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is done for an open position. A rule set to 0 is off, where its range allows 0."""

    break_even_r: Annotated[float, Meta(ge=0.0, le=20.0, description="stop to break-even from this gain [R]")] = 1.0
    break_even_buffer_points: Annotated[
        float, Meta(ge=0.0, description="break-even lies this much beyond the entry, for costs [points]")
    ] = 10.0
    trailing_start_r: Annotated[float, Meta(ge=0.0, le=50.0, description="trailing begins at this gain [R]")] = 1.5
    trailing_atr: Annotated[float, Meta(ge=0.0, le=20.0, description="trailing distance in ATRs")] = 2.0
    min_step_atr: Annotated[
        float, Meta(gt=0.0, le=5.0, description="a trailing stop moves by at least this many ATRs")
    ] = 0.1
    partial_target_fraction: Annotated[
        float, Meta(gt=0.0, le=1.0, description="part of the way to the target at which some is closed")
    ] = 0.5
    partial_volume_fraction: Annotated[float, Meta(ge=0.0, lt=1.0, description="part of the volume closed there")] = 0.5
    max_holding_s: Annotated[float, Meta(ge=0.0, description="a position is closed after [s]; 0 never")] = 0.0
    retry_pause_s: Annotated[
        float,
        Meta(
            ge=0.0, le=3600.0, description="what was refused for a position is asked again after [s], doubling to 64x"
        ),
    ] = 5.0

    def rules(self) -> CareRules:
        """The numbers as the kernel takes them."""
        return CareRules(*(float(getattr(self, field)) for field in CareRules._fields))


class EngineSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the engine trades and by which rules.

    `symbols` are the broker's names or base names (EURUSD finds EURUSD.m where that is the only candidate);
    `commission_per_lot` is a round turn by base name [account money], "*" for all others.
    """

    symbols: Annotated[tuple[str, ...], Meta(min_length=1)] = ("EURUSD",)
    timeframes: Annotated[tuple[Timeframe, ...], Meta(min_length=1)] = (Timeframe.M15,)
    model: str = "confluence"
    model_parameters: dict[str, float] = {}
    entry: EntrySettings = EntrySettings()
    care: CareSettings = CareSettings()
    commission_per_lot: dict[str, NonNegative] = {}
    magic: Annotated[int, Meta(gt=0, lt=2**62, description="magic number of all our orders")] = 770_001
    intent_valid_ms: Annotated[int, Meta(ge=100, le=60_000, description="an intent expires after [ms]")] = 3000
    deviation_points: Annotated[int, Meta(ge=0, le=10_000, description="slippage a request may accept [points]")] = 20

    def __post_init__(self) -> None:
        """Refuse doubled or too many charts."""
        if len(set(self.symbols)) != len(self.symbols):
            raise SettingsError("symbols", "names a symbol twice")
        if len(set(self.timeframes)) != len(self.timeframes):
            raise SettingsError("timeframes", "names a timeframe twice")
        if Timeframe.MN1 in self.timeframes:
            raise SettingsError("timeframes", "MN1 bars have no fixed length; use M1 to W1")
        charts = len(self.symbols) * len(self.timeframes)
        if charts > MAX_CHARTS:
            raise SettingsError("symbols", f"and timeframes make {charts} charts; at most {MAX_CHARTS}")
