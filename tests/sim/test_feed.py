import numpy as np
import pytest

from advisor.batches import Batch
from domain.dtypes import RATES_DTYPE
from domain.timeframes import Timeframe
from marketdata.tape import Tape
from sim.feed import Feed
from sim.matching import Rows
from tests.sim.venues import EURUSD, MONDAY_MSC, USDJPY, Venue, ticks_of

FLAT = (1.1, 1.1002)


def feed_of(venue: Venue, ticks: Rows, max_ticks: int = 1) -> Feed:
    return Feed(venue.terminal, Tape((venue.symbol,), {venue.symbol: ticks}), max_ticks=max_ticks)


def played(feed: Feed) -> list[Batch]:
    batches = []
    while not feed.is_over:
        batches.append(feed.play()[1])
    return batches


def traded(venue: Venue) -> int:
    """A position with a stop, everything told."""
    venue.quote(*FLAT)
    ticket = venue.open(1, 0.1, sl=1.099).order_ticket
    venue.terminal.take_changes()
    return ticket


@pytest.mark.parametrize(("max_ticks", "sizes"), [(1, [1] * 7), (3, [3, 3, 1]), (100, [7])])
def test_every_tick_is_played_once_and_in_order(max_ticks: int, sizes: list[int]) -> None:
    ticks = ticks_of([FLAT] * 7)
    feed = feed_of(Venue(), ticks, max_ticks=max_ticks)
    batches = played(feed)
    assert [len(batch.ticks) for batch in batches] == sizes
    assert np.concatenate([batch.ticks for batch in batches]).tobytes() == ticks.tobytes()
    assert [batch.number for batch in batches] == list(range(1, len(sizes) + 1))
    assert (feed.played, feed.total) == (7, 7)
    with pytest.raises(StopIteration):
        feed.play()


def test_an_empty_tape_is_over_at_once() -> None:
    assert feed_of(Venue(), ticks_of([])).is_over


def test_the_terminal_stands_at_the_last_tick_of_the_batch() -> None:
    venue = Venue()
    feed = feed_of(venue, ticks_of([(1.1, 1.1002), (1.2, 1.2002), (1.3, 1.3002)]), max_ticks=2)
    _, batch = feed.play()
    assert venue.terminal.quote("EURUSD")[:2] == (1.2, 1.2002)
    assert batch.money == venue.terminal.money()


def test_a_batch_ends_before_a_tick_that_stops_a_position_out() -> None:
    venue = Venue()
    ticket = traded(venue)
    quotes = [FLAT, FLAT, (1.0985, 1.0987), FLAT, FLAT]
    feed = feed_of(venue, ticks_of(quotes, start_msc=venue.clock_msc + 1), max_ticks=10)
    before, first = feed.play()
    after, second = feed.play()
    assert (before, len(first.ticks), len(second.ticks)) == (None, 2, 3)
    assert after is not None
    assert after.positions_gone == (ticket,)
    assert after.deals[0].price == 1.0985
    assert second.money.balance < first.money.balance


def test_in_lock_step_the_report_comes_right_before_its_tick() -> None:
    venue = Venue()
    traded(venue)
    feed = feed_of(venue, ticks_of([FLAT, (1.0985, 1.0987), FLAT], start_msc=venue.clock_msc + 1))
    assert [update is not None for update, _ in (feed.play() for _ in range(3))] == [False, True, False]


def test_a_change_by_hand_is_told_before_the_next_batch() -> None:
    venue = Venue()
    feed = feed_of(venue, ticks_of([FLAT] * 3))
    feed.play()
    venue.by_hand(1, 0.1)
    update, _ = feed.play()
    assert update is not None
    assert [deal.magic for deal in update.deals] == [0]


def test_symbols_come_in_the_order_of_time_under_the_terminal_s_index() -> None:
    venue = Venue(EURUSD, USDJPY)
    tape = Tape(
        ("USDJPY", "EURUSD"),
        {
            "USDJPY": ticks_of([(150.0, 150.1)] * 3, start_msc=MONDAY_MSC + 500),
            "EURUSD": ticks_of([FLAT] * 3, start_msc=MONDAY_MSC),
        },
    )
    batches = played(Feed(venue.terminal, tape))
    assert [(batch.symbol, batch.symbol_index) for batch in batches] == [("EURUSD", 0), ("USDJPY", 1)] * 3


