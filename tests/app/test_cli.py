"""The command itself: help for traders, nothing heavy before it is needed, stable statuses."""

import subprocess
import sys
from pathlib import Path

import pytest
import typer.main
from typer.testing import CliRunner

from app.cli import cli
from app.console import ExitCode
from tests.app.real_command import ROOT, Companion, environment_in

COMMANDS = (
    "demo",
    "replay",
    "why",
    "run",
    "poll",
    "sim",
    "tap",
    "audit",
    "doctor",
    "backtest",
    "report",
    "bias",
    "sweep",
    "optimize",
    "walkforward",
    "journal",
    "news",
    "risk",
    "data",
)
HEAVY = ("numba", "pyarrow", "zmq", "pydantic_settings", "strategy", "bridge", "sim", "numpy")


def invoke(*words: str) -> "subprocess.CompletedProcess[str]":
    result = CliRunner().invoke(cli, list(words))
    return subprocess.CompletedProcess(words, result.exit_code, result.stdout, result.stderr)


def test_the_commands_are_all_there() -> None:
    assert tuple(getattr(typer.main.get_command(cli), "commands", {})) == COMMANDS


@pytest.mark.parametrize("words", [("--help",), ("-h",), *((name, "--help") for name in COMMANDS)])
def test_help_is_given(words: tuple[str, ...]) -> None:
    result = invoke(*words)
    assert result.returncode == 0
    assert "Usage:" in result.stdout
    assert "--help" in result.stdout


def test_without_a_command_there_is_help() -> None:
    assert "companion demo" in invoke().stdout + invoke().stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_and_option_has_a_word_of_help(command: str) -> None:
    described = getattr(typer.main.get_command(cli), "commands", {})[command]
    assert described.help
    options = [parameter for parameter in described.params if parameter.param_type_name == "option"]
    assert [option.name for option in options if not getattr(option, "help", None)] == []


@pytest.mark.integration
def test_help_loads_nothing_heavy(tmp_path: Path) -> None:
    code = f"import sys; import app.cli; print(*[name for name in {HEAVY!r} if name in sys.modules])"
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, env=environment_in(tmp_path), cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == ""


def test_the_version_is_told() -> None:
    result = invoke("--version")
    assert result.returncode == 0
    assert result.stdout.startswith("companion ")


@pytest.mark.parametrize(
    "words",
    [
        ("dance",),
        ("demo", "--days", "many"),
        ("replay",),
        ("audit", "2025-06-02"),
        ("why", "EURUSD"),
        ("journal", "eat"),
    ],
)
def test_wrong_use_has_its_own_status(words: tuple[str, ...]) -> None:
    assert invoke(*words).returncode == ExitCode.USAGE


@pytest.mark.integration
@pytest.mark.parametrize(
    "words", [("why", "EURUSD", "12:00"), ("audit", "12:00", "13:00"), ("tap",), ("run",), ("demo",)]
)
def test_a_bad_setting_stops_every_command(companion: Companion, words: tuple[str, ...]) -> None:
    result = companion(*words, COMPANION_SYMBLS="EURUSD")
    assert result.returncode == ExitCode.SETTINGS
    assert "✗ COMPANION_SYMBLS is no setting\n  did you mean COMPANION_SYMBOLS?\n" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.integration
def test_a_setting_in_a_file_counts_where_one_stands(companion: Companion, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("COMPANION_LOG_LEVEL=shouting\n")
    result = companion("doctor")
    assert result.returncode == ExitCode.FOUND
    assert "COMPANION_LOG_LEVEL is 'shouting'" in result.stdout


@pytest.mark.integration
def test_debug_shows_the_traceback(companion: Companion) -> None:
    result = companion("--debug", "why", "EURUSD", "12:00")
    assert result.returncode != 0
    assert "Traceback" in result.stderr
