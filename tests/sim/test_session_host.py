"""The twin as it runs: real sockets, real time, real files."""

import concurrent.futures
import contextlib
import multiprocessing
import pickle
import socket
import time
from pathlib import Path
from typing import Any

import pytest
import zmq

from advisor.expert import EaRules
from advisor.host import BridgeUnreachableError, Connection, TerminalRefusedError, kept_terminal_id
from advisor.memory import DiskMemory
from domain.intents import Intent
from domain.timeframes import Timeframe
from sim.session_host import HostRules, TerminalConfig, run_terminal
from tests.sim.bridge_double import SECRET, decision, nothing, times_of
from tests.sim.intents import intent
from tests.sim.router import RouterBridge
from tests.sim.test_feed import HISTORY
from tests.sim.venues import EURUSD, MAGIC, MONDAY_MSC, PROFILE, ticks_of
from wire.enums import ErrorCode
from wire.messages import Bye, Ticks

pytestmark = pytest.mark.integration

FLAT = (1.1, 1.1002)
IMPATIENT = HostRules(first_wait_ms=5, longest_wait_ms=20, give_up_s=30.0)


def config(endpoint: str, state_dir: Path, **changes: object) -> TerminalConfig:
    fields: dict[str, Any] = {
        "endpoint": endpoint,
        "secret": SECRET,
        "profile": PROFILE,
        "specs": (EURUSD,),
        "ticks": {"EURUSD": ticks_of([FLAT] * 50, step_msc=20)},
        "history": {("EURUSD", Timeframe.M1): HISTORY},
        "state_dir": state_dir,
        "magic": MAGIC,
        "host": IMPATIENT,
    }
    return TerminalConfig(**(fields | changes))


def one_a_batch(ticks: Ticks) -> tuple[Intent, ...]:
    """An order with every tenth batch."""
    return (intent(intent_id=ticks.batch, volume=0.01),) if ticks.batch % 10 == 0 else ()


@pytest.mark.parametrize(("max_ticks", "window", "batches"), [(1, 1, 50), (1, 8, 50), (7, 1, 8), (100, 4, 1)])
def test_a_tape_is_played_to_its_end(tmp_path: Path, max_ticks: int, window: int, batches: int) -> None:
    with RouterBridge() as bridge:
        done = run_terminal(config(bridge.endpoint, tmp_path, max_ticks=max_ticks, rules=EaRules(window=window)))
    (double,) = bridge.doubles.values()
    assert times_of(double.ticks) == [MONDAY_MSC + 20 * row for row in range(50)]
    assert (done.ticks, done.batches, done.decisions, done.sessions) == (50, batches, batches, 1)
    assert (done.batches_resent, done.intents, done.deals) == (0, 0, 1)
    assert 0.0 < done.round_trip_p50_us <= done.round_trip_p90_us <= done.round_trip_p99_us <= done.round_trip_max_us
    assert isinstance(double.heard[-1], Bye)
    assert bridge.problems == []


def test_orders_are_executed_and_kept_on_disk(tmp_path: Path) -> None:
    with RouterBridge(one_a_batch) as bridge:
        done = run_terminal(config(bridge.endpoint, tmp_path))
    assert (done.intents, done.reports, done.deals) == (5, 5, 6)
    assert done.equity == PROFILE.deposit - 5 * 0.20
    with DiskMemory(tmp_path / "intents-5.log") as memory:
        assert [entry.intent.intent_id for entry in memory.entries()] == [10, 20, 30, 40, 50]


