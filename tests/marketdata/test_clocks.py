"""The clock of quotes, told by when their market closes; on real files it is the one found by correlating returns."""

from pathlib import Path

import numpy as np
import pytest

from domain.serverclock import UTC_CLOCK, ServerClock, clock_named
from marketdata import load_quotes
from marketdata.clocks import agreement, alike, measured_clocks
from tests.marketdata.samples import market_bars

NAMES = ["utc", "utc+2/us", "utc+2/eu", "utc+3", "utc-5", "utc+10/eu", "utc-12", "utc+14"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("daily_break", [False, True])
def test_a_year_tells_its_clock(name: str, daily_break: bool) -> None:
    clock = clock_named(name)
    evidence = measured_clocks(market_bars(52, clock, daily_break=daily_break)["time"], 3600)
    assert evidence.clocks == (clock,)
    assert 0.9 * evidence.closes < evidence.hits <= evidence.closes


def test_a_summer_leaves_open_what_winter_will_be() -> None:
    times = market_bars(8, clock_named("us"), first="2024-05-06")["time"]
    assert measured_clocks(times, 3600).clocks == tuple(map(clock_named, ("utc+2/us", "utc+2/eu", "utc+3")))


def test_one_week_in_which_the_rules_differ_is_not_enough() -> None:
    """From 2024-02-19 on: two weeks alike, then one closes an hour earlier in one rule than in the other."""
    times = market_bars(4, clock_named("us"), first="2024-02-19")["time"]
    evidence = measured_clocks(times, 3600)
    assert evidence.clocks == ()
    assert evidence.possible is not None
    assert {clock_named("us"), clock_named("eu")} <= set(evidence.possible)
    assert "more than one clock fits" in evidence.reason


@pytest.mark.parametrize(
    ("times", "period_s", "reason"),
    [
        (np.arange(0, 86_400, 3600), 3600, "no weekend and no daily break"),
        (np.array([0]), 3600, "no weekend and no daily break"),
        (market_bars(20, UTC_CLOCK, period_s=14_400)["time"], 14_400, "do not tell"),
        (np.concatenate([np.arange(8) * 3600 + day * 86_400 * 7 for day in range(9)]), 3600, "on any clock"),
    ],
)
def test_what_does_not_tell_is_not_guessed(times: np.ndarray, period_s: int, reason: str) -> None:
    evidence = measured_clocks(times, period_s)
    assert evidence.clocks == ()
    assert reason in evidence.reason


def test_how_far_a_clock_agrees_with_those_measured() -> None:
    times = market_bars(30, clock_named("us"))["time"]
    evidence = measured_clocks(times, 3600)
    assert agreement(UTC_CLOCK, evidence, times) == 0.0
    assert 0.8 < agreement(clock_named("eu"), evidence, times) < 1.0
    assert agreement(clock_named("us"), evidence, times) == 1.0
    assert agreement(UTC_CLOCK, measured_clocks(times[:20], 3600), times) == 1.0


def test_clocks_alike_are_those_that_agree_on_all_times() -> None:
    winter = np.array([1_736_000_000])
    clocks = tuple(map(clock_named, ("us", "utc+2", "eu", "utc+3")))
    assert [clock.name for clock in alike(clocks, winter)] == ["utc+2/us", "utc+2", "utc+2/eu"]
    assert alike(clocks, winter + 15_000_000) == (clocks[0], clocks[2], clocks[3])


@pytest.mark.parametrize(
    ("name", "clock"),
    [
        ("bars/oanda_EURUSD_H1_bidask_to2014_utc.parquet", "utc"),
        ("m1/fxcm_GBPUSD_M1_bidask_2012_02_utc.parquet", "utc"),
        ("bars/metaquotes_demo_XAUUSD_H1_2018_2023_server.parquet", "eu"),
        ("bars/metaquotes_demo_USDJPY_H1_2018_2023_server.parquet", "eu"),
        ("bars/metaquotes_US30_H1_server.parquet", "eu"),
        ("bars/metaquotes_US30_M15_server.parquet", "eu"),
        ("mt5_export/XAUUSD_M5_202501020100_202506302355.csv.gz", "eu"),
        ("bars/vantage_live_EURUSD_H1_2021_2024_server.parquet", "us"),
        ("m1/icmarkets_EURUSD_M1_2025_01_08_server.parquet", "us"),
        ("bars/ftmo_US500.cash_M15_server.parquet", "us"),
        ("bars/ftmo_AUDUSD.x_M15_server.parquet", "us"),
    ],
)
def test_real_files_are_on_the_clock_their_returns_prove(reference: Path, name: str, clock: str) -> None:
    quotes = load_quotes(reference / name)
    assert quotes.bars is not None
    assert quotes.timeframe is not None
    found: tuple[ServerClock, ...] = measured_clocks(quotes.bars["time"], quotes.timeframe.seconds).clocks
    assert found == (clock_named(clock),)
