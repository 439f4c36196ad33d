"""Ticks through ZeroMQ into the running bridge, all of them decided on: in pipelined batches, and singly at a pace."""

import time
from contextlib import ExitStack
from typing import Final

import zmq
from contenders import SECRET, Bridge, running_bridge
from quotes import Market, market, settings
from report import Line, Outcome, arguments, machine, median, tell
from terminals import RawTerminal, batches_answered, round_trip_ns

from strategy.tables import Table

HISTORY_TICKS: Final = 40_000
BATCH: Final = 256
WINDOW: Final = 8
GOAL_TICKS_PER_S: Final = 200_000.0
PACE_PER_S: Final = 2000


def batched(terminal: RawTerminal, ticks: Table) -> float:
    """Ticks per second with up to `WINDOW` unanswered batches; every batch is answered."""
    frames = terminal.frames(ticks, BATCH)
    sent = answered = 0
    begun = time.perf_counter()
    while answered < len(frames):
        while sent < len(frames) and sent - answered < WINDOW:
            terminal.socket.send(frames[sent])
            sent += 1
        terminal.socket.poll()
        answered += sum(1 for _ in batches_answered(terminal.socket))
    return len(ticks) / (time.perf_counter() - begun)


def paced(terminal: RawTerminal, ticks: Table) -> list[float]:
    """Round trips [us] of single ticks, sent when their time has come."""
    frames, trips = terminal.frames(ticks), []
    begun = time.perf_counter()
    for number, frame in enumerate(frames):
        wait = begun + number / PACE_PER_S - time.perf_counter()
        if wait > 0:
            time.sleep(wait)
        trips.append(round_trip_ns(terminal.socket, frame) / 1000.0)
    return trips


def counted(bridge: Bridge) -> int:
    """Ticks the bridge says it has taken in, none of them held back."""
    (account,) = bridge.fresh_status().terminals
    assert account.held_batches == 0, account
    return account.ticks


def measured(found: Market, seconds: int) -> list[Line]:
    """Both loads on one bridge."""
    history, rest = found.ticks[:HISTORY_TICKS], found.ticks[HISTORY_TICKS:]
    single = min(seconds * PACE_PER_S, len(rest) // 3)
    with ExitStack() as stack:
        bridge = stack.enter_context(running_bridge(settings()))
        context = stack.enter_context(zmq.Context())
        terminal = stack.enter_context(RawTerminal(context, bridge.endpoint))
        terminal.live(SECRET, settings(), found.spec, history)
        rate = batched(terminal, rest[:-single])
        after_batches = counted(bridge)
        trips = paced(terminal, rest[-single:])
        lost = len(rest) - counted(bridge)
    assert after_batches == len(rest) - single
    last, first = median(trips[-PACE_PER_S:]), median(trips[:PACE_PER_S])
    backlog = last / first
    return [
        Line(
            name=f"batches of {BATCH}, window {WINDOW}",
            unit="ticks/s",
            ours=rate,
            goal=f">= {GOAL_TICKS_PER_S:,.0f}",
            reached=rate >= GOAL_TICKS_PER_S,
        ),
        Line(
            name=f"{PACE_PER_S:,}/s for {single // PACE_PER_S} s: p50 last second beside first",
            unit="us",
            ours=last,
            reference=first,
            ratio=backlog,
            goal="no growth",
            reached=backlog <= 1.5,
        ),
        Line(name="ticks lost", unit="ticks", ours=float(lost), goal="0", reached=lost == 0),
    ]


def main() -> None:
    """Measure and tell."""
    options = arguments(__doc__).parse_args()
    found = market()
    lines = measured(found, seconds=3 if options.quick else 20)
    tell(Outcome(benchmark="throughput", machine=machine(), lines=tuple(lines), notes=(found.source,)), options.json)


if __name__ == "__main__":
    main()