def test_windows_join_a_symbol_s_ticks() -> None:
    venue = Venue(EURUSD, USDJPY)
    pair = {name: ticks_of([FLAT] * 4, step_msc=250) for name in venue.terminal.symbols}
    feed = Feed(venue.terminal, Tape(venue.terminal.symbols, pair), max_ticks=100, batch_ms=1000)
    assert [len(batch.ticks) for batch in played(feed)] == [4, 4]


def test_a_symbol_the_terminal_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match="symbol GBPUSD is on the tape, but the terminal has EURUSD"):
        Feed(Venue().terminal, Tape(("GBPUSD",), {"GBPUSD": ticks_of([FLAT])}))


# -- bars --------------------------------------------------------------------------------------------------------------

HISTORY = np.zeros(4, RATES_DTYPE)
HISTORY["time"] = MONDAY_MSC // 1000 - 60 * np.arange(4, 0, -1)


def minutes(count: int) -> Rows:
    """Two ticks a minute for `count` minutes."""
    return ticks_of([(1.1 + row / 10_000, 1.2) for row in range(2 * count)], step_msc=30_000)


def with_history(venue: Venue, ticks: Rows) -> Feed:
    tape = Tape((venue.symbol,), {venue.symbol: ticks})
    return Feed(venue.terminal, tape, history={(venue.symbol, Timeframe.M1): HISTORY})


@pytest.mark.parametrize(("count", "expected"), [(0, 0), (3, 3), (4, 4), (9, 4)])
def test_before_the_first_tick_the_bars_are_the_history(count: int, expected: int) -> None:
    bars = with_history(Venue(), minutes(3)).bars("EURUSD", Timeframe.M1, count, 0)
    assert bars["time"].tolist() == HISTORY["time"].tolist()[4 - expected :]


@pytest.mark.parametrize(("played_ticks", "bars", "volume"), [(1, 1, 1), (2, 1, 2), (3, 2, 1), (4, 2, 2), (5, 3, 1)])
def test_bars_of_the_ticks_follow_and_the_last_is_running(played_ticks: int, bars: int, volume: int) -> None:
    shown = with_history(Venue(), minutes(3)).bars("EURUSD", Timeframe.M1, 100, played_ticks)
    assert len(shown) == 4 + bars
    assert (shown[4]["time"], shown[4]["open"]) == (MONDAY_MSC // 1000, 1.1)
    assert shown[-1]["time"] == MONDAY_MSC // 1000 + 60 * (bars - 1)
    assert shown[-1]["tick_volume"] == volume
    assert shown[-1]["close"] == pytest.approx(1.1 + (played_ticks - 1) / 10_000)


def test_the_last_bar_of_the_history_goes_on_with_the_first_ticks() -> None:
    running = np.zeros(2, RATES_DTYPE)
    running["time"] = [MONDAY_MSC // 1000 - 60, MONDAY_MSC // 1000]
    running["open"], running["high"], running["low"], running["close"] = 1.2, 1.25, 1.15, 1.21
    running["tick_volume"], running["spread"] = 40, 3
    venue = Venue()
    tape = Tape(("EURUSD",), {"EURUSD": minutes(2)})
    feed = Feed(venue.terminal, tape, history={("EURUSD", Timeframe.M1): running})
    _, going_on, newest = feed.bars("EURUSD", Timeframe.M1, 100, 3)
    assert (going_on["open"], going_on["high"], going_on["low"], going_on["close"]) == (1.2, 1.25, 1.1, 1.1001)
    assert (going_on["tick_volume"], going_on["spread"]) == (42, 3)
    assert (newest["time"], newest["tick_volume"]) == (MONDAY_MSC // 1000 + 60, 1)


def test_a_symbol_that_is_not_played_has_no_bars() -> None:
    venue = Venue(EURUSD, USDJPY)
    feed = Feed(venue.terminal, Tape(("EURUSD",), {"EURUSD": minutes(1)}))
    assert len(feed.bars("USDJPY", Timeframe.M1, 10, feed.reached("USDJPY"))) == 0


def test_what_was_played_is_counted_by_symbol() -> None:
    feed = feed_of(Venue(), minutes(2), max_ticks=3)
    assert feed.reached("EURUSD") == 0
    feed.play()
    assert feed.reached("EURUSD") == 3
    feed.play()
    assert feed.reached("EURUSD") == 4
