import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketdata.cells import number_cells
from marketdata.mt5_export import carried_forward, is_mt5_export


@pytest.mark.parametrize(
    ("columns", "expected"),
    [(("<DATE>", "<TIME>"), True), ((" <date> ",), True), (("DATE", "TIME"), False), (("time",), False)],
)
def test_mt5_writes_its_headers_in_brackets(columns: tuple[str, ...], expected: bool) -> None:
    assert is_mt5_export(columns) is expected


@given(cells=st.lists(st.one_of(st.none(), st.integers(1, 9)), max_size=30))
def test_a_blank_means_as_before(cells: list[int | None]) -> None:
    expected, latest = [], float("nan")
    for cell in cells:
        latest = latest if cell is None else float(cell)
        expected.append(latest)
    read = number_cells(pa.array(["" if cell is None else str(cell) for cell in cells], pa.string()))
    np.testing.assert_array_equal(carried_forward(read), np.array(expected))


def test_nothing_is_carried_over_a_broken_cell() -> None:
    read = number_cells(pa.array(["1", "x", "", "2", ""], pa.string()))
    np.testing.assert_array_equal(carried_forward(read), [1.0, np.nan, np.nan, 2.0, 2.0])
