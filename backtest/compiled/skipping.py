"""Passes over closed bars on which nothing can be entered while nothing is open: for searches, which count no gates.

A score below the threshold of calm markets is below every threshold, and then an entry is refused whatever else holds.
Without a position nothing else comes of a closed bar than a point of the curve, so that the core need not be asked.
What a broker's day begins with is found by its own kernel.
"""

from typing import Final

from backtest.compiled.books import note_guards, sync_guards, utc_ns
from backtest.compiled.tables import Run
from backtest.compiled.trail import note_point
from domain.jit import njit_once
from domain.timeframes import DAY_S
from sim.matching import first_at
from strategy.kernel import watch_at
from strategy.tables import Table
from strategy.views import Batch, equity_of

_DAY_MSC: Final = DAY_S * 1000


@njit_once
def skip(run: Run, symbol: int, ticks: Table, end: int) -> int:
    """Pass over bars from the next tick on, up to tick `end`; how far the core has to walk from where that ends."""
    world, progress, terms, closes = run.world, run.progress[0], run.broker.terms[symbol], run.closes
    guard, account = world.guard[0], world.account[0]
    if guard.stale == 1 or guard.broker_day < 0 or guard.day_start_equity <= 0.0:
        return int(min(progress.tick + 1, end))
    equity = equity_of(world)
    while terms.first_close + terms.next_close < terms.last_close:
        place = terms.first_close + terms.next_close
        tick = closes.at[place]
        if tick >= end or _may_enter(run, place, terms.last_close):
            return int(min(tick + 1, end))
        day_end_msc = (guard.broker_day + 1) * _DAY_MSC
        if ticks[tick].time_msc >= day_end_msc:
            progress.tick = first_at(ticks, progress.tick, tick, day_end_msc)
            if watch_at(world, Batch(ticks, symbol, progress.offset_s), progress.tick):
                note_guards(run)
            sync_guards(run)
            equity = equity_of(world)
            continue
        chart, quote = world.charts[closes.chart[place]], world.symbols[symbol]
        chart.bars_seen += 1
        chart.atr = closes.volatility[place, 0]
        quote.bid, quote.ask = ticks[tick].bid, ticks[tick].ask
        note_point(run, utc_ns(ticks[tick].time_msc, progress.offset_s), equity, account.balance)
        progress.tick = tick + 1
        terms.next_close += 1
    return end


@njit_once
def _may_enter(run: Run, place: int, stop: int) -> bool:
    """Whether a bar is worth a look among those that close together with the one at `place`."""
    at, least = run.closes.at, run.progress[0].least_score
    found, other = False, place
    while other < stop and at[other] == at[place]:
        found = found or abs(run.closes.scores[other]) >= least
        other += 1
    return found
