"""The process that stands for a MetaTrader 5 terminal: a simulated one, and the EA's twin on it."""

import hashlib
import time
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import msgspec

from advisor.counts import Counts
from advisor.executor import ExecutorGuards
from advisor.expert import EaRules, ExpertAdvisor
from advisor.host import ConnectionRules, SessionHost, kept_terminal_id
from advisor.memory import DiskMemory
from domain.symbols import SymbolSpec
from marketdata.tape import Tape
from sim.executing import executor_of
from sim.faults.plan import FaultPlan
from sim.feed import Charts, Feed
from sim.matching import Rows
from sim.pace import Progress, TapePace
from sim.profiles import AccountProfile
from sim.rehearsal import rehearse
from sim.statistics import TerminalStatistics
from sim.terminal import SimTerminal


class HostRules(ConnectionRules, frozen=True, kw_only=True):
    """How the host connects, and how fast the tape is played. `ticks_per_second` 0: as fast as the bridge answers.

    While the bridge is silent the market goes on at `silent_speed` times the pace of its own time stamps.
    """

    ticks_per_second: float = 0.0
    silent_speed: float = 1.0


class EaKind(StrEnum):
    """Which EA runs on the terminal: its double in Python, or its own MQL5 source, compiled for this machine."""

    TWIN = "twin"
    MQL5 = "mql5"


@dataclass(frozen=True, kw_only=True)
class TerminalConfig:
    """Everything a terminal process needs; can be pickled.

    `ticks` (TICK_DTYPE) by symbol name, `history` the bars before the first tick. `state_dir` keeps the terminal's
    number and the executed intents: it belongs to one life of one simulated account. `faults` are what goes wrong
    between terminal and broker; the spreads of their news must be in `ticks` already.
    """

    endpoint: str
    secret: bytes = field(repr=False)
    profile: AccountProfile
    specs: tuple[SymbolSpec, ...]
    ticks: dict[str, Rows] = field(repr=False)
    state_dir: Path
    magic: int
    history: Charts = field(default_factory=dict, repr=False)
    server_offset_s: int = 0
    max_ticks: int = 1
    batch_ms: int | None = None
    rules: EaRules = field(default_factory=EaRules)
    host: HostRules = field(default_factory=HostRules)
    guards: ExecutorGuards = field(default_factory=ExecutorGuards)
    seed: int = 0
    ea: EaKind = EaKind.TWIN
    faults: FaultPlan | None = None


def run_terminal(config: TerminalConfig, on_progress: Progress | None = None) -> TerminalStatistics:
    """Play the configured ticks to the bridge, trade as told, and end with the numbers.

    Raises:
        TerminalRefusedError: wrong secret, wrong version, or an account the bridge does not want.
        BridgeUnreachableError: no live session for `host.give_up_s`.
    """
    tape = Tape(tuple(config.ticks), config.ticks)
    start_msc = tape.span_msc[0] if tape.span_msc else 0
    terminal = SimTerminal(
        config.profile,
        config.specs,
        server_offset_s=config.server_offset_s,
        start_msc=start_msc,
        faults=config.faults,
    )
    feed = Feed(terminal, tape, max_ticks=config.max_ticks, batch_ms=config.batch_ms, history=config.history)
    for symbol, ticks in zip(tape.symbols, tape.ticks, strict=True):
        if len(ticks):
            rehearse(config.profile, config.specs[terminal.symbols.index(symbol)], ticks)
    with DiskMemory(config.state_dir / f"intents-{config.profile.login}.log") as memory:
        advisor = ExpertAdvisor(
            terminal,
            feed,
            executor_of(terminal, memory, config.guards, config.magic),
            secret=config.secret,
            terminal_id=kept_terminal_id(config.state_dir),
            magic=config.magic,
            rules=config.rules,
        )
        begun = time.monotonic()
        pace = TapePace(feed, config.host.ticks_per_second, config.host.silent_speed, on_progress)
        SessionHost(config.endpoint, advisor, pace, config.host, seed=config.seed).run()
        intents = [entry.intent for entry in memory.entries()]
        order_list = hashlib.sha256(msgspec.json.encode([intents, terminal.deals])).hexdigest()
        return statistics_of(advisor.counts, terminal, order_list, time.monotonic() - begun)


def statistics_of(counts: Counts, terminal: SimTerminal, order_list: str, seconds: float) -> TerminalStatistics:
    """What a run of `seconds` came to; `order_list` is the hash of its intents and deals."""
    money = terminal.money()
    p50, p90, p99, longest = counts.round_trips.percentiles_us(50, 90, 99, 100)
    return TerminalStatistics(
        ticks=counts.ticks,
        batches=counts.batches,
        batches_resent=counts.batches_resent,
        decisions=counts.decisions,
        decisions_late=counts.decisions_late,
        intents=counts.intents,
        reports=counts.reports,
        sessions=counts.sessions,
        deals=len(terminal.deals),
        balance=money.balance,
        equity=money.equity,
        order_list_hash=order_list,
        seconds=seconds,
        round_trip_p50_us=p50,
        round_trip_p90_us=p90,
        round_trip_p99_us=p99,
        round_trip_max_us=longest,
        ticks_dropped=counts.ticks_dropped,
        stops_moved=counts.stops_moved,
    )
