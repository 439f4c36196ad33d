"""What an import gives: quotes with the story of their repair, or one error that names the remedy."""

from enum import StrEnum
from pathlib import Path
from typing import Final, TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt

from domain.timeframes import Timeframe

Ticks: TypeAlias = npt.NDArray[np.void]
Bars: TypeAlias = npt.NDArray[np.void]
Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]
Mask: TypeAlias = npt.NDArray[np.bool_]


class NoteKind(StrEnum):
    """What an import changed, or had to take for granted."""

    NO_HEADER = "no header"
    CORRUPT_LINE = "corrupt line"
    NO_TICK = "no tick in the minute"
    FOREIGN_BARS = "bars of another timeframe"
    MISALIGNED_BARS = "bars off the timeframe's grid"
    NO_PRICE = "no price"
    BAD_RANGE = "impossible range"
    ROUNDED = "prices rounded"
    TIME_TRUNCATED = "times truncated"
    DISORDER = "out of order"
    DUPLICATE = "duplicates"
    CROSSED = "crossed quotes"
    VOLUME = "garbage volume"
    SPREAD = "garbage spread"
    MISSING_COLUMN = "missing column"


RULES: Final = {
    NoteKind.NO_HEADER: "header",
    NoteKind.CORRUPT_LINE: "broken-line",
    NoteKind.NO_TICK: "no-tick",
    NoteKind.FOREIGN_BARS: "timeframe",
    NoteKind.MISALIGNED_BARS: "timeframe",
    NoteKind.NO_PRICE: "no-price",
    NoteKind.BAD_RANGE: "ohlc",
    NoteKind.ROUNDED: "rounding",
    NoteKind.TIME_TRUNCATED: "rounding",
    NoteKind.DISORDER: "order",
    NoteKind.DUPLICATE: "duplicates",
    NoteKind.CROSSED: "crossed",
    NoteKind.VOLUME: "volume",
    NoteKind.SPREAD: "spread",
    NoteKind.MISSING_COLUMN: "missing-column",
}
"""The documented rule that each kind of repair belongs to."""


class Vendor(StrEnum):
    """Whose kind of file it is."""

    MT5 = "mt5"
    CSV = "csv"
    PARQUET = "parquet"
    RECORDING = "recording"
    EODHD = "eodhd"
    DUKASCOPY = "dukascopy"
    HISTDATA = "histdata"


class CrossedQuotes(StrEnum):
    """What to do with a tick whose ask is below its bid."""

    DROP = "drop"
    KEEP = "keep"
    SWAP = "swap"


class ImportNote(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of repair: how many `rows` it touched, the first and last (None: the file as a whole), and why."""

    kind: NoteKind
    rows: int
    first_row: int | None
    reason: str
    last_row: int | None = None

    def __str__(self) -> str:
        if self.first_row is None:
            return f"{self.kind}: {self.reason}"
        plural = "" if self.rows == 1 else "s"
        return f"{self.kind}: {self.rows} row{plural}, first at row {self.first_row}: {self.reason}"


class QuoteFileError(ValueError):
    """A file that cannot be used as it is.

    `row` counts lines of a text file and rows of a Parquet file from 1; None where the file as a whole is meant.
    """

    def __init__(
        self, path: Path, *, field: str, problem: str, remedy: str, row: int | None = None, rule: str = "format"
    ) -> None:
        where = "" if row is None else f", row {row}"
        super().__init__(f"{path}{where}: {field} {problem}; {remedy}")
        self.path = path
        self.row = row
        self.field = field
        self.problem = problem
        self.remedy = remedy
        self.rule = rule


class QuoteFile(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Quotes of one symbol, clean enough to trade on; exactly one of `ticks` and `bars` is set.

    `ticks` is TICK_DTYPE, ascending by `time_msc`; `bars` is RATES_DTYPE, strictly ascending by `time`, of `timeframe`.
    `server_offset_s` [s] is the file's clock minus UTC: 0 where the file proves UTC, the stored value in our own
    recordings, None for "the broker's clock as stored". `vendor` is whose kind of file it is.
    `digits` gives the price grid, 10**-digits; `row_numbers` where in the file each row stood.
    """

    path: Path
    symbol: str
    digits: int
    timeframe: Timeframe | None
    server_offset_s: int | None
    notes: tuple[ImportNote, ...]
    vendor: Vendor = Vendor.CSV
    ticks: Ticks | None = None
    bars: Bars | None = None
    row_numbers: Ints | None = None

    @property
    def point(self) -> float:
        """Size of one point [price]."""
        return float(10.0**-self.digits)


class ImportLog:
    """Collects the notes of one import and words its refusals."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.notes: list[ImportNote] = []

    def note(self, kind: NoteKind, reason: str, rows: Ints | None = None) -> None:
        """Record what happened to `rows` (numbers of the rows touched); None: something about the file as a whole."""
        if rows is None:
            self.notes.append(ImportNote(kind=kind, rows=0, first_row=None, reason=reason))
        elif rows.size:
            self.notes.append(
                ImportNote(
                    kind=kind, rows=rows.size, first_row=int(rows.min()), last_row=int(rows.max()), reason=reason
                )
            )

    def refusal(
        self, field: str, problem: str, remedy: str, row: int | None = None, rule: str = "format"
    ) -> QuoteFileError:
        """The error to raise for this file; `rule` is which of the documented ones it breaks."""
        return QuoteFileError(self.path, field=field, problem=problem, remedy=remedy, row=row, rule=rule)

    def limit(self, kind: NoteKind, field: str, rows: Ints, total: int, remedy: str) -> None:
        """Refuse the file when `rows` of its `total` rows are more than an import may repair.

        Raises:
            QuoteFileError: beyond 10 rows and 1 % of the file, and beyond half of a short one: then it is not a slip
                but another kind of file.
        """
        if rows.size > max(10, total // 100) or 2 * rows.size > total:
            problem = f"is unusable in {rows.size} of {total} rows ({kind})"
            raise self.refusal(field, problem, remedy, int(rows.min()), RULES[kind])
