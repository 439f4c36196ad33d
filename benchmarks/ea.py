"""The compiled EA: one tick to its answer, ticks to the bridge, CPU time, each beside the same without the EA.

Time is this machine's monotonic clock, also inside of the EA. Nothing is timed but ticks that were answered.
"""

import multiprocessing
import tempfile
import time
from contextlib import ExitStack
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import zmq
from answering import running_answerer
from charts import HISTORY_TICKS, TICK, Chart
from contenders import SECRET, Bridge, running_bridge
from latency import Blocks, Contender, Plan, Side, paced, ping_pong, wanted
from quotes import PROFILE, Market, market, settings
from report import Line, Outcome, arguments, at_most, machine, median, percentile, tell
from terminals import RawTerminal, batches_answered

from sim.mql5.build import Built
from sim.mql5.hosted import build_companion
from sim.players import play
from sim.session_host import EaKind, TerminalConfig
from strategy.tables import Table

LIMIT: Final = 1.0
FRAME_TICKS: Final = 4096  # what the bridge allows in a batch
EA_LOGIN: Final = PROFILE.login + 1
_BLOCK: Final = 500
_BEGUN: Final = 0.1  # of a run: what it does to begin with is not counted
_SPAWN: Final = multiprocessing.get_context("spawn")


class Sizes(NamedTuple):
    """How much is measured: round trips, ticks in lock-step, pauses and the ticks behind each, ticks for CPU time."""

    trips: Plan
    single: int
    pauses: int
    pause_ticks: int
    played: int


FULL: Final = Sizes(Plan(20, 1000, 5, 200), single=6_000, pauses=6, pause_ticks=20_000, played=10_000)
QUICK: Final = Sizes(Plan(4, 250, 2, 50), single=2_000, pauses=2, pause_ticks=10_000, played=5_000)


class Advisor(Side):
    """The EA's round trips; `parts` [us] of each: until TICKS had left, until its answer was read, until the return."""

    def __init__(self, chart: Chart) -> None:
        self.chart = chart
        self.parts: list[tuple[float, float, float]] = []

    def once(self) -> float:
        """From the call of OnTick to its return [us]."""
        return self.block(1)[0]

    def block(self, size: int) -> list[float]:
        """So many [us]; each tick was answered by its own DECISION before OnTick returned, or this fails."""
        calls = [self._called() for _ in range(size)]
        answered = self.chart.proven()
        assert len(answered) == size, f"{size} ticks, {len(answered)} answers"
        for (begun_ns, done_ns), (_, sent_ns, heard_ns) in zip(calls, answered, strict=True):
            assert begun_ns < sent_ns < heard_ns < done_ns
            parts = sent_ns - begun_ns, heard_ns - sent_ns, done_ns - heard_ns
            self.parts.append((parts[0] / 1000.0, parts[1] / 1000.0, parts[2] / 1000.0))
        return [(done_ns - begun_ns) / 1000.0 for begun_ns, done_ns in calls]

    def whereabouts(self) -> list[Line]:
        """Where the time went since the last time this was asked."""
        columns, self.parts = zip(*self.parts, strict=True), []
        names = ("call of OnTick to TICKS sent", "to its answer read", "to OnTick's return")
        return [
            Line(name=f"  of it, {name}", unit="us", ours=median(column))
            for name, column in zip(names, columns, strict=True)
        ]

    def _called(self) -> tuple[int, int]:
        self.chart.show(1)
        self.chart.prepare()
        begun_ns = time.perf_counter_ns()
        self.chart.host.handle(TICK)
        return begun_ns, time.perf_counter_ns()


