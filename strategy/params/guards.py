"""What equity may lose before the account protects itself: numbers with unit, range and default."""

from typing import Annotated

import msgspec
from msgspec import Meta

from risk.guards import GuardRules
from strategy.refusals import SettingsError


class GuardSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What equity, floating profit and loss included, may lose before the account protects itself."""

    floating_loss_fraction: Annotated[
        float, Meta(gt=0.0, le=0.5, description="floating loss / balance from which nothing is opened")
    ] = 0.10
    day_loss_fraction: Annotated[
        float, Meta(gt=0.0, le=0.5, description="loss of the broker's day from which nothing is opened before the next")
    ] = 0.03
    drawdown_fraction: Annotated[
        float, Meta(gt=0.0, le=0.3, description="fall from the peak above which risk and leverage are lowered")
    ] = 0.05
    reduce_fraction: Annotated[
        float, Meta(gt=0.0, le=0.4, description="fall from the peak from which positions are reduced step by step")
    ] = 0.12
    halt_fraction: Annotated[
        float, Meta(gt=0.0, le=0.5, description="fall from the peak at which all is closed until a person resumes")
    ] = 0.15
    reduce_steps: Annotated[int, Meta(ge=1, le=10, description="steps from reducing to halting")] = 3
    release_fraction: Annotated[
        float, Meta(gt=0.0, lt=1.0, description="a guard lets go below this part of its threshold")
    ] = 0.8
    drawdown_risk_scale: Annotated[
        float, Meta(gt=0.0, le=1.0, description="risk per entry is multiplied by this in a drawdown")
    ] = 0.5
    drawdown_max_leverage: Annotated[
        float, Meta(gt=0.0, le=500.0, description="highest notional / equity after an entry in a drawdown")
    ] = 50.0

    def __post_init__(self) -> None:
        """Refuse thresholds that are not in order."""
        if not self.drawdown_fraction < self.reduce_fraction < self.halt_fraction:
            remedy = "they must rise: drawdown_fraction < reduce_fraction < halt_fraction"
            raise SettingsError("guards.reduce_fraction", f"is out of order; {remedy}")

    def rules(self) -> GuardRules:
        """The numbers as the kernel takes them."""
        return GuardRules(*(float(getattr(self, field)) for field in GuardRules._fields))
