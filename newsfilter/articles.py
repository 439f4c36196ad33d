"""What EODHD's articles said lately, in one file: enough to weigh them after a restart, and when sources are silent."""

import datetime as dt
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol

import msgspec

from newsfilter.bulletin import NO_TONES, Tones
from newsfilter.events import NewsError
from newsfilter.http import FetchError
from newsfilter.postings import replace_whole
from newsfilter.sentiment import Article, SentimentSettings, sentiment_by_currency

_NS_PER_S: Final = 1_000_000_000
_NS_PER_DAY: Final = 86_400 * _NS_PER_S


class ArticleSource(Protocol):
    """Who knows articles."""

    def articles(self, ticker: str, first: dt.date, last: dt.date) -> list[Article]:
        """The newest articles about `ticker` of these UTC days, oldest first.

        Raises:
            FetchError: where it cannot be reached or refuses.
            NewsError: where it says something that cannot be read.
        """


class TickerArticles(msgspec.Struct, frozen=True, kw_only=True):
    """Articles about one ticker as of `fetched_ns` [UTC ns], and what went wrong since; 0 and "" for neither."""

    ticker: str
    fetched_ns: int = 0
    articles: tuple[Article, ...] = ()
    problem: str = ""


class Clippings(msgspec.Struct, frozen=True, kw_only=True):
    """Articles of all tickers."""

    tickers: tuple[TickerArticles, ...] = ()

    def of(self, ticker: str) -> TickerArticles:
        """What is known of one ticker."""
        return next((one for one in self.tickers if one.ticker == ticker), TickerArticles(ticker=ticker))

    def tones(self, now_ns: int, settings: SentimentSettings, limit_s: float) -> Tones:
        """What they say by currency at `now_ns` [UTC ns]; believed for `limit_s` [s] after the oldest answer at most.

        In steps of a hundredth, and of a tenth of that time: whoever is told need not be told anew every minute.
        """
        fetched = [one.fetched_ns for one in self.tickers]
        if not fetched or min(fetched) <= 0:
            return NO_TONES
        articles = (article for one in self.tickers for article in one.articles)
        told = sentiment_by_currency(articles, now_ns, settings)
        known = {currency: round(tone, 2) for currency, tone in told.items() if not math.isnan(tone)}
        limit_ns = round(limit_s * _NS_PER_S)
        step_ns = max(1, limit_ns // 10)
        return Tones(known, (min(fetched) + limit_ns) // step_ns * step_ns)

    def problem(self) -> str:
        """What is wrong; empty where nothing is."""
        return "; ".join(dict.fromkeys(one.problem for one in self.tickers if one.problem))


def clipped(
    clippings: Clippings, source: ArticleSource, tickers: Sequence[str], now_ns: int, window_s: float
) -> Clippings:
    """The clippings after `source` was asked once for every ticker at `now_ns` [UTC ns].

    A ticker that could not be asked keeps what is known of it.
    """
    return Clippings(tickers=tuple(_asked(clippings.of(ticker), source, now_ns, window_s) for ticker in tickers))


def _asked(known: TickerArticles, source: ArticleSource, now_ns: int, window_s: float) -> TickerArticles:
    oldest_ns = now_ns - round(window_s * _NS_PER_S)
    try:
        found = source.articles(known.ticker, _day(oldest_ns), _day(now_ns))
    except (FetchError, NewsError) as problem:
        return msgspec.structs.replace(known, problem=str(problem))
    recent = tuple(article for article in found if article.time_ns >= oldest_ns)
    return TickerArticles(ticker=known.ticker, fetched_ns=now_ns, articles=recent)


def _day(time_ns: int) -> dt.date:
    return dt.date(1970, 1, 1) + dt.timedelta(days=time_ns // _NS_PER_DAY)


_DECODER: Final = msgspec.json.Decoder(Clippings)


def read_clippings(path: Path) -> Clippings:
    """The clippings in `path`; none where there is no file, or one that cannot be read: they are fetched anew."""
    try:
        return _DECODER.decode(path.read_bytes())
    except (OSError, msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return Clippings()


def write_clippings(path: Path, clippings: Clippings) -> None:
    """Replace the file at once."""
    replace_whole(path, msgspec.json.encode(clippings))
