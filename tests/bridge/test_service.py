"""The service on a real socket: many terminals, each refused or served as documented, none disturbing another."""

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import zmq

import bridge.dealing
from account.journal import Journal, JournalReader, JournalWriteError
from account.state import AccountState
from advisor.host import TerminalRefusedError
from bridge.audit import audit
from bridge.config import BridgeConfig, Places
from bridge.files import FolderInUseError
from bridge.review import Review
from bridge.service import BridgeService
from bridge.status import read_status
from domain.trading import AccountTradeMode
from sim.session_host import HostRules, run_terminal
from tests.bridge.floor import HELLO, MONEY, Floor, Market, played, some_ticks
from tests.bridge.running import (
    Caller,
    Served,
    a_config,
    a_terminal,
    bridge_process,
    serving,
    until,
)
from wire.codec import decode
from wire.enums import ErrorCode
from wire.messages import Ask, Bye, Decision, ErrorMessage, Heartbeat, Welcome
from wire.session import TerminalSession

pytestmark = pytest.mark.integration

MARKET = Market()
ACCOUNT = "Test-Demo:5000001"
EVER_NS = 1 << 62


def last_error(caller: Caller) -> ErrorMessage:
    """The ERROR that comes, whatever comes before it."""
    while True:
        frame = caller.frame()
        assert frame is not None, "no ERROR came"
        _, message = decode(frame, caller.session.symbols)
        if isinstance(message, ErrorMessage):
            return message


def trades(caller: Caller, *offsets_ms: int) -> bool:
    """Whether the terminal still gets decisions."""
    for offset_ms in offsets_ms:
        caller.tick(some_ticks(offset_ms))
        assert caller.hear(Decision).batch == caller.batch
    return True


# -- the main job ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def undisturbed() -> Floor:
    return played(MARKET)


def test_a_market_over_zeromq_leads_to_the_same_orders_as_in_memory(tmp_path: Path, undisturbed: Floor) -> None:
    config = a_config(tmp_path)
    with serving(config) as served:
        statistics = run_terminal(a_terminal(tmp_path, served.endpoint, MARKET))
        until(lambda: served.service.stats().terminals[0].connected is False, "the terminal leaves")
    assert statistics.ticks == len(MARKET.ticks)
    assert statistics.equity == undisturbed.terminal.money().equity
    review = Review(config.data_dir)
    assert review.accounts() == [ACCOUNT]
    rows = b"".join(decided.rows.tobytes() for decided in review.decisions(ACCOUNT, 0, EVER_NS))
    assert rows == undisturbed.heard.decisions.tobytes()
    report = audit(config.data_dir, ACCOUNT, 0, EVER_NS)
    assert report.is_clean
    assert (report.ticks, report.decisions) == (len(MARKET.ticks), len(undisturbed.heard.decisions))


@pytest.mark.parametrize("options", [{"busy_poll": True}, {"journal_durable": False}])
def test_settings_change_no_order(tmp_path: Path, undisturbed: Floor, options: dict[str, bool]) -> None:
    with serving(a_config(tmp_path, **options)) as served:
        statistics = run_terminal(a_terminal(tmp_path, served.endpoint, MARKET))
    assert statistics.equity == undisturbed.terminal.money().equity


def test_a_restart_in_the_middle_changes_no_order(tmp_path: Path, undisturbed: Floor) -> None:
    """The bridge ends in good order and starts again on the same port while positions are open."""
    config = a_config(tmp_path)
    first = Served(config)
    terminal = a_terminal(tmp_path, first.endpoint, MARKET)
    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.append(run_terminal(terminal)))
    thread.start()
    until(lambda: _intents(first) >= 3, "three intents")
    first.end()
    with serving(msgspec.structs.replace(config, endpoint=first.endpoint)) as second:
        thread.join(60)
        until(lambda: second.service.stats().terminals[0].ticks >= 0, "status")
    (statistics,) = results
    assert statistics.sessions >= 2
    with JournalReader.open(Places(config.data_dir).journal) as journal:
        account = AccountState.replayed(event for _, _, event in journal.read(ACCOUNT))
    assert account.open_intents() == []
    assert account.balance == pytest.approx(statistics.balance)
    assert undisturbed.terminal.deals
    report = audit(config.data_dir, ACCOUNT, 0, EVER_NS)
    assert report.is_clean
    assert report.engine_starts == 2


def _intents(served: Served) -> int:
    terminals = served.service.stats().terminals
    return terminals[0].intents if terminals else 0


# -- several terminals -------------------------------------------------------------------------------------------------


