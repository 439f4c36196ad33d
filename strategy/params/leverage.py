"""Settings of the leverage regimes."""

from statistics import NormalDist
from typing import Annotated

import msgspec
from msgspec import Meta

from strategy.refusals import SettingsError


class LeverageSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much may be held for each unit of equity: notional / equity after an entry, by regime."""

    normal: Annotated[float, Meta(gt=0.0, le=500.0, description="highest notional / equity after an entry")] = 100.0
    proven: Annotated[
        float, Meta(gt=0.0, le=500.0, description="the same after a run whose profit is statistically supported")
    ] = 300.0
    stressed: Annotated[
        float, Meta(gt=0.0, le=500.0, description="the same in drawdown, in a losing streak or at negative news")
    ] = 50.0
    news: Annotated[float, Meta(gt=0.0, le=500.0, description="the same inside a window of news, if that is lower")] = (
        50.0
    )
    stress_drawdown: Annotated[
        float, Meta(ge=0.0, le=1.0, description="drawdown beyond which the account is stressed [part of the peak]")
    ] = 0.05
    stress_losses: Annotated[
        int, Meta(ge=1, le=100, description="round trips lost in a row from which it is stressed")
    ] = 4
    proof_trips: Annotated[
        int, Meta(ge=20, le=512, description="round trips a run needs to be proven; the last of these are looked at")
    ] = 50
    proof_confidence: Annotated[
        float, Meta(ge=0.5, le=0.9999, description="confidence with which their expectancy must lie above 0")
    ] = 0.95

    @property
    def proof_quantile(self) -> float:
        """Quantile of the normal distribution at `proof_confidence`."""
        return NormalDist().inv_cdf(self.proof_confidence)

    def __post_init__(self) -> None:
        """Refuse regimes in the wrong order."""
        if self.stressed > self.normal:
            raise SettingsError("leverage.stressed", "must not be above leverage.normal; lower it")
        if self.proven < self.normal:
            raise SettingsError("leverage.proven", "must not be below leverage.normal; raise it")
