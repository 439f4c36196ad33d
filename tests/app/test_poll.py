"""`companion poll`: what it is started with, what it says, and how it ends where it cannot begin."""

import io
import signal
import sys
from pathlib import Path
from types import ModuleType

import pytest
from rich.console import Console

from app.console import CommandError, ExitCode
from app.poll import Narrator, poller_config, reachable, run_poll
from app.settings import load_settings
from tests.app.real_command import companion_in

SECRET = "0123456789abcdef0123456789abcdef"


@pytest.fixture(autouse=True)
def _environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COMPANION_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("COMPANION_SECRET", SECRET)


def test_settings_become_the_pollers_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"LOGIN": "5", "PASSWORD": "p", "SERVER": "S", "MAX_LOTS": "0.5", "INTERVAL_MS": "20"}.items():
        monkeypatch.setenv(f"COMPANION_POLLER__{name}", value)
    config = poller_config(load_settings())
    assert (config.start.login, config.start.password, config.start.server) == (5, "p", "S")
    assert (config.guards.login, config.guards.max_lots, config.guards.demo_only) == (5, 0.5, True)
    assert (config.interval_ms, config.secret, config.state_dir) == (20, SECRET.encode(), tmp_path / "poller")
    assert SECRET not in repr(config)


def test_the_bridge_is_the_one_of_the_settings_unless_another_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPANION_BRIDGE__ENDPOINT", "tcp://0.0.0.0:6000")
    assert poller_config(load_settings()).endpoint == "tcp://127.0.0.1:6000"
    monkeypatch.setenv("COMPANION_POLLER__BRIDGE", "tcp://192.0.2.1:5555")
    assert poller_config(load_settings()).endpoint == "tcp://192.0.2.1:5555"


@pytest.mark.parametrize("endpoint", ["tcp://192.0.2.1:5555", "tcp://127.0.0.1:5555"])
def test_an_address_that_can_be_connected_to_stays(endpoint: str) -> None:
    assert reachable(endpoint) == endpoint


@pytest.mark.integration
def test_elsewhere_than_on_windows_the_remedy_is_named(tmp_path: Path) -> None:
    result = companion_in(tmp_path, "poll", COMPANION_SECRET=SECRET)
    assert result.returncode == ExitCode.PROCESS
    assert "the MetaTrader5 package exists for Windows alone, and this is linux" in result.stderr
    assert "companion sim" in result.stderr


def test_on_windows_without_the_package_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setitem(sys.modules, "MetaTrader5", None)
    with pytest.raises(CommandError, match="cannot be imported") as told:
        run_poll(Console(file=io.StringIO()), "")
    assert "-m pip install MetaTrader5" in told.value.remedy


def test_on_windows_without_a_terminal_the_packages_words_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the real package answered under Wine, where no terminal is installed."""
    package = ModuleType("MetaTrader5")
    vars(package).update(
        initialize=lambda *_, **__: False,
        last_error=lambda: (-10003, "IPC initialize failed, MetaTrader 5 x64 not found"),
        shutdown=lambda: None,
    )
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setitem(sys.modules, "MetaTrader5", package)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr("bridge.files._lock", lambda _file: None)  # this machine has no msvcrt
    with pytest.raises(CommandError, match="-10003 IPC initialize failed, MetaTrader 5 x64 not found") as told:
        run_poll(Console(file=io.StringIO()), "")
    assert "COMPANION_POLLER__TERMINAL_PATH" in told.value.remedy
    assert told.value.code == ExitCode.PROCESS


@pytest.mark.parametrize("address", ["nowhere", "192.0.2.1:80", "127.0.0.1"])
def test_only_an_address_of_this_machine_is_a_simulated_terminal(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    with pytest.raises(CommandError, match="the address that `companion sim` shows") as told:
        run_poll(Console(file=io.StringIO()), address)
    assert told.value.code == ExitCode.USAGE


def test_what_changes_is_said_once() -> None:
    heard = io.StringIO()
    narrator = Narrator(Console(file=heard, width=200))
    standing = {"live": True, "autotrading": True, "connected": True, "gap": "", "ticks": 1}
    narrator.hear("waiting", problem="no terminal", remedy="start it")
    away = {"live": False, "connected": False}
    for more in ({}, {"ticks": 9}, {"autotrading": False}, away, {"gap": "EURUSD: gone"}):
        narrator.hear("progress", **(standing | more))
    narrator.hear("measured", server_offset_s=10_800)
    lines = [line.partition("UTC  ")[2] for line in heard.getvalue().splitlines()]
    assert lines == [
        "no terminal - start it",
        "trading with the bridge",
        "trading with the bridge; AutoTrading is off: switch it on in the terminal's toolbar",
        "no session with the bridge; stops are looked after; the terminal has no connection to its server",
        "trading with the bridge; EURUSD: gone",
        "the broker's clock is +3 h from UTC, measured",
    ]
