"""A compiled run is the exact one: every decision bit for bit, every deal, the money at the end."""

import dataclasses
import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backtest.compiled import preparing
from backtest.compiled.driving import play_until
from backtest.compiled.outcome import outcome_of, played, run_compiled
from backtest.compiled.preparing import NotCompiled, prepared
from backtest.job import Job
from domain.serverclock import Daylight, ServerClock
from domain.symbols import SwapMode, SymbolTradeMode
from domain.timeframes import HOUR_S, Timeframe
from domain.trading import MarginMode
from marketdata import load_quotes, ohlc_ticks
from marketdata.drifting import TRENDING, DriftingSymbol, drifting_bars
from newsfilter.board import BoardEvent, NewsBoard, SymbolNews
from newsfilter.events import Impact
from sim.holidays import Holiday, usual_holidays
from sim.profiles import CommissionCharge, CommissionRule, LeverageTier, justmarkets_symbol
from sim.terms import HolidaySwap, SymbolTerms
from strategy.params import EngineSettings, GuardSettings, KellySettings, LeverageSettings, SlippageSettings
from tests.backtest.compiled.identity import same
from tests.backtest.jobs import EAGER, a_job
from tests.parity import runs

replace = msgspec.structs.replace
NS_PER_S = 10**9
LOOSE = GuardSettings(
    floating_loss_fraction=0.5,
    day_loss_fraction=0.5,
    drawdown_fraction=0.3,
    reduce_fraction=0.4,
    halt_fraction=0.5,
)
BUSY = replace(
    EAGER,
    timeframes=(Timeframe.H1, Timeframe.H2, Timeframe.H4),
    entry=replace(
        EAGER.entry,
        score_threshold=0.3,
        max_symbol_positions=6,
        risk_fraction=0.02,
        duplicate_window_s=0.0,
        min_reward_to_risk=0.5,
        stop_atr=1.0,
        target_atr=2.0,
    ),
    kelly=KellySettings(enabled=False),
    guards=LOOSE,
    portfolio=replace(EAGER.portfolio, cool_down_s=0.0),
    care=replace(EAGER.care, break_even_r=0.3, trailing_start_r=0.5, partial_legs=((0.2, 0.25), (0.4, 0.25))),
)
"""Several positions at once, of three charts."""
LOW = (LeverageTier(equity_from=0.0, leverage=20),)


Changes = Mapping[str, object]


def busy_job(
    rules: EngineSettings = BUSY,
    *,
    weeks: int = 3,
    profile: Changes = MappingProxyType({}),
    spec: Changes = MappingProxyType({}),
    clock: ServerClock | None = None,
) -> Job:
    job = a_job(weeks, rules, seed=5)
    account, symbol = replace(job.profile, **profile), replace(job.specs[0], **spec)
    return dataclasses.replace(job, profile=account, specs=(symbol,), clock=clock or job.clock)


def with_news() -> Job:
    job = busy_job()
    start_ns, day_ns = job.utc_ns(job.start_msc), 86_400 * NS_PER_S
    events = tuple(
        BoardEvent(
            time_ns=start_ns + day * day_ns,
            currency="USD",
            name=f"release {day}",
            impact=Impact.HIGH,
            symbols=("EURUSD",),
            start_ns=start_ns + day * day_ns - 1800 * NS_PER_S,
            end_ns=start_ns + day * day_ns + 1800 * NS_PER_S,
        )
        for day in range(1, 12)
    )
    windows = tuple((event.start_ns, event.end_ns) for event in events)
    board = NewsBoard(
        reliable_until_ns=start_ns + 15 * day_ns,
        symbols=(SymbolNews("EURUSD", windows, -0.3),),
        events=events,
        tones_until_ns=start_ns + 8 * day_ns,
    )
    rules = replace(BUSY, care=replace(BUSY.care, news_close_s=3600.0))
    return dataclasses.replace(job, news=board, settings=rules)


CASES = {
    "tiers of leverage": lambda: busy_job(profile={"deposit": 5010.0}),
    "stop out": lambda: busy_job(
        replace(BUSY, leverage=LeverageSettings(normal=500.0, proven=500.0, stressed=500.0, news=500.0)),
        profile={"tiers": LOW, "stop_out_fraction": 2.0, "reduced": ()},
    ),
    "levels too near": lambda: busy_job(spec={"stops_level_points": 60, "freeze_level_points": 40}),
    "commission of every deal": lambda: busy_job(
        profile={"commission": CommissionRule(per_lot=3.5, per_deal=0.1, charge=CommissionCharge.EACH_DEAL)}
    ),
    "slippage measured": lambda: busy_job(replace(BUSY, slippage=SlippageSettings(min_fills=5, window_fills=5))),
    "guards trip": lambda: busy_job(
        replace(
            BUSY,
            guards=GuardSettings(
                floating_loss_fraction=0.01,
                day_loss_fraction=0.012,
                drawdown_fraction=0.02,
                reduce_fraction=0.03,
                halt_fraction=0.4,
            ),
        )
    ),
    "limits of the broker": lambda: busy_job(profile={"limit_positions": 2}, spec={"volume_limit": 1.0}),
    "sells alone": lambda: busy_job(spec={"trade_mode": SymbolTradeMode.SHORTONLY}),
    "news": with_news,
}


