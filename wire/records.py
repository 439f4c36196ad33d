"""The declaration, first half: the header and the body of each type; `Wire.mqh` is generated from it.

A frame is HEADER, then the body of its type, then items (`wire.items`). Records are packed: no gaps, little-endian.
"""

from typing import Final

from domain.intents import IntentKind
from domain.trading import (
    AccountTradeMode,
    MarginMode,
)
from wire import kinds as k
from wire.enums import ByeReason, ErrorCode, MessageType
from wire.layout import Record

HEADER: Final = Record(
    "WireHeader",
    "Begins every frame. `items` follow the body; `ack` is the last `seq` heard from the peer; `time_ns` is the "
    "sender's UTC clock, for people only.",
    magic=k.U16,
    version=k.U8,
    type=k.U8,
    flags=k.U16,
    items=k.U16,
    seq=k.U32,
    ack=k.U32,
    session=k.U32,
    reserved=k.U32,
    time_ns=k.I64,
)

HELLO: Final = Record(
    "WireHello",
    "Terminal: who I am. `terminal_id` is random and kept on the terminal's disk.",
    version_min=k.U8,
    version_max=k.U8,
    margin_mode=k.one_of(MarginMode),
    trade_mode=k.one_of(AccountTradeMode),
    trade_allowed=k.FLAG,
    currency_digits=k.U8,
    ea_build=k.U32,
    terminal_build=k.U32,
    leverage=k.U32,
    server_offset_s=k.OFFSET_S,
    login=k.I64,
    magic=k.I64,
    terminal_id=k.U64,
    client_nonce=k.NONCE,
    server=k.name(k.TEXT_BYTES),
    company=k.text(k.TEXT_BYTES),
    currency=k.name(8),
)

CHALLENGE: Final = Record(
    "WireChallenge",
    "Bridge: the version we speak, and proof that I know the secret. `proof` = HMAC-SHA256(secret, WireBridgeProof).",
    version=k.U8,
    bridge_nonce=k.NONCE,
    proof=k.PROOF,
)

AUTH: Final = Record(
    "WireAuth",
    "Terminal: proof that I know the secret. `proof` = HMAC-SHA256(secret, WireTerminalProof).",
    proof=k.PROOF,
)

BRIDGE_PROOF: Final = Record(
    "WireBridgeProof",
    'What the bridge signs (never sent itself). `label` is "companion bridge".',
    label=k.name(18),
    version=k.U8,
    client_nonce=k.NONCE,
    bridge_nonce=k.NONCE,
    login=k.I64,
    server=k.name(k.TEXT_BYTES),
)

TERMINAL_PROOF: Final = Record(
    "WireTerminalProof",
    'What the terminal signs (never sent itself). `label` is "companion terminal".',
    label=k.name(18),
    version=k.U8,
    client_nonce=k.NONCE,
    bridge_nonce=k.NONCE,
    login=k.I64,
    server=k.name(k.TEXT_BYTES),
    terminal_id=k.U64,
    trade_mode=k.one_of(AccountTradeMode),
)

WELCOME: Final = Record(
    "WireWelcome",
    "Bridge: you are in; from now on headers carry `session`. The first SNAPSHOT brings the deals after the watermark.",
    session=k.between("I", 1, 2**32 - 1, "number of this session"),
    heartbeat_ms=k.between("I", 10, 60_000, "a HEARTBEAT at least this often"),
    silence_ms=k.between("I", 20, 600_000, "a peer not heard for this long is gone"),
    max_frame_bytes=k.between("I", 4096, 2**28, "longest frame either side may send"),
    max_ticks=k.between("I", 1, 65_535, "most ticks in one TICKS"),
    frames_per_second=k.between("I", 10, 10_000_000, "sustained rate either side may send at"),
    decision_wait_ms=k.between("I", 0, 60_000, "how long to wait for a DECISION before going on"),
    history_bars=k.between("I", 0, 10_000_000, "bars wanted for each symbol and timeframe"),
    deal_watermark_msc=k.TIME_MSC,
    deal_watermark_ticket=k.TICKET,
    timeframes=k.TIMEFRAMES,
)

SYMBOLS: Final = Record("WireSymbols", "Terminal: the symbols this session speaks of, by index. Items: WireSymbol.")

HISTORY: Final = Record(
    "WireHistory",
    "Terminal: bars, oldest first, the last one closed; parts of one answer count from 1. Items: MqlRates. "
    "Bridge: `parts` 0 asks for the last `bars` bars.",
    symbol_index=k.U16,
    part=k.U16,
    parts=k.U16,
    timeframe=k.TIMEFRAME,
    bars=k.U32,
)

TICKS: Final = Record(
    "WireTicks",
    "Terminal: every tick since the last batch of this symbol, and the account at the last of them. Items: MqlTick.",
    symbol_index=k.U16,
    server_offset_s=k.OFFSET_S,
    batch=k.U32,
    balance=k.MONEY,
    equity=k.MONEY,
    margin=k.MONEY,
    margin_free=k.MONEY,
)

ASK: Final = Record(
    "WireAsk",
    "Terminal: what do you say now? As WireTicks, without ticks.",
    **{field.name: field.kind for field in TICKS.fields},
)

