from pathlib import Path

import numpy as np
import pytest

from marketdata.quotes import ImportLog, ImportNote, NoteKind, QuoteFile, QuoteFileError

PATH = Path("EURUSD_M1.csv")


def test_an_error_names_file_row_field_and_remedy() -> None:
    error = QuoteFileError(PATH, field="bid", problem="cannot be read", remedy="correct the line", row=7)
    assert str(error) == "EURUSD_M1.csv, row 7: bid cannot be read; correct the line"
    assert (error.path, error.row, error.field, error.remedy) == (PATH, 7, "bid", "correct the line")


def test_an_error_of_the_whole_file_names_no_row() -> None:
    error = ImportLog(PATH).refusal("symbol", "is not told", "pass symbol=")
    assert str(error) == "EURUSD_M1.csv: symbol is not told; pass symbol="
    assert error.row is None


@pytest.mark.parametrize(
    ("note", "line"),
    [
        (
            ImportNote(kind=NoteKind.CROSSED, rows=2, first_row=74, reason="ask below bid; dropped"),
            "crossed quotes: 2 rows, first at row 74: ask below bid; dropped",
        ),
        (
            ImportNote(kind=NoteKind.CORRUPT_LINE, rows=1, first_row=1, reason="dropped"),
            "corrupt line: 1 row, first at row 1: dropped",
        ),
        (
            ImportNote(kind=NoteKind.NO_HEADER, rows=0, first_row=None, reason="columns taken as time, open"),
            "no header: columns taken as time, open",
        ),
    ],
)
def test_a_note_reads_as_a_line(note: ImportNote, line: str) -> None:
    assert str(note) == line


def test_a_log_counts_rows_and_keeps_the_first() -> None:
    log = ImportLog(PATH)
    log.note(NoteKind.VOLUME, "set to 0", np.array([9, 4, 12]))
    assert log.notes == [ImportNote(kind=NoteKind.VOLUME, rows=3, first_row=4, last_row=12, reason="set to 0")]


def test_a_log_keeps_no_note_of_nothing() -> None:
    log = ImportLog(PATH)
    log.note(NoteKind.VOLUME, "set to 0", np.array([], dtype=np.int64))
    assert log.notes == []


@pytest.mark.parametrize(
    ("rows", "total", "refused"),
    [(10, 20, False), (10, 19, True), (2, 3, True), (11, 100, True), (20, 2000, False), (21, 2000, True)],
)
def test_a_log_refuses_beyond_a_few_rows(rows: int, total: int, refused: bool) -> None:
    log = ImportLog(PATH)
    numbers = np.arange(3, 3 + rows)
    if not refused:
        log.limit(NoteKind.DISORDER, "time", numbers, total, "sort the file")
        return
    with pytest.raises(QuoteFileError, match="sort the file") as caught:
        log.limit(NoteKind.DISORDER, "time", numbers, total, "sort the file")
    assert caught.value.row == 3


@pytest.mark.parametrize(("digits", "point"), [(0, 1.0), (2, 0.01), (3, 0.001), (5, 0.00001)])
def test_point_is_the_grid_of_the_digits(digits: int, point: float) -> None:
    quotes = QuoteFile(path=PATH, symbol="X", digits=digits, timeframe=None, server_offset_s=None, notes=())
    assert quotes.point == point
