"""`companion tap` on a bridge that trades at this moment."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.console import ExitCode
from tests.app.real_command import Companion, command, companion_in, environment_in

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def trading(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """State folder in which a demonstration goes on, slowly."""
    folder = tmp_path_factory.mktemp("trading")
    with subprocess.Popen(
        command("demo", "--symbols", "EURUSD", "--speed", "400"),
        env=environment_in(folder),
        cwd=folder,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert any("10 %" in line for line in iter(process.stdout.readline, ""))
        yield folder
        process.send_signal(signal.SIGINT)
        process.stdout.read()


def lines_of(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_every_line_is_json_with_direction_time_and_type(trading: Path) -> None:
    lines = lines_of(companion_in(trading, "tap", "--data", "demo").stdout)
    assert len(lines) > 1000
    assert [line["type"] for line in lines[:4]] == ["HELLO", "CHALLENGE", "AUTH", "WELCOME"]
    assert {line["direction"] for line in lines} == {"in", "out"}
    assert {"SYMBOLS", "SNAPSHOT", "HISTORY", "TICKS", "DECISION", "HEARTBEAT"} <= {line["type"] for line in lines}
    assert [line["seq"] for line in lines] == sorted(line["seq"] for line in lines)


def test_no_secret_is_on_any_line(trading: Path) -> None:
    lines = lines_of(companion_in(trading, "tap", "--data", "demo").stdout)
    challenge = next(line for line in lines if line["type"] == "CHALLENGE")
    assert challenge["fields"]["proof"] == "redacted"


def test_earlier_lines_can_be_left_out(trading: Path) -> None:
    lines = lines_of(companion_in(trading, "tap", "--data", "demo", "--from-seq", "500").stdout)
    assert lines[0]["seq"] >= 500


def test_new_lines_are_followed_until_it_is_stopped(trading: Path) -> None:
    with subprocess.Popen(
        command("tap", "--data", "demo", "--follow"),
        env=environment_in(trading),
        cwd=trading,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            for _ in range(3000):
                json.loads(process.stdout.readline())
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=120)
        finally:
            process.kill()
        assert process.returncode == ExitCode.INTERRUPTED


def test_a_reader_that_goes_away_is_no_error(trading: Path) -> None:
    reading, writing = os.pipe()
    process = subprocess.Popen(
        command("tap", "--data", "demo"),
        env=environment_in(trading),
        cwd=trading,
        stdout=writing,
        stderr=subprocess.PIPE,
    )
    os.close(writing)
    os.read(reading, 100)
    os.close(reading)
    _, complaint = process.communicate(timeout=60)
    assert (process.returncode, complaint) == (0, b"")


def test_a_finished_run_has_no_live_frames(demo_state: Path) -> None:
    result = companion_in(demo_state, "tap", "--data", "demo")
    assert result.returncode == ExitCode.DATA
    assert "--follow" in result.stderr


def test_without_a_run_the_demo_is_suggested(companion: Companion) -> None:
    result = companion("tap")
    assert result.returncode == ExitCode.DATA
    assert "companion demo" in result.stderr
