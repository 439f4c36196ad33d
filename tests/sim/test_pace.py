"""When the next tick of a tape comes: by the bridge's answers, by a fixed pace, or by the ticks' own times."""

import pytest

from advisor.host import NEVER_NS
from domain.servertime import NS_PER_MS, NS_PER_S
from sim.feed import Feed
from sim.pace import TapePace
from tests.sim.rig import Rig

NOW_NS = 5 * NS_PER_S


@pytest.fixture
def feed() -> Feed:
    return Rig(step_msc=100).feed


def test_without_a_pace_the_next_batch_is_always_due(feed: Feed) -> None:
    pace = TapePace(feed, 0.0, 1.0)
    assert pace.due_ns(NOW_NS) == 0
    assert not pace.look(NOW_NS)


def test_a_fixed_pace_counts_from_the_first_question(feed: Feed) -> None:
    pace = TapePace(feed, 10.0, 1.0)
    begun_ns = pace.due_ns(NOW_NS)
    for _ in range(3):
        feed.play()
    assert pace.due_ns(NOW_NS) == pace.silent_due_ns(NOW_NS) == begun_ns + 300 * NS_PER_MS


@pytest.mark.parametrize("speed", [1.0, 4.0])
def test_a_silence_goes_on_at_the_ticks_own_times(feed: Feed, speed: float) -> None:
    pace = TapePace(feed, 0.0, speed)
    assert pace.silent_due_ns(NOW_NS) == NOW_NS
    feed.play()
    feed.play()
    assert pace.silent_due_ns(NOW_NS + 1) == NOW_NS + int(200 * NS_PER_MS / speed)


def test_each_silence_begins_anew(feed: Feed) -> None:
    pace = TapePace(feed, 0.0, 1.0)
    pace.silent_due_ns(NOW_NS)
    feed.play()
    pace.heard()
    assert pace.silent_due_ns(NOW_NS + 7) == NOW_NS + 7


def test_after_the_last_tick_nothing_comes_any_more(feed: Feed) -> None:
    pace = TapePace(feed, 10.0, 1.0)
    while not feed.is_over:
        feed.play()
    assert pace.silent_due_ns(NOW_NS) == NEVER_NS


def test_whoever_wants_to_know_is_told(feed: Feed) -> None:
    told: list[tuple[int, int]] = []
    pace = TapePace(feed, 0.0, 1.0, lambda played, total: told.append((played, total)))
    feed.play()
    pace.tell()
    TapePace(feed, 0.0, 1.0).tell()
    assert told == [(1, 10)]
