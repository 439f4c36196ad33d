"""What luck could have made of a backtest's round trips: in another order, drawn anew, and dearer.

A round trip counts as the part of the balance it changed, so that sizes follow the account. Falls are those at the end
of round trips, not within them; what the rules of risk would have done otherwise on another way is not known.
"""

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec
import numpy as np

from backtest.job import Job
from backtest.shuffling import Outcomes, dearer, drawn_anew, other_orders
from backtest.trips import Trip
from domain.pricing import money_per_price, symbol_money

TRIALS: Final = 1000
"""Trials where nothing else is asked for: a probability of 5 % is then known to about 0.7 %."""

COSTS: Final = (1.5, 2.0, 3.0)
"""How many times as dear everything is tried."""

FEWEST: Final = 10
"""Round trips; of fewer there are no odds worth a number."""

_SEED: Final = 1
_QUANTILES: Final = (0.05, 0.25, 0.5, 0.75, 0.95)


class TripChange(NamedTuple):
    """One round trip as parts of the balance before it: what it changed, and what of that were costs (positive)."""

    change: float
    cost: float


class Quantiles(msgspec.Struct, frozen=True, kw_only=True):
    """Below which value 5, 25, 50, 75 and 95 of 100 trials stay."""

    p05: float
    p25: float
    p50: float
    p75: float
    p95: float


class Odds(msgspec.Struct, frozen=True, kw_only=True):
    """All trials of one kind, each over as many round trips as there were.

    `total_return` and `drawdown` are fractions, the latter of the peak; `loses` is the probability of an end below the
    start, `halts` that of a fall of at least `halt_fraction` on the way.
    """

    total_return: Quantiles
    drawdown: Quantiles
    loses: float
    halts: float


class Dearer(msgspec.Struct, frozen=True, kw_only=True):
    """Round trips drawn anew, had all costs been `factor` times as high."""

    factor: float
    odds: Odds


class MonteCarlo(msgspec.Struct, frozen=True, kw_only=True):
    """Odds of the same `round_trips` in other orders, `drawn_anew` with replacement, and drawn anew and `dearer`.

    `drawdown` is the deepest fall they had in their own order, `luckier` the part of other orders that fell less deep.
    """

    trials: int
    seed: int
    round_trips: int
    halt_fraction: float
    drawdown: float
    luckier: float
    other_orders: Odds
    drawn_anew: Odds
    dearer: tuple[Dearer, ...]


def monte_carlo(
    changes: Sequence[TripChange], halt_fraction: float, trials: int = TRIALS, seed: int = _SEED
) -> MonteCarlo | None:
    """The odds of `changes`, oldest first; None for fewer than ten of them, or without a trial."""
    if len(changes) < FEWEST or trials < 1:
        return None
    returns, costs = (np.array(column, np.float64) for column in zip(*changes, strict=True))
    orders = other_orders(returns, trials, seed)
    equity = np.concatenate(([1.0], np.cumprod(np.maximum(1.0 + returns, 0.0))))
    drawdown = float(np.max(1.0 - equity / np.maximum.accumulate(equity)))
    return MonteCarlo(
        trials=trials,
        seed=seed,
        round_trips=len(changes),
        halt_fraction=halt_fraction,
        drawdown=drawdown,
        luckier=float(np.mean(orders.drawdown < drawdown)),
        other_orders=_odds(orders, halt_fraction),
        drawn_anew=_odds(drawn_anew(returns, trials, seed), halt_fraction),
        dearer=tuple(
            Dearer(factor=factor, odds=_odds(drawn_anew(dearer(returns, costs, factor), trials, seed), halt_fraction))
            for factor in COSTS
        ),
    )


def _odds(outcomes: Outcomes, halt_fraction: float) -> Odds:
    return Odds(
        total_return=_quantiles(outcomes.final - 1.0),
        drawdown=_quantiles(outcomes.drawdown),
        loses=float(np.mean(outcomes.final < 1.0)),
        halts=float(np.mean(outcomes.drawdown >= halt_fraction)),
    )


def _quantiles(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Quantiles:
    return Quantiles(**{f"p{round(at * 100):02}": float(np.quantile(values, at)) for at in _QUANTILES})


def changes_of(job: Job, trips: Sequence[Trip]) -> tuple[TripChange, ...]:
    """The closed ones of `trips` in the order of their end, by the balance when each was opened.

    Costs are the spread at the opening, commission, and swap where it was one.
    """
    closed = sorted((trip for trip in trips if trip.is_closed), key=lambda trip: (trip.closed_ns, trip.position_id))
    ends = np.array([trip.closed_ns for trip in closed], np.int64)
    balances = job.profile.deposit + np.cumsum([0.0, *(trip.profit for trip in closed)])
    opened = np.array([trip.opened_ns for trip in closed], np.int64)
    before = balances[np.searchsorted(ends, opened, "right")].tolist()
    return tuple(
        TripChange(trip.profit / balance, _cost_of(job, trip) / balance)
        for trip, balance in zip(closed, before, strict=True)
        if balance > 0.0
    )


def _cost_of(job: Job, trip: Trip) -> float:
    """What of the profit went to the broker [account money]."""
    profile = job.profile
    leverage = profile.leverage_at(profile.deposit)
    money = symbol_money(job.spec_of(trip.symbol), profile.currency, profile.currency_digits, leverage)
    spread = 0.0 if math.isnan(trip.spread) else trip.spread * trip.lots * money_per_price(trip.price_open, money)
    return spread - trip.commission - min(trip.swap, 0.0)
