"""Parquet: reading any file with columns we know, and writing our own with what must be remembered beside them."""

from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from domain.dtypes import RATES_DTYPE, TICK_DTYPE
from domain.timeframes import Timeframe
from marketdata.cells import Times, TooManyUnreadableError, msc_from_epoch, note_truncated, out_of_time, time_cells
from marketdata.columns import Layout, layout_of
from marketdata.quotes import Bars, Floats, ImportLog, Ints, Ticks, Vendor
from marketdata.raw import RawQuotes

PARQUET_MARK: Final = b"PAR1"
_METADATA_KEY: Final = b"companion.quotes"
_UNIT_NS: Final = {"s": 1_000_000_000, "ms": 1_000_000, "us": 1000, "ns": 1}
_NS_PER_MS: Final = 1_000_000


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """What a file says of itself; None where it says nothing."""

    symbol: str | None = None
    digits: int | None = None
    timeframe: Timeframe | None = None
    server_offset_s: int | None = None
    vendor: Vendor | None = None


class Recording(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Our own file, bit for bit: `rows` is TICK_DTYPE, or RATES_DTYPE where `timeframe` is set.

    `server_offset_s` [s] is the measured offset of the broker's clock from UTC, None where it was not known.
    """

    symbol: str
    digits: int
    timeframe: Timeframe | None
    server_offset_s: int | None
    rows: npt.NDArray[np.void]


def write_ticks(path: Path, ticks: Ticks, *, symbol: str, digits: int, server_offset_s: int | None) -> None:
    """Write `ticks` (TICK_DTYPE) with their symbol, digits and clock; an existing file is replaced."""
    _write(path, ticks, TICK_DTYPE, Stored(symbol=symbol, digits=digits, server_offset_s=server_offset_s))


def write_bars(
    path: Path, bars: Bars, *, symbol: str, timeframe: Timeframe, digits: int, server_offset_s: int | None
) -> None:
    """Write `bars` (RATES_DTYPE) of `timeframe` with their symbol, digits and clock; an existing file is replaced."""
    stored = Stored(symbol=symbol, digits=digits, timeframe=timeframe, server_offset_s=server_offset_s)
    _write(path, bars, RATES_DTYPE, stored)


def read_recording(path: Path) -> Recording:
    """Read a file of `write_ticks` or `write_bars` without cleaning anything, for comparing with what was live.

    Raises:
        QuoteFileError: where the file cannot be read or is not one of ours.
    """
    log = ImportLog(path)
    table = _table(path, log)
    stored = _stored(table.schema, log)
    if stored.symbol is None or stored.digits is None:
        raise log.refusal("metadata", "is not that of a recording", "use load_quotes for files from elsewhere")
    dtype = TICK_DTYPE if stored.timeframe is None else RATES_DTYPE
    rows = np.zeros(table.num_rows, dtype=dtype)
    for name in dtype.names or ():
        rows[name] = _own_column(table, name, log)
    return Recording(
        symbol=stored.symbol,
        digits=stored.digits,
        timeframe=stored.timeframe,
        server_offset_s=stored.server_offset_s,
        rows=rows,
    )


def read_parquet(data: bytes, log: ImportLog) -> tuple[RawQuotes, Stored, bool]:
    """Rows of any Parquet file with columns we know, what it says of itself, and whether they are bars.

    Raises:
        QuoteFileError: where the file or a column cannot be read.
    """
    source = pa.BufferReader(data)
    schema = _read(lambda: pq.read_schema(source), log)
    stored = _stored(schema, log)
    layout = layout_of(schema.names, log)
    table = _read(lambda: pq.read_table(source, columns=list(layout.wanted)), log)
    rows = np.arange(1, table.num_rows + 1, dtype=np.int64)
    times = _times(table, layout, log)
    note_truncated(log, rows[times.truncated & ~times.unreadable])
    if times.unreadable.any():
        row = int(rows[times.unreadable][0])
        raise log.refusal("time", "is missing or outside 1970 to 2100", "remove the row", row)
    fields = {name: _numbers(table, column, log) for name, column in layout.fields.items()}
    vendor = Vendor.PARQUET if stored.symbol is None else Vendor.RECORDING
    stored = msgspec.structs.replace(stored, vendor=vendor)
    if stored.server_offset_s is None and (layout.is_utc or times.is_utc):
        stored = msgspec.structs.replace(stored, server_offset_s=0)
    return RawQuotes(times.msc, fields, rows), stored, layout.is_bars


def _write(path: Path, rows: npt.NDArray[np.void], dtype: np.dtype[Any], stored: Stored) -> None:
    if rows.dtype != dtype:
        raise ValueError(f"rows have dtype {rows.dtype}; want {dtype}")
    columns = {name: np.ascontiguousarray(rows[name]) for name in dtype.names or ()}
    table = pa.table(columns, metadata=None)
    table = table.replace_schema_metadata({_METADATA_KEY: msgspec.json.encode(stored)})
    pq.write_table(table, path, compression="zstd")


def _table(path: Path, log: ImportLog) -> pa.Table:
    return _read(lambda: pq.read_table(path), log)


def _read(reading: Any, log: ImportLog) -> Any:  # noqa: ANN401 - pyarrow has no types
    try:
        return reading()
    except (pa.ArrowException, OSError, ValueError) as error:
        raise log.refusal("file", f"is no readable Parquet ({error})", "check that the copy is complete") from error


def _stored(schema: pa.Schema, log: ImportLog) -> Stored:
    text = (schema.metadata or {}).get(_METADATA_KEY)
    if text is None:
        return Stored()
    try:
        return msgspec.json.decode(text, type=Stored)
    except msgspec.MsgspecError as error:
        raise log.refusal("metadata", f"cannot be read ({error})", "record the file again") from error


def _own_column(table: pa.Table, name: str, log: ImportLog) -> npt.NDArray[Any]:
    if name not in table.column_names:
        raise log.refusal(name, "has no column", "record the file again")
    values: npt.NDArray[Any] = table.column(name).to_numpy()
    return values


def _times(table: pa.Table, layout: Layout, log: ImportLog) -> Times:
    column = table.column(layout.time).combine_chunks()
    clock = None if layout.clock is None else table.column(layout.clock).combine_chunks()
    remedy = "store it as one timestamp or as seconds since 1970"
    try:
        if _is_text(column):
            return time_cells(column, clock, log)
        if clock is not None:
            raise log.refusal("time", f"is split over columns of type {column.type} and {clock.type}", remedy)
        return _counted(column) if pa.types.is_integer(column.type) else _stamped(column.cast(_as_timestamp(column)))
    except (pa.ArrowException, TooManyUnreadableError) as error:
        raise log.refusal("time", f"cannot be read from a column of type {column.type} ({error})", remedy) from error


def _is_text(column: pa.Array) -> bool:
    return bool(pa.types.is_string(column.type) or pa.types.is_large_string(column.type))


def _as_timestamp(column: pa.Array) -> pa.DataType:
    return column.type if pa.types.is_timestamp(column.type) else pa.timestamp("ms")


def _counted(column: pa.Array) -> Times:
    msc, truncated = msc_from_epoch(_filled(column))
    return Times(msc, out_of_time(msc), truncated, is_utc=False)


def _stamped(column: pa.Array) -> Times:
    counts, per_unit = _filled(column), _UNIT_NS[column.type.unit]
    if per_unit >= _NS_PER_MS:
        msc = counts * (per_unit // _NS_PER_MS)  # cannot wrap: Parquet keeps seconds as milliseconds
        truncated = np.zeros(counts.size, dtype=np.bool_)
    else:
        msc, truncated = counts // (_NS_PER_MS // per_unit), counts % (_NS_PER_MS // per_unit) != 0
    return Times(msc, out_of_time(msc), truncated, is_utc=column.type.tz is not None)


def _filled(column: pa.Array) -> Ints:
    return np.asarray(pc.fill_null(column.cast(pa.int64()), 0).to_numpy(zero_copy_only=False), dtype=np.int64)


def _numbers(table: pa.Table, name: str, log: ImportLog) -> Floats:
    column = table.column(name)
    try:
        return np.asarray(column.cast(pa.float64()).to_numpy(), dtype=np.float64)
    except pa.ArrowException as error:
        raise log.refusal(name, f"is no column of numbers ({column.type})", "store it as a number") from error
