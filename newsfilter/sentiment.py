"""What articles say about currencies: one number in -1..1 for each, the young ones counting more.

The weight of an article halves with every `half_life_s`; older than `window_s` it does not count. With less weight than
`least_weight` in all there is no opinion: a single article must not stop trading.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from newsfilter.events import NewsError
from newsfilter.instruments import pair_of

_NS_PER_S: Final = 1_000_000_000
_PAIR_LETTERS: Final = 6
SOURCE: Final = "eodhd"


class Article(msgspec.Struct, frozen=True, kw_only=True):
    """The tone of one article, or of `weight` of them, about one ticker: `polarity` in -1..1, `time_ns` [UTC ns]."""

    time_ns: int
    ticker: str
    polarity: float
    weight: float = 1.0


class SentimentSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How articles are weighed."""

    window_s: Annotated[float, Meta(gt=0.0, le=2_592_000.0)] = 86_400.0
    half_life_s: Annotated[float, Meta(gt=0.0, le=2_592_000.0)] = 21_600.0
    least_weight: Annotated[float, Meta(ge=0.0)] = 2.0


OF_ARTICLES: Final = SentimentSettings()
OF_DAYS: Final = SentimentSettings(window_s=259_200.0, half_life_s=86_400.0)
"""A day's figure stands at the day's midnight, and the last days may be missing."""


def legs_of(ticker: str) -> Mapping[str, int]:
    """What a rise of `ticker` (EURUSD.FOREX, XAUUSD.FOREX, BTC-USD.CC) means for its two legs: +1 and -1.

    Raises:
        NewsError: for a ticker that is no pair.
    """
    name = ticker.upper().partition(".")[0].replace("-", "")
    if len(name) < _PAIR_LETTERS:
        raise NewsError(SOURCE, ticker, "is no pair of currencies; use one such as EURUSD.FOREX")
    return {name[:-3]: 1, name[-3:]: -1}


def sentiment_by_currency(articles: Iterable[Article], now_ns: int, settings: SentimentSettings) -> dict[str, float]:
    """Weighted mean of the tone towards each currency at `now_ns` [UTC ns]; NaN where there is too little to say."""
    weights: dict[str, float] = {}
    sums: dict[str, float] = {}
    for article in articles:
        age_s = (now_ns - article.time_ns) / _NS_PER_S
        if not 0.0 <= age_s <= settings.window_s or not -1.0 <= article.polarity <= 1.0:
            continue
        weight = article.weight * 2.0 ** (-age_s / settings.half_life_s)
        for leg, sign in legs_of(article.ticker).items():
            weights[leg] = weights.get(leg, 0.0) + weight
            sums[leg] = sums.get(leg, 0.0) + sign * weight * article.polarity
    return {
        leg: sums[leg] / weight if weight > 0.0 and weight >= settings.least_weight else math.nan
        for leg, weight in weights.items()
    }


def sentiment_of_pair(tones: Mapping[str, float], base: str, quote: str) -> float:
    """Tone towards a rise of `base` in `quote`: half the difference of the two, -1..1; what is not known counts as 0.

    NaN where neither is known.
    """
    first, second = tones.get(base, math.nan), tones.get(quote, math.nan)
    if math.isnan(first) and math.isnan(second):
        return math.nan
    return ((0.0 if math.isnan(first) else first) - (0.0 if math.isnan(second) else second)) / 2.0


def tone_of_symbol(tones: Mapping[str, float], symbol: str) -> float | None:
    """Tone towards a rise of `symbol`, -1..1; None where nobody knows, or where it is no pair of two things."""
    pair = pair_of(symbol)
    tone = sentiment_of_pair(tones, *pair) if pair is not None else math.nan
    return None if math.isnan(tone) else tone
