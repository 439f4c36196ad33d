"""What can go wrong between a terminal and its trade server, request by request."""

from collections.abc import Iterable
from typing import Final, Protocol

import msgspec

from domain.requests import TradeRequest


class Disturbance(msgspec.Struct, frozen=True, kw_only=True):
    """What happens to one request on its way.

    `retcode` other than 0: the server answers that and does nothing. `lost_answer`: the server executes, the terminal
    hears TIMEOUT. `fill_fraction` [0..1]: part of the volume the market can give.
    """

    retcode: int = 0
    lost_answer: bool = False
    fill_fraction: float = 1.0
    slippage_points: float = 0.0


UNDISTURBED: Final = Disturbance()


class FillPlan(Protocol):
    """Decides what happens to each request; the place of latency and fault models."""

    def disturbance(self, request: TradeRequest) -> Disturbance:
        """What happens to this request."""


class FairFills:
    """Nothing goes wrong."""

    def disturbance(self, request: TradeRequest) -> Disturbance:  # noqa: ARG002 - the protocol's signature
        """Nothing happens to it."""
        return UNDISTURBED


class ScriptedFills:
    """The given disturbances in their order, then nothing more."""

    def __init__(self, script: Iterable[Disturbance]) -> None:
        self._script = list(script)

    def disturbance(self, request: TradeRequest) -> Disturbance:  # noqa: ARG002 - the protocol's signature
        """The next one of the script."""
        return self._script.pop(0) if self._script else UNDISTURBED
