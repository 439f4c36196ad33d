"""A backtest through the simulated terminal and the same inside vectorbt, difference by difference with its cause."""

import csv
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from backtest.curve import Floats
from backtest.exact import Outcome
from backtest.vbt import VbtOutcome
from domain.trading import DealType
from strategy.tables import Table

COMPARISON: Final = "comparison.json"
ROWS: Final = "comparison.csv"

_COLUMNS: Final = ("time_utc", "exact", "vectorbt", "apart", "swap", "sell_spread", "rest")
_TRADES: Final = (DealType.BUY, DealType.SELL)
_HALF_A_CENT: Final = 0.005
_NOISE: Final = 1e-5
"""Of sums over a whole run [account money]."""


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """What one cause came to: on how many `rows` it was more than noise, the `largest` [account money].

    `at_ns` is when that was [UTC ns]; 0 where there is none.
    """

    rows: int
    largest: float
    at_ns: int


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """What the two have in common and what not; money is the account's.

    `apart` is the whole difference of equity. It comes from `swap`, which MT5 shows as it accrues and vectorbt knows
    when it is booked; from `sell_spread`, because a portfolio values sells at the bid; and from `rest`, MT5's rounding
    of each amount to cents, which is at most `bound`. `decisions_apart` are records that are not equal, bit for bit.
    `order_function` says what asked the strategy. It `agrees` where every decision and deal is the same and no
    difference of equity is without a cause.
    """

    agrees: bool
    order_function: str
    rows: int
    decisions: int
    orders: int
    decisions_apart: int
    same_deals: bool
    same_curve: bool
    apart: Difference
    swap: Difference
    sell_spread: Difference
    rest: Difference
    bound: float
    final_apart: float

    @property
    def same_decisions(self) -> bool:
        """Whether every record is the same, bit for bit."""
        return self.decisions_apart == 0


def compared(exact: Outcome, vbt: VbtOutcome) -> Comparison:
    """`exact`, with all its decisions kept, beside `vbt`, of the same job.

    Raises:
        ValueError: where `exact` was run without keeping its decisions.
    """
    if not len(exact.decisions) and exact.refusals.bars:
        raise ValueError("exact has no decisions; run it with keep_decisions=True")
    rest = _difference(vbt, vbt.rest)
    orders = sum(deal.type in _TRADES for deal in exact.deals)
    bound = _HALF_A_CENT * (orders + len(exact.trips)) + _NOISE
    decisions_apart = _unequal(exact.decisions, vbt.booked.decisions)
    same_deals = exact.deals == vbt.booked.deals and exact.intents == vbt.booked.intents
    same_curve = _same_curve(exact, vbt)
    return Comparison(
        agrees=decisions_apart == 0 and same_deals and same_curve and abs(rest.largest) <= bound,
        order_function=vbt.order_function,
        rows=len(vbt.time_ns),
        decisions=len(exact.decisions),
        orders=orders,
        decisions_apart=decisions_apart,
        same_deals=same_deals,
        same_curve=same_curve,
        apart=_difference(vbt, vbt.apart),
        swap=_difference(vbt, vbt.swap),
        sell_spread=_difference(vbt, -vbt.sell_spread),
        rest=rest,
        bound=bound,
        final_apart=float(vbt.apart[-1]) if vbt.apart.size else 0.0,
    )


def write_comparison(comparison: Comparison, vbt: VbtOutcome, folder: Path) -> tuple[str, ...]:
    """Write the comparison and its rows into `folder`, which has to be there; the names of the files.

    In each row `apart` is `exact` less `vectorbt`, and the sum of `swap`, `sell_spread` and `rest`.
    """
    (folder / COMPARISON).write_bytes(msgspec.json.format(msgspec.json.encode(comparison), indent=2) + b"\n")
    columns = (vbt.terminal_equity, vbt.equity, vbt.apart, vbt.swap, 0.0 - vbt.sell_spread, vbt.rest)
    with (folder / ROWS).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(_COLUMNS)
        moments = np.datetime_as_string(vbt.time_ns.astype("datetime64[ns]"), unit="ms").tolist()
        for moment, *values in zip(moments, *(column.tolist() for column in columns), strict=True):
            writer.writerow((f"{moment}Z", *(f"{value:.4f}" for value in values)))
    return COMPARISON, ROWS


def _difference(vbt: VbtOutcome, values: Floats) -> Difference:
    rows = int(np.count_nonzero(np.abs(values) > _NOISE))
    if not rows:
        return Difference(rows=0, largest=0.0, at_ns=0)
    at = int(np.abs(values).argmax())
    return Difference(rows=rows, largest=float(values[at]), at_ns=int(vbt.time_ns[at]))


def _unequal(ours: Table, theirs: Table) -> int:
    """Records that are not equal, bit for bit (a NaN is the same as itself); those that one of the two lacks, too."""
    shared = min(len(ours), len(theirs))
    first, second = (np.ascontiguousarray(table[:shared]).view(np.uint8) for table in (ours, theirs))
    width = ours.dtype.itemsize
    differ = (first.reshape(shared, width) != second.reshape(shared, width)).any(axis=1)
    return int(np.count_nonzero(differ)) + abs(len(ours) - len(theirs))


def _same_curve(exact: Outcome, vbt: VbtOutcome) -> bool:
    """Whether the terminal's equity is that of the exact run's curve wherever both have a point and nothing is done.

    A curve's point is taken before what is decided at that moment is carried out, a row after it: they differ by the
    cost of an entry where there is one, so that moments with a deal are left out.
    """
    dealt = {exact.job.utc_ns(deal.time_msc) for deal in exact.deals}
    ours = dict(zip(exact.curve.time_ns.tolist(), exact.curve.equity.tolist(), strict=True))
    theirs = zip(vbt.time_ns.tolist(), vbt.terminal_equity.tolist(), strict=True)
    return all(abs(ours[at] - equity) < _NOISE for at, equity in theirs if at in ours and at not in dealt)
