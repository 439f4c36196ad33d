"""The tone of articles, by currency."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsfilter.events import NewsError
from newsfilter.sentiment import Article, SentimentSettings, legs_of, sentiment_by_currency, sentiment_of_pair
from tests.newsfilter.samples import ns

NOW = ns("2024-03-08 12:00")
HOUR_NS = 3600 * 10**9
SETTINGS = SentimentSettings(window_s=86_400.0, half_life_s=3600.0, least_weight=0.0)


def article(polarity: float, hours: float = 0.0, ticker: str = "EURUSD.FOREX") -> Article:
    return Article(time_ns=NOW - round(hours * HOUR_NS), ticker=ticker, polarity=polarity)


def test_what_is_good_for_one_leg_is_bad_for_the_other() -> None:
    assert sentiment_by_currency([article(0.5)], NOW, SETTINGS) == {"EUR": 0.5, "USD": -0.5}
    assert legs_of("XAUUSD.FOREX") == {"XAU": 1, "USD": -1}
    assert legs_of("BTC-USD.CC") == {"BTC": 1, "USD": -1}


def test_an_hour_halves_the_weight() -> None:
    tones = sentiment_by_currency([article(1.0), article(-1.0, hours=1)], NOW, SETTINGS)
    assert tones["EUR"] == pytest.approx((1.0 - 0.5) / 1.5)


def test_old_articles_and_those_of_the_future_do_not_count() -> None:
    assert sentiment_by_currency([article(1.0, hours=25), article(1.0, hours=-1)], NOW, SETTINGS) == {}


def test_too_little_is_no_opinion() -> None:
    settings = SentimentSettings(least_weight=2.0)
    assert math.isnan(sentiment_by_currency([article(1.0)], NOW, settings)["EUR"])
    assert sentiment_by_currency([article(1.0)] * 2, NOW, settings)["EUR"] == 1.0


def test_a_ticker_that_is_no_pair_is_told() -> None:
    with pytest.raises(NewsError, match=r"AAPL\.US: is no pair"):
        legs_of("AAPL.US")


articles = st.lists(
    st.builds(
        article, st.floats(-1, 1), st.floats(-2, 30), st.sampled_from(["EURUSD.FOREX", "GBPUSD.FOREX", "EURGBP.FOREX"])
    ),
    max_size=30,
)


@given(articles)
def test_it_stays_between_minus_one_and_one_and_does_not_depend_on_the_order(found: list[Article]) -> None:
    tones = sentiment_by_currency(found, NOW, SETTINGS)
    backwards = sentiment_by_currency(reversed(found), NOW, SETTINGS)
    assert all(-1.0 - 1e-12 <= tone <= 1.0 + 1e-12 for tone in tones.values())
    assert tones.keys() == backwards.keys()
    assert all(tones[leg] == pytest.approx(backwards[leg], abs=1e-9) for leg in tones)
    pair = sentiment_of_pair(tones, "EUR", "USD")
    assert math.isnan(pair) or pair == -sentiment_of_pair(tones, "USD", "EUR")


def test_a_figure_of_many_articles_counts_as_many() -> None:
    one = Article(time_ns=NOW, ticker="EURUSD.FOREX", polarity=-0.6)
    many = [Article(time_ns=NOW, ticker="EURUSD.FOREX", polarity=0.2) for _ in range(5)]
    figure = Article(time_ns=NOW, ticker="EURUSD.FOREX", polarity=0.2, weight=5.0)
    assert sentiment_by_currency([one, figure], NOW, SETTINGS) == pytest.approx(
        sentiment_by_currency([one, *many], NOW, SETTINGS)
    )
