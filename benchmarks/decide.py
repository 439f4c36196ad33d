"""One decision on an entry with every rule: called from Python, and in a compiled loop.

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
from risk.limits import UNSTEERED, Standing
from risk.portfolio import Exposure
from strategy.decide import decide_entry
from strategy.entry_rules import EntryRules, SymbolRules
from strategy.entry_views import (
    EntryView,
    EvidenceView,
    HoldingView,
    MarketView,
    MoneyView,
    NewsView,
    SafetyView,
    StakeView,
)
from strategy.gates import GATE_SEATS
from strategy.params import EngineSettings

GOAL_PYTHON_US: Final = 10.0
GOAL_LOOP_NS: Final = 100.0
SAFE: Final = {"since_loss_s": math.inf, "floating_threshold": 0.1, "day_threshold": 0.03, "drawdown_threshold": 0.12}
VIEW: Final = EntryView(
    MarketView(1.0, 200.0, 100.0, 10_000.0, 1.1, 1.1001, 0.8, 0.001, 0.001),
    HoldingView(math.inf, math.inf, 0.0, 0.0),
    MoneyView(10_000.0, 10_000.0, 0.0, 0.0, 0.0),
    EvidenceView(40.0, 0.5, 2.0, 1.0, 0.05),
    Standing(2000.0, 0.0, 0.0, math.nan, 0.0, 10.0, math.nan),
    UNSTEERED,
    StakeView(Exposure(0.0, 0.0), 0.0),
    SafetyView(**{name: SAFE.get(name, 0.0) for name in SafetyView._fields}),
    NewsView(math.inf, 1.0, math.nan),
)


@njit
def decided(
    scores: NDArray[np.float64],
    view: EntryView,
    rules: EntryRules,
    symbol: SymbolRules,
    money: SymbolMoney,
    gates: NDArray[np.float64],
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
def written(scores: NDArray[np.float64], gates: NDArray[np.float64]) -> float:
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
    settings, spec = EngineSettings(), market().spec
    rules, money = settings.entry_rules(), symbol_money(spec, "USD", 2, 2000)
    symbol = SymbolRules(spec.digits, spec.point, spec.tick_size, 0.01, 100.0, 0.01, 0.0, 0.0, 7.0, 5.0 * spec.point)
    gates = np.empty((GATE_SEATS, 3))
    scores = np.random.default_rng(1).uniform(-1.0, 1.0, bars)

    def from_python() -> None:
        for _ in range(calls):
            decide_entry(VIEW, rules, symbol, money, gates)

    def in_a_loop() -> None:
        decided(scores, VIEW, rules, symbol, money, gates)

    def bare() -> None:
        written(scores, gates)

    assert decide_entry(VIEW, rules, symbol, money, gates).lots > 0.0
    in_a_loop()
    bare()
    seen = [(seconds_of(from_python), seconds_of(in_a_loop), seconds_of(bare)) for _ in range(rounds)]
    call_us, loop_ns, bare_ns = (median(times) for times in zip(*seen, strict=True))
    call_us, loop_ns, bare_ns = call_us / calls * 1e6, loop_ns / bars * 1e9, bare_ns / bars * 1e9
    lines = (
        Line(
            name="a call from Python",
            unit="us",
            ours=call_us,
            goal=f"< {GOAL_PYTHON_US:g} us",
            reached=call_us < GOAL_PYTHON_US,
        ),
        Line(
            name="in a compiled loop",
            unit="ns",
            ours=loop_ns,
            reference=bare_ns,
            ratio=loop_ns / bare_ns,
            goal=f"< {GOAL_LOOP_NS:g} ns",
            reached=loop_ns < GOAL_LOOP_NS,
        ),
    )
    notes = (f"{rounds} rounds in turns; {calls:,} calls and {bars:,} bars in each; medians; every gate is judged",)
    tell(Outcome(benchmark="decide", machine=machine(), lines=lines, notes=notes), options.json)


def parsed() -> argparse.Namespace:
    """The command line."""
    return arguments(__doc__).parse_args()


if __name__ == "__main__":
    main()
