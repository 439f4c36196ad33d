"""A compiled run from its first tick to the outcome that `backtest.exact` would have come to."""

from functools import cached_property
from typing import Final, NamedTuple

import numpy as np

from backtest.compiled.driving import equity_now, play_until
from backtest.compiled.orders import FULL, TOO_MANY_FILLS, TOO_MANY_INTENTS, TOO_MANY_POSITIONS
from backtest.compiled.preparing import NotCompiled, Prepared, grown, prepared
from backtest.curve import Curve, joined_curve, one_point
from backtest.exact import Outcome
from backtest.job import Job
from backtest.refusals import Refusals
from backtest.trips import Trip, trips_of
from domain.intents import Intent, comment_of
from domain.pricing import rounded_money
from domain.trading import Deal, DealEntry, DealReason, DealType
from domain.updates import Money
from signals.models import SignalModel
from strategy.tables import Table

FAR_MSC: Final = 2**62
"""After every tick [ms]."""

_COMMENT_LIMIT: Final = 31  # as in `sim.watch`
_FIRST_DEAL: Final = 1_000_001
_HOLD: Final = 0
_ENTRIES: Final = {int(entry): entry for entry in DealEntry}
_DEAL_REASONS: Final = {int(reason): reason for reason in DealReason}
_REASONS: Final = {
    TOO_MANY_POSITIONS: "it holds more positions at once than the tables of the decision core",
    TOO_MANY_INTENTS: "it wants more at one moment than is remembered",
    TOO_MANY_FILLS: "a position was held for longer than the fills before it are remembered",
}


class _Row(NamedTuple):
    """A row of DEAL_DTYPE."""

    deal_ticket: int
    order_ticket: int
    position_id: int
    symbol: int
    side: int
    entry: int
    reason: int
    volume: float
    price: float
    profit: float
    swap: float
    commission: float
    time_msc: int
    time_ns: int
    act: int
    level: float
    equity: float
    margin: float
    initial_risk: float


def run_compiled(job: Job, *, model: SignalModel | None = None, keep_decisions: bool = False) -> Outcome | NotCompiled:
    """Run `job` to its end: what `run_exact` comes to, bit for bit, or why only that can run it.

    `model` goes before the one the settings name. `keep_decisions` keeps every record, 1.4 kB a bar and chart.

    Raises:
        SymbolSpecError: for a symbol that cannot be priced.
    """
    ready = prepared(job, model=model, keep_decisions=keep_decisions)
    if isinstance(ready, NotCompiled):
        return ready
    return played(ready) or outcome_of(ready)


def played(ready: Prepared) -> NotCompiled | None:
    """Play a run to the end of its tape; why it cannot be played compiled, if so."""
    status = play_until(ready.run, FAR_MSC)
    while status == FULL:
        ready.run = grown(ready.run)
        status = play_until(ready.run, FAR_MSC)
    return NotCompiled(_REASONS[status]) if status in _REASONS else None


def outcome_of(ready: Prepared) -> Outcome:
    """The outcome of a run that has been played and kept its acts."""
    acts = _Trail(ready)
    return Outcome(
        job=ready.job,
        curve=curve_of(ready),
        refusals=refusals_of(ready),
        acts=acts,
        decisions=_decisions(ready, acts),
        money=money_of(ready),
        ticks=len(ready.run.ticks),
    )


class _Trail:
    """The acts on the trail of a run: a value for each costs as much as the whole run, and not all want them."""

    def __init__(self, ready: Prepared) -> None:
        progress, trail = ready.run.progress[0], ready.run.trail
        self._job, self._engine = ready.job, ready.engine
        self._deals = trail.deals[: progress["deals"]].copy()
        self._acts = _copied(trail.acts[: progress["acts"]])

    @cached_property
    def _asked(self) -> list[Intent]:
        """The intent of each act; their numbers go into the acts, too."""
        acts = self._acts
        return [self._engine.intent_of(acts[row : row + 1]) for row in range(len(acts))]

    @cached_property
    def intents(self) -> tuple[Intent, ...]:
        return tuple({intent.intent_id: intent for intent in self._asked}.values())

    @cached_property
    def deals(self) -> tuple[Deal, ...]:
        return _deals(self._job, self._deals, self._asked)

    @cached_property
    def trips(self) -> tuple[Trip, ...]:
        return trips_of(self._job, self.deals, self.intents, self._acts)

    @property
    def acted(self) -> Table:
        return self._acts if self._asked else self._acts[:0]


