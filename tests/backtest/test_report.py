"""The report adds up, and what is written to a folder is what it says."""

import csv
import dataclasses
import json
import math
from pathlib import Path

import msgspec
import pytest

from backtest.exact import Outcome
from backtest.exposure import exposure_of
from backtest.folder import write_report
from backtest.groups import groups_of
from backtest.report import Report, report_of
from newsfilter.board import BoardEvent, NewsBoard
from newsfilter.events import Impact
from tests.backtest.test_trip_figures import HOUR_NS, a_trip


@pytest.fixture(scope="module")
def report(outcome: Outcome) -> Report:
    return report_of(outcome)


def test_sums_agree(outcome: Outcome, report: Report) -> None:
    assert report.equity == outcome.money.equity
    assert report.profit == pytest.approx(report.deposit * report.daily.total_return, abs=1e-6)
    assert report.trips.number + report.left_open == len(outcome.trips)
    assert report.profit - report.floating == pytest.approx(sum(trip.profit for trip in outcome.trips), abs=1e-6)
    assert report.mt5.net_profit == pytest.approx(report.balance - report.deposit, abs=0.01)
    assert report.bars == outcome.refusals.bars


def test_every_group_holds_every_round_trip(report: Report) -> None:
    kinds = {group.by for group in report.groups}
    assert {"symbol", "side", "exit", "chart", "hour", "weekday", "month", "volatility", "leverage regime"} <= kinds
    for by in kinds:
        own = [group.figures for group in report.groups if group.by == by]
        assert sum(figures.number for figures in own) == report.trips.number
        assert sum(figures.profit for figures in own) == pytest.approx(report.trips.profit)


def test_groups_by_news(outcome: Outcome) -> None:
    first = next(trip for trip in outcome.trips if trip.is_closed)
    event = BoardEvent(
        time_ns=first.opened_ns + HOUR_NS // 2, currency="USD", name="event", impact=Impact.HIGH, symbols=("EURUSD",)
    )
    board = NewsBoard(reliable_until_ns=2**62, events=(event,))
    job = outcome.job
    groups = groups_of(dataclasses.replace(job, news=board), [trip for trip in outcome.trips if trip.is_closed])
    near = next(group for group in groups if (group.by, group.label) == ("news", "within an hour of an event"))
    assert near.figures.number >= 1


def test_exposure_by_hours() -> None:
    trips = [a_trip(1, 1.0, hours=5), a_trip(1, 1.0, hours=2), a_trip(2, 1.0, hours=1)]
    found = exposure_of(trips, 10 * HOUR_NS, 30 * HOUR_NS)
    assert found.in_market == pytest.approx(6 / 20)
    assert found.mean_open == pytest.approx(8 / 20)
    assert found.most_open == 2
    assert exposure_of([], 0, HOUR_NS).in_market == 0.0


def test_what_is_open_is_held_to_the_end() -> None:
    still_open = msgspec.structs.replace(a_trip(1, 0.0), closed_ns=0)
    assert exposure_of([still_open], 10 * HOUR_NS, 20 * HOUR_NS).in_market == 1.0


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_folder_says_the_same(outcome: Outcome, report: Report, tmp_path: Path) -> None:
    names = write_report(outcome, report, tmp_path / "new" / "folder")
    folder = tmp_path / "new" / "folder"
    assert {path.name for path in folder.iterdir()} == set(names)
    told = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    assert told["equity"] == report.equity
    assert told["daily"]["sharpe"] == report.daily.sharpe
    deals = rows_of(folder / "deals.csv")
    assert len(deals) == len(outcome.deals)
    booked = sum(float(row[name]) for row in deals for name in ("profit", "swap", "commission", "fee"))
    assert booked == pytest.approx(report.balance, abs=0.01)
    trips = rows_of(folder / "round_trips.csv")
    assert [float(row["profit"]) for row in trips] == [trip.profit for trip in outcome.trips]
    assert [float(row["r_multiple"]) for row in trips] == [trip.r_multiple for trip in outcome.trips]
    assert all(row["opened_utc"].endswith("Z") for row in trips)
    assert len(rows_of(folder / "equity.csv")) == len(outcome.curve.time_ns)
    assert len(rows_of(folder / "daily.csv")) == report.daily.days
    gates = {row["gate"]: int(row["first"]) for row in rows_of(folder / "gates.csv")}
    assert gates == {tally.gate: tally.first for tally in report.gates}
    signals = {row["gate"]: int(row["alone_number"]) for row in rows_of(folder / "gates.csv")}
    assert signals == {one.gate: one.alone.number for one in report.hindsight.gates}
    assert sum(signals.values()) > 0
    assert len(rows_of(folder / "groups.csv")) == len(report.groups)


def test_what_is_not_defined_is_null_or_empty(outcome: Outcome, report: Report, tmp_path: Path) -> None:
    bare = msgspec.structs.replace(report, profit=math.nan)
    write_report(outcome, bare, tmp_path)
    assert json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))["profit"] is None
    winners = [row for row in rows_of(tmp_path / "groups.csv") if row["lost"] == "0"]
    assert all(row["profit_factor"] == "" for row in winners)
