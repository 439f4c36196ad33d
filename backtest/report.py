"""Everything a backtest came to, as one value that can be shown, written and compared."""

from typing import Final

import msgspec
import numpy as np

from account.figures import Figures, figures
from backtest.comparison import Comparison
from backtest.curve import days_of
from backtest.exact import Outcome
from backtest.exposure import Exposure, exposure_of
from backtest.facts import Origin, RunFacts, facts_of
from backtest.falls import FallFigures, fall_figures
from backtest.groups import Group, groups_of
from backtest.hindsight import Hindsight, hindsight_of
from backtest.monte_carlo import TRIALS, MonteCarlo, changes_of, monte_carlo
from backtest.refusals import GateTally
from backtest.returns import DailyFigures, daily_figures
from backtest.trip_figures import TripFigures, trip_figures
from domain.timeframes import Timeframe

FORMAT: Final = 2


class MarketChange(msgspec.Struct, frozen=True, kw_only=True):
    """What a symbol did by itself: first and last bid [price], the change as a fraction, and how many ticks it had."""

    symbol: str
    first: float
    last: float
    change: float
    ticks: int


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One backtest. Money is the account's, times [UTC ns].

    `trips` are figures of closed positions, `left_open` how many were not; `profit` is that of equity, `floating` what
    of it was not booked. `bars` are closed bars on all charts, `entries` those on which something was opened.
    `hindsight` is what refused entries would have earned, `monte_carlo` what luck could have made of the round trips
    (None: too few of them, or not asked for). `mt5` are the figures of MetaTrader's own reports, `facts` what was run;
    `vectorbt` tells whether the same run inside vectorbt agrees.
    """

    format: int = FORMAT
    start_ns: int
    end_ns: int
    symbols: tuple[MarketChange, ...]
    charts: tuple[str, ...]
    ticks: int
    bars: int
    entries: int
    deposit: float
    balance: float
    equity: float
    profit: float
    floating: float
    currency: str
    daily: DailyFigures
    falls: FallFigures
    trips: TripFigures
    left_open: int
    trips_a_day: float
    exposure: Exposure
    gates: tuple[GateTally, ...]
    hindsight: Hindsight
    monte_carlo: MonteCarlo | None
    groups: tuple[Group, ...]
    mt5: Figures
    facts: RunFacts
    vectorbt: Comparison | None = None


def report_of(outcome: Outcome, origin: Origin | None = None, *, trials: int = TRIALS) -> Report:
    """The report of `outcome`, with so many `trials` of its round trips; `origin` is told as it is."""
    job, curve, money = outcome.job, outcome.curve, outcome.money
    start_ns, end_ns = int(curve.time_ns[0]), int(curve.time_ns[-1])
    daily = daily_figures(days_of(curve, job.clock))
    closed = [trip for trip in outcome.trips if trip.is_closed]
    return Report(
        start_ns=start_ns,
        end_ns=end_ns,
        symbols=_market_changes(outcome),
        charts=tuple(Timeframe(timeframe).name for timeframe in job.settings.timeframes),
        ticks=outcome.ticks,
        bars=outcome.refusals.bars,
        entries=outcome.refusals.entries,
        deposit=job.profile.deposit,
        balance=money.balance,
        equity=money.equity,
        profit=money.equity - job.profile.deposit,
        floating=money.equity - money.balance,
        currency=job.profile.currency,
        daily=daily,
        falls=fall_figures(curve),
        trips=trip_figures(closed),
        left_open=len(outcome.trips) - len(closed),
        trips_a_day=len(closed) / daily.days if daily.days else 0.0,
        exposure=exposure_of(outcome.trips, start_ns, end_ns),
        gates=outcome.refusals.tallies(),
        hindsight=hindsight_of(job, outcome.refusals.episodes),
        monte_carlo=monte_carlo(changes_of(job, closed), job.settings.guards.halt_fraction, trials),
        groups=groups_of(job, closed),
        mt5=figures(outcome.deals),
        facts=facts_of(job, origin or Origin()),
    )


def _market_changes(outcome: Outcome) -> tuple[MarketChange, ...]:
    found = []
    for symbol, ticks in outcome.job.ticks.items():
        bids = ticks["bid"][[0, -1]] if len(ticks) else np.full(2, np.nan)
        first, last = float(bids[0]), float(bids[1])
        found.append(MarketChange(symbol=symbol, first=first, last=last, change=last / first - 1.0, ticks=len(ticks)))
    return tuple(found)
