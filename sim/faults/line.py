"""The line between a terminal and its trade server: what is on its way in either direction, and when it arrives.

Times are the server's clock [ms]. In one direction messages keep their order, as on a TCP connection; what a plan holds
up or lets others overtake is the exception. When the connection breaks, requests and answers on their way are lost and
news waits for the connection to come back.
"""

import heapq
import random
from collections.abc import Iterable
from enum import Enum
from typing import Any, NamedTuple

from domain.requests import TradeAnswer, TradeRequest, refused
from domain.retcodes import Retcode
from domain.trading import DealReason
from sim.faults.distributions import Distribution
from sim.faults.fills import chance_of
from sim.faults.outages import NEVER_MSC, Outages
from sim.faults.plan import FaultPlan
from sim.holdings import Change
from sim.requests import Disturbance, unanswered


class Posted(NamedTuple):
    """A request on its way to the server."""

    number: int
    request: TradeRequest
    reason: DealReason


class _Kind(Enum):
    REQUEST = 0
    ANSWER = 1
    NEWS = 2
    GIVE_UP = 3
    WAKE = 4


class _Event(NamedTuple):
    due_msc: int
    place: int  # of two events at one time the one that was put in first comes first
    kind: _Kind
    content: Any


class Line:
    """What is on its way, as `plan` says, with the connection broken during `outages`."""

    def __init__(self, plan: FaultPlan, outages: Outages, now_msc: int) -> None:
        self.outages = outages
        self._plan = plan
        self._to_server = chance_of(plan.seed, "to server")
        self._to_terminal = chance_of(plan.seed, "to terminal")
        self._twice = chance_of(plan.seed, "twice")
        self._overtaken = chance_of(plan.seed, "overtaken")
        self._delayed = chance_of(plan.seed, "news delayed")
        self._events: list[_Event] = []
        self._places = 0
        self._waiting: set[int] = set()
        self._lost_as: dict[int, int] = {}
        self._last_request = 0
        self._latest_to_server = self._latest_to_terminal = 0
        self._answers: list[tuple[int, TradeAnswer]] = []
        self._news: dict[Change, None] = {}
        self._break_msc = outages.next_start(now_msc)
        self._back_msc = 0

    # -- where it stands -----------------------------------------------------------------------------------------------

    @property
    def due_msc(self) -> int:
        """When something next arrives or the connection breaks; NEVER_MSC for never."""
        self._drop_the_dead()
        return min(self._events[0].due_msc if self._events else NEVER_MSC, self._break_msc)

    @property
    def is_busy(self) -> bool:
        """Whether anything is on its way or waits to be taken."""
        self._drop_the_dead()
        return bool(self._events or self._answers or self._news)

    def _drop_the_dead(self) -> None:
        """An answered request is not given up any more."""
        while self._events and self._events[0].kind is _Kind.GIVE_UP and self._events[0].content not in self._waiting:
            heapq.heappop(self._events)

    # -- the terminal's end --------------------------------------------------------------------------------------------

    def post(self, request: TradeRequest, reason: DealReason, sent_msc: int, now_msc: int) -> int:
        """Put a request on its way; the number its answer will bear. `sent_msc` may lie before `now_msc`."""
        if self.outages.at(now_msc) is not None:
            return self.refuse(refused(Retcode.CONNECTION))
        self._last_request += 1
        number = self._last_request
        sent_msc = max(min(sent_msc, now_msc), self._back_msc)  # nothing was sent while there was no connection
        arrives = max(sent_msc + self._delay_ms(self._plan.latency.to_server, self._to_server), self._latest_to_server)
        self._latest_to_server = arrives
        self._waiting.add(number)
        self._put(max(arrives, now_msc), _Kind.REQUEST, Posted(number, request, reason))
        self._put(sent_msc + self._plan.acknowledgements.timeout_ms, _Kind.GIVE_UP, number)
        return number

    def refuse(self, answer: TradeAnswer) -> int:
        """A request that the terminal itself refuses; the number its answer bears."""
        self._last_request += 1
        self._answers.append((self._last_request, answer))
        return self._last_request

    def wake(self, at_msc: int) -> None:
        """Be due at `at_msc`, without anything that arrives."""
        self._put(at_msc, _Kind.WAKE, None)

    def take_answers(self) -> list[tuple[int, TradeAnswer]]:
        """Answers that have arrived, each with its request's number."""
        answers, self._answers = self._answers, []
        return answers

    def take_news(self) -> tuple[Change, ...]:
        """What the terminal has been told to have changed."""
        news, self._news = tuple(self._news), {}
        return news

    # -- the server's end ----------------------------------------------------------------------------------------------

    def step(self) -> Posted | None:
        """Let the next thing that is due happen; a request that has reached the server."""
        if self._break_msc <= (self._events[0].due_msc if self._events else NEVER_MSC):
            self._break_off()
            return None
        event = heapq.heappop(self._events)
        if event.kind is _Kind.REQUEST:
            posted: Posted = event.content
            return posted
        if event.kind is _Kind.NEWS:
            self._news.update(dict.fromkeys(event.content))
        elif event.kind is _Kind.ANSWER:
            self._hear(*event.content)
        elif event.kind is _Kind.GIVE_UP:
            self._hear(event.content, unanswered(self._lost_as.pop(event.content, Retcode.TIMEOUT)))
        return None

    def answer(self, number: int, answer: TradeAnswer, disturbance: Disturbance, now_msc: int) -> None:
        """Put the server's answer on its way; one that is lost is replaced by what the terminal shows instead."""
        if disturbance.lost_answer:
            if number in self._waiting:
                self._lost_as[number] = disturbance.lost_as
            return
        arrives = self._arrival_msc(now_msc)
        self._put(arrives + round(disturbance.late_ms), _Kind.ANSWER, (number, answer))

    def tell(self, changes: Iterable[Change], now_msc: int) -> None:
        """Put the news of `changes` on its way."""
        chosen = tuple(changes)
        if not chosen:
            return
        faults, arrives = self._plan.transactions, self._arrival_msc(now_msc)
        by_time: dict[int, list[Change]] = {}
        for change in chosen:
            is_overtaken = self._overtaken.random() < faults.reorder_rate
            is_told_twice = self._twice.random() < faults.duplicate_rate
            later = arrives + self._delay_ms(faults.delay_ms, self._delayed)
            by_time.setdefault(later if is_overtaken else arrives, []).append(change)
            if is_told_twice:
                by_time.setdefault(later + 1, []).append(change)
        for due_msc, told in by_time.items():
            self._put(due_msc, _Kind.NEWS, tuple(told))

    # -- on the way ----------------------------------------------------------------------------------------------------

    def _arrival_msc(self, now_msc: int) -> int:
        """When what leaves the server now reaches the terminal."""
        outage = self.outages.at(now_msc)
        leaves_msc = now_msc if outage is None else outage[1]
        delay_ms = self._delay_ms(self._plan.latency.to_terminal, self._to_terminal)
        self._latest_to_terminal = max(leaves_msc + delay_ms, self._latest_to_terminal)
        return self._latest_to_terminal

    def _hear(self, number: int, answer: TradeAnswer) -> None:
        """An answer to what was given up, or answered before, is no answer."""
        if number in self._waiting:
            self._waiting.remove(number)
            self._answers.append((number, answer))

    def _break_off(self) -> None:
        """The terminal notices at once: whatever it waits for ends without an answer."""
        outage = self.outages.at(self._break_msc)
        self._back_msc = outage[1] if outage is not None else self._break_msc
        self._break_msc = self.outages.next_start(self._break_msc)
        for number in sorted(self._waiting):
            self._hear(number, unanswered(Retcode.CONNECTION))
        kept = [event for event in self._events if event.kind in (_Kind.NEWS, _Kind.WAKE)]
        self._events = [
            event._replace(due_msc=max(event.due_msc, self._back_msc)) if event.kind is _Kind.NEWS else event
            for event in kept
        ]
        heapq.heapify(self._events)

    def _put(self, due_msc: int, kind: _Kind, content: object) -> None:
        self._places += 1
        heapq.heappush(self._events, _Event(due_msc, self._places, kind, content))

    @staticmethod
    def _delay_ms(amount: Distribution, chance: random.Random) -> int:
        return max(0, round(amount.sample(chance)))
