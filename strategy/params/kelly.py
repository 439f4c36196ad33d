"""Settings of Half-Kelly."""

import math
from typing import Annotated

import msgspec
from msgspec import Meta

from domain.timeframes import DAY_S
from risk.kelly import KellyRules
from strategy.refusals import SettingsError


class KellySettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much of the equity the record of the same model and set-up justifies to risk."""

    enabled: Annotated[bool, Meta(description="off: the record limits nothing")] = True
    multiple: Annotated[float, Meta(gt=0.0, le=1.0, description="part of Kelly's fraction that is used")] = 0.5
    window_trips: Annotated[
        int, Meta(ge=10, le=256, description="latest round trips of a model and set-up that count")
    ] = 100
    min_trips: Annotated[
        int, Meta(ge=5, le=256, description="round trips from which they alone decide, without the prior")
    ] = 30
    max_age_days: Annotated[
        float, Meta(ge=1.0, le=3650.0, description="round trips older than this are forgotten [days]")
    ] = 60.0
    prior_trips: Annotated[float, Meta(ge=0.0, le=1000.0, description="round trips the prior counts for, at first")] = (
        20.0
    )
    prior_win_rate: Annotated[
        float, Meta(gt=0.0, lt=1.0, description="part of them that were won, at entry.min_reward_to_risk each")
    ] = 0.45
    learning_fraction: Annotated[
        float, Meta(ge=0.0, le=0.02, description="equity one entry may risk whatever the first min_trips say")
    ] = 0.0025
    drawdown_floor: Annotated[
        float,
        Meta(ge=0.0, lt=1.0, description="part of wealth to stay above, but for drawdown_probability; 0 off"),
    ] = 0.0
    drawdown_probability: Annotated[
        float, Meta(gt=0.0, lt=1.0, description="how likely wealth may ever fall to drawdown_floor")
    ] = 0.1

    def __post_init__(self) -> None:
        """Refuse a window too short to ever be enough."""
        if self.window_trips < self.min_trips:
            raise SettingsError("kelly.window_trips", "must not be below kelly.min_trips; raise it")

    def rules(self, payoff: float) -> KellyRules:
        """The numbers as the kernel takes them; `payoff` is what the prior's round trips won [R]."""
        floor = self.drawdown_floor
        return KellyRules(
            enabled=float(self.enabled),
            multiple=self.multiple,
            window_trips=float(self.window_trips),
            min_trips=float(self.min_trips),
            max_age_s=self.max_age_days * DAY_S,
            prior_trips=self.prior_trips,
            prior_win_rate=self.prior_win_rate,
            prior_payoff=payoff,
            learning_fraction=self.learning_fraction,
            drawdown_power=math.log(self.drawdown_probability) / math.log(floor) if floor > 0.0 else 0.0,
        )
