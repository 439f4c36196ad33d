import contextlib
import gzip
import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketdata.quotes import ImportLog, NoteKind, QuoteFileError
from marketdata.text import TextRows, file_bytes, opened_text, read_rows
from tests.marketdata.samples import MT5_BARS, MT5_TICKS, PLAIN_TICKS, stored


def _log() -> ImportLog:
    return ImportLog(Path("EURUSD.csv"))


def _rows(content: str, *wanted: str, log: ImportLog | None = None) -> TextRows:
    log = log or _log()
    return read_rows(opened_text(content.encode(), log), wanted, log)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(QuoteFileError, match="check the path"):
        file_bytes(tmp_path / "gone.csv", _log())


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(QuoteFileError, match="cannot be read"):
        file_bytes(tmp_path, _log())


@pytest.mark.parametrize("content", [b"", b"  \r\n\n\t", gzip.compress(b"", mtime=0)])
def test_an_empty_file_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(QuoteFileError, match="is empty"):
        file_bytes(stored(tmp_path, "a.csv", content), _log())


def zipped(*names: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, f"time,bid {name}" * 20)
    return packed.getvalue()


def test_the_one_table_of_an_archive_is_read(tmp_path: Path) -> None:
    content = file_bytes(stored(tmp_path, "a.zip", zipped("gaps.txt", "b/DAT.CSV")), _log())
    assert content == b"time,bid b/DAT.CSV" * 20


@pytest.mark.parametrize("names", [(), ("a.txt",), ("a.csv", "b.csv")])
def test_an_archive_of_more_or_less_is_refused(tmp_path: Path, names: tuple[str, ...]) -> None:
    with pytest.raises(QuoteFileError, match=r"unpack it|is binary|unpacked"):
        opened_text(file_bytes(stored(tmp_path, "a.csv", zipped(*names)), _log()), _log())


@given(cut=st.integers(4, 200), garbled=st.integers(4, 110))
def test_a_damaged_archive_is_refused_or_whole(
    tmp_path_factory: pytest.TempPathFactory, cut: int, garbled: int
) -> None:
    content = bytearray(zipped("a.csv"))
    content[garbled] ^= 0xFF
    path = stored(tmp_path_factory.getbasetemp(), "cut.zip", bytes(content[: max(4, len(content) - cut)]))
    with pytest.raises(QuoteFileError, match="cannot be unpacked"):
        file_bytes(path, _log())
    whole = stored(tmp_path_factory.getbasetemp(), "garbled.zip", bytes(content))
    with contextlib.suppress(QuoteFileError):
        assert file_bytes(whole, _log()) == b"time,bid a.csv" * 20


def test_gzip_is_recognized_by_content(tmp_path: Path) -> None:
    assert file_bytes(stored(tmp_path, "a.csv", gzip.compress(b"time,bid")), _log()) == b"time,bid"


@given(cut=st.integers(2, 60))
def test_a_cut_gzip_is_refused(tmp_path_factory: pytest.TempPathFactory, cut: int) -> None:
    packed = gzip.compress(MT5_BARS.encode())
    path = stored(tmp_path_factory.mktemp("gz"), "a.csv.gz", packed[: max(2, len(packed) - cut)])
    with pytest.raises(QuoteFileError, match="copy is complete"):
        file_bytes(path, _log())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("ends", ["\r\n", "\n", "\r"])
def test_encoding_and_line_ends_do_not_matter(encoding: str, ends: str) -> None:
    content = MT5_TICKS.replace("\r\n", ends).encode(encoding)
    text = opened_text(content, _log())
    rows = read_rows(text, ("<DATE>", "<BID>"), _log())
    assert text.columns == ("<DATE>", "<TIME>", "<BID>", "<ASK>", "<LAST>", "<VOLUME>", "<FLAGS>")
    assert rows.cells["<BID>"].to_pylist() == ["0.86682", "0.86681", "", "0.86679"]
    assert rows.rows.tolist() == [2, 3, 4, 5]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_the_separator_is_found(separator: str) -> None:
    text = opened_text(PLAIN_TICKS.replace(",", separator).encode(), _log())
    assert (text.separator, text.columns) == (separator, ("timestamp", "bid", "ask"))


def test_binary_content_is_refused() -> None:
    with pytest.raises(QuoteFileError, match="is binary"):
        opened_text(b"time,bid,ask\n\x00\x01\x02", _log())


