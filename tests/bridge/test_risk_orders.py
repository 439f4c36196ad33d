"""Guards and orders at a real bridge: latched over a kill -9, halted from the command line, refused by name."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from account.events import AccountEvent, GuardChanged, GuardKind, Halted, IntentIssued
from account.journal import JournalReader
from account.state import AccountState
from app.console import CommandError, output
from app.risk_command import asked, give, journaled, seconds_in
from bridge.audit import audit
from bridge.config import BridgeConfig
from bridge.review import Review
from domain.intents import IntentKind
from sim.session_host import HostRules, run_terminal
from strategy.gates import Action, Care, DecisionKind, Gate, Verdict
from strategy.params import GuardSettings, PortfolioSettings
from strategy.risk_report import RiskReport
from strategy.tables import Table
from tests.bridge.floor import EAGER, Market
from tests.bridge.running import a_config, a_terminal, bridge_process, serving, until
from wire.control import Answer, Halt, Order, Pause, Resume, SetLimit, Show, socket_path

pytestmark = pytest.mark.integration

ACCOUNT = "Test-Demo:5000001"
EVER_NS = 1 << 62
MARKET = Market(seed=11, ticks=700)
JOLTED = Market(seed=11, ticks=700)
"""The price leaps now up, now down: whoever holds anything loses more than a stop would cost."""
for _column in ("bid", "ask"):
    JOLTED.ticks[_column] = np.round(JOLTED.ticks[_column] + 0.004 * (np.arange(700) // 50 % 2), 5)
TIMID = msgspec.structs.replace(
    EAGER,
    portfolio=PortfolioSettings(cool_down_s=0.0, max_losing_streak=0, max_open_risk_fraction=0.2),
    guards=GuardSettings(day_loss_fraction=0.004),
)


def events_of(folder: Path) -> list[AccountEvent]:
    path = folder / "journal.sqlite3"
    if not path.exists():
        return []
    with JournalReader.open(path) as journal:
        return [event for _, _, event in journal.read(ACCOUNT)]


def account_of(folder: Path) -> AccountState:
    return AccountState.replayed(events_of(folder))


def decisions_of(folder: Path, kind: DecisionKind) -> Table:
    rows = np.concatenate([decided.rows for decided in Review(folder).decisions(ACCOUNT, 0, EVER_NS)])
    found: Table = rows[rows["kind"] == kind]
    return found


@contextmanager
def terminal(folder: Path, endpoint: str, results: list[Any], market: Market) -> Iterator[None]:
    host = HostRules(first_wait_ms=20, longest_wait_ms=200, give_up_s=60.0, ticks_per_second=150.0)
    config = a_terminal(folder, endpoint, market, host=host)
    thread = threading.Thread(target=lambda: results.append(run_terminal(config)), daemon=True)
    thread.start()
    yield
    thread.join(60)
    assert not thread.is_alive()


def latched(folder: Path) -> bool:
    return GuardKind.DAY_LOSS in account_of(folder).safety.guards


@pytest.mark.crash
def test_the_days_guard_stays_latched_over_a_kill(tmp_path: Path) -> None:
    config = a_config(tmp_path, engine=TIMID)
    results: list[Any] = []
    with bridge_process(config) as (endpoint, process), terminal(tmp_path, endpoint, results, JOLTED):
        until(lambda: latched(config.data_dir), "the day is lost")
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        process.join(20)
        before = len(events_of(config.data_dir))
        again = msgspec.structs.replace(config, endpoint=endpoint)
        with bridge_process(again):
            until(lambda: bool(results), "the tape is played out")
    events = events_of(config.data_dir)
    changes = [event for event in events if isinstance(event, GuardChanged) and event.guard == GuardKind.DAY_LOSS]
    assert [change.level for change in changes] == [1]
    at = events.index(changes[0])
    assert at < before < len(events)
    later = [event.intent.kind for event in events[at:] if isinstance(event, IntentIssued)]
    assert IntentKind.OPEN not in later
    rows = decisions_of(config.data_dir, DecisionKind.ENTRY)
    refused = rows[rows["time_ns"] > changes[0].time_ns]["gates"][:, Gate.DAY_LOSS]
    assert len(refused) > 5
    assert set(refused[:, 2]) == {float(Verdict.REFUSED)}
    assert (refused[:, 0] >= TIMID.guards.day_loss_fraction).all()
    report = audit(config.data_dir, ACCOUNT, 0, EVER_NS)
    assert (report.differences, report.problems) == ((), ())


def test_the_kill_switch_closes_everything_and_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = a_config(tmp_path, engine=EAGER)
    monkeypatch.chdir(tmp_path)
    results: list[Any] = []
    with bridge_process(config) as (endpoint, _), terminal(tmp_path, endpoint, results, MARKET):
        until(lambda: bool(account_of(config.data_dir).positions), "a position is open")
        give(Halt(reason="drill", author="ada"), str(config.data_dir), output(), as_json=True)
        until(lambda: not account_of(config.data_dir).positions, "all is closed")
        until(lambda: bool(results), "the tape is played out")
    events = events_of(config.data_dir)
    at = next(index for index, event in enumerate(events) if isinstance(event, Halted))
    intents = [event.intent.kind for event in events[at:] if isinstance(event, IntentIssued)]
    assert set(intents) <= {IntentKind.CLOSE}
    assert not account_of(config.data_dir).positions
    assert account_of(config.data_dir).safety.halt.is_on
    closes = decisions_of(config.data_dir, DecisionKind.POSITION)
    closes = closes[closes["decided_by"] == Care.GUARD_CLOSE]
    assert set(closes["action"]) == {Action.CLOSE}
    report = audit(config.data_dir, ACCOUNT, 0, EVER_NS)
    assert (report.differences, report.problems) == ((), ())


# -- orders ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def traded(tmp_path_factory: pytest.TempPathFactory) -> BridgeConfig:
    """A data folder in which an account is known."""
    folder = tmp_path_factory.mktemp("traded")
    config = a_config(folder, engine=EAGER)
    with serving(config) as served:
        run_terminal(a_terminal(folder, served.endpoint, Market(ticks=60)))
    return config


def told(config: BridgeConfig, order: Order) -> Answer:
    answer = asked(socket_path(config.data_dir), order)
    assert answer is not None
    return answer


def report_of(answer: Answer) -> RiskReport:
    assert answer.done, answer.problem
    return msgspec.json.decode(answer.report, type=RiskReport)


def test_orders_hold_at_once_and_after_a_restart(traded: BridgeConfig) -> None:
    with serving(traded):
        report = report_of(told(traded, Pause(symbol="EURUSD", valid_s=3600.0, reason="news", author="ada")))
        assert [(it.kind, it.symbol, it.author) for it in report.overrides] == [("pause", "EURUSD", "ada")]
        assert report.overrides[0].expires_ns - report.overrides[0].since_ns == 3_600_000_000_000
        assert "paused on EURUSD: news" in report.binds
        report = report_of(told(traded, SetLimit(name="entry.risk_fraction", value=0.004, reason="calm", author="ada")))
        assert report.risk_fraction <= 0.004
    with serving(traded):
        assert len(report_of(told(traded, Show())).overrides) == 2
        report = report_of(told(traded, Resume(author="ada")))
        assert [it.name for it in report.overrides] == ["entry.risk_fraction"]


@pytest.mark.parametrize(
    ("order", "said"),
    [
        (SetLimit(name="entry.risk_fraction", value=0.5), "out of range; it must be above 0 and at most 0.02"),
        (SetLimit(name="entry.luck", value=0.5), "is no limit that can be set"),
        (Pause(symbol="NOPE"), "symbol NOPE is not offered"),
        (Pause(valid_s=-1.0), "validity of -1 s is out of range"),
        (Pause(account="7"), "no account 7"),
        (Halt(reason="x" * 201), "reason has 201 characters"),
    ],
)
def test_bad_orders_are_refused_with_a_remedy_and_leave_no_trace(traded: BridgeConfig, order: Order, said: str) -> None:
    before = len(events_of(traded.data_dir))
    with serving(traded):
        answer = told(traded, order)
    assert not answer.done
    assert said in answer.problem
    assert answer.remedy
    assert len(events_of(traded.data_dir)) == before
    with pytest.raises(CommandError, match=said[:20]):
        journaled(order, traded.data_dir)


def test_without_a_bridge_the_journal_takes_the_order(traded: BridgeConfig) -> None:
    assert asked(socket_path(traded.data_dir), Show()) is None
    report = journaled(Halt(reason="night", author="ada"), traded.data_dir)
    assert (report.halt_reason, report.halt_author) == ("night", "ada")
    with serving(traded):
        assert report_of(told(traded, Show())).halted_since_ns == report.halted_since_ns
        assert not report_of(told(traded, Resume(author="ada"))).halted_since_ns


def test_a_bridge_that_takes_no_orders_is_not_written_around(traded: BridgeConfig) -> None:
    with serving(traded), pytest.raises(CommandError, match="a bridge works in"):
        journaled(Halt(), traded.data_dir)


@pytest.mark.parametrize(("text", "seconds"), [("", 0.0), ("90s", 90.0), ("1.5h", 5400.0), ("3d", 259_200.0)])
def test_durations(text: str, seconds: float) -> None:
    assert seconds_in(text) == seconds


@pytest.mark.parametrize("text", ["2", "h", "-1h", "2 weeks"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(CommandError, match="no duration"):
        seconds_in(text)
