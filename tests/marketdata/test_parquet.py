import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.dtypes import RATES_DTYPE, TICK_DTYPE
from domain.timeframes import Timeframe
from marketdata import NoteKind, QuoteFileError, load_quotes, read_recording, write_bars, write_ticks
from tests.marketdata.samples import bars_of, ticks_at

MSC = 1_735_787_045_678
TICKS = ticks_at([MSC, MSC + 1, MSC + 1000], [1.10001, 1.10003, 1.10002])


def _table(path: Path, **columns: Any) -> Path:  # noqa: ANN401 - whatever pyarrow takes
    pq.write_table(pa.table(columns), path)
    return path


def _ticks_with(path: Path, time: Any, name: str = "time") -> Path:  # noqa: ANN401 - whatever pyarrow takes
    return _table(path, **{name: time, "bid": [1.10001, 1.10002], "ask": [1.10003, 1.10004]})


@given(offset=st.one_of(st.none(), st.integers(-43_200, 50_400)), digits=st.integers(0, 8), data=st.data())
def test_a_recording_comes_back_bit_for_bit(
    tmp_path_factory: pytest.TempPathFactory, offset: int | None, digits: int, data: st.DataObject
) -> None:
    rows = np.frombuffer(data.draw(st.binary(max_size=600).map(lambda raw: raw[: len(raw) // 60 * 60])), TICK_DTYPE)
    path = tmp_path_factory.mktemp("recording") / "ticks.parquet"
    write_ticks(path, rows, symbol="EURUSD.ecn", digits=digits, server_offset_s=offset)
    read = read_recording(path)
    assert (read.symbol, read.digits, read.timeframe, read.server_offset_s) == ("EURUSD.ecn", digits, None, offset)
    assert read.rows.dtype == TICK_DTYPE
    assert read.rows.tobytes() == rows.tobytes()


def test_recorded_bars_keep_their_timeframe(tmp_path: Path) -> None:
    bars = bars_of([(110_000, 110_010, 109_990, 110_005)] * 3)
    path = tmp_path / "bars.parquet"
    write_bars(path, bars, symbol="EURUSD", timeframe=Timeframe.M1, digits=5, server_offset_s=10_800)
    read = read_recording(path)
    assert read.timeframe is Timeframe.M1
    assert read.rows.dtype == RATES_DTYPE
    assert read.rows.tobytes() == bars.tobytes()
    loaded = load_quotes(path)
    assert (loaded.symbol, loaded.timeframe, loaded.digits) == ("EURUSD", Timeframe.M1, 5)
    assert loaded.server_offset_s == 10_800
    assert loaded.bars is not None
    assert loaded.bars.tobytes() == bars.tobytes()


def test_recorded_ticks_load_like_any_file(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    write_ticks(path, TICKS, symbol="EURUSD", digits=5, server_offset_s=7200)
    loaded = load_quotes(path)
    assert (loaded.symbol, loaded.digits, loaded.server_offset_s, loaded.notes) == ("EURUSD", 5, 7200, ())
    assert loaded.ticks is not None
    assert loaded.ticks["time_msc"].tolist() == TICKS["time_msc"].tolist()
    assert loaded.ticks["bid"].tobytes() == TICKS["bid"].tobytes()


def test_rows_of_another_kind_are_not_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="dtype"):
        write_ticks(tmp_path / "a.parquet", bars_of([(1, 1, 1, 1)]), symbol="X", digits=5, server_offset_s=None)
    assert not (tmp_path / "a.parquet").exists()


def test_a_file_from_elsewhere_is_no_recording(tmp_path: Path) -> None:
    path = _ticks_with(tmp_path / "EURUSD.parquet", [MSC, MSC + 1])
    with pytest.raises(QuoteFileError, match="use load_quotes"):
        read_recording(path)


def test_a_recording_without_a_column_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    write_ticks(path, TICKS, symbol="EURUSD", digits=5, server_offset_s=None)
    pq.write_table(pq.read_table(path).drop_columns(["flags"]), path)
    with pytest.raises(QuoteFileError, match="flags has no column"):
        read_recording(path)


@pytest.mark.parametrize("text", [b"{", b"[]", b'{"digits": "five"}', b'{"timeframe": 7}'])
def test_broken_metadata_is_refused(tmp_path: Path, text: bytes) -> None:
    table = pa.table({"time": [1]}).replace_schema_metadata({b"companion.quotes": text})
    pq.write_table(table, tmp_path / "a.parquet")
    with pytest.raises(QuoteFileError, match="record the file again") as caught:
        load_quotes(tmp_path / "a.parquet")
    assert caught.value.field == "metadata"


@pytest.mark.parametrize("read", [load_quotes, read_recording])
@pytest.mark.parametrize("content", [b"PAR1", b"PAR1" + b"x" * 100, b"PAR1 PAR1"])
def test_a_broken_file_is_refused(tmp_path: Path, read: Any, content: bytes) -> None:  # noqa: ANN401 - two functions
    path = tmp_path / "EURUSD.parquet"
    path.write_bytes(content)
    with pytest.raises(QuoteFileError, match="copy is complete"):
        read(path)


@given(cut=st.integers(5, 400))
def test_a_cut_recording_is_refused(tmp_path_factory: pytest.TempPathFactory, cut: int) -> None:
    path = tmp_path_factory.mktemp("cut") / "EURUSD.parquet"
    write_ticks(path, TICKS, symbol="EURUSD", digits=5, server_offset_s=None)
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(QuoteFileError):
        read_recording(path)


MOMENTS = [dt.datetime(2025, 1, 2, 3, 4, 5, 678_000, tzinfo=dt.UTC), dt.datetime(2025, 1, 2, 3, 4, 6, tzinfo=dt.UTC)]
FIRST_MSC = 1_735_787_045_678


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
@pytest.mark.parametrize(("zone", "offset"), [(None, None), ("UTC", 0), ("America/New_York", 0)])
def test_timestamps_of_any_unit(tmp_path: Path, unit: str, zone: str | None, offset: int | None) -> None:
    column = pa.array(MOMENTS, pa.timestamp("ms", "UTC")).cast(pa.timestamp(unit, zone or "UTC"))
    column = column if zone else column.cast(pa.timestamp(unit, "UTC")).cast(pa.int64()).cast(pa.timestamp(unit))
    loaded = load_quotes(_ticks_with(tmp_path / "EURUSD.parquet", column))
    assert loaded.server_offset_s == offset
    assert loaded.ticks is not None
    assert loaded.ticks["time_msc"].tolist() == [FIRST_MSC, FIRST_MSC + 322]


@pytest.mark.parametrize(
    "column",
    [
        pa.array([FIRST_MSC // 1000, FIRST_MSC // 1000 + 1], pa.int64()),
        pa.array([FIRST_MSC // 1000, FIRST_MSC // 1000 + 1], pa.uint32()),
        pa.array([FIRST_MSC // 1000, FIRST_MSC // 1000 + 1], pa.timestamp("s")),
        pa.array(["2025-01-02 03:04:05", "2025-01-02 03:04:06"]),
        pa.array(["2025.01.02 03:04:05", "2025.01.02 03:04:06"], pa.large_string()),
    ],
)
def test_times_of_whole_seconds(tmp_path: Path, column: pa.Array) -> None:
    loaded = load_quotes(_ticks_with(tmp_path / "EURUSD.parquet", column))
    assert loaded.ticks is not None
    assert loaded.ticks["time"].tolist() == [FIRST_MSC // 1000, FIRST_MSC // 1000 + 1]


def test_days_of_bars_may_be_dates(tmp_path: Path) -> None:
    prices = {name: [1.1, 1.2] for name in ("open", "high", "low", "close")}
    days = pa.array([dt.date(2025, 1, 2), dt.date(2025, 1, 3)])
    loaded = load_quotes(_table(tmp_path / "EURUSD_D1.parquet", date=days, **prices))
    assert loaded.bars is not None
    assert loaded.bars["time"].tolist() == [1_735_776_000, 1_735_862_400]


def test_arrays_of_the_metatrader5_package(tmp_path: Path) -> None:
    columns = {name: TICKS[name].copy() for name in TICK_DTYPE.names or ()}
    loaded = load_quotes(_table(tmp_path / "EURUSD.parquet", **columns))
    assert loaded.ticks is not None
    assert loaded.ticks["time_msc"].tolist() == TICKS["time_msc"].tolist()
    assert loaded.ticks["flags"].tolist() == [6, 6, 6]
    assert loaded.server_offset_s is None


@pytest.mark.parametrize(
    "column",
    [
        pa.array([None, FIRST_MSC]),
        pa.array([0, FIRST_MSC]),
        pa.array([-(2**63), FIRST_MSC]),
        pa.array([2**62, 2**62 + 1], pa.timestamp("ms")),
        pa.array([2**64 - 1, 1], pa.uint64()),
        pa.array([True, False]),
        pa.array([[1], [2]]),
        pa.array(["word", "word"]),
        pa.array(["01/02/2025", "01/03/2025"]),
    ],
)
def test_what_is_no_time_is_refused(tmp_path: Path, column: pa.Array) -> None:
    with pytest.raises(QuoteFileError) as caught:
        load_quotes(_ticks_with(tmp_path / "EURUSD.parquet", column))
    assert caught.value.field == "time"


def test_date_and_clock_of_other_types_are_refused(tmp_path: Path) -> None:
    days = pa.array([dt.date(2025, 1, 2)] * 2)
    path = _table(tmp_path / "EURUSD.parquet", date=days, time=[1, 2], bid=[1.1, 1.1], ask=[1.2, 1.2])
    with pytest.raises(QuoteFileError, match="one timestamp"):
        load_quotes(path)


def test_date_and_clock_of_text_are_joined(tmp_path: Path) -> None:
    path = _table(
        tmp_path / "EURUSD.parquet",
        date=["2025.01.02", "2025.01.02"],
        time=["03:04:05", "03:04:06"],
        bid=[1.1, 1.1],
        ask=[1.2, 1.2],
    )
    loaded = load_quotes(path)
    assert loaded.ticks is not None
    assert loaded.ticks["time"].tolist() == [FIRST_MSC // 1000, FIRST_MSC // 1000 + 1]


def test_a_price_that_is_no_number_is_refused(tmp_path: Path) -> None:
    path = _table(tmp_path / "EURUSD.parquet", time=[MSC], bid=["one"], ask=[1.2])
    with pytest.raises(QuoteFileError, match="store it as a number") as caught:
        load_quotes(path)
    assert caught.value.field == "bid"


def test_missing_prices_are_dropped(tmp_path: Path) -> None:
    path = _table(tmp_path / "EURUSD.parquet", time=[MSC, MSC + 1, MSC + 2], bid=[1.1, None, 1.1], ask=[1.2, 1.2, 1.2])
    loaded = load_quotes(path)
    assert [(note.kind, note.first_row) for note in loaded.notes] == [(NoteKind.NO_PRICE, 2)]


def test_no_rows_are_refused(tmp_path: Path) -> None:
    empty = pa.array([], pa.float64())
    path = _table(tmp_path / "EURUSD.parquet", time=pa.array([], pa.int64()), bid=empty, ask=empty)
    with pytest.raises(QuoteFileError, match="no usable quote"):
        load_quotes(path, digits=5)
