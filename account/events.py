"""What can happen to an account: the journal's vocabulary. The account's state is the fold of these, nothing else.

Every event carries `time_ns` [UTC ns, the tick's clock] and is one JSON object in the journal whose field `event` names
its kind. Kinds and fields are never renamed; a new field has a default, so that an old journal still reads.
"""

from enum import StrEnum
from typing import Final

import msgspec

from domain.intents import Intent, IntentState
from domain.symbols import SymbolSpec
from domain.trading import AccountTradeMode, Deal, MarginMode, Order, Position
from domain.updates import IntentResult


class FlagKind(StrEnum):
    """What a person should look at. Words, not numbers, because people read them in the journal."""

    MANUAL_POSITION = "manual_position"
    ADOPTED_POSITION = "adopted_position"
    UNKNOWN_DEAL = "unknown_deal"
    UNKNOWN_INTENT = "unknown_intent"
    CLOSED_BY_HAND = "closed_by_hand"
    GONE_WITHOUT_DEAL = "gone_without_deal"
    MONEY_MISMATCH = "money_mismatch"
    LATE_EXECUTION = "late_execution"
    CONTRADICTION = "contradiction"
    FORGOTTEN_INTENT = "forgotten_intent"
    STOP_MOVED = "stop_moved"


class GuardKind(StrEnum):
    """What watches equity. The numbers of `risk.guards.Guard`, as words."""

    FLOATING_LOSS = "floating_loss"
    DAY_LOSS = "day_loss"
    DRAWDOWN = "drawdown"


class OverrideKind(StrEnum):
    """What a person may impose: a pause of entries, or another value for a limit."""

    PAUSE = "pause"
    LIMIT = "limit"


class SessionOpened(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="session_opened"):
    """A terminal logged in. Another `login` or `server` than before is another account: its state starts empty."""

    time_ns: int
    login: int
    server: str
    session: int
    terminal_id: str
    currency: str
    currency_digits: int
    leverage: int
    margin_mode: MarginMode
    trade_mode: AccountTradeMode
    trade_allowed: bool
    server_offset_s: int
    magic: int


class SymbolsSeen(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="symbols_seen"):
    """Specifications as the terminal reports them; each replaces the one known under its name."""

    time_ns: int
    specs: tuple[SymbolSpec, ...]


class AccountSeen(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="account_seen"):
    """The terminal's own word on the account's money [account currency]. It is the truth, whatever the deals say."""

    time_ns: int
    balance: float
    credit: float
    equity: float
    margin: float
    margin_free: float


class IntentIssued(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="intent_issued"):
    """An intent was decided. On disk before the intent leaves."""

    time_ns: int
    intent: Intent


class IntentSent(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="intent_sent"):
    """The intent left for the terminal, for the `attempt`-th time (1 is the first)."""

    time_ns: int
    intent_id: int
    attempt: int


class IntentReported(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="intent_reported"):
    """The terminal said something new about an intent."""

    time_ns: int
    result: IntentResult


class IntentEnded(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="intent_ended"):
    """What the bridge concluded without a result of the terminal.

    `state` is UNKNOWN (no word in time), EXPIRED (it was never executed) or FILLED (the terminal stands as asked).
    """

    time_ns: int
    intent_id: int
    state: IntentState
    reason: str


class DealBooked(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="deal_booked"):
    """A deal that was not known. With `in_balance` the balance held it already and does not change."""

    time_ns: int
    deal: Deal
    in_balance: bool = False


class PositionSeen(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="position_seen"):
    """A position is new, or stands differently than before."""

    time_ns: int
    position: Position


class PositionGone(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="position_gone"):
    """A position is no more."""

    time_ns: int
    position_ticket: int


class OrderSeen(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="order_seen"):
    """An order in the market is new, or stands differently than before."""

    time_ns: int
    order: Order


class OrderGone(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="order_gone"):
    """An order is no longer in the market."""

    time_ns: int
    order_ticket: int


class EquityMarked(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="equity_marked"):
    """Equity at a closed minute, at a new peak or at the first tick of a broker day [account currency]."""

    time_ns: int
    equity: float
    balance: float
    margin: float


class EquityTracked(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="equity_tracked"):
    """The marks the guards compare equity with have moved: taken as they are [account currency].

    `broker_day` counts days of the broker's clock since 1970, by the ticks' own time.
    """

    time_ns: int
    equity: float
    peak_equity: float
    day_start_equity: float
    broker_day: int


