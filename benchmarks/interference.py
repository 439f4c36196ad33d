"""What the round trip suffers while another process keeps the second core busy, beside the same bridge at rest."""

import multiprocessing
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Final

import zmq
from contenders import SECRET, running_bridge
from quotes import market, settings
from report import Outcome, arguments, at_most, machine, median, percentile, tell
from terminals import RawTerminal, round_trip_ns

HISTORY_TICKS: Final = 60_000
LIMIT: Final = 1.5
PACE_S: Final = 0.005


@contextmanager
def busy_core() -> Iterator[None]:
    """A process that computes without a pause."""
    process = multiprocessing.get_context("spawn").Process(target=_burn)
    process.start()
    time.sleep(0.5)
    try:
        yield
    finally:
        process.kill()
        process.join()


def _burn() -> None:
    value = 1.0
    while True:
        value = value * 1.0000001 % 7.0


def block(socket: "zmq.Socket[bytes]", frames: Iterator[bytes], size: int) -> list[float]:
    """Paced round trips [us]."""
    trips = []
    for _ in range(size):
        time.sleep(PACE_S)
        trips.append(round_trip_ns(socket, next(frames)) / 1000.0)
    return trips


def main() -> None:
    """Measure in turns and tell."""
    options = arguments(__doc__).parse_args()
    rounds, size = (2, 100) if options.quick else (8, 600)
    found = market()
    calm: list[list[float]] = []
    busy: list[list[float]] = []
    with ExitStack() as stack:
        bridge = stack.enter_context(running_bridge(settings()))
        context = stack.enter_context(zmq.Context())
        terminal = stack.enter_context(RawTerminal(context, bridge.endpoint))
        terminal.live(SECRET, settings(), found.spec, found.ticks[:HISTORY_TICKS])
        ticks = found.ticks[HISTORY_TICKS : HISTORY_TICKS + (2 * rounds + 1) * size]
        frames = iter(terminal.frames(ticks))
        block(terminal.socket, frames, size)
        for _ in range(rounds):
            calm.append(block(terminal.socket, frames, size))
            with busy_core():
                busy.append(block(terminal.socket, frames, size))
    lines = tuple(
        at_most(label, *(median(percentile(trips, fraction) for trips in side) for side in (busy, calm)), LIMIT)
        for label, fraction in (("p50 busy beside calm", 0.5), ("p99 busy beside calm", 0.99))
    )
    notes = (f"{rounds} rounds in turns, {size} ticks each, one every {PACE_S * 1000:g} ms; medians of the rounds",)
    tell(Outcome(benchmark="interference", machine=machine(), lines=lines, notes=notes), options.json)


if __name__ == "__main__":
    main()
