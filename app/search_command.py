"""`companion sweep`, `optimize` and `walkforward`: read the quotes, let a crew run the settings, tell the rest."""

import contextlib
import hashlib
import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn, TimeRemainingColumn

from app.backtest_command import job_of, origin_of, settings_of
from app.backtest_options import QuoteOptions, SearchOptions
from app.console import CommandError, ExitCode
from app.folders import check_writable
from app.report_command import tell_pages
from app.search_view import plain_findings, plain_walk, show_findings, show_walk
from app.settings import ServiceSettings
from backtest.folds import Cut
from backtest.job import Job
from backtest.monte_carlo import TRIALS, monte_carlo
from backtest.pages.walk_page import page_of_search, walk_page
from backtest.pages.writing import write_pages
from backtest.search.crew import Crew, DaskCrew, LocalCrew, OneProcess
from backtest.search.evaluation import head_of
from backtest.search.figures import OBJECTIVES
from backtest.search.ledger import Ledger, Result
from backtest.search.record import RECORD, RESULTS, Walked, record_of, write_record
from backtest.search.sampling import sampled
from backtest.search.space import Axis, SpaceError, axis_from, grid, settings_at
from backtest.search.sweep import Aim, Work, confirmed, judgment, laid_out
from backtest.search.sweep import Progress as Told
from backtest.search.walkforward import walk_forward
from strategy.refusals import SettingsError

SEARCH: Final = "search"


class _Search(msgspec.Struct, frozen=True):
    """What was typed, understood."""

    job: Job
    axes: tuple[Axis, ...]
    aim: Aim
    crew: Crew
    folder: Path


class _Found(msgspec.Struct, frozen=True):
    """What was run; `axes` are those of a grid, whose points `results` are in order."""

    kind: str
    results: tuple[Result, ...]
    axes: tuple[Axis, ...] | None = None


def run_sweep(quotes: QuoteOptions, options: SearchOptions, console: Console) -> None:
    """Every combination."""
    search = _understood(quotes, options, "sweep")
    points = list(grid(search.axes))
    with _progress(console, quiet=options.as_json) as tell, _at_work(search) as (work, ledger):
        results = work.results(points, search.crew, ledger, tell)
    _tell(_Found("sweep", tuple(results), search.axes), search, quotes, options, console)


def run_optimize(quotes: QuoteOptions, options: SearchOptions, console: Console, *, trials: int, seed: int) -> None:
    """As many combinations as `trials`, chosen by what the ones before came to."""
    search = _understood(quotes, options, f"optimize {trials} {seed}")
    with _progress(console, quiet=options.as_json) as tell, _at_work(search) as (work, ledger):
        results = sampled(
            work, search.axes, search.aim, search.crew, ledger, trials=trials, seed=seed, on_progress=tell
        )
    _tell(_Found("optimize", tuple(results)), search, quotes, options, console)


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
    walked = Walked(cut=cut, found=found, odds=odds)
    record = record_of("walkforward", search.job, origin_of(quotes), search.aim, search.axes, walked=walked)
    write_record(record, search.folder)
    pages = write_pages(walk_page(record, walked), search.folder)
    if options.as_json:
        told = plain_walk(found) | {"monte_carlo": odds}
        console.print(msgspec.json.format(msgspec.json.encode(told), indent=2).decode(), soft_wrap=True)
        return
    tell_pages(pages, search.folder, RECORD, console)
    show_walk(found, search.aim, odds, console)


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


def _tell(ran: _Found, search: _Search, quotes: QuoteOptions, options: SearchOptions, console: Console) -> None:
    found = judgment(ran.results, search.aim, ran.axes)
    confirmed(search.job, found.best)
    tried = () if ran.axes else tuple(result.point for result in ran.results)
    record = record_of(ran.kind, search.job, origin_of(quotes), search.aim, search.axes, tried=tried, found=found)
    write_record(record, search.folder)
    pages = write_pages(page_of_search(record, ran.results), search.folder)
    if options.as_json:
        told = plain_findings(found, ran.results, search.aim)
        console.print(msgspec.json.format(msgspec.json.encode(told), indent=2).decode(), soft_wrap=True)
        return
    show_findings(found, ran.results, search.aim, console, confirmed=True)
    tell_pages(pages, search.folder, RECORD, console)
