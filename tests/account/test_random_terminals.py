"""An account and a terminal that lose, repeat and reorder what they tell each other, in every order Hypothesis finds.

The terminal is honest and executes an intent at most once. Whatever is lost on the way, the books end at its truth.
"""

from itertools import pairwise

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from account.booking import SETTLE_NS, booked, expired, issued, reconciled
from account.events import (
    AccountEvent,
    AccountSeen,
    DealBooked,
    EquityMarked,
    Flagged,
    FlagKind,
    IntentSent,
    decoded,
    encoded,
)
from account.state import AccountState
from domain.intents import Intent, IntentKind, IntentState
from domain.pricing import rounded_money
from domain.servertime import NS_PER_S
from domain.trading import DealReason
from domain.updates import TradeUpdate
from tests.account.paper_terminal import PaperTerminal
from tests.account.samples import DAY_MSC, NOON_NS, intent, session

LIFE_NS = 5 * NS_PER_S
OUTCOMES = st.sampled_from(["done", "partial", "refused", "silent", "dropped"])
LATE = {
    (IntentState.PARTLY_FILLED, IntentState.FILLED),
    (IntentState.EXPIRED, IntentState.FILLED),
    (IntentState.EXPIRED, IntentState.PARTLY_FILLED),
}
HONEST = {FlagKind.MANUAL_POSITION, FlagKind.CLOSED_BY_HAND}


