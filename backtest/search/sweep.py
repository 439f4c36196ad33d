"""Many settings over the same history, and an honest word on the best of them."""

import math
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from backtest.deflation import deflated_sharpe, expected_maximum_sharpe, moments_of
from backtest.job import Job
from backtest.neighborhood import Neighborhood, neighborhood
from backtest.overfitting import Overfitting, TooLittleError, backtest_overfitting
from backtest.returns import DAYS_A_YEAR
from backtest.search.crew import Crew, chunks_of
from backtest.search.evaluation import evaluated_chunk, outcome_at, result_of, returns_of
from backtest.search.ledger import Ledger, Result
from backtest.search.material import CarriedJob, JobMaterial, StoredJob, stored_job
from backtest.search.space import Axis, Point

CHUNK: Final = 8
"""Most points that a worker takes at once: small enough that what a killed one loses is seconds."""

_SHARES: Final = 16  # so that no worker waits long for the last one

BLOCKS: Final = 16
_MOST_JUDGED: Final = 2000  # sets in the judgment on overfitting: its memory grows with them

Progress = Callable[[int, int], None]
"""Told the points done and the points in all."""


class SearchError(RuntimeError):
    """A search that found nothing, or whose result does not come out again."""


class Aim(NamedTuple):
    """What a search looks for: the largest `objective` among results of at least `min_round_trips`."""

    objective: str = "sharpe"
    min_round_trips: int = 30


@contextmanager
def laid_out(job: Job) -> Iterator["Work"]:
    """`job` where processes find it, for as long as it is worked on."""
    with tempfile.TemporaryDirectory(prefix="companion-search-") as folder:
        yield Work(job, stored_job(job, Path(folder)))


class Work:
    """A job, to be run at points."""

    def __init__(self, job: Job, stored: StoredJob) -> None:
        self.job = job
        self._stored = stored

    def results(
        self, points: Sequence[Point], crew: Crew, ledger: Ledger, on_progress: Progress | None = None
    ) -> list[Result]:
        """A result for each of `points`, in their order; what `ledger` has already is not run again."""
        missing = ledger.missing(list(points))
        done = len(points) - len(missing)
        material: JobMaterial = self._stored if crew.shares_disk else CarriedJob(self.job)
        for chunk in crew.done(
            evaluated_chunk, material, chunks_of(missing, max(1, min(CHUNK, len(missing) // _SHARES)))
        ):
            for result in chunk:
                ledger.add(result)
            done += len(chunk)
            if on_progress is not None:
                on_progress(done, len(points))
        return [ledger.results[point] for point in points]


def value_of(result: Result, aim: Aim) -> float:
    """What a search compares; -inf for a result that does not count."""
    if result.refused or result.figures.get("round_trips", 0.0) < aim.min_round_trips:
        return -math.inf
    return result.figures.get(aim.objective, -math.inf)


def best_of(results: Sequence[Result], aim: Aim) -> Result:
    """The result with the largest value; of equals the first.

    Raises:
        SearchError: where none counts.
    """
    best = max(results, key=lambda result: value_of(result, aim), default=None)
    if best is None or value_of(best, aim) == -math.inf:
        refused = sum(1 for result in results if result.refused)
        raise SearchError(
            f"none of {len(results)} settings counts: {refused} are refused, the others made fewer than "
            f"{aim.min_round_trips} round trips or have no {aim.objective}; widen the axes or lower --min-round-trips"
        )
    return best


class Judgment(NamedTuple):
    """What stands behind the best of a search.

    `trials` were run, `refused` were no settings. `deflated_sharpe` is the probability that the best is better than the
    luckiest of as many without skill, whose Sharpe ratio would be `luck` (a year's). `overfitting` is None where the
    history is too short for it, `neighborhood` where the search was no grid.
    """

    best: Result
    trials: int
    refused: int
    luck: float
    deflated_sharpe: float
    overfitting: Overfitting | None
    neighborhood: Neighborhood | None


def judgment(results: Sequence[Result], aim: Aim, axes: Sequence[Axis] | None = None) -> Judgment:
    """The best of `results` and what it is worth; `axes` are those of a grid, whose points `results` are in order.

    Raises:
        SearchError: where none counts.
    """
    best = best_of(results, aim)
    ran = [result for result in results if not result.refused]
    moments = [moments_of(returns_of(result)) for result in ran]
    variance = float(np.var([one.sharpe for one in moments], ddof=1)) if len(moments) > 1 else 0.0
    return Judgment(
        best=best,
        trials=len(ran),
        refused=len(results) - len(ran),
        luck=expected_maximum_sharpe(len(ran), variance) * math.sqrt(DAYS_A_YEAR),
        deflated_sharpe=deflated_sharpe(moments_of(returns_of(best)), len(ran), variance),
        overfitting=_overfitting(ran),
        neighborhood=_around(results, best, aim, axes) if axes else None,
    )


def _overfitting(ran: Sequence[Result]) -> Overfitting | None:
    """On the days that all results have; of very many results on an even choice of them."""
    chosen = ran[:: max(1, math.ceil(len(ran) / _MOST_JUDGED))]
    first = max((result.first_day for result in chosen), default=0)
    series = [returns_of(result) for result in chosen]
    days = {len(one) for one in series} if all(result.first_day == first for result in chosen) else set()
    if len(days) != 1:
        return None
    try:
        return backtest_overfitting(np.column_stack(series), BLOCKS)
    except TooLittleError:
        return None


def _around(results: Sequence[Result], best: Result, aim: Aim, axes: Sequence[Axis]) -> Neighborhood:
    figures = np.array([value_of(result, aim) for result in results])
    figures[~np.isfinite(figures)] = np.nan
    shape = tuple(len(axis.values) for axis in axes)
    place = tuple(axis.values.index(value) for axis, (_, value) in zip(axes, best.point, strict=True))
    return neighborhood(figures.reshape(shape), place)


def confirmed(job: Job, result: Result) -> Result:
    """`result`, run once more in this process, through `exact`.

    Raises:
        SearchError: where it does not come out the same, to the bit.
    """
    again = result_of(outcome_at(job, result.point), result.point)
    if again != result:
        raise SearchError(
            f"{describe(result.point)} does not come out again: "
            f"{again.figures} instead of {result.figures}; delete the results file and search anew"
        )
    return again


def describe(point: Point) -> str:
    """A point as people write it."""
    return ", ".join(f"{name}={value}" for name, value in point) or "the settings as they are"
