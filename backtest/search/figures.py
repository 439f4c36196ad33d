"""The few figures of a run that a search compares."""

import math
from typing import Final, NamedTuple

import numpy as np

from backtest.curve import Curve, Floats, days_of
from backtest.exact import Outcome
from backtest.returns import daily_figures
from domain.serverclock import ServerClock

OBJECTIVES: Final = ("sharpe", "sortino", "calmar", "total_return", "growth", "profit_factor", "expectancy_r")
"""What a search can look for the largest of; `sharpe` and its relatives are a year's."""

_DAILY: Final = ("sharpe", "sortino", "calmar", "total_return", "growth", "volatility")


class Figures(NamedTuple):
    """Figures by name, without those that are not defined; daily returns as in `Result`, and the first day."""

    named: dict[str, float]
    returns: bytes
    first_day: int


def figures_of(outcome: Outcome) -> Figures:
    """The figures of `outcome`."""
    profits = np.array([trip.profit for trip in outcome.trips], np.float64)
    risks = np.array([trip.initial_risk for trip in outcome.trips], np.float64)
    return figures_from(outcome.curve, outcome.job.clock, profits, risks, outcome.money.equity)


def figures_from(curve: Curve, clock: ServerClock, profits: Floats, risks: Floats, final_equity: float) -> Figures:
    """The figures of a run with this `curve`; `profits` and `risks` are its round trips' [account money]."""
    days = days_of(curve, clock)
    daily = daily_figures(days)
    known = np.isfinite(risks) & (risks > 0.0)
    lost = -float(profits[profits < 0.0].sum())
    equity = np.concatenate(([days.start_equity], curve.equity))
    named = {name: float(getattr(daily, name)) for name in _DAILY}
    named |= {
        "days": float(daily.days),
        "drawdown": float(np.max(1.0 - equity / np.maximum.accumulate(equity))),
        "round_trips": float(len(profits)),
        "profit_factor": float(profits[profits > 0.0].sum()) / lost if lost > 0.0 else float("nan"),
        "expectancy_r": float(np.mean(profits[known] / risks[known])) if known.any() else float("nan"),
        "final_equity": float(final_equity),
    }
    defined = {name: value for name, value in named.items() if math.isfinite(value)}
    return Figures(defined, days.returns.astype("<f8").tobytes(), int(days.day[0]) if days.day.size else 0)
