"""What a set of round trips came to. NaN where a figure is not defined: no losing trip has no profit factor."""

import math
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Final, NamedTuple

import numpy as np

from backtest.curve import Floats
from backtest.trips import Trip

_NS_PER_S: Final = 1_000_000_000
_FEWEST: Final = 2
_CENT: Final = 0.005


class TripFigures(NamedTuple):
    """Figures of closed round trips. Money is the account's, net of all costs; times held [s]; R as in `Trip`.

    `payoff` is the mean win over the mean loss; `kelly` the fraction Kelly's formula would stake, 0..1; `sqn` is van
    Tharp's system quality number, the root of the number of trips times mean R over its standard deviation;
    `expectancy` is the mean profit, `expectancy_r` the same in R. A profit within half a cent of 0 is a draw.
    """

    number: int
    won: int
    lost: int
    drawn: int
    win_rate: float
    profit: float
    gross_profit: float
    gross_loss: float
    profit_factor: float
    payoff: float
    expectancy: float
    expectancy_r: float
    best: float
    worst: float
    kelly: float
    sqn: float
    commission: float
    swap: float
    lots: float
    held_s: float
    winners_held_s: float
    losers_held_s: float
    longest_winning: int
    longest_losing: int
    worst_r: float
    best_r: float


def trip_figures(trips: Iterable[Trip]) -> TripFigures:
    """The figures of those of `trips` that are closed, in the order of their end."""
    closed = sorted((trip for trip in trips if trip.is_closed), key=lambda trip: (trip.closed_ns, trip.position_id))
    profits = np.array([trip.profit for trip in closed])
    wins, losses = profits[profits > _CENT], profits[profits < -_CENT]
    results = np.array([trip.r_multiple for trip in closed])
    known = results[~np.isnan(results)]
    win_rate = wins.size / profits.size if profits.size else math.nan
    payoff = float(wins.mean() / -losses.mean()) if wins.size and losses.size else math.nan
    held = np.array([(trip.closed_ns - trip.opened_ns) / _NS_PER_S for trip in closed])
    return TripFigures(
        number=profits.size,
        won=wins.size,
        lost=losses.size,
        drawn=profits.size - wins.size - losses.size,
        win_rate=win_rate,
        profit=math.fsum(profits),
        gross_profit=math.fsum(wins),
        gross_loss=math.fsum(losses),
        profit_factor=math.fsum(wins) / -math.fsum(losses) if losses.size else math.nan,
        payoff=payoff,
        expectancy=_mean(profits),
        expectancy_r=_mean(known),
        best=float(profits.max()) if profits.size else math.nan,
        worst=float(profits.min()) if profits.size else math.nan,
        kelly=kelly(win_rate, payoff),
        sqn=sqn(known),
        commission=math.fsum(trip.commission for trip in closed),
        swap=math.fsum(trip.swap for trip in closed),
        lots=math.fsum(trip.lots for trip in closed),
        held_s=_mean(held),
        winners_held_s=_mean(held[profits > _CENT]),
        losers_held_s=_mean(held[profits < -_CENT]),
        longest_winning=_longest(profits > _CENT),
        longest_losing=_longest(profits < -_CENT),
        worst_r=_mean_known([trip.worst_r for trip in closed]),
        best_r=_mean_known([trip.best_r for trip in closed]),
    )


def kelly(win_rate: float, payoff: float) -> float:
    """Fraction of the capital that grows it fastest, 0 where there is no edge; NaN where one of both is not known.

    Source: J. L. Kelly, "A New Interpretation of Information Rate", Bell System Technical Journal 35 (1956): p - q / b.
    """
    return max(0.0, win_rate - (1.0 - win_rate) / payoff) if payoff > 0.0 else math.nan


def sqn(results: Floats) -> float:
    """System quality number of `results` [R], shape (n,); NaN for fewer than two, or where they never differ.

    Source: V. K. Tharp, "Definitive Guide to Position Sizing" (2008), without the cap of 100 trips.
    """
    spread = float(np.std(results, ddof=1)) if results.size >= _FEWEST else 0.0
    return math.sqrt(results.size) * float(results.mean()) / spread if spread > 0.0 else math.nan


def _mean(values: Floats) -> float:
    return float(values.mean()) if values.size else math.nan


def _mean_known(values: Sequence[float]) -> float:
    return _mean(np.array([value for value in values if not math.isnan(value)]))


def _longest(marks: Iterable[bool]) -> int:
    """Most in a row that are true."""
    return max((sum(1 for _ in run) for mark, run in groupby(marks) if mark), default=0)
