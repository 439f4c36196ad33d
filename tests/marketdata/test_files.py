"""Files of every accepted form, written here and read back; the real ones are in test_reference_files.py."""

import datetime as dt
import gzip
from pathlib import Path

import numpy as np
import pytest

from domain.timeframes import Timeframe
from marketdata import CrossedQuotes, NoteKind, QuoteFile, QuoteFileError, load_quotes
from tests.marketdata.samples import MT5_BARS, MT5_DAYS, MT5_TICKS, PLAIN_BARS, PLAIN_TICKS, stored


def _s(*moment: int) -> int:
    year, month, day, *clock = moment
    hour, minute, second = [*clock, 0, 0, 0][:3]
    return int(dt.datetime(year, month, day, hour, minute, second, tzinfo=dt.UTC).timestamp())


def _kinds(quotes: QuoteFile) -> list[NoteKind]:
    return [note.kind for note in quotes.notes]


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_an_mt5_bar_export(tmp_path: Path, pack: type[bytes], encoding: str) -> None:
    path = stored(tmp_path, "XAUUSD_H4_202501020000_202506302000.csv", pack(MT5_BARS.encode(encoding)))
    quotes = load_quotes(path)
    assert (quotes.symbol, quotes.digits, quotes.timeframe) == ("XAUUSD", 2, Timeframe.H4)
    assert quotes.server_offset_s is None
    assert quotes.notes == ()
    assert quotes.ticks is None
    assert quotes.bars is not None
    assert quotes.bars[0].tolist() == (_s(2025, 1, 2), 2624.81, 2634.42, 2621.57, 2632.99, 16434, 15, 0)
    assert quotes.bars["time"].tolist() == [_s(2025, 1, 2), _s(2025, 1, 2, 4), _s(2025, 1, 2, 8)]


def test_an_mt5_export_of_days_has_no_time_of_day(tmp_path: Path) -> None:
    quotes = load_quotes(stored(tmp_path, "EURUSD_Daily_202501020000_202501060000.csv", MT5_DAYS))
    assert quotes.timeframe is Timeframe.D1
    assert quotes.bars is not None
    assert quotes.bars["time"].tolist() == [_s(2025, 1, 2), _s(2025, 1, 3), _s(2025, 1, 6)]
    assert quotes.bars["tick_volume"].tolist() == [66106, 48141, 70112]


def test_an_mt5_tick_export_leaves_out_what_did_not_change(tmp_path: Path) -> None:
    quotes = load_quotes(stored(tmp_path, "EURGBP_202211100000_202211110000.csv", MT5_TICKS))
    assert (quotes.symbol, quotes.digits, quotes.timeframe, quotes.bars) == ("EURGBP", 5, None, None)
    assert quotes.ticks is not None
    assert quotes.ticks["bid"].tolist() == [0.86682, 0.86681, 0.86681, 0.86679]
    assert quotes.ticks["ask"].tolist() == [0.86712, 0.86712, 0.86707, 0.86709]
    assert quotes.ticks["flags"].tolist() == [6, 2, 4, 6]
    assert (quotes.ticks["time_msc"] - _s(2022, 11, 10, 15) * 1000).tolist() == [17, 228, 525, 525]
    assert quotes.ticks["last"].tolist() == [0.0] * 4
    assert quotes.notes == ()


def test_ticks_before_the_first_price_of_a_side_are_dropped(tmp_path: Path) -> None:
    lines = MT5_TICKS.splitlines()
    path = stored(
        tmp_path, "EURGBP.csv", "\n".join([lines[0], lines[3], lines[1], lines[2]]).replace("00.525", "00.001")
    )
    quotes = load_quotes(path)
    assert quotes.ticks is not None
    assert quotes.ticks.size == 2
    assert _kinds(quotes) == [NoteKind.NO_PRICE]


def test_a_blank_price_in_another_file_is_no_price(tmp_path: Path) -> None:
    content = PLAIN_TICKS.replace("86.657", "")
    quotes = load_quotes(stored(tmp_path, "USDJPY.csv", content))
    assert quotes.ticks is not None
    assert quotes.ticks["bid"].tolist() == [86.655, 86.655]
    assert [(note.kind, note.rows, note.first_row) for note in quotes.notes] == [(NoteKind.NO_PRICE, 1, 3)]