def test_progress_is_told_to_the_end(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    with RouterBridge() as bridge:
        run_terminal(config(bridge.endpoint, tmp_path), on_progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (50, 50)


def test_a_bridge_that_dies_is_found_again(tmp_path: Path) -> None:
    """The socket is closed in the middle, and bound again at the same place by another bridge."""
    with concurrent.futures.ThreadPoolExecutor() as pool:
        with RouterBridge(one_a_batch, drops_after=25) as first:
            running = pool.submit(run_terminal, config(first.endpoint, tmp_path))
            first._thread.join(20.0)
        with RouterBridge(one_a_batch, endpoint=first.endpoint) as second:
            done = running.result(60.0)
    heard = [batch for bridge in (first, second) for double in bridge.doubles.values() for batch in double.ticks]
    assert sorted(set(times_of(heard))) == [MONDAY_MSC + 20 * row for row in range(50)]
    assert done.sessions == 2
    assert done.ticks == 50
    assert done.deals == 6
    assert first.problems == second.problems == []


def test_a_lost_connection_does_not_come_back_by_itself() -> None:
    """The frames of an old session must never reach the next bridge."""
    with zmq.Context() as context, contextlib.ExitStack() as sockets:
        first = context.socket(zmq.ROUTER)
        port = first.bind_to_random_port("tcp://127.0.0.1")
        connection = sockets.enter_context(Connection(context, f"tcp://127.0.0.1:{port}"))
        connection.send([b"one"])
        assert first.poll(60_000)
        first.close(linger=0)
        deadline = time.monotonic() + 60.0
        while not connection.is_lost():
            assert time.monotonic() < deadline
        second = sockets.enter_context(context.socket(zmq.ROUTER))
        second.bind(f"tcp://127.0.0.1:{port}")
        connection.send([b"two"])
        assert not second.poll(300)


def test_a_bridge_that_comes_late_is_waited_for(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        endpoint = f"tcp://127.0.0.1:{probe.getsockname()[1]}"
    with concurrent.futures.ThreadPoolExecutor() as pool:
        running = pool.submit(run_terminal, config(endpoint, tmp_path))
        with RouterBridge(endpoint=endpoint):
            assert running.result(60.0).ticks == 50


def test_a_wrong_secret_is_told_and_not_tried_again(tmp_path: Path) -> None:
    with RouterBridge(secret=b"another") as bridge:
        with pytest.raises(TerminalRefusedError, match="BAD_SECRET") as refused:
            run_terminal(config(bridge.endpoint, tmp_path))
        assert refused.value.refusal.code is ErrorCode.BAD_SECRET
        assert len(bridge.doubles) == 1


def test_a_bridge_that_lets_nobody_live_is_given_up(tmp_path: Path) -> None:
    """It hangs up on every HELLO."""
    hopeless = HostRules(first_wait_ms=1, longest_wait_ms=5, give_up_s=0.3)
    with RouterBridge(drops_after=0) as bridge:
        pass
    with pytest.raises(BridgeUnreachableError, match=r"no session with the bridge at tcp://.*; is it running there"):
        run_terminal(config(bridge.endpoint, tmp_path, host=hopeless, rules=EaRules(handshake_ms=50)))


def test_a_pace_can_be_set(tmp_path: Path) -> None:
    paced = HostRules(ticks_per_second=200.0)
    with RouterBridge() as bridge:
        done = run_terminal(config(bridge.endpoint, tmp_path, host=paced))
    assert done.ticks == 50
    assert done.seconds >= 49 / 200.0


def test_in_a_process_of_its_own(tmp_path: Path) -> None:
    with RouterBridge(one_a_batch) as bridge:
        spawn = multiprocessing.get_context("spawn")
        with concurrent.futures.ProcessPoolExecutor(1, mp_context=spawn) as pool:
            done = pool.submit(run_terminal, config(bridge.endpoint, tmp_path)).result(120.0)
    assert (done.ticks, done.intents, done.deals) == (50, 5, 6)


def test_the_same_run_has_the_same_order_list(tmp_path: Path) -> None:
    hashes = set()
    for run in ("a", "b"):
        with RouterBridge(one_a_batch) as bridge:
            hashes.add(run_terminal(config(bridge.endpoint, tmp_path / run)).order_list_hash)
    assert len(hashes) == 1


def test_a_configuration_can_be_pickled_and_hides_its_secret(tmp_path: Path) -> None:
    made = config("tcp://127.0.0.1:1", tmp_path)
    again = pickle.loads(pickle.dumps(made))  # noqa: S301 - our own bytes
    assert (again.endpoint, again.specs, again.secret) == (made.endpoint, made.specs, SECRET)
    assert again.ticks["EURUSD"].tobytes() == made.ticks["EURUSD"].tobytes()
    assert SECRET.decode() not in repr(made)


def test_a_terminal_keeps_its_number(tmp_path: Path) -> None:
    first = kept_terminal_id(tmp_path / "a")
    assert kept_terminal_id(tmp_path / "a") == first
    assert kept_terminal_id(tmp_path / "b") != first
    assert 0 <= first < 2**63


@pytest.mark.parametrize("torn", [b"", b"00", b"0123456789abcdef", b"\xff" * 17, b"0123456789abcdeg\n"])
def test_a_torn_number_is_replaced_for_good(torn: bytes, tmp_path: Path) -> None:
    (tmp_path / "terminal_id").write_bytes(torn)
    first = kept_terminal_id(tmp_path)
    assert kept_terminal_id(tmp_path) == first
    assert [path.name for path in tmp_path.iterdir()] == ["terminal_id"]


def test_a_number_that_cannot_be_kept_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def dies(_descriptor: int) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr("advisor.memory.os.fsync", dies)
        with pytest.raises(KeyboardInterrupt):
            kept_terminal_id(tmp_path)
    assert not (tmp_path / "terminal_id").exists()
    assert kept_terminal_id(tmp_path) == kept_terminal_id(tmp_path)


@pytest.mark.parametrize(("speed", "all_pass"), [(10.0, True), (0.001, False)])
def test_the_market_of_a_silent_bridge_has_its_own_pace(speed: float, all_pass: bool, tmp_path: Path) -> None:
    """It hangs up after some batches and never comes back: the ticks pass all the same, by their stamps."""
    told: list[int] = []
    hopeless = HostRules(first_wait_ms=5, longest_wait_ms=20, give_up_s=2.0, silent_speed=speed)
    with RouterBridge(drops_after=20) as bridge, pytest.raises(BridgeUnreachableError):
        run_terminal(
            config(bridge.endpoint, tmp_path, host=hopeless, rules=EaRules(silent_ms=100, handshake_ms=50)),
            lambda played, _total: told.append(played),
        )
    assert (told[-1] == 50) == all_pass


def test_the_double_answers_every_batch() -> None:
    assert nothing.__doc__
    assert decision.__doc__
