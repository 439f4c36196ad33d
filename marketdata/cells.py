"""From the cells of a text file to numbers and times, column by column, with the rows that did not read."""

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from marketdata.quotes import Floats, ImportLog, Ints, Mask, NoteKind

_NS_PER_MS: Final = 1_000_000
_US_PER_MS: Final = 1000
_MS_PER_S: Final = 1000
_LATEST_MSC: Final = 4_102_444_800_000  # the year 2100: what lies beyond is no time of a quote
_MOST_UNREADABLE: Final = 1000
_SAMPLED: Final = 100
_EPOCH_DIGITS: Final = 9  # eight digits are a date, YYYYMMDD
_SMALLEST_MS: Final = 100_000_000_000
_SMALLEST_US: Final = 100_000_000_000_000
_SMALLEST_NS: Final = 100_000_000_000_000_000
_YEAR_FIRST: Final = r"^(\d{4})([-./]?)(\d{2})[-./]?(\d{2})"
_COMPACT_CLOCK: Final = r" (\d{2})(\d{2})(\d{2})(\d{3})?$"
_YEAR_LAST: Final = r"^\d{1,2}[-./]\d{1,2}[-./]\d{2,4}"
_ZONE: Final = r"^.{10,}(Z|[+-]\d{2}(:?\d{2})?)$"

Parser = Callable[[pa.Array], pa.Array]


class Cells(NamedTuple):
    """One column read: `values`, where the cell was `blank`, where it held something `unreadable`."""

    values: Floats
    blank: Mask
    unreadable: Mask


class Times(NamedTuple):
    """Times of all rows [ms on the file's clock]; `truncated` where it was finer; `is_utc` where cells carry a zone."""

    msc: Ints
    unreadable: Mask
    truncated: Mask
    is_utc: bool


class TooManyUnreadableError(ValueError):
    """More cells of a column are broken than make sense to look for one by one; `place` is the first found."""

    def __init__(self, place: int) -> None:
        super().__init__(f"more than {_MOST_UNREADABLE} cells cannot be read, the first at {place}")
        self.place = place


def number_cells(column: pa.Array) -> Cells:
    """Read decimal numbers; blank and unreadable cells are NaN, as is the word nan.

    Raises:
        TooManyUnreadableError: when the column is not one of numbers.
    """
    plain = _plain_numbers(column)
    if plain is not None:
        return plain
    text = _as_text(column)
    blank = np.array(pc.is_null(text).to_numpy(zero_copy_only=False), dtype=np.bool_)
    parsed, wrong = _read(text, lambda cells: pc.cast(cells, pa.float64()))
    values: Floats = np.array(parsed.to_numpy(zero_copy_only=False), dtype=np.float64)
    unreadable = wrong | np.isinf(values)
    values[unreadable] = np.nan
    return Cells(values, blank, unreadable)


def _plain_numbers(column: pa.Array) -> Cells | None:
    """The common case without a second look: a number in every cell, or nothing in any; None for all others."""
    none, every = np.zeros(len(column), dtype=np.bool_), np.ones(len(column), dtype=np.bool_)
    if pc.max(pc.binary_length(column)).as_py() == 0:
        return Cells(np.full(len(column), np.nan), every, none)
    try:
        values: Floats = np.array(pc.cast(column, pa.float64()).to_numpy(zero_copy_only=False), dtype=np.float64)
    except pa.ArrowInvalid:
        return None
    return Cells(values, none, none) if np.isfinite(values).all() else None


def fixed_decimals(column: pa.Array) -> int | None:
    """Decimals of the column's numbers where all cells (of the first 1,000) show the same count, as MT5 writes them."""
    cells = _as_text(column.slice(0, 1000)).to_pylist()
    shown = {len(cell.partition(".")[2]) for cell in cells if cell is not None}
    return shown.pop() if len(shown) == 1 else None


def time_cells(column: pa.Array, clock: pa.Array | None, log: ImportLog) -> Times:
    """Read times from one column or from a date and a time of day.

    Accepted: year first (2025.01.02, 2025-01-02, 2025/01/02, 20250102) with an optional time of day, fraction and zone;
    or seconds, milliseconds, microseconds, nanoseconds since 1970.

    Raises:
        QuoteFileError: for a date that could be read in two ways.
        TooManyUnreadableError: when the column is not one of times.
    """
    text, times_of_day = _as_text(column), None if clock is None else _as_text(clock)
    sample = _sample(
        text if times_of_day is None else _joined(text.slice(0, _SAMPLED), times_of_day.slice(0, _SAMPLED))
    )
    if sample.isascii() and sample.isdigit() and len(sample) >= _EPOCH_DIGITS:
        return _times_since_epoch(text)
    if _matches(sample, _YEAR_LAST):
        raise log.refusal(
            "time", f"{sample!r} may be day or month first", "write dates year first (2025.01.02)", rule="dates"
        )
    text = _dashed(text) if times_of_day is None else _joined(_dashed_once(text), times_of_day)
    if _matches(sample, _COMPACT_CLOCK):
        text = _with_colons(text)
    return _calendar_times(text, is_utc=_matches(sample, _ZONE))


