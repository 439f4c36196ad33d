"""The EA's twin under faults: the same run as in one process, and in batches the same as tick by tick."""

import pytest

from account.lifecycle import IntentRecord
from advisor.executor import ExecutorGuards
from advisor.expert import ExpertAdvisor
from advisor.memory import RamMemory
from domain.intents import IntentState
from domain.timeframes import Timeframe
from marketdata.tape import Tape
from sim.executing import executor_of
from sim.faults.distributions import Fixed, Lognormal
from sim.faults.plan import Execution, FaultPlan, Latency
from sim.faults.presets import PRESETS
from sim.feed import Feed
from sim.matching import Rows
from sim.runner import Runner
from sim.terminal import SimTerminal
from strategy.engine import Engine
from tests.sim.bridge_double import SECRET, Wire
from tests.sim.engines import EngineBehindTheWire
from tests.sim.test_runner import EAGER, WITH_SWAP, market
from tests.sim.venues import MAGIC, PROFILE
from wire.messages import Welcome

LATE = FaultPlan(
    latency=Latency(to_server=Lognormal(shift=20.0, median=120.0), to_terminal=Fixed(value=40.0)),
    execution=Execution(requote_rate=0.1, slippage_points=Fixed(value=1.0)),
)


def distant(plan: FaultPlan, ticks: Rows) -> SimTerminal:
    return SimTerminal(PROFILE, (WITH_SWAP,), start_msc=int(ticks["time_msc"][0]), faults=plan)


def over_the_wire(plan: FaultPlan, ticks: Rows, batch_ms: int = 0) -> tuple[EngineBehindTheWire, SimTerminal]:
    terminal = distant(plan, ticks)
    feed = Feed(
        terminal, Tape(("EURUSD",), {"EURUSD": ticks}), max_ticks=50 if batch_ms else 1, batch_ms=batch_ms or None
    )
    executor = executor_of(terminal, RamMemory(), ExecutorGuards(), MAGIC)
    advisor = ExpertAdvisor(terminal, feed, executor, secret=SECRET, terminal_id=1, magic=MAGIC)
    welcome = Welcome(session=1, timeframes=(Timeframe.M1,), history_bars=100, frames_per_second=1_000_000)
    bridge = EngineBehindTheWire(Engine(EAGER), terminal, welcome)
    wire = Wire(advisor, bridge)
    wire.connect()
    while not advisor.is_done:
        bridge.heard.clear()
        wire.stream(1000)
        bridge.now_ns += 100_000_000
    return bridge, terminal


def ends(records: list[IntentRecord]) -> list[IntentState]:
    return [record.state for record in records]


def test_the_twin_trades_as_the_runner_does() -> None:
    ticks = market(3)[:12_000]
    terminal = distant(LATE, ticks)
    result = Runner(Engine(EAGER), terminal, Tape(("EURUSD",), {"EURUSD": ticks})).run()
    bridge, other = over_the_wire(LATE, ticks)
    assert len(result.intents) > 20
    assert tuple(bridge.intents) == result.intents
    assert other.deals == result.deals
    delays = {
        deal.time_msc - int(one.decided_ns // 1_000_000)
        for one in result.intents
        for deal in result.deals
        if deal.comment.endswith(f"{one.intent_id:016x}") and deal.magic
    }
    assert min(delays) >= 20


@pytest.mark.parametrize("name", ["typical", "rough"])
def test_whatever_goes_wrong_the_twin_ends_with_the_terminals_account(name: str) -> None:
    bridge, terminal = over_the_wire(PRESETS[name], market(3)[:12_000])
    account = bridge.engine.account
    assert account.balance == terminal.money().balance
    assert account.deals == {deal.deal_ticket for deal in terminal.deals}
    assert set(account.positions) == {one.position_ticket for one in terminal.positions()}
    assert IntentState.ISSUED not in ends(list(account.intents.values()))
