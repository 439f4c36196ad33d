"""`companion backtest` on data: read, run, show, and leave a folder of tables behind."""

import contextlib
import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TimeElapsedColumn

from app.backtest_costs import with_costs
from app.backtest_job import TICKS, Loaded, Wanted, job_from_files, job_from_store
from app.backtest_options import QuoteOptions, ResultOptions
from app.beside_vectorbt import beside_vectorbt, show_beside
from app.choices import check_files, chosen
from app.console import CommandError, ExitCode
from app.folders import BACKTEST, check_writable, fresh_folder
from app.playback import Playback
from app.played_calendar import board_of_files
from app.report_command import tell_pages, tell_report
from app.settings import ServiceSettings, load_settings
from app.timeframe_names import timeframe_named
from app.version import own_version
from backtest.exact import Progress as Told
from backtest.exact import run_exact
from backtest.facts import Origin, ReadNote
from backtest.folder import REPORT, write_report
from backtest.job import Job
from backtest.pages.run_page import page_of
from backtest.pages.writing import write_pages
from backtest.recorded import read_recorded
from backtest.report import report_of
from backtest.vbt import imported_vectorbt
from domain.timeframes import Timeframe
from marketdata import CrossedQuotes, TickModel
from marketdata.findings import Verdict, of_note
from marketdata.quotes import ImportNote

MARKET: Final = "market"


def run_backtest(quotes: QuoteOptions, wanted: ResultOptions, console: Console) -> bool:
    """Run it; whether the Sharpe ratio is at least what was asked for, and vectorbt, if it was asked, agrees."""
    if wanted.vectorbt:
        imported_vectorbt()  # where it is missing, that is told before a long run
    settings = settings_of(quotes)
    job, read = loaded(quotes, settings)
    folder = wanted.out or _own_folder(settings, keep=wanted.keep)
    with _progress(console, quiet=wanted.as_json) as tell:
        outcome = run_exact(job, keep_decisions=wanted.vectorbt, on_progress=tell)
    beside = beside_vectorbt(outcome) if wanted.vectorbt else None
    report = report_of(outcome, origin_of(quotes, read), trials=wanted.monte_carlo)
    if beside is not None:
        report = msgspec.structs.replace(report, vectorbt=beside.comparison)
    write_report(outcome, report, folder)
    pages = write_pages(page_of(read_recorded(folder)), folder)
    tell_report(report, console, as_json=wanted.as_json)
    if beside is not None:
        told = beside.written_to(folder)
        if not wanted.as_json:
            show_beside(beside, told, console)
    if not wanted.as_json:
        tell_pages(pages, folder, REPORT, console)
        console.print(f"Sharpe Ratio: {report.daily.sharpe:.2f}")
    is_good = wanted.min_sharpe is None or report.daily.sharpe >= wanted.min_sharpe
    return is_good and (beside is None or beside.comparison.agrees)


def settings_of(options: QuoteOptions) -> ServiceSettings:
    """The settings of live trading, on the charts that were asked for."""
    return load_settings(**({"timeframes": options.timeframes} if options.timeframes else {}))


def job_of(options: QuoteOptions, settings: ServiceSettings) -> Job:
    """The backtest that was asked for, as `loaded`."""
    return loaded(options, settings).job


def loaded(options: QuoteOptions, settings: ServiceSettings) -> Loaded:
    """The backtest that was asked for, and what reading its files took.

    Raises:
        CommandError: for files that are not there, words that mean nothing, and bars too coarse for the charts.
    """
    job, read = _loaded(options, settings)
    _refuse_fine_charts(job)
    board = board_of_files(tuple(options.calendar), tuple(job.ticks), settings.news) if options.calendar else None
    return Loaded(with_costs(dataclasses.replace(job, news=board), options.swap), read)


def _loaded(options: QuoteOptions, settings: ServiceSettings) -> Loaded:
    engine, model = settings.engine(), chosen(TickModel, "--ticks", options.ticks)
    check_files((*options.files, *options.calendar))
    if options.symbols:
        frame = options.timeframe or ""
        wanted = Wanted(
            root=options.store or settings.data_dir / MARKET,
            symbols=options.symbols,
            timeframe=None if frame.lower() == TICKS else timeframe_named(frame or Timeframe.M1.name),
            source=options.source,
            first=options.first,
            last=options.last,
            ticks=model,
        )
        return job_from_store(wanted, engine, options.clock, options.deposit)
    playback = Playback(
        files=tuple(str(file.resolve()) for file in options.files),
        symbol=options.symbol,
        timeframe=timeframe_named(options.timeframe),
        crossed=chosen(CrossedQuotes, "--crossed", options.crossed),
        ticks=model,
    )
    return job_from_files(playback, engine, options.clock, options.deposit)


def _refuse_fine_charts(job: Job) -> None:
    """Four quotes an hour make no M15 bars."""
    finest = min(job.settings.timeframes, key=lambda timeframe: timeframe.seconds)
    for symbol, ticks in job.ticks.items():
        gaps_s = np.diff(ticks["time_msc"]) / 1000.0
        if gaps_s.size and 2.0 * float(np.median(gaps_s)) >= finest.seconds:
            problem = f"{symbol}: the quotes are too far apart for charts of {finest.name}"
            raise CommandError(problem, "name charts not finer than the bars, such as --charts H1", ExitCode.USAGE)


def _own_folder(settings: ServiceSettings, *, keep: bool) -> Path:
    check_writable(settings.data_dir)
    return fresh_folder(settings.data_dir, BACKTEST, keep=keep)


@contextlib.contextmanager
def _progress(console: Console, *, quiet: bool) -> Iterator[Told | None]:
    """Shows how far the run is, where somebody can watch."""
    if quiet or not console.is_terminal:
        yield None
        return
    with Progress(BarColumn(), TaskProgressColumn(), TimeElapsedColumn(), console=console, transient=True) as progress:
        task = progress.add_task("", total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def origin_of(options: QuoteOptions, read: Sequence[tuple[str, ImportNote]] = ()) -> Origin:
    """What a report says of where its run comes from; `read` is what reading the files took."""
    return Origin(
        version=own_version(),
        quotes=tuple(file.name for file in options.files) or tuple(f"the store: {name}" for name in options.symbols),
        calendars=tuple(file.name for file in options.calendar),
        notes=tuple(_read_note(file, note) for file, note in read),
    )


def _read_note(file: str, note: ImportNote) -> ReadNote:
    repaired = of_note(note).verdict is Verdict.REPAIRED
    return ReadNote(file=file, kind=note.kind, rows=note.rows, detail=note.reason, repaired=repaired)