def msc_from_epoch(counts: Ints) -> tuple[Ints, Mask]:
    """Milliseconds from counts of s, ms, us or ns since 1970, told apart by their size; and where something was cut."""
    counts = np.maximum(counts, 0)  # a product with a far negative number would wrap into our time
    msc = np.where(counts < _SMALLEST_MS, counts * _MS_PER_S, counts)
    msc = np.where(counts >= _SMALLEST_US, counts // _US_PER_MS, msc)
    msc = np.where(counts >= _SMALLEST_NS, counts // _NS_PER_MS, msc)
    unit = np.where(counts >= _SMALLEST_NS, _NS_PER_MS, np.where(counts >= _SMALLEST_US, _US_PER_MS, 1))
    return msc, counts % unit != 0


def out_of_time(msc: Ints) -> Mask:
    """Where a time lies outside 1970 to 2100."""
    return np.asarray((msc <= 0) | (msc > _LATEST_MSC), dtype=np.bool_)


def note_truncated(log: ImportLog, rows: Ints) -> None:
    """Say that times finer than MT5's milliseconds were cut."""
    log.note(NoteKind.TIME_TRUNCATED, "finer than a millisecond; cut to the millisecond, as MT5 keeps it", rows)


def _sample(text: pa.Array) -> str:
    """A cell that is not the first, if there is one: the first line is the one most often broken."""
    cells = [cell for cell in text.slice(0, _SAMPLED).to_pylist() if cell is not None]
    return str(cells[min(1, len(cells) - 1)]) if cells else ""


def _matches(cell: str, pattern: str) -> bool:
    return bool(pc.match_substring_regex(pa.scalar(cell), pattern).as_py())


def _times_since_epoch(text: pa.Array) -> Times:
    counts, _ = _read(text, lambda cells: pc.cast(cells, pa.int64()))
    msc, truncated = msc_from_epoch(_filled(counts))
    return Times(msc, out_of_time(msc), truncated, is_utc=False)


def _calendar_times(text: pa.Array, *, is_utc: bool) -> Times:
    kind = pa.timestamp("ns", "UTC") if is_utc else pa.timestamp("ns")
    stamps, _ = _read(text, lambda cells: pc.cast(cells, kind))
    ns = _filled(pc.cast(stamps, pa.int64()))
    msc = ns // _NS_PER_MS
    return Times(msc, out_of_time(msc), ns % _NS_PER_MS != 0, is_utc)


def _dashed(text: pa.Array) -> pa.Array:
    """Dates as 2025-01-02, whatever stood between their parts; anything else becomes null."""
    text = pc.if_else(pc.match_substring_regex(text, _YEAR_FIRST), text, pa.scalar(None, pa.string()))
    return pc.replace_substring_regex(text, _YEAR_FIRST, r"\1-\3-\4")


def _dashed_once(dates: pa.Array) -> pa.Array:
    """`_dashed` of a column that holds each date many times: each is looked at once."""
    coded = dates.dictionary_encode()
    return _dashed(coded.dictionary).take(coded.indices)


def _joined(dates: pa.Array, times_of_day: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise(dates, times_of_day, " ")


def _with_colons(text: pa.Array) -> pa.Array:
    """Times of day as 17:05:00.123, where they were written 170500123."""
    text = pc.replace_substring_regex(text, _COMPACT_CLOCK, r" \1:\2:\3.\4")
    return pc.utf8_rtrim(text, ".")


def _as_text(cells: pa.Array) -> pa.Array:
    text = pc.utf8_trim_whitespace(cells.cast(pa.string()))
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)


def _filled(counts: pa.Array) -> Ints:
    return np.asarray(pc.fill_null(counts, 0).to_numpy(zero_copy_only=False), dtype=np.int64)


def _read(column: pa.Array, parse: Parser) -> tuple[pa.Array, Mask]:
    """`parse` the whole column; where that fails, halve it until each broken cell stands alone and becomes null."""
    parts: list[pa.Array] = []
    broken = np.zeros(len(column), dtype=np.bool_)
    waiting = [(0, len(column))]
    while waiting:
        start, stop = waiting.pop()
        try:
            parts.append(parse(column.slice(start, stop - start)))
        except pa.ArrowInvalid:
            if stop - start > 1:
                middle = (start + stop) // 2
                waiting += [(middle, stop), (start, middle)]
                continue
            broken[start] = True
            parts.append(parse(pa.nulls(1, column.type)))
            if np.count_nonzero(broken) > _MOST_UNREADABLE:
                raise TooManyUnreadableError(start) from None
    return pa.concat_arrays(parts), broken