class GuardChanged(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="guard_changed"):
    """A guard rose to `level` or fell to it; 0 is released. `value` reached, or left, `threshold` [fractions].

    With `halts` everything is closed, and nothing is opened until a person resumes.
    """

    time_ns: int
    guard: GuardKind
    level: int
    value: float
    threshold: float
    equity: float
    halts: bool = False


class Halted(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="halted"):
    """A person pulled the kill switch: everything is closed, nothing is opened until somebody resumes."""

    time_ns: int
    reason: str
    author: str


class Resumed(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="resumed"):
    """A person lets trading go on: on one `symbol`, or everywhere, a halt included, where it names none.

    After a halt by drawdown the peak starts anew from where equity is.
    """

    time_ns: int
    symbol: str
    reason: str
    author: str


class OverrideSet(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="override_set"):
    """A person imposes something on one `symbol`, or everywhere where it is empty, until `expires_ns` (0: for good).

    A LIMIT has the `name` of the setting it replaces and its `value`; a PAUSE has neither.
    """

    time_ns: int
    kind: OverrideKind
    name: str
    symbol: str
    value: float
    reason: str
    author: str
    expires_ns: int


class OverrideLifted(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="override_lifted"):
    """A person takes an override back before its time."""

    time_ns: int
    kind: OverrideKind
    name: str
    symbol: str
    reason: str
    author: str


def calendar_key(event_ns: int, currency: str, name: str) -> str:
    """What tells one event of the calendar from all others."""
    return f"{event_ns}:{currency}:{name}"


class EventAhead(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="event_ahead"):
    """An event of the calendar is ahead, at `event_ns` [UTC ns]; it concerns `symbols`. Told once."""

    time_ns: int
    event_ns: int
    currency: str
    name: str
    impact: str
    symbols: tuple[str, ...]

    @property
    def key(self) -> str:
        """See `calendar_key`."""
        return calendar_key(self.event_ns, self.currency, self.name)


class Flagged(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="flagged"):
    """Something a person should know. `subject` is what it is about: the same kind and subject are flagged once."""

    time_ns: int
    kind: FlagKind
    subject: str
    detail: str


class Reconciled(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="reconciled"):
    """The account was compared with everything the terminal has; from here on it may trade.

    Counts: own positions `adopted` that the journal did not know, intents `resolved`, things `flagged`.
    """

    time_ns: int
    session: int
    adopted: int
    resolved: int
    flagged: int


AccountEvent = (
    SessionOpened
    | SymbolsSeen
    | AccountSeen
    | IntentIssued
    | IntentSent
    | IntentReported
    | IntentEnded
    | DealBooked
    | PositionSeen
    | PositionGone
    | OrderSeen
    | OrderGone
    | EquityMarked
    | EquityTracked
    | GuardChanged
    | Halted
    | Resumed
    | OverrideSet
    | OverrideLifted
    | EventAhead
    | Flagged
    | Reconciled
)

_ENCODER: Final = msgspec.json.Encoder()
_DECODER: Final[msgspec.json.Decoder[AccountEvent]] = msgspec.json.Decoder(AccountEvent)
_KINDS: Final[dict[type, str]] = {member: str(member.__struct_config__.tag) for member in AccountEvent.__args__}


class EventError(ValueError):
    """An event that the journal cannot keep, or a journal entry that is no event."""


def kind_of(event: AccountEvent) -> str:
    """The event's kind, as in the journal."""
    return _KINDS[type(event)]


def encoded(event: AccountEvent) -> bytes:
    """The event as JSON.

    Raises:
        EventError: for what JSON cannot hold (a number that is not finite, half a character): it would not read back.
    """
    try:
        body = _ENCODER.encode(event)
    except (UnicodeEncodeError, OverflowError) as problem:
        raise EventError(f"an event that JSON cannot hold: {problem}") from problem
    if body.find(b"null") >= 0:  # a third faster than `in`, and every event passes here
        _refuse_unreadable(body)
    return body


def decoded(body: bytes | str) -> AccountEvent:
    """The event in a journal entry.

    Raises:
        EventError: where `body` is not an event this version knows.
    """
    try:
        return _DECODER.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError) as problem:
        raise EventError(f"not an account event: {problem}") from problem


def _refuse_unreadable(body: bytes) -> None:
    # "null" may also be part of a comment; only what does not read back is refused
    try:
        decoded(body)
    except EventError as problem:
        raise EventError(f"an event with a number that is not finite cannot be journaled: {problem}") from problem
