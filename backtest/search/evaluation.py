"""One point of a search, run: the backtest with these settings, and what a search keeps of it."""

import dataclasses
import hashlib
from pathlib import Path

import msgspec
import numpy as np

from backtest.compiled.preparing import Shared
from backtest.exact import Outcome, run_exact
from backtest.job import Job
from backtest.search.figures import Figures, figures_of
from backtest.search.ledger import Head, Result
from backtest.search.material import JobMaterial
from backtest.search.space import Point, SpaceError, settings_at
from backtest.search.swift import swift_figures
from domain.jit import kernel_fingerprint
from strategy.refusals import SettingsError


def returns_of(result: Result) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Daily returns of a result [fraction], shape (days,)."""
    return np.frombuffer(result.returns, "<f8").astype(np.float64)


def evaluated(job: Job, point: Point, shared: Shared | None = None) -> Result:
    """`job` with the settings of `point`, run to its end; a point that the settings refuse says why instead.

    It is run compiled where that is the same, else through `exact`; `shared` belongs to runs over the same quotes.
    """
    try:
        at = _job_at(job, point)
    except (SettingsError, SpaceError) as problem:
        return Result(point=point, refused=str(problem))
    found = swift_figures(at, Shared(at) if shared is None else shared)
    return _result(point, figures_of(run_exact(at)) if found is None else found)


def outcome_at(job: Job, point: Point) -> Outcome:
    """`job` with the settings of `point`, run to its end through `exact`.

    Raises:
        SettingsError, SpaceError: for a point that is no settings.
    """
    return run_exact(_job_at(job, point))


def result_of(outcome: Outcome, point: Point) -> Result:
    """What a search keeps of `outcome`."""
    return _result(point, figures_of(outcome))


def _job_at(job: Job, point: Point) -> Job:
    return dataclasses.replace(job, settings=settings_at(job.settings, point))


def _result(point: Point, found: Figures) -> Result:
    return Result(point=point, figures=found.named, returns=found.returns, first_day=found.first_day)


def evaluated_chunk(material: JobMaterial, points: tuple[Point, ...]) -> list[Result]:
    """The work of a crew: some points of a search, each run on the same job."""
    job, shared = material.job(), material.shared()
    return [evaluated(job, point, shared) for point in points]


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
