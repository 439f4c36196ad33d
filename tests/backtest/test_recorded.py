"""A run is read back from its folder as it was, and a folder that is damaged says where."""

from pathlib import Path

import msgspec
import numpy as np
import pytest

from backtest.blackouts import blackouts_of
from backtest.candles import candles_of
from backtest.curve import days_of
from backtest.document import json_of
from backtest.exact import Outcome
from backtest.folder import BLACKOUTS, CANDLES, DAILY, EQUITY, LEVELS, REPORT, TRIPS, write_report
from backtest.levels import levels_of
from backtest.recorded import RecordError, read_recorded, read_report
from backtest.report import report_of
from domain.timeframes import Timeframe
from tests.backtest.informed import informed

MS = 1_000_000


@pytest.fixture(scope="module")
def run(outcome: Outcome) -> Outcome:
    return informed(outcome)


@pytest.fixture
def folder(run: Outcome, tmp_path: Path) -> Path:
    write_report(run, report_of(run), tmp_path)
    return tmp_path


def test_a_run_is_read_back_as_it_was(run: Outcome, folder: Path) -> None:
    found = read_recorded(folder)
    assert json_of(found.report) == json_of(report_of(run))
    assert np.array_equal(found.curve.time_ns // MS, run.curve.time_ns // MS), "to the millisecond"
    assert np.array_equal(found.curve.equity, run.curve.equity)
    assert np.array_equal(found.curve.balance, run.curve.balance)
    days = days_of(run.curve, run.job.clock)
    assert np.array_equal(found.daily.returns, days.returns)
    assert np.array_equal(found.daily.day.astype(np.int64), days.day)
    assert [msgspec.structs.replace(trip, score=0.0, volatility_ratio=0.0) for trip in found.trips] == [
        msgspec.structs.replace(trip, score=0.0, volatility_ratio=0.0, opened_ns=trip.opened_ns // MS * MS,
                                closed_ns=trip.closed_ns // MS * MS)
        for trip in run.trips
    ]  # fmt: skip
    assert [level[0::2] for level in found.levels] == [level[0::2] for level in levels_of(run.trips, run.intents)]
    assert found.blackouts == blackouts_of(run.job) != ()
    assert found.chart is Timeframe.H1
    for symbol, candles in candles_of(run.job).items():
        assert all(np.array_equal(a, b) for a, b in zip(found.candles[symbol], candles, strict=True))


@pytest.mark.parametrize("name", [REPORT, EQUITY, DAILY, TRIPS, LEVELS, BLACKOUTS, CANDLES])
def test_a_file_that_is_gone_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(RecordError, match=rf"{name} is not there; run the backtest again"):
        read_recorded(folder)


@pytest.mark.parametrize("name", [REPORT, EQUITY, DAILY, TRIPS, LEVELS, BLACKOUTS, CANDLES])
@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"\x00\xff\xfe,,,\n\n", b'{"a": 1}\n'])
def test_a_damaged_file_is_named(folder: Path, name: str, content: bytes) -> None:
    (folder / name).write_bytes(content)
    with pytest.raises(RecordError, match=rf"{name} is damaged.*run the backtest again"):
        read_recorded(folder)


@pytest.mark.parametrize("name", [EQUITY, DAILY, TRIPS, LEVELS, BLACKOUTS])
def test_a_row_that_cannot_be_read_is_refused(folder: Path, name: str) -> None:
    lines = (folder / name).read_text(encoding="utf-8").splitlines()
    lines[1] = ",".join("?" for _ in lines[1].split(","))
    (folder / name).write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(RecordError, match=name):
        read_recorded(folder)


def test_a_report_of_another_version_says_so(folder: Path) -> None:
    content = (folder / REPORT).read_text(encoding="utf-8")
    (folder / REPORT).write_text(content.replace('"format": 2', '"format": 99'), encoding="utf-8")
    with pytest.raises(RecordError, match="is of format 99, this version reads 2"):
        read_report(folder)
    (folder / REPORT).write_text('{"format": 1, "daily": [1, 2]}', encoding="utf-8")
    with pytest.raises(RecordError, match="is of format 1, this version reads 2; run the backtest again"):
        read_report(folder)
