"""What the two sides say, as values.

`type` is the frame's type on the wire, `trigger` what the message means for the conversation (see `wire.states`).
Arrays inside are views of the frame they came in: read-only, without a copy.
"""

from typing import ClassVar, TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt

from domain.intents import Intent
from domain.symbols import SymbolSpec
from domain.timeframes import Timeframe
from domain.trading import AccountSnapshot, AccountTradeMode, MarginMode
from domain.updates import Money, TradeUpdate
from wire.enums import PROTOCOL_VERSION, ByeReason, ErrorCode, MessageType
from wire.states import Trigger

RecordArray: TypeAlias = npt.NDArray[np.void]


class Hello(msgspec.Struct, frozen=True, kw_only=True):
    """Terminal: who I am. `server_offset_s` is the broker's clock minus UTC as measured [s]."""

    type: ClassVar = MessageType.HELLO
    trigger: ClassVar = Trigger.HELLO
    ea_build: int
    terminal_build: int
    login: int
    server: str
    company: str
    currency: str
    currency_digits: int
    leverage: int
    margin_mode: MarginMode
    trade_mode: AccountTradeMode
    trade_allowed: bool
    terminal_id: int
    client_nonce: bytes
    server_offset_s: int
    magic: int
    version_min: int = PROTOCOL_VERSION
    version_max: int = PROTOCOL_VERSION


class Challenge(msgspec.Struct, frozen=True, kw_only=True):
    """Bridge: the version we speak, and proof that I know the secret."""

    type: ClassVar = MessageType.CHALLENGE
    trigger: ClassVar = Trigger.CHALLENGE
    version: int
    bridge_nonce: bytes
    proof: bytes


class Auth(msgspec.Struct, frozen=True, kw_only=True):
    """Terminal: proof that I know the secret."""

    type: ClassVar = MessageType.AUTH
    trigger: ClassVar = Trigger.AUTH
    proof: bytes


class Welcome(msgspec.Struct, frozen=True, kw_only=True):
    """Bridge: the session's number and rules, and what it wants to be sent before READY.

    The terminal answers with SYMBOLS, a SNAPSHOT with the deals after (`deal_watermark_msc`, `deal_watermark_ticket`),
    and for every symbol and every one of `timeframes` a HISTORY of `history_bars` bars.
    """

    type: ClassVar = MessageType.WELCOME
    trigger: ClassVar = Trigger.WELCOME
    session: int
    deal_watermark_msc: int = 0
    deal_watermark_ticket: int = 0
    timeframes: tuple[Timeframe, ...] = ()
    history_bars: int = 0
    heartbeat_ms: int = 1000
    silence_ms: int = 5000
    max_frame_bytes: int = 1 << 20
    max_ticks: int = 4096
    frames_per_second: int = 20_000
    decision_wait_ms: int = 200


class Symbols(msgspec.Struct, frozen=True, kw_only=True):
    """Terminal: the symbols of this session; other messages name them by their place here.

    May be sent again with fresh numbers: the names known so far keep their places, new ones come behind.
    """

    type: ClassVar = MessageType.SYMBOLS
    trigger: ClassVar = Trigger.SYMBOLS
    specs: tuple[SymbolSpec, ...]


class HistoryRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Bridge: send me the last `bars` bars."""

    type: ClassVar = MessageType.HISTORY
    trigger: ClassVar = Trigger.HISTORY_REQUEST
    symbol_index: int
    timeframe: Timeframe
    bars: int


class History(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Terminal: bars, oldest first, the last still running. `rates`: RATES_DTYPE (n,); empty where there are none."""

    type: ClassVar = MessageType.HISTORY
    trigger: ClassVar = Trigger.HISTORY
    symbol_index: int
    timeframe: Timeframe
    rates: RecordArray
    part: int = 1
    parts: int = 1


