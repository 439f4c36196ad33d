"""A backtest that needs no data: does the strategy earn where there are trends, and nothing where there are none?

It shows that rules, sizes and costs work together as they should. It says nothing about what the strategy would earn in
a real market: the trends are made to be found, and found by any rule that follows trends.
"""

from typing import Final, NamedTuple

from backtest.curve import days_of
from backtest.exact import Outcome, run_exact
from backtest.job import Job
from backtest.returns import DailyFigures, daily_figures
from domain.serverclock import Daylight, ServerClock
from domain.timeframes import HOUR_S
from marketdata.bar_ticks import ohlc_ticks
from marketdata.drifting import DRIFTING_TIMEFRAME, DRIFTLESS, TRENDING, DriftingSymbol, drifting_bars
from sim.profiles import JustMarketsAccount, justmarkets_account, justmarkets_symbol
from strategy.params import EngineSettings

MIN_SHARPE: Final = 0.9
"""What the strategy must reach where there are trends."""

WEEKS: Final = 104
DEPOSIT: Final = 10_000.0

_CLOCK: Final = ServerClock(winter_offset_s=2 * HOUR_S, daylight=Daylight.NONE)
_ERRORS: Final = 2.0


class DryRun(NamedTuple):
    """The strategy on both markets of one seed, with the built-in settings on hourly bars."""

    seed: int
    trending: Outcome
    driftless: Outcome

    @property
    def trending_figures(self) -> DailyFigures:
        """Daily figures where there are trends."""
        return daily_figures(days_of(self.trending.curve, _CLOCK))

    @property
    def driftless_figures(self) -> DailyFigures:
        """Daily figures where there are none."""
        return daily_figures(days_of(self.driftless.curve, _CLOCK))


def dry_run(seed: int = 1) -> DryRun:
    """Run both markets of `seed`, 0 or above."""
    return DryRun(seed, run_exact(dry_job(seed, TRENDING)), run_exact(dry_job(seed, DRIFTLESS)))


def dry_job(seed: int, drift: int, weeks: int = WEEKS, settings: EngineSettings | None = None) -> Job:
    """`weeks` of an invented EURUSD with `drift`, traded by `settings` (default: the built-in ones) on its H1 bars."""
    market = DriftingSymbol()
    bars = drifting_bars(seed, weeks, drift, market)
    return Job(
        settings=settings or EngineSettings(symbols=(market.name,), timeframes=(DRIFTING_TIMEFRAME,)).on_made_ticks(),
        profile=justmarkets_account(JustMarketsAccount.STANDARD, deposit=DEPOSIT),
        specs=(justmarkets_symbol(market.name),),
        ticks={market.name: ohlc_ticks(bars, DRIFTING_TIMEFRAME, 10.0**-market.digits)},
        clock=_CLOCK,
    )


def shows_edge(figures: DailyFigures, least: float = MIN_SHARPE) -> bool:
    """Whether the Sharpe ratio is at least `least` and more than two of its standard errors above 0."""
    return figures.sharpe >= least and figures.sharpe > _ERRORS * figures.sharpe_error


def is_sound(run: DryRun, least: float = MIN_SHARPE) -> bool:
    """Whether there is an edge where there are trends, and none where there are none."""
    return shows_edge(run.trending_figures, least) and not shows_edge(run.driftless_figures, 0.0)
