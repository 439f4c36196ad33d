"""One decision with every rule, on an entry and on an open position: called from Python, and in a compiled loop.

Beside it the same loop without the decision: it writes as many numbers as a record of gates has.
"""

import argparse
import math
import time
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray
from quotes import market
from report import Line, Outcome, arguments, machine, median, tell

from domain.jit import njit
from domain.pricing import SymbolMoney, symbol_money
from strategy.decide import decide_entry
from strategy.entry_rules import EntryRules, SymbolRules
from strategy.entry_views import EntryView, MarketView, SafetyView
from strategy.gates import GATE_SEATS, Action, DecisionKind, Gate, Verdict
from strategy.guard_care import GuardCare, decide_guarded
from strategy.params import EngineSettings
from strategy.position_rules import CareRules
from strategy.position_tables import care_rules_of, recorded_view
from strategy.position_views import PositionView
from strategy.recorded import decide_recorded, recorded_entry
from strategy.symbol_rows import rules_row, symbol_row
from strategy.tables import DECISION_DTYPE, POSITION_SEEN, Table
from strategy.views import entry_rules_of, money_of, rules_of

Gates = NDArray[np.float64]
Numbers = NDArray[np.float64]

GOAL_PYTHON_US: Final = 10.0
GOAL_LOOP_NS: Final = 100.0
SAFE: Final = {"since_loss_s": math.inf, "floating_threshold": 0.1, "day_threshold": 0.03, "drawdown_threshold": 0.12}
SEEN: Final = {
    Gate.TRADING_ALLOWED: (1.0, math.nan),
    Gate.WARM_UP: (200.0, 100.0),
    Gate.SESSION: (10_000.0, math.nan),
    Gate.WEEKEND: (100_000.0, math.nan),
    Gate.ROLLOVER: (10_000.0, math.nan),
    Gate.NEWS: (math.inf, math.nan),
    Gate.DUPLICATE: (math.inf, math.nan),
}
ENTRY: Final = {
    "equity": 10_000.0,
    "balance": 10_000.0,
    "margin_free": 10_000.0,
    "bid": 1.1,
    "ask": 1.1001,
    "score": 0.8,
    "atr": 0.001,
    "atr_baseline": 0.001,
    "slippage": 5e-5,
    "allowed_leverage": 2000.0,
    "news_negative": math.nan,
    "proof_trips": 10.0,
    "expectancy_bound_r": math.nan,
    "risk_scale": 1.0,
    "leverage_cap": math.inf,
    "risk_override": math.nan,
    "leverage_override": math.nan,
    "trips": 40.0,
    "win_rate": 0.5,
    "win_r": 2.0,
    "loss_r": 1.0,
    "kelly_fraction": 0.05,
}
HELD: Final = {
    "volume": 0.5,
    "initial_lots": 0.5,
    "price_open": 1.1,
    "sl": 1.0985,
    "tp": 1.103,
    "initial_risk": 0.0015,
    "best_price": 1.1003,
    "cost": 7e-5,
    "planned_lots": 0.5,
    "planned_price": 1.1,
    "planned_sl": 1.0985,
    "money_per_price": 100_000.0,
    "cost_per_lot": 7.0,
    "age_s": 600.0,
    "week_left_s": 200_000.0,
    "day_left_s": 30_000.0,
    "triple_left_s": 300_000.0,
    "event_left_s": 90_000.0,
    "window_left_s": 86_400.0,
    "held_leverage": 0.0,
}


def an_entry() -> Table:
    """A record of an entry that passes every gate."""
    record = np.zeros(1, DECISION_DTYPE)
    record["kind"] = DecisionKind.ENTRY
    for name, value in ENTRY.items():
        record[name] = value
    record["safety"] = [SAFE.get(name, 0.0) for name in SafetyView._fields]
    for gate, (value, threshold) in SEEN.items():
        record["gates"][0, gate] = value, threshold, Verdict.PASSED
    return record


def a_position() -> Table:
    """A record of a position that gains and needs nothing yet."""
    record = np.zeros(1, DECISION_DTYPE)
    record["kind"], record["side"], record["kept_fraction"] = DecisionKind.POSITION, 1, 1.0
    record["bid"], record["ask"], record["atr"], record["slippage"] = 1.1003, 1.1004, 0.001, 5e-5
    record["position"] = [HELD[name] for name in POSITION_SEEN]
    return record