@pytest.mark.parametrize("case", CASES)
def test_what_a_broker_and_a_calendar_do(case: str) -> None:
    same(CASES[case]())


@pytest.mark.parametrize("case", ["tiers of leverage", "guards trip", "news"])
@pytest.mark.parametrize("threshold", [0.3, 0.55])
def test_bars_without_a_signal_can_be_passed_over(case: str, threshold: float) -> None:
    job = CASES[case]()
    rules = replace(job.settings, entry=replace(job.settings.entry, score_threshold=threshold))
    job = dataclasses.replace(job, settings=rules)
    whole, ready = run_compiled(job, keep_decisions=True), prepared(job, count_gates=False)
    assert not isinstance(whole, NotCompiled)
    assert not isinstance(ready, NotCompiled)
    assert played(ready) is None
    swift = outcome_of(ready)
    assert (swift.deals, swift.money) == (whole.deals, whole.money)
    assert swift.acted.tobytes() == whole.acted.tobytes()
    assert all(ours.tobytes() == theirs.tobytes() for ours, theirs in zip(swift.curve, whole.curve, strict=True))
    assert swift.refusals.bars < whole.refusals.bars


def test_two_charts_with_every_kind_of_care() -> None:
    assert len(same(a_job()).intents) > 20


def test_what_is_counted_does_not_depend_on_records_being_kept() -> None:
    kept, brief = (run_compiled(a_job(), keep_decisions=keeps) for keeps in (True, False))
    assert not isinstance(kept, NotCompiled)
    assert not isinstance(brief, NotCompiled)
    assert len(kept.decisions) > len(brief.decisions) == 0
    assert (brief.deals, brief.intents, brief.money) == (kept.deals, kept.intents, kept.money)
    assert brief.acted.tobytes() == kept.acted.tobytes()
    assert brief.refusals.episodes.tobytes() == kept.refusals.episodes.tobytes()
    assert brief.refusals.tallies() == kept.refusals.tallies()
    assert all(ours.tobytes() == theirs.tobytes() for ours, theirs in zip(brief.curve, kept.curve, strict=True))


def test_a_clock_with_daylight_saving_and_holidays() -> None:
    """The market begins in January: the clock changes in its thirteenth week."""
    terms = SymbolTerms(
        uses_larger_leg=True, holiday_swap=HolidaySwap.NIGHT_AFTER, swap_multipliers=(0, 1, 1, 3, 1, 1, 0)
    )
    short = Holiday(day=dt.date(2018, 2, 5), hours=((3600, 7200),), every_year=True)
    profile = {"holidays": (*usual_holidays(range(2018, 2026)), short), "terms": {"EURUSD": terms}}
    clock = ServerClock(winter_offset_s=2 * HOUR_S, daylight=Daylight.EU)
    job = busy_job(EAGER, weeks=18, profile=profile, clock=clock)
    assert clock.offset_at(job.start_msc) != clock.offset_at(job.end_msc)
    same(job)


def test_two_symbols_on_one_account() -> None:
    yen = DriftingSymbol(name="USDJPY", digits=3, start_points=150_000, spread_points=14, move_points=180)
    ticks = {
        "EURUSD": ohlc_ticks(drifting_bars(3, 2, TRENDING), Timeframe.H1, 1e-5),
        "USDJPY": ohlc_ticks(drifting_bars(5, 2, TRENDING, yen), Timeframe.H1, 1e-3),
    }
    specs = tuple(replace(justmarkets_symbol(one), swap_long=-6.0, swap_short=4.0) for one in reversed(ticks))
    job = a_job(2, replace(BUSY, symbols=tuple(ticks)))
    exact = same(dataclasses.replace(job, specs=specs, ticks=ticks))
    assert {trip.symbol for trip in exact.trips} == set(ticks)


