"""A backtest read back from its folder: what its pages are made of, without running anything."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, get_type_hints

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from backtest.blackouts import Blackout
from backtest.candles import Candles
from backtest.columns import numbers_in
from backtest.curve import Curve, Floats
from backtest.document import DocumentError, value_from
from backtest.folder import (
    BLACKOUT_COLUMNS,
    BLACKOUTS,
    CANDLE_SCHEMA,
    CANDLES,
    CHART_KEY,
    DAILY,
    EQUITY,
    LEVEL_COLUMNS,
    LEVELS,
    REPORT,
    TRIP_COLUMNS,
    TRIPS,
)
from backtest.levels import Level
from backtest.report import FORMAT, Report
from backtest.trips import Trip
from domain.timeframes import Timeframe

_REMEDY: Final = "run the backtest again"


class RecordError(ValueError):
    """A folder that holds no whole backtest: names the file, what is wrong with it, and the remedy."""


class DailyReturns(NamedTuple):
    """Returns of the broker's days [fraction], shape (n,); `day` is numpy's datetime64[D]."""

    day: np.ndarray[Any, np.dtype[np.datetime64]]
    returns: Floats


class Recorded(NamedTuple):
    """Everything that a run has left behind. `chart` is the timeframe of `candles`, which are by symbol."""

    report: Report
    curve: Curve
    daily: DailyReturns
    trips: tuple[Trip, ...]
    levels: tuple[Level, ...]
    blackouts: tuple[Blackout, ...]
    candles: dict[str, Candles]
    chart: Timeframe


def read_report(folder: Path) -> Report:
    """The figures of the backtest in `folder`.

    Raises:
        RecordError: where there are none, or those of another version.
    """
    path = folder / REPORT
    content = _content(path)
    try:
        found = value_from(content, Report)
    except DocumentError as problem:
        made = _format_of(content)
        if made is not None and made != FORMAT:
            raise RecordError(f"{path} is of format {made}, this version reads {FORMAT}; {_REMEDY}") from None
        raise RecordError(f"{path} is damaged, or no report of a backtest: {problem}; {_REMEDY}") from None
    if found.format != FORMAT:
        raise RecordError(f"{path} is of format {found.format}, this version reads {FORMAT}; {_REMEDY}")
    return found


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise RecordError(f"{path} is not there; {_REMEDY}") from None


def _format_of(content: bytes) -> int | None:
    """The format that a document says it is of; None where it says nothing."""
    try:
        return value_from(content, _Marked).format
    except DocumentError:
        return None


class _Marked(NamedTuple):
    format: int


def read_recorded(folder: Path) -> Recorded:
    """The backtest in `folder`.

    Raises:
        RecordError: where a file is missing, damaged, or of another version.
    """
    report = read_report(folder)
    candles, chart = _candles(folder / CANDLES)
    return Recorded(
        report=report,
        curve=_curve(folder / EQUITY),
        daily=_daily(folder / DAILY),
        trips=tuple(_trip(row, folder / TRIPS) for row in _rows(folder / TRIPS, TRIP_COLUMNS)),
        levels=tuple(_level(row, folder / LEVELS) for row in _rows(folder / LEVELS, LEVEL_COLUMNS)),
        blackouts=tuple(_blackout(row, folder / BLACKOUTS) for row in _rows(folder / BLACKOUTS, BLACKOUT_COLUMNS)),
        candles=candles,
        chart=chart,
    )


def _columns(path: Path, types: dict[str, pa.DataType]) -> list[NDArray[Any]]:
    """Columns of a CSV file that hold 8 bytes a value, as numpy arrays of those bytes' type."""
    _content_there(path)
    try:
        options = pacsv.ConvertOptions(column_types=types, include_columns=list(types), null_values=[""])
        table = pacsv.read_csv(path, convert_options=options)
        return [numbers_in(table[name], "f8" if kind == pa.float64() else "i8") for name, kind in types.items()]
    except (ValueError, KeyError) as problem:  # pyarrow's own errors are such
        raise _damaged(path, problem) from None