def test_plain_ticks_with_a_zone_are_utc(tmp_path: Path) -> None:
    quotes = load_quotes(stored(tmp_path, "USDJPY.csv", PLAIN_TICKS))
    assert (quotes.digits, quotes.server_offset_s) == (3, 0)
    assert quotes.ticks is not None
    assert quotes.ticks["time_msc"].tolist() == [
        _s(2013, 1, 1, 22) * 1000 + 295,
        _s(2013, 1, 1, 22, 2, 35) * 1000 + 907,
        _s(2013, 1, 1, 22, 2, 35) * 1000 + 913,
    ]


@pytest.mark.parametrize(
    ("name", "header", "offset"),
    [
        ("USDJPY.csv", "time", None),
        ("USDJPY_utc.csv", "time", 0),
        ("USDJPY.csv", "time_utc", 0),
        ("USDJPY_server.csv", "time", None),
    ],
)
def test_the_clock_is_utc_only_where_something_says_so(
    tmp_path: Path, name: str, header: str, offset: int | None
) -> None:
    content = PLAIN_TICKS.replace("timestamp", header).replace("+00:00", "")
    assert load_quotes(stored(tmp_path, name, content)).server_offset_s == offset


def test_plain_bars(tmp_path: Path) -> None:
    quotes = load_quotes(stored(tmp_path, "EURUSD_M1.csv", PLAIN_BARS))
    assert quotes.bars is not None
    assert quotes.bars[2].tolist() == (_s(2020, 10, 14, 5, 33), 1.17424, 1.17442, 1.17424, 1.17441, 709, 4, 0)


def test_options_go_before_the_name(tmp_path: Path) -> None:
    path = stored(
        tmp_path,
        "EURUSD_M1.csv",
        PLAIN_BARS.replace("05:31", "05:15").replace("05:32", "05:30").replace("05:33", "05:45"),
    )
    quotes = load_quotes(path, symbol="EURUSD.ecn", timeframe=Timeframe.M15, digits=6)
    assert (quotes.symbol, quotes.timeframe, quotes.digits) == ("EURUSD.ecn", Timeframe.M15, 6)


def test_a_path_may_be_a_string(tmp_path: Path) -> None:
    assert load_quotes(str(stored(tmp_path, "EURUSD_M1.csv", PLAIN_BARS))).symbol == "EURUSD"


@pytest.mark.parametrize(
    ("name", "content", "field", "remedy"),
    [
        ("data.csv", PLAIN_TICKS, "symbol", "pass symbol="),
        ("EURUSD.csv", PLAIN_BARS, "timeframe", "pass timeframe="),
        ("EURUSD_H1.csv", PLAIN_BARS, "timeframe", "pass the timeframe"),
        ("EURUSD_MN1.csv", PLAIN_BARS, "timeframe", "use bars up to W1"),
        ("EURUSD.csv", "time,bid,ask\n", "file", "export it again"),
        ("EURUSD.csv", "time,bid\n2025.01.02,1.1\n", "ask", "name the columns"),
        ("EURUSD.csv", "when,what\n1,2\n", "header", "must name the columns"),
    ],
)
def test_a_refusal_names_the_remedy(tmp_path: Path, name: str, content: str, field: str, remedy: str) -> None:
    with pytest.raises(QuoteFileError, match=remedy) as caught:
        load_quotes(stored(tmp_path, name, content))
    assert caught.value.field == field
    assert caught.value.path == tmp_path / name


@pytest.mark.parametrize(("place", "row"), [(1, 2), (3, 4)])
def test_an_unreadable_first_or_last_row_is_dropped(tmp_path: Path, place: int, row: int) -> None:
    lines = PLAIN_BARS.splitlines()
    lines[place] = lines[place].replace("2020", "-(2020")
    quotes = load_quotes(stored(tmp_path, "EURUSD_M1.csv", "\n".join(lines)))
    assert quotes.bars is not None
    assert quotes.bars.size == 2
    assert [(note.kind, note.rows, note.first_row) for note in quotes.notes] == [(NoteKind.CORRUPT_LINE, 1, row)]


@pytest.mark.parametrize(("cell", "field"), [("2020-10-14 05:32", "time"), ("1.17425", "high")])
def test_an_unreadable_row_in_the_middle_is_refused(tmp_path: Path, cell: str, field: str) -> None:
    with pytest.raises(QuoteFileError, match="correct the line") as caught:
        load_quotes(stored(tmp_path, "EURUSD_M1.csv", PLAIN_BARS.replace(cell, "?", 1)))
    assert (caught.value.field, caught.value.row) == (field, 3)


