"""The doctor: each illness is found, named, and comes with a remedy; the healthy are left in peace."""

import json
import os
import shutil
import socket
import sqlite3
import time
from pathlib import Path

import numpy as np
import pytest

from account.events import EquityMarked
from account.journal import Journal
from app import doctor
from app.console import ExitCode
from app.doctor import Finding, Health, examined, is_healthy
from bridge.config import Places
from domain import jit
from domain.dtypes import TICK_DTYPE
from domain.servertime import NS_PER_S
from domain.timeframes import HOUR_S
from tests.app.real_command import Companion

pytestmark = pytest.mark.integration

SECRET = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def live(tmp_path: Path) -> Path:
    folder = tmp_path / "state" / "mt5-companion" / "live"
    folder.mkdir(parents=True)
    return folder


def finding(check: str, data: str | None = None) -> Finding:
    return next(one for one in examined(data) if one.check == check)


def status(live: Path, **changes: object) -> None:
    given = {
        "state": "running",
        "pid": os.getpid(),
        "endpoint": "tcp://127.0.0.1:5555",
        "written_ns": time.time_ns(),
        "problem": "",
        "terminals": [],
        **changes,
    }
    (live / "status.json").write_text(json.dumps(given))


def some_journal(path: Path, events: int = 50) -> None:
    with Journal.open(path) as journal:
        for number in range(events):
            journal.append("a:1", EquityMarked(time_ns=number, equity=1.0, balance=1.0, margin=0.0))
        journal.commit()


# -- news --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "state", "health", "words"),
    [
        ("false", "", Health.NOTE, "no calendar source is set up: nothing will be opened"),
        ("true", "", Health.GOOD, "the calendar can be relied on"),
        ("true", "no entries: eodhd: refused", Health.NOTE, "no entries: eodhd: refused"),
    ],
)
def test_how_the_calendar_stands(
    live: Path, monkeypatch: pytest.MonkeyPatch, source: str, state: str, health: Health, words: str
) -> None:
    monkeypatch.setenv("COMPANION_NEWS__FOREX_FACTORY", source)
    status(live, news=state)
    found = finding("news")
    assert (found.health, found.words) == (health, words)


# -- settings --------------------------------------------------------------------------------------------------------


def test_on_a_fresh_machine_nothing_is_bad() -> None:
    findings = examined(None)
    assert is_healthy(findings)
    assert {"settings", "model", "data folder", "disk", "bridge", "port", "journal", "versions"} <= {
        one.check for one in findings
    }


def test_everything_that_is_not_good_has_a_remedy() -> None:
    without = [one.check for one in examined(None) if one.health != Health.GOOD and not one.remedy]
    assert set(without) <= {"clock", "journal"}  # nothing has happened yet: nothing to be done


def test_every_broken_setting_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPANION_MAGIC", "x")
    monkeypatch.setenv("COMPANION_ENTRY__STOP_ATR", "-1")
    bad = [one.words for one in examined(None) if one.check == "settings"]
    assert len(bad) == 2
    assert bad[0].startswith("COMPANION_MAGIC")
    assert bad[1].startswith("COMPANION_ENTRY__STOP_ATR")


def test_with_broken_settings_the_rest_is_still_examined(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, live: Path
) -> None:
    some_journal(live / "journal.sqlite3")
    monkeypatch.setenv("COMPANION_DATA_DIR", str(live.parent))
    monkeypatch.setenv("COMPANION_MAGIC", "x")
    assert finding("journal").health == Health.GOOD
    assert not is_healthy(examined(None))


@pytest.mark.parametrize(
    ("name", "value"),
    [("COMPANION_MODEL", "astrology"), ("COMPANION_MODEL_PARAMETERS__MOON", "1"), ("COMPANION_MODEL", "gone.py")],
)
def test_a_model_that_cannot_be_used_is_found(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    assert finding("model").health == Health.BAD


@pytest.mark.parametrize(
    ("secret", "endpoint", "health"),
    [
        ("", "tcp://127.0.0.1:5555", Health.NOTE),
        ("short", "tcp://127.0.0.1:5555", Health.BAD),
        (SECRET, "tcp://127.0.0.1:5555", Health.GOOD),
        (SECRET[:20], "tcp://127.0.0.1:5555", Health.GOOD),
        (SECRET[:20], "tcp://0.0.0.0:5555", Health.BAD),
        (SECRET, "tcp://0.0.0.0:5555", Health.GOOD),
    ],
)
def test_the_secret_is_judged_by_where_the_bridge_listens(
    monkeypatch: pytest.MonkeyPatch, secret: str, endpoint: str, health: Health
) -> None:
    monkeypatch.setenv("COMPANION_SECRET", secret)
    monkeypatch.setenv("COMPANION_BRIDGE__ENDPOINT", endpoint)
    found = finding("secret")
    assert found.health == health
    assert not secret or secret not in found.words + found.remedy


# -- machine ---------------------------------------------------------------------------------------------------------


def test_a_data_folder_that_cannot_be_used_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("COMPANION_DATA_DIR", str(tmp_path / "file" / "data"))
    assert finding("data folder").health == Health.BAD


@pytest.mark.parametrize(("free", "health"), [(10**11, Health.GOOD), (10**9, Health.NOTE), (10**7, Health.BAD)])
def test_a_full_disk_is_found(monkeypatch: pytest.MonkeyPatch, free: int, health: Health) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: type("Usage", (), {"free": free}))
    assert finding("disk").health == health


