"""Why it traded, or not: every decision of a stretch of time, with every gate."""

from pathlib import Path

import pytest

from bridge.lookup import decisions_between
from bridge.recorder import Recorder
from domain.servertime import NS_PER_S
from domain.timeframes import Timeframe
from sim.session_host import run_terminal
from strategy.gates import Action, Care, DecisionKind, Gate, Verdict
from tests.bridge.floor import Floor, Market, played
from tests.bridge.running import a_config, a_terminal, serving
from tests.bridge.test_recorder import SMALL
from tests.strategy.markets import START_MSC

pytestmark = pytest.mark.integration

MARKET = Market(ticks=400)
START_NS = START_MSC * 1_000_000
EVER_NS = 1 << 62


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    config = a_config(folder, capture=SMALL)
    with serving(config) as served:
        run_terminal(a_terminal(folder, served.endpoint, MARKET))
    Recorder(config.data_dir).run_once()
    return config.data_dir


@pytest.fixture(scope="module")
def undisturbed() -> Floor:
    return played(MARKET)


def test_all_decisions_are_found_once(data_dir: Path, undisturbed: Floor) -> None:
    found = decisions_between(data_dir, "EURUSD", 0, EVER_NS)
    assert b"".join(one.row.tobytes() for one in found) == undisturbed.heard.decisions.tobytes()


@pytest.mark.parametrize("symbol", ["GBPUSD", "EUR", "EURUSDX"])
def test_other_symbols_have_none(data_dir: Path, symbol: str) -> None:
    assert decisions_between(data_dir, symbol, 0, EVER_NS) == []


def test_a_minute_is_found_by_its_time(data_dir: Path) -> None:
    minute = START_NS + 600 * NS_PER_S
    found = decisions_between(data_dir, "EURUSD", minute, minute + 59 * NS_PER_S)
    entries = [one for one in found if one.kind is DecisionKind.ENTRY]
    assert len(entries) == 1
    assert minute <= entries[0].time_ns <= minute + 59 * NS_PER_S


def test_one_account_can_be_asked_for(data_dir: Path) -> None:
    assert decisions_between(data_dir, "EURUSD", 0, EVER_NS, account="Test-Demo:5000001")
    assert decisions_between(data_dir, "EURUSD", 0, EVER_NS, account="nobody:1") == []


def test_every_gate_speaks(data_dir: Path) -> None:
    entries = [one for one in decisions_between(data_dir, "EURUSD", 0, EVER_NS) if one.kind is DecisionKind.ENTRY]
    spoken = {gate.name for gate in entries[0].gates}
    assert {"spread", "session", "confluence", "free margin"} <= spoken
    assert "news" not in spoken  # its seat is empty
    refused = next(one for one in entries if one.decided_by == "duplicate")
    gate = next(gate for gate in refused.gates if gate.name == "duplicate")
    assert gate.verdict is Verdict.REFUSED
    assert gate.value < gate.threshold
    assert (refused.action, refused.timeframe, refused.symbol) == (Action.HOLD, Timeframe.M1, "EURUSD")
    assert refused.figures["atr"] > 0.0
    assert refused.figures["decided_by"] == Gate.DUPLICATE


def test_position_care_speaks(data_dir: Path) -> None:
    acted = [
        one
        for one in decisions_between(data_dir, "EURUSD", 0, EVER_NS)
        if one.kind is DecisionKind.POSITION and one.action is not Action.HOLD
    ]
    assert acted
    assert {gate.name for gate in acted[0].gates} <= {rule.name.lower().replace("_", " ") for rule in Care}
    fired = [gate for gate in acted[0].gates if gate.verdict is Verdict.FIRED]
    assert acted[0].decided_by in {gate.name for gate in fired}


def test_nothing_on_record_is_nothing_found(tmp_path: Path) -> None:
    assert decisions_between(tmp_path, "EURUSD", 0, EVER_NS) == []
