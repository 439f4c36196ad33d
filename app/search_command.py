"""`companion sweep`, `optimize` and `walkforward`: read the quotes, let a crew run the settings, tell the rest."""

import contextlib
import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn, TimeRemainingColumn

from app.backtest_command import job_of, settings_of
from app.backtest_options import QuoteOptions, SearchOptions
from app.console import CommandError, ExitCode
from app.folders import check_writable
from app.search_view import plain_findings, plain_walk, show_findings, show_walk
from app.settings import ServiceSettings
from backtest.folds import Cut
from backtest.job import Job
from backtest.monte_carlo import TRIALS, monte_carlo
from backtest.search.crew import Crew, DaskCrew, LocalCrew, OneProcess
from backtest.search.evaluation import OBJECTIVES, head_of
from backtest.search.ledger import Ledger, Result
from backtest.search.sampling import sampled
from backtest.search.space import Axis, SpaceError, axis_from, grid, settings_at
from backtest.search.sweep import Aim, Work, confirmed, judgment, laid_out
from backtest.search.sweep import Progress as Told
from backtest.search.walkforward import walk_forward
from strategy.refusals import SettingsError

SEARCH: Final = "search"
RESULTS: Final = "results.jsonl"


class _Search(msgspec.Struct, frozen=True):
    """What was typed, understood."""

    job: Job
    axes: tuple[Axis, ...]
    aim: Aim
    crew: Crew
    folder: Path


def run_sweep(quotes: QuoteOptions, options: SearchOptions, console: Console) -> None:
    """Every combination."""
    search = _understood(quotes, options, "sweep")
    points = list(grid(search.axes))
    with _progress(console, quiet=options.as_json) as tell, _at_work(search) as (work, ledger):
        results = work.results(points, search.crew, ledger, tell)
    _tell(results, search, options, console, axes=search.axes)


def run_optimize(quotes: QuoteOptions, options: SearchOptions, console: Console, *, trials: int, seed: int) -> None:
    """As many combinations as `trials`, chosen by what the ones before came to."""
    search = _understood(quotes, options, f"optimize {trials} {seed}")
    with _progress(console, quiet=options.as_json) as tell, _at_work(search) as (work, ledger):
        results = sampled(
            work, search.axes, search.aim, search.crew, ledger, trials=trials, seed=seed, on_progress=tell
        )
    _tell(results, search, options, console, axes=None)


def run_walk_forward(
    quotes: QuoteOptions, options: SearchOptions, cut: Cut, console: Console, *, trials: int = TRIALS
) -> None:
    """Every combination on each training, the best of them on the test behind it; `trials` of what the tests made."""
    search = _understood(quotes, options, f"walkforward {cut}")
    points = list(grid(search.axes))
    with closing(search.crew), _progress(console, quiet=options.as_json) as tell:
        found = walk_forward(
            search.job,
            points,
            cut,
            search.aim,
            search.crew,
            search.folder,
            lambda number, count, _: tell(number, count) if tell else None,
        )
    odds = monte_carlo(found.trips, search.job.settings.guards.halt_fraction, trials)
    if options.as_json:
        told = plain_walk(found) | {"monte_carlo": odds}
        console.print(msgspec.json.format(msgspec.json.encode(told), indent=2).decode(), soft_wrap=True)
        return
    show_walk(found, search.aim, odds, console)
    console.print(f"results: {search.folder}", soft_wrap=True)


def _understood(quotes: QuoteOptions, options: SearchOptions, what: str) -> _Search:
    quotes.check()
    if options.objective not in OBJECTIVES:
        raise CommandError(f"--objective {options.objective}: use {', '.join(OBJECTIVES)}", code=ExitCode.USAGE)
    settings = settings_of(quotes)
    axes = _axes(options, settings)
    job = job_of(quotes, settings)
    aim = Aim(options.objective, options.min_round_trips)
    return _Search(job, axes, aim, _crew(options), _folder(options, settings, job, what))


def _axes(options: SearchOptions, settings: ServiceSettings) -> tuple[Axis, ...]:
    """The axes; a name that does not exist is found before the quotes are read."""
    try:
        axes = tuple(axis_from(text) for text in options.vary)
        for axis in axes:
            with contextlib.suppress(SettingsError):  # a value that cannot be is one of those refused, later
                settings_at(settings.engine(), ((axis.name, axis.values[0]),))
        next(iter(grid(axes)))
    except SpaceError as problem:
        raise CommandError(f"--vary: {problem}", code=ExitCode.USAGE) from None
    return axes


def _crew(options: SearchOptions) -> Crew:
    if options.cluster is not None:
        return DaskCrew(options.cluster)
    workers = options.workers or len(os.sched_getaffinity(0))
    return OneProcess() if workers == 1 else LocalCrew(workers)


def _folder(options: SearchOptions, settings: ServiceSettings, job: Job, what: str) -> Path:
    """Where the results go: the same search finds its own again."""
    if options.out is not None:
        return options.out
    check_writable(settings.data_dir)
    mark = hashlib.sha256(msgspec.json.encode([head_of(job), sorted(options.vary), what])).hexdigest()[:10]
    return settings.data_dir / SEARCH / f"{what.split(maxsplit=1)[0]}-{mark}"


@contextlib.contextmanager
def _at_work(search: _Search) -> Iterator[tuple[Work, Ledger]]:
    head = head_of(search.job)
    with closing(search.crew), Ledger(search.folder / RESULTS, head) as ledger, laid_out(search.job) as work:
        yield work, ledger


@contextlib.contextmanager
def _progress(console: Console, *, quiet: bool) -> Iterator[Told | None]:
    """Shows how far the search is, where somebody can watch."""
    if quiet or not console.is_terminal:
        yield None
        return
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def _tell(
    results: Sequence[Result],
    search: _Search,
    options: SearchOptions,
    console: Console,
    *,
    axes: tuple[Axis, ...] | None,
) -> None:
    found = judgment(results, search.aim, axes)
    confirmed(search.job, found.best)
    if options.as_json:
        told = plain_findings(found, results, search.aim)
        console.print(msgspec.json.format(msgspec.json.encode(told), indent=2).decode(), soft_wrap=True)
        return
    show_findings(found, results, search.aim, console)
    console.print(f"results: {search.folder / RESULTS}", soft_wrap=True)
