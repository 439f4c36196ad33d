"""`companion data`, as it is typed."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from app.cli import cli
from bridge.files import FolderLock
from domain.serverclock import clock_named
from tests.marketdata.samples import market_bars, mt5_text

TEXT = mt5_text(market_bars(20, clock_named("us")))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COMPANION_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "EURUSD_H1.csv").write_text(TEXT)
    return tmp_path


def companion(*words: str) -> Result:
    return CliRunner().invoke(cli, ["data", *words])


def test_import_list_and_query(folder: Path) -> None:
    done = companion("import", "EURUSD_H1.csv", "--source", "justmarkets")
    assert done.exit_code == 0, done.output
    assert "clock utc+2/us" in done.output
    assert "EURUSD H1 from justmarkets: 2,353 rows added" in done.output
    again = companion("import", "EURUSD_H1.csv", "--source", "justmarkets")
    assert "all 2,353 rows were there already; nothing changed" in again.output
    listed = json.loads(companion("list", "--json").output)
    assert [(one["source"], one["symbol"], one["timeframe"], one["rows"]) for one in listed] == [
        ("justmarkets", "EURUSD", "H1", 2353)
    ]
    assert "justmarkets" in companion("list").output
    assert (folder / "data" / "market" / "source=justmarkets").is_dir()


def test_query_answers_in_a_table_or_json(folder: Path) -> None:
    pytest.importorskip("duckdb")
    companion("import", str(folder / "EURUSD_H1.csv"))
    sql = "SELECT symbol, count(*) AS bars FROM bars GROUP BY ALL"
    assert json.loads(companion("query", sql, "--json").output) == [{"symbol": "EURUSD", "bars": 2353}]
    assert "2353" in companion("query", sql).output
    refused = companion("query", "SELECT nothing FROM bars")
    assert (refused.exit_code, "the query was refused" in refused.output) == (4, True)


def test_bars_that_no_market_made_are_refused_by_name(folder: Path) -> None:
    bars = np.resize(market_bars(20, clock_named("us")), 10 * 168)
    bars["time"] = 1_704_672_000 + 3600 * np.arange(bars.size)
    (folder / "GBPUSD_H1.csv").write_text(mt5_text(bars))
    refused = companion("check", "GBPUSD_H1.csv", "--clock", "utc", "--allow", "weekend")
    assert (refused.exit_code, "no-market" in refused.output) == (1, True)
    words = ("--clock", "utc", "--allow", "weekend", "--allow", "no-market")
    assert companion("check", "GBPUSD_H1.csv", *words).exit_code == 0


def test_without_duckdb_the_extra_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    companion("import", str(folder / "EURUSD_H1.csv"))
    monkeypatch.setitem(sys.modules, "duckdb", None)
    refused = companion("query", "SELECT 1")
    assert (refused.exit_code, "mt5-companion[backtest]" in refused.output) == (4, True)
    assert companion("list").exit_code == 0


def test_check_writes_nothing_and_reports_as_json(folder: Path) -> None:
    report = json.loads(companion("check", "EURUSD_H1.csv", "--json").output)[0]
    assert (report["verdict"], report["clock"], report["rows"], report["added"]) == ("noted", "utc+2/us", 2353, None)
    assert report["findings"][0]["rule"] == "clock"
    assert not (folder / "data" / "market").exists()
    assert "may be imported" in companion("check", "EURUSD_H1.csv").output


def test_a_refused_file_is_shown_and_makes_the_status_one(folder: Path) -> None:
    (folder / "GBPUSD_H1.csv").write_text(TEXT.replace("\t1.", "\t1"))
    done = companion("import", "EURUSD_H1.csv", "GBPUSD_H1.csv")
    assert done.exit_code == 1
    assert "scaled-prices" in done.output
    assert "refused; nothing of it is stored" in done.output
    assert [one["symbol"] for one in json.loads(companion("list", "--json").output)] == ["EURUSD"]


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("import", "gone.csv"), 4, "no such file: gone.csv"),
        (("import", "EURUSD_H1.csv", "--clock", "mars"), 2, "clock 'mars' is not known"),
        (("import", "EURUSD_H1.csv", "--allow", "clock"), 2, "a person may allow flat,"),
        (("import", "EURUSD_H1.csv", "--overlap", "maybe"), 2, "use refuse, new, stored"),
        (("import", "EURUSD_H1.csv", "--crossed", "maybe"), 2, "use drop, keep, swap"),
        (("import", "EURUSD_H1.csv", "--from", "yesterday"), 2, "write a date or a time"),
        (("check", "EURUSD_H1.csv", "--timeframe", "H5"), 2, "MT5 has"),
        (("list",), 4, "nothing is stored"),
        (("query", "SELECT 1"), 4, "nothing is stored"),
        (("check", "."), 0, "EURUSD_H1.csv"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(folder: Path, words: tuple[str, ...], status: int, said: str) -> None:
    assert folder.is_dir()
    done = companion(*words)
    assert (done.exit_code, said in done.output) == (status, True), done.output


def test_two_imports_at_once_are_not_let(folder: Path) -> None:
    store = folder / "market"
    with FolderLock(store / ".lock"):
        done = companion("import", "EURUSD_H1.csv", "--store", str(store))
    assert (done.exit_code, "by another process" in done.output) == (5, True)
    assert companion("import", "EURUSD_H1.csv", "--store", str(store)).exit_code == 0
