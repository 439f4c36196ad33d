"""A backtest through the simulated terminal, tick by tick: the engine and the trade server that live trading meets.

Nothing here decides or fills anything. `sim.runner` drives the live engine against the simulated broker; this module
takes the records away window by window, so that a run over years needs the memory of a few days.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

import numpy as np

from backtest.curve import Curve, joined_curve, one_point, part_of_curve
from backtest.job import Job
from backtest.refusals import Refusals
from backtest.trips import Trip, trips_of
from domain.intents import Intent
from domain.serverclock import Daylight
from domain.trading import Deal
from domain.updates import Money
from signals.models import SignalModel
from sim.faults.plan import FaultPlan
from sim.requests import FairFills
from sim.runner import Runner
from sim.terminal import SimTerminal
from strategy.engine import Engine
from strategy.tables import Table, empty_decisions

_HOLD: Final = 0

Progress = Callable[[int, int], None]
"""Told the ticks done and the ticks in all."""

Observer = Callable[[Table], None]
"""Shown the decisions of each window (DECISION_DTYPE, in their order) before they go."""


class Acts(Protocol):
    """What a run did, value by value; see `Outcome`."""

    @property
    def trips(self) -> tuple[Trip, ...]:
        """Round trips."""
        ...

    @property
    def deals(self) -> tuple[Deal, ...]:
        """Deals."""
        ...

    @property
    def intents(self) -> tuple[Intent, ...]:
        """Intents."""
        ...

    @property
    def acted(self) -> Table:
        """Decisions that asked for something."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a backtest came to; money is the account's.

    `curve` begins with the deposit and ends with the last tick. `decisions` are all of them where they were kept, else
    none (DECISION_DTYPE). Of a compiled run `acts` are made when first asked for.
    """

    job: Job
    curve: Curve
    refusals: Refusals
    acts: Acts
    decisions: Table
    money: Money
    ticks: int

    @property
    def trips(self) -> tuple[Trip, ...]:
        """The positions that were opened, those still open at the end included."""
        return self.acts.trips

    @property
    def deals(self) -> tuple[Deal, ...]:
        """All deals; the deposit is the first."""
        return self.acts.deals

    @property
    def intents(self) -> tuple[Intent, ...]:
        """What was asked of the terminal, each once."""
        return self.acts.intents

    @property
    def acted(self) -> Table:
        """The decisions that wanted something done (DECISION_DTYPE)."""
        return self.acts.acted


class _Played(NamedTuple):
    """The acts of an exact run, which had to make them."""

    trips: tuple[Trip, ...]
    deals: tuple[Deal, ...]
    intents: tuple[Intent, ...]
    acted: Table


class _Ledger:
    """Takes the engine's records in, a window at a time, and lets go of them unless they are to be kept."""

    def __init__(self, engine: Engine, *, keep: bool, observe: Observer | None = None) -> None:
        self._engine = engine
        self._keep = keep
        self._observe = observe
        self.refusals = Refusals()
        self.curves: list[Curve] = []
        self.acted: list[Table] = []
        self.kept: list[Table] = []

    def take(self) -> None:
        decisions = self._engine.take_decisions()
        if not len(decisions):
            return
        self.refusals.take(decisions)
        self.curves.append(part_of_curve(decisions))
        self.acted.append(decisions[decisions["action"] != _HOLD])
        if self._observe is not None:
            self._observe(decisions)
        if self._keep:
            self.kept.append(decisions)


def run_exact(
    job: Job,
    *,
    model: SignalModel | None = None,
    keep_decisions: bool = False,
    observe: Observer | None = None,
    on_progress: Progress | None = None,
) -> Outcome:
    """Run `job` to its end.

    `model` goes before the one the settings name. `keep_decisions` keeps every record, 1.4 kB a bar and chart;
    `observe` is shown them without that.

    Raises:
        SymbolSpecError: for a symbol that cannot be priced.
    """
    terminal = terminal_of(job)
    engine = Engine(job.settings, model)
    ledger = _Ledger(engine, keep=keep_decisions, observe=observe)

    def tell(done: int, total: int) -> None:
        ledger.take()
        if on_progress is not None:
            on_progress(done, total)

    ran = Runner(engine, terminal, job.tape, warm_up=job.warm_up, board=job.news, on_progress=tell).run()
    deposit = job.profile.deposit
    parts = [one_point(job.utc_ns(job.start_msc) - 1, deposit, deposit), *ledger.curves]
    last = one_point(job.utc_ns(job.end_msc), ran.money.equity, ran.money.balance)
    acted = np.concatenate(ledger.acted) if ledger.acted else empty_decisions()
    return Outcome(
        job=job,
        curve=joined_curve([*parts, last]),
        refusals=ledger.refusals,
        acts=_Played(
            trips=trips_of(job, ran.deals, ran.intents, acted),
            deals=ran.deals,
            intents=ran.intents,
            acted=acted,
        ),
        decisions=np.concatenate(ledger.kept) if ledger.kept else empty_decisions(),
        money=ran.money,
        ticks=ran.ticks,
    )


def terminal_of(job: Job) -> SimTerminal:
    """The simulated terminal of `job`, before its first quote; nothing goes wrong at this broker."""
    if job.clock.daylight is Daylight.NONE:
        return SimTerminal(job.profile, job.specs, server_offset_s=job.clock.winter_offset_s, start_msc=job.start_msc)
    changing = FaultPlan(clock=job.clock)
    return SimTerminal(job.profile, job.specs, start_msc=job.start_msc, fills=FairFills(), faults=changing)
