"""Backtests of minute bars: one run, a sweep of parameter sets, and whether orders agree, beside three other libraries.

vectorbt (its Rust engine and its numba engine) runs in this environment; backtesting.py and nautilus_trader need one of
their own each: `--backtesting-python` and `--nautilus-python` name their interpreters, else they are made in
.venv-peers, once. Every contender has a process of its own; bars are loaded and made into its objects before its clock.
"""

import argparse
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

from bar_market import FAST, SLOW, minute_bars
from peers import BACKTESTING, NAUTILUS, Peer, peer_python, running_peer
from report import Line, Outcome, arguments, at_least, at_most, machine, median, tell

from strategy.tables import Table

GOAL_RUN: Final = 1.0
GOAL_SWEEP: Final = 30.0
GOAL_SWEEP_MB: Final = 400.0
OURS: Final = Path(sys.executable)
OWN_RUNS: Final = {
    "gates": "every gate and all care, compiled",
    "exact": "the same through exact",
    "cross": "the cross, every gate judged, compiled",
}
THEIR_RUNS: Final = {"rust": f"run rust {FAST} {SLOW}", "numba": f"run numba {FAST} {SLOW}"}
SLOW_RUNS: Final = ("exact", "backtesting", "nautilus")
Told = dict[str, Any]


class Size(NamedTuple):
    """How much is measured: bars of one run and of one by a slow contender, rounds, and what is swept."""

    bars: int
    slow_bars: int
    rounds: int
    sets: int
    swept_bars: int


FULL: Final = Size(1_000_000, 50_000, 3, 1_000, 100_000)
QUICK: Final = Size(50_000, 10_000, 2, 100, 10_000)


class Contenders(NamedTuple):
    """Everybody who runs bars, in a process of his own."""

    ours: Peer
    vectorbt: Peer
    backtesting: Peer
    nautilus: Peer

    def runs(self, size: Size) -> dict[str, Told]:
        """One round: each contender once."""
        told = {name: self.ours.once(f"exact {size.slow_bars}" if name == "exact" else name) for name in OWN_RUNS}
        told |= {name: self.vectorbt.once(line) for name, line in THEIR_RUNS.items()}
        told["backtesting"] = self.backtesting.once(str(size.slow_bars))
        told["nautilus"] = self.nautilus.once(str(size.slow_bars))
        return told


@contextmanager
def contenders(bars: Table, options: argparse.Namespace, size: Size) -> Iterator[Contenders]:
    """All of them, loaded."""
    few = bars[: size.slow_bars]
    with ExitStack() as running:
        yield Contenders(
            running.enter_context(running_peer(OURS, "own_backtest.py", bars)),
            running.enter_context(running_peer(OURS, "peer_vectorbt.py", bars)),
            running.enter_context(
                running_peer(peer_python(BACKTESTING, options.backtesting_python), "peer_backtesting.py", few)
            ),
            running.enter_context(
                running_peer(peer_python(NAUTILUS, options.nautilus_python), "peer_nautilus_bars.py", few)
            ),
        )


def one_run(options: argparse.Namespace, size: Size) -> tuple[list[Line], list[str]]:
    """Bars a second of everybody, in turns."""
    with contenders(minute_bars(size.bars), options, size) as all_of_them:
        last = all_of_them.runs(size)  # compiles, and is not counted
        rounds = [last := all_of_them.runs(size) for _ in range(size.rounds)]
    rate = {
        name: median((size.slow_bars if name in SLOW_RUNS else size.bars) / told[name]["seconds"] for told in rounds)
        for name in last
    }
    theirs = {"rust": "vectorbt, Rust engine", "numba": "vectorbt, numba engine"}
    theirs |= {"backtesting": "backtesting.py", "nautilus": "nautilus_trader"}
    lines = []
    for own, words in OWN_RUNS.items():
        for name, library in theirs.items():
            goal = GOAL_RUN if name == "rust" and own == "gates" else 0.0
            lines.append(_line(f"{words}, beside {library}", rate[own], rate[name], goal))
    notes = [f"{name}: {last[name]['orders']:,.0f} orders" for name in last]
    quiet = max(last[name]["quiet_days"] for name in OWN_RUNS)
    return lines, [
        f"one run: {size.bars:,} bars compiled and by vectorbt, {size.slow_bars:,} by the others; {size.rounds} rounds",
        "; ".join(notes) + f"; ours traded until {quiet:.1f} days before the end",
    ]


