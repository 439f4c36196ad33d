"""The simulated terminal beside nautilus_trader's venue and hftbacktest: same ticks, same orders, same fills.

1, 10 and 100 positions with stop and target stand, and as many limit orders wait. Each peer needs an environment of its
own: `--nautilus` and `--hftbacktest` name interpreters, else they are made in .venv-peers, once.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from order_script import FILL_DTYPE, LIMIT, LOTS, MARKET, NEVER, Rows, script_of
from peers import HFTBACKTEST, NAUTILUS, Peer, peer_python, running_peer
from quotes import SYMBOL, Market, market
from report import Line, Outcome, arguments, at_least, at_most, machine, tell

from domain.requests import TradeAction, TradeRequest
from domain.retcodes import Retcode
from domain.trading import DealEntry, OrderFilling, OrderType
from sim.profiles import AccountProfile
from sim.terminal import SimTerminal

SLOTS: Final = (1, 10, 100)
NAUTILUS_GOAL: Final = 200.0
HFTBACKTEST_GOAL: Final = 3.0
RUNS_A_ROUND: Final = 5  # one run of ours is over in some milliseconds
MEMORY_TICKS: Final = 50_000_000
MEMORY_SLOTS: Final = 10
_FAR: Final = 0.5  # of price: levels that no quote reaches
_PROFILE: Final = AccountProfile(login=5_000_002, server="Benchmark-Demo", deposit=1_000_000.0)
_TYPES: Final = {
    (MARKET, 1): OrderType.BUY,
    (MARKET, -1): OrderType.SELL,
    (LIMIT, 1): OrderType.BUY_LIMIT,
    (LIMIT, -1): OrderType.SELL_LIMIT,
}


class Task(NamedTuple):
    """A script, what must become of its orders, our requests for them, and the file from which the peers read it."""

    slots: int
    script: Rows
    fills: Rows
    requests: tuple[TradeRequest, ...]
    file: Path


class Measured(NamedTuple):
    """Ticks a second of each round, and what became of the orders in the last."""

    rates: list[float]
    fills: Rows


def request_of(row: int, order: Any) -> TradeRequest:  # noqa: ANN401 - a row of SCRIPT_DTYPE
    """The request that gives `order`; its comment names the row."""
    is_market = order["kind"] == MARKET
    return TradeRequest(
        action=TradeAction.DEAL if is_market else TradeAction.PENDING,
        symbol=SYMBOL,
        volume=LOTS,
        price=float(order["price"]),
        sl=float(order["sl"]),
        tp=float(order["tp"]),
        type=_TYPES[int(order["kind"]), int(order["side"])],
        filling=OrderFilling.FOK if is_market else OrderFilling.RETURN,
        comment=str(row),
    )


def play(terminal: SimTerminal, ticks: Rows, start: int, stop: int) -> None:
    """Ticks up to `stop`, the server acting where something is due."""
    while start < stop:
        until = terminal.scan(0, ticks, start, stop)
        if until > start:
            terminal.settle(0, ticks, until - 1)
        if until < stop:
            terminal.on_tick(0, ticks, until)
        start = until + 1


def ours_once(found: Market, task: Task) -> tuple[float, Rows]:
    """Seconds of one run from the first tick to the last, and what became of each order."""
    terminal = SimTerminal(_PROFILE, (found.spec,), start_msc=int(found.ticks["time_msc"][0]))
    places = task.script["tick"].tolist()
    begun, at = time.perf_counter(), 0
    for place, request in zip(places, task.requests, strict=True):
        play(terminal, found.ticks, at, place + 1)
        at = place + 1
        given(terminal, request)
    play(terminal, found.ticks, at, len(found.ticks))
    return time.perf_counter() - begun, fills_of(terminal, len(task.script))


def given(terminal: SimTerminal, request: TradeRequest) -> None:
    """Send what must not be refused."""
    answer = terminal.send(request)
    if answer.retcode != Retcode.DONE:
        raise SystemExit(f"order {request.comment} was refused: {answer.retcode} {answer.comment}")


def fills_of(terminal: SimTerminal, count: int) -> Rows:
    """What became of the orders (FILL_DTYPE) by the terminal's deals."""
    fills = np.full(count, NEVER, FILL_DTYPE)
    row_of: dict[int, int] = {}
    for deal in terminal.deals[1:]:
        if deal.entry == DealEntry.IN:
            row_of[deal.position_id] = int(deal.comment)
        field = "entry_msc" if deal.entry == DealEntry.IN else "exit_msc"
        fills[field][row_of[deal.position_id]] = deal.time_msc
    return fills


