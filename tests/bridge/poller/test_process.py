"""A poller and a real bridge while the terminal goes away, answers are lost, and the poller itself starts again."""

import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import sim.metatrader5 as mt5
from advisor.host import TerminalRefusedError
from bridge.config import BridgeConfig, DeskRules, Places
from bridge.files import FolderInUseError, FolderLock
from bridge.poller import process as process_module
from bridge.poller.link import NoTerminalError
from bridge.poller.process import run_poller
from bridge.poller.terminal import AccountChangedError
from domain.intents import IntentState, comment_of, intent_id_in
from domain.trading import DealEntry
from sim.requests import Disturbance, ScriptedFills
from tests.bridge.floor import Market
from tests.bridge.poller.world import STOPPED, Failing, World, a_config, stepped
from tests.bridge.running import a_config as a_bridge
from tests.bridge.running import bridge_process
from tests.parity.wires import replayed_account

pytestmark = pytest.mark.integration

MARKET = Market(ticks=300)
RULES = DeskRules(clock_check=False, frames_per_second=1_000_000)


def a_world(**options: Any) -> World:  # noqa: ANN401 - options of World
    return World(market=MARKET, ticks={"EURUSD": MARKET.ticks}, history=MARKET.history, **options)


def deals_by_intent(world: World) -> Counter[tuple[int, DealEntry]]:
    found = ((intent_id_in(deal.comment), deal.entry) for deal in world.terminal.deals)
    return Counter((intent_id, entry) for intent_id, entry in found if intent_id is not None)


def check_books(world: World, config: BridgeConfig) -> None:
    """Nothing twice, nothing forgotten: the journal's account and the terminal's are one."""
    account = replayed_account(Places(config.data_dir).journal.parent)
    assert len(world.terminal.deals) > 4
    assert set(deals_by_intent(world).values()) == {1}
    assert sorted(account.positions) == sorted(held.position_ticket for held in world.terminal.positions())
    assert account.balance == pytest.approx(world.terminal.money().balance)
    opened = {intent_id for intent_id, entry in deals_by_intent(world) if entry == DealEntry.IN}
    filled = {it for it, record in account.intents.items() if record.state == IntentState.FILLED}
    assert opened <= filled


