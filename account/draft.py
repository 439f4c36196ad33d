"""One update on its way into the books: its events so far, and what they change, beside the untouched state."""

from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import Final, TypeVar

import msgspec

from account.events import (
    AccountEvent,
    AccountSeen,
    DealBooked,
    Flagged,
    FlagKind,
    IntentEnded,
    IntentReported,
    OrderGone,
    OrderSeen,
    PositionGone,
    PositionSeen,
)
from account.lifecycle import (
    Evidence,
    IntentRecord,
    after_deal,
    after_end,
    after_position,
    after_result,
    evidence_of,
    executes,
    fill_evidence,
    is_trade,
    opens,
    says_something_new,
    turned,
)
from account.state import NO_LOTS, AccountState, PositionLots, flag_key
from domain.intents import Intent, IntentKind, IntentState, comment_of, intent_id_in
from domain.pricing import rounded_money
from domain.trading import Deal, DealReason, DealType, Position
from domain.updates import IntentResult, Money, TradeUpdate

Thing = TypeVar("Thing")

_BY_HAND: Final = frozenset({DealReason.CLIENT, DealReason.MOBILE, DealReason.WEB})


class Draft:
    """What one update makes of `state`, which stays as it is. `adopted` counts own positions the journal lacked."""

    def __init__(self, state: AccountState, time_ns: int) -> None:
        self.events: list[AccountEvent] = []
        self._state = state
        self._time_ns = time_ns
        self._history = False
        self._records: dict[int, IntentRecord] = {}
        self._intent_of_order: dict[int, int] = {}
        self._openings: dict[int, int] = {}
        self._deals: set[int] = set()
        self._lots: dict[int, PositionLots] = {}
        self._flags: set[str] = set()
        self.adopted = 0

    # -- the update ---------------------------------------------------------------------------------------------------

    def book(self, update: TradeUpdate) -> None:
        """Everything in `update`."""
        self._history = _is_history(self._state, update)
        for result in update.results:
            self._book_result(result)
        self._book_deals(update)
        for position in _by_ticket({position.position_ticket: position for position in update.positions}):
            self._book_position(position, complete=update.complete)
        self._book_gone_positions(update)
        self._book_orders(update)
        if update.complete:
            self._flag_unexplained()
        if update.complete or not self._state.has_money:
            self._book_money(update.money)

    def remember(self, results: Iterable[IntentResult]) -> None:
        """What the EA keeps on disk. Intents that the journal never knew are one flag, not thousands."""
        strange = [result for result in results if self._record(result.intent_id) is None]
        if strange:
            detail = f"the EA knows {len(strange)} intents that this journal does not; was the journal replaced?"
            self.flag(FlagKind.UNKNOWN_INTENT, "the EA's memory", detail)
        for result in results:
            if self._record(result.intent_id) is not None:
                self._book_result(result)

    def _book_result(self, result: IntentResult) -> None:
        record = self._record(result.intent_id)
        if record is None:
            detail = f"result {result.retcode} for an intent that this journal does not know"
            self.flag(FlagKind.UNKNOWN_INTENT, comment_of(result.intent_id), detail)
            return
        if says_something_new(record, result):
            self.events.append(IntentReported(time_ns=self._time_ns, result=result))
            self._records[result.intent_id] = after_result(record, result)
            self._note_tickets(record.intent, result)
        self._flag_surprise(record, evidence_of(result))

    def _note_tickets(self, intent: Intent, result: IntentResult) -> None:
        if result.order_ticket:
            self._intent_of_order[result.order_ticket] = intent.intent_id
        if result.position_ticket and intent.kind == IntentKind.OPEN:
            self._openings[self._state.position_id_of(result.position_ticket)] = intent.intent_id

    # -- deals and money ----------------------------------------------------------------------------------------------

    def _book_deals(self, update: TradeUpdate) -> None:
        deals = self._new_deals(update.deals)
        held = self._held_in_balance(deals, update)
        for index, deal in enumerate(deals):
            self.events.append(DealBooked(time_ns=self._time_ns, deal=deal, in_balance=index < held))
            self._deals.add(deal.deal_ticket)
            if is_trade(deal):
                self._book_trade(deal)

    def _new_deals(self, deals: Iterable[Deal]) -> list[Deal]:
        fresh = {deal.deal_ticket: deal for deal in deals if deal.deal_ticket not in self._state.deals}
        return sorted(fresh.values(), key=lambda deal: (deal.time_msc, deal.deal_ticket))

    def _held_in_balance(self, deals: list[Deal], update: TradeUpdate) -> int:
        """How many of the first `deals` the known balance holds already (see the table in `account.booking`)."""
        if self._history:
            return len(deals)
        if not update.complete:
            return 0
        changes = [0.0 if deal.type == DealType.CREDIT else deal.balance_change for deal in deals]
        missing = [0.0, *accumulate(reversed(changes))]  # missing[n]: what the last n deals add
        digits = self._state.currency_digits
        gap = update.money.balance - self._state.balance
        for held in range(len(deals) + 1):
            if rounded_money(missing[len(deals) - held] - gap, digits) == 0.0:
                return held
        self._flag_mismatch(update.money, missing[-1])
        return 0

    def _flag_mismatch(self, money: Money, change: float) -> None:
        explained = rounded_money(self._state.balance + change, self._state.currency_digits)
        subject = f"after deal {max((self._state.watermark[1], *self._deals))}: {explained!r} to {money.balance!r}"
        detail = f"deals explain a balance of {explained}, the terminal has {money.balance}; taken from the terminal"
        self.flag(FlagKind.MONEY_MISMATCH, subject, detail)

    def _book_trade(self, deal: Deal) -> None:
        lots = self._lots.get(deal.position_id) or self._state.lots.get(deal.position_id, NO_LOTS)
        self._lots[deal.position_id] = lots.after(deal)
        record = self._record_of(deal)
        if record is not None:
            self._records[record.intent.intent_id] = after_deal(record, deal)
            self._flag_surprise(record, fill_evidence(record, record.deal_lots + deal.volume))
            if opens(deal):
                self._openings.setdefault(deal.position_id, record.intent.intent_id)
        if not self._history:
            self._flag_strange_deal(deal, record)

    def _flag_strange_deal(self, deal: Deal, record: IntentRecord | None) -> None:
        subject = f"deal {deal.deal_ticket}"
        if opens(deal) and record is None and deal.magic == self._state.magic != 0:
            detail = f"{deal.symbol} {deal.volume} lots carry our magic, but no intent of this journal"
            self.flag(FlagKind.UNKNOWN_DEAL, subject, detail)
        elif not opens(deal) and deal.reason in _BY_HAND and self._opened_by(deal.position_id) is not None:
            detail = f"{deal.volume} lots of position {deal.position_id} {deal.symbol}, by {deal.reason.name}"
            self.flag(FlagKind.CLOSED_BY_HAND, subject, detail)

    def _book_money(self, money: Money) -> None:
        state = self._state
        known = (state.balance, state.last_equity, state.margin, state.margin_free)
        if (
            state.has_money
            and not self._deals
            and known == (money.balance, money.equity, money.margin, money.margin_free)
        ):
            return
        self.events.append(AccountSeen(time_ns=self._time_ns, credit=self._credit(), **msgspec.structs.asdict(money)))

    def _credit(self) -> float:
        entered = (event.deal for event in self.events if isinstance(event, DealBooked) and not event.in_balance)
        changes = sum(deal.balance_change for deal in entered if deal.type == DealType.CREDIT)
        return rounded_money(self._state.credit + changes, self._state.currency_digits)

    # -- positions and orders -----------------------------------------------------------------------------------------

    def _book_position(self, position: Position, *, complete: bool) -> None:
        if not self._is_news(position, complete=complete):
            return
        self.events.append(PositionSeen(time_ns=self._time_ns, position=position))
        intent_id = intent_id_in(position.comment)
        record = self._record(intent_id) if intent_id is not None else None
        if intent_id is not None:
            self._openings.setdefault(position.position_id, intent_id)
        if record is not None and record.intent.kind == IntentKind.OPEN:
            moved = after_position(record, position.position_ticket, position.volume)
            self._records[record.intent.intent_id] = moved
            self._flag_surprise(record, fill_evidence(record, position.volume))
        self._flag_strange_position(position)

    def _flag_moved_stop(self, position: Position, opening: Intent) -> None:
        """A stop that no intent of ours moved: the EA did while it heard nothing from us, or somebody by hand."""
        known = self._state.positions.get(position.position_ticket)
        stop, target = (known.sl, known.tp) if known is not None else (opening.sl, opening.tp)
        spec = self._state.specs.get(position.symbol)
        slack = spec.point / 2 if spec else 0.0
        if abs(position.sl - stop) <= slack or self._asked_for(position, slack):
            return
        better = position.sl > 0.0 and (stop <= 0.0 or (position.sl - stop) * position.side > 0.0)
        who = "as the EA does while it hears nothing" if better and abs(position.tp - target) <= slack else "by hand"
        detail = f"{position.symbol} stop from {stop!r} to {position.sl!r} without an intent of ours, {who}"
        subject = f"position {position.position_id} in session {self._state.session}"
        self.flag(FlagKind.STOP_MOVED, subject, detail)

    def _asked_for(self, position: Position, slack: float) -> bool:
        """Whether an intent moved the stop to where it is; the latest are looked at first."""
        return any(
            record.intent.kind == IntentKind.MODIFY
            and record.intent.position_ticket == position.position_ticket
            and abs(record.intent.sl - position.sl) <= slack
            for record in reversed(self._state.intents.values())
        )

    def _is_news(self, position: Position, *, complete: bool) -> bool:
        known = self._state.positions.get(position.position_ticket)
        if known is None:
            return complete or position.position_ticket not in self._state.gone
        if msgspec.structs.replace(position, profit=known.profit) == known:
            return False
        return complete or position.time_update_msc >= known.time_update_msc

    def _flag_strange_position(self, position: Position) -> None:
        subject, what = f"position {position.position_id}", f"{position.symbol} {position.volume} lots"
        opener = self._opened_by(position.position_id)
        if position.magic != self._state.magic or opener is None:
            detail = f"{what}, magic {position.magic}, comment {position.comment!r}: counted in exposure, never touched"
            self.flag(FlagKind.MANUAL_POSITION, subject, detail)
            return
        opening = self._record(opener)
        if opening is not None:
            self._flag_moved_stop(position, opening.intent)
        elif self.flag(
            FlagKind.ADOPTED_POSITION, subject, f"{what}: opened by {comment_of(opener)}, which this journal lacks"
        ):
            self.adopted += 1

    def _book_gone_positions(self, update: TradeUpdate) -> None:
        known = self._state.positions
        here = {position.position_ticket for position in update.positions}
        gone = known.keys() - here if update.complete else known.keys() & set(update.positions_gone)
        standing = {position.position_id for position in update.positions}
        for ticket in sorted(gone):
            self.events.append(PositionGone(time_ns=self._time_ns, position_ticket=ticket))
            position = known[ticket]
            if update.complete and position.position_id not in standing and self._state.is_own(position):
                self._flag_unless_closed(position.position_id)

    def _flag_unexplained(self) -> None:
        """Own positions that vanished in earlier updates: their deals should be here by now."""
        for position_id in sorted(self._state.unexplained):
            self._flag_unless_closed(position_id)

    def _flag_unless_closed(self, position_id: int) -> None:
        lots = self._lots.get(position_id) or self._state.lots.get(position_id, NO_LOTS)
        if not lots.accounted_for:
            detail = f"{lots.initial} lots opened, deals close {lots.closed}; the terminal shows the position no more"
            self.flag(FlagKind.GONE_WITHOUT_DEAL, f"position {position_id}", detail)

    def _book_orders(self, update: TradeUpdate) -> None:
        seen = {order.order_ticket: order for order in update.orders}
        for order in _by_ticket(seen):
            if self._state.orders.get(order.order_ticket) != order:
                self.events.append(OrderSeen(time_ns=self._time_ns, order=order))
        gone = self._state.orders.keys() - seen.keys() if update.complete else set(update.orders_gone)
        for ticket in sorted(gone & self._state.orders.keys()):
            self.events.append(OrderGone(time_ns=self._time_ns, order_ticket=ticket))

    # -- conclusions --------------------------------------------------------------------------------------------------

    def open_records(self) -> list[IntentRecord]:
        """Intents that are still open after what was booked."""
        records = (self._records.get(record.intent.intent_id, record) for record in self._state.open_intents())
        return [record for record in records if record.is_open]

    def resolved(self) -> int:
        """How many intents were open before and are not now."""
        return len(self._state.open_intents()) - len(self.open_records())

    def end(self, record: IntentRecord, state: IntentState, reason: str) -> None:
        """The intent ends, or becomes unknown, for want of a result."""
        intent_id = record.intent.intent_id
        self.events.append(IntentEnded(time_ns=self._time_ns, intent_id=intent_id, state=state, reason=reason))
        self._records[intent_id] = after_end(record, state, reason)

    # -- what is known, this update included --------------------------------------------------------------------------

    def _record(self, intent_id: int) -> IntentRecord | None:
        return self._records.get(intent_id) or self._state.intents.get(intent_id)

    def _record_of(self, deal: Deal) -> IntentRecord | None:
        reported = self._record(self._intent_of_order.get(deal.order_ticket, -1))
        if reported is not None and executes(reported.intent, deal):
            return reported
        intent_id = self._state.intent_id_of(deal)
        return None if intent_id is None else self._record(intent_id)

    def _opened_by(self, position_id: int) -> int | None:
        return self._openings.get(position_id, self._state.openings.get(position_id))

    def _flag_surprise(self, record: IntentRecord, evidence: Evidence) -> None:
        if not turned(record, evidence).surprising:
            return
        late = record.state == IntentState.EXPIRED
        kind = FlagKind.LATE_EXECUTION if late else FlagKind.CONTRADICTION
        detail = f"was {record.state.name}, now {evidence.name}"
        self.flag(kind, comment_of(record.intent.intent_id), detail)

    def flag(self, kind: FlagKind, subject: str, detail: str) -> bool:
        """Tell a person, once: False where the same was told before."""
        flag = Flagged(time_ns=self._time_ns, kind=kind, subject=subject, detail=detail)
        key = flag_key(flag)
        if key in self._state.flags or key in self._flags:
            return False
        self._flags.add(key)
        self.events.append(flag)
        return True


def _is_history(state: AccountState, update: TradeUpdate) -> bool:
    """Whether the deals are from before the service knew the account: no money of it known, or no deal at all."""
    return not state.has_money or (update.complete and state.watermark == (0, 0))


def _by_ticket(things: dict[int, Thing]) -> Iterator[Thing]:
    return (things[ticket] for ticket in sorted(things))
