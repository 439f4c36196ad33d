"""Signs that no market made a series of bars: it never rests, or moves alike at all hours, or as a random walk does.

Thresholds lie between what files of real quotes show (the busiest hour ranges 2.6 times as far as the quietest or more,
kurtosis of returns is 8 or more, no trading on Christmas Day) and what generated ones do (1.0 to 1.2, 3, all day).
"""

from typing import Final

import numpy as np

from domain.timeframes import HOUR_S
from marketdata.quotes import Bars, Floats, Ints
from marketdata.sessions import Week, weekdays, weekend

FEWEST_BARS: Final = 1000
FEWEST_WEEKS: Final = 4
_ALWAYS: Final = 0.9
_BREAK_H: Final = 17
_METALS: Final = ("XAU", "XAG", "XPT", "XPD", "GOLD", "SILVER")
_NEVER_CLOSED: Final = ("BTC", "ETH", "LTC", "XRP", "BCH", "SOL", "ADA", "DOGE", "BNB", "DOT")
_FLATTEST: Final = 1.5
_THINNEST_TAILS: Final = 4.5
_FEWEST_AN_HOUR: Final = 20
_CHRISTMAS_HOURS: Final = 20
_SOFT_SIGNS: Final = 2


def never_closes(symbol: str) -> bool:
    """Whether the symbol is one of those that trade on weekends, too."""
    return symbol.upper().lstrip("#.").startswith(_NEVER_CLOSED)


def signs_of_invention(bars: Bars, local_s: Ints, week: Week, period_s: int, symbol: str) -> list[str]:
    """What speaks against a market; empty where there is too little of it, or too few bars to say.

    `local_s` are the bars' stamps on New York's clock [s]. One sign of a market without rest is enough, of the others
    it takes two: a quiet week may look like each of them.
    """
    if period_s > HOUR_S or bars.size < FEWEST_BARS or week.weeks < FEWEST_WEEKS:
        return []
    restless = _restless(local_s, week, period_s, symbol)
    alike = _alike(bars, local_s, period_s, symbol)
    return restless + alike if restless or len(alike) >= _SOFT_SIGNS else []


def _restless(local_s: Ints, week: Week, period_s: int, symbol: str) -> list[str]:
    signs: list[str] = []
    if never_closes(symbol):
        return signs
    hours = np.arange(week.share.size) * HOUR_S + 4 * 24 * HOUR_S
    closed = weekend(hours, HOUR_S)
    if week.share[closed].mean() >= _ALWAYS:
        signs.append("it trades through the weekends")
    if (np.diff(local_s) <= period_s + HOUR_S).all():
        signs.append("no bar is missing from the first to the last")
    breaks = ~closed & (hours // HOUR_S % 24 == _BREAK_H)
    if symbol.upper().startswith(_METALS) and week.share[breaks].mean() >= _ALWAYS:
        signs.append("there is no daily break at 17:00 New York, which metals have")
    return signs


def _alike(bars: Bars, local_s: Ints, period_s: int, symbol: str) -> list[str]:
    signs = []
    hours = local_s // HOUR_S % 24
    if _unevenness(bars["high"] - bars["low"], hours) < _FLATTEST:
        signs.append("bars range as far in the quietest hour of the day as in the busiest")
    volumes = bars["tick_volume"].astype(np.float64)
    if volumes.any() and _unevenness(volumes, hours) < _FLATTEST:
        signs.append("tick volume is the same at all hours")
    within = np.diff(local_s) == period_s
    if _kurtosis(np.diff(np.log(bars["close"]))[within]) < _THINNEST_TAILS:
        signs.append("returns have the thin tails of a random walk")
    if not never_closes(symbol) and _trades_at_christmas(local_s):
        signs.append("it trades all day on Christmas and New Year")
    return signs


def _unevenness(values: Floats, hours: Ints) -> float:
    """Mean of the busiest hour over that of the quietest; infinite where fewer than two hours say something."""
    counts = np.bincount(hours, minlength=24)
    sums = np.bincount(hours, weights=values, minlength=24)
    enough = counts >= _FEWEST_AN_HOUR
    means = sums[enough] / counts[enough]
    return float(means.max() / means.min()) if means.size > 1 and means.min() > 0.0 else np.inf


def _kurtosis(returns: Floats) -> float:
    """Fourth moment over the square of the second: 3 for a normal distribution; infinite where nothing moves."""
    centered = returns - (returns.mean() if returns.size else 0.0)
    variance = float(np.mean(centered**2)) if returns.size else 0.0
    return float(np.mean(centered**4)) / variance**2 if variance > 0.0 else np.inf


def _trades_at_christmas(local_s: Ints) -> bool:
    hours = np.unique(local_s // HOUR_S)
    days = hours // 24
    dates = days.astype("datetime64[D]")
    of_year = (dates - dates.astype("datetime64[Y]").astype("datetime64[D]")).astype(np.int64)
    before_next = ((dates.astype("datetime64[Y]") + 1).astype("datetime64[D]") - dates).astype(np.int64)
    feast = ((of_year == 0) | (before_next == 7)) & (weekdays(hours * HOUR_S) < 4)  # noqa: PLR2004 - 25 December; Friday is cut
    if not feast.any():
        return False
    _, counts = np.unique(days[feast], return_counts=True)
    return bool((counts >= _CHRISTMAS_HOURS).all())
