"""What can go wrong between a terminal and its trade server, request by request."""

from collections.abc import Iterable
from typing import Final, Protocol

import msgspec

from domain.requests import TradeAnswer, TradeRequest
from domain.retcodes import Retcode


class Disturbance(msgspec.Struct, frozen=True, kw_only=True):
    """What happens to one request on its way.

    `retcode` other than 0: the server answers that and does nothing. `lost_answer`: the server executes, the terminal
    hears `lost_as`. `late_ms`: how much longer the answer takes [ms]. `fill_fraction` [0..1]: part of the volume the
    market can give. `slippage_points` above 0 is worse.
    """

    retcode: int = 0
    lost_answer: bool = False
    lost_as: int = Retcode.TIMEOUT
    late_ms: float = 0.0
    fill_fraction: float = 1.0
    slippage_points: float = 0.0


UNDISTURBED: Final = Disturbance()


class FillPlan(Protocol):
    """Decides what happens to each request, and to what the server executes by itself."""

    def disturbance(self, request: TradeRequest) -> Disturbance:
        """What happens to this request."""

    def stop_slippage_points(self) -> float:
        """How much worse than its quote the next stop loss or stop-out is executed [points]."""
        return 0.0


class FairFills(FillPlan):
    """Nothing goes wrong."""

    def disturbance(self, request: TradeRequest) -> Disturbance:  # noqa: ARG002 - the protocol's signature
        """Nothing happens to it."""
        return UNDISTURBED


class ScriptedFills(FillPlan):
    """The given disturbances in their order, then nothing more."""

    def __init__(self, script: Iterable[Disturbance]) -> None:
        self._script = list(script)

    def disturbance(self, request: TradeRequest) -> Disturbance:  # noqa: ARG002 - the protocol's signature
        """The next one of the script."""
        return self._script.pop(0) if self._script else UNDISTURBED


def unanswered(retcode: int) -> TradeAnswer:
    """What a terminal hears where no answer came: nothing is known of what the server did."""
    return TradeAnswer(retcode=retcode, comment="no answer")