def test_missing_kernels_are_no_illness(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(jit, "cache_directory", lambda: tmp_path / "none")
    assert finding("compiled code").health == Health.NOTE


def test_versions_are_told() -> None:
    assert "Python 3." in finding("versions").words
    assert "numba" in finding("versions").words


# -- bridge ----------------------------------------------------------------------------------------------------------


def test_a_port_of_somebody_else_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        monkeypatch.setenv("COMPANION_BRIDGE__ENDPOINT", f"tcp://127.0.0.1:{other.getsockname()[1]}")
        found = finding("port")
    assert found.health == Health.BAD
    assert "COMPANION_BRIDGE__ENDPOINT" in found.remedy


def test_a_port_the_bridge_holds_is_good(live: Path) -> None:
    status(live)
    assert finding("port").words == "tcp://127.0.0.1:5555 is held by the bridge"
    assert finding("bridge").health == Health.GOOD


@pytest.mark.parametrize("endpoint", ["tcp://127.0.0.1:*", "tcp://[::1]:5999", "tcp://*:5999"])
def test_other_ways_to_name_a_port_are_understood(monkeypatch: pytest.MonkeyPatch, endpoint: str) -> None:
    monkeypatch.setenv("COMPANION_BRIDGE__ENDPOINT", endpoint)
    assert finding("port").check == "port"


def test_a_bridge_that_hangs_is_found(live: Path) -> None:
    status(live, written_ns=time.time_ns() - 60 * NS_PER_S)
    assert finding("bridge").health == Health.BAD


def test_a_bridge_that_was_killed_is_not_running(live: Path) -> None:
    status(live, pid=2**22 + 1)
    assert finding("bridge").words == "not running"


def test_what_the_bridge_suffers_from_is_told(live: Path) -> None:
    status(live, problem="journal: disk is full")
    assert [one.words for one in examined(None) if one.check == "bridge" and one.health == Health.BAD] == [
        "journal: disk is full"
    ]


def test_each_terminal_is_told_with_its_obstacle(live: Path) -> None:
    trading = {"account": "S:1", "obstacle": "", "alerts": {}}
    waiting = {"account": "S:2", "obstacle": "not reconciled yet", "alerts": {"clock": "late"}}
    status(live, terminals=[trading, waiting])
    found = [one for one in examined(None) if one.check == "terminal"]
    assert [(one.health, one.words) for one in found] == [
        (Health.GOOD, "S:1: trading"),
        (Health.NOTE, "S:2: not reconciled yet (clock: late)"),
    ]


def test_a_bridge_without_terminals_waits(live: Path) -> None:
    status(live)
    assert finding("terminal").words == "none has connected yet"


# -- record ----------------------------------------------------------------------------------------------------------


def test_a_sound_journal_is_good(live: Path) -> None:
    some_journal(live / "journal.sqlite3")
    assert finding("journal").words == "50 events, all as they were written"


def test_a_changed_event_is_found(live: Path) -> None:
    some_journal(live / "journal.sqlite3")
    with sqlite3.connect(live / "journal.sqlite3") as connection:
        connection.execute("UPDATE event SET body = replace(body, '1.0', '9.0') WHERE seq = 20")
    found = finding("journal")
    assert found.health == Health.BAD
    assert "event 20" in found.words
    assert "companion journal repair" in found.remedy


@pytest.mark.parametrize("content", [b"", b"no database at all", b"SQLite format 3\x00" + b"\xff" * 5000])
def test_a_file_that_is_no_journal_is_found(live: Path, content: bytes) -> None:
    (live / "journal.sqlite3").write_bytes(content)
    assert finding("journal").health == Health.BAD


def test_a_recorder_that_is_behind_is_found(live: Path) -> None:
    capture = Places(live).capture
    capture.mkdir()
    for number in range(8):
        (capture / f"{number:020d}.capture").touch()
    assert finding("recorder").health == Health.NOTE


@pytest.mark.parametrize(
    ("skew_s", "health"), [(0.5, Health.GOOD), (-60, Health.GOOD), (7200, Health.NOTE), (-7200, Health.BAD)]
)
def test_the_clocks_are_compared(monkeypatch: pytest.MonkeyPatch, skew_s: float, health: Health) -> None:
    wall_ns = 1_750_000_000 * NS_PER_S
    ticks = np.zeros(1, TICK_DTYPE)
    ticks["time_msc"] = (wall_ns - int(skew_s * NS_PER_S)) // 1_000_000 + 3 * HOUR_S * 1000
    batch = type("Batch", (), {"ticks": ticks, "wall_ns": wall_ns, "server_offset_s": 3 * HOUR_S, "symbol": "EURUSD"})
    monkeypatch.setattr(doctor, "_last_batch", lambda _: batch)
    assert finding("clock").health == health


# -- the command -----------------------------------------------------------------------------------------------------


def test_the_status_tells_the_healthy_from_the_ill(companion: Companion) -> None:
    assert companion("doctor").returncode == ExitCode.DONE
    ill = companion("doctor", COMPANION_MAGIC="x")
    assert ill.returncode == ExitCode.FOUND
    assert "✗  settings" in ill.stdout
    assert "not fit for trading yet" in ill.stdout


def test_json_for_other_programs(companion: Companion) -> None:
    told = json.loads(companion("doctor", "--json", COMPANION_SYMBLS="EURUSD").stdout)
    assert told["healthy"] is False
    assert told["findings"][0] == {
        "check": "settings",
        "health": "bad",
        "words": "COMPANION_SYMBLS is no setting",
        "remedy": "did you mean COMPANION_SYMBOLS?",
    }
