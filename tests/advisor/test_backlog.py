"""What waits to be sent: nothing is lost unseen, nothing comes twice, and the order stays."""

from collections import deque

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from advisor.backlog import Backlog
from advisor.batches import Batch
from domain.dtypes import TICK_DTYPE
from domain.updates import Money

SYMBOLS = ("EURUSD", "USDJPY")
LIMIT = 8


def a_batch(symbol: str, start: int, count: int = 1, number: int = 0) -> Batch:
    """Ticks whose time is their place."""
    ticks = np.zeros(count, TICK_DTYPE)
    ticks["time_msc"] = np.arange(start, start + count)
    money = Money(balance=float(start + count), equity=0.0, margin=0.0, margin_free=0.0)
    return Batch(
        number=number, symbol=symbol, symbol_index=SYMBOLS.index(symbol), start=start, ticks=ticks, money=money
    )


def test_new_batches_of_a_symbol_leave_as_one() -> None:
    backlog = Backlog(100)
    for start in range(5):
        backlog.add(a_batch("EURUSD", start))
    backlog.add(a_batch("USDJPY", 0))
    joined = backlog.take(4)
    assert (joined.start, joined.number, joined.money.balance) == (0, 0, 4.0)
    assert list(joined.ticks["time_msc"]) == [0, 1, 2, 3]
    assert [len(backlog.take(4).ticks) for _ in range(2)] == [1, 1]
    with pytest.raises(IndexError):
        backlog.take(4)


def test_what_was_sent_before_leaves_as_it_was() -> None:
    backlog = Backlog(100)
    backlog.add(a_batch("EURUSD", 3))
    backlog.again([a_batch("EURUSD", 0, 2, number=7), a_batch("EURUSD", 2, 1, number=8)])
    assert backlog.starts("EURUSD") == [0, 2, 3]
    assert [backlog.take(100).number for _ in range(3)] == [7, 8, 0]


def test_after_a_drop_all_is_new_and_what_came_before_the_hole_is_gone() -> None:
    backlog = Backlog(2)
    backlog.again([a_batch("USDJPY", 0, number=4)])
    for start in range(1, 4):
        backlog.add(a_batch("EURUSD", start))
    assert backlog.has_hole
    backlog.again([a_batch("EURUSD", 0, number=3), a_batch("USDJPY", 9, number=5)])
    assert backlog.dropped == 2
    assert backlog.starts("EURUSD") == [2, 3]
    numbers = [backlog.take(1).number for _ in range(4)]
    assert numbers == [0, 0, 0, 0]
    assert not backlog.has_hole


def test_a_drop_of_one_symbol_makes_the_others_new_as_well() -> None:
    backlog = Backlog(1)
    backlog.again([a_batch("USDJPY", 0, number=4)])
    for start in range(2):
        backlog.add(a_batch("EURUSD", start))
    assert backlog.take(1).number == 0


class Waiting(RuleBasedStateMachine):
    """Two symbols, a terminal that plays, sends, and loses its connection."""

    def __init__(self) -> None:
        super().__init__()
        self.backlog = Backlog(LIMIT)
        self.played = dict.fromkeys(SYMBOLS, 0)
        self.heard: dict[str, list[int]] = {symbol: [] for symbol in SYMBOLS}
        self.unanswered: deque[Batch] = deque()
        self.number = 0

    @rule(symbol=st.sampled_from(SYMBOLS), count=st.integers(1, 3))
    def play(self, symbol: str, count: int) -> None:
        self.backlog.add(a_batch(symbol, self.played[symbol], count))
        self.played[symbol] += count
        assert sum(len(batch.ticks) for batch in self.backlog._batches if batch.symbol == symbol) <= LIMIT

    @precondition(lambda self: len(self.backlog) > 0)
    @rule(room=st.integers(1, 6))
    def send(self, room: int) -> None:
        batch = self.backlog.take(room)
        if not batch.number:
            self.number += 1
            batch.number = self.number
        self.unanswered.append(batch)

    @precondition(lambda self: self.unanswered)
    @rule()
    def answer(self) -> None:
        batch = self.unanswered.popleft()
        self.heard[batch.symbol].extend(batch.ticks["time_msc"].tolist())

    @rule()
    def lose_the_connection(self) -> None:
        self.backlog.again(self.unanswered)
        self.unanswered.clear()

    @invariant()
    def every_tick_is_somewhere_once_and_in_order(self) -> None:
        dropped = 0
        for symbol in SYMBOLS:
            sent = [batch for batch in (*self.unanswered, *self.backlog._batches) if batch.symbol == symbol]
            places = self.heard[symbol] + [int(place) for batch in sent for place in batch.ticks["time_msc"]]
            assert places == sorted(set(places))
            dropped += self.played[symbol] - len(places)
        assert dropped == self.backlog.dropped

    @invariant()
    def numbers_never_come_behind_what_has_none(self) -> None:
        numbered = [bool(batch.number) for batch in self.backlog._batches]
        assert numbered == sorted(numbered, reverse=True)


TestWaiting = Waiting.TestCase


@given(limit=st.integers(1, 50), count=st.integers(0, 120))
def test_the_newest_ticks_are_kept(limit: int, count: int) -> None:
    backlog = Backlog(limit)
    for start in range(count):
        backlog.add(a_batch("EURUSD", start))
    assert backlog.starts("EURUSD") == list(range(max(0, count - limit), count))
    assert backlog.dropped == max(0, count - limit)
    assert backlog.has_hole == (count > limit)
