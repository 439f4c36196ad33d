"""What to import of files and folders: each file by itself, Dukascopy's hours and days a month at a time."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import numpy as np

from marketdata.dukascopy import SUFFIX, month_of
from marketdata.files import load_quotes
from marketdata.quotes import ImportNote, QuoteFile, QuoteFileError
from marketdata.reports import ImportOptions

_READ: Final = (".csv", ".txt", ".tsv", ".json", ".parquet", ".pq", ".gz", ".zip", SUFFIX)


class Portion(NamedTuple):
    """What is imported in one go: `files` in the order of their time, and what to call them."""

    name: Path
    files: tuple[Path, ...]


def portions(paths: Iterable[Path]) -> list[Portion]:
    """Files as they were named; of folders all files that may hold quotes, in order of their names."""
    found: dict[Path, list[Path]] = {}
    for path in paths:
        files = sorted(file for file in path.rglob("*") if _may_hold_quotes(file)) if path.is_dir() else [path]
        for file in files:
            found.setdefault(month_of(file) or file, []).append(file)
    return [Portion(name, tuple(files)) for name, files in found.items()]


def _may_hold_quotes(path: Path) -> bool:
    return path.is_file() and path.name.lower().endswith(_READ) and not path.name.startswith(".")


def load_portion(portion: Portion, options: ImportOptions) -> QuoteFile:
    """The quotes of all its files one after another; empty hours of Dukascopy's, in which nothing is traded, are none.

    Raises:
        QuoteFileError: for the first file that cannot be used, and where all are empty.
    """
    if len(portion.files) == 1:
        return _load(portion.files[0], options)
    loaded = [_load(file, options) for file in portion.files if file.stat().st_size]
    if not loaded:
        raise QuoteFileError(portion.name, field="files", problem="are all empty", remedy="fetch them again")
    ticks = [file.ticks for file in loaded if file.ticks is not None]
    bars = [file.bars for file in loaded if file.bars is not None]
    return msgspec.structs.replace(
        loaded[0],
        path=portion.name,
        notes=_summed([note for file in loaded for note in file.notes]),
        ticks=np.concatenate(ticks) if ticks else None,
        bars=np.concatenate(bars) if bars else None,
        row_numbers=None,
    )


def _load(path: Path, options: ImportOptions) -> QuoteFile:
    return load_quotes(
        path, symbol=options.symbol, timeframe=options.timeframe, digits=options.digits, crossed=options.crossed
    )


def _summed(notes: list[ImportNote]) -> tuple[ImportNote, ...]:
    """One note of each kind and reason; row numbers mean nothing over many files."""
    kinds: dict[tuple[str, str], ImportNote] = {}
    for note in notes:
        before = kinds.get((note.kind, note.reason))
        rows = note.rows + (0 if before is None else before.rows)
        kinds[note.kind, note.reason] = msgspec.structs.replace(note, rows=rows, first_row=None, last_row=None)
    return tuple(kinds.values())