def test_two_terminals_at_once(tmp_path: Path) -> None:
    with serving(a_config(tmp_path)) as served, Caller(served.endpoint) as one, Caller(served.endpoint, login=6) as two:
        one.live()
        two.live()
        for offset_ms in range(0, 50, 10):
            assert trades(one, offset_ms)
            assert trades(two, offset_ms)
        accounts = {status.account for status in served.service.stats().terminals}
        assert accounts == {ACCOUNT, "Test-Demo:6"}


def test_a_second_terminal_with_the_same_login_is_refused(tmp_path: Path) -> None:
    with (
        serving(a_config(tmp_path)) as served,
        Caller(served.endpoint) as one,
        Caller(served.endpoint, terminal_id=8) as two,
    ):
        one.live()
        assert trades(one, 0)
        two.enter()
        error = last_error(two)
        assert (error.code, error.fatal) == (ErrorCode.DUPLICATE_LOGIN, True)
        assert trades(one, 1)


def test_the_same_terminal_takes_over_from_itself(tmp_path: Path) -> None:
    with serving(a_config(tmp_path)) as served, Caller(served.endpoint) as one, Caller(served.endpoint) as again:
        one.live()
        assert trades(one, 0)
        again.live()
        assert isinstance(one.hear(Bye), Bye)
        again.batch = one.batch
        assert trades(again, 1)
        assert served.service.stats().terminals[0].session == 2


def test_a_login_is_free_again_when_its_terminal_is_silent(tmp_path: Path) -> None:
    rules = msgspec.structs.replace(a_config(tmp_path).rules, heartbeat_ms=100, silence_ms=300)
    with serving(a_config(tmp_path, rules=rules)) as served, Caller(served.endpoint) as one:
        one.live()
        until(lambda: not served.service.stats().terminals[0].connected, "it is given up")
        with Caller(served.endpoint, terminal_id=8) as two:
            two.live()
            assert trades(two, 0)


# -- who is refused ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "hello", "words"),
    [
        ({"allowed_logins": (1, 2)}, {}, "not among the logins"),
        ({}, {"trade_mode": AccountTradeMode.REAL}, "allow real accounts"),
        ({}, {"magic": 5}, "set it to 770001"),
        ({"max_terminals": 0}, {}, "no more are allowed"),
    ],
)
def test_terminals_that_may_not_trade_here(
    tmp_path: Path, changes: dict[str, Any], hello: dict[str, Any], words: str
) -> None:
    with serving(a_config(tmp_path, **changes)) as served, Caller(served.endpoint, **hello) as caller:
        caller.enter()
        error = last_error(caller)
        assert error.code is ErrorCode.REFUSED
        assert words in error.text
        until(lambda: served.service.stats().refusals == {"REFUSED": 1}, "it is counted")


def test_real_accounts_can_be_allowed(tmp_path: Path) -> None:
    real = AccountTradeMode.REAL
    with serving(a_config(tmp_path, allow_real=True)) as served, Caller(served.endpoint, trade_mode=real) as caller:
        caller.enter()
        assert isinstance(caller.hear(Welcome), Welcome)


def test_a_wrong_secret_is_noticed_by_both_sides(tmp_path: Path) -> None:
    with serving(a_config(tmp_path)) as served:
        with pytest.raises(TerminalRefusedError, match="BAD_SECRET"):
            run_terminal(a_terminal(tmp_path, served.endpoint, MARKET, secret=b"wrong wrong wrong wrong wrong wrong"))
        with Caller(served.endpoint) as caller:
            caller.live()
            assert trades(caller, 0)


def test_a_wrong_proof_is_refused(tmp_path: Path) -> None:
    with serving(a_config(tmp_path)) as served, Caller(served.endpoint) as caller:
        caller.say(caller.hello)
        challenge = caller.frame()
        assert challenge is not None
        other = TerminalSession(caller.session._secret, 1)
        other.send(HELLO, 1)
        other.receive(challenge, 1)
        proof = other.authenticate(1)
        caller.socket.send(proof[:-1] + bytes([proof[-1] ^ 1]))
        assert last_error(caller).code is ErrorCode.BAD_SECRET
        until(lambda: served.service.stats().refusals == {"BAD_SECRET": 1}, "it is counted")


def test_a_wrong_version_is_refused(tmp_path: Path) -> None:
    with serving(a_config(tmp_path)) as served, Caller(served.endpoint, version_min=9, version_max=9) as caller:
        caller.say(caller.hello)
        assert last_error(caller).code is ErrorCode.BAD_VERSION


