"""Our side of `backtests.py`, in a process of its own as every contender: one JSON line for each line it is told.

`gates` and `cross` run all bars compiled, `exact BARS` does what `gates` does through `backtest.exact`; `orders` tells
what the cross ordered; `sweep SETS BARS WORKERS` is a search over the averages of the cross, its results forced to the
disk.
"""

import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
from bar_market import SYMBOL, cross, every_gate, job_of, without_hours
from sweep_grid import grid

from backtest.compiled.outcome import run_compiled
from backtest.compiled.preparing import NotCompiled
from backtest.exact import Outcome, run_exact
from backtest.job import Job
from backtest.search.crew import Crew, LocalCrew, OneProcess
from backtest.search.evaluation import head_of
from backtest.search.ledger import Ledger
from backtest.search.space import Point
from backtest.search.sweep import laid_out
from domain.trading import DealType
from strategy.tables import Table

Told = dict[str, Any]


def gates(bars: Table) -> Told:
    """The built-in strategy, every gate on, all care, real sessions and swaps."""
    return _timed(job_of(bars, every_gate()), _compiled)


def exact(bars: Table, count: str) -> Told:
    """The same over the first `count` bars through the live engine and the simulated terminal."""
    return _timed(job_of(bars[: int(count)], every_gate()), run_exact)


def plain(bars: Table) -> Told:
    """The cross of averages, with every gate judged, on a symbol that always trades."""
    return _timed(without_hours(job_of(bars, cross())), _compiled)


def _compiled(job: Job) -> Outcome:
    outcome = run_compiled(job)
    assert not isinstance(outcome, NotCompiled), outcome.reason
    return outcome


def _timed(job: Job, run: Callable[[Job], Outcome]) -> Told:
    """One run from ticks to curve, deals on record and tallies of gates, and what objects of it cost that some want."""
    began = time.perf_counter()
    outcome = run(job)
    seconds = time.perf_counter() - began
    trips = len(outcome.trips)
    objects = time.perf_counter() - began - seconds
    quiet_days = (job.end_msc - outcome.deals[-1].time_msc) / 86_400_000.0
    deals, intents = len(outcome.deals) - 1, len(outcome.intents)
    told = {"seconds": seconds, "object_seconds": objects, "round_trips": trips, "orders": deals, "intents": intents}
    return told | {"quiet_days": quiet_days}


def orders(bars: Table) -> Told:
    """What the cross ordered: index of the tick, side and price of each deal."""
    job = without_hours(job_of(bars, cross()))
    outcome = run_exact(job, keep_decisions=True)
    assert outcome.deals == _compiled(job).deals, "the compiled run does not order as the exact one does"
    found = [deal for deal in outcome.deals if deal.type in (DealType.BUY, DealType.SELL)]
    at = np.searchsorted(job.ticks[SYMBOL]["time_msc"], [deal.time_msc for deal in found])
    sides = [1 if deal.type is DealType.BUY else -1 for deal in found]
    needed = int(np.count_nonzero(outcome.decisions["gates"][:, 1, 2] == 2))  # refused for want of bars
    told = [[int(tick), side, deal.price] for tick, side, deal in zip(at, sides, found, strict=True)]
    return {"orders": told, "warm_up": needed}


def sweep(bars: Table, sets: str, count: str, workers: str) -> Told:
    """Results of all sets, as `companion sweep` reaches them; processes are started before the clock."""
    job = without_hours(job_of(bars[: int(count)], cross()))
    points: list[Point] = [
        (("model_parameters.fast", float(fast)), ("model_parameters.slow", float(slow)))
        for fast, slow in grid(int(sets))
    ]
    crew: Crew = OneProcess() if workers == "1" else LocalCrew(int(workers))
    with closing(crew), tempfile.TemporaryDirectory() as folder, laid_out(job) as work:
        with Ledger(Path(folder) / "warm.jsonl", head_of(job)) as ledger:
            work.results(points[: 2 * int(workers)], crew, ledger)
        began = time.perf_counter()
        with Ledger(Path(folder) / "results.jsonl", head_of(job)) as ledger:
            results = work.results(points, crew, ledger)
        seconds = time.perf_counter() - began
    trips = sum(result.figures["round_trips"] for result in results)
    return {"seconds": seconds, "orders": 2 * trips, "best": max(one.figures["total_return"] for one in results)}


def peak_mb() -> float:
    """Most memory this process held at once, and, where it had workers, the largest of them [MB]."""
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(resource.getrusage(kind).ru_maxrss for kind in kinds) / 1024.0


def main() -> None:
    """An answer for every line on standard input."""
    bars = np.load(sys.argv[1])
    work: dict[str, Callable[..., Told]] = {
        "gates": gates,
        "exact": exact,
        "cross": plain,
        "orders": orders,
        "sweep": sweep,
    }
    print(json.dumps({"ready": len(bars)}), flush=True)
    for line in sys.stdin:
        name, *arguments = line.split()
        print(json.dumps(work[name](bars, *arguments) | {"peak_mb": peak_mb()}), flush=True)


if __name__ == "__main__":
    main()
