"""A backtest inside vectorbt: the order function in Python and the compiled one, in turns, on the same invented market.

    python benchmarks/inside_vectorbt.py [--weeks 104] [--rounds 3] [--json FILE]

A round is the whole of `run_vbt`; the compiled one is a new function each time, so vectorbt's loop is compiled
anew, as in a process of its own. Both make the same orders, or the benchmark ends.
"""

import argparse
import json
import statistics
import time
from pathlib import Path

from backtest.dry_run import dry_job
from backtest.job import Job
from backtest.vbt import VbtOutcome, imported_vectorbt, run_vbt
from marketdata.drifting import TRENDING
from strategy.params import EngineSettings


def timed(job: Job, *, compiled: bool) -> tuple[float, VbtOutcome]:
    """Seconds, and what came of it."""
    begun = time.perf_counter()
    inside = run_vbt(job, compiled=compiled)
    return time.perf_counter() - begun, inside


def main() -> None:
    """Run both in turns and print their medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weeks", type=int, default=104)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="only show that it works")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    weeks, rounds = (2, 1) if asked.quick else (asked.weeks, asked.rounds)
    imported_vectorbt()
    job = dry_job(1, TRENDING, weeks, EngineSettings())
    run_vbt(dry_job(1, TRENDING, 1, EngineSettings()), compiled=False)  # what is compiled once and kept
    taken: dict[str, list[float]] = {"Python": [], "compiled": []}
    rows = 0
    for _ in range(rounds):
        python_s, python = timed(job, compiled=False)
        compiled_s, compiled = timed(job, compiled=True)
        assert python.booked.decisions.tobytes() == compiled.booked.decisions.tobytes()
        assert python.portfolio.orders.records.equals(compiled.portfolio.orders.records)
        taken["Python"].append(python_s)
        taken["compiled"].append(compiled_s)
        rows = len(python.time_ns)
    found = {name: statistics.median(seconds) for name, seconds in taken.items()}
    for name, seconds in found.items():
        print(f"{name:10} {seconds:8.2f} s for {rows:,} rows, {1e3 * seconds / rows:.3f} ms a row")
    if asked.json is not None:
        asked.json.write_text(json.dumps({"rows": rows, "seconds": found}, indent=2) + "\n", encoding="utf-8")


main()