def test_a_frame_of_a_hundred_megabytes_ends_that_connection_alone(tmp_path: Path) -> None:
    with serving(a_config(tmp_path)) as served, Caller(served.endpoint) as good, Caller(served.endpoint) as bad:
        good.live()
        assert trades(good, 0)
        monitor = bad.socket.get_monitor_socket(zmq.EVENT_DISCONNECTED)
        bad.socket.send(bytes(100 << 20))
        assert monitor.poll(60_000)
        bad.socket.disable_monitor()
        assert trades(good, 1)


def test_a_frame_larger_than_allowed_is_refused_before_the_proof(tmp_path: Path) -> None:
    with serving(a_config(tmp_path)) as served, Caller(served.endpoint) as caller:
        caller.socket.send(bytes(5000))
        assert last_error(caller).code is ErrorCode.TOO_LARGE


def test_a_terminal_that_is_too_fast_is_refused(tmp_path: Path) -> None:
    rules = msgspec.structs.replace(a_config(tmp_path).rules, frames_per_second=10)
    with serving(a_config(tmp_path, rules=rules)) as served, Caller(served.endpoint) as caller:
        caller.live()
        for batch in range(60):
            caller.say(Ask(symbol_index=0, batch=batch, server_offset_s=0, money=MONEY))
        assert last_error(caller).code is ErrorCode.TOO_FAST


def test_noise_disturbs_nobody(tmp_path: Path) -> None:
    with serving(a_config(tmp_path)) as served, Caller(served.endpoint) as good:
        good.live()
        for number in range(40):
            with Caller(served.endpoint) as noisy:
                noisy.socket.send(os.urandom(number * 7))
                noisy.socket.send_multipart([b"many", b"parts", b""])
                assert trades(good, number)
        with Caller(served.endpoint) as noisy:
            noisy.socket.send_multipart([b"many", b"parts"])
            until(lambda: served.service.stats().refusals.get("not one frame a message", 0) > 0, "it is counted")


def test_strangers_who_wait_are_limited(tmp_path: Path) -> None:
    with serving(a_config(tmp_path)) as served:
        callers = [Caller(served.endpoint) for _ in range(70)]
        for caller in callers:
            caller.say(caller.hello)
        until(lambda: served.service.stats().refusals.get("too many connections", 0) == 6, "six too many")
        for caller in callers:
            caller.__exit__()


def test_what_strangers_say_cannot_fill_the_disk(tmp_path: Path) -> None:
    with serving(a_config(tmp_path)) as served, Caller(served.endpoint) as caller:
        for _ in range(500):
            caller.socket.send(bytes(4000))
        until(lambda: served.service.stats().frames >= 1, "frames")
        time.sleep(0.3)
    size = sum(path.stat().st_size for path in Places(tmp_path / "bridge").capture.iterdir())
    assert size < 500_000


# -- when something fails ----------------------------------------------------------------------------------------------


def test_an_error_inside_ends_that_session_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(a_config(tmp_path)) as served, Caller(served.endpoint) as one, Caller(served.endpoint, login=6) as two:
        one.live()
        two.live()
        assert trades(one, 0)
        assert trades(two, 0)

        def broken(*_: object) -> None:
            raise ZeroDivisionError("a fault in the program")

        monkeypatch.setitem(bridge.dealing.Dealing._ON, Ask, broken)
        two.say(Ask(symbol_index=0, batch=1, server_offset_s=0, money=MONEY))
        assert last_error(two).code is ErrorCode.INTERNAL
        assert trades(one, 1)
        with Caller(served.endpoint, login=6) as again:
            again.live()
            assert trades(again, 0)


def test_a_journal_that_cannot_be_written_stops_orders_until_it_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuses = threading.Event()
    commit = Journal.commit

    def sometimes(journal: Journal) -> int:
        if refuses.is_set():
            raise JournalWriteError("the disk is full")
        return commit(journal)

    monkeypatch.setattr(Journal, "commit", sometimes)
    with serving(a_config(tmp_path)) as served:
        slowly = HostRules(ticks_per_second=200.0)
        terminal = a_terminal(tmp_path, served.endpoint, MARKET, host=slowly)
        results: list[Any] = []
        thread = threading.Thread(target=lambda: results.append(run_terminal(terminal)))
        thread.start()
        until(lambda: _intents(served) >= 2, "two intents")
        refuses.set()
        until(lambda: served.service.stats().terminals[0].obstacle == "the disk is full", "it halts")
        halted = _intents(served)
        assert served.service.stats().problem == "the disk is full"
        assert served.service.stats().terminals[0].alerts["journal"] == "the disk is full"
        refuses.clear()
        until(lambda: _intents(served) > halted, "orders go on")
        assert served.service.stats().problem == ""
        thread.join(60)
    assert results[0].ticks == len(MARKET.ticks)
    with JournalReader.open(Places(tmp_path / "bridge").journal) as journal:
        account = AccountState.replayed(event for _, _, event in journal.read(ACCOUNT))
    assert account.balance == pytest.approx(results[0].balance)
    assert all(record.phase == 0 for record in account.open_intents())  # issued while halted, and never sent


