"""Series that no market made are told from those one did."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from domain.serverclock import UTC_CLOCK
from marketdata import load_quotes
from marketdata.clocks import measured_clocks
from marketdata.invented import never_closes, signs_of_invention
from marketdata.sessions import local_times, week_of, weekend
from tests.marketdata.samples import market_bars

Bars = npt.NDArray[np.void]


def walk(weeks: int, *, weekends: bool) -> Bars:
    """A random walk by the hour, as people make test data."""
    bars = np.resize(market_bars(1, UTC_CLOCK), weeks * 168)
    random = np.random.default_rng(3)
    bars["time"] = 1_704_672_000 + 3600 * np.arange(bars.size)
    closes = 1.1 * np.exp(np.cumsum(random.normal(0, 0.001, bars.size)))
    bars["close"], bars["open"] = closes, np.concatenate(([1.1], closes[:-1]))
    bars["high"] = np.maximum(bars["open"], closes) + random.exponential(3e-4, bars.size)
    bars["low"] = np.minimum(bars["open"], closes) - random.exponential(3e-4, bars.size)
    bars["tick_volume"] = random.integers(500, 1500, bars.size)
    return bars if weekends else bars[~weekend(local_times(bars["time"]), 3600)]


def signs(bars: Bars, symbol: str = "EURUSD") -> list[str]:
    local_s = local_times(bars["time"])
    return signs_of_invention(bars, local_s, week_of(local_s, 3600), 3600, symbol)


def test_a_market_shows_no_sign() -> None:
    assert signs(market_bars(60, UTC_CLOCK)) == []
    assert signs(market_bars(60, UTC_CLOCK, daily_break=True), "XAUUSD") == []


def test_every_hour_present_and_no_rest_is_seen() -> None:
    found = signs(walk(20, weekends=True))
    assert "it trades through the weekends" in found
    assert "no bar is missing from the first to the last" in found


def test_a_walk_with_weekends_is_seen_by_its_moves() -> None:
    found = signs(walk(60, weekends=False))
    assert found == [
        "bars range as far in the quietest hour of the day as in the busiest",
        "tick volume is the same at all hours",
        "returns have the thin tails of a random walk",
        "it trades all day on Christmas and New Year",
    ]


def test_gold_without_its_daily_break_is_seen() -> None:
    found = signs(market_bars(30, UTC_CLOCK), "XAUUSD.m")
    assert found == ["there is no daily break at 17:00 New York, which metals have"]


def test_a_market_that_never_closes_may_trade_on_weekends() -> None:
    bars = market_bars(30, UTC_CLOCK)
    always = np.resize(bars, 30 * 168)
    always["time"] = 1_704_672_000 + 3600 * np.arange(always.size)
    assert signs(always, "BTCUSD") == []
    assert signs(always, "EURUSD") != []
    assert [never_closes(name) for name in ("BTCUSD", "#ETHEUR", "EURUSD", "XAUUSD")] == [True, True, False, False]


def test_one_sign_alone_is_no_proof() -> None:
    bars = market_bars(60, UTC_CLOCK)
    bars["tick_volume"] = 100
    assert signs(bars) == []


@pytest.mark.parametrize("weeks", [1, 3])
def test_too_little_says_nothing(weeks: int) -> None:
    assert signs(walk(weeks, weekends=True)) == []


@pytest.mark.parametrize("folder", ["bars", "m1", "mt5_export"])
def test_no_real_file_is_taken_for_invented(reference: Path, folder: str) -> None:
    judged = 0
    for path in (reference / folder).iterdir():
        quotes = load_quotes(path)
        if quotes.bars is None or quotes.timeframe is None or quotes.timeframe.seconds > 3600:
            continue
        times, period_s = quotes.bars["time"], quotes.timeframe.seconds
        local_s = local_times(times - measured_clocks(times, period_s).clocks[0].offsets_at(times))
        assert signs_of_invention(quotes.bars, local_s, week_of(local_s, period_s), period_s, quotes.symbol) == []
        judged += quotes.bars.size >= 1000
    assert judged
