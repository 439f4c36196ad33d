"""Small backtests that several tests share."""

import msgspec

from backtest.dry_run import dry_job
from backtest.exact import Outcome, run_exact
from backtest.job import Job
from domain.timeframes import Timeframe
from marketdata.drifting import TRENDING
from sim.profiles import CommissionRule
from strategy.params import CareSettings, EngineSettings, EntrySettings

EAGER = EngineSettings(
    symbols=("EURUSD",),
    timeframes=(Timeframe.H1, Timeframe.H4),
    entry=EntrySettings(score_threshold=0.5),
    care=CareSettings(break_even_r=0.8, partial_legs=((0.5, 0.3),), max_holding_s=90_000.0),
    commission_per_lot={"*": 7.0},
)


def a_job(weeks: int = 12, settings: EngineSettings = EAGER, seed: int = 3, drift: int = TRENDING) -> Job:
    """Some weeks of an invented EURUSD with commission and swap, traded on two charts with every kind of care."""
    job = dry_job(seed, drift, weeks, settings)
    spec = msgspec.structs.replace(job.specs[0], swap_long=-6.0, swap_short=-2.0)
    profile = msgspec.structs.replace(job.profile, commission=CommissionRule(per_lot=7.0), slippage_points=2.0)
    return Job(
        settings=settings,
        profile=profile,
        specs=(spec,),
        ticks=job.ticks,
        clock=job.clock,
    )


def an_outcome() -> Outcome:
    """That job, run, with all its decisions."""
    return run_exact(a_job(), keep_decisions=True)
