from collections.abc import Sequence

import msgspec
import numpy as np
import pytest

import sim.runner
from advisor.executor import Executor, ExecutorGuards
from advisor.expert import ExpertAdvisor
from advisor.memory import RamMemory
from domain.intents import Intent, IntentKind
from domain.retcodes import Retcode
from domain.timeframes import Timeframe
from domain.updates import Money
from marketdata.synthetic import DEMO_SYMBOLS, synthetic_market
from marketdata.tape import Tape
from newsfilter.board import FOREVER_NS, NewsBoard, SymbolNews
from sim.feed import Feed
from sim.matching import Rows
from sim.profiles import JUSTMARKETS_TIERS
from sim.requests import Disturbance, ScriptedFills
from sim.runner import Runner, RunResult, session_opened
from sim.terminal import SimTerminal
from strategy.engine import Engine
from strategy.events import WarmUp
from strategy.gates import DecisionKind, Gate, Verdict
from strategy.params import (
    CareSettings,
    EngineSettings,
    EntrySettings,
    GuardSettings,
    PortfolioSettings,
    SlippageSettings,
)
from tests.sim.bridge_double import SECRET, Wire
from tests.sim.engines import EngineBehindTheWire, Plan, ScriptedEngine
from tests.sim.intents import intent, on
from tests.sim.test_feed import HISTORY
from tests.sim.venues import EURUSD, MAGIC, MONDAY_MSC, PROFILE, USDJPY, ticks_of
from wire.messages import Welcome

FLAT = (1.1, 1.1002)
TICKET = 2_000_001
WITH_SWAP = msgspec.structs.replace(EURUSD, swap_long=-7.51)


class Run:
    """A run of a scripted engine over one symbol."""

    def __init__(
        self,
        quotes: Sequence[tuple[float, float]],
        plan: Plan | None = None,
        *,
        step_msc: int = 1000,
        faults: Sequence[Disturbance] = (),
        guards: ExecutorGuards | None = None,
    ) -> None:
        ticks = ticks_of(quotes, step_msc=step_msc)
        self.terminal = SimTerminal(PROFILE, (WITH_SWAP,), start_msc=MONDAY_MSC, fills=ScriptedFills(faults))
        self.engine = ScriptedEngine(plan)
        self.progress: list[tuple[int, int]] = []
        runner = Runner(
            self.engine,
            self.terminal,
            Tape(("EURUSD",), {"EURUSD": ticks}),
            guards=guards,
            warm_up=[WarmUp("EURUSD", Timeframe.M1, HISTORY)],
            on_progress=lambda done, total: self.progress.append((done, total)),
        )
        self.result: RunResult = runner.run()

    def codes(self) -> list[int]:
        return [record.retcode for record in self.engine.account.intents.values()]


def at(*steps: tuple[int, Intent]) -> Plan:
    return lambda tick, _engine: tuple(wanted for number, wanted in steps if number == tick)


def after_opening(log: list[str]) -> list[str]:
    return log[log.index("tick 0") :]


def test_a_run_begins_with_the_account_and_the_history() -> None:
    run = Run([FLAT])
    assert run.engine.log[:3] == ["SessionOpened", "SymbolsSeen", "DealBooked"]
    assert "Reconciled" in run.engine.log
    assert run.engine.log[-2:] == ["WarmUp EURUSD M1", "tick 0"]
    account = run.engine.account
    assert (account.login, account.balance, account.leverage, account.magic) == (5, 10_000.0, 500, MAGIC)
    assert list(account.specs) == ["EURUSD"]


def test_an_intent_is_executed_at_its_tick_before_the_next() -> None:
    run = Run([FLAT, (1.2, 1.2002), (1.3, 1.3002)], at((1, intent(sl=1.1, tp=0.0))))
    assert after_opening(run.engine.log) == [
        "tick 0",
        "tick 1",
        "IntentIssued",
        "IntentSent",
        "IntentReported",
        "IntentReported",
        "DealBooked",
        "PositionSeen",
        "tick 2",
    ]
    deal = run.result.deals[1]
    assert (deal.price, deal.time_msc) == (1.2002, MONDAY_MSC + 1000)


