"""Text files of quotes: from bytes to columns of cells, whatever the encoding, the separator and the line ends."""

import gzip
import io
import lzma
import zipfile
import zlib
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.csv

from marketdata.columns import is_header, plain_name
from marketdata.histdata import TICK_COLUMNS, is_tick_line
from marketdata.quotes import ImportLog, Ints, NoteKind

_GZIP: Final = b"\x1f\x8b"
_ZIP: Final = b"PK\x03\x04"
_UTF8_MARK: Final = b"\xef\xbb\xbf"
_UTF16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")
_SEPARATORS: Final = "\t;,"
_HEADERLESS: Final = {
    5: ("time", "open", "high", "low", "close"),
    6: ("time", "open", "high", "low", "close", "tick_volume"),
    7: ("date", "time", "open", "high", "low", "close", "tick_volume"),
}
_CUT_LINE: Final = "the line is broken, as by a cut export"
_LONGEST_LINE: Final = 1 << 20


class TextFile(NamedTuple):
    """A text file before its body is read: what `columns` it has, and after how many lines the data begins."""

    data: bytes
    separator: str
    columns: tuple[str, ...]
    lines_before: int
    has_header: bool
    sample: str
    """The last of the first lines: a row of the body, where there is one."""


class TextRows(NamedTuple):
    """The body: a column of cells for each wanted name, and each row's line number in the file."""

    cells: dict[str, pa.Array]
    rows: Ints


def stored_bytes(path: Path, log: ImportLog) -> bytes:
    """The file as it is.

    Raises:
        QuoteFileError: where it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise log.refusal("file", f"cannot be read ({error})", "check the path") from error


def file_bytes(path: Path, log: ImportLog) -> bytes:
    """The file, unpacked.

    Raises:
        QuoteFileError: where it cannot be read, is an archive or is empty.
    """
    data = stored_bytes(path, log)
    try:
        if data.startswith(_GZIP):
            data = gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        raise log.refusal("file", f"cannot be unpacked ({error})", "check that the copy is complete") from error
    if data.startswith(_ZIP):
        data = _unzipped(data, log)
    if not data.strip():
        raise log.refusal("file", "is empty", "export it again")
    return data


def _unzipped(data: bytes, log: ImportLog) -> bytes:
    """The one table of an archive, as HistData packs it beside a text on its gaps."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            tables = [name for name in archive.namelist() if name.lower().endswith(".csv")]
            found = archive.read(tables[0]) if len(tables) == 1 else b""
    except (zipfile.BadZipFile, zlib.error, EOFError, lzma.LZMAError, OSError, RuntimeError, ValueError) as error:
        raise log.refusal("file", f"cannot be unpacked ({error})", "check that the copy is complete") from error
    if len(tables) != 1:
        problem = f"is a zip archive with {len(tables)} .csv files"
        raise log.refusal("file", problem, "unpack it and pass the file inside")
    return found


def opened_text(data: bytes, log: ImportLog) -> TextFile:
    """Find encoding, separator and header.

    Raises:
        QuoteFileError: where the first lines are neither a known header nor plain bars.
    """
    data = _utf8(data, log)
    lines = _first_lines(data)
    if not lines:
        raise log.refusal("file", "is empty", "export it again")
    separator = max(_SEPARATORS, key=lambda sign: sum(line.count(sign) for _, line in lines))
    for place, (number, line) in enumerate(lines):
        columns = tuple(line.split(separator))
        if is_header(columns):
            if place:
                log.note(NoteKind.CORRUPT_LINE, "no part of the table; dropped", np.array([lines[0][0]]))
            return TextFile(data, separator, columns, number, has_header=True, sample=lines[-1][1])
    columns = _columns_without_header(lines, separator, log)
    return TextFile(data, separator, columns, 0, has_header=False, sample=lines[-1][1])


def read_rows(text: TextFile, wanted: tuple[str, ...], log: ImportLog) -> TextRows:
    """Read the `wanted` columns of the body; blank lines count as lines and are left out.

    Raises:
        QuoteFileError: for a line with too few or too many cells, unless it is the first or the last.
    """
    misshapen: dict[int, int] = {}
    blank: set[int] = set()

    def on_misshapen(row: pyarrow.csv.InvalidRow) -> str:
        if row.text.strip():
            misshapen[row.number] = row.actual_columns
        else:
            blank.add(row.number)
        return "skip"

    table = _parsed_body(text, wanted, on_misshapen, log)
    rows = _line_numbers(text.lines_before, table.num_rows, sorted(misshapen.keys() | blank))
    _judge_misshapen(misshapen, rows, len(text.columns), log)
    cells = {name: table.column(name).combine_chunks() for name in wanted}
    has_cells = np.zeros(table.num_rows, dtype=np.bool_)
    for column in cells.values():
        has_cells |= np.asarray(pa.compute.binary_length(column).to_numpy(zero_copy_only=False)) > 0
    if not has_cells.all():
        cells = {name: column.filter(pa.array(has_cells)) for name, column in cells.items()}
    return TextRows(cells, rows[has_cells])


