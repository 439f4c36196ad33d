"""`companion run`: serves a terminal, survives the death of its children, and ends when told to."""

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from advisor.host import TerminalRefusedError
from app.console import ExitCode
from app.folders import status_of
from app.playback import Playback, account_of, market_of
from sim.session_host import HostRules, TerminalConfig, run_terminal
from tests.app.real_command import Companion, command, companion_in, environment_in

pytestmark = pytest.mark.integration

SECRET = "0123456789abcdef0123456789abcdef-run"
PLAYBACK = Playback(symbols=("EURUSD",), days=1)
PATIENCE_S = 240.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Running:
    """A service that runs; `lines` is what it has said."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.live = folder / "mt5-companion" / "live"
        self.endpoint = f"tcp://127.0.0.1:{free_port()}"
        self.settings = {
            "COMPANION_SECRET": SECRET,
            "COMPANION_BRIDGE__ENDPOINT": self.endpoint,
            "COMPANION_BRIDGE__CLOCK_CHECK": "false",
            **settings,
        }
        self.said = folder / "said"
        with self.said.open("wb") as output:
            self.process = subprocess.Popen(
                command("run"), env=environment_in(folder, **self.settings), cwd=folder, stdout=output, stderr=output
            )

    def wait_for(self, words: str, times: int = 1) -> str:
        until_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < until_s:
            told = self.said.read_text()
            if told.count(words) >= times:
                return told
            time.sleep(0.1)
        raise AssertionError(f"{words!r} was not said: {self.said.read_text()}")

    def bridge_pid(self) -> int:
        return int(status_of(self.live)["pid"])

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(60)


def served_in(folder: Path) -> Iterator[Running]:
    service = Running(folder)
    try:
        service.wait_for("waiting for an EA")
        yield service
    finally:
        service.process.kill()
        service.process.wait()


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    """A service of one test, which may kill it."""
    yield from served_in(tmp_path)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A service of all tests that only talk to it."""
    yield from served_in(tmp_path_factory.mktemp("shared"))


def terminal(service: Running, secret: str = SECRET, pace: float = 0.0) -> TerminalConfig:
    market = market_of(PLAYBACK)
    return TerminalConfig(
        endpoint=service.endpoint,
        secret=secret.encode(),
        profile=account_of(PLAYBACK),
        specs=market.specs,
        ticks={name: ticks[:500] for name, ticks in market.ticks.items()},
        history=market.history,
        server_offset_s=market.server_offset_s,
        state_dir=service.folder / "terminal",
        magic=770_001,
        host=HostRules(give_up_s=20.0, ticks_per_second=pace),
    )


def test_it_says_what_to_enter_in_the_ea(shared: Running) -> None:
    told = shared.wait_for("secret: the value of COMPANION_SECRET")
    assert f"port {shared.endpoint.rpartition(':')[2]}" in told
    assert "magic number 770001" in told
    assert SECRET not in told


def test_a_terminal_is_served_and_reported(running: Running) -> None:
    statistics = run_terminal(terminal(running, pace=100.0))
    assert statistics.ticks == 500
    running.wait_for("JustMarkets-Demo:2000001: trading")
    running.wait_for("JustMarkets-Demo:2000001: not connected")
    assert running.stop() == ExitCode.DONE
    assert running.said.read_text().endswith("stopping\nstopped\n")
    told = companion_in(running.folder, "why", "EURUSD", "2025-06-02T00:31", "--json").stdout
    assert json.loads(told)["account"] == "JustMarkets-Demo:2000001"


def test_a_terminal_with_another_secret_is_refused(shared: Running) -> None:
    with pytest.raises(TerminalRefusedError, match="BAD_SECRET"):
        run_terminal(terminal(shared, "another secret of some length"))


def test_a_killed_bridge_is_started_again(running: Running) -> None:
    first = running.bridge_pid()
    os.kill(first, signal.SIGKILL)
    running.wait_for("the bridge process ended with status -9; again in 1 s")
    running.wait_for("bridge is back on")
    assert running.bridge_pid() != first
    assert run_terminal(terminal(running)).ticks == 500


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_in_order_when_told_to(running: Running, number: signal.Signals) -> None:
    pid = running.bridge_pid()
    assert running.stop(number) == ExitCode.DONE
    assert status_of(running.live)["state"] == "stopped"
    assert not Path(f"/proc/{pid}").exists()


def test_a_second_one_is_refused(shared: Running) -> None:
    result = companion_in(shared.folder, "run", **shared.settings)
    assert result.returncode == ExitCode.PROCESS
    assert "cannot start" in result.stderr
    assert shared.process.poll() is None


def test_the_doctor_finds_it_alive(shared: Running) -> None:
    findings = _findings(shared)
    assert findings["bridge"]["health"] == "good"
    assert findings["port"]["words"] == f"{shared.endpoint} is held by the bridge"
    assert findings["secret"]["health"] == "good"
    assert findings["news"]["words"] == "no calendar source is set up: nothing will be opened"


def _findings(shared: Running) -> dict[str, dict[str, Any]]:
    told = json.loads(companion_in(shared.folder, "doctor", "--json", **shared.settings).stdout)
    return {one["check"]: one for one in told["findings"]}


def test_no_secret_in_any_log_or_process_list(running: Running) -> None:
    run_terminal(terminal(running))
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert SECRET not in listed
    assert running.stop() == ExitCode.DONE
    holding = [path for path in running.folder.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()]
    assert holding == []


def test_without_a_secret_it_says_how_to_make_one(companion: Companion) -> None:
    result = companion("run")
    assert result.returncode == ExitCode.SETTINGS
    assert "COMPANION_SECRET is not set" in result.stderr
    assert "secrets.token_hex(32)" in result.stderr


def test_a_short_secret_is_refused_on_the_network(companion: Companion) -> None:
    result = companion("run", COMPANION_SECRET="x" * 20, COMPANION_BRIDGE__ENDPOINT="tcp://0.0.0.0:5555")
    assert result.returncode == ExitCode.SETTINGS
    assert "at least 32 are needed to listen on tcp://0.0.0.0:5555" in result.stderr


def test_a_port_of_somebody_else_ends_it_with_a_remedy(companion: Companion) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        endpoint = f"tcp://127.0.0.1:{other.getsockname()[1]}"
        result = companion("run", COMPANION_SECRET=SECRET, COMPANION_BRIDGE__ENDPOINT=endpoint)
    assert result.returncode == ExitCode.PROCESS
    assert "COMPANION_BRIDGE__ENDPOINT" in result.stderr
