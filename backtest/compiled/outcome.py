"""A compiled run from its first tick to the outcome that `backtest.exact` would have come to."""

from typing import Final

import numpy as np

from backtest.compiled.driving import equity_now, play_until
from backtest.compiled.orders import FULL, TOO_MANY_FILLS, TOO_MANY_INTENTS, TOO_MANY_POSITIONS
from backtest.compiled.preparing import NotCompiled, Prepared, grown, prepared
from backtest.curve import Curve, joined_curve, one_point
from backtest.exact import Outcome
from backtest.job import Job
from backtest.refusals import Refusals
from backtest.trips import trips_of
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
_REASONS: Final = {
    TOO_MANY_POSITIONS: "it holds more positions at once than the tables of the decision core",
    TOO_MANY_INTENTS: "it wants more at one moment than is remembered",
    TOO_MANY_FILLS: "a position was held for longer than the fills before it are remembered",
}


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
    job, run = ready.job, ready.run
    progress = run.progress[0]
    acts = run.trail.acts[: progress["acts"]].copy()
    intents = [ready.engine.intent_of(acts[row : row + 1]) for row in range(len(acts))]
    deals, money = deals_of(ready, intents), money_of(ready)
    once = tuple({intent.intent_id: intent for intent in intents}.values())
    return Outcome(
        job=job,
        curve=curve_of(ready),
        refusals=refusals_of(ready),
        trips=trips_of(job, deals, once, acts),
        deals=deals,
        intents=once,
        acted=acts,
        decisions=_decisions(ready, acts),
        money=money,
        ticks=len(run.ticks),
    )


def _decisions(ready: Prepared, acts: Table) -> Table:
    decisions = ready.run.trail.decisions[: ready.run.progress[0]["decisions"]]
    acted = decisions["action"] != _HOLD
    for name in ("signal_id", "intent_id"):
        decisions[name][acted] = acts[name] if len(decisions) else 0
    return decisions


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


def deals_of(ready: Prepared, intents: list[Intent]) -> tuple[Deal, ...]:
    """All deals so far, the deposit first; `intents` are those of the decisions that acted."""
    rows = ready.run.trail.deals[: ready.run.progress[0]["deals"]]
    return (_deposit(ready.job), *(_deal(ready.job, row, intents) for row in rows))


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


def _deal(job: Job, row: np.void, intents: list[Intent]) -> Deal:
    act, spec = int(row["act"]), job.specs[int(row["symbol"])]
    return Deal(
        deal_ticket=int(row["deal_ticket"]),
        order_ticket=int(row["order_ticket"]),
        position_id=int(row["position_id"]),
        symbol=spec.name,
        type=DealType.BUY if row["side"] > 0 else DealType.SELL,
        entry=DealEntry(int(row["entry"])),
        reason=DealReason(int(row["reason"])),
        magic=job.settings.magic,
        volume=float(row["volume"]),
        price=float(row["price"]),
        profit=float(row["profit"]),
        swap=float(row["swap"]),
        commission=float(row["commission"]),
        fee=0.0,
        time_msc=int(row["time_msc"]),
        comment=comment_of(intents[act].intent_id) if act >= 0 else _word_of(row, spec.digits),
    )


def _word_of(row: np.void, digits: int) -> str:
    """What the server writes on a deal it makes by itself."""
    if row["reason"] == DealReason.SO:
        level = 100.0 * row["equity"] / row["margin"]
        return f"[so {level:.2f}%/{row['equity']:.2f}/{row['margin']:.2f}]"[:_COMMENT_LIMIT]
    return f"[{'sl' if row['reason'] == DealReason.SL else 'tp'} {row['level']:.{digits}f}]"