DECISION: Final = Record(
    "WireDecision",
    "Bridge: the answer to batch `batch`. `intents_following` INTENT frames come right behind. `timeframe` 0: none.",
    score=k.between("d", -1e6, 1e6, "confluence"),
    decided_ns=k.UTC_NS,
    batch=k.U32,
    timeframe=k.TIMEFRAME_OR_NONE,
    symbol_index=k.U16,
    intents_following=k.U16,
    first_refusing_gate=k.U16,
    action=k.U8,
    gates_passed=k.U8,
    gates_refused=k.U8,
    text=k.text(k.TEXT_BYTES),
)

INTENT: Final = Record(
    "WireIntent",
    "Bridge: do this, once. Refuse it when the server's clock has passed `expires_ns` or `intent_id` is known. The "
    "five distances are for a silent bridge: how to move the stop of the position. Its last OPEN or MODIFY holds.",
    intent_id=k.U64,
    signal_id=k.U64,
    position_ticket=k.TICKET,
    order_ticket=k.TICKET,
    magic=k.I64,
    decided_ns=k.UTC_NS,
    expires_ns=k.UTC_NS,
    volume=k.VOLUME,
    price=k.PRICE,
    sl=k.PRICE,
    tp=k.PRICE,
    break_even_gain=k.DISTANCE,
    break_even_offset=k.DISTANCE,
    trailing_gain=k.DISTANCE,
    trailing_distance=k.DISTANCE,
    trailing_step=k.DISTANCE,
    deviation_points=k.U32,
    symbol_index=k.U16,
    kind=k.one_of(IntentKind),
    side=k.SIDE,
    comment=k.name(k.SYMBOL_BYTES),
)

REPORT: Final = Record(
    "WireReport",
    "Terminal: what changed. Items in this order: WireResult, WireDeal, WirePosition, WireGone (positions), WireOrder, "
    "WireGone (orders).",
    time_msc=k.TIME_MSC,
    balance=k.MONEY,
    equity=k.MONEY,
    margin=k.MONEY,
    margin_free=k.MONEY,
    results=k.U16,
    deals=k.U16,
    positions=k.U16,
    positions_gone=k.U16,
    orders=k.U16,
    orders_gone=k.U16,
)

SNAPSHOT: Final = Record(
    "WireSnapshot",
    "Terminal: everything there is; parts count from 1. Items in this order: WireResult, WireDeal, WirePosition, "
    "WireOrder.",
    login=k.I64,
    balance=k.MONEY,
    credit=k.MONEY,
    equity=k.MONEY,
    margin=k.MONEY,
    margin_free=k.MONEY,
    time_msc=k.TIME_MSC,
    leverage=k.U32,
    results=k.U16,
    deals=k.U16,
    positions=k.U16,
    orders=k.U16,
    part=k.U16,
    parts=k.U16,
    margin_mode=k.one_of(MarginMode),
    trade_mode=k.one_of(AccountTradeMode),
    trade_allowed=k.FLAG,
    currency_digits=k.U8,
    server=k.name(k.TEXT_BYTES),
    currency=k.name(8),
)

CALENDAR: Final = Record(
    "WireCalendar",
    "Terminal: values of MT5's calendar, in the server's time with today's offset. Items: WireCalendarValue.",
    server_time_s=k.TIME_S,
    change_id=k.U64,
)

HEARTBEAT: Final = Record(
    "WireHeartbeat",
    "Either side: I am here. `server_time_s` is TimeTradeServer(), `utc_s` TimeGMT(). The bridge sends zeros.",
    server_time_s=k.TIME_S,
    utc_s=k.UTC_S,
    balance=k.MONEY,
    equity=k.MONEY,
    margin=k.MONEY,
    margin_free=k.MONEY,
    ticks_sent=k.U64,
    server_offset_s=k.OFFSET_S,
    ping_ms=k.U32,
)

ERROR: Final = Record(
    "WireError",
    "Either side: `ref_seq` of yours was refused. After a fatal one the session is over.",
    code=k.one_of(ErrorCode, "H"),
    fatal=k.FLAG,
    ref_seq=k.U32,
    text=k.text(128),
)

BYE: Final = Record(
    "WireBye",
    "Either side: I leave; nothing follows.",
    reason=k.one_of(ByeReason, "H"),
    text=k.text(k.TEXT_BYTES),
)

BODIES: Final = {
    MessageType.HELLO: HELLO,
    MessageType.CHALLENGE: CHALLENGE,
    MessageType.AUTH: AUTH,
    MessageType.WELCOME: WELCOME,
    MessageType.SYMBOLS: SYMBOLS,
    MessageType.HISTORY: HISTORY,
    MessageType.TICKS: TICKS,
    MessageType.ASK: ASK,
    MessageType.DECISION: DECISION,
    MessageType.INTENT: INTENT,
    MessageType.REPORT: REPORT,
    MessageType.SNAPSHOT: SNAPSHOT,
    MessageType.CALENDAR: CALENDAR,
    MessageType.HEARTBEAT: HEARTBEAT,
    MessageType.ERROR: ERROR,
    MessageType.BYE: BYE,
}
SIGNED: Final = (BRIDGE_PROOF, TERMINAL_PROOF)
