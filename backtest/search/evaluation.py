"""One point of a search, run: the backtest with these settings, and the few figures that a search compares."""

import dataclasses
import hashlib
import math
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from backtest.curve import days_of
from backtest.exact import Outcome, run_exact
from backtest.job import Job
from backtest.returns import daily_figures
from backtest.search.ledger import Head, Result
from backtest.search.material import JobMaterial
from backtest.search.space import Point, SpaceError, settings_at
from domain.jit import kernel_fingerprint
from strategy.refusals import SettingsError

OBJECTIVES: Final = ("sharpe", "sortino", "calmar", "total_return", "growth", "profit_factor", "expectancy_r")
"""What a search can look for the largest of; `sharpe` and its relatives are a year's."""

_DAILY: Final = ("sharpe", "sortino", "calmar", "total_return", "growth", "volatility")


def figures_of(outcome: Outcome) -> tuple[dict[str, float], bytes, int]:
    """Figures by name, without those that are not defined, the daily returns as in `Result`, and the first day."""
    days = days_of(outcome.curve, outcome.job.clock)
    daily = daily_figures(days)
    profits = np.array([trip.profit for trip in outcome.trips], np.float64)
    risks = np.array([trip.initial_risk for trip in outcome.trips], np.float64)
    known = np.isfinite(risks) & (risks > 0.0)
    lost = -float(profits[profits < 0.0].sum())
    equity = np.concatenate(([days.start_equity], outcome.curve.equity))
    figures = {name: float(getattr(daily, name)) for name in _DAILY}
    figures |= {
        "days": float(daily.days),
        "drawdown": float(np.max(1.0 - equity / np.maximum.accumulate(equity))),
        "round_trips": float(len(profits)),
        "profit_factor": float(profits[profits > 0.0].sum()) / lost if lost > 0.0 else float("nan"),
        "expectancy_r": float(np.mean(profits[known] / risks[known])) if known.any() else float("nan"),
        "final_equity": float(outcome.money.equity),
    }
    first_day = int(days.day[0]) if days.day.size else 0
    defined = {name: value for name, value in figures.items() if math.isfinite(value)}
    return defined, days.returns.astype("<f8").tobytes(), first_day


def returns_of(result: Result) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Daily returns of a result [fraction], shape (days,)."""
    return np.frombuffer(result.returns, "<f8").astype(np.float64)


def evaluated(job: Job, point: Point) -> Result:
    """`job` with the settings of `point`, run to its end; a point that the settings refuse says why instead."""
    try:
        outcome = outcome_at(job, point)
    except (SettingsError, SpaceError) as problem:
        return Result(point=point, refused=str(problem))
    return result_of(outcome, point)


def outcome_at(job: Job, point: Point) -> Outcome:
    """`job` with the settings of `point`, run to its end.

    Raises:
        SettingsError, SpaceError: for a point that is no settings.
    """
    return run_exact(dataclasses.replace(job, settings=settings_at(job.settings, point)))


def result_of(outcome: Outcome, point: Point) -> Result:
    """What a search keeps of `outcome`."""
    figures, returns, first_day = figures_of(outcome)
    return Result(point=point, figures=figures, returns=returns, first_day=first_day)


def evaluated_chunk(material: JobMaterial, points: tuple[Point, ...]) -> list[Result]:
    """The work of a crew: some points of a search, each run on the same job."""
    job = material.job()
    return [evaluated(job, point) for point in points]


def head_of(job: Job) -> Head:
    """What results of `job` belong to, whatever is varied: hashes of quotes, of all else it is given, of code."""
    quotes = hashlib.sha256()
    for symbol in sorted(job.ticks):
        quotes.update(symbol.encode())
        quotes.update(np.ascontiguousarray(job.ticks[symbol]).tobytes())
    for warm in job.warm_up:
        quotes.update(f"{warm.symbol} {warm.timeframe.name}".encode() + warm.bars.tobytes())
    given = msgspec.json.encode([job.settings, job.profile, job.specs, job.clock, job.news], order="sorted")
    return Head(
        quotes=quotes.hexdigest()[:32],
        settings=hashlib.sha256(given).hexdigest()[:32],
        code=f"{kernel_fingerprint()}-{_sources_fingerprint()}",
    )


def _sources_fingerprint() -> str:
    """Hash of what trades beside the kernels: a result of other code is no result of this one."""
    digest = hashlib.sha256()
    root = Path(__file__).resolve().parents[2]
    for room in ("account", "advisor", "backtest", "marketdata", "sim", "strategy"):
        for source in sorted((root / room).glob("**/*.py")):
            digest.update(source.read_bytes())
    return digest.hexdigest()[:16]