def peer_once(peer: Peer, task: Task) -> tuple[float, Rows]:
    """The same of a peer."""
    told = peer.once(str(task.file))
    return float(told["seconds"]), np.array([tuple(fill) for fill in told["fills"]], FILL_DTYPE)


def task_of(found: Market, slots: int, folder: Path) -> Task:
    """The script of `slots`, ready for everyone."""
    script, fills = script_of(found.ticks, slots)
    file = folder / f"script-{slots}.npy"
    np.save(file, script)
    return Task(slots, script, fills, tuple(request_of(row, order) for row, order in enumerate(script)), file)


def compared(found: Market, task: Task, peers: dict[str, Peer], rounds: int) -> dict[str, Measured]:
    """Ours and the peers in turns, each after a run that warms it up."""
    contenders: dict[str, tuple[int, Callable[[], tuple[float, Rows]]]] = {
        "ours": (RUNS_A_ROUND, lambda: ours_once(found, task))
    }
    for name, peer in peers.items():
        contenders[name] = (1, lambda peer=peer: peer_once(peer, task))  # type: ignore[misc]
    for _, once in contenders.values():
        once()
    rates: dict[str, list[float]] = {name: [] for name in contenders}
    fills: dict[str, Rows] = {}
    for _ in range(rounds):
        for name, (runs, once) in contenders.items():
            results = [once() for _ in range(runs)]
            rates[name].append(len(found.ticks) / statistics.median(seconds for seconds, _ in results))
            fills[name] = results[-1][1]
    return {name: Measured(rates[name], fills[name]) for name in contenders}


def agreement(task: Task, measured: dict[str, Measured]) -> str:
    """How many entries and exits each contender has at another tick than numpy worked out."""
    parts = []
    for name, one in measured.items():
        others = sum(int((one.fills[field] != task.fills[field]).sum()) for field in FILL_DTYPE.names or ())
        parts.append(f"{name} {others}")
    done = sum(int((task.fills[field] != NEVER).sum()) for field in FILL_DTYPE.names or ())
    return f"{task.slots} slots: {len(task.script)} orders, {done} fills; at another tick: {', '.join(parts)}"


def spread(task: Task, measured: dict[str, Measured]) -> str:
    """Lowest and highest rate of each contender."""
    parts = [f"{name} {min(one.rates):,.0f} to {max(one.rates):,.0f}" for name, one in measured.items()]
    return f"{task.slots} slots, ticks/s: {', '.join(parts)}"


def lines_of(task: Task, measured: dict[str, Measured]) -> list[Line]:
    """One line a peer."""
    goals = {"nautilus_trader": NAUTILUS_GOAL, "hftbacktest": HFTBACKTEST_GOAL}
    ours = statistics.median(measured["ours"].rates)
    lines = []
    for name in measured.keys() - {"ours"}:
        theirs = statistics.median(measured[name].rates)
        label = f"{task.slots} positions and orders, {name}"
        if task.slots == 1:
            lines.append(at_least(label, ours, theirs, goals[name]))
        else:
            lines.append(Line(name=label, unit="ticks/s", ours=ours, reference=theirs, ratio=ours / theirs))
    return sorted(lines, key=lambda line: line.name, reverse=True)


# -- quiet ticks and memory -----------------------------------------------------------------------------------------


