"""The event queue keeps MetaTrader's rules, whatever comes in whatever order."""

import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from sim.mql5.events import LIMIT, Event, EventKind, EventQueue

ONLY_ONE = (EventKind.TICK, EventKind.TIMER, EventKind.TRADE)


class QueueRules(RuleBasedStateMachine):
    """A plain model beside it: what waits, in order, and what runs."""

    def __init__(self) -> None:
        super().__init__()
        self.queue = EventQueue()
        self.waiting: list[Event] = []
        self.running: Event | None = None
        self.number = 0
        self.lost = 0

    @rule(kind=st.sampled_from(ONLY_ONE))
    def post(self, kind: EventKind) -> None:
        runs = self.running is not None and self.running.kind is kind
        free = not runs and all(event.kind is not kind for event in self.waiting)
        assert self.queue.post(kind) == free
        if free:
            self.waiting.append(Event(kind))

    @rule(count=st.sampled_from([0, 1, 3, 700]))
    def change(self, count: int) -> None:
        contents = list(range(self.number, self.number + count))
        self.number += count
        self.queue.post_transactions(contents)
        self.waiting += [Event(EventKind.TRANSACTION, content) for content in contents]
        transactions = [event for event in self.waiting if event.kind is EventKind.TRANSACTION]
        for oldest in transactions[:-LIMIT]:
            self.waiting.remove(oldest)
            self.lost += 1

    @precondition(lambda self: self.running is None)
    @rule()
    def begin(self) -> None:
        expected = self.waiting.pop(0) if self.waiting else None
        self.running = self.queue.begin()
        assert self.running == expected

    @precondition(lambda self: self.running is not None)
    @rule()
    def nothing_is_reentrant(self) -> None:
        with pytest.raises(RuntimeError, match="still running"):
            self.queue.begin()

    @rule()
    def end(self) -> None:
        self.queue.end()
        self.running = None

    @invariant()
    def agrees(self) -> None:
        assert len(self.queue) == len(self.waiting)
        assert self.queue.pushed_out == self.lost
        kinds = Counter(event.kind for event in self.waiting)
        assert all(kinds[kind] <= 1 for kind in ONLY_ONE)
        assert kinds[EventKind.TRANSACTION] <= LIMIT


TestQueueRules = QueueRules.TestCase
TestQueueRules.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


def drained(queue: EventQueue) -> list[object]:
    contents = []
    while (event := queue.begin()) is not None:
        contents.append(event.content)
        queue.end()
    return contents


@given(st.integers(), st.lists(st.lists(st.integers(), unique=True, max_size=6), max_size=4))
def test_the_order_of_one_change_is_open_and_that_of_changes_is_not(seed: int, changes: list[list[int]]) -> None:
    queue, again = EventQueue(random.Random(seed)), EventQueue(random.Random(seed))
    for change in changes:
        queue.post_transactions(change)
        again.post_transactions(change)
    told = drained(queue)
    assert told == drained(again)
    at = 0
    for change in changes:
        assert sorted(change) == sorted(told[at : at + len(change)])  # type: ignore[type-var]  # numbers went in
        at += len(change)


def test_some_seed_turns_the_order_round() -> None:
    orders = set()
    for seed in range(50):
        queue = EventQueue(random.Random(seed))
        queue.post_transactions("abc")
        orders.add("".join(map(str, drained(queue))))
    assert len(orders) == 6


def test_a_transaction_comes_with_its_content() -> None:
    with pytest.raises(ValueError, match="post_transactions"):
        EventQueue().post(EventKind.TRANSACTION)