@njit
def entries(
    scores: Numbers, view: EntryView, rules: EntryRules, symbol: SymbolRules, money: SymbolMoney, gates: Gates
) -> float:
    """Lots of all entries together; each decision sees another score and another ATR."""
    total = 0.0
    m = view.market
    for score in scores:
        seen = MarketView(
            m.trading_allowed,
            m.bars_seen,
            m.bars_needed,
            m.session_left_s,
            m.week_left_s,
            m.midnight_s,
            m.bid,
            m.ask,
            score,
            m.atr * (1.0 + abs(score)),
            m.atr_baseline,
        )
        asked = EntryView(
            seen,
            view.holdings,
            view.money,
            view.evidence,
            view.standing,
            view.steering,
            view.stake,
            view.safety,
            view.news,
        )
        total += decide_entry(asked, rules, symbol, money, gates).lots
    return total


@njit
def positions(scores: Numbers, v: PositionView, rules: CareRules, symbol: SymbolRules, gates: Gates) -> float:
    """How many of the decisions act; each sees another price, from the stop to beyond the target."""
    total, guard = 0.0, GuardCare(1.0, 0.0)
    for score in scores:
        bid = v.price_open + 2.0 * v.initial_risk * score
        asked = PositionView(
            v.side,
            v.volume,
            v.initial_lots,
            v.price_open,
            v.sl,
            v.tp,
            v.initial_risk,
            bid,
            bid + (v.ask - v.bid),
            v.atr,
            v.best_price,
            v.cost,
            v.fill,
            v.clock,
            v.calendar,
        )
        total += 1.0 if decide_guarded(asked, rules, symbol, guard, gates).action != 0 else 0.0
    return total


@njit
def written(scores: Numbers, gates: Gates) -> float:
    """The loop without a decision."""
    for score in scores:
        for seat in range(gates.shape[0]):
            gates[seat, 0] = score
            gates[seat, 1] = score
            gates[seat, 2] = 1.0
    return float(gates[0, 0])


def seconds_of(work: Callable[[], object]) -> float:
    """How long `work` takes."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def main() -> None:
    """Measure in turns and tell."""
    options = parsed()
    rounds, calls, bars = (3, 500, 20_000) if options.quick else (15, 20_000, 1_000_000)
    settings, spec = EngineSettings(commission_per_lot={"*": 7.0}), market().spec
    table = rules_row(settings)
    symbols = symbol_row(spec, symbol_money(spec, "USD", 2, 2000), settings)
    rules, care, symbol, money = (
        entry_rules_of(table, 0),
        care_rules_of(table, 0),
        rules_of(symbols, 0),
        money_of(symbols, 0),
    )
    gates = np.empty((GATE_SEATS, 3))
    scores = np.random.default_rng(1).uniform(-1.0, 1.0, bars)
    entry, position = an_entry(), a_position()
    view, held = recorded_entry(entry), recorded_view(position)

    def called(record: Table) -> Callable[[], None]:
        def work() -> None:
            for _ in range(calls):
                decide_recorded(record, table, symbols)

        return work

    works = (
        called(entry),
        called(position),
        lambda: entries(scores, view, rules, symbol, money, gates),
        lambda: positions(scores, held, care, symbol, gates),
        lambda: written(scores, gates),
    )
    for work in works:
        work()
    assert decide_recorded(entry, table, symbols) == 1
    assert position["action"][0] == Action.HOLD
    seen = [[seconds_of(work) for work in works] for _ in range(rounds)]
    entry_us, position_us, entry_ns, position_ns, bare_ns = (median(times) for times in zip(*seen, strict=True))
    lines = (
        _from_python("an entry, from Python", entry_us / calls * 1e6),
        _from_python("a position, from Python", position_us / calls * 1e6),
        _in_a_loop("an entry, in a compiled loop", entry_ns / bars * 1e9, bare_ns / bars * 1e9),
        _in_a_loop("a position, in a compiled loop", position_ns / bars * 1e9, bare_ns / bars * 1e9),
    )
    notes = (f"{rounds} rounds in turns; {calls:,} calls and {bars:,} bars in each; medians; every gate is judged",)
    tell(Outcome(benchmark="decide", machine=machine(), lines=lines, notes=notes), options.json)


def _from_python(name: str, took_us: float) -> Line:
    goal = f"< {GOAL_PYTHON_US:g} us"
    return Line(name=name, unit="us", ours=took_us, goal=goal, reached=took_us < GOAL_PYTHON_US)


def _in_a_loop(name: str, took_ns: float, bare_ns: float) -> Line:
    return Line(
        name=name,
        unit="ns",
        ours=took_ns,
        reference=bare_ns,
        ratio=took_ns / bare_ns,
        goal=f"< {GOAL_LOOP_NS:g} ns",
        reached=took_ns < GOAL_LOOP_NS,
    )


def parsed() -> argparse.Namespace:
    """The command line."""
    return arguments(__doc__).parse_args()


if __name__ == "__main__":
    main()
