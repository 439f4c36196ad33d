"""`companion report`: the table, the HTML and the Markdown of a run, from what it left on disk."""

from pathlib import Path

from rich.console import Console
from rich.markup import escape

from app.backtest_view import show_report
from app.console import CommandError
from app.folders import BACKTEST
from app.search_view import show_findings, show_walk
from app.settings import load_settings
from backtest.document import json_of
from backtest.folder import REPORT
from backtest.pages.run_page import page_of
from backtest.pages.walk_page import page_of_search
from backtest.pages.writing import Written, write_pages
from backtest.recorded import read_recorded
from backtest.report import Report
from backtest.search.record import RECORD, read_record, read_results


def run_report(named: Path | None, console: Console, *, as_json: bool) -> None:
    """Write the pages of the run in the folder `named` anew, and print its table; not named, the last backtest.

    Raises:
        CommandError: for a folder that holds no results of ours.
        RecordError: for one that is damaged, or of another version.
    """
    folder = named or load_settings().data_dir / BACKTEST
    if not folder.is_dir():
        raise CommandError(f"{folder} is no folder", "name the one that a run has written to, such as the one of --out")
    if (folder / REPORT).exists():
        _again(folder, console, as_json=as_json)
    elif (folder / RECORD).exists():
        _search_again(folder, console, as_json=as_json)
    else:
        remedy = "name the one that `companion backtest`, `sweep`, `optimize` or `walkforward` has written to"
        raise CommandError(f"{folder} holds no results: there is neither {REPORT} nor {RECORD} in it", remedy)


def _again(folder: Path, console: Console, *, as_json: bool) -> None:
    recorded = read_recorded(folder)
    pages = write_pages(page_of(recorded), folder)
    tell_report(recorded.report, console, as_json=as_json)
    if not as_json:
        tell_pages(pages, folder, REPORT, console)


def _search_again(folder: Path, console: Console, *, as_json: bool) -> None:
    record = read_record(folder)
    results = read_results(folder, record) if record.judged is not None else ()
    pages = write_pages(page_of_search(record, results), folder)
    if as_json:
        console.print(json_of(record).decode().rstrip(), markup=False, soft_wrap=True)
        return
    if record.judged is not None:
        show_findings(record.judged.judgment(), results, record.aim, console)
    tell_pages(pages, folder, RECORD, console)
    if record.walked is not None:
        show_walk(record.walked.found, record.aim, record.walked.odds, console)


def tell_report(report: Report, console: Console, *, as_json: bool) -> None:
    """Print `report` as a table, or as JSON."""
    if as_json:
        console.print(json_of(report).decode().rstrip(), markup=False, soft_wrap=True)
    else:
        show_report(report, console)


def tell_pages(pages: Written, folder: Path, figures: str, console: Console) -> None:
    """Say where the pages are, and that the file `figures` and others are beside them."""
    told = f"report: {folder / pages.names[0]}, with {figures} and what it is made of beside it"
    console.print(told, soft_wrap=True, markup=False)
    if pages.lacking:
        console.print(f"[yellow]note[/]   {escape(pages.lacking)}", soft_wrap=True)
