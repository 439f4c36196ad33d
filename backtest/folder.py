"""A backtest on disk: one JSON document with every figure, and tables as CSV for a spreadsheet or pandas."""

import csv
import math
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from backtest.curve import days_of
from backtest.exact import Outcome
from backtest.groups import Group
from backtest.hindsight import Followed
from backtest.refusals import GateTally
from backtest.report import Report
from backtest.trips import Trip

REPORT: Final = "report.json"

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
    (folder / REPORT).write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")
    tables = {
        "deals.csv": (_DEAL_COLUMNS, _deals(outcome)),
        "round_trips.csv": (_TRIP_COLUMNS, map(_trip_row, outcome.trips)),
        "equity.csv": (("time_utc", "equity", "balance"), _curve(outcome)),
        "daily.csv": (("day", "equity", "return"), _days(outcome)),
        "gates.csv": (_GATE_COLUMNS, _gates(report)),
        "groups.csv": (("by", "label", *report.trips._fields), map(_group_row, report.groups)),
    }
    for name, (columns, rows) in tables.items():
        _write(folder / name, columns, rows)
    return (REPORT, *tables)


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


_TRIP_COLUMNS: Final = (
    *(name.replace("_ns", "_utc") for name in Trip.__struct_fields__),
    *_DERIVED,
)


def _trip_row(trip: Trip) -> Row:
    values = {name: getattr(trip, name) for name in (*Trip.__struct_fields__, *_DERIVED)}
    values["opened_ns"], values["closed_ns"] = _moment(trip.opened_ns), _moment(trip.closed_ns)
    return list(values.values())


def _curve(outcome: Outcome) -> Iterable[Row]:
    for time_ns, equity, balance in zip(*(column.tolist() for column in outcome.curve), strict=True):
        yield _moment(time_ns), equity, balance


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
