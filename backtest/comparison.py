"""A backtest through the simulated terminal and the same inside vectorbt, difference by difference with its cause."""

import json
from typing import NamedTuple

import numpy as np

from backtest.exact import Outcome
from backtest.vbt import VbtOutcome
from domain.trading import DealType

_TRADES = (DealType.BUY, DealType.SELL)
_HALF_A_CENT = 0.005
_NOISE = 1e-5  # of sums beside a cushion of a thousand million


class Comparison(NamedTuple):
    """What the two have in common and what not; money is the account's, each figure the largest over all rows.

    `apart` is the whole difference of equity. It comes from `swap`, which MT5 shows as it accrues and vectorbt knows
    when it is booked; from `sell_spread`, because a portfolio values sells at the bid; and from `rest`, MT5's rounding
    of each amount to cents, which is at most `bound`.
    """

    rows: int
    decisions: int
    same_decisions: bool
    same_deals: bool
    same_curve: bool
    apart: float
    swap: float
    sell_spread: float
    rest: float
    bound: float
    final_apart: float

    @property
    def agrees(self) -> bool:
        """Whether every decision and deal is the same and every difference of equity is explained."""
        return self.same_decisions and self.same_deals and self.same_curve and self.rest <= self.bound

    def told(self) -> str:
        """The comparison as JSON, for a report."""
        return json.dumps({**self._asdict(), "agrees": self.agrees}, indent=2)


def compared(exact: Outcome, vbt: VbtOutcome) -> Comparison:
    """`exact`, with all its decisions kept, beside `vbt`, of the same job.

    Raises:
        ValueError: where `exact` was run without keeping its decisions.
    """
    if not len(exact.decisions) and exact.refusals.bars:
        raise ValueError("exact has no decisions; run it with keep_decisions=True")
    apart = vbt.terminal_equity - vbt.equity
    rest = np.abs(apart - vbt.swap + vbt.sell_spread)
    trades = sum(deal.type in _TRADES for deal in exact.deals)
    most_open = len(exact.trips)
    return Comparison(
        rows=len(vbt.time_ns),
        decisions=len(exact.decisions),
        same_decisions=exact.decisions.tobytes() == vbt.ran.decisions.tobytes(),
        same_deals=exact.deals == vbt.ran.deals and exact.intents == vbt.ran.intents,
        same_curve=_same_curve(exact, vbt),
        apart=_largest(apart),
        swap=_largest(vbt.swap),
        sell_spread=_largest(vbt.sell_spread),
        rest=_largest(rest),
        bound=_HALF_A_CENT * (trades + most_open) + _NOISE,
        final_apart=float(apart[-1]) if apart.size else 0.0,
    )


def _same_curve(exact: Outcome, vbt: VbtOutcome) -> bool:
    """Whether the terminal's equity is that of the exact run's curve wherever both have a point and nothing is done.

    A curve's point is taken before what is decided at that moment is carried out, a row after it: they differ by the
    cost of an entry where there is one, so that moments with a deal are left out.
    """
    dealt = {exact.job.utc_ns(deal.time_msc) for deal in exact.deals}
    ours = dict(zip(exact.curve.time_ns.tolist(), exact.curve.equity.tolist(), strict=True))
    theirs = zip(vbt.time_ns.tolist(), vbt.terminal_equity.tolist(), strict=True)
    return all(abs(ours[at] - equity) < _NOISE for at, equity in theirs if at in ours and at not in dealt)


def _largest(values: np.ndarray) -> float:
    return float(np.abs(values).max()) if values.size else 0.0
