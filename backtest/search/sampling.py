"""A search that learns where to look: Optuna's tree-structured Parzen estimator over the values of the axes."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from backtest.search.crew import Crew
from backtest.search.ledger import Ledger, Result
from backtest.search.space import Axis, Point, Value
from backtest.search.sweep import Aim, Progress, SearchError, Work, value_of

if TYPE_CHECKING:
    import optuna

BATCH: Final = 8
"""Points asked for at once, however many workers there are: the same seed tries the same points on any machine."""


def sampled(
    work: Work,
    axes: Sequence[Axis],
    aim: Aim,
    crew: Crew,
    ledger: Ledger,
    *,
    trials: int,
    seed: int,
    on_progress: Progress | None = None,
) -> list[Result]:
    """Results of up to `trials` different points, in the order in which they were asked for.

    A point that is proposed again is not run again. An interrupted search asks for the same points as before, finds
    them in `ledger`, and goes on.

    Raises:
        SearchError: without Optuna, which is in the extra `backtest`.
    """
    study = _study(seed)
    found: dict[Point, Result] = {}
    proposed = 0
    while proposed < trials:
        asked = [study.ask() for _ in range(min(BATCH, trials - proposed))]
        proposed += len(asked)
        points = [_point(trial, axes) for trial in asked]
        for trial, point, result in zip(asked, points, work.results(points, crew, ledger), strict=True):
            found[point] = result
            value = value_of(result, aim)
            if math.isfinite(value):
                study.tell(trial, value)
            else:
                study.tell(trial, state=_failed())
        if on_progress is not None:
            on_progress(proposed, trials)
    return list(found.values())


def _point(trial: "optuna.Trial", axes: Sequence[Axis]) -> Point:
    return tuple((axis.name, _chosen(trial, axis)) for axis in axes)


def _chosen(trial: "optuna.Trial", axis: Axis) -> Value:
    if isinstance(axis.values[0], str):
        return axis.values[trial.suggest_categorical(axis.name, range(len(axis.values)))]
    # by place, not by value: a list of any numbers has an order that the sampler may use
    return axis.values[trial.suggest_int(axis.name, 0, len(axis.values) - 1)]


def _study(seed: int) -> "optuna.Study":
    try:
        import optuna  # noqa: PLC0415 - an extra, and slow to import
    except ImportError as problem:
        raise SearchError("optimizing needs the extra: pip install 'mt5-companion[backtest]'") from problem
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    sampler = optuna.samplers.TPESampler(seed=seed, multivariate=False)
    return optuna.create_study(direction="maximize", sampler=sampler)


def _failed() -> "optuna.trial.TrialState":
    from optuna.trial import TrialState  # noqa: PLC0415 - as above

    return TrialState.FAIL
