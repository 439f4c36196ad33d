"""`companion sim` as people run it: a process, programs that trade on it, a poller that is killed, and the wire."""

import os
import re
import signal
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

import sim.metatrader5 as mt5
from app.console import ExitCode
from domain.intents import intent_id_in
from tests.app.real_command import command, companion_in, environment_in
from tests.bridge.floor import EAGER, SECRET, Market, _swinging_ticks
from tests.bridge.running import a_config as a_bridge
from tests.bridge.running import bridge_process
from tests.parity.wires import replayed_account
from tests.sim.bridge_double import WELCOME
from tests.sim.router import RouterBridge

pytestmark = pytest.mark.integration

PATIENCE_S = 240.0
SHOWN = re.compile(r"terminal on (127\.0\.0\.1:\d+)")


def until(condition: Callable[[], object], what: str) -> None:
    end_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end_s, f"never: {what}"
        time.sleep(0.05)


@contextmanager
def running(folder: Path, name: str, *words: str, **environment: str) -> "Iterator[subprocess.Popen[str]]":
    """A command in the background; its output goes to a file of its name."""
    with (folder / f"{name}.out").open("w") as out:
        process = subprocess.Popen(
            command(*words), env=environment_in(folder, **environment), cwd=folder, stdout=out, stderr=out, text=True
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def address_in(folder: Path) -> str:
    """Where the simulated terminal says that it is."""
    until(lambda: SHOWN.search((folder / "sim.out").read_text()), "the terminal's address")
    found = SHOWN.search((folder / "sim.out").read_text())
    assert found is not None
    return found[1]


@pytest.fixture(autouse=True)
def _nothing_attached() -> Iterator[None]:
    mt5.detach()
    yield
    mt5.shutdown()
    mt5.detach()


def test_a_program_trades_on_it_and_ctrl_c_ends_it_cleanly(tmp_path: Path) -> None:
    words = ("sim", "--port", "0", "--symbols", "EURUSD", "--deposit", "2500", "--speed", "0", "--login", "77")
    with running(tmp_path, "sim", *words) as process:
        assert mt5.initialize(f"tcp://{address_in(tmp_path)}", login=77)
        account, before = mt5.account_info(), mt5.symbol_info_tick("EURUSD")
        assert account is not None
        assert before is not None
        assert (account.login, account.balance) == (77, 2500.0)
        bought = mt5.Buy("EURUSD", 0.01)
        assert bought is not None
        assert bought.retcode == mt5.TRADE_RETCODE_DONE
        for _ in range(120):
            mt5.positions_get()
        after = mt5.symbol_info_tick("EURUSD")
        assert after is not None
        assert after.time - before.time > 60  # a second for each call
        until(lambda: "1 positions" in (tmp_path / "sim.out").read_text(), "the position in its status")
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_S) == ExitCode.DONE
    assert (tmp_path / "sim.out").read_text().endswith("stopped\n")
    assert mt5.positions_get() is None
    assert mt5.last_error()[0] in (-10001, -10002)


