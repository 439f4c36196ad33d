"""`companion news`: tables and JSON from a calendar of one's own, from the service's, and in front of dead sources."""

import json
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from app.cli import cli
from app.console import ExitCode
from app.folders import LIVE
from app.settings import load_settings
from bridge.status import BridgeStatus, TerminalStatus, write_status
from tests.newsfilter.fake_eodhd import TOKEN, FakeEodhd, Reply, payrolls, rows

CALENDAR = """\
time,currency,event,impact,timing,forecast
2024-03-08T13:30Z,USD,Nonfarm Payrolls,,,200K
2024-03-08T13:30Z,USD,Unemployment Rate,high,,3.7%
2024-03-08T07:00Z,GBP,House Prices,low,,
2024-03-08T00:00Z,EUR,EU Leaders Summit,medium,all day,
2024-03-12T12:30Z,USD,CPI m/m,high,,0.4%
2024-03-13T00:00Z,JPY,Holiday of the Emperor,holiday,all day,
"""


@pytest.fixture
def mine(tmp_path: Path) -> str:
    path = tmp_path / "mine.csv"
    path.write_text(CALENDAR)
    return str(path)


def invoke(*words: str) -> "subprocess.CompletedProcess[str]":
    result = CliRunner().invoke(cli, ["news", *words])
    return subprocess.CompletedProcess(words, result.exit_code, result.stdout, result.stderr)


def told(*words: str) -> Any:  # noqa: ANN401 - whatever JSON holds
    result = invoke(*words, "--json")
    assert result.returncode in (ExitCode.DONE, ExitCode.FOUND), result.stderr
    return json.loads(result.stdout)


WEEK = ("--from", "2024-03-08", "--days", "6")


# -- a calendar of one's own ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ((), ["EU Leaders Summit", "Nonfarm Payrolls", "Unemployment Rate", "CPI m/m", "Holiday of the Emperor"]),
        (("--impact", "low", "--currency", "gbp, jpy"), ["House Prices", "Holiday of the Emperor"]),
        (("--impact", "high", "--days", "1"), ["Nonfarm Payrolls", "Unemployment Rate"]),
    ],
)
def test_events(mine: str, options: tuple[str, ...], names: list[str]) -> None:
    found = told("events", "--file", mine, *WEEK, *options)
    assert [one["event"] for one in found] == names


def test_an_event_says_all_there_is(mine: str) -> None:
    assert told("events", "--file", mine, *WEEK, "--impact", "high")[0] == {
        "time": "2024-03-08T13:30:00.000Z",
        "timing": "exact",
        "currency": "USD",
        "impact": "high",
        "event": "Nonfarm Payrolls",
        "forecast": "200K",
        "previous": "",
        "actual": "",
        "sources": ["mine.csv"],
    }


def test_windows_are_by_symbol_and_say_because_of_what(mine: str) -> None:
    found = told("windows", "EURUSD", "GBPJPY", "--file", mine, *WEEK)
    assert found["standing"] == ""
    assert [(one["symbol"], one["from"], one["until"]) for one in found["windows"]] == [
        ("EURUSD", "2024-03-08T13:00:00.000Z", "2024-03-08T14:30:00.000Z"),
        ("EURUSD", "2024-03-12T12:00:00.000Z", "2024-03-12T13:30:00.000Z"),
    ]
    assert [one["event"] for one in found["windows"][0]["events"]] == ["Nonfarm Payrolls", "Unemployment Rate"]


