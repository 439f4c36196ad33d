"""The feed of a polled terminal: every tick once and in order, whatever the moments at which it looks."""

from typing import Any, Final

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sim.metatrader5 as mt5
from advisor.terminal import TerminalLostError
from bridge.poller import feed as feed_module
from bridge.poller.feed import PolledFeed
from bridge.poller.places import Rows
from bridge.poller.terminal import PolledTerminal
from domain.timeframes import Timeframe
from tests.bridge.poller.world import STOPPED, Failing, World
from tests.sim.venues import EURUSD, MONDAY_MSC, USDJPY, ticks_of

FLAT: Final = (1.1, 1.1002)


def a_feed(world: World, package: object = mt5, *symbols: str) -> PolledFeed:
    link = world.link(package)
    feed = PolledFeed(link, PolledTerminal(link, symbols or world.terminal.symbols, STOPPED))
    feed.begin()
    return feed


def dense(gaps: list[int]) -> Rows:
    """Ticks so many milliseconds apart, several in one millisecond among them."""
    rows = ticks_of([(1.1 + 1e-5 * number, 1.1002 + 1e-5 * number) for number in range(len(gaps))])
    rows["time_msc"] = MONDAY_MSC + np.cumsum(gaps)
    rows["time"] = rows["time_msc"] // 1000
    return rows


def emptied(feed: PolledFeed) -> list[float]:
    found: list[float] = []
    while feed.has_ticks:
        found.extend(feed.play()[1].ticks["bid"])
    return found


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.sampled_from([0, 0, 0, 1, 400, 3000]), min_size=1, max_size=40),
    st.lists(st.tuples(st.integers(0, 7), st.booleans()), max_size=20),
    st.integers(1, 5),
)
def test_no_tick_is_lost_and_none_comes_twice(gaps: list[int], looks: list[tuple[int, bool]], max_ticks: int) -> None:
    ticks = dense(gaps)
    world = World({"EURUSD": ticks}, (EURUSD,))
    feed, found = a_feed(world), list[float]()
    feed.max_ticks = max_ticks
    for played, is_emptied in [*looks, (len(gaps), True), (0, True)]:
        world.play(played)
        feed.look()
        found += emptied(feed) if is_emptied else []
    assert found == list(ticks["bid"])


@pytest.mark.parametrize("at_once", [1, 3, 64])
def test_a_second_with_more_ticks_than_an_answer_holds_is_read_to_its_end(
    at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_module, "_AT_ONCE", at_once)
    ticks = dense([0] * 40 + [1] * 40)
    world = World({"EURUSD": ticks}, (EURUSD,))
    feed, found = a_feed(world), list[float]()
    world.play(200)
    for _ in range(200):
        feed.look()
        found += emptied(feed)
    assert found == list(ticks["bid"])


def test_it_begins_behind_what_there_is() -> None:
    world = World({"EURUSD": dense([0, 0, 5, 0, 0, 7])}, (EURUSD,))
    world.play(5)
    feed = a_feed(world)
    feed.look()
    assert not feed.has_ticks
    world.play()
    feed.look()
    assert len(emptied(feed)) == 1


def test_symbols_are_played_in_the_order_of_their_oldest_tick() -> None:
    first, second = ticks_of([FLAT] * 3, step_msc=1000), ticks_of([(150.0, 150.1)] * 3, start_msc=MONDAY_MSC - 500)
    world = World({"EURUSD": first, "USDJPY": second}, (EURUSD, USDJPY))
    feed = a_feed(world)
    feed.max_ticks = 1
    world.play(6)
    feed.look()
    assert [feed.play()[1].symbol for _ in range(6)] == ["USDJPY", "EURUSD"] * 3


def test_numbers_go_on_and_a_gap_leaves_one_out() -> None:
    world = World({"EURUSD": dense([0, 100, 100, 100])}, (EURUSD,))
    forgetful = Failing()
    feed = a_feed(world, forgetful)
    world.play(2)
    feed.look()
    assert feed.play()[1].number == 1
    world.play(1)

    def without_the_old(symbol: str, date_from: int, count: int, flags: int) -> Any:  # noqa: ANN401 - an array
        return mt5.copy_ticks_from(symbol, date_from, count, flags)[2:]  # type: ignore[index]

    forgetful.copy_ticks_from = without_the_old
    feed.look()
    assert "may be missing" in feed.gap
    assert not feed.has_ticks
    del forgetful.copy_ticks_from
    world.play(1)
    feed.look()
    assert feed.play()[1].number == 3


def test_a_terminal_that_still_loads_has_no_ticks_yet_and_one_that_is_gone_is_lost() -> None:
    world = World({"EURUSD": dense([0, 1])}, (EURUSD,))
    package = Failing()
    feed = a_feed(world, package)
    world.play(2)
    package.copy_ticks_from = lambda *_: None
    package.last_error = lambda: (-1, "Terminal: Call failed")
    feed.look()
    assert not feed.has_ticks
    package.last_error = lambda: (-10004, "No IPC connection")
    with pytest.raises(TerminalLostError, match="copy_ticks_from says -10004"):
        feed.look()
    del package.copy_ticks_from
    feed.look()
    assert len(emptied(feed)) == 2


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 300), st.integers(0, 60), st.sampled_from([Timeframe.M1, Timeframe.M5]))
def test_bars_are_those_of_the_ticks_before_the_place(played: int, later: int, timeframe: Timeframe) -> None:
    """What is still to flow is in none of them; compared with a chart of a terminal that stands at the place."""
    rng = np.random.default_rng(5)
    prices = 1.1 + np.round(np.cumsum(rng.normal(0, 1e-4, 400)), 5)
    ticks = ticks_of([(round(price, 5), round(price + 1e-4, 5)) for price in prices], step_msc=1700)
    world = World({"EURUSD": ticks}, (EURUSD,))
    feed = a_feed(world)
    world.play(played + 1)
    feed.look()
    emptied(feed)
    expected = mt5.copy_rates_from_pos("EURUSD", timeframe, 0, 4)
    assert expected is not None
    world.play(later)
    found = feed.bars("EURUSD", timeframe, 9, feed.reached("EURUSD"))[-len(expected) :]
    assert found.tobytes() == expected.tobytes()
