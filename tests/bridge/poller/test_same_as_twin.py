"""On the same ticks poller and twin are told the same decisions and do the same deals, through a bridge each."""

from pathlib import Path

import pytest

from bridge.config import DeskRules
from sim.session_host import run_terminal
from tests.bridge.floor import Market
from tests.bridge.poller.world import World, a_config, stepped
from tests.bridge.running import a_config as a_bridge
from tests.bridge.running import a_terminal, bridge_process
from tests.parity.wires import recorded_decisions

pytestmark = pytest.mark.integration

MARKET = Market(ticks=500)
RULES = DeskRules(clock_check=False, frames_per_second=1_000_000)


def test_the_poller_decides_and_deals_as_the_twin(tmp_path: Path) -> None:
    with bridge_process(a_bridge(tmp_path / "twin", rules=RULES)) as (endpoint, _):
        statistics = run_terminal(a_terminal(tmp_path / "twin", endpoint, MARKET))
    world = World(market=MARKET, ticks={"EURUSD": MARKET.ticks}, history=MARKET.history)
    with bridge_process(a_bridge(tmp_path / "poller", rules=RULES)) as (endpoint, _):
        counts = stepped(world, a_config(tmp_path / "poller", endpoint)).run()
    told, told_poller = (recorded_decisions(tmp_path / name / "bridge") for name in ("twin", "poller"))
    assert len(told)
    assert statistics.deals == len(world.terminal.deals) > 10
    assert (counts.ticks, counts.intents) == (statistics.ticks, statistics.intents)
    assert told.tobytes() == told_poller.tobytes()
    money = world.terminal.money()
    assert (money.balance, money.equity) == (statistics.balance, statistics.equity)
