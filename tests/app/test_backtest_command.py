"""`companion backtest` as a person or a pipeline meets it."""

import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from app.cli import cli
from app.console import ExitCode
from domain import jit
from domain.serverclock import clock_named
from domain.timeframes import Timeframe
from marketdata import MarketStore, load_quotes, stamped_by
from marketdata.series import SeriesFacts, SeriesKey
from tests.app.exports import an_export


def test_a_dry_run_ends_with_the_sharpe_ratio() -> None:
    result = CliRunner().invoke(cli, ["backtest", "--dry-run", "--min-sharpe", "0.9"])
    assert result.exit_code == ExitCode.DONE
    lines = result.stdout.strip().splitlines()
    name, _, figure = lines[-1].partition(": ")
    assert name == "Sharpe Ratio"
    assert float(figure) > 0.9
    assert len(figure.partition(".")[2]) == 2
    assert "✓ trending: an edge" in result.stdout
    assert "✓ driftless: no edge" in result.stdout


def test_a_gate_sets_the_status() -> None:
    result = CliRunner().invoke(cli, ["backtest", "--dry-run", "--min-sharpe", "4", "--json"])
    assert result.exit_code == ExitCode.FOUND
    told = json.loads(result.stdout)
    assert told["sound"] is False
    assert told["min_sharpe"] == 4.0
    assert told["sharpe"] == told["trending"]["sharpe"] < 4.0
    assert told["driftless"]["round_trips"] > 0


@pytest.mark.parametrize("words", [[], ["--min-sharpe", "1"], ["--dry-run", "quotes.csv"], ["--dry-run", "--vectorbt"]])
def test_nothing_to_test_is_wrong_use(words: list[str]) -> None:
    assert CliRunner().invoke(cli, ["backtest", *words]).exit_code == ExitCode.USAGE


def test_a_first_run_says_why_it_takes_so_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPANION_KERNEL_CACHE", str(tmp_path / "no kernels yet"))
    assert "compiling the decision code" in backtest_of("nowhere.csv").stdout
    assert "compiling" not in backtest_of("nowhere.csv", "--json").stdout
    monkeypatch.setenv("COMPANION_KERNEL_CACHE", str(tmp_path))
    jit.cache_directory().mkdir()
    assert "compiling" not in backtest_of("nowhere.csv").stdout


def backtest_of(*words: object) -> Result:
    return CliRunner().invoke(cli, ["backtest", *map(str, words)])


def test_an_export_is_traded_and_leaves_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = backtest_of(an_export(tmp_path), "--charts", "H1", "--clock", "eu", "--out", tmp_path / "out")
    assert result.exit_code == ExitCode.DONE, result.output
    assert "Sharpe Ratio: " in result.stdout.strip().splitlines()[-1]
    assert "What stood in the way" in result.stdout
    assert "entries made" in result.stdout
    assert "the same" in result.stdout
    assert "in another order" in result.stdout
    told = json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))
    assert told["bars"] == 20 * 120 - 1
    assert told["charts"] == ["H1"]
    assert told["monte_carlo"]["trials"] == 1000
    assert (tmp_path / "out" / "round_trips.csv").is_file()
    assert f"report: {tmp_path / 'out' / 'report.'}" in result.stdout
    written = (tmp_path / "out" / "report.md").read_text(encoding="utf-8")
    assert "| Quotes from | EURUSD\\_H1\\_202001060000\\_202005222300.csv |" in written
    words = ("--charts", "H1", "--clock", "eu", "--json")
    assert json.loads(backtest_of(an_export(tmp_path), *words, "--monte-carlo", 0).stdout)["monte_carlo"] is None


def test_the_same_inside_vectorbt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    words = (an_export(tmp_path, 6), "--charts", "H1", "--clock", "eu", "--out", tmp_path / "out", "--vectorbt")
    result = backtest_of(*words)
    assert result.exit_code == ExitCode.DONE, result.output
    assert "the same, bit for bit" in result.stdout
    assert "Max Drawdown [%]" in result.stdout
    told = json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))["vectorbt"]
    assert told == json.loads((tmp_path / "out" / "comparison.json").read_text(encoding="utf-8"))
    assert (told["agrees"], told["decisions_apart"]) == (True, 0)
    for name in ("comparison.csv", "vectorbt_stats.csv"):
        assert name in result.stdout
        assert (tmp_path / "out" / name).is_file()
    monkeypatch.setattr("backtest.comparison._NOISE", -1.0)
    assert backtest_of(*words).exit_code == ExitCode.FOUND
    monkeypatch.setitem(sys.modules, "vectorbt", None)
    missing = backtest_of(*words)
    assert missing.exit_code == ExitCode.DATA
    assert "mt5-companion[backtest]" in missing.output


