"""Whole runs under random fault plans: money is conserved, no intent is executed twice, none is forgotten."""

from collections import Counter
from collections.abc import Sequence
from typing import Any
from unittest import mock

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sim.runner
from account.lifecycle import IntentRecord
from domain.intents import Intent, IntentKind, IntentState, intent_id_in
from domain.symbols import FillingFlag
from domain.trading import Deal, DealEntry
from marketdata.tape import Tape
from sim.faults.plan import FaultPlan
from sim.faults.presets import PRESETS
from sim.matching import Rows
from sim.runner import Runner, RunResult
from sim.terminal import SimTerminal
from tests.crash.verdicts import standing
from tests.sim.engines import ScriptedEngine
from tests.sim.faults.plans import plans
from tests.sim.intents import intent
from tests.sim.venues import EURUSD, MONDAY_MSC, PROFILE, open_all_week, ticks_of

TICKS = 400
STEP_MSC = 250
SPEC = msgspec.structs.replace(open_all_week(EURUSD), filling_flags=FillingFlag.IOC)
DONE = (IntentState.FILLED, IntentState.PARTLY_FILLED)


def restless(seed: int) -> Rows:
    """A walk that reaches stops and targets twenty points away now and then."""
    rng = np.random.default_rng(seed)
    bids = 1.1 + np.cumsum(rng.integers(-6, 7, TICKS)) * 1e-5
    return ticks_of([(round(bid, 5), round(bid + 0.0001, 5)) for bid in bids], step_msc=STEP_MSC)


class Eager(ScriptedEngine):
    """Trades all the time, by what it knows of the account."""

    def __init__(self, ticks: Rows) -> None:
        super().__init__(self.decided)
        self.quotes = ticks
        self.made = 0

    def decided(self, number: int, _engine: ScriptedEngine) -> Sequence[Intent]:
        """Every third tick something new: opened, moved, closed in part, closed."""
        if number % 3 or self.account.open_intents():
            return ()
        self.made += 1
        own = list(self.account.positions.values())
        bid, time_msc = float(self.quotes["bid"][number]), int(self.quotes["time_msc"][number])
        fields: dict[str, Any] = {
            "intent_id": self.made,
            "decided_ns": time_msc * 1_000_000,
            "expires_ns": (time_msc + 3_000) * 1_000_000,
        }
        kind = self.made % 5
        if not own or (kind == 0 and len(own) < 3):
            levels = {"sl": round(bid - 0.0002, 5), "tp": round(bid + 0.0003, 5)}
            return (intent(IntentKind.OPEN, **(fields | levels), side=1, price=bid, volume=0.08),)
        position = own[self.made % len(own)]
        fields |= {"position_ticket": position.position_ticket, "side": 0, "sl": 0.0, "tp": 0.0}
        if kind in (1, 2):
            moved = {"sl": round(bid - 0.00025, 5), "tp": position.tp, "volume": 0.0}
            return (intent(IntentKind.MODIFY, **(fields | moved)),)
        if kind == 3 and position.volume > 0.02:
            return (intent(IntentKind.PARTIAL_CLOSE, **fields, volume=0.02),)
        return (intent(IntentKind.CLOSE, **fields, volume=position.volume),)


class Run:
    """One run to its end."""

    def __init__(self, plan: FaultPlan, seed: int = 1, window: int = sim.runner.WINDOW_TICKS) -> None:
        ticks = restless(seed)
        self.terminal = SimTerminal(PROFILE, (SPEC,), start_msc=MONDAY_MSC, faults=plan)
        self.engine = Eager(ticks)
        runner = Runner(self.engine, self.terminal, Tape(("EURUSD",), {"EURUSD": ticks}))
        with mock.patch.object(sim.runner, "WINDOW_TICKS", window):
            self.result: RunResult = runner.run()

    def trades_of(self, record: IntentRecord) -> list[Deal]:
        """Deals that carry the intent's id on the side it trades."""
        wanted = DealEntry.IN if record.intent.kind == IntentKind.OPEN else DealEntry.OUT
        return [
            deal
            for deal in self.terminal.deals
            if deal.entry == wanted and intent_id_in(deal.comment) == record.intent.intent_id and deal.magic
        ]


@settings(max_examples=60)
@given(plans, st.integers(0, 50))
def test_whatever_goes_wrong_the_books_agree(plan: FaultPlan, seed: int) -> None:
    run = Run(plan, seed)
    terminal, account = run.terminal, run.engine.account
    changes = [deal.balance_change for deal in terminal.deals]
    assert round(sum(changes), 2) == terminal.money().balance, "money is conserved"
    assert account.balance == terminal.money().balance
    assert account.deals == {deal.deal_ticket for deal in terminal.deals}
    assert standing(account.positions) == standing({one.position_ticket: one for one in terminal.positions()})
    assert account.open_intents() == [], "no intent is forgotten"
    assert len(account.intents) == len(run.result.intents) == len({one.intent_id for one in run.result.intents})
    for record in account.intents.values():
        if record.intent.kind == IntentKind.MODIFY:
            continue
        trades = run.trades_of(record)
        assert len(trades) <= 1, "no intent is executed twice"
        assert bool(trades) == (record.state in DONE)
        assert sum(deal.volume for deal in trades) == pytest.approx(record.filled_lots)


@settings(max_examples=25)
@given(plans, st.integers(0, 50), st.integers(1, 60))
def test_the_same_seed_is_the_same_run_however_it_is_cut(plan: FaultPlan, seed: int, window: int) -> None:
    whole, pieces = Run(plan, seed), Run(plan, seed, window)
    assert pieces.result.order_list_hash() == whole.result.order_list_hash()
    assert pieces.result.account_digest == whole.result.account_digest
    assert pieces.engine.log == whole.engine.log


def test_another_seed_is_another_run() -> None:
    rough = PRESETS["rough"]
    hashes = {Run(msgspec.structs.replace(rough, seed=seed)).result.order_list_hash() for seed in range(4)}
    assert len(hashes) == 4


def test_rough_is_rough() -> None:
    """The property above would hold of a plan that does nothing, too."""
    run = Run(PRESETS["rough"])
    ends = Counter(record.state for record in run.engine.account.intents.values())
    assert ends[IntentState.REJECTED] > 1
    assert ends[IntentState.FILLED] > 10
    plain = Run(FaultPlan())
    assert run.result.order_list_hash() != plain.result.order_list_hash()
    assert plain.result.order_list_hash() == Run(PRESETS["none"]).result.order_list_hash()
