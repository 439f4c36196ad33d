"""The whole demonstration: real processes, real sockets, an invented market."""

import json
import signal
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from account.events import EventAhead
from account.journal import JournalReader
from app.console import ExitCode
from app.folders import LIVE, fresh_folder
from app.playback import Playback
from app.played_calendar import invented_events
from tests.app.real_command import Companion, command, companion_in, environment_in

pytestmark = pytest.mark.integration


def test_what_it_came_to_adds_up(demo_summary: dict[str, Any]) -> None:
    assert demo_summary["symbols"] == ["EURUSD"]
    assert demo_summary["ticks"] > 5_000
    assert sum(demo_summary["decisions"].values()) + sum(demo_summary["refused"].values()) > 150
    assert demo_summary["refused"]["news"] > 0
    assert demo_summary["deals"] > 0
    assert set(demo_summary["intents"]) <= {"filled", "rejected", "partly_filled", "expired"}
    assert [proof["claim"] for proof in demo_summary["proofs"] if not proof["holds"]] == []
    assert len(demo_summary["proofs"]) == 4


def test_money_is_counted_from_the_deposit(demo_summary: dict[str, Any]) -> None:
    assert demo_summary["balance_start"] == 10_000.0
    assert 0.0 <= demo_summary["deepest_drawdown_fraction"] < 0.5
    assert abs(demo_summary["equity"] - demo_summary["balance_start"]) < 5_000.0


def test_latency_is_told_in_rising_percentiles(demo_summary: dict[str, Any]) -> None:
    trip = demo_summary["round_trip_us"]
    assert 0.0 < trip["p50"] <= trip["p90"] <= trip["p99"] <= trip["longest"]


def test_what_it_suggests_to_type_next_works(demo_state: Path, demo_summary: dict[str, Any]) -> None:
    for line in demo_summary["look_at"]:
        name, *words = line.split()
        assert name == "companion"
        result = companion_in(demo_state, *words)
        assert result.returncode == 0, result.stderr
        assert "lots at" in result.stdout
    assert demo_summary["look_at"]


def test_a_window_of_news_is_on_record_with_its_warning(demo_state: Path, demo_folder: Path) -> None:
    (event, *_) = invented_events(Playback(symbols=("EURUSD",), days=2, seed=4))
    with JournalReader.open(demo_folder / "journal.sqlite3") as journal:
        ahead = [told for _, _, told in journal.read() if isinstance(told, EventAhead)]
    assert ahead[0].event_ns == event.time_ns
    assert event.time_ns - ahead[0].time_ns <= 900 * 10**9
    moment = datetime.fromtimestamp(event.time_ns / 1e9, UTC).strftime("%Y-%m-%dT%H:%M")
    result = companion_in(demo_state, "why", "EURUSD", moment, "--data", "demo")
    assert "inside a news window" in result.stdout


def test_its_record_is_whole(demo_folder: Path) -> None:
    assert {"journal.sqlite3", "recordings", "status.json", "logs"} <= {path.name for path in demo_folder.iterdir()}
    assert list((demo_folder / "capture").glob("*.capture")) == []
    assert list(demo_folder.rglob("ticks/**/*.parquet"))


def test_nobody_else_can_read_it(demo_folder: Path) -> None:
    assert demo_folder.stat().st_mode & 0o077 == 0


def test_no_process_is_left(demo_summary: dict[str, Any]) -> None:
    found = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert demo_summary["folder"] not in found


def test_the_same_seed_makes_the_same_decisions(companion: Companion) -> None:
    runs = [
        _without_clock(companion("demo", "--days", "1", "--symbols", "USDJPY", "--seed", "5", "--json")) for _ in "12"
    ]
    assert runs[0] == runs[1]
    assert runs[0]["ticks"] > 1000