def test_margins_of_the_settings_count(mine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPANION_NEWS__NAMED", '{"USD:CPI": [60, 120]}')
    monkeypatch.setenv("COMPANION_NEWS__HIGH_BEFORE_S", "0")
    found = told("windows", "--file", mine, *WEEK)["windows"]
    assert [(one["from"][11:16], one["until"][11:16]) for one in found] == [("13:30", "14:30"), ("12:29", "12:32")]


@pytest.mark.parametrize(
    ("symbol", "at", "words"),
    [
        ("EURUSD", "2024-03-08T13:15", "no entries until 14:30: USD Nonfarm Payrolls, USD Unemployment Rate"),
        ("XAUUSD", "2024-03-08 14:29:59", "no entries until 14:30"),
        ("EURUSD", "2024-03-08T14:30", "✓ no release near"),
        ("EURUSD", "2024-03-08T15:15+02:00", "no entries until 14:30"),
        ("EURUSD", "2024-03-12T11:00", "next window in 60 min: USD CPI m/m"),
        ("GBPJPY", "2024-03-08T13:15", "✓ no release near"),
    ],
)
def test_explain(mine: str, symbol: str, at: str, words: str) -> None:
    result = invoke("explain", symbol, at, "--file", mine)
    assert result.returncode == ExitCode.DONE
    assert words in result.stdout


def test_explain_lists_the_day_of_the_symbols_currencies(mine: str) -> None:
    found = told("explain", "EURGBP", "2024-03-08T09:00", "--file", mine)
    assert [one["event"] for one in found["day"]] == ["EU Leaders Summit", "House Prices"]
    assert (found["shut"], found["following"], found["currencies"]) == (None, None, ["EUR", "GBP"])
    table = invoke("explain", "EURGBP", "2024-03-08T09:00", "--file", mine).stdout
    assert "all day" in table


def test_the_brokers_clock(mine: str) -> None:
    assert "no terminal has told the broker's clock yet" in invoke(
        "explain", "EURUSD", "2024-03-08T15:15", "--file", mine, "--server-time"
    ).stderr  # fmt: skip
    terminal = TerminalStatus(account="a:1", connected=True, obstacle="", server_offset_s=7200)
    status = BridgeStatus(state="running", pid=1, endpoint="", started_ns=0, written_ns=0, terminals=(terminal,))
    folder = load_settings().data_dir / LIVE
    folder.mkdir(parents=True, exist_ok=True)
    write_status(folder / "status.json", status)
    asked = invoke("explain", "EURUSD", "2024-03-08T15:15", "--file", mine, "--server-time").stdout
    assert "Fri 2024-03-08 13:15:00 UTC, 15:15:00 broker" in asked
    assert "no entries until 14:30" in asked
    assert "15:00-16:30" in invoke("windows", "--file", mine, *WEEK).stdout
    assert "15:30" in invoke("events", "--file", mine, *WEEK).stdout


def test_coverage_of_a_file(mine: str, tmp_path: Path) -> None:
    assert invoke("coverage", mine).returncode == ExitCode.DONE
    assert "nothing is missing" in invoke("coverage", mine).stdout
    shifted = tmp_path / "shifted.csv"
    shifted.write_text("time,currency,event\n2022-06-03T16:30Z,USD,Nonfarm Payrolls\n")
    result = invoke("coverage", str(shifted))
    assert result.returncode == ExitCode.FOUND
    assert "✗ Nonfarm Payrolls at 2022-06-03 16:30 UTC is +240 minutes from 8:30 in New York" in result.stdout
    assert len(told("coverage", str(shifted))["shifted"]) == 1


@pytest.mark.parametrize(
    ("words", "code", "problem"),
    [
        (("explain", "EURUSD", "soon", "--file", "{mine}"), ExitCode.USAGE, "'soon' is no time"),
        (("events", "--from", "soon", "--file", "{mine}"), ExitCode.USAGE, "--from 'soon'"),
        (("events", "--impact", "huge"), ExitCode.USAGE, "--impact huge: use low, medium, high"),
        (("events", "--file", "/nowhere.csv"), ExitCode.DATA, "/nowhere.csv: No such file or directory"),
        (("events",), ExitCode.DATA, "no calendar source is set up"),
        (("refresh",), ExitCode.DATA, "COMPANION_NEWS__FOREX_FACTORY=true"),
        (("windows", "--data", "demo"), ExitCode.DATA, "nothing is recorded in"),
    ],
)
def test_what_cannot_be_done_is_told_with_a_remedy(
    mine: str, words: tuple[str, ...], code: ExitCode, problem: str
) -> None:
    result = invoke(*(word.format(mine=mine) for word in words))
    assert result.returncode == code
    assert problem in result.stderr


def test_a_file_that_is_no_calendar_names_row_and_column(tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_text("time,currency,event\nyesterday,USD,CPI\n")
    result = invoke("events", "--file", str(path))
    assert result.returncode == ExitCode.DATA
    assert "bad.csv: line 2" in result.stderr


# -- the service's calendar -------------------------------------------------------------------------------------------


def test_refresh_fetches_and_the_others_look_at_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPANION_NEWS__EODHD_TOKEN", TOKEN)
    assert "`companion news refresh` does it" in invoke("windows").stderr
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    report = payrolls(f"{tomorrow:%Y-%m-%d} 10:00:00") | {"type": "Retail Sales"}
    with FakeEodhd([Reply(body=rows(report)), Reply(401, b"Unauthenticated")]) as eodhd:
        monkeypatch.setenv("COMPANION_NEWS__EODHD_ADDRESS", eodhd.address)
        result = invoke("refresh")
        assert result.returncode == ExitCode.DONE
        assert "✓ the calendar can be relied on" in result.stdout
        (window,) = told("windows", "USDJPY")["windows"]
        assert window["from"] == f"{tomorrow:%Y-%m-%d}T09:30:00.000Z"
        failed = told("refresh")
    assert failed["sources"][0]["problem"] == "eodhd: refused: status 401, Unauthenticated"
    assert failed["sources"][0]["events"] == 1
    assert "the calendar is relied on until" in failed["standing"]
    assert TOKEN not in json.dumps(failed)
    later = told("explain", "USDJPY", f"{tomorrow + timedelta(days=3):%Y-%m-%dT%H:%M}")
    assert later["problem"].startswith("the calendar could be relied on until")