def test_a_line_of_something_else_above_the_header_is_dropped() -> None:
    log = _log()
    rows = _rows("sep=,\n" + PLAIN_TICKS, "bid", log=log)
    assert rows.rows.tolist() == [3, 4, 5]
    assert [(note.kind, note.first_row) for note in log.notes] == [(NoteKind.CORRUPT_LINE, 1)]


@pytest.mark.parametrize(
    "content",
    [
        "DateTime,Currency,Impact\n2023.01.01,USD,High\n",
        "alpha\nbeta\n",
        "1,2\n3,4\n",
        "2013-01-01 22:00,86.655,86.728\n2013-01-01 22:01,86.655,86.728\n",  # which of the two is the bid?
        "time,price\n2013-01-01,86.655\n",
    ],
)
def test_an_unknown_header_is_refused(content: str) -> None:
    with pytest.raises(QuoteFileError, match="must name the columns") as caught:
        opened_text(content.encode(), _log())
    assert (caught.value.field, caught.value.row) == ("header", 1)


@pytest.mark.parametrize(
    ("line", "columns"),
    [
        ("2020-10-14 05:31,1.1,1.2,1.0,1.1", ("time", "open", "high", "low", "close")),
        ("2020-10-14 05:31,1.1,1.2,1.0,1.1,805", ("time", "open", "high", "low", "close", "tick_volume")),
        ("2020.10.14,05:31,1.1,1.2,1.0,1.1,805", ("date", "time", "open", "high", "low", "close", "tick_volume")),
    ],
)
def test_bars_without_a_header_are_taken_in_the_usual_order(line: str, columns: tuple[str, ...]) -> None:
    log = _log()
    text = opened_text(f"{line}\n{line}\n".encode(), log)
    assert (text.columns, text.has_header) == (columns, False)
    assert [note.kind for note in log.notes] == [NoteKind.NO_HEADER]
    assert read_rows(text, ("open",), log).rows.tolist() == [1, 2]


def test_blank_lines_are_left_out_but_counted() -> None:
    rows = _rows("\ntime,bid,ask\n\n2025.01.02,1,2\n   \n,,\n2025.01.03,3,4\n\n", "time", "bid")
    assert rows.rows.tolist() == [4, 7]
    assert rows.cells["bid"].to_pylist() == ["1", "3"]


@pytest.mark.parametrize("broken", ["2025.01.02,1", "2025.01.02,1,2,3"])
@pytest.mark.parametrize("place", [0, 3])
def test_a_broken_first_or_last_line_is_dropped(broken: str, place: int) -> None:
    log = _log()
    lines = ["2025.01.02,1,2", "2025.01.03,1,2", "2025.01.04,1,2"]
    lines.insert(place, broken)
    rows = _rows("\n".join(["time,bid,ask", *lines]), "bid", log=log)
    assert rows.rows.size == 3
    assert [(note.kind, note.rows, note.first_row) for note in log.notes] == [(NoteKind.CORRUPT_LINE, 1, place + 2)]


def test_a_broken_line_in_the_middle_is_refused_with_its_number() -> None:
    with pytest.raises(QuoteFileError, match="2 cells where the file has 3 columns") as caught:
        _rows("time,bid,ask\n\n2025.01.02,1,2\n2025.01.03,1\n2025.01.04,1,2\n", "bid")
    assert (caught.value.field, caught.value.row) == ("columns", 4)


def test_a_body_of_another_width_is_refused() -> None:
    with pytest.raises(QuoteFileError, match="4 cells where the file has 3 columns") as caught:
        _rows("time,bid,ask\n2025.01.02,1,2,3\n2025.01.03,1,2,3\n", "bid")
    assert caught.value.row == 2


def test_quoted_cells_are_unquoted() -> None:
    rows = _rows('time,bid,ask\n"2019-09-03 13:30:00",1,2\n', "time")
    assert rows.cells["time"].to_pylist() == ["2019-09-03 13:30:00"]


def test_a_repeated_column_is_read_once() -> None:
    assert _rows("time,bid,ask,bid\n2025.01.02,1,2,9\n", "bid").cells["bid"].to_pylist() == ["1"]


@given(lines=st.lists(st.sampled_from(["2025.01.02,1,2", "", "   "]), max_size=30))
def test_rows_carry_their_line_numbers(lines: list[str]) -> None:
    rows = _rows("\n".join(["time,bid,ask", *lines, "2025.01.03,1,2"]), "time")
    expected = [number for number, line in enumerate(lines, start=2) if line.strip()]
    assert rows.rows.tolist() == [*expected, len(lines) + 2]
