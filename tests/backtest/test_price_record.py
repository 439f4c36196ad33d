"""Candles, stops and blackouts of a run, as they are kept for its chart."""

import dataclasses

import numpy as np
import pytest

from backtest.blackouts import Blackout, blackouts_of
from backtest.candles import Candles, candles_of, coarser, finest_chart
from backtest.exact import Outcome
from backtest.levels import Level, levels_of
from domain.intents import IntentKind
from domain.timeframes import DAY_S, HOUR_S, WEEK_S, Timeframe, bar_open_time
from newsfilter.board import BoardEvent, NewsBoard, SymbolNews
from newsfilter.events import Impact
from tests.backtest.jobs import a_job

NS = 1_000_000_000


def test_candles_are_the_bars_that_the_quotes_were_made_of(outcome: Outcome) -> None:
    job = outcome.job
    symbol, ticks = next(iter(job.ticks.items()))
    candles = candles_of(job)[symbol]
    assert finest_chart(job) is Timeframe.H1
    seconds = ticks["time_msc"] // 1000
    opens = seconds // HOUR_S * HOUR_S
    for place in (0, 1, 77, len(candles.time_ns) - 1):
        server_s = candles.time_ns[place] // NS + job.clock.offset_at_utc(int(candles.time_ns[place]) // NS)
        bids = ticks["bid"][opens == server_s]
        assert (candles.open[place], candles.close[place]) == (bids[0], bids[-1])
        assert (candles.high[place], candles.low[place]) == (bids.max(), bids.min())
    assert len(candles.time_ns) == len(np.unique(opens))


def a_row(count: int, step_s: int) -> Candles:
    prices = 100.0 + np.arange(float(count))
    times = np.arange(count, dtype=np.int64) * step_s * NS
    return Candles(times, prices, prices + 2.0, prices - 2.0, prices + 1.0)


@pytest.mark.parametrize(("period_s", "number"), [(4 * HOUR_S, 25), (DAY_S, 5), (WEEK_S, 2)])
def test_coarser_candles_hold_the_finer_ones(period_s: int, number: int) -> None:
    fine = a_row(100, HOUR_S)
    found = coarser(fine, period_s)
    assert len(found.time_ns) == number
    assert found.time_ns[-1] // NS == bar_open_time(int(fine.time_ns[-1]) // NS, period_s)
    assert (found.open[0], found.close[-1]) == (fine.open[0], fine.close[-1])
    assert (found.high.max(), found.low.min()) == (fine.high.max(), fine.low.min())
    assert coarser(found, period_s)._fields == found._fields
    assert all(np.array_equal(a, b) for a, b in zip(coarser(found, period_s), found, strict=True))


def test_levels_begin_with_the_entry_and_follow_every_move(outcome: Outcome) -> None:
    levels = levels_of(outcome.trips, outcome.intents)
    moves = [intent for intent in outcome.intents if intent.kind is IntentKind.MODIFY]
    assert moves, "the job moves stops"
    assert len(levels) == len(outcome.trips) + len(moves)
    for trip in outcome.trips:
        own = [level for level in levels if level.position_id == trip.position_id]
        assert own[0] == Level(trip.position_id, trip.opened_ns, trip.sl, trip.tp)
        assert [level.time_ns for level in own] == sorted(level.time_ns for level in own)
        stops = [level.sl * trip.side for level in own]
        assert stops == sorted(stops), "a stop is never moved away"


def an_event(name: str, start_ns: int, end_ns: int, symbols: tuple[str, ...]) -> BoardEvent:
    return BoardEvent(
        time_ns=start_ns,
        currency="USD",
        name=name,
        impact=Impact.HIGH,
        symbols=symbols,
        start_ns=start_ns,
        end_ns=end_ns,
    )


def test_blackouts_have_the_names_of_their_events() -> None:
    job = a_job()
    first, last = job.utc_ns(job.start_msc), job.utc_ns(job.end_msc)
    hour = HOUR_S * NS
    board = NewsBoard(
        reliable_until_ns=2**62,
        symbols=(
            SymbolNews(
                "EURUSD", ((first - 5 * hour, first - hour), (first + hour, first + 4 * hour), (last + 1, last + 2))
            ),
            SymbolNews("XAUUSD", ((first, last),)),
        ),
        events=(
            an_event("CPI", first + 2 * hour, first + 4 * hour, ("EURUSD",)),
            an_event("CPI", first + 2 * hour, first + 4 * hour, ("EURUSD",)),
            an_event("Payrolls", first + hour, first + 3 * hour, ("EURUSD", "XAUUSD")),
            an_event("Other", first + 2 * hour, first + 3 * hour, ("XAUUSD",)),
        ),
    )
    told = blackouts_of(dataclasses.replace(job, news=board))
    assert told == (Blackout("EURUSD", first + hour, first + 4 * hour, "USD Payrolls; USD CPI"),)
    assert blackouts_of(job) == ()
