"""Walk-forward: settings chosen on what was known then, traded on what came next; only the latter is the result."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from backtest.curve import Days, Floats
from backtest.folds import Cut, Fold, folds
from backtest.job import Job
from backtest.monte_carlo import TripChange, changes_of
from backtest.returns import DailyFigures, daily_figures
from backtest.search.crew import Crew
from backtest.search.evaluation import head_of, outcome_at, result_of, returns_of
from backtest.search.ledger import Ledger, Result
from backtest.search.space import Point
from backtest.search.sweep import Aim, SearchError, best_of, laid_out
from backtest.span import part_of


class Step(NamedTuple):
    """One fold: what was chosen on its training, and what that came to there and in its test.

    `chosen` is None where no settings counted in training: then nothing was traded in the test. `trips` are the test's.
    """

    fold: Fold
    chosen: Result | None
    tested: Result | None
    trips: tuple[TripChange, ...] = ()


class WalkForward(NamedTuple):
    """All steps. `out_of_sample` are the days of the tests, one after the other: the figures to judge by.

    `efficiency` is what the choice kept of its yearly growth: out of sample over in sample, NaN where the latter is
    not above 0.
    """

    steps: tuple[Step, ...]
    trials: int
    out_of_sample: DailyFigures
    efficiency: float

    @property
    def trips(self) -> tuple[TripChange, ...]:
        """Round trips of all tests, oldest first."""
        return tuple(trip for step in self.steps for trip in step.trips)


StepTold = Callable[[int, int, Fold], None]
"""Told the number of a step, how many there are, and its fold."""


def walk_forward(
    job: Job,
    points: Sequence[Point],
    cut: Cut,
    aim: Aim,
    crew: Crew,
    folder: Path,
    on_step: StepTold | None = None,
) -> WalkForward:
    """Choose among `points` on each training and trade the choice on the test behind it.

    Each test begins flat with the deposit, on charts warmed up with all that came before; a position that is open at
    its end counts at the last quote. Results are kept in `folder`, so that an interrupted run goes on.

    Raises:
        FoldError: for a history that is too short for `cut`.
        SearchError: where no training has settings that count.
        CrewError: where the work cannot be done.
        LedgerError: where `folder` holds results of another search.
    """
    begin = job.utc_ns(job.start_msc)
    end = job.utc_ns(job.end_msc) + 1
    cuts = folds(begin, end, cut)
    steps = []
    for number, fold in enumerate(cuts):
        if on_step is not None:
            on_step(number, len(cuts), fold)
        steps.append(_step(job, points, fold, aim, crew, folder / f"fold-{number + 1:02}.jsonl"))
    tested = [returns_of(step.tested) for step in steps if step.tested is not None]
    if not tested:
        raise SearchError("no training has settings that count: lengthen it, widen the axes or lower --min-round-trips")
    figures = figures_of_returns(np.concatenate(tested))
    return WalkForward(tuple(steps), len(points), figures, _efficiency(steps, figures))


def _step(job: Job, points: Sequence[Point], fold: Fold, aim: Aim, crew: Crew, path: Path) -> Step:
    training = part_of(job, fold.train_from_ns, fold.train_until_ns)
    with Ledger(path, head_of(training)) as ledger, laid_out(training) as work:
        results = work.results(points, crew, ledger)
    try:
        chosen = best_of(results, aim)
    except SearchError:
        return Step(fold, None, None)
    test = part_of(job, fold.test_from_ns, fold.test_until_ns)
    outcome = outcome_at(test, chosen.point)
    return Step(fold, chosen, result_of(outcome, chosen.point), changes_of(test, outcome.trips))


def figures_of_returns(returns: Floats) -> DailyFigures:
    """Daily figures of `returns` [fraction], whichever runs they are from."""
    equity = np.cumprod(1.0 + returns, dtype=np.float64)
    return daily_figures(Days(np.arange(returns.size, dtype=np.int64), np.asarray(equity, np.float64), 1.0))


def _efficiency(steps: Sequence[Step], figures: DailyFigures) -> float:
    trained = [returns_of(step.chosen) for step in steps if step.chosen is not None]
    growth = float(np.mean([figures_of_returns(one).growth for one in trained]))
    return figures.growth / growth if growth > 0.0 else float("nan")
