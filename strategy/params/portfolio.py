"""What all positions together may cost: numbers with unit, range and default."""

from typing import Annotated

import msgspec
from msgspec import Meta


class PortfolioSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Limits over all positions of the account, manual ones included. 0 switches a rule off, where its range allows."""

    max_currency_exposure: Annotated[
        float, Meta(gt=0.0, le=500.0, description="highest net value of one currency, metal or index / equity")
    ] = 50.0
    max_open_risk_fraction: Annotated[
        float, Meta(gt=0.0, le=0.2, description="part of equity that all stops together may cost")
    ] = 0.04
    unstopped_fraction: Annotated[
        float, Meta(gt=0.0, le=1.0, description="part of its market value a position without a stop counts as risk")
    ] = 1.0
    cool_down_s: Annotated[
        float, Meta(ge=0.0, le=604_800.0, description="no entry after a losing position was closed for [s]; 0 off")
    ] = 900.0
    max_losing_streak: Annotated[
        int, Meta(ge=0, le=100, description="losing positions in a row after which entries pause; 0 off")
    ] = 4
    losing_streak_pause_s: Annotated[
        float, Meta(ge=0.0, le=2_592_000.0, description="how long they pause after the last of them [s]")
    ] = 14_400.0