@pytest.mark.slow
def test_the_eas_own_source_trades_as_its_twin(companion: Companion) -> None:
    words = ("--days", "1", "--symbols", "EURUSD,XAUUSD", "--seed", "5", "--json")
    twin, own = (_without_clock(companion("demo", *words, "--ea", name)) for name in ("twin", "mql5"))
    assert own == twin
    assert own["intents"]["filled"] > 5


def _without_clock(result: "subprocess.CompletedProcess[str]") -> dict[str, Any]:
    """What does not depend on the machine's speed; a digest holds the terminal's random number, too."""
    summary = json.loads(result.stdout)
    for name in ("seconds", "round_trip_us", "bridge_us", "proofs"):
        del summary[name]
    return dict(summary)


def test_without_a_terminal_the_output_is_plain_lines(companion: Companion) -> None:
    result = companion("demo", "--days", "1", "--symbols", "EURUSD")
    assert result.returncode == 0, result.stderr
    assert "\x1b" not in result.stdout
    assert "100 %" in result.stdout
    assert "✓ the journal replays to the account the bridge had" in result.stdout


def test_a_kept_run_is_not_replaced(companion: Companion, tmp_path: Path) -> None:
    assert companion("demo", "--days", "1", "--symbols", "EURUSD", "--keep", "--json").returncode == 0
    (kept,) = (tmp_path / "mt5-companion").glob("demo-*[0-9]")
    assert (kept / "journal.sqlite3").is_file()


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("--symbols", "GBPUSD"), ExitCode.DATA, "GBPUSD: not in the invented market, which has EURUSD"),
        (("--ea", "mql4"), ExitCode.USAGE, "use twin or mql5"),
        (("--days", "0"), ExitCode.USAGE, "Invalid value"),
    ],
)
def test_what_cannot_be_played_is_refused(companion: Companion, words: tuple[str, ...], code: int, told: str) -> None:
    result = companion("demo", *words)
    assert result.returncode == code
    assert told in result.stderr
    assert "Traceback" not in result.stderr


def test_a_bad_setting_stops_it_at_once(companion: Companion) -> None:
    result = companion("demo", COMPANION_ENTRY__RISK_FRACTION="0.5")
    assert result.returncode == ExitCode.SETTINGS
    assert "COMPANION_ENTRY__RISK_FRACTION is '0.5': must be above 0, at most 0.02" in result.stderr


def test_a_folder_that_is_no_run_is_left_alone(companion: Companion, tmp_path: Path) -> None:
    precious = tmp_path / "mt5-companion" / "demo" / "thesis.txt"
    precious.parent.mkdir(parents=True)
    precious.write_text("not yours")
    result = companion("demo", "--days", "1")
    assert result.returncode == ExitCode.DATA
    assert "is no run of Companion's; it is left alone" in result.stderr
    assert precious.read_text() == "not yours"


def test_live_data_are_never_replaced(tmp_path: Path) -> None:
    live = tmp_path / LIVE
    live.mkdir()
    (live / "journal.sqlite3").touch()
    fresh_folder(tmp_path, "demo", keep=False)
    assert (live / "journal.sqlite3").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_however_it_ends_its_children_end_too(tmp_path: Path, number: signal.Signals) -> None:
    with subprocess.Popen(
        command("demo", "--speed", "50"), env=environment_in(tmp_path), cwd=tmp_path, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        assert any(line.startswith("bridge on") for line in lines)
        children = _children_of(process.pid)
        assert len(children) == 3
        process.send_signal(number)
        process.stdout.read()
        status = process.wait(60)
    assert status == (ExitCode.INTERRUPTED if number == signal.SIGINT else -signal.SIGKILL)
    assert _all_end(children)


def _children_of(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _all_end(pids: list[int], patience_s: float = 120.0) -> bool:
    until_s = time.monotonic() + patience_s
    while time.monotonic() < until_s:
        if not any(_runs(pid) for pid in pids):
            return True
        time.sleep(0.1)
    return False


def _runs(pid: int) -> bool:
    try:
        return ") Z" not in Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