@given(
    seed=st.integers(0, 10_000),
    threshold=st.floats(0.2, 0.7),
    stop=st.floats(0.5, 3.0),
    reward=st.floats(0.5, 3.0),
    care=st.fixed_dictionaries(
        {
            "break_even_r": st.sampled_from([0.0, 0.4, 1.0]),
            "trailing_atr": st.sampled_from([0.0, 1.0, 2.0]),
            "chandelier_atr": st.sampled_from([0.0, 2.0]),
            "stepped_r": st.sampled_from([0.0, 0.5]),
            "partial_legs": st.sampled_from([(), ((0.3, 0.5),), ((0.2, 0.25), (0.5, 0.5))]),
            "max_holding_s": st.sampled_from([0.0, 30_000.0]),
            "rollover_close_s": st.sampled_from([0.0, 4000.0]),
            "retry_pause_s": st.sampled_from([0.0, 30.0]),
        }
    ),
    deposit=st.sampled_from([300.0, 4000.0, 39_900.0]),
    slippage=st.sampled_from([0.0, 3.0]),
    swaps=st.tuples(st.floats(-20.0, 20.0), st.floats(-20.0, 20.0)),
)
@settings(max_examples=15)
def test_any_settings(
    seed: int,
    threshold: float,
    stop: float,
    reward: float,
    care: dict[str, Any],
    deposit: float,
    slippage: float,
    swaps: tuple[float, float],
) -> None:
    entry = replace(BUSY.entry, score_threshold=threshold, stop_atr=stop, target_atr=stop * reward)
    rules = replace(BUSY, entry=entry, care=replace(BUSY.care, **care), kelly=KellySettings())
    job = a_job(3, rules, seed=seed)
    profile = replace(job.profile, deposit=deposit, slippage_points=slippage)
    spec = replace(job.specs[0], swap_long=swaps[0], swap_short=swaps[1])
    same(dataclasses.replace(job, profile=profile, specs=(spec,)))


def test_it_can_be_stopped_anywhere_and_its_trail_grows(monkeypatch: pytest.MonkeyPatch) -> None:
    job = busy_job()
    whole = run_compiled(job, keep_decisions=True)
    monkeypatch.setattr(preparing, "_FIRST_ROWS", 1)
    ready = prepared(job, keep_decisions=True)
    assert not isinstance(whole, NotCompiled)
    assert not isinstance(ready, NotCompiled)
    grew = False
    for time_msc in np.linspace(job.start_msc - 1, job.end_msc, 200):
        while play_until(ready.run, int(time_msc)) == 2:
            ready.run, grew = preparing.grown(ready.run), True
    assert grew
    assert played(ready) is None
    stepped = outcome_of(ready)
    assert (stepped.deals, stepped.money) == (whole.deals, whole.money)
    assert stepped.decisions.tobytes() == whole.decisions.tobytes()


@pytest.mark.parametrize("market", runs.MARKETS, ids=lambda market: market.name)
def test_real_quotes(reference: Path, market: runs.Market) -> None:
    same(runs.a_job(market, market.ticks(reference)[:60_000]))


@pytest.mark.parametrize("symbol", ["EURUSD", "USDJPY", "XAUUSD"])
def test_real_hours(reference: Path, symbol: str) -> None:
    path = reference / f"bars/metaquotes_demo_{symbol}_H1_2018_2023_server.parquet"
    quotes = load_quotes(path, symbol=symbol, timeframe=Timeframe.H1)
    assert quotes.bars is not None
    assert quotes.timeframe is not None
    ticks = ohlc_ticks(quotes.bars[:3000], quotes.timeframe, quotes.point)
    rules = replace(EAGER, symbols=(symbol,)).on_made_ticks()
    spec = replace(justmarkets_symbol(symbol), swap_long=-6.0, swap_short=-2.0)
    same(dataclasses.replace(a_job(1, rules), ticks={symbol: ticks}, specs=(spec,)))


@pytest.mark.parametrize(
    ("profile", "spec", "words"),
    [
        ({"margin_mode": MarginMode.RETAIL_NETTING}, {}, "hedging"),
        ({"tiers": tuple(LeverageTier(equity_from=float(at), leverage=500 - at) for at in range(9))}, {}, "tiers"),
        ({}, {"swap_mode": SwapMode.INTEREST_OPEN}, "swap"),
        ({}, {"margin_initial": 100.0, "margin_maintenance": 50.0}, "margin"),
        ({"currency": "GBP"}, {}, "another symbol"),
    ],
)
def test_what_only_exact_can_do_is_refused(profile: dict[str, Any], spec: dict[str, Any], words: str) -> None:
    job = busy_job(weeks=1)
    if "currency" in profile:
        specs = (*job.specs, justmarkets_symbol("GBPUSD"))
        job = dataclasses.replace(job, profile=replace(job.profile, **profile), specs=specs)
    else:
        job = busy_job(weeks=1, profile=profile, spec=spec)
    refusal = run_compiled(job)
    assert isinstance(refusal, NotCompiled)
    assert words in refusal.reason


def test_ticks_that_are_no_quotes_are_left_to_exact() -> None:
    job = busy_job(weeks=1)
    job.ticks["EURUSD"]["bid"][7] = 0.0
    refusal = run_compiled(job)
    assert isinstance(refusal, NotCompiled)
    assert "no quotes" in refusal.reason
