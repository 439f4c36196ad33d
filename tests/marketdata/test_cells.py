import datetime as dt
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketdata.cells import (
    TooManyUnreadableError,
    fixed_decimals,
    msc_from_epoch,
    number_cells,
    out_of_time,
    time_cells,
)
from marketdata.quotes import ImportLog, QuoteFileError


def _cells(*cells: str | None) -> pa.Array:
    return pa.array(cells, pa.string())


def _log() -> ImportLog:
    return ImportLog(Path("EURUSD.csv"))


@given(values=st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=50))
def test_numbers_read_as_python_reads_them(values: list[float]) -> None:
    read = number_cells(_cells(*(repr(value) for value in values)))
    assert read.values.tolist() == values
    assert not read.blank.any()
    assert not read.unreadable.any()


def test_blank_nan_and_garbage_are_told_apart() -> None:
    read = number_cells(_cells("1.5", "", "  ", None, "nan", "1,5", "inf", "0x10", " 2 "))
    assert read.blank.tolist() == [False, True, True, True, False, False, False, False, False]
    assert read.unreadable.tolist() == [False, False, False, False, False, True, True, True, False]
    assert read.values[[0, 8]].tolist() == [1.5, 2.0]
    assert np.isnan(read.values[1:8]).all()


@given(good=st.integers(0, 200), broken=st.sets(st.integers(0, 199), max_size=20))
def test_each_broken_cell_is_found(good: int, broken: set[int]) -> None:
    cells = ["x" if place in broken else "1.25" for place in range(good)]
    read = number_cells(_cells(*cells))
    assert np.flatnonzero(read.unreadable).tolist() == sorted(place for place in broken if place < good)


def test_a_column_of_words_is_given_up() -> None:
    with pytest.raises(TooManyUnreadableError) as caught:
        number_cells(_cells(*["word"] * 3000))
    assert caught.value.place < 3000


@pytest.mark.parametrize(
    ("cells", "decimals"),
    [(("1.10", "1.25"), 2), (("1.1", "1.25"), None), (("149", "150"), 0), ((), None), (("", "1.20"), 2)],
)
def test_decimals_shown(cells: tuple[str, ...], decimals: int | None) -> None:
    assert fixed_decimals(_cells(*cells)) == decimals


def _msc(moment: str) -> int:
    return round(dt.datetime.fromisoformat(moment + "+00:00").timestamp() * 1000)


@pytest.mark.parametrize(
    ("cell", "moment"),
    [
        ("2025.01.02 03:04:05", "2025-01-02T03:04:05"),
        ("2025.01.02 03:04:05.678", "2025-01-02T03:04:05.678"),
        ("2025-01-02T03:04:05", "2025-01-02T03:04:05"),
        ("2025-01-02 03:04", "2025-01-02T03:04:00"),
        ("2025/01/02 03:04:05", "2025-01-02T03:04:05"),
        ("20250102 03:04:05", "2025-01-02T03:04:05"),
        ("2025.01.02", "2025-01-02T00:00:00"),
        ("20250102", "2025-01-02T00:00:00"),
    ],
)
def test_dates_are_read_year_first(cell: str, moment: str) -> None:
    read = time_cells(_cells(cell, cell), None, _log())
    assert read.msc.tolist() == [_msc(moment)] * 2
    assert not read.is_utc
    assert not read.unreadable.any()


@pytest.mark.parametrize(
    "cell",
    ["2025-01-02 03:04:05+00:00", "2025-01-02T03:04:05Z", "2025-01-02 05:04:05+02:00", "2025-01-02 02:04:05-0100"],
)
def test_a_zone_proves_utc(cell: str) -> None:
    read = time_cells(_cells(cell, cell), None, _log())
    assert read.is_utc
    assert read.msc.tolist() == [_msc("2025-01-02T03:04:05")] * 2


def test_a_cell_without_the_others_zone_is_unreadable() -> None:
    read = time_cells(_cells("2025-01-02 03:04:05Z", "2025-01-02 03:04:05Z", "2025-01-02 03:04:05"), None, _log())
    assert read.unreadable.tolist() == [False, False, True]


def test_date_and_time_of_day_are_joined() -> None:
    read = time_cells(_cells("2025.01.02", "2025.01.02"), _cells("23:59:59.999", "bad"), _log())
    assert read.msc[0] == _msc("2025-01-02T23:59:59.999")
    assert read.unreadable.tolist() == [False, True]


@pytest.mark.parametrize(
    ("cell", "msc", "truncated"),
    [
        ("1735787045", 1_735_787_045_000, False),
        ("1735787045678", 1_735_787_045_678, False),
        ("1735787045678000", 1_735_787_045_678, False),
        ("1735787045678900", 1_735_787_045_678, True),
        ("1735787045678900000", 1_735_787_045_678, True),
    ],
)
def test_seconds_since_1970_are_told_by_their_size(cell: str, msc: int, truncated: bool) -> None:
    read = time_cells(_cells(cell, cell), None, _log())
    assert read.msc.tolist() == [msc] * 2
    assert read.truncated.tolist() == [truncated] * 2


@given(msc=st.integers(1_000_000_000_000, 4_000_000_000_000), extra=st.integers(0, 999))
def test_every_unit_gives_the_same_millisecond(msc: int, extra: int) -> None:
    counts = np.array([msc, msc * 1000 + extra, msc * 1_000_000 + extra], dtype=np.int64)
    found, truncated = msc_from_epoch(counts)
    assert found.tolist() == [msc] * 3
    assert truncated.tolist() == [False, extra > 0, extra > 0]


@given(count=st.integers(-(2**63), -1))
def test_no_negative_count_wraps_into_our_time(count: int) -> None:
    msc, _ = msc_from_epoch(np.array([count], dtype=np.int64))
    assert out_of_time(msc).all()


@pytest.mark.parametrize("cell", ["01.02.2025 03:04", "1/2/2025", "8/25/10", "31-12-2024"])
def test_a_date_that_can_be_two_days_is_refused(cell: str) -> None:
    with pytest.raises(QuoteFileError, match="year first"):
        time_cells(_cells(cell, cell), None, _log())


@pytest.mark.parametrize(
    "cell", ["2025.13.01 00:00", "2025.02.30 00:00", "2025.01.02 25:00", "1899.12.31", "2262.12.31", "?"]
)
def test_what_is_no_time_is_unreadable(cell: str) -> None:
    read = time_cells(_cells("2025.01.02 00:00", "2025.01.02 00:01", cell), None, _log())
    assert read.unreadable.tolist() == [False, False, True]


def test_the_first_line_does_not_decide_the_format() -> None:
    read = time_cells(_cells("-(2018-10-12 12:00", "2018-10-12 12:15"), None, _log())
    assert read.unreadable.tolist() == [True, False]


@given(moment=st.datetimes(dt.datetime(1970, 1, 2), dt.datetime(2099, 12, 31)))  # noqa: DTZ001 - a broker's clock has no zone
def test_a_written_time_reads_back(moment: dt.datetime) -> None:
    cell = moment.strftime("%Y.%m.%d %H:%M:%S.%f")
    read = time_cells(_cells(cell, cell), None, _log())
    since = moment - dt.datetime(1970, 1, 1)  # noqa: DTZ001 - as above
    microseconds = since // dt.timedelta(microseconds=1)
    assert read.msc.tolist() == [microseconds // 1000] * 2
    assert read.truncated.tolist() == [microseconds % 1000 > 0] * 2
