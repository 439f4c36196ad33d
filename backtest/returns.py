"""What daily returns tell: Sharpe and its relatives, volatility, and what a bad day costs.

Conventions, the same in every figure: simple returns of the broker's days that had quotes, a riskless rate of 0,
252 such days a year, sample variance (n - 1). NaN where a figure is not defined.
"""

import math
from typing import Final, NamedTuple

import numpy as np

from backtest.curve import Days, Floats
from backtest.deflation import minimum_track_record, moments_of, probabilistic_sharpe, sharpe_error

DAYS_A_YEAR: Final = 252
"""Trading days a year; markets that also trade at weekends have more, and their figures are a little low."""

_FEWEST: Final = 2
_TINY: Final = 1e-12


class DailyFigures(NamedTuple):
    """Figures of daily returns; rates and ratios are a year's unless they say otherwise.

    `sharpe_error` is the standard error of `sharpe`, `probabilistic_sharpe` the probability that the true one is above
    0, `days_to_be_sure` how many days like these it takes until that is 95 % (NaN: no number does). `value_at_risk_*`
    and `expected_shortfall_95` are losses of a day as parts of equity, positive for a loss.
    """

    days: int
    total_return: float
    growth: float
    volatility: float
    sharpe: float
    sharpe_error: float
    probabilistic_sharpe: float
    sortino: float
    calmar: float
    omega: float
    skewness: float
    kurtosis: float
    value_at_risk_95: float
    value_at_risk_99: float
    expected_shortfall_95: float
    best_day: float
    worst_day: float
    days_won: int
    days_lost: int
    days_flat: int
    days_to_be_sure: float = math.nan


def daily_figures(days: Days) -> DailyFigures:
    """All figures of `days`."""
    returns = days.returns
    worst = drawdown(np.concatenate(([days.start_equity], days.equity)))
    yearly = growth(returns)
    moments = moments_of(returns)
    has_ratio = not math.isnan(sharpe(returns))
    return DailyFigures(
        days=int(returns.size),
        total_return=float(np.prod(1.0 + returns) - 1.0) if returns.size else 0.0,
        growth=yearly,
        volatility=deviation(returns) * math.sqrt(DAYS_A_YEAR),
        sharpe=sharpe(returns),
        sharpe_error=sharpe_error(moments) * math.sqrt(DAYS_A_YEAR) if has_ratio else math.nan,
        probabilistic_sharpe=probabilistic_sharpe(moments) if has_ratio else math.nan,
        sortino=sortino(returns),
        calmar=yearly / worst if worst > 0.0 else math.nan,
        omega=omega(returns),
        skewness=moments.skewness if has_ratio else math.nan,
        kurtosis=moments.kurtosis if has_ratio else math.nan,
        value_at_risk_95=value_at_risk(returns, 0.95),
        value_at_risk_99=value_at_risk(returns, 0.99),
        expected_shortfall_95=expected_shortfall(returns, 0.95),
        best_day=float(returns.max()) if returns.size else math.nan,
        worst_day=float(returns.min()) if returns.size else math.nan,
        days_won=int(np.count_nonzero(returns > 0.0)),
        days_lost=int(np.count_nonzero(returns < 0.0)),
        days_flat=int(np.count_nonzero(returns == 0.0)),
        days_to_be_sure=minimum_track_record(moments) if has_ratio and moments.sharpe > 0.0 else math.nan,
    )


def deviation(returns: Floats) -> float:
    """Sample standard deviation of `returns`, shape (n,); NaN for fewer than two."""
    return float(np.std(returns, ddof=1)) if returns.size >= _FEWEST else math.nan


def sharpe(returns: Floats) -> float:
    """Mean over standard deviation of daily `returns`, times the root of 252; NaN where they never differ.

    Source: W. F. Sharpe, "The Sharpe Ratio", Journal of Portfolio Management 21 (1994), with a riskless rate of 0.
    """
    spread = deviation(returns)
    return float(returns.mean()) / spread * math.sqrt(DAYS_A_YEAR) if spread > _TINY else math.nan


def sortino(returns: Floats) -> float:
    """Mean of daily `returns` over the root of the mean square of the losing ones, times the root of 252.

    NaN where nothing was ever lost. Source: F. A. Sortino and L. N. Price, Journal of Investing 3 (1994), target 0.
    """
    if returns.size < _FEWEST:
        return math.nan
    below = math.sqrt(float(np.mean(np.minimum(returns, 0.0) ** 2)))
    return float(returns.mean()) / below * math.sqrt(DAYS_A_YEAR) if below > _TINY else math.nan


def growth(returns: Floats) -> float:
    """Compound return a year (CAGR) of daily `returns`, shape (n,); NaN without any, -1 where everything was lost."""
    if not returns.size:
        return math.nan
    factor = float(np.prod(1.0 + returns))
    return factor ** (DAYS_A_YEAR / returns.size) - 1.0 if factor > 0.0 else -1.0


def omega(returns: Floats) -> float:
    """Sum of gains over sum of losses of daily `returns`, target 0; NaN where nothing was ever lost."""
    lost = -float(returns[returns < 0.0].sum())
    return float(returns[returns > 0.0].sum()) / lost if lost > 0.0 else math.nan


def value_at_risk(returns: Floats, confidence: float) -> float:
    """Historical loss that a day does not exceed with `confidence` (0..1), as a part of equity; NaN without days."""
    return -float(np.quantile(returns, 1.0 - confidence)) if returns.size else math.nan


def expected_shortfall(returns: Floats, confidence: float) -> float:
    """Mean loss of the days at or beyond the value at risk, as a part of equity; NaN without days."""
    if not returns.size:
        return math.nan
    return -float(returns[returns <= np.quantile(returns, 1.0 - confidence)].mean())


def drawdown(equity: Floats) -> float:
    """Largest fall of `equity`, shape (n,), as a positive fraction of the peak before it."""
    peaks = np.maximum.accumulate(equity)
    return float(np.max((peaks - equity) / peaks)) if equity.size else 0.0