def _content_there(path: Path) -> None:
    if not path.is_file():
        raise RecordError(f"{path} is not there; {_REMEDY}")


def _damaged(path: Path, problem: object) -> RecordError:
    return RecordError(f"{path} is damaged: {problem}; {_REMEDY}")


def _curve(path: Path) -> Curve:
    types = {"time_utc": pa.timestamp("ns", tz="UTC"), "equity": pa.float64(), "balance": pa.float64()}
    found = Curve(*_columns(path, types))
    if not found.time_ns.size:
        raise _damaged(path, "it has no rows")
    return found


def _daily(path: Path) -> DailyReturns:
    day, returns = _columns(path, {"day": pa.date64(), "return": pa.float64()})
    return DailyReturns((day // _MS_PER_DAY).astype("datetime64[D]"), returns)


def _candles(path: Path) -> tuple[dict[str, Candles], Timeframe]:
    _content_there(path)
    try:
        table = pq.ParquetFile(path).read()  # read_table would import pandas, which takes a second
        chart = Timeframe[(table.schema.metadata or {})[CHART_KEY].decode()]
        if not table.schema.equals(CANDLE_SCHEMA):
            raise _damaged(path, f"its columns are {', '.join(table.column_names)}")
        every = Candles(*(numbers_in(table[name], "i8" if name == "time_utc" else "f8") for name in _CANDLE_NAMES))
    except (ValueError, KeyError) as problem:
        raise _damaged(path, problem) from None
    names = np.array(table["symbol"].to_pylist(), dtype=object)
    return {str(symbol): every.at(names == symbol) for symbol in dict.fromkeys(names.tolist())}, chart


_MS_PER_DAY: Final = 86_400_000
_CANDLE_NAMES: Final = CANDLE_SCHEMA.names[1:]


def _rows(path: Path, columns: Sequence[str]) -> Iterator[dict[str, str]]:
    """Rows of a CSV file whose header holds `columns`."""
    _content_there(path)
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            if not set(columns) <= set(reader.fieldnames or ()):
                raise _damaged(path, f"its first line does not hold {', '.join(columns)}")
            yield from reader
    except (UnicodeDecodeError, csv.Error) as problem:
        raise _damaged(path, problem) from None


def _moment_ns(text: str) -> int:
    """UTC [ns] of ISO 8601; 0 for an empty text."""
    return int(np.datetime64(text.removesuffix("Z"), "ns").astype(np.int64)) if text else 0


_TRIP_TYPES: Final = get_type_hints(Trip)


def _trip(row: dict[str, str], path: Path) -> Trip:
    try:
        return msgspec.convert({name: _field(row, name) for name in Trip.__struct_fields__}, Trip)
    except (KeyError, ValueError, TypeError) as problem:
        raise _damaged(path, f"a row of it cannot be read ({problem})") from None


def _field(row: dict[str, str], name: str) -> str | int | float:
    if name.endswith("_ns"):
        return _moment_ns(row[name.replace("_ns", "_utc")])
    kind, text = _TRIP_TYPES[name], row[name]
    if kind is float:
        return float(text) if text else float("nan")
    return int(text) if kind is int else text


def _level(row: dict[str, str], path: Path) -> Level:
    try:
        return Level(int(row["position_id"]), _moment_ns(row["time_utc"]), float(row["sl"]), float(row["tp"]))
    except (KeyError, ValueError, TypeError) as problem:
        raise _damaged(path, f"a row of it cannot be read ({problem})") from None


def _blackout(row: dict[str, str], path: Path) -> Blackout:
    try:
        return Blackout(row["symbol"], _moment_ns(row["start_utc"]), _moment_ns(row["end_utc"]), row["events"] or "")
    except (KeyError, ValueError, TypeError) as problem:
        raise _damaged(path, f"a row of it cannot be read ({problem})") from None