def _utf8(data: bytes, log: ImportLog) -> bytes:
    """`data` as valid UTF-8 with LF line ends at least; MT5 itself writes UTF-16 in some dialogs."""
    if data.startswith(_UTF16_MARKS):
        data = data.decode("utf-16", errors="replace").encode()
    elif data[1:64:2].strip(b"\0") == b"" and len(data) > 1:
        data = data.decode("utf-16-le", errors="replace").encode()
    data = data.removeprefix(_UTF8_MARK)
    if not data.isascii():
        data = data.decode("utf-8", errors="replace").encode()
    if b"\0" in data[:4096]:
        raise log.refusal("file", "is binary", "pass a CSV or Parquet file")
    return data if b"\n" in data else data.replace(b"\r", b"\n")


def _first_lines(data: bytes) -> list[tuple[int, str]]:
    """The first two lines that are not blank, with their numbers."""
    found = []
    for number, line in enumerate(data[:_LONGEST_LINE].split(b"\n"), start=1):
        if line.strip():
            found.append((number, line.decode("utf-8", errors="replace").strip("\r")))
        if len(found) == 2:  # noqa: PLR2004 - a header may hide below one line of something else
            break
    return found


def _columns_without_header(lines: list[tuple[int, str]], separator: str, log: ImportLog) -> tuple[str, ...]:
    """The usual order of bars, where the last line looked at is one; a header that we cannot read is refused."""
    cells = lines[-1][1].split(separator)
    if is_tick_line(lines[-1][1]):
        log.note(NoteKind.NO_HEADER, f"columns are {', '.join(TICK_COLUMNS)}, as HistData writes ticks")
        return TICK_COLUMNS
    columns = _HEADERLESS.get(len(cells))
    first_is_data = sum(_is_number(cell) for cell in lines[0][1].split(separator)) > len(_HEADERLESS[5]) // 2
    prices_read = columns is not None and all(_is_number(cells[columns.index(name)]) for name in ("open", "close"))
    if columns is None or not first_is_data or not prices_read:
        remedy = "the first line must name the columns: time, bid, ask or time, open, high, low, close, ..."
        raise log.refusal("header", f"cannot be understood: {lines[0][1][:80]!r}", remedy, lines[0][0])
    log.note(NoteKind.NO_HEADER, f"columns taken as {', '.join(columns)}, the high and low agree with it")
    return columns


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _parsed_body(text: TextFile, wanted: tuple[str, ...], on_misshapen: object, log: ImportLog) -> pa.Table:
    names = _unique(text.columns)
    options = {
        # rows are numbered only when one thread reads
        "read_options": pa.csv.ReadOptions(use_threads=False, skip_rows=text.lines_before, column_names=names),
        "parse_options": pa.csv.ParseOptions(
            delimiter=text.separator,
            quote_char='"' if b'"' in text.data[:_LONGEST_LINE] else False,
            ignore_empty_lines=False,
            invalid_row_handler=on_misshapen,
        ),
        "convert_options": pa.csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), include_columns=list(wanted), strings_can_be_null=False
        ),
    }
    try:
        return pa.csv.read_csv(pa.BufferReader(text.data), **options)
    except pa.ArrowException as error:
        raise log.refusal("file", f"is no table ({error})", "export it again") from error


def _unique(columns: tuple[str, ...]) -> list[str]:
    """Names for pyarrow, which wants each once; a repeated one is never read."""
    seen: set[str] = set()
    names = []
    for place, column in enumerate(columns):
        names.append(f"{plain_name(column)}#{place}" if column in seen else column)
        seen.add(column)
    return names


def _line_numbers(lines_before: int, read: int, skipped: list[int]) -> Ints:
    numbers = np.arange(lines_before + 1, lines_before + 1 + read + len(skipped), dtype=np.int64)
    return np.setdiff1d(numbers, np.array(skipped, dtype=np.int64), assume_unique=True)


def _judge_misshapen(misshapen: dict[int, int], rows: Ints, expected: int, log: ImportLog) -> None:
    if not misshapen:
        return
    numbers = np.array(sorted(misshapen), dtype=np.int64)
    first, last = min(numbers[0], rows.min(initial=numbers[0])), max(numbers[-1], rows.max(initial=0))
    within = [number for number in numbers if first < number < last]
    if within or not rows.size:
        row = int(within[0] if within else numbers[0])
        problem = f"have {misshapen[row]} cells where the file has {expected} columns"
        raise log.refusal("columns", problem, "correct the line or export the file again", row)
    log.note(NoteKind.CORRUPT_LINE, f"{_CUT_LINE}; dropped", numbers)