class Ticks(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Terminal: ticks of one symbol, oldest first, and the account at the last. `ticks`: TICK_DTYPE (n,), n > 0."""

    type: ClassVar = MessageType.TICKS
    trigger: ClassVar = Trigger.TICKS
    symbol_index: int
    batch: int
    server_offset_s: int
    wants_decision: bool
    money: Money
    ticks: RecordArray


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """Terminal: what do you say now? A batch without ticks."""

    type: ClassVar = MessageType.ASK
    trigger: ClassVar = Trigger.ASK
    symbol_index: int
    batch: int
    server_offset_s: int
    money: Money


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """Bridge: the answer to `batch`; the intents that follow carry the orders.

    `timeframe` is an MT5 code or 0 for none; `action` and the gates are the strategy's own numbers; `score` is finite;
    `text` is for the chart panel, cut to 64 bytes.
    """

    type: ClassVar = MessageType.DECISION
    trigger: ClassVar = Trigger.DECISION
    batch: int
    symbol_index: int
    timeframe: int
    action: int
    gates_passed: int
    gates_refused: int
    first_refusing_gate: int
    score: float
    decided_ns: int
    intents_following: int
    text: str


class IntentMessage(msgspec.Struct, frozen=True, kw_only=True):
    """Bridge: do this, once, and put `comment` on the order."""

    type: ClassVar = MessageType.INTENT
    trigger: ClassVar = Trigger.INTENT
    intent: Intent
    comment: str


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Terminal: what changed up to `time_msc` [ms, broker's clock]. `update.complete` is False."""

    type: ClassVar = MessageType.REPORT
    trigger: ClassVar = Trigger.REPORT
    time_msc: int
    update: TradeUpdate


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """Terminal: everything there is, in `parts` parts.

    `update.money` is `account`'s; `update.complete` is True for a whole snapshot, False for a part (see `wire.parts`).
    """

    type: ClassVar = MessageType.SNAPSHOT
    account: AccountSnapshot
    update: TradeUpdate
    part: int = 1
    parts: int = 1

    @property
    def trigger(self) -> Trigger:
        """Only the last part completes a snapshot."""
        return Trigger.SNAPSHOT if self.part == self.parts else Trigger.SNAPSHOT_PART


class CalendarValue(msgspec.Struct, frozen=True, kw_only=True):
    """One `MqlCalendarValue`; times [s, broker's clock, today's offset]; figures x 1e6, None when missing."""

    value_id: int
    event_id: int
    time_s: int
    period_s: int
    revision: int
    actual: int | None
    forecast: int | None
    previous: int | None
    revised: int | None
    importance: int
    impact: int
    time_mode: int
    event_type: int
    sector: int
    unit: int
    multiplier: int
    digits: int
    country: str
    currency: str
    name: str


class Calendar(msgspec.Struct, frozen=True, kw_only=True):
    """Terminal: calendar values; `change_id` as `CalendarValueLast` gave it, 0 for a history."""

    type: ClassVar = MessageType.CALENDAR
    trigger: ClassVar = Trigger.CALENDAR
    server_time_s: int
    change_id: int
    values: tuple[CalendarValue, ...]


class Heartbeat(msgspec.Struct, frozen=True, kw_only=True):
    """Either side: I am here. The bridge fills in `snapshot_wanted` alone; the terminal's first `ready` goes live."""

    type: ClassVar = MessageType.HEARTBEAT
    server_time_s: int = 0
    utc_s: int = 0
    server_offset_s: int = 0
    money: Money = Money(balance=0.0, equity=0.0, margin=0.0, margin_free=0.0)
    ticks_sent: int = 0
    ping_ms: int = 0
    ready: bool = False
    snapshot_wanted: bool = False
    trade_allowed: bool = False
    connected: bool = False

    @property
    def trigger(self) -> Trigger:
        """READY is a step of its own."""
        return Trigger.READY if self.ready else Trigger.HEARTBEAT


class ErrorMessage(msgspec.Struct, frozen=True, kw_only=True):
    """Either side: your frame `ref_seq` was refused (0: none in particular)."""

    type: ClassVar = MessageType.ERROR
    code: ErrorCode
    fatal: bool
    ref_seq: int
    text: str

    @property
    def trigger(self) -> Trigger:
        """A fatal error ends the session."""
        return Trigger.FATAL if self.fatal else Trigger.ERROR


class Bye(msgspec.Struct, frozen=True, kw_only=True):
    """Either side: I leave; nothing follows."""

    type: ClassVar = MessageType.BYE
    trigger: ClassVar = Trigger.BYE
    reason: ByeReason
    text: str = ""


Message: TypeAlias = (
    Hello
    | Challenge
    | Auth
    | Welcome
    | Symbols
    | HistoryRequest
    | History
    | Ticks
    | Ask
    | Decision
    | IntentMessage
    | Report
    | Snapshot
    | Calendar
    | Heartbeat
    | ErrorMessage
    | Bye
)
