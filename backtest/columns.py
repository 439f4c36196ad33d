"""Long tables on disk: columns of numbers as CSV and Parquet, without a Python object for each.

Arrays go to Arrow by their bytes: made of numpy arrays, lists or scalars it imports pandas where that is installed.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
from numpy.typing import NDArray

from backtest.curve import Floats, Ints

_NS_PER_MS: Final = 1_000_000
_WIDTH: Final = 23  # of a moment as Arrow writes it: 2020-01-01 00:00:00.000
_SPACE: Final = 10  # in it, where ISO 8601 has a T


def float_column(values: Floats) -> pa.Array:
    """`values` as doubles; NaN stays NaN."""
    content = np.ascontiguousarray(values, dtype=np.float64)
    return pa.Array.from_buffers(pa.float64(), content.size, [None, pa.py_buffer(content)])


def text_column(text: str, number: int) -> pa.Array:
    """The same `text` so many times."""
    content = text.encode()
    ends = np.arange(number + 1, dtype=np.int32) * len(content)
    return pa.Array.from_buffers(pa.string(), number, [None, pa.py_buffer(ends), pa.py_buffer(content * number)])


def time_column(time_ns: Ints) -> pa.Array:
    """Times [UTC ns] as timestamps."""
    content = np.ascontiguousarray(time_ns, dtype=np.int64)
    return pa.Array.from_buffers(pa.timestamp("ns", tz="UTC"), content.size, [None, pa.py_buffer(content)])


def moment_column(time_ns: Ints) -> pa.Array:
    """Times [UTC ns] as texts: ISO 8601 with milliseconds and a Z."""
    content = np.ascontiguousarray(time_ns, dtype=np.int64) // _NS_PER_MS
    times = pa.Array.from_buffers(pa.timestamp("ms"), content.size, [None, pa.py_buffer(content)])
    texts = np.frombuffer(times.cast(pa.string()).buffers()[2], np.uint8)[: _WIDTH * content.size]
    letters = np.full((content.size, _WIDTH + 1), ord("Z"), np.uint8)
    letters[:, :_WIDTH] = texts.reshape(content.size, _WIDTH)
    letters[:, _SPACE] = ord("T")
    ends = np.arange(content.size + 1, dtype=np.int32) * (_WIDTH + 1)
    return pa.Array.from_buffers(pa.string(), content.size, [None, pa.py_buffer(ends), pa.py_buffer(letters)])


def numbers_in(column: pa.ChunkedArray, dtype: str) -> NDArray[Any]:
    """The values of `column`, whose bytes are of `dtype`, shape (n,).

    Raises:
        ValueError: where a value is missing.
    """
    if column.null_count:
        raise ValueError(f"{column.null_count} values are missing")
    parts = [
        np.frombuffer(chunk.buffers()[1], dtype)[chunk.offset : chunk.offset + len(chunk)] for chunk in column.chunks
    ]
    return np.concatenate([np.zeros(0, dtype), *parts])


def write_columns(path: Path, columns: Mapping[str, pa.Array]) -> None:
    """Write `columns`, numbers and texts without commas, as CSV; a float as the shortest text that reads back as it."""
    with path.open("wb") as file:
        file.write(",".join(columns).encode() + b"\r\n")
        options = pacsv.WriteOptions(include_header=False, quoting_style="none")
        pacsv.write_csv(pa.Table.from_arrays(list(columns.values()), names=list(columns)), file, options)
