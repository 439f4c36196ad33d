"""`sim.runner` (every gate, position care, simulated terminal) beside nautilus_trader's BacktestEngine, same ticks.

nautilus_trader needs an environment of its own: `--peer-python` names its interpreter, else one is made in
.venv-peers/nautilus, once.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import numpy as np
from quotes import PROFILE, SYMBOL, Market, market, settings
from report import Line, Outcome, arguments, at_least, machine, median, tell

from marketdata import Tape
from sim.runner import Runner, RunResult
from sim.terminal import SimTerminal
from strategy.engine import Engine

PEER: Final = "nautilus_trader==1.221.0"
MINUTES: Final = 5
GOAL: Final = 200.0
RUNS_A_ROUND: Final = 15  # one run of ours is over in about 10 ms
_HERE: Final = Path(__file__).resolve().parent


def ours_once(found: Market) -> tuple[float, RunResult]:
    """Seconds of one run from the first tick to the last, and what it came to."""
    terminal = SimTerminal(PROFILE, (found.spec,), start_msc=int(found.ticks["time_msc"][0]))
    runner = Runner(Engine(settings()), terminal, Tape((SYMBOL,), {SYMBOL: found.ticks}))
    begun = time.perf_counter()
    result = runner.run()
    return time.perf_counter() - begun, result


class Peer:
    """nautilus_trader in a process of its own; a round for every line it is sent."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.said()

    def once(self) -> dict[str, float]:
        """One run."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return self.said()

    def said(self) -> dict[str, float]:
        """The next line it prints."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit("the peer has stopped; its message is above")
        answer: dict[str, float] = json.loads(line)
        return answer


@contextmanager
def running_peer(python: Path, found: Market) -> Iterator[Peer]:
    """The peer with the ticks loaded and turned into its own objects."""
    with tempfile.TemporaryDirectory() as folder:
        ticks = Path(folder) / "ticks.npy"
        np.save(ticks, found.ticks)
        command = [str(python), str(_HERE / "peer_nautilus.py"), str(ticks), str(MINUTES)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            try:
                yield Peer(process)
            finally:
                process.kill()


def peer_python(chosen: Path | None) -> Path:
    """Interpreter with nautilus_trader; made where none was named."""
    if chosen is not None:
        return chosen
    python = _HERE.parent / ".venv-peers" / "nautilus" / "bin" / "python"
    if not python.exists():
        print(f"installing {PEER} into {python.parent.parent}", flush=True)
        subprocess.run([sys.executable, "-m", "venv", str(python.parent.parent)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", PEER], check=True)
    return python


def main() -> None:
    """Measure in turns and tell."""
    options = parsed()
    rounds = 2 if options.quick else 7
    found = market()
    ours_once(found)
    ours, theirs, result, told = [], [], None, {}
    with running_peer(peer_python(options.peer_python), found) as peer:
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
        f"{PEER}: {told['orders']:.0f} orders (entries, stops, targets), no risk rules, no record of decisions",
    )
    tell(Outcome(benchmark="replay", machine=machine(), lines=(line,), notes=notes), options.json)


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = arguments(__doc__)
    parser.add_argument("--peer-python", type=Path, metavar="PYTHON", help="interpreter that has nautilus_trader")
    return parser.parse_args()


if __name__ == "__main__":
    main()