class Mishap:
    """Does something instead of the `at`-th call of a function of the drop-in, and lets the others through."""

    def __init__(self, function: str, at: int, act: Callable[..., Any]) -> None:
        self._function, self._at, self._act = getattr(mt5, function), at, act
        self.calls = 0

    def __call__(self, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - as the function
        self.calls += 1
        return (self._act if self.calls == self._at else self._function)(*arguments, **named)


def test_an_order_that_arrived_without_an_answer_is_found_and_not_sent_again(tmp_path: Path) -> None:
    """`order_send` returns None although the server carried it out; `last_error` says that nothing was received."""

    def carried_out(request: dict[str, Any]) -> None:
        assert mt5.order_send(request) is not None
        package.last_error = lambda: (-10002, "IPC recv failed")

    mishap = Mishap("order_send", 1, carried_out)
    package = Failing(order_send=mishap)
    world, config = a_world(), a_bridge(tmp_path, rules=RULES)
    with bridge_process(config) as (endpoint, _):
        stepped(world, a_config(tmp_path, endpoint), package).run()
    assert mishap.calls > 2
    check_books(world, config)


def test_an_order_whose_answer_the_server_lost_is_found_by_its_comment(tmp_path: Path) -> None:
    world, config = a_world(fills=ScriptedFills([Disturbance(lost_answer=True)] * 3)), a_bridge(tmp_path, rules=RULES)
    with bridge_process(config) as (endpoint, _):
        stepped(world, a_config(tmp_path, endpoint)).run()
    check_books(world, config)


def test_an_order_that_never_left_is_never_sent_again_and_given_up_only_with_proof(tmp_path: Path) -> None:
    comments: list[str] = []

    def lost(request: dict[str, Any]) -> None:
        comments.append(request["comment"])

    package = Failing(order_send=Mishap("order_send", 1, lost))
    world, config = a_world(), a_bridge(tmp_path, rules=RULES)
    with bridge_process(config) as (endpoint, _):
        stepped(world, a_config(tmp_path, endpoint), package).run()
    assert comments[0] not in [deal.comment for deal in world.terminal.deals]
    record = next(iter(replayed_account(config.data_dir).intents.values()))
    assert comment_of(record.intent.intent_id) == comments[0]
    is_proven = record.state == IntentState.EXPIRED and "no trace in deals, positions and orders" in record.reason
    assert is_proven or record.state == IntentState.UNKNOWN  # whether a snapshot came late enough to prove it


@pytest.mark.parametrize("function", ["copy_ticks_from", "account_info", "positions_get", "history_deals_get"])
def test_a_terminal_that_restarts_is_found_again(
    tmp_path: Path, function: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process_module, "_FIRST_WAIT_S", 0.01)
    said: list[str] = []

    def gone(*_: Any, **_named: Any) -> None:  # noqa: ANN401 - as any function
        package.last_error = lambda: (-10004, "No IPC connection")
        package.initialize = Mishap("initialize", 1, lambda *_, **__: False)

    def is_back(event: str, **_content: object) -> None:
        said.append(event)
        if event == "waiting":
            vars(package).pop("last_error", None)

    package = Failing()
    world, config = a_world(), a_bridge(tmp_path, rules=RULES)
    with bridge_process(config) as (endpoint, _):
        poller = stepped(world, a_config(tmp_path, endpoint), package)
        setattr(package, function, Mishap(function, 40, gone))
        poller._say = is_back
        counts = poller.run()
    assert [event for event in said if event in ("lost", "waiting", "back")] == ["lost", "waiting", "back"]
    assert counts.sessions == 2
    assert counts.ticks == len(MARKET.ticks)
    check_books(world, config)


def test_a_poller_that_is_started_again_does_nothing_twice(tmp_path: Path) -> None:
    """The terminal's account goes on; ticks between the two lives are the charts' alone."""
    world, config = a_world(), a_bridge(tmp_path, rules=RULES)
    with bridge_process(config) as (endpoint, _):
        for ticks in (60, 61, 110, 300):
            poller = stepped(world, a_config(tmp_path, endpoint))
            poller.until = ticks
            poller.run()
            mt5.shutdown()
    check_books(world, config)


def test_an_intent_of_an_earlier_life_is_looked_for_before_anything_else(tmp_path: Path) -> None:
    """Killed between sending and remembering: on the disk it has begun, at the server it is done."""

    class Killed(BaseException):
        pass

    def killed(request: dict[str, Any]) -> None:
        mt5.order_send(request)
        raise Killed

    world, config = a_world(), a_bridge(tmp_path, rules=RULES)
    package = Failing(order_send=Mishap("order_send", 1, killed))
    with bridge_process(config) as (endpoint, _):
        with pytest.raises(Killed):
            stepped(world, a_config(tmp_path, endpoint), package).run()
        mt5.shutdown()
        assert len(world.terminal.deals) == 2
        stepped(world, a_config(tmp_path, endpoint)).run()
    check_books(world, config)


def test_another_account_in_the_terminal_ends_the_poller(tmp_path: Path) -> None:
    account = World().link().asked("account_info")
    package = Failing(account_info=Mishap("account_info", 30, lambda: mt5.AccountInfo([77, *account[1:]])))
    world, config = a_world(), a_bridge(tmp_path, rules=RULES)
    with bridge_process(config) as (endpoint, _):
        poller = stepped(world, a_config(tmp_path, endpoint), package)
        with pytest.raises(AccountChangedError):
            poller.run()


def test_a_wrong_secret_ends_the_poller(tmp_path: Path) -> None:
    with bridge_process(a_bridge(tmp_path, rules=RULES)) as (endpoint, _):
        config = a_config(tmp_path, endpoint, secret=b"another secret of thirty-two bytes")
        with pytest.raises(TerminalRefusedError, match="BAD_SECRET"):
            stepped(a_world(), config).run()


def test_without_a_terminal_it_does_not_begin(tmp_path: Path) -> None:
    package = Failing(initialize=lambda **_: False, last_error=lambda: (-10003, "not found"))
    with pytest.raises(NoTerminalError):
        run_poller(a_config(tmp_path, "tcp://127.0.0.1:9"), package, threading.Event())


def test_two_pollers_do_not_share_a_folder(tmp_path: Path) -> None:
    config = a_config(tmp_path, "tcp://127.0.0.1:9")
    config.state_dir.mkdir(parents=True)
    with FolderLock(config.state_dir / "poller.lock"), pytest.raises(FolderInUseError):
        run_poller(config, Failing(), threading.Event())


def test_until_the_clock_is_measured_nobody_is_spoken_to(tmp_path: Path) -> None:
    a_world()
    stop, said = threading.Event(), list[str]()

    def hear(event: str, **content: Any) -> None:  # noqa: ANN401 - what belongs to the event
        said.append(event)
        if event == "waiting":
            assert "no two fresh quotes" in content["problem"]
            stop.set()

    counts = run_poller(a_config(tmp_path, "tcp://127.0.0.1:9"), Failing(), stop, hear, STOPPED)
    assert said == ["terminal", "waiting"]
    assert counts.sessions == 0