def test_a_port_in_use_is_refused_by_name(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = companion_in(tmp_path, "sim", "--port", str(port), "--symbols", "EURUSD", "--days", "1")
    assert result.returncode == ExitCode.PROCESS
    assert f"port {port} of 127.0.0.1 is in use" in result.stderr


@pytest.mark.parametrize(
    ("words", "problem", "code"),
    [
        (("--faults", "nosuch"), "use none, typical, rough, nfp", ExitCode.USAGE),
        (("--symbols", "NOSUCH"), "not in the invented market", ExitCode.DATA),
        (("nosuch.csv",), "nosuch.csv", ExitCode.DATA),
    ],
)
def test_what_cannot_be_is_refused_by_name(
    tmp_path: Path, words: tuple[str, ...], problem: str, code: ExitCode
) -> None:
    result = companion_in(tmp_path, "sim", "--port", "0", *words)
    assert result.returncode == code
    assert problem in result.stderr


def test_a_server_of_ones_own_is_spoken_to_over_the_wire(tmp_path: Path) -> None:
    secret = "a secret of thirty-two characters"
    words = ("sim", "--port", "0", "--symbols", "EURUSD", "--speed", "60", "--bridge")
    with (
        RouterBridge(welcome=WELCOME, secret=secret.encode()) as bridge,
        running(tmp_path, "sim", *words, bridge.endpoint, COMPANION_SECRET=secret) as process,
    ):
        until(lambda: bridge.batches >= 3, "ticks over the wire")
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == ExitCode.DONE
    assert bridge.problems == []
    (double,) = bridge.doubles.values()
    assert [spec.name for spec in double.symbols[0].specs] == ["EURUSD"]
    assert double.ticks[0].server_offset_s == 10_800


@pytest.mark.crash
def test_a_poller_that_is_killed_again_and_again_does_nothing_twice_and_forgets_nothing(tmp_path: Path) -> None:
    """Three real processes: the terminal, the bridge, and a poller that dies as by a power cut.

    The market moves with the calls, so that it waits while a poller starts, however slow the machine.
    """
    quotes = tmp_path / "EURUSD.csv"
    write_quotes(quotes, Market())
    words = ("sim", str(quotes), "--symbol", "EURUSD", "--port", "0", "--skip", "2.6", "--speed", "0")
    secret = {"COMPANION_SECRET": SECRET.decode(), "COMPANION_POLLER__INTERVAL_MS": "30"}
    patient = msgspec.structs.replace(
        EAGER, intent_valid_ms=60_000
    )  # a call or two of the poller and it is seconds later
    config = a_bridge(tmp_path, engine=patient)
    with bridge_process(config) as (endpoint, _), running(tmp_path, "sim", *words):
        address = address_in(tmp_path)
        for life_s in (1.5, 0.7, 2.0):
            with running(tmp_path, "poll", "poll", "--sim", address, COMPANION_POLLER__BRIDGE=endpoint, **secret):
                until(lambda: "trading with the bridge" in (tmp_path / "poll.out").read_text(), "a session")
                time.sleep(life_s)
        with running(tmp_path, "poll", "poll", "--sim", address, COMPANION_POLLER__BRIDGE=endpoint, **secret) as last:
            until(lambda: "trading with the bridge" in (tmp_path / "poll.out").read_text(), "a session")
            until(lambda: own_deals(address), "a deal")
            last.send_signal(signal.SIGINT)
            assert last.wait(PATIENCE_S) == ExitCode.DONE
        assert "the broker's clock is +0 h from UTC, measured" in (tmp_path / "poll.out").read_text()
        check(address, config.data_dir)


def own_deals(address: str) -> list[mt5.TradeDeal]:
    """What the terminal shows of our intents."""
    assert mt5.initialize(address)
    deals = mt5.history_deals_get(0, 2**31 - 1)
    assert deals is not None
    return [deal for deal in deals if intent_id_in(deal.comment)]


def check(address: str, data_dir: Path) -> None:
    """Each intent has at most one deal, and what the terminal has of ours the journal knows."""
    deals = own_deals(address)
    ours = Counter((intent_id_in(deal.comment), deal.entry) for deal in deals)
    assert ours
    assert set(ours.values()) == {1}
    account = replayed_account(data_dir)
    assert {intent_id for intent_id, _ in ours} <= account.intents.keys()
    assert {deal.ticket for deal in deals} >= {
        ticket for record in account.intents.values() for ticket in record.deal_tickets
    }


def write_quotes(path: Path, market: Market) -> None:
    """Ticks of a market full of decisions, its warm-up included, as CSV."""
    ticks = _swinging_ticks(1800 + len(market.ticks), 7)
    lines = [f"{row['time_msc']},{row['bid']:.5f},{row['ask']:.5f}" for row in ticks]
    path.write_text("time_msc,bid,ask\n" + "\n".join(lines) + os.linesep)
