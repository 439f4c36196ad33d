"""What the tone of articles does to entries: numbers with unit, range and default."""

from typing import Annotated

import msgspec
from msgspec import Meta

from strategy.refusals import SettingsError


class ToneSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Tones are -1..1, and counted against what they speak against. 0 switches a rule off."""

    reduce_tone: Annotated[
        float, Meta(ge=0.0, le=1.0, description="an entry against which articles speak this much risks less; 0 off")
    ] = 0.3
    block_tone: Annotated[
        float, Meta(ge=0.0, le=1.0, description="an entry against which they speak this much is not made; 0 off")
    ] = 0.6
    reduced_risk: Annotated[
        float, Meta(gt=0.0, le=1.0, description="risk of an entry from reduce_tone on is multiplied by this")
    ] = 0.5
    stress_tone: Annotated[
        float,
        Meta(
            ge=0.0, le=1.0, description="leverage is that of stress while one traded currency's tone is so bad; 0 off"
        ),
    ] = 0.6

    def __post_init__(self) -> None:
        """Refuse thresholds in the wrong order."""
        if 0.0 < self.block_tone < self.reduce_tone:
            raise SettingsError("sentiment.reduce_tone", "must not be above sentiment.block_tone; lower it")