class Bridge(RuleBasedStateMachine):
    """The books on one side, the terminal on the other, and a wire that can do anything but invent."""

    def __init__(self) -> None:
        super().__init__()
        self.terminal = PaperTerminal(NOON_NS)
        self.state = AccountState()
        self.journal: list[bytes] = []
        self.wire: list[TradeUpdate] = []
        self.paths: dict[int, list[IntentState]] = {}
        self.sent: set[int] = set()
        self.sessions = 0
        self.decided = 0
        self.in_step = False

    # -- the bridge's side --------------------------------------------------------------------------------------------

    def book(self, events: list[AccountEvent]) -> None:
        """Journal and fold; an intent's every step is kept."""
        for event in events:
            self.journal.append(encoded(event))
            self.state.apply(event)
            for intent_id, record in self.state.intents.items():
                path = self.paths.setdefault(intent_id, [record.state])
                if path[-1] != record.state:
                    path.append(record.state)

    def decide(self, kind: IntentKind, position_ticket: int, volume: float) -> None:
        self.decided += 1
        wanted = intent(
            0x1000 + self.decided,
            kind,
            volume=volume,
            position_ticket=position_ticket,
            decided_ns=self.terminal.now_ns,
            expires_ns=self.terminal.now_ns + LIFE_NS,
        )
        self.book(issued(self.state, wanted, self.terminal.now_ns))
        assert issued(self.state, wanted, self.terminal.now_ns) == []

    def send(self, wanted: Intent, *, arrives: bool, outcome: str) -> None:
        attempt = self.state.intents[wanted.intent_id].attempts + 1
        self.book([IntentSent(time_ns=self.terminal.now_ns, intent_id=wanted.intent_id, attempt=attempt)])
        if arrives:
            self.terminal.receive(wanted, outcome)

    def waiting(self) -> list[Intent]:
        return [record.intent for record in self.state.open_intents() if record.state == IntentState.ISSUED]

    # -- rules --------------------------------------------------------------------------------------------------------

    @initialize()
    def first_connect(self) -> None:
        self.connect()

    @rule()
    def connect(self) -> None:
        """A session begins: what was on the wire is lost, and everything is compared."""
        self.sessions += 1
        self.wire.clear()
        now_ns = self.terminal.now_ns
        self.book([session(time_ns=now_ns, session=self.sessions)])
        since_msc = self.state.watermark[0] - DAY_MSC
        snapshot = self.terminal.snapshot(since_msc)
        memory = tuple(self.terminal.memory.values())
        before = self.state.digest()
        events, resend = reconciled(self.state, snapshot, memory, self.sessions, now_ns)
        assert self.state.digest() == before
        self.book(events)
        assert not set(resend) & self.terminal.memory.keys(), "what the terminal knows must not go out again"
        assert booked(self.state, snapshot, now_ns) == []
        self.check_agreement()
        for intent_id in resend:
            self.send(self.state.intents[intent_id].intent, arrives=True, outcome="done")
        self.in_step = not resend

    @rule()
    def restart(self) -> None:
        """The bridge was killed: all it has is its journal."""
        again = AccountState.replayed(map(decoded, self.journal))
        assert again.digest() == self.state.digest()
        self.state = again

    @rule(volume=st.sampled_from([0.02, 0.1]))
    def decide_to_open(self, volume: float) -> None:
        self.decide(IntentKind.OPEN, 0, volume)

    @precondition(lambda self: self.state.positions)
    @rule(data=st.data(), whole=st.booleans())
    def decide_to_close(self, data: st.DataObject, whole: bool) -> None:
        ticket = data.draw(st.sampled_from(sorted(self.state.positions)))
        if self.state.is_own(self.state.positions[ticket]):
            volume = self.state.positions[ticket].volume
            kind = IntentKind.CLOSE if whole else IntentKind.PARTIAL_CLOSE
            self.decide(kind, ticket, volume if whole else 0.01)

    @precondition(lambda self: self.waiting())
    @rule(data=st.data(), arrives=st.booleans(), outcome=OUTCOMES)
    def send_one(self, data: st.DataObject, arrives: bool, outcome: str) -> None:
        wanted = data.draw(st.sampled_from(self.waiting()))
        if wanted.intent_id not in self.sent:  # a bridge sends again only what reconciling tells it to
            self.sent.add(wanted.intent_id)
            self.send(wanted, arrives=arrives, outcome=outcome)
            self.in_step = False

    @rule(split=st.booleans())
    def tell(self, split: bool) -> None:
        """The terminal reports; MT5 promises no order between a result and its deals."""
        whole = self.terminal.changes()
        if split:
            self.wire.append(msgspec.structs.replace(whole, results=()))
            self.wire.append(TradeUpdate(money=whole.money, results=whole.results))
        else:
            self.wire.append(whole)

    @precondition(lambda self: self.wire)
    @rule(data=st.data(), twice=st.booleans())
    def deliver(self, data: st.DataObject, twice: bool) -> None:
        index = data.draw(st.integers(0, len(self.wire) - 1))
        update = self.wire[index] if twice else self.wire.pop(index)
        now_ns = self.terminal.now_ns
        self.book(booked(self.state, update, now_ns))
        assert booked(self.state, update, now_ns + 1) == []
        self.in_step = False

    @precondition(lambda self: self.wire)
    @rule(data=st.data())
    def lose(self, data: st.DataObject) -> None:
        self.wire.pop(data.draw(st.integers(0, len(self.wire) - 1)))
        self.in_step = False

    @rule(seconds=st.sampled_from([1, 4, 6, 400, 90_000]))
    def wait(self, seconds: int) -> None:
        self.terminal.now_ns += seconds * NS_PER_S
        self.book(expired(self.state, self.terminal.now_ns))
        assert expired(self.state, self.terminal.now_ns) == []

    @rule(cents=st.integers(-50_000, 50_000))
    def mark(self, cents: int) -> None:
        equity = max(1.0, self.state.balance + cents / 100)
        balance = self.state.balance
        self.book([EquityMarked(time_ns=self.terminal.now_ns, equity=equity, balance=balance, margin=0.0)])

    @rule()
    def open_by_hand(self) -> None:
        self.terminal.open_by_hand()
        self.in_step = False

    @precondition(lambda self: self.terminal.positions)
    @rule(
        data=st.data(),
        reason=st.sampled_from([DealReason.CLIENT, DealReason.MOBILE, DealReason.SL, DealReason.TP]),
        volume=st.sampled_from([0.01, 1.0]),
        cents=st.integers(-9_999, 9_999),
    )
    def close_otherwise(self, data: st.DataObject, reason: DealReason, volume: float, cents: int) -> None:
        ticket = data.draw(st.sampled_from(sorted(self.terminal.positions)))
        opened = self.terminal.positions[ticket].comment
        comment = opened + "[sl 1.09500]" if reason == DealReason.SL else ""
        self.terminal.close(ticket, volume, reason, cents / 100, comment)
        self.in_step = False

    @rule(amount=st.sampled_from([500.0, -250.0, 0.01]))
    def pay(self, amount: float) -> None:
        self.terminal.put_in(amount)
        self.in_step = False

    # -- what must hold -----------------------------------------------------------------------------------------------

    def check_agreement(self) -> None:
        """After reconciling, the books are the terminal's truth."""
        state, terminal = self.state, self.terminal
        assert state.balance == terminal.balance
        assert state.positions == terminal.positions
        assert state.deals == {one.deal_ticket for one in terminal.deals}
        for intent_id, record in state.intents.items():
            executed = terminal.executed.get(intent_id, 0.0)
            if executed:
                whole = executed + 1e-9 >= record.intent.volume
                assert record.state in (IntentState.FILLED, IntentState.PARTLY_FILLED)
                assert not whole or record.state == IntentState.FILLED
                assert abs(record.filled_lots - executed) < 1e-9
            else:
                assert record.state not in (IntentState.FILLED, IntentState.PARTLY_FILLED)
            if record.is_open:
                assert terminal.now_ns < record.intent.expires_ns + SETTLE_NS

    @invariant()
    def the_balance_is_what_the_events_say(self) -> None:
        balance = 0.0
        for event in map(decoded, self.journal):
            if isinstance(event, AccountSeen):
                balance = event.balance
            elif isinstance(event, DealBooked) and not event.in_balance:
                balance = rounded_money(balance + event.deal.balance_change, 2)
        assert self.state.balance == balance

    @invariant()
    def no_intent_ends_twice(self) -> None:
        for path in self.paths.values():
            for before, after in pairwise(path):
                assert not before.is_final or (before, after) in LATE, path

    @invariant()
    def an_honest_terminal_raises_no_other_flags(self) -> None:
        flags = [event for event in map(decoded, self.journal) if isinstance(event, Flagged)]
        assert {flag.kind for flag in flags} <= HONEST
        assert len({(flag.kind, flag.subject) for flag in flags}) == len(flags)
        flagged = {flag.subject for flag in flags if flag.kind == FlagKind.MANUAL_POSITION}
        assert flagged <= {f"position {ticket}" for ticket in self.terminal.by_hand}

    @invariant()
    def in_step_the_books_are_the_terminals(self) -> None:
        if self.in_step:
            assert self.state.balance == self.terminal.balance
            assert self.state.positions == self.terminal.positions

    @invariant()
    def nothing_is_executed_twice(self) -> None:
        for intent_id, lots in self.terminal.executed.items():
            assert lots <= self.state.intents[intent_id].intent.volume + 1e-9

    def teardown(self) -> None:
        again = AccountState.replayed(map(decoded, self.journal))
        assert again.digest() == self.state.digest()


TestRandomTerminals = Bridge.TestCase
TestRandomTerminals.settings = settings(max_examples=120, stateful_step_count=50, deadline=None)
