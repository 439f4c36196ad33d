"""A search on disk: what it was, what it found and what that is worth, beside the results it is made of."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from backtest.document import DocumentError, json_of, value_from
from backtest.facts import Origin, RunFacts, facts_of
from backtest.folds import Cut
from backtest.job import Job
from backtest.monte_carlo import MonteCarlo
from backtest.neighborhood import Neighborhood
from backtest.overfitting import Overfitting
from backtest.recorded import DailyReturns, RecordError
from backtest.search.evaluation import returns_of
from backtest.search.ledger import Result, results_in
from backtest.search.space import Axis, Point, grid
from backtest.search.sweep import Aim, Judgment, describe
from backtest.search.walkforward import WalkForward
from domain.timeframes import Timeframe

RECORD: Final = "search.json"
RESULTS: Final = "results.jsonl"
FORMAT: Final = 1

SURE: Final = 0.95
"""Deflated Sharpe ratio from which on the best is held to be more than luck."""

OVERFIT: Final = 0.2
"""Probability of overfitting above which the choice is doubted; 0.5 is no better than drawing lots."""

PLATEAU: Final = 0.7
"""Part of the best that its neighbors reach on average, below which it stands on a needle."""

_MOST_HALVINGS: Final = 2000
_DAY_MS: Final = 86_400_000
_REMEDY: Final = "run the search again: what it has already done is kept"


class Halvings(msgspec.Struct, frozen=True, kw_only=True):
    """`Overfitting`, with an even choice of its halvings: Sharpe ratios per day, in the one half and in the other."""

    probability: float
    loss_probability: float
    slope: float
    in_sample: tuple[float, ...]
    out_of_sample: tuple[float, ...]


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """`Judgment`."""

    best: Result
    trials: int
    refused: int
    luck: float
    deflated_sharpe: float
    overfitting: Halvings | None
    neighborhood: Neighborhood | None

    def judgment(self) -> Judgment:
        """What was judged."""
        found = self.overfitting
        halved = (
            None
            if found is None
            else Overfitting(
                found.probability,
                found.loss_probability,
                found.slope,
                np.array(found.in_sample),
                np.array(found.out_of_sample),
            )
        )
        return Judgment(
            self.best, self.trials, self.refused, self.luck, self.deflated_sharpe, halved, self.neighborhood
        )


class Walked(msgspec.Struct, frozen=True, kw_only=True):
    """A walk-forward: how the history was cut, every step of it, and the odds of the tests' round trips."""

    cut: Cut
    found: WalkForward
    odds: MonteCarlo | None


class SearchRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What a search leaves behind.

    `kind` is sweep, optimize or walkforward; the last has `walked`, the others `judged`. `days` are the broker's that
    had quotes [days since 1970-01-01], `tried` the points of an optimization; a sweep tries all of the grid.
    """

    format: int = FORMAT
    kind: str
    facts: RunFacts
    charts: tuple[str, ...]
    aim: Aim
    axes: tuple[Axis, ...]
    days: tuple[int, ...] = ()
    tried: tuple[Point, ...] = ()
    judged: Judged | None = None
    walked: Walked | None = None


def record_of(
    kind: str,
    job: Job,
    origin: Origin,
    aim: Aim,
    axes: tuple[Axis, ...],
    *,
    tried: tuple[Point, ...] = (),
    found: Judgment | None = None,
    walked: Walked | None = None,
) -> SearchRecord:
    """The record of a search of `axes`: with what was `found`, or what was `walked`."""
    return SearchRecord(
        kind=kind,
        facts=facts_of(job, origin),
        charts=tuple(Timeframe(timeframe).name for timeframe in job.settings.timeframes),
        aim=aim,
        axes=axes,
        days=_days_with_quotes(job),
        tried=tried,
        judged=None if found is None else _judged(found),
        walked=walked,
    )


def _days_with_quotes(job: Job) -> tuple[int, ...]:
    return tuple(
        sorted({day for ticks in job.ticks.values() for day in np.unique(ticks["time_msc"] // _DAY_MS).tolist()})
    )


def daily_of(result: Result, days: Sequence[int]) -> DailyReturns:
    """The returns of `result` with their days, of those that had quotes; spread evenly where these do not tell."""
    returns = returns_of(result)
    known = [day for day in days if day >= result.first_day][: returns.size]
    if len(known) < returns.size:
        last = max(days[-1] if days else 0, result.first_day + returns.size - 1)
        known = np.linspace(result.first_day, last, returns.size).round().astype(np.int64).tolist()
    return DailyReturns(np.array(known, np.int64).astype("datetime64[D]"), returns)


def _judged(found: Judgment) -> Judged:
    halved = found.overfitting
    return Judged(
        best=found.best,
        trials=found.trials,
        refused=found.refused,
        luck=found.luck,
        deflated_sharpe=found.deflated_sharpe,
        overfitting=None if halved is None else _halvings(halved),
        neighborhood=found.neighborhood,
    )


def _halvings(found: Overfitting) -> Halvings:
    step = -(-len(found.in_sample) // _MOST_HALVINGS)
    return Halvings(
        probability=found.probability,
        loss_probability=found.loss_probability,
        slope=found.slope,
        in_sample=tuple(found.in_sample[::step].tolist()),
        out_of_sample=tuple(found.out_of_sample[::step].tolist()),
    )


def write_record(record: SearchRecord, folder: Path) -> None:
    """Write `record` into `folder`, which is made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / RECORD).write_bytes(json_of(record))


def read_record(folder: Path) -> SearchRecord:
    """The search in `folder`.

    Raises:
        RecordError: where there is none, or one that is damaged or of another version.
    """
    path = folder / RECORD
    try:
        found = value_from(path.read_bytes(), SearchRecord)
    except FileNotFoundError:
        raise RecordError(f"{path} is not there; {_REMEDY}") from None
    except DocumentError as problem:
        raise RecordError(f"{path} is damaged, or no record of a search: {problem}; {_REMEDY}") from None
    if found.format != FORMAT:
        raise RecordError(f"{path} is of format {found.format}, this version reads {FORMAT}; {_REMEDY}")
    if (found.judged is None) is (found.walked is None):
        raise RecordError(f"{path} is damaged: it holds no findings; {_REMEDY}")
    return found


def read_results(folder: Path, record: SearchRecord) -> tuple[Result, ...]:
    """The results of the sweep or optimization `record` in `folder`, in the order of its points.

    Raises:
        RecordError: where they are not there, or damaged.
    """
    path = folder / RESULTS
    try:
        found = results_in(path.read_bytes())
        return tuple(found[point] for point in record.tried or grid(record.axes))
    except FileNotFoundError:
        raise RecordError(f"{path} is not there; {_REMEDY}") from None
    except msgspec.MsgspecError as problem:
        raise RecordError(f"{path} is damaged: {problem}; delete it and run the search again") from None
    except KeyError as missing:
        raise RecordError(f"{path} lacks {describe(missing.args[0])}; {_REMEDY}") from None