def _decisions(ready: Prepared, acts: _Trail) -> Table:
    decisions = ready.run.trail.decisions[: ready.run.progress[0]["decisions"]]
    if len(decisions):
        acted = decisions["action"] != _HOLD
        for name in ("signal_id", "intent_id"):
            decisions[name][acted] = acts.acted[name]
    return decisions


def _copied(acts: Table) -> Table:
    """As bytes: numpy copies records with arrays inside ten times slower, field by field."""
    return acts.view(np.uint8).copy().view(acts.dtype)


def curve_of(ready: Prepared) -> Curve:
    """Equity and balance at each closed bar, from the deposit to the last tick."""
    job, deposit, money = ready.job, ready.job.profile.deposit, money_of(ready)
    points = ready.run.trail.points[: ready.run.progress[0]["points"]]
    columns = (np.ascontiguousarray(points[name]) for name in ("time_ns", "equity", "balance"))
    first = one_point(job.utc_ns(job.start_msc) - 1, deposit, deposit)
    return joined_curve([first, Curve(*columns), one_point(job.utc_ns(job.end_msc), money.equity, money.balance)])


def refusals_of(ready: Prepared) -> Refusals:
    """How often each gate stood in the way, and where a run of the same refusal begins."""
    trail, count = ready.run.trail, ready.run.progress[0]["episodes"]
    return Refusals.counted(trail.tally, trail.episodes[:count])


def money_of(ready: Prepared) -> Money:
    """The account's money at the latest quotes."""
    account, equity = ready.run.broker.account[0], float(equity_now(ready.run))
    margin = float(account["margin"])
    free = float(rounded_money(equity - margin, int(account["money_digits"])))
    return Money(balance=float(account["balance"]), equity=equity, margin=margin, margin_free=free)


def _deals(job: Job, rows: Table, intents: list[Intent]) -> tuple[Deal, ...]:
    return (_deposit(job), *(_deal(job, row, intents) for row in map(_Row._make, rows.tolist())))


def _deposit(job: Job) -> Deal:
    return Deal(
        deal_ticket=_FIRST_DEAL,
        order_ticket=0,
        position_id=0,
        symbol="",
        type=DealType.BALANCE,
        entry=DealEntry.IN,
        reason=DealReason.CLIENT,
        magic=0,
        volume=0.0,
        price=0.0,
        profit=job.profile.deposit,
        swap=0.0,
        commission=0.0,
        fee=0.0,
        time_msc=job.start_msc,
        comment="deposit",
    )


def _deal(job: Job, row: _Row, intents: list[Intent]) -> Deal:
    spec = job.specs[row.symbol]
    return Deal(
        deal_ticket=row.deal_ticket,
        order_ticket=row.order_ticket,
        position_id=row.position_id,
        symbol=spec.name,
        type=DealType.BUY if row.side > 0 else DealType.SELL,
        entry=_ENTRIES[row.entry],
        reason=_DEAL_REASONS[row.reason],
        magic=job.settings.magic,
        volume=row.volume,
        price=row.price,
        profit=row.profit,
        swap=row.swap,
        commission=row.commission,
        fee=0.0,
        time_msc=row.time_msc,
        comment=comment_of(intents[row.act].intent_id) if row.act >= 0 else _word_of(row, spec.digits),
    )


def _word_of(row: _Row, digits: int) -> str:
    """What the server writes on a deal it makes by itself."""
    if row.reason == DealReason.SO:
        level = 100.0 * row.equity / row.margin
        return f"[so {level:.2f}%/{row.equity:.2f}/{row.margin:.2f}]"[:_COMMENT_LIMIT]
    return f"[{'sl' if row.reason == DealReason.SL else 'tp'} {row.level:.{digits}f}]"