@pytest.mark.parametrize("garbage", ["-8", "1.8446744073709552e19", "5e300", "volume", "nan", "7)"])
def test_a_garbage_volume_is_repaired_wherever_it_is(tmp_path: Path, garbage: str) -> None:
    quotes = load_quotes(stored(tmp_path, "EURUSD_M1.csv", PLAIN_BARS.replace("644", garbage)))
    assert quotes.bars is not None
    assert quotes.bars["tick_volume"].tolist() == [805, 0, 709]
    assert [(note.kind, note.rows, note.first_row) for note in quotes.notes] == [(NoteKind.VOLUME, 1, 3)]


def test_a_column_of_words_is_refused(tmp_path: Path) -> None:
    rows = [f"2020-10-14 {minute // 60:02}:{minute % 60:02},one,two" for minute in range(1200)]
    with pytest.raises(QuoteFileError, match="check the header"):
        load_quotes(stored(tmp_path, "EURUSD.csv", "\n".join(["time,bid,ask", *rows])))


def test_without_a_header_the_ranges_must_prove_the_order(tmp_path: Path) -> None:
    swapped = "\n".join(f"2020-10-14 05:{minute:02},1.10,1.00,1.20,1.10" for minute in range(10, 40))
    with pytest.raises(QuoteFileError, match="add a header") as caught:
        load_quotes(stored(tmp_path, "EURUSD_M1.csv", swapped))
    assert (caught.value.field, caught.value.row) == ("header", 1)


def test_late_rows_and_repeats_are_repaired_with_notes(tmp_path: Path) -> None:
    lines = PLAIN_BARS.splitlines()
    content = "\n".join([lines[0], lines[2], lines[1], lines[1], lines[3]])
    quotes = load_quotes(stored(tmp_path, "EURUSD_M1.csv", content))
    assert quotes.bars is not None
    assert np.diff(quotes.bars["time"]).tolist() == [60, 60]
    assert [(note.kind, note.rows, note.first_row) for note in quotes.notes] == [
        (NoteKind.DISORDER, 2, 3),
        (NoteKind.DUPLICATE, 1, 4),
    ]


def test_two_bars_of_one_time_are_refused(tmp_path: Path) -> None:
    with pytest.raises(QuoteFileError, match="one bar for each time") as caught:
        load_quotes(stored(tmp_path, "EURUSD_M1.csv", PLAIN_BARS.replace("05:33", "05:32")))
    assert caught.value.row == 4


@pytest.mark.parametrize(
    ("policy", "left"), [(CrossedQuotes.DROP, 2), (CrossedQuotes.KEEP, 3), (CrossedQuotes.SWAP, 3)]
)
def test_crossed_ticks_follow_the_policy(tmp_path: Path, policy: CrossedQuotes, left: int) -> None:
    content = PLAIN_TICKS.replace("86.657,86.728", "86.728,86.657")
    quotes = load_quotes(stored(tmp_path, "USDJPY.csv", content), crossed=policy)
    assert quotes.ticks is not None
    assert quotes.ticks.size == left
    assert _kinds(quotes) == [NoteKind.CROSSED]


def test_microseconds_are_cut_and_said(tmp_path: Path) -> None:
    quotes = load_quotes(stored(tmp_path, "USDJPY.csv", PLAIN_TICKS.replace("35.907000", "35.907999")))
    assert quotes.ticks is not None
    assert quotes.ticks["time_msc"][1] % 1000 == 907
    assert [(note.kind, note.rows, note.first_row) for note in quotes.notes] == [(NoteKind.TIME_TRUNCATED, 1, 3)]


def test_scaled_prices_are_refused(tmp_path: Path) -> None:
    rows = "\n".join(f"2012-11-26 {hour:02}:00:00,{129_613 + hour}.0,129629.00000000001" for hour in range(20))
    with pytest.raises(QuoteFileError, match="multiplied by 1/point"):
        load_quotes(stored(tmp_path, "EURUSD.csv", "time,bid,ask\n" + rows))


def test_whole_prices_pass_when_the_symbol_has_no_decimals(tmp_path: Path) -> None:
    rows = "\n".join(f"2012-11-26 {hour:02}:00:00,{38_000 + hour},{38_010 + hour}" for hour in range(20))
    quotes = load_quotes(stored(tmp_path, "a.csv", "time,bid,ask\n" + rows), symbol="JP225", digits=0)
    assert (quotes.digits, quotes.point) == (0, 1.0)
