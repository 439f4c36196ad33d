"""Settings of the care for open positions."""

from typing import Annotated

import msgspec
from msgspec import Meta

from strategy.positions import CareRules


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