def test_a_stop_is_booked_before_the_engine_sees_its_tick() -> None:
    run = Run([FLAT, FLAT, (1.0895, 1.0897), FLAT], at((0, intent(tp=0.0))))
    log = after_opening(run.engine.log)
    assert log[log.index("tick 1") :] == ["tick 1", "DealBooked", "PositionGone", "tick 2", "tick 3"]
    stopped = run.result.deals[-1]
    assert (stopped.price, stopped.comment, stopped.time_msc) == (1.0895, "[sl 1.09000]", MONDAY_MSC + 2000)


def test_a_stop_set_by_an_intent_is_seen_by_the_very_next_tick() -> None:
    quotes = [FLAT, FLAT, (1.0985, 1.0987), FLAT]
    run = Run(quotes, at((0, intent(sl=1.08, tp=0.0)), (1, on(TICKET, IntentKind.MODIFY, sl=1.0990))))
    assert run.result.deals[-1].comment == "[sl 1.09900]"
    assert run.result.deals[-1].time_msc == MONDAY_MSC + 2000


def test_a_stop_taken_away_by_an_intent_no_longer_stops() -> None:
    quotes = [FLAT, FLAT, (1.0895, 1.0897), FLAT]
    run = Run(quotes, at((0, intent(tp=0.0)), (1, on(TICKET, IntentKind.MODIFY))))
    assert len(run.result.deals) == 2
    assert run.result.money.equity < run.result.money.balance


def test_several_intents_of_one_tick_are_issued_first_and_then_executed() -> None:
    wanted = [intent(intent_id=number) for number in (1, 2)]
    run = Run([FLAT, FLAT], at((0, wanted[0]), (0, wanted[1])))
    log = after_opening(run.engine.log)
    assert log[1:5] == ["IntentIssued", "IntentSent", "IntentIssued", "IntentSent"]
    assert run.codes() == [Retcode.DONE, Retcode.DONE]


def test_the_same_intent_decided_again_goes_out_once() -> None:
    run = Run([FLAT] * 3, at((0, intent()), (1, intent())))
    assert run.result.intents == (intent(),)
    assert len(run.result.deals) == 2
    assert len(run.engine.seen) == 3


def test_an_entry_at_the_last_tick_is_executed() -> None:
    run = Run([FLAT, FLAT], at((1, intent())))
    assert run.codes() == [Retcode.DONE]
    assert run.result.ticks == 2


def test_a_refusal_of_the_ea_is_booked() -> None:
    run = Run([FLAT], at((0, intent(volume=2.0))), guards=ExecutorGuards(max_lots=1.0))
    assert run.codes() == [Retcode.REJECT]


def test_faults_reach_the_run() -> None:
    run = Run([FLAT] * 2, at((0, intent())), faults=[Disturbance(retcode=Retcode.NO_MONEY)])
    assert run.codes() == [Retcode.NO_MONEY]


def test_swap_is_booked_at_the_first_tick_of_the_day() -> None:
    run = Run([FLAT] * 4, at((0, intent(volume=0.39))), step_msc=6 * 3_600_000)
    log = after_opening(run.engine.log)
    assert log[log.index("tick 1") :] == ["tick 1", "PositionSeen", "tick 2", "tick 3"]
    assert run.engine.account.positions[TICKET].swap == -2.93


def test_money_is_adopted_after_the_first_tick_that_follows_a_change() -> None:
    quotes = [FLAT, FLAT, FLAT, FLAT, (1.0895, 1.0897), FLAT]
    run = Run(quotes, at((1, intent(tp=0.0))))
    assert [ticks for ticks, _ in run.engine.adopted] == [1, 3, 5]
    assert [money.balance for _, money in run.engine.adopted] == [10_000.0, 10_000.0, run.result.money.balance]


@pytest.mark.parametrize("window", [1, 2, 3, 7, 100])
def test_windows_change_nothing(window: int, monkeypatch: pytest.MonkeyPatch) -> None:
    quotes = [(1.1 + drift / 10_000, 1.1002 + drift / 10_000) for drift in (0, 1, 2, -5, -120, 3, 4, 200, 5, 6)]
    steps = ((1, intent(intent_id=1)), (3, intent(intent_id=2, side=-1, sl=1.13, tp=1.08)), (6, intent(intent_id=3)))
    whole = Run(quotes, at(*steps))
    monkeypatch.setattr(sim.runner, "WINDOW_TICKS", window)
    pieces = Run(quotes, at(*steps))
    assert pieces.engine.log == whole.engine.log
    assert pieces.engine.adopted == whole.engine.adopted
    assert pieces.result.order_list_hash() == whole.result.order_list_hash()
    assert pieces.result.decisions_hash() == whole.result.decisions_hash()
    assert pieces.result.account_digest == whole.result.account_digest
    assert max(pieces.engine.windows) <= window