def test_what_reading_a_file_took_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A volume that is none, and a line twice: repaired, traded, and said in the table, the JSON and the HTML."""
    monkeypatch.chdir(tmp_path)
    export = an_export(tmp_path, 6)
    lines = export.read_text(encoding="utf-8").splitlines()
    cells = lines[40].split("\t")
    lines[40] = "\t".join([*cells[:6], "-5", *cells[7:]])
    export.write_text("\r\n".join([*lines[:60], lines[59], *lines[60:]]) + "\r\n", encoding="utf-8")
    result = backtest_of(export, "--charts", "H1", "--clock", "eu", "--out", tmp_path / "out")
    assert result.exit_code == ExitCode.DONE, result.output
    words = f"{export.name}: 2 rows were repaired or left out"
    assert words in result.stdout.replace("\n", " ")
    told = json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))
    assert sorted((note["kind"], note["rows"]) for note in told["facts"]["origin"]["notes"]) == [
        ("duplicates", 1),
        ("garbage volume", 1),
    ]
    assert "2 rows were repaired or left out" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_the_store_gives_the_same_as_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COMPANION_DATA_DIR", str(tmp_path / "data"))
    path, clock = an_export(tmp_path), clock_named("eu")
    quotes = load_quotes(path)
    assert quotes.bars is not None
    key = SeriesKey("broker", "EURUSD", Timeframe.H1)
    MarketStore(tmp_path / "data" / "market").add(
        key, stamped_by(quotes.bars, clock), SeriesFacts(digits=5, clocks=(clock,))
    )
    words = ("--charts", "H1", "--json")
    stored = backtest_of("--stored", "EURUSD", "--timeframe", "H1", *words)
    filed = backtest_of(path, "--clock", "eu", *words)
    assert stored.exit_code == filed.exit_code == ExitCode.DONE, stored.output
    both = [json.loads(one.stdout) for one in (stored, filed)]
    assert [one["facts"].pop("origin")["quotes"] for one in both] == [["the store: EURUSD"], [path.name]]
    assert both[0] == both[1]
    part = backtest_of("--stored", "EURUSD", "--timeframe", "H1", "--from", "2020-03-02", *words)
    assert json.loads(part.stdout)["bars"] < json.loads(stored.stdout)["bars"]


def test_history_goes_by_the_calendar_of_its_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    export, words = an_export(tmp_path), ("--charts", "H1", "--clock", "eu", "--json")
    calendar = tmp_path / "events.csv"
    days = [
        f"2020-{month:02}-{day:02}T00:00:00Z,USD,Press Conference,high,all day"
        for month in (1, 2)
        for day in range(1, 29)
    ]
    calendar.write_text("\n".join(["time,currency,event,impact,timing", *days]) + "\n", encoding="utf-8")
    without, within = (json.loads(backtest_of(export, *words, *more).stdout) for more in ((), ("--calendar", calendar)))
    refused = [{line["gate"]: line["refused"] for line in told["gates"]} for told in (without, within)]
    assert refused[0].get("news", 0) == 0
    assert refused[1]["news"] > 800, "most hours of two months"
    assert 0 < within["entries"] < without["entries"]
    lost = backtest_of(export, *words, "--calendar", tmp_path / "nowhere.csv")
    assert lost.exit_code == ExitCode.DATA
    assert "no such file" in lost.output


def test_a_gate_of_a_backtest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COMPANION_DATA_DIR", str(tmp_path / "data"))
    assert backtest_of(an_export(tmp_path), "--charts", "H1", "--min-sharpe", "50").exit_code == ExitCode.FOUND
    assert (tmp_path / "data" / "backtest" / "report.json").is_file()


@pytest.mark.parametrize(
    ("words", "told", "status"),
    [
        (("--charts", "M15"), "too far apart for charts of M15", ExitCode.USAGE),
        (("--charts", "H1", "--clock", "mars"), "clock 'mars'", ExitCode.USAGE),
        (("--charts", "H1", "--ticks", "some"), "use ohlc", ExitCode.USAGE),
        (("--charts", "H1", "--crossed", "some"), "use drop", ExitCode.USAGE),
    ],
)
def test_what_cannot_be_tested_is_said(
    words: tuple[str, ...], told: str, status: ExitCode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = backtest_of(an_export(tmp_path, 1), *words)
    assert result.exit_code == status
    assert told in result.stderr


def test_a_file_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = backtest_of("nowhere.csv")
    assert result.exit_code == ExitCode.DATA
    assert "nowhere.csv" in result.stderr
