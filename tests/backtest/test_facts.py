"""What a report says of its run."""

import dataclasses

import msgspec
import numpy as np

from backtest.exact import Outcome
from backtest.facts import Origin, changed_settings, clock_told, facts_of
from domain.serverclock import clock_named
from newsfilter.board import NewsBoard
from strategy.params import EngineSettings, EntrySettings

HOUR_MSC = 3_600_000


def test_only_changed_settings_are_told() -> None:
    assert list(changed_settings(EngineSettings(symbols=("XAUUSD",)))) == []
    entry = EntrySettings(stop_atr=1.25)
    found = changed_settings(EngineSettings(entry=entry, model_parameters={"adx_threshold": 30.0}, model="donchian"))
    told = {one.name: (one.value, one.default) for one in found}
    assert told == {
        "entry.stop_atr": ("1.25", msgspec.json.encode(EntrySettings().stop_atr).decode()),
        "model": ("donchian", EngineSettings().model),
        "model_parameters.adx_threshold": ("30.0", ""),
    }


def test_a_clock_in_words() -> None:
    assert clock_told(clock_named("eu")) == "UTC+2, European daylight saving"
    assert clock_told(clock_named("utc-4:30")) == "UTC-4.5, no daylight saving"
    assert clock_told(clock_named("utc")) == "UTC, no daylight saving"


def test_quotes_account_and_calendar(outcome: Outcome) -> None:
    origin = Origin(version="1.2", quotes=("a.csv",))
    facts = facts_of(outcome.job, origin)
    assert facts.origin is origin
    assert (facts.deposit, facts.currency) == (outcome.job.profile.deposit, outcome.job.profile.currency)
    quotes = facts.quotes[0]
    assert quotes.ticks == len(outcome.job.ticks[quotes.symbol])
    assert quotes.last_ns == outcome.job.utc_ns(outcome.job.end_msc)
    assert quotes.made_of_bars
    assert facts.events is None
    informed = dataclasses.replace(outcome.job, news=NewsBoard(reliable_until_ns=2**62))
    assert facts_of(informed, origin).events == 0


def test_a_day_without_quotes_is_found(outcome: Outcome) -> None:
    job = outcome.job
    symbol, ticks = next(iter(job.ticks.items()))
    whole = facts_of(job, Origin()).quotes[0]
    assert whole.longest_hole_h <= 1, "the hour that daylight saving of New York moves"
    start = int(ticks["time_msc"][0]) // HOUR_MSC * HOUR_MSC + (14 * 24 + 26) * HOUR_MSC
    cut = ticks[(ticks["time_msc"] < start) | (ticks["time_msc"] >= start + 30 * HOUR_MSC)]
    holed = facts_of(dataclasses.replace(job, ticks={symbol: cut}), Origin()).quotes[0]
    assert holed.longest_hole_h == 30
    assert holed.longest_hole_ns == job.utc_ns(start)
    assert holed.missing_h == whole.missing_h + 30


def test_two_weeks_tell_nothing_of_holes(outcome: Outcome) -> None:
    symbol, ticks = next(iter(outcome.job.ticks.items()))
    early = ticks[ticks["time_msc"] < ticks["time_msc"][0] + 14 * 24 * HOUR_MSC]
    every_second = early[np.arange(len(early)) // 400 % 2 == 0]
    job = dataclasses.replace(outcome.job, ticks={symbol: every_second})
    assert facts_of(job, Origin()).quotes[0].missing_h == 0
