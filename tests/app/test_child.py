"""What children run: configurations travel without their secret, and failures are told."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from app.child import MODULE, config_in, config_out
from app.playback import Playback
from app.settings import load_settings
from bridge.config import BridgeConfig
from tests.app.real_command import environment_in

SECRET = "0123456789abcdef-secret-0123456789"


def a_config(tmp_path: Path) -> BridgeConfig:
    settings = load_settings(
        symbols="EURUSD,XAUUSD",
        timeframes="M5,H1",
        model_parameters={"adx_threshold": 30.0},
        entry={"risk_fraction": 0.005},
        account={"logins": "1,2"},
        bridge={"silence_ms": 1234},
    )
    return settings.bridge_config(tmp_path, SECRET.encode(), max_terminals=3)


def test_a_configuration_arrives_as_it_left(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("COMPANION_SECRET", SECRET)
    config = a_config(tmp_path)
    assert config_in(json.loads(json.dumps(config_out(config)))) == config


def test_the_secret_does_not_travel_with_it(tmp_path: Path) -> None:
    assert SECRET not in json.dumps(config_out(a_config(tmp_path)))
    assert config_out(a_config(tmp_path))["secret"] == ""


def run_child(folder: Path, *words: dict[str, Any]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", MODULE],
        input="".join(json.dumps(word) + "\n" for word in words),
        env=environment_in(folder, COMPANION_SECRET=SECRET),
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def notes_of(result: "subprocess.CompletedProcess[str]") -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.mark.integration
def test_without_a_job_it_ends(tmp_path: Path) -> None:
    result = run_child(tmp_path)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


@pytest.mark.integration
def test_a_failure_is_told_to_the_parent_and_the_log(tmp_path: Path) -> None:
    playback = msgspec.to_builtins(Playback(files=("gone.csv",)))
    result = run_child(tmp_path, {"role": "terminal", "playback": playback, "state_dir": "x", "magic": 1, "window": 1})
    assert result.returncode == 1
    (note,) = notes_of(result)
    assert (note["event"], note["kind"]) == ("failed", "QuoteFileError")
    assert "gone.csv" in note["problem"]
    assert "Traceback" in result.stderr


@pytest.mark.integration
def test_a_terminal_says_what_it_will_play_and_ends_when_let_go(tmp_path: Path) -> None:
    playback = msgspec.to_builtins(Playback(days=1, symbols=("EURUSD",)))
    result = run_child(tmp_path, {"role": "terminal", "playback": playback, "state_dir": "x", "magic": 1, "window": 1})
    assert result.returncode == 0, result.stderr
    (note,) = notes_of(result)
    assert (note["event"], note["symbols"]) == ("loaded", ["EURUSD"])
    assert note["ticks"] > 1000


@pytest.mark.integration
def test_a_bridge_says_where_it_listens_and_ends_when_let_go(tmp_path: Path) -> None:
    config = load_settings(bridge={"endpoint": "tcp://127.0.0.1:*"}).bridge_config(tmp_path / "data", b"")
    result = run_child(tmp_path, {"role": "bridge", "config": config_out(config)})
    assert result.returncode == 0, result.stderr
    assert [note["event"] for note in notes_of(result)] == ["ready"]
    assert notes_of(result)[0]["endpoint"].startswith("tcp://127.0.0.1:")
    assert SECRET not in result.stdout + result.stderr


@pytest.mark.integration
def test_two_bridges_do_not_share_a_folder(tmp_path: Path) -> None:
    from bridge.files import FolderLock

    config = load_settings(bridge={"endpoint": "tcp://127.0.0.1:*"}).bridge_config(tmp_path / "data", b"")
    with FolderLock(config.places.lock):
        result = run_child(tmp_path, {"role": "bridge", "config": config_out(config)})
    assert result.returncode == 1
    assert notes_of(result)[0]["kind"] == "FolderInUseError"