def test_the_engine_is_not_called_for_every_tick() -> None:
    run = Run([FLAT] * 5000)
    assert run.engine.windows == [5000]
    assert len(run.engine.seen) == 5000


def test_progress_is_told_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sim.runner, "WINDOW_TICKS", 4)
    assert Run([FLAT] * 10).progress == [(4, 10), (8, 10), (10, 10)]


def test_decisions_of_all_windows_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sim.runner, "WINDOW_TICKS", 4)
    assert Run([FLAT] * 10).result.decisions["bar_time"].tolist() == list(range(10))


def test_an_empty_tape_is_a_run_without_ticks() -> None:
    result = Run([]).result
    assert (result.ticks, len(result.decisions), result.intents, len(result.deals)) == (0, 0, (), 1)


def test_hashes_notice_any_difference() -> None:
    base = Run([FLAT] * 3, at((0, intent())))
    again = Run([FLAT] * 3, at((0, intent())))
    later = Run([FLAT] * 3, at((1, intent())))
    other = Run([FLAT] * 3, at((0, intent(price=1.1003))))
    assert base.result.order_list_hash() == again.result.order_list_hash()
    assert len({run.result.order_list_hash() for run in (base, later, other)}) == 3
    assert base.result.decisions_hash() != Run([FLAT] * 4, at((0, intent()))).result.decisions_hash()


def test_symbols_take_turns_in_the_order_of_time() -> None:
    pair = {
        "EURUSD": ticks_of([FLAT] * 3, start_msc=MONDAY_MSC),
        "USDJPY": ticks_of([(150.0, 150.1)] * 3, start_msc=MONDAY_MSC + 500),
    }
    terminal = SimTerminal(PROFILE, (USDJPY, EURUSD), start_msc=MONDAY_MSC)
    engine = ScriptedEngine(lambda tick, _engine: (intent(),) if tick == 2 else ())
    result = Runner(engine, terminal, Tape(("EURUSD", "USDJPY"), pair)).run()
    assert engine.seen == [MONDAY_MSC + 500 * row for row in range(6)]
    assert result.deals[1].symbol == "EURUSD"
    assert result.deals[1].time_msc == MONDAY_MSC + 1000
    assert result.money == terminal.money()


def test_a_tick_without_a_price_is_passed_over() -> None:
    run = Run([FLAT, (0.0, 0.0), FLAT], at((0, intent())))
    assert run.result.ticks == 3
    assert [position.sl for position in run.terminal.positions()] == [1.09]


def test_a_symbol_the_terminal_does_not_have_is_refused() -> None:
    tape = Tape(("GBPUSD",), {"GBPUSD": ticks_of([FLAT])})
    with pytest.raises(ValueError, match="symbol GBPUSD is on the tape, but the terminal has EURUSD"):
        Runner(ScriptedEngine(), SimTerminal(PROFILE, (EURUSD,)), tape)


def test_the_opening_event_describes_the_terminal() -> None:
    terminal = SimTerminal(PROFILE, (EURUSD,), start_msc=MONDAY_MSC, server_offset_s=7200)
    opened = session_opened(terminal, 9, 4)
    assert opened == msgspec.structs.replace(opened, time_ns=(MONDAY_MSC - 7_200_000) * 1_000_000, session=4, magic=9)
    assert (opened.login, opened.server_offset_s, opened.leverage) == (5, 7200, 500)


# -- the real engine ---------------------------------------------------------------------------------------------------

EAGER = EngineSettings(
    timeframes=(Timeframe.M1,),
    entry=EntrySettings(
        score_threshold=0.4,
        max_spread_atr_fraction=1.0,
        atr_baseline_period=20,
        risk_fraction=0.02,
        max_symbol_positions=3,
    ),
    care=CareSettings(max_holding_s=7200.0, partial_legs=((0.5, 0.3),)),
    portfolio=PortfolioSettings(cool_down_s=0.0, max_losing_streak=0, max_open_risk_fraction=0.2),
    guards=GuardSettings(
        floating_loss_fraction=0.5, day_loss_fraction=0.5, drawdown_fraction=0.3, reduce_fraction=0.4, halt_fraction=0.5
    ),
    slippage_points={},
    slippage=SlippageSettings(measured=False),  # else the gaps of this market soon keep every entry out
)
DEAR = msgspec.structs.replace(PROFILE, deposit=5_050.0, tiers=JUSTMARKETS_TIERS, slippage_points=1.0)


