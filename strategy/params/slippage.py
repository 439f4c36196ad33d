"""Settings of measured slippage."""

from typing import Annotated

import msgspec
from msgspec import Meta

from strategy.refusals import SettingsError


class SlippageSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much of what our own fills lost is expected of the next ones."""

    measured: Annotated[bool, Meta(description="whether our own fills count; else the setting alone")] = True
    quantile: Annotated[
        float, Meta(ge=0.5, le=1.0, description="part of the latest fills that lost no more than is expected")
    ] = 0.9
    window_fills: Annotated[
        int, Meta(ge=5, le=512, description="latest fills of a symbol that count, of entries and of exits each")
    ] = 100
    min_fills: Annotated[
        int, Meta(ge=5, le=512, description="fills from which they say anything; below, the setting alone counts")
    ] = 20

    def __post_init__(self) -> None:
        """Refuse a window that could never hold enough."""
        if self.window_fills < self.min_fills:
            raise SettingsError("slippage.window_fills", "must not be below slippage.min_fills")
