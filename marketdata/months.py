"""One month of a series as a Parquet file: written whole or not at all, read back to the same bits."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from domain.dtypes import RATES_DTYPE, TICK_DTYPE
from domain.servertime import NS_PER_MS, NS_PER_S
from marketdata.quotes import Ints

Rows: TypeAlias = npt.NDArray[np.void]
_FILE: Final = "rows.parquet"
_ROWS_A_GROUP: Final = 1 << 18
_DERIVED: Final = ("time", "time_msc")
_MS_PER_S: Final = 1000


class Stamped(NamedTuple):
    """Quotes on the broker's clock with how far each stamp is ahead of UTC.

    `rows` is TICK_DTYPE or RATES_DTYPE, shape (n,); `offset_s` [s], int64 of the same shape.
    """

    rows: Rows
    offset_s: Ints

    @property
    def time_ns(self) -> Ints:
        """UTC of each tick or of each bar's opening [ns]."""
        if self.rows.dtype == TICK_DTYPE:
            return np.asarray((self.rows["time_msc"] - self.offset_s * _MS_PER_S) * NS_PER_MS, dtype=np.int64)
        return np.asarray((self.rows["time"] - self.offset_s) * NS_PER_S, dtype=np.int64)

    def part(self, which: Any) -> "Stamped":  # noqa: ANN401 - a slice, a mask or places
        """Some of the rows, in the order of `which`."""
        return Stamped(self.rows[which], self.offset_s[which])

    def same_as(self, other: "Stamped") -> bool:
        """Whether all values are the same, to the bit."""
        return self.rows.tobytes() == other.rows.tobytes() and np.array_equal(self.offset_s, other.offset_s)


def joined(parts: list[Stamped], dtype: np.dtype[Any]) -> Stamped:
    """One after another; `dtype` is that of no rows at all."""
    if not parts:
        return Stamped(np.zeros(0, dtype), np.zeros(0, np.int64))
    if len(parts) == 1:
        return parts[0]
    return Stamped(np.concatenate([part.rows for part in parts]), np.concatenate([part.offset_s for part in parts]))


def by_month(stamped: Stamped) -> Iterator[tuple[str, Stamped]]:
    """Each month (UTC) of ascending rows, as "2025-01", with its rows."""
    months = stamped.time_ns.astype("datetime64[ns]").astype("datetime64[M]")
    starts = np.flatnonzero(np.concatenate(([True], months[1:] != months[:-1]))) if months.size else np.zeros(0, int)
    for start, stop in zip(starts, [*starts[1:], months.size], strict=True):
        yield str(months[start]), stamped.part(slice(start, stop))


def months_in(folder: Path) -> list[str]:
    """Months that have a file, ascending."""
    return sorted(file.parent.name.partition("=")[2] for file in folder.glob(f"month=*/{_FILE}"))


def month_file(folder: Path, month: str) -> Path:
    """Where a month is kept."""
    return folder / f"month={month}" / _FILE


def write_month(path: Path, stamped: Stamped) -> None:
    """Put the rows at `path`: whoever reads sees the old file or the new one, and a crash leaves one of the two."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    columns: dict[str, Any] = {
        "time": pa.array(stamped.time_ns).cast(pa.timestamp("ns", "UTC")),
        "server_offset_s": stamped.offset_s.astype(np.int32),
    }
    columns |= {name: np.ascontiguousarray(stamped.rows[name]) for name in _stored_names(stamped.rows.dtype)}
    with part.open("wb") as file:
        pq.write_table(pa.table(columns), file, compression="zstd", row_group_size=_ROWS_A_GROUP)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def read_months(folder: Path, months: list[str], dtype: np.dtype[Any]) -> Stamped:
    """The rows of these months, to the bit as they were written."""
    return joined([_read(month_file(folder, month), dtype) for month in months], dtype)


def rows_of(path: Path) -> int:
    """How many rows a month has."""
    return int(pq.read_metadata(path).num_rows)


def _read(path: Path, dtype: np.dtype[Any]) -> Stamped:
    # a file's own columns alone: pyarrow would add the parts of the path as columns
    table = pq.ParquetFile(path).read()
    rows = np.zeros(table.num_rows, dtype)
    offset_s = table.column("server_offset_s").to_numpy().astype(np.int64)
    time_ns = table.column("time").cast(pa.int64()).to_numpy()
    for name in _stored_names(dtype):
        rows[name] = table.column(name).to_numpy()
    rows["time"] = time_ns // NS_PER_S + offset_s
    if dtype == TICK_DTYPE:
        rows["time_msc"] = time_ns // NS_PER_MS + offset_s * _MS_PER_S
    return Stamped(rows, offset_s)


def _stored_names(dtype: np.dtype[Any]) -> list[str]:
    return [name for name in dtype.names or () if name not in _DERIVED]


def dtype_of(frame: object) -> np.dtype[Any]:
    """RATES_DTYPE for a timeframe, TICK_DTYPE for None."""
    return TICK_DTYPE if frame is None else RATES_DTYPE