def run_with_engine(ticks: Rows) -> tuple[RunResult, SimTerminal]:
    terminal = SimTerminal(DEAR, (WITH_SWAP,), start_msc=int(ticks["time_msc"][0]))
    return Runner(Engine(EAGER), terminal, Tape(("EURUSD",), {"EURUSD": ticks})).run(), terminal


def run_over_the_wire(ticks: Rows) -> tuple[EngineBehindTheWire, SimTerminal]:
    terminal = SimTerminal(DEAR, (WITH_SWAP,), start_msc=int(ticks["time_msc"][0]))
    feed = Feed(terminal, Tape(("EURUSD",), {"EURUSD": ticks}))
    executor = Executor(terminal, RamMemory(), ExecutorGuards(), MAGIC)
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


def market(seed: int) -> Rows:
    """Two days of the invented market: 26,000 ticks."""
    euro = [symbol for symbol in DEMO_SYMBOLS if symbol.name == "EURUSD"]
    return synthetic_market(seed, euro, days=2)["EURUSD"]


@pytest.mark.parity
@pytest.mark.parametrize("seed", [3, 5])
def test_runner_and_lock_step_twin_decide_the_same_bit_for_bit(seed: int) -> None:
    """Several positions at once, stops, targets, partial closes, a night, an equity that crosses a leverage tier."""
    ticks = market(seed)
    result, in_process = run_with_engine(ticks)
    bridge, over_the_wire = run_over_the_wire(ticks)
    assert len(result.intents) > 100
    assert {deal.reason.name for deal in result.deals} >= {"EXPERT", "SL", "TP"}
    assert tuple(bridge.intents) == result.intents
    assert over_the_wire.deals == result.deals
    assert np.concatenate(bridge.decisions).tobytes() == result.decisions.tobytes()
    assert over_the_wire.money() == in_process.money() == result.money


def test_leverage_that_changes_in_the_run_reaches_the_engine() -> None:
    """The terminal's margin is the truth: the engine counts with it, although it was told another leverage."""
    ticks = market(3)
    terminal = SimTerminal(DEAR, (WITH_SWAP,), start_msc=int(ticks["time_msc"][0]))
    engine = WatchedEngine(EAGER)
    Runner(engine, terminal, Tape(("EURUSD",), {"EURUSD": ticks})).run()
    balances = np.cumsum([deal.balance_change for deal in terminal.deals])
    assert {DEAR.leverage_at(float(balance)) for balance in balances} == {1000, 2000}
    assert len(engine.margins) > 100
    assert all(own == told for own, told in engine.margins)
    assert any(told > 0.0 for _, told in engine.margins)


class WatchedEngine(Engine):
    """Notes, at every adoption, its own margin and the one it was told."""

    def __init__(self, settings: EngineSettings) -> None:
        super().__init__(settings)
        self.margins: list[tuple[float, float]] = []

    def adopt_money(self, money: Money) -> None:
        """Adopt, and compare."""
        super().adopt_money(money)
        self.margins.append((self.own_money().margin, money.margin))


def test_what_is_known_of_news_reaches_every_decision() -> None:
    ticks = synthetic_market(7, DEMO_SYMBOLS[:1], days=2)["EURUSD"]
    settings = EngineSettings(timeframes=(Timeframe.M1,))
    start_ns = int(ticks["time_msc"][0]) * 1_000_000
    window = start_ns + 3600 * 10**9, start_ns + 7200 * 10**9
    board = NewsBoard(reliable_until_ns=FOREVER_NS, symbols=(SymbolNews("EURUSD", (window,)),))
    terminal = SimTerminal(PROFILE, (EURUSD,), start_msc=int(ticks["time_msc"][0]))
    rows = Runner(Engine(settings), terminal, Tape(("EURUSD",), {"EURUSD": ticks}), board=board).run().decisions
    rows = rows[rows["kind"] == DecisionKind.ENTRY]
    shut = (rows["time_ns"] >= window[0]) & (rows["time_ns"] < window[1])
    assert 0 < shut.sum() < len(rows)
    assert (rows["gates"][shut, Gate.NEWS, 2] == Verdict.REFUSED).all()
    assert (rows["gates"][~shut, Gate.NEWS, 2] == Verdict.PASSED).all()
