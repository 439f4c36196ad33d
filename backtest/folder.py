"""A backtest on disk: one JSON document with every figure, tables as CSV, candles as Parquet."""

import csv
import math
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from backtest.blackouts import Blackout, blackouts_of
from backtest.candles import Candles, candles_of, finest_chart
from backtest.columns import float_column, moment_column, text_column, time_column, write_columns
from backtest.curve import Curve, days_of
from backtest.document import json_of
from backtest.exact import Outcome
from backtest.groups import Group
from backtest.hindsight import Followed
from backtest.levels import Level, levels_of
from backtest.refusals import GateTally
from backtest.report import Report
from backtest.trips import Trip

REPORT: Final = "report.json"
TRIPS: Final = "round_trips.csv"
EQUITY: Final = "equity.csv"
DAILY: Final = "daily.csv"
LEVELS: Final = "levels.csv"
BLACKOUTS: Final = "blackouts.csv"
CANDLES: Final = "candles.parquet"
CANDLE_SCHEMA: Final = pa.schema(
    [
        pa.field("symbol", pa.string()),
        pa.field("time_utc", pa.timestamp("ns", tz="UTC")),
        *(pa.field(name, pa.float64()) for name in ("open", "high", "low", "close")),
    ]
)
CHART_KEY: Final = b"companion.chart"
"""In the metadata of the candles: the name of the timeframe."""

_NS_PER_S: Final = 1_000_000_000
_NS_PER_MS: Final = 1_000_000
_DAY_S: Final = 86_400
_DERIVED: Final = ("r_multiple", "worst_r", "best_r")

Row = Sequence[object]


def write_report(outcome: Outcome, report: Report, folder: Path) -> tuple[str, ...]:
    """Write `report` and the tables of `outcome` into `folder`, which is made if need be; the names of the files.

    Times are UTC, ISO 8601 with milliseconds; money is the account's. A figure that is not defined is null in JSON and
    empty in CSV.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / REPORT).write_bytes(json_of(report))
    _write_candles(folder / CANDLES, candles_of(outcome.job), finest_chart(outcome.job).name)
    tables = {
        "deals.csv": (_DEAL_COLUMNS, _deals(outcome)),
        TRIPS: (TRIP_COLUMNS, map(_trip_row, outcome.trips)),
        DAILY: (("day", "equity", "return"), _days(outcome)),
        "gates.csv": (_GATE_COLUMNS, _gates(report)),
        "groups.csv": (("by", "label", *report.trips._fields), map(_group_row, report.groups)),
        LEVELS: (LEVEL_COLUMNS, map(_level_row, levels_of(outcome.trips, outcome.intents))),
        BLACKOUTS: (BLACKOUT_COLUMNS, map(_blackout_row, blackouts_of(outcome.job))),
    }
    for name, (columns, rows) in tables.items():
        _write(folder / name, columns, rows)
    write_columns(folder / EQUITY, _curve(outcome.curve))
    return (REPORT, *tables, EQUITY, CANDLES)


def _write_candles(path: Path, candles: dict[str, Candles], chart: str) -> None:
    """Explicit types, so that a column is of one kind whatever happens to be in it."""
    parts = [
        pa.Table.from_arrays(_candle_columns(symbol, own), schema=CANDLE_SCHEMA) for symbol, own in candles.items()
    ]
    table = pa.concat_tables(parts) if parts else CANDLE_SCHEMA.empty_table()
    pq.write_table(table.replace_schema_metadata({CHART_KEY: chart.encode()}), path, compression="zstd")


def _candle_columns(symbol: str, own: Candles) -> list[pa.Array]:
    return [
        text_column(symbol, len(own.time_ns)),
        time_column(own.time_ns),
        *map(float_column, (own.open, own.high, own.low, own.close)),
    ]


def _write(path: Path, columns: Sequence[str], rows: Iterable[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows([_cell(value) for value in row] for row in rows)


def _cell(value: object) -> object:
    return "" if isinstance(value, float) and math.isnan(value) else value


def _moment(time_ns: int) -> str:
    """UTC, ISO 8601 with milliseconds; empty for 0."""
    if not time_ns:
        return ""
    whole = datetime.fromtimestamp(time_ns // _NS_PER_S, tz=UTC)
    return f"{whole:%Y-%m-%dT%H:%M:%S}.{time_ns % _NS_PER_S // _NS_PER_MS:03}Z"


_DEAL_COLUMNS: Final = (
    "time_utc", "deal_ticket", "order_ticket", "position_id", "symbol", "type", "entry", "reason", "volume", "price",
    "profit", "swap", "commission", "fee", "comment",
)  # fmt: skip


def _deals(outcome: Outcome) -> Iterable[Row]:
    for deal in outcome.deals:
        time_ns = outcome.job.utc_ns(deal.time_msc)
        names = (deal.type.name, deal.entry.name, deal.reason.name)
        numbers = (deal.volume, deal.price, deal.profit, deal.swap, deal.commission, deal.fee)
        tickets = (deal.deal_ticket, deal.order_ticket, deal.position_id)
        yield (_moment(time_ns), *tickets, deal.symbol, *names, *numbers, deal.comment)


TRIP_COLUMNS: Final = (
    *(name.replace("_ns", "_utc") for name in Trip.__struct_fields__),
    *_DERIVED,
)


def _trip_row(trip: Trip) -> Row:
    values = {name: getattr(trip, name) for name in (*Trip.__struct_fields__, *_DERIVED)}
    values["opened_ns"], values["closed_ns"] = _moment(trip.opened_ns), _moment(trip.closed_ns)
    return list(values.values())


def _curve(curve: Curve) -> dict[str, pa.Array]:
    money = {"equity": float_column(curve.equity), "balance": float_column(curve.balance)}
    return {"time_utc": moment_column(curve.time_ns), **money}


def _days(outcome: Outcome) -> Iterable[Row]:
    days = days_of(outcome.curve, outcome.job.clock)
    for day, equity, change in zip(days.day.tolist(), days.equity.tolist(), days.returns.tolist(), strict=True):
        yield f"{datetime.fromtimestamp(day * _DAY_S, tz=UTC):%Y-%m-%d}", equity, change


_GATE_COLUMNS: Final = (
    *GateTally._fields,
    *(f"{by}_{name}" for by in ("alone", "first") for name in Followed.__struct_fields__),
)


def _gates(report: Report) -> Iterable[Row]:
    for tally, later in zip(report.gates, report.hindsight.gates, strict=True):
        yield *tally, *msgspec.structs.astuple(later.alone), *msgspec.structs.astuple(later.first)


def _group_row(group: Group) -> Row:
    return group.by, group.label, *group.figures


LEVEL_COLUMNS: Final = ("position_id", "time_utc", "sl", "tp")
BLACKOUT_COLUMNS: Final = ("symbol", "start_utc", "end_utc", "events")


def _level_row(level: Level) -> Row:
    return level.position_id, _moment(level.time_ns), level.sl, level.tp


def _blackout_row(blackout: Blackout) -> Row:
    return blackout.symbol, _moment(blackout.start_ns), _moment(blackout.end_ns), blackout.events