def _line(name: str, ours: float, reference: float, goal: float) -> Line:
    if goal:
        return at_least(name, ours, reference, goal, "bars/s")
    return Line(name=name, unit="bars/s", ours=ours, reference=reference, ratio=ours / reference)


def sweeps(size: Size, own_sets: int) -> tuple[list[Line], list[str]]:
    """Settings a second, and memory; everybody in a fresh process, so that memory is that of the sweep."""
    bars = minute_bars(size.swept_bars)
    ours, alone = (_swept("own_backtest.py", bars, f"sweep {own_sets} {size.swept_bars} {n}") for n in (2, 1))
    numba, rust = (
        _swept("peer_vectorbt.py", bars, f"sweep {engine} {size.sets} {size.swept_bars}")
        for engine in ("numba", "rust")
    )
    rate = own_sets / ours["seconds"]
    lines = [
        at_least(f"sweep beside {name}", rate, size.sets / told["seconds"], goal, "sets/s")
        for name, told, goal in (("vectorbt's broadcast", numba, GOAL_SWEEP), ("its Rust engine", rust, GOAL_SWEEP))
    ]
    lines.append(at_most("memory of the sweep", alone["peak_mb"], GOAL_SWEEP_MB, 1.0, "MB"))
    return lines, [
        f"sweep: {size.sets:,} sets x {size.swept_bars:,} bars by vectorbt, {own_sets:,} sets by ours",
        *(
            f"vectorbt, {name}: {told['seconds']:.1f} s, {told['peak_mb']:,.0f} MB, {told['orders']:,.0f} orders"
            for name, told in (("numba", numba), ("Rust", rust))
        ),
        f"ours: two processes {ours['seconds']:.1f} s, one {alone['seconds']:.1f} s, {ours['orders']:,.0f} orders",
    ]


def _swept(script: str, bars: Table, line: str) -> Told:
    with running_peer(OURS, script, bars) as peer:
        words = line.split()
        if script == "peer_vectorbt.py":
            peer.once(" ".join([*words[:2], "2", "1000"]))  # loads or compiles its kernels
        return peer.once(line)


def agreement(size: Size) -> str:
    """Whether vectorbt's Rust engine orders the same at the same ticks and prices, by the same rules.

    Raises:
        AssertionError: where it does not.
    """
    bars = minute_bars(size.swept_bars, spread_points=0)
    with running_peer(OURS, "own_backtest.py", bars) as peer:
        ours = peer.once("orders")
    with running_peer(OURS, "peer_vectorbt.py", bars) as peer:
        theirs = peer.once(f"stops rust {ours['warm_up'] + 1}")
    assert ours["orders"] == theirs["orders"], "ours and vectorbt's Rust engine do not order the same"
    return (
        f"the same {len(ours['orders']):,} orders (tick, side, price) as vectorbt's Rust engine on {len(bars):,} bars"
    )


def main() -> None:
    """Measure in turns and tell."""
    options = parsed()
    size = QUICK if options.quick else FULL
    agreed = agreement(size)
    lines, notes = one_run(options, size)
    more_lines, more_notes = sweeps(size, options.sets or size.sets)
    outcome = Outcome(
        benchmark="backtest",
        machine=machine(),
        lines=(*lines, *more_lines),
        notes=(agreed, *notes, *more_notes),
    )
    tell(outcome, options.json)


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = arguments(__doc__)
    parser.add_argument("--backtesting-python", type=Path, metavar="PYTHON", help="interpreter that has backtesting.py")
    parser.add_argument("--nautilus-python", type=Path, metavar="PYTHON", help="interpreter that has nautilus_trader")
    parser.add_argument("--sets", type=int, metavar="N", help="sweep so many sets of ours instead of all")
    return parser.parse_args()


if __name__ == "__main__":
    main()
