"""`sim.runner` (every gate, position care, simulated terminal) beside nautilus_trader's BacktestEngine, same ticks.

nautilus_trader needs an environment of its own: `--peer-python` names its interpreter, else one is made in
.venv-peers/nautilus, once.
"""

import argparse
import time
from pathlib import Path
from typing import Final

from peers import NAUTILUS, peer_python, running_peer
from quotes import PROFILE, SYMBOL, Market, market, settings
from report import Line, Outcome, arguments, at_least, machine, median, tell

from marketdata import Tape
from sim.runner import Runner, RunResult
from sim.terminal import SimTerminal
from strategy.engine import Engine

MINUTES: Final = 5
GOAL: Final = 200.0
RUNS_A_ROUND: Final = 15  # one run of ours is over in about 10 ms


def ours_once(found: Market) -> tuple[float, RunResult]:
    """Seconds of one run from the first tick to the last, and what it came to."""
    terminal = SimTerminal(PROFILE, (found.spec,), start_msc=int(found.ticks["time_msc"][0]))
    runner = Runner(Engine(settings()), terminal, Tape((SYMBOL,), {SYMBOL: found.ticks}))
    begun = time.perf_counter()
    result = runner.run()
    return time.perf_counter() - begun, result


def main() -> None:
    """Measure in turns and tell."""
    options = parsed()
    rounds = 2 if options.quick else 7
    found = market()
    ours_once(found)
    ours, theirs, result, told = [], [], None, {}
    with running_peer(
        peer_python(NAUTILUS, options.peer_python), "peer_nautilus.py", found.ticks, str(MINUTES)
    ) as peer:
        peer.once()
        for _ in range(rounds):
            runs = [ours_once(found) for _ in range(RUNS_A_ROUND)]
            told = peer.once()
            result = runs[-1][1]
            ours.append(len(found.ticks) / median(seconds for seconds, _ in runs))
            theirs.append(told["ticks"] / told["seconds"])
    assert result is not None
    line: Line = at_least("ticks replayed", median(ours), median(theirs), GOAL)
    notes = (
        f"{found.source}; M{MINUTES} bars; {rounds} rounds in turns, {RUNS_A_ROUND} runs of ours in each; medians",
        f"ours: {len(result.decisions)} decisions on record, {len(result.intents)} intents, {len(result.deals)} deals",
        f"{NAUTILUS}: {told['orders']:.0f} orders (entries, stops, targets), no risk rules, no record of decisions",
    )
    tell(Outcome(benchmark="replay", machine=machine(), lines=(line,), notes=notes), options.json)


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = arguments(__doc__)
    parser.add_argument("--peer-python", type=Path, metavar="PYTHON", help="interpreter that has nautilus_trader")
    return parser.parse_args()


if __name__ == "__main__":
    main()
