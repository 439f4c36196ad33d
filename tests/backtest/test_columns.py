"""Columns on disk read back as they were, bit for bit."""

import csv
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from backtest.columns import float_column, moment_column, text_column, time_column, write_columns

NS_PER_S = 1_000_000_000
ROWS = st.lists(
    st.tuples(st.integers(0, 4_000_000_000 * NS_PER_S), st.floats(allow_nan=False, allow_infinity=False)), max_size=20
)


def iso(time_ns: int) -> str:
    moment = datetime.fromtimestamp(time_ns // NS_PER_S, tz=UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{time_ns % NS_PER_S // 1_000_000:03}Z"


@settings(max_examples=30)
@given(ROWS)
def test_what_is_written_reads_back_the_same(rows: list[tuple[int, float]]) -> None:
    times, values = (np.array([row[0] for row in rows], np.int64), np.array([row[1] for row in rows], np.float64))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.csv"
        write_columns(path, {"time": moment_column(times), "value": float_column(values)})
        with path.open(encoding="utf-8", newline="") as file:
            found = list(csv.DictReader(file))
    assert [float(row["value"]) for row in found] == [row[1] for row in rows]
    assert [row["time"] for row in found] == [iso(row[0]) for row in rows]


def test_a_text_is_repeated() -> None:
    assert text_column("Öl.m", 3).to_pylist() == ["Öl.m"] * 3
    assert text_column("", 2).to_pylist() == ["", ""]
    assert text_column("a", 0).to_pylist() == []


def test_columns_of_every_second_value_are_taken_as_they_are() -> None:
    values = np.arange(10.0)[::2]
    assert float_column(values).to_pylist() == [0.0, 2.0, 4.0, 6.0, 8.0]
    times = np.arange(4, dtype=np.int64)[::-1] * NS_PER_S
    assert [time.as_py().timestamp() for time in time_column(times)] == [3.0, 2.0, 1.0, 0.0]