def round_trips(built: Built, found: Market, plan: Plan) -> list[Line]:
    """The EA beside a raw DEALER with frames made beforehand; one bare ROUTER answers both alike."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="companion-bench-")))
        endpoint = stack.enter_context(running_answerer())
        context = stack.enter_context(zmq.Context())
        raw = stack.enter_context(RawTerminal(context, endpoint))
        history, ticks = found.ticks[:HISTORY_TICKS], wanted(found.ticks[HISTORY_TICKS:], plan.ticks)
        raw.live(SECRET, settings(), found.spec, history)
        dealer = Contender(raw, raw.frames(ticks))
        ours = Advisor(stack.enter_context(Chart(built, folder, endpoint, found, login=EA_LOGIN)))
        lines = _beside("ping-pong", ping_pong(ours, dealer, plan)) + ours.whereabouts()
        lines += _beside("one each 20 ms", paced(ours, dealer, plan)) + ours.whereabouts()
    return lines


def _beside(name: str, blocks: Blocks) -> list[Line]:
    made = []
    for label, fraction in (("p50", 0.5), ("p99", 0.99)):
        ours, dealer = (median(percentile(block, fraction) for block in side) for side in blocks)
        made.append(at_most(f"{name} {label}", ours, dealer, LIMIT))
    return made


def forwarded(built: Built, found: Market, sizes: Sizes) -> list[Line]:
    """Ticks a second into the real bridge: singly in lock-step, and those that lie there after a pause."""
    history, rest = found.ticks[:HISTORY_TICKS], found.ticks[HISTORY_TICKS:]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="companion-bench-")))
        bridge = stack.enter_context(running_bridge(settings()))
        context = stack.enter_context(zmq.Context())
        raw = stack.enter_context(RawTerminal(context, bridge.endpoint))
        raw.live(SECRET, settings(), found.spec, history)
        with Chart(built, folder / "single", bridge.endpoint, found, login=EA_LOGIN, lock_step=True) as chart:
            single = _lock_step(chart, raw, wanted(rest, sizes.single))
            lost = sizes.single - counted(bridge, EA_LOGIN)
        with Chart(built, folder / "batched", bridge.endpoint, found, login=EA_LOGIN + 1) as chart:
            later = rest[sizes.single :]
            batched = _after_pauses(chart, raw, wanted(later, sizes.pauses * sizes.pause_ticks), sizes.pause_ticks)
            lost += sizes.pauses * sizes.pause_ticks - counted(bridge, EA_LOGIN + 1)
    return [single, batched, Line(name="ticks lost", unit="ticks", ours=float(lost), goal="0", reached=lost == 0)]


def counted(bridge: Bridge, login: int) -> int:
    """Ticks the bridge says it has taken in from `login`, none of them held back."""
    (account,) = (one for one in bridge.fresh_status().terminals if one.account.endswith(f":{login}"))
    assert account.held_batches == 0, account
    return account.ticks


def _lock_step(chart: Chart, raw: RawTerminal, ticks: Table) -> Line:
    ours, dealer = Advisor(chart), Contender(raw, raw.frames(ticks))
    blocks = [(ours.block(_BLOCK), dealer.block(_BLOCK)) for _ in range(len(ticks) // _BLOCK)]
    took_us, reference_us = (sum(sum(block) for block in side) for side in zip(*blocks, strict=True))
    return _rates("one tick at a time, lock-step", len(ticks) / took_us * 1e6, len(ticks) / reference_us * 1e6)


def _after_pauses(chart: Chart, raw: RawTerminal, ticks: Table, size: int) -> Line:
    frames = [raw.frames(ticks[start : start + size], FRAME_TICKS) for start in range(0, len(ticks), size)]
    rates = [(size / _caught_up_s(chart, size), size / _sent_s(raw, waiting)) for waiting in frames]
    ours, reference = (median(side) for side in zip(*rates, strict=True))
    return _rates(f"{size:,} ticks after a pause", ours, reference)


def _rates(name: str, ours: float, reference: float) -> Line:
    return Line(name=name, unit="ticks/s", ours=ours, reference=reference, ratio=ours / reference)


def _caught_up_s(chart: Chart, ticks: int) -> float:
    chart.show(ticks)
    begun = time.perf_counter()
    chart.settle()
    return time.perf_counter() - begun


def _sent_s(raw: RawTerminal, frames: list[bytes]) -> float:
    begun, answered = time.perf_counter(), 0
    for frame in frames:
        raw.socket.send(frame)
    while answered < len(frames):
        raw.socket.poll()
        answered += sum(1 for _ in batches_answered(raw.socket))
    return time.perf_counter() - begun


def processor_time(found: Market, ticks: int) -> Line:
    """CPU time of the whole process: terminal, and the EA or its twin, in lock-step with the real bridge."""
    with running_bridge(settings()) as bridge, tempfile.TemporaryDirectory(prefix="companion-bench-") as folder:
        ours, twin = (
            _processor_ms(bridge, Path(folder), wanted(found.ticks, ticks), found, kind)
            for kind in (EaKind.MQL5, EaKind.TWIN)
        )
    return Line(name="CPU time of 1,000 ticks", unit="ms", ours=ours, reference=twin, ratio=ours / twin)


def _processor_ms(bridge: Bridge, folder: Path, ticks: Table, found: Market, kind: EaKind) -> float:
    config = TerminalConfig(
        endpoint=bridge.endpoint,
        secret=SECRET,
        profile=msgspec.structs.replace(PROFILE, login=EA_LOGIN + (kind is EaKind.TWIN)),
        specs=(found.spec,),
        ticks={found.spec.name: ticks},
        state_dir=folder / kind.value,
        magic=settings().magic,
        ea=kind,
    )
    ours, theirs = _SPAWN.Pipe()
    process = _SPAWN.Process(target=_played, args=(config, theirs))
    process.start()
    theirs.close()
    try:
        return float(ours.recv())
    finally:
        process.join(30)


def _played(config: TerminalConfig, told: Connection) -> None:
    """Play, and tell the CPU time [ms] of 1,000 ticks once it runs evenly."""
    marks: list[tuple[int, float]] = []
    statistics = play(config, lambda played, _: marks.append((played, time.process_time())))
    assert statistics.decisions == statistics.batches == len(config.ticks[config.specs[0].name]), statistics
    (first, first_s), (last, last_s) = next(mark for mark in marks if mark[0] > _BEGUN * marks[-1][0]), marks[-1]
    told.send((last_s - first_s) * 1e6 / (last - first))


def main() -> None:
    """Measure and tell."""
    options = arguments(__doc__).parse_args()
    sizes = QUICK if options.quick else FULL
    found, built = market(), build_companion()
    lines = [
        *round_trips(built, found, sizes.trips),
        *forwarded(built, found, sizes),
        processor_time(found, sizes.played),
    ]
    trips = sizes.trips
    notes = (
        f"round trips: {trips.blocks} blocks of {trips.block_size}, {trips.paced_blocks} of {trips.paced_size} paced",
        "round trips: a raw pyzmq DEALER with frames made beforehand; the same bare ROUTER answers both alike",
        "ticks a second: the same raw DEALER, the same real bridge; CPU time: the Python twin",
        found.source,
    )
    tell(Outcome(benchmark="ea", machine=machine(), lines=tuple(lines), notes=notes), options.json)


if __name__ == "__main__":
    main()