def standing(found: Market, slots: int) -> SimTerminal:
    """A terminal at the second tick with `slots` positions and orders whose levels no quote reaches."""
    terminal = SimTerminal(_PROFILE, (found.spec,), start_msc=int(found.ticks["time_msc"][0]))
    terminal.settle(0, found.ticks, 0)
    quote = {1: float(found.ticks["ask"][0]), -1: float(found.ticks["bid"][0])}
    for row in range(slots):
        side = 1 if row % 2 else -1
        for kind, price in ((MARKET, quote[side]), (LIMIT, quote[side] - side * _FAR)):
            price = round(price, 5)  # noqa: PLW2901 - on the grid
            order = {"kind": kind, "side": side, "price": price}
            levels = {"sl": round(price - side * _FAR, 5), "tp": round(price + side * _FAR, 5)}
            given(terminal, request_of(row, order | levels))
    return terminal


def quiet_seconds(found: Market, slots: int, runs: int) -> float:
    """Median seconds of a pass over all ticks at which nothing is due."""
    taken = []
    for _ in range(runs):
        terminal = standing(found, slots)
        begun = time.perf_counter()
        play(terminal, found.ticks, 1, len(found.ticks))
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken)


def quiet_lines(found: Market, runs: int) -> list[Line]:
    """Quiet ticks by number of positions: the cost may grow no faster than the number."""
    quiet_seconds(found, SLOTS[-1], 1)
    seconds = {slots: quiet_seconds(found, slots, runs) for slots in SLOTS}
    rate = len(found.ticks) / 1e6
    return [
        at_most(
            f"a million quiet ticks, {slots} positions and orders, beside 1",
            seconds[slots] / rate * 1e3,
            seconds[1] / rate * 1e3,
            float(slots),
            unit="ms",
        )
        for slots in SLOTS[1:]
    ]


def resident_mb() -> float:
    """Memory of this process that is in RAM [MB]."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def memory_note(found: Market, ticks: int) -> str:
    """Memory over many ticks: the same ones again and again, each pass behind the last on the clock."""
    terminal = standing(found, MEMORY_SLOTS)
    shifted = found.ticks.copy()
    week = 7 * 86_400_000
    sizes = []
    for _ in range(-(-ticks // len(shifted))):
        shifted["time_msc"] += week
        play(terminal, shifted, 0, len(shifted))
        sizes.append(resident_mb())
    first, grown = sizes[1], max(sizes[1:]) - sizes[1]
    done = len(sizes) * len(shifted)
    held = f"{done:,} ticks with {MEMORY_SLOTS} positions and orders"
    return f"{held}: {first:.1f} MB after two passes, at most {grown:+.2f} MB later"


def main() -> None:
    """Measure in turns and tell."""
    options = parsed()
    rounds = 2 if options.quick else 5
    found = market()
    lines: list[Line] = []
    notes = [f"{found.source}; {rounds} rounds in turns, {RUNS_A_ROUND} runs of ours in each; medians"]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        peers = started(stack, options, found)
        for slots in SLOTS[:2] if options.quick else SLOTS:
            task = task_of(found, slots, folder)
            measured = compared(found, task, peers, rounds)
            lines += lines_of(task, measured)
            notes += [agreement(task, measured), spread(task, measured)]
    lines += quiet_lines(found, 7 if options.quick else 25)
    notes.append(memory_note(found, MEMORY_TICKS // 10 if options.quick else MEMORY_TICKS))
    notes.append(f"{NAUTILUS}, {HFTBACKTEST}")
    tell(Outcome(benchmark="simulator", machine=machine(), lines=tuple(lines), notes=tuple(notes)), options.json)


def started(stack: ExitStack, options: argparse.Namespace, found: Market) -> dict[str, Peer]:
    """The peers, each with the ticks loaded."""
    wanted: Sequence[tuple[str, str, Path | None, str]] = (
        ("nautilus_trader", NAUTILUS, options.nautilus, "peer_nautilus_orders.py"),
        ("hftbacktest", HFTBACKTEST, options.hftbacktest, "peer_hftbacktest.py"),
    )
    return {
        name: stack.enter_context(running_peer(peer_python(requirement, python), script, found.ticks))
        for name, requirement, python, script in wanted
    }


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = arguments(__doc__)
    parser.add_argument("--nautilus", type=Path, metavar="PYTHON", help="interpreter that has nautilus_trader")
    parser.add_argument("--hftbacktest", type=Path, metavar="PYTHON", help="interpreter that has hftbacktest")
    return parser.parse_args()


if __name__ == "__main__":
    main()
