"""What `companion data` does: options as people write them, one report a file, and the store they go into."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec
from rich.console import Console

from app.choices import chosen
from app.console import CommandError, ExitCode
from app.data_options import FileOptions
from app.data_view import print_rows, show_report, show_series
from app.folders import check_writable
from app.settings import load_settings
from app.timeframe_names import timeframe_named
from bridge.files import FolderInUseError, FolderLock
from domain.serverclock import ServerClock, clock_named
from marketdata import CrossedQuotes, MarketStore, Overlap
from marketdata.gathering import Portion, portions
from marketdata.importing import examined, imported
from marketdata.reports import ALLOWABLE, ImportOptions, ImportReport
from marketdata.series import series_in

MARKET: Final = "market"
_LOCK: Final = ".lock"


def run_import(typed: FileOptions, overlap: str, console: Console) -> bool:
    """Import; whether every file was taken."""
    options, store = _understood(typed, overlap), _store(typed.store)
    found = _portions(typed.files)
    check_writable(store.root)
    try:
        lock = FolderLock(store.root / _LOCK)
    except FolderInUseError:
        remedy = "wait until the other import has ended"
        raise CommandError(
            f"{store.root} is being imported into by another process", remedy, ExitCode.PROCESS
        ) from None
    with lock:
        return _told((imported(portion, options, store) for portion in found), console, as_json=typed.as_json)


def run_check(typed: FileOptions, console: Console) -> bool:
    """Say what an import would do; whether it would take every file."""
    options, store = _understood(typed), _store(typed.store)
    reports = (examined(portion, options, store).report for portion in _portions(typed.files))
    return _told(reports, console, as_json=typed.as_json)


def _understood(typed: FileOptions, overlap: str = Overlap.REFUSE) -> ImportOptions:
    """What was typed, as an import takes it; `overlap` is what to do with rows that differ from stored ones.

    Raises:
        CommandError: for what no option can be.
    """
    return ImportOptions(
        source=typed.source,
        symbol=typed.symbol,
        timeframe=timeframe_named(typed.timeframe),
        digits=typed.digits,
        clock=None if typed.clock is None else _clock(typed.clock),
        crossed=chosen(CrossedQuotes, "--crossed", typed.crossed),
        overlap=chosen(Overlap, "--overlap", overlap),
        allowed=frozenset(map(_allowable, typed.allow)),
        strict=typed.strict,
        from_s=_moment("--from", typed.first),
        to_s=_moment("--to", typed.last),
    )


def run_list(folder: Path | None, console: Console, *, as_json: bool) -> None:
    """Show what is stored."""
    store = _store(folder)
    series = [store.summary(key) for key in store.series()]
    if as_json:
        print(msgspec.json.encode(series).decode())  # noqa: T201 - the result
        return
    if not series:
        raise CommandError(f"nothing is stored in {store.root}", "`companion data import FILE...` stores something")
    show_series(series, store.root, console)


def run_query(sql: str, folder: Path | None, console: Console, *, as_json: bool) -> None:
    """Print what DuckDB answers."""
    store = _store(folder)
    if not series_in(store.root):
        raise CommandError(f"nothing is stored in {store.root}", "`companion data import FILE...` stores something")
    columns, rows = store.answer(sql)
    if as_json:
        found = [dict(zip(columns, row, strict=True)) for row in rows]
        print(msgspec.json.encode(found, enc_hook=str).decode())  # noqa: T201 - the result
        return
    print_rows(columns, rows, console)


def _store(folder: Path | None) -> MarketStore:
    return MarketStore(load_settings().data_dir / MARKET if folder is None else folder.expanduser())


def _portions(files: Sequence[Path]) -> list[Portion]:
    missing = [str(file) for file in files if not file.exists()]
    if missing:
        raise CommandError(f"no such file: {', '.join(missing)}", "name files or folders with quotes")
    found = portions(files)
    if not found:
        names = ", ".join(map(str, files))
        raise CommandError(f"no file in {names} may hold quotes", "name the files themselves")
    return found


def _told(reports: Iterator[ImportReport], console: Console, *, as_json: bool) -> bool:
    """Print each report as soon as it is there; whether all files are usable."""
    told = []
    for report in reports:
        told.append(report)
        if not as_json:
            show_report(report, console)
    if as_json:
        print(msgspec.json.encode(told).decode())  # noqa: T201 - the result
    return all(report.usable for report in told)


def _clock(name: str) -> ServerClock:
    try:
        return clock_named(name)
    except ValueError as unknown:
        raise CommandError(f"--clock: {unknown}", code=ExitCode.USAGE) from None


def _allowable(rule: str) -> str:
    if rule not in ALLOWABLE:
        raise CommandError(f"--allow {rule}: a person may allow {', '.join(ALLOWABLE)}", code=ExitCode.USAGE)
    return rule


def _moment(option: str, text: str) -> int | None:
    if not text:
        return None
    try:
        return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())
    except ValueError:
        problem = f"{option} {text}: write a date or a time, as 2025-01-31 or 2025-01-31T14:00"
        raise CommandError(problem, code=ExitCode.USAGE) from None
