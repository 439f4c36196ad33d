"""Settings of the care for open positions."""

from itertools import pairwise
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from risk.legs import MAX_LEGS, LegRules
from strategy.position_rules import CareRules, FillRules, HoursRules, NewsRules, StopRules
from strategy.refusals import SettingsError


class CareSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is done for an open position. A rule set to 0 is off, where its range allows 0.

    `partial_legs` are up to four pairs: part of the way to the target, part of the first volume that is closed there.
    """

    break_even_r: Annotated[float, Meta(ge=0.0, le=20.0, description="stop to break-even from this gain [R]")] = 1.0
    break_even_buffer_points: Annotated[
        float, Meta(ge=0.0, description="break-even lies this much beyond the entry and the costs [points]")
    ] = 10.0
    trailing_start_r: Annotated[
        float, Meta(ge=0.0, le=50.0, description="every kind of trailing begins at this gain [R]")
    ] = 1.5
    trailing_in_profit: Annotated[bool, Meta(description="a trailing stop is set only where it pays the costs")] = True
    trailing_atr: Annotated[float, Meta(ge=0.0, le=20.0, description="trailing distance in ATRs; 0 off")] = 2.0
    chandelier_atr: Annotated[
        float, Meta(ge=0.0, le=20.0, description="ATRs below the best price since entry; 0 off")
    ] = 0.0
    trailing_points: Annotated[float, Meta(ge=0.0, description="fixed trailing distance [points]; 0 off")] = 0.0
    stepped_r: Annotated[
        float, Meta(ge=0.0, le=20.0, description="rungs of the ladder, the stop one rung behind [R]; 0 off")
    ] = 0.0
    min_step_atr: Annotated[
        float, Meta(gt=0.0, le=5.0, description="a stop is tightened by at least this many ATRs, or left alone")
    ] = 0.1
    partial_legs: Annotated[
        tuple[tuple[float, float], ...],
        Meta(
            description="part of the way to the target and part of the first volume closed there, up to four; none: off"
        ),
    ] = ((0.5, 0.5),)
    fill_tolerance: Annotated[
        float, Meta(ge=0.0, le=10.0, description="a fill may risk this much more than was decided, as a part of it")
    ] = 0.1
    fill_min_stop_atr: Annotated[
        float, Meta(ge=0.0, le=20.0, description="nearer than this many ATRs no stop is put for a bad fill")
    ] = 0.5
    fill_close_ratio: Annotated[
        float, Meta(ge=0.0, le=100.0, description="closed where a fill still risks this many times the allowed; 0 off")
    ] = 2.0
    max_holding_s: Annotated[float, Meta(ge=0.0, description="a position is closed after [s]; 0 never")] = 0.0
    weekend_close_s: Annotated[
        float, Meta(ge=0.0, le=86_400.0, description="closed this long before the week's last session ends [s]; 0 off")
    ] = 1800.0
    weekend_stop_atr: Annotated[
        float, Meta(ge=0.0, le=20.0, description="before the weekend the stop comes this near instead [ATR]; 0 closes")
    ] = 0.0
    rollover_close_s: Annotated[
        float, Meta(ge=0.0, le=43_200.0, description="closed this long before the broker's midnight [s]; 0 off")
    ] = 0.0
    triple_swap_close_s: Annotated[
        float, Meta(ge=0.0, le=43_200.0, description="closed this long before a triple swap is paid [s]; 0 off")
    ] = 0.0
    news_close_s: Annotated[
        float, Meta(ge=0.0, le=86_400.0, description="closed this long before an event of the calendar [s]; 0 off")
    ] = 0.0
    news_stop_atr: Annotated[
        float, Meta(ge=0.0, le=20.0, description="before the event the stop comes this near instead [ATR]; 0 closes")
    ] = 0.0
    news_max_leverage: Annotated[
        float,
        Meta(ge=0.0, le=500.0, description="positions inside a window are reduced to this notional / equity; 0 off"),
    ] = 100.0
    news_warning_s: Annotated[
        float, Meta(ge=0.0, le=86_400.0, description="an event is told of this long before it [s]; 0 never")
    ] = 900.0
    retry_pause_s: Annotated[
        float,
        Meta(
            ge=0.0, le=3600.0, description="what was refused for a position is asked again after [s], doubling to 64x"
        ),
    ] = 5.0

    def __post_init__(self) -> None:
        """Refuse legs that contradict each other."""
        legs = self.partial_legs
        if len(legs) > MAX_LEGS:
            raise SettingsError("care.partial_legs", f"are {len(legs)}; at most {MAX_LEGS}")
        if not all(0.0 < at <= 1.0 and part > 0.0 for at, part in legs):
            raise SettingsError("care.partial_legs", "need a part of the way up to 1 and a part of the volume above 0")
        if any(after[0] <= before[0] for before, after in pairwise(legs)):
            raise SettingsError("care.partial_legs", "must rise: each leg lies further on the way than the one before")
        if not sum(part for _, part in legs) < 1.0:
            raise SettingsError("care.partial_legs", "close all there is; leave a part for the target")

    def rules(self) -> CareRules:
        """The numbers as the kernel takes them."""
        legs = [number for leg in self.partial_legs for number in leg]
        return CareRules(
            StopRules(*self._numbers(StopRules)),
            LegRules(*legs, *[0.0] * (2 * MAX_LEGS - len(legs))),
            FillRules(*self._numbers(FillRules)),
            HoursRules(*self._numbers(HoursRules)),
            NewsRules(*self._numbers(NewsRules)),
        )

    def _numbers(self, rules: type[Any]) -> list[float]:
        return [float(getattr(self, field)) for field in rules._fields]
