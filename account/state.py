"""The account's state: a fold of its events, the same live and replayed."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, Final, Self

import msgspec

from account.events import (
    AccountEvent,
    AccountSeen,
    DealBooked,
    EquityMarked,
    EquityTracked,
    EventAhead,
    Flagged,
    GuardChanged,
    Halted,
    IntentEnded,
    IntentIssued,
    IntentReported,
    IntentSent,
    OrderGone,
    OrderSeen,
    OverrideLifted,
    OverrideSet,
    PositionGone,
    PositionSeen,
    Reconciled,
    Resumed,
    SessionOpened,
    SymbolsSeen,
)
from account.lifecycle import (
    IntentRecord,
    after_deal,
    after_end,
    after_position,
    after_result,
    after_sending,
    executes,
    is_trade,
    opens,
)
from account.round_trips import Opening, RoundTrips
from account.safety import Safety, SafetyEvent
from account.slippage import Slippage, asked_price
from domain.intents import Intent, IntentKind, intent_id_in
from domain.pricing import rounded_money
from domain.servertime import broker_day, utc_ns_from_server_msc
from domain.symbols import SymbolSpec
from domain.trading import AccountTradeMode, Deal, DealType, MarginMode, Order, Position

__all__ = ["AccountState", "IntentRecord", "PositionLots"]

NO_DAY: Final = -1
# an older mark says nothing about where this day began: more than a long weekend lies between
_DAY_START_REACH_DAYS: Final = 4
_TOLD_FOR_NS: Final = 2 * 86_400_000_000_000  # by then no calendar tells the event again
_MS_PER_DAY: Final = 86_400_000
_LOTS_SLACK: Final = 1e-9
_CASH_FLOWS: Final = frozenset({DealType.BALANCE, DealType.CREDIT, DealType.BONUS})


class PositionLots(msgspec.Struct, frozen=True, kw_only=True):
    """Volumes of one position over its life [lots]: `opened` and `closed` by deals, `largest` it was seen with."""

    opened: float = 0.0
    closed: float = 0.0
    largest: float = 0.0

    def after(self, deal: Deal) -> "PositionLots":
        """The volumes once `deal` is booked."""
        if opens(deal):
            return msgspec.structs.replace(self, opened=self.opened + deal.volume)
        return msgspec.structs.replace(self, closed=self.closed + deal.volume)

    @property
    def initial(self) -> float:
        """What it began with, and what was added to it."""
        return max(self.opened, self.largest)

    @property
    def accounted_for(self) -> bool:
        """Whether deals have closed all of it."""
        return self.closed + _LOTS_SLACK >= self.initial


NO_LOTS: Final = PositionLots()


class AccountState(msgspec.Struct, kw_only=True):
    """One account at one point of its journal. `apply` is the only way to change it.

    Money is in the account's currency; `watermark` is (time_msc, deal_ticket) of the newest deal booked; `broker_day`
    counts days of the broker's clock since 1970 (-1 before the first mark); `tracked_day` is the last one whose first
    tick the guards saw; `day_start_equity` 0 means not known yet; `openings` maps a position_id to the intent that
    opened it; `gone` holds the tickets of positions that are no more, `unexplained` the position_id of own ones that no
    deal closed; `told` holds the events of the calendar that were told of, by `calendar_key`, with their times;
    `safety` is what its guards and its owner imposed,
    `round_trips` what became of its own positions, `slippage` what their fills lost.
    """

    session: int = 0
    terminal_id: str = ""
    login: int = 0
    server: str = ""
    currency: str = ""
    currency_digits: int = 2
    leverage: int = 0
    margin_mode: MarginMode = MarginMode.RETAIL_HEDGING
    trade_mode: AccountTradeMode = AccountTradeMode.DEMO
    trade_allowed: bool = False
    server_offset_s: int = 0
    magic: int = 0
    has_money: bool = False
    balance: float = 0.0
    credit: float = 0.0
    margin: float = 0.0
    margin_free: float = 0.0
    last_equity: float = 0.0
    peak_equity: float = 0.0
    broker_day: int = NO_DAY
    tracked_day: int = NO_DAY
    day_start_equity: float = 0.0
    realised_today: float = 0.0
    specs: dict[str, SymbolSpec] = msgspec.field(default_factory=dict)
    positions: dict[int, Position] = msgspec.field(default_factory=dict)
    orders: dict[int, Order] = msgspec.field(default_factory=dict)
    intents: dict[int, IntentRecord] = msgspec.field(default_factory=dict)
    watermark: tuple[int, int] = (0, 0)
    deals: set[int] = msgspec.field(default_factory=set)
    openings: dict[int, int] = msgspec.field(default_factory=dict)
    lots: dict[int, PositionLots] = msgspec.field(default_factory=dict)
    opening_offsets_s: dict[int, int] = msgspec.field(default_factory=dict)
    gone: set[int] = msgspec.field(default_factory=set)
    unexplained: set[int] = msgspec.field(default_factory=set)
    flags: set[str] = msgspec.field(default_factory=set)
    told: dict[str, int] = msgspec.field(default_factory=dict)
    safety: Safety = msgspec.field(default_factory=Safety)
    round_trips: RoundTrips = msgspec.field(default_factory=RoundTrips)
    slippage: Slippage = msgspec.field(default_factory=Slippage)
    reconciled_session: int = 0
    _open: dict[int, None] = msgspec.field(default_factory=dict)
    _intent_of_order: dict[int, int] = msgspec.field(default_factory=dict)

    # -- what it says -------------------------------------------------------------------------------------------------

    def drawdown_fraction(self, equity: float) -> float:
        """How far `equity` is below the highest equity seen [fraction of the peak, 0 where there is none]."""
        return _shortfall_fraction(self.peak_equity, equity)

    def day_loss_fraction(self, equity: float) -> float:
        """How far `equity` is below the start of the broker's day [fraction of that, 0 where it is not known]."""
        return _shortfall_fraction(self.day_start_equity, equity)

    def opened_ns(self, position: Position) -> int:
        """When `position` was opened [UTC ns], by the broker's clock as it stood when the position was first seen.

        A time stamp of the broker stays what it was when the clocks change.
        """
        offset_s = self.opening_offsets_s.get(position.position_id, self.server_offset_s)
        return utc_ns_from_server_msc(position.time_msc, offset_s)

    def is_new_day(self, time_ns: int) -> bool:
        """Whether `time_ns` [UTC ns] lies in a later broker day than the last mark: equity must be marked now."""
        return broker_day(time_ns, self.server_offset_s) > self.broker_day

    def open_intents(self) -> list[IntentRecord]:
        """Intents that have not ended, in the order of their issue."""
        return [self.intents[intent_id] for intent_id in self._open]

    def is_own(self, position: Position) -> bool:
        """Whether this service opened the position: its magic, and an intent that the comment or a result names."""
        named = intent_id_in(position.comment) is not None or position.position_id in self.openings
        return position.magic == self.magic and named

    def opening_intent(self, position_ticket: int) -> Intent | None:
        """The intent that opened the position; None for a foreign one, or one that the journal does not know."""
        intent_id = self.openings.get(self.position_id_of(position_ticket))
        record = self.intents.get(intent_id) if intent_id is not None else None
        return record.intent if record else None

    def initial_lots(self, position_ticket: int) -> float:
        """What the position began with [lots]; 0 for one that is not known."""
        return self.lots.get(self.position_id_of(position_ticket), NO_LOTS).initial

    def position_id_of(self, position_ticket: int) -> int:
        """MT5's identifier of a position; a ticket that is not known is its own (as at opening)."""
        position = self.positions.get(position_ticket)
        return position.position_id if position else position_ticket

    def intent_id_of(self, deal: Deal) -> int | None:
        """The intent that the deal executes, by its order's ticket or by its comment; None where there is none."""
        for intent_id in (self._intent_of_order.get(deal.order_ticket), intent_id_in(deal.comment)):
            record = self.intents.get(intent_id) if intent_id is not None else None
            if record and executes(record.intent, deal):
                return intent_id
        return None

    def digest(self) -> str:
        """Hash of the whole state [hex]: two accounts stand the same if and only if their digests are equal."""
        fields = [getattr(self, name) for name in self.__struct_fields__ if not name.startswith("_")]
        return hashlib.sha256(msgspec.json.encode([_ordered(value) for value in fields])).hexdigest()

    # -- how it changes -----------------------------------------------------------------------------------------------

    @classmethod
    def replayed(cls, events: Iterable[AccountEvent]) -> Self:
        """The state after `events`, from nothing."""
        state = cls()
        for event in events:
            state.apply(event)
        return state

    def apply(self, event: AccountEvent) -> None:
        """Fold one event. Total: every event of a journal can be folded, and booking a known deal changes nothing."""
        self._FOLDS[type(event)](self, event)

    def _open_session(self, event: SessionOpened) -> None:
        if self.login and (self.login, self.server) != (event.login, event.server):
            self._take(AccountState(), self.__struct_fields__)
        self._take(event, SessionOpened.__struct_fields__[1:])

    def _take(self, source: msgspec.Struct, names: Iterable[str]) -> None:
        for name in names:
            setattr(self, name, getattr(source, name))

    def _see_symbols(self, event: SymbolsSeen) -> None:
        self.specs.update((spec.name, spec) for spec in event.specs)

    def _see_account(self, event: AccountSeen) -> None:
        self.has_money = True
        self.balance, self.credit = event.balance, event.credit
        self.margin, self.margin_free = event.margin, event.margin_free
        self._mark(event.time_ns, event.equity)

    def _mark_equity(self, event: EquityMarked) -> None:
        self.margin = event.margin
        self._mark(event.time_ns, event.equity)

    def _mark(self, time_ns: int, equity: float) -> None:
        self._begin_day(broker_day(time_ns, self.server_offset_s))
        if self.day_start_equity <= 0.0:
            self.day_start_equity = self._money(equity - self.realised_today)
        self.last_equity = equity
        self.peak_equity = max(self.peak_equity, equity)

    def _begin_day(self, day: int) -> None:
        if day <= self.broker_day:
            return
        reachable = self.broker_day != NO_DAY and day - self.broker_day <= _DAY_START_REACH_DAYS
        self.day_start_equity = self.last_equity if reachable else 0.0
        self.realised_today = 0.0
        self.broker_day = day

    def _issue_intent(self, event: IntentIssued) -> None:
        if event.intent.intent_id not in self.intents:
            self._keep(IntentRecord(intent=event.intent))
            if event.intent.kind == IntentKind.OPEN:
                self.slippage.issue(event.intent)

    def _send_intent(self, event: IntentSent) -> None:
        record = self.intents.get(event.intent_id)
        if record:
            self._keep(after_sending(record, event.attempt))

    def _report_intent(self, event: IntentReported) -> None:
        result, record = event.result, self.intents.get(event.result.intent_id)
        if record is None:
            return
        self._keep(after_result(record, result))
        if result.order_ticket:
            self._intent_of_order[result.order_ticket] = result.intent_id
        if result.position_ticket and record.intent.kind == IntentKind.OPEN:
            self.openings.setdefault(self.position_id_of(result.position_ticket), result.intent_id)

    def _end_intent(self, event: IntentEnded) -> None:
        record = self.intents.get(event.intent_id)
        if record:
            self._keep(after_end(record, event.state, event.reason))

    def _keep(self, record: IntentRecord) -> None:
        intent_id = record.intent.intent_id
        self.intents[intent_id] = record
        if record.is_open:
            self._open.setdefault(intent_id)
        else:
            self._open.pop(intent_id, None)

    def _book_deal(self, event: DealBooked) -> None:
        deal = event.deal
        if deal.deal_ticket in self.deals:
            return
        self.deals.add(deal.deal_ticket)
        self.watermark = max(self.watermark, (deal.time_msc, deal.deal_ticket))
        self._begin_day(deal.time_msc // _MS_PER_DAY)
        self._book_money(deal, in_balance=event.in_balance)
        if is_trade(deal):
            self._book_volume(deal)

    def _book_money(self, deal: Deal, *, in_balance: bool) -> None:
        change = deal.balance_change
        if not in_balance and deal.type == DealType.CREDIT:
            self.credit = self._money(self.credit + change)
        elif not in_balance:
            self.balance = self._money(self.balance + change)
        if deal.type not in _CASH_FLOWS:
            if deal.time_msc // _MS_PER_DAY == self.broker_day:
                self.realised_today = self._money(self.realised_today + change)
        elif not in_balance:
            self._shift_marks(change)

    def _shift_marks(self, flow: float) -> None:
        """A deposit is no profit and a withdrawal no loss: every mark keeps its ratio to equity."""
        after = self.last_equity + flow
        scale = after / self.last_equity if self.last_equity > 0.0 and after > 0.0 else 0.0
        self.peak_equity = self._money(self.peak_equity * scale) if scale else max(0.0, after)
        self.day_start_equity = self._money(self.day_start_equity * scale) if scale else max(0.0, after)
        self.last_equity = self._money(after)

    def _track_equity(self, event: EquityTracked) -> None:
        if event.broker_day > self.broker_day:
            self.realised_today = 0.0
        self.broker_day = self.tracked_day = event.broker_day
        self.day_start_equity, self.peak_equity = event.day_start_equity, event.peak_equity
        self.last_equity = event.equity

    def _tell_event(self, event: EventAhead) -> None:
        oldest_ns = event.time_ns - _TOLD_FOR_NS
        self.told = {key: at_ns for key, at_ns in self.told.items() if at_ns >= oldest_ns} | {event.key: event.event_ns}

    def _keep_safe(self, event: SafetyEvent) -> None:
        if self.safety.apply(event):
            self.peak_equity = self.last_equity

    def _book_result(self, deal: Deal) -> None:
        if deal.position_id in self.openings:
            time_ns = utc_ns_from_server_msc(deal.time_msc, self.server_offset_s)
            is_last = not opens(deal) and self.lots.get(deal.position_id, NO_LOTS).accounted_for
            self.safety.book_result(deal.position_id, deal.balance_change, time_ns if is_last else None)
            self._book_round_trip(deal, time_ns, is_last=is_last)

    def _book_round_trip(self, deal: Deal, time_ns: int, *, is_last: bool) -> None:
        if not opens(deal):
            self.round_trips.close(deal, time_ns, is_last=is_last)
            return
        record = self.intents.get(self.openings[deal.position_id])
        if record is not None:
            opening = Opening(
                intent=record.intent,
                spec=self.specs.get(deal.symbol),
                currency=self.currency,
                currency_digits=self.currency_digits,
                leverage=self.leverage,
            )
            self.round_trips.open(deal, opening, time_ns)

    def _book_volume(self, deal: Deal) -> None:
        self.lots[deal.position_id] = self.lots.get(deal.position_id, NO_LOTS).after(deal)
        intent_id = self.intent_id_of(deal)
        if intent_id is not None:
            self._keep(after_deal(self.intents[intent_id], deal))
            if opens(deal):
                self.openings.setdefault(deal.position_id, intent_id)
        self._book_slippage(deal, intent_id)
        self._book_result(deal)
        self._close_books_of(deal.position_id)

    def _book_slippage(self, deal: Deal, intent_id: int | None) -> None:
        spec = self.specs.get(deal.symbol)
        if spec is None or deal.position_id not in self.openings:
            return
        intent = self.intents[intent_id].intent if intent_id is not None else None
        held = next((it for it in self.positions.values() if it.position_id == deal.position_id), None)
        self.slippage.book(deal, asked_price(deal, intent, held), spec.point)

    def _see_position(self, event: PositionSeen) -> None:
        position = event.position
        lots = self.lots.get(position.position_id, NO_LOTS)
        self.positions[position.position_ticket] = position
        self.opening_offsets_s.setdefault(position.position_id, self.server_offset_s)
        self.gone.discard(position.position_ticket)
        self.unexplained.discard(position.position_id)
        self.lots[position.position_id] = msgspec.structs.replace(lots, largest=max(lots.largest, position.volume))
        intent_id = intent_id_in(position.comment)
        if intent_id is None:
            return
        self.openings.setdefault(position.position_id, intent_id)
        record = self.intents.get(intent_id)
        if record and record.intent.kind == IntentKind.OPEN:
            self._keep(after_position(record, position.position_ticket, position.volume))

    def _lose_position(self, event: PositionGone) -> None:
        position = self.positions.pop(event.position_ticket, None)
        self.gone.add(event.position_ticket)
        if position and not self._stands(position.position_id):
            self.opening_offsets_s.pop(position.position_id, None)
            if self.is_own(position):
                self.unexplained.add(position.position_id)
            self._close_books_of(position.position_id)

    def _stands(self, position_id: int) -> bool:
        # by identifier: some brokers book swap by closing and reopening, which changes the ticket alone
        return any(position.position_id == position_id for position in self.positions.values())

    def _close_books_of(self, position_id: int) -> None:
        """Forget the volumes of a position that deals have closed and that is no more."""
        if self.lots.get(position_id, NO_LOTS).accounted_for and not self._stands(position_id):
            self.lots.pop(position_id, None)
            self.unexplained.discard(position_id)

    def _see_order(self, event: OrderSeen) -> None:
        self.orders[event.order.order_ticket] = event.order

    def _lose_order(self, event: OrderGone) -> None:
        self.orders.pop(event.order_ticket, None)

    def _flag(self, event: Flagged) -> None:
        self.flags.add(flag_key(event))

    def _reconcile(self, event: Reconciled) -> None:
        self.reconciled_session = event.session

    def _money(self, amount: float) -> float:
        return rounded_money(amount, self.currency_digits)

    _FOLDS: ClassVar[Mapping[type, Callable[["AccountState", Any], None]]] = {
        SessionOpened: _open_session,
        SymbolsSeen: _see_symbols,
        AccountSeen: _see_account,
        IntentIssued: _issue_intent,
        IntentSent: _send_intent,
        IntentReported: _report_intent,
        IntentEnded: _end_intent,
        DealBooked: _book_deal,
        PositionSeen: _see_position,
        PositionGone: _lose_position,
        OrderSeen: _see_order,
        OrderGone: _lose_order,
        EquityMarked: _mark_equity,
        EquityTracked: _track_equity,
        **dict.fromkeys((GuardChanged, Halted, Resumed, OverrideSet, OverrideLifted), _keep_safe),
        EventAhead: _tell_event,
        Flagged: _flag,
        Reconciled: _reconcile,
    }


def flag_key(event: Flagged) -> str:
    """What makes a flag the same as another one."""
    return f"{event.kind}:{event.subject}"


def _shortfall_fraction(reference: float, equity: float) -> float:
    return max(0.0, (reference - equity) / reference) if reference > 0.0 else 0.0


def _ordered(value: object) -> object:
    if isinstance(value, Safety):
        return [_ordered(getattr(value, name)) for name in value.__struct_fields__]
    if isinstance(value, dict):
        return [(key, value[key]) for key in sorted(value)]
    return sorted(value) if isinstance(value, set) else value