def test_one_data_directory_has_one_bridge(tmp_path: Path) -> None:
    config = a_config(tmp_path)
    with serving(config), pytest.raises(FolderInUseError):
        BridgeService(config).start()
    with serving(config):
        assert read_status(config.data_dir) is not None


def test_a_port_in_use_leaves_nothing_behind(tmp_path: Path) -> None:
    with serving(a_config(tmp_path)) as served:
        taken = a_config(tmp_path / "other", endpoint=served.endpoint)
        with pytest.raises(zmq.ZMQError):
            BridgeService(taken).start()
    with serving(taken):
        pass


# -- what it leaves behind ---------------------------------------------------------------------------------------------


def test_terminals_are_told_when_it_stops(tmp_path: Path) -> None:
    served = Served(a_config(tmp_path))
    with Caller(served.endpoint) as caller:
        caller.live()
        assert trades(caller, 0)
        served.end()
        assert caller.hear(Bye).text == "the bridge stops"


def test_status_and_endpoint_files(tmp_path: Path) -> None:
    config = a_config(tmp_path)
    with serving(config) as served, Caller(served.endpoint) as caller:
        caller.live()
        assert trades(caller, 0, 60_000)
        assert config.places.endpoint.read_text() == served.endpoint
        until(lambda: bool((status := read_status(config.data_dir)) and status.frames > 7), "a status with all frames")
        status = read_status(config.data_dir)
        assert status is not None
        assert (status.state, status.pid, status.endpoint) == ("running", os.getpid(), served.endpoint)
        assert status.latency_us["count"] > 5
        (terminal,) = status.terminals
        assert (terminal.obstacle, terminal.ticks) == ("", 2)
        assert sum(terminal.decisions.values()) == 1
    assert not config.places.endpoint.exists()
    final = read_status(config.data_dir)
    assert final is not None
    assert final.state == "stopped"


def test_heartbeats_flow_while_nothing_happens(tmp_path: Path) -> None:
    rules = msgspec.structs.replace(a_config(tmp_path).rules, heartbeat_ms=100)
    with serving(a_config(tmp_path, rules=rules)) as served, Caller(served.endpoint) as caller:
        caller.live()
        assert isinstance(caller.hear(Heartbeat), Heartbeat)
        assert isinstance(caller.hear(Heartbeat), Heartbeat)


# -- killed ------------------------------------------------------------------------------------------------------------


@pytest.mark.crash
def test_a_killed_bridge_sends_no_intent_twice_and_the_record_stays_readable(tmp_path: Path) -> None:
    config = a_config(tmp_path)
    results: list[Any] = []
    endpoint = _killed_at(config, 4, lambda found: _start_terminal(tmp_path, found, results))
    config = msgspec.structs.replace(config, endpoint=endpoint)
    _killed_at(config, 8, lambda _found: None)
    with bridge_process(config):
        until(lambda: bool(results), "the tape is played out")
    (statistics,) = results
    assert statistics.ticks == len(MARKET.ticks)
    with JournalReader.open(config.places.journal) as journal:
        account = AccountState.replayed(event for _, _, event in journal.read(ACCOUNT))
    assert account.open_intents() == []
    assert account.balance == pytest.approx(statistics.balance)
    report = audit(config.data_dir, ACCOUNT, 0, EVER_NS)
    assert report.differences == ()
    assert report.problems == ()


def _start_terminal(folder: Path, endpoint: str, results: list[Any]) -> None:
    terminal = a_terminal(folder, endpoint, MARKET)
    threading.Thread(target=lambda: results.append(run_terminal(terminal)), daemon=True).start()


def _killed_at(config: BridgeConfig, intents: int, begin: Callable[[str], None]) -> str:
    """Run a bridge until so many intents are in the journal, and kill it; its endpoint."""
    with bridge_process(config) as (endpoint, process):
        begin(endpoint)
        until(lambda: _journaled_intents(config.places.journal) >= intents, "more intents")
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        process.join(20)
    return endpoint


def _journaled_intents(path: Path) -> int:
    if not path.exists():
        return 0
    with JournalReader.open(path) as journal:
        account = AccountState.replayed(event for _, _, event in journal.read(ACCOUNT))
    return len(account.intents)
