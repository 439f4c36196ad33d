"""Settings of the reaction to volatility."""

from typing import Annotated

import msgspec
from msgspec import Meta

from strategy.refusals import SettingsError


class VolatilitySettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What ATR against its own average does to an entry."""

    calm_ratio: Annotated[
        float, Meta(ge=0.5, le=10.0, description="ATR over its average beyond which less is risked, in proportion")
    ] = 1.5
    max_ratio: Annotated[
        float, Meta(ge=0.5, le=100.0, description="ATR over its average beyond which nothing is entered")
    ] = 3.0
    max_stop_baseline_atr: Annotated[
        float, Meta(gt=0.0, le=100.0, description="the stop is at most this many average ATRs away")
    ] = 4.0

    def __post_init__(self) -> None:
        """Refuse thresholds in the wrong order."""
        if self.max_ratio < self.calm_ratio:
            raise SettingsError("volatility.max_ratio", "must not be below volatility.calm_ratio")
