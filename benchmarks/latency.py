"""Tick to decision: one tick goes to the bridge, its decision comes back, beside a bare ROUTER that only echoes.

The client, the frames and the run are the same for both. Ping-pong sends the next tick when the last is answered, in
alternating blocks; paced sends one each 20 ms to each of them, in turns.
"""

import argparse
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Final, NamedTuple, Protocol

import zmq
from contenders import SECRET, running_bridge, running_echo
from quotes import market, settings
from report import Line, Outcome, arguments, at_most, machine, median, percentile, tell
from terminals import RawTerminal, round_trip_ns

from strategy.tables import Table

HISTORY_TICKS: Final = 60_000
PACE_S: Final = 0.02
P50_LIMIT: Final = 1.3
P99_LIMIT: Final = 2.0


class Plan(NamedTuple):
    """How much is measured: blocks of ping-pong round trips, blocks of paced ones, and their sizes."""

    blocks: int
    block_size: int
    paced_blocks: int
    paced_size: int

    @property
    def ticks(self) -> int:
        """Ticks one contender needs, the ones to warm up included."""
        return (self.blocks + 1) * self.block_size + self.paced_blocks * self.paced_size


FULL: Final = Plan(20, 2000, 6, 500)
QUICK: Final = Plan(4, 500, 2, 100)


class Side(Protocol):
    """One side of a comparison."""

    def once(self) -> float:
        """One round trip [us]."""
        ...

    def block(self, size: int) -> list[float]:
        """So many, one after the other [us]."""
        return [self.once() for _ in range(size)]


class Contender(Side):
    """A connected client and the frames it has yet to send."""

    def __init__(self, terminal: RawTerminal, frames: list[bytes]) -> None:
        self.socket = terminal.socket
        self.frames: Iterator[bytes] = iter(frames)

    def once(self) -> float:
        """One round trip [us]."""
        return round_trip_ns(self.socket, next(self.frames)) / 1000.0


class Blocks(NamedTuple):
    """Round trips [us] of both sides, block by block."""

    ours: list[list[float]]
    echo: list[list[float]]

    def lines(self, name: str, *, has_goal: bool = True) -> list[Line]:
        """p50 and p99: medians of the blocks' own."""
        made = []
        for label, fraction, limit in (("p50", 0.5, P50_LIMIT), ("p99", 0.99, P99_LIMIT)):
            ours, echo = (median(percentile(block, fraction) for block in side) for side in self)
            line = at_most(f"{name} {label}", ours, echo, limit)
            plain = Line(name=line.name, unit=line.unit, ours=ours, reference=echo, ratio=line.ratio)
            made.append(line if has_goal else plain)
        return made


def ping_pong(ours: Side, echo: Side, plan: Plan) -> Blocks:
    """Blocks in turns, after one that only warms up."""
    ours.block(plan.block_size)
    echo.block(plan.block_size)
    pairs = [(ours.block(plan.block_size), echo.block(plan.block_size)) for _ in range(plan.blocks)]
    return Blocks([first for first, _ in pairs], [second for _, second in pairs])


def paced(ours: Side, echo: Side, plan: Plan) -> Blocks:
    """One round trip each 20 ms on both, halfway between each other."""
    blocks = Blocks([], [])
    due_s = time.monotonic()
    for _ in range(plan.paced_blocks):
        for side in blocks:
            side.append([])
        for turn in range(2 * plan.paced_size):
            due_s += PACE_S / 2
            time.sleep(max(0.0, due_s - time.monotonic()))
            side, contender = ((blocks.ours, ours), (blocks.echo, echo))[turn % 2]
            side[-1].append(contender.once())
    return blocks


def measured(plan: Plan, *, holding: bool = False, busy_poll: bool = False) -> tuple[Blocks, Blocks]:
    """Ping-pong and paced round trips of a fresh bridge and a fresh echo."""
    found = market()
    history, ticks = found.ticks[:HISTORY_TICKS], wanted(found.ticks[HISTORY_TICKS:], plan.ticks)
    rules = settings(max_holding_s=0.0)  # the open position is never too old
    with ExitStack() as stack:
        bridge = stack.enter_context(running_bridge(rules, busy_poll=busy_poll))
        endpoint = stack.enter_context(running_echo())
        context = stack.enter_context(zmq.Context())
        terminal = stack.enter_context(RawTerminal(context, bridge.endpoint))
        terminal.live(SECRET, rules, found.spec, history, holding=holding)
        frames = terminal.frames(ticks)
        ours = Contender(terminal, frames)
        echo = Contender(stack.enter_context(RawTerminal(context, endpoint)), frames)
        result = ping_pong(ours, echo, plan), paced(ours, echo, plan)
        (account,) = bridge.fresh_status().terminals
        assert (account.ticks, account.held_batches) == (plan.ticks, 0), account
        assert account.positions == int(holding), account
        return result


def wanted(ticks: Table, count: int) -> Table:
    """The first `count` ticks.

    Raises:
        SystemExit: where there are fewer.
    """
    if len(ticks) < count:
        raise SystemExit(f"this needs {count:,} ticks, and there are {len(ticks):,}")
    return ticks[:count]


def main() -> None:
    """Measure and tell."""
    options = parsed()
    plan = QUICK if options.quick else FULL
    lines: list[Line] = []
    for name, holding, busy_poll in (
        ("flat", False, False),
        ("position open", True, False),
        ("busy-poll", False, True),
    ):
        if busy_poll and not options.busy_poll:
            continue
        for label, blocks in zip(
            ("ping-pong", "paced"), measured(plan, holding=holding, busy_poll=busy_poll), strict=True
        ):
            lines += blocks.lines(f"{name}, {label}", has_goal=not busy_poll)
    notes = (
        f"medians: {plan.blocks} blocks of {plan.block_size} ping-pong, {plan.paced_blocks} of {plan.paced_size} paced",
        "reference: bare pyzmq ROUTER echo, same client and frames, same run",
    )
    tell(Outcome(benchmark="latency", machine=machine(), lines=tuple(lines), notes=notes), options.json)


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = arguments(__doc__)
    parser.add_argument("--busy-poll", action="store_true", help="also measure a bridge that polls without a pause")
    return parser.parse_args()


if __name__ == "__main__":
    main()
