"""A fault plan's part at the server: refusals, slippage, partial fills, answers that are lost or late."""

import random

from domain.requests import TradeRequest
from domain.retcodes import Retcode
from sim.faults.distributions import NOTHING
from sim.faults.plan import FaultPlan
from sim.requests import Disturbance, FillPlan


def chance_of(seed: int, what: str) -> random.Random:
    """The random numbers of one kind of fault: those of another kind do not move them."""
    return random.Random(f"{seed} {what}")  # noqa: S311 - faults, not secrets


class SeededFills(FillPlan):
    """Disturbs requests as `plan` says, in the order in which they reach the server.

    Each kind of fault has random numbers of its own, one of each for every request: another rate of one fault leaves
    the others where they were.
    """

    def __init__(self, plan: FaultPlan) -> None:
        self._execution = plan.execution
        self._late = plan.acknowledgements
        self._lost_as = Retcode[plan.acknowledgements.lost_as]
        self._refused = chance_of(plan.seed, "refused")
        self._slipped = chance_of(plan.seed, "slipped")
        self._stopped = chance_of(plan.seed, "stopped")
        self._partial = chance_of(plan.seed, "partial")
        self._filled = chance_of(plan.seed, "filled")
        self._lost = chance_of(plan.seed, "lost")
        self._held = chance_of(plan.seed, "held up")
        self._delayed = chance_of(plan.seed, "delayed")

    def disturbance(self, request: TradeRequest) -> Disturbance:  # noqa: ARG002 - the protocol's signature
        """What happens to the next request."""
        execution, late = self._execution, self._late
        is_partial = self._partial.random() < execution.partial_rate
        fraction = min(1.0, execution.partial_fraction.sample(self._filled))
        delay_ms = late.late_ms.sample(self._delayed)
        return Disturbance(
            retcode=self._refusal(),
            lost_answer=self._lost.random() < late.lost_rate,
            lost_as=self._lost_as,
            late_ms=delay_ms if self._held.random() < late.late_rate else 0.0,
            fill_fraction=fraction if is_partial else 1.0,
            slippage_points=self._slippage(self._slipped),
        )

    def stop_slippage_points(self) -> float:
        """How much worse than its quote the next stop is executed [points]."""
        return self._slippage(self._stopped)

    def _slippage(self, chance: random.Random) -> float:
        slips = self._execution.slippage_points
        return 0.0 if slips == NOTHING else slips.sample(chance)

    def _refusal(self) -> int:
        at = self._refused.random()
        for retcode, rate in self._execution.refusals:
            if at < rate:
                return retcode
            at -= rate
        return 0
