"""Two programs on one terminal: the drop-in in another process sees the same account, and is answered the same way."""

import contextlib
import itertools
import json
import os
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import sim.metatrader5 as mt5
from sim.metatrader5.arguments import CError
from sim.metatrader5.desk import DESK
from sim.metatrader5.failures import CallError
from sim.metatrader5.remote import Remote, address_of
from sim.metatrader5.serving import Counter, PortInUseError
from tests.sim.metatrader5.market import MONDAY_S, AttachedMarket, market_order

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def market() -> AttachedMarket:
    market = AttachedMarket()
    market.play(5)
    return market


@pytest.fixture
def counter(market: AttachedMarket) -> Iterator[Counter]:
    with Counter() as counter:
        yield counter


def _caller(address: str, **environment: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.sim.metatrader5.caller_child", address]
    result = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True, check=True, timeout=60
    )
    return dict(json.loads(result.stdout))


def test_another_program_trades_on_the_same_account(market: AttachedMarket, counter: Counter) -> None:
    mt5.order_send(market_order())
    host, port = counter.address
    seen = _caller(f"tcp://{host}:{port}")
    assert (seen["initialized"], seen["error"]) == (True, [1, "Success"])
    assert (seen["login"], seen["positions_before"], seen["retcode"]) == (5, 1, 10009)
    assert [position.position_ticket for position in market.terminal.positions()][-1] == seen["order"]
    assert seen["order"] in seen["deals"]
    assert seen["ticks"] == 6
    assert seen["unknown"] == [None, [-4, "Terminal: Not found"]]
    assert seen["wrong_type"] == [None, [-2, 'Invalid "volume" argument']]
    assert seen["foreign"] == [None, [-2, 'Invalid "symbol" argument']]
    assert seen["shutdown"] is True
    assert seen["after"] == [None, [-10004, "No IPC connection"]]
    assert counter.callers == 0


def test_an_error_of_c_is_the_same_as_here(counter: Counter) -> None:
    seen = _caller("tcp://{}:{}".format(*counter.address))
    with pytest.raises(SystemError) as here:
        mt5.order_send({"action": -1})
    assert seen["system_error"] == [str(here.value), type(here.value.__cause__).__name__, list(mt5.last_error())]


def test_one_caller_never_sees_anothers_error(counter: Counter) -> None:
    first, second = Remote(counter.address), Remote(counter.address)
    assert first.call("symbol_info", ("NOSUCH",), {}) == (None, (-4, "Terminal: Not found"))
    assert second.call("positions_total", (), {}) == (0, (1, "Success"))
    first.close()
    second.close()


def test_a_login_that_is_not_the_accounts_is_not_let_in(counter: Counter) -> None:
    remote = Remote(counter.address)
    assert remote.call("authorize", (), {"login": 77}) == (False, (-6, "Terminal: Authorization failed"))
    assert remote.call("authorize", (), {"login": 5}) == (True, (1, "Success"))
    remote.close()


def test_what_is_asked_of_the_market_moves_it() -> None:
    AttachedMarket(step_ms=1000)
    with Counter() as counter:
        remote = Remote(counter.address)
        times = [remote.call("utc_ns", (), {})[0] for _ in range(3)]
        remote.close()
    assert [later - earlier for earlier, later in itertools.pairwise(times)] == [1_000_000_000] * 2
    assert times[0] // 1_000_000_000 == MONDAY_S


def test_nobody_there_is_told_with_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    with Counter() as counter:
        host, port = counter.address
    monkeypatch.setenv("COMPANION_SIM", f"{host}:{port}")
    mt5.detach()
    assert not mt5.initialize()
    code, text = mt5.last_error()
    assert code == -10003
    assert f"{host}:{port}" in text


def test_a_terminal_that_goes_away_is_lost_and_found_again(market: AttachedMarket) -> None:
    with Counter() as first:
        remote = Remote(first.address)
        DESK.remote, DESK.connected = remote, False
        remote._connection.shutdown(socket.SHUT_RDWR)
        assert mt5.positions_get() is None
        assert mt5.last_error()[0] in (-10001, -10002)
        assert mt5.positions_get() is None
        assert mt5.last_error() == (-10004, "No IPC connection")
    assert mt5.initialize()
    assert mt5.positions_get() == ()


def test_a_port_in_use_is_told_by_its_number(counter: Counter) -> None:
    host, port = counter.address
    with pytest.raises(PortInUseError, match=f"port {port} of {host} is in use"):
        Counter(host, port)


@pytest.mark.parametrize(
    "noise",
    [b"GET / HTTP/1.1\r\n\r\n", struct.pack(">I", 5) + b"noise", struct.pack(">I", 1) + b"\xc0", b"\xff\xff\xff\xff"],
)
def test_noise_ends_its_connection_and_no_other(noise: bytes, counter: Counter) -> None:
    with socket.create_connection(counter.address) as stranger:
        stranger.sendall(noise)
        with contextlib.suppress(OSError):  # the counter may have hung up already
            stranger.shutdown(socket.SHUT_WR)
        with contextlib.suppress(ConnectionResetError):  # it hung up on bytes it had not read
            assert stranger.recv(100) == b""
    remote = Remote(counter.address)
    assert remote.call("positions_total", (), {}) == (0, (1, "Success"))
    remote.close()


@pytest.mark.parametrize("function", ["shutdown", "initialize", "attach", "_RawOrder", "__class__", "eval"])
def test_only_functions_of_the_package_are_offered(function: str, counter: Counter) -> None:
    remote = Remote(counter.address)
    with pytest.raises(CallError):
        remote.call(function, (), {})
    remote.close()


def test_an_error_of_c_travels_with_its_words(counter: Counter) -> None:
    remote = Remote(counter.address)
    with pytest.raises(CError, match="can't convert negative"):
        remote.call("order_send", ({"action": -1},), {})
    remote.close()


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("tcp://127.0.0.1:18812", ("127.0.0.1", 18812)),
        ("localhost:1", ("localhost", 1)),
        ("[::1]:80", ("::1", 80)),
        ("192.0.2.1:80", None),
        ("C:\\Program Files\\MetaTrader 5\\terminal64.exe", None),
        ("", None),
    ],
)
def test_addresses_are_those_of_this_machine(text: str, address: tuple[str, int] | None) -> None:
    assert address_of(text) == address
