"""The status file: what a person or `doctor` learns without asking the service."""

from pathlib import Path

import pytest

from bridge.config import Places
from bridge.status import RUNNING, BridgeStatus, TerminalStatus, read_status, terminal_status, write_status
from bridge.trader import Trader
from tests.bridge.floor import EAGER, Market, Script, played, some_ticks
from tests.strategy.markets import a_spec, opening_events

STATUS = BridgeStatus(
    state=RUNNING,
    pid=1,
    endpoint="tcp://127.0.0.1:1",
    started_ns=1,
    written_ns=2,
    latency_us={"p50": 12.5},
    terminals=(TerminalStatus(account="a:1", connected=True, obstacle=""),),
)


def test_it_reads_back(tmp_path: Path) -> None:
    write_status(Places(tmp_path).status, STATUS)
    assert read_status(tmp_path) == STATUS


@pytest.mark.parametrize("content", [None, b"", b"{", b"[]", b'{"state": 5}'])
def test_no_status_is_none(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        Places(tmp_path).status.write_bytes(content)
    assert read_status(tmp_path) is None


def test_an_account_without_a_terminal() -> None:
    status = terminal_status(Trader("a:1", EAGER, opening_events([a_spec()])), None)
    assert (status.account, status.connected, status.obstacle) == ("a:1", False, "not connected")
    assert (status.balance, status.equity) == (10_000.0, 10_000.0)


def test_a_terminal_that_trades() -> None:
    script = Script().live()
    script.tick(some_ticks(0, 5))
    status = terminal_status(script.trader, script.desk)
    assert (status.connected, status.obstacle, status.ticks, status.batches) == (True, "", 2, 1)


def test_a_terminal_that_does_not_trade_says_why() -> None:
    script = Script()
    script.enter()
    script.reconcile()
    script.ready()
    script.tick(some_ticks(0))
    status = terminal_status(script.trader, script.desk)
    assert status.obstacle == "no history of EURUSD M1"
    assert status.held_batches == 1


def test_a_day_of_trading_in_numbers() -> None:
    floor = played(Market())
    status = terminal_status(floor.line.trader, floor.line.desk)
    money = floor.terminal.money()
    assert (status.balance, status.equity) == (money.balance, money.equity)
    assert status.intents == sum(status.intents_by_state.values())
    assert status.positions == len(floor.terminal.positions())
    assert status.foreign_positions == 0
    assert sum(status.decisions.values()) == len(floor.heard.decisions)
