"""The three messages of the hot path, TICKS, ASK and DECISION, with everything prepared beforehand.

Most live batches are one tick at which nothing happens. For those there is a shorter way, from frame to frame without a
message in between: `lone_tick` and `watching_frame`. It accepts less than the usual way, never more.

What is refused here, and how it is named, is what the declaration says: the quick checks only decide whether to ask it.
"""

import struct
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np

from domain.dtypes import RATES_DTYPE, TICK_DTYPE
from domain.updates import Money
from wire import records
from wire.enums import MAGIC, NO_GATE, PROTOCOL_VERSION, ErrorCode, FrameFlag, MessageType
from wire.errors import WireError
from wire.kinds import (
    MAX_PRICE,
    MAX_TIME_MSC,
    MAX_TIME_NS,
    MAX_TIME_S,
    MAX_VOLUME,
    TEXT_BYTES,
    TIMEFRAME_CODES,
    cut_text,
)
from wire.layout import Frame
from wire.messages import Ask, Decision, RecordArray, Ticks

BODY_AT: Final = records.HEADER.size
TICKS_AT: Final = BODY_AT + records.TICKS.size
RATES_AT: Final = BODY_AT + records.HISTORY.size

_TICK: Final = struct.Struct("<qdddQqId")
_BATCH: Final = records.TICKS.struct
_DECISION: Final = records.DECISION.struct
_WANTS_DECISION: Final = int(FrameFlag.WANTS_DECISION)
_MAX_OFFSET_S: Final = 86_400
_MAX_SCORE: Final = 1e6
_FEW: Final = 8  # up to here a loop is faster than numpy's fixed cost

# An unsigned look at the 60 bytes: a negative number, a NaN or an infinity is then larger than anything allowed.
_UNSIGNED_TICK: Final = np.dtype(
    [("time", "<u8"), ("prices", "<u8", 3), ("volume", "<u8"), ("time_msc", "<u8"), ("flags", "<u4"), ("real", "<u8")]
)
_MAX_PRICE_BITS: Final = int(np.float64(MAX_PRICE).view(np.uint64))
_MAX_VOLUME_BITS: Final = int(np.float64(MAX_VOLUME).view(np.uint64))

_TICK_RANGES: Final = {
    "time": (0, MAX_TIME_S),
    "time_msc": (0, MAX_TIME_MSC),
    "bid": (0, MAX_PRICE),
    "ask": (0, MAX_PRICE),
    "last": (0, MAX_PRICE),
    "volume_real": (0, MAX_VOLUME),
}
_RATES_RANGES: Final = {"time": (0, MAX_TIME_S)} | dict.fromkeys(("open", "high", "low", "close"), (0, MAX_PRICE))


_HEAD: Final = struct.Struct("<HBBHH")  # the header up to `items`
_LONE_TICK: Final = struct.Struct("<8xIIII8x" + _BATCH.format[1:] + _TICK.format[1:])
_LONE_TICK_HEAD: Final = _HEAD.pack(MAGIC, PROTOCOL_VERSION, MessageType.TICKS, _WANTS_DECISION, 1)
_ANSWER: Final = struct.Struct("<8sIIIIq" + _DECISION.format[1:])
_ANSWER_HEAD: Final = _HEAD.pack(MAGIC, PROTOCOL_VERSION, MessageType.DECISION, 0, 0)


class LoneTick(NamedTuple):
    """A TICKS frame of one tick that wants a decision: what it says, from its sequence number on, in this order."""

    seq: int
    ack: int
    session: int
    reserved: int
    symbol_index: int
    server_offset_s: int
    batch: int
    balance: float
    equity: float
    margin: float
    margin_free: float
    time: int
    bid: float
    ask: float
    last: float
    volume: int
    time_msc: int
    flags: int
    volume_real: float


def money_of(values: Mapping[str, Any]) -> Money:
    """The account's money among a record's values."""
    return Money(
        balance=values["balance"], equity=values["equity"], margin=values["margin"], margin_free=values["margin_free"]
    )


def read_ticks(frame: Frame, flags: int, count: int, _symbols: Sequence[str]) -> Ticks:
    """TICKS of `count` ticks.

    Raises:
        WireError: for an empty batch, or a price, volume, time or amount that cannot be.
    """
    if len(frame) != TICKS_AT + count * _TICK.size:
        check_length(frame, TICKS_AT + count * _TICK.size)
    symbol_index, server_offset_s, batch, balance, equity, margin, margin_free = _BATCH.unpack_from(frame, BODY_AT)
    if not (-_MAX_OFFSET_S <= server_offset_s <= _MAX_OFFSET_S and isfinite(balance + equity + margin + margin_free)):
        records.TICKS.read(frame, BODY_AT)
    check_ticks(frame, TICKS_AT, count)
    return Ticks(
        symbol_index=symbol_index,
        batch=batch,
        server_offset_s=server_offset_s,
        wants_decision=flags == _WANTS_DECISION,
        money=Money(balance=balance, equity=equity, margin=margin, margin_free=margin_free),
        ticks=np.frombuffer(frame, TICK_DTYPE, count, TICKS_AT),
    )


def lone_tick(frame: Frame) -> LoneTick | None:
    """The sound lone tick that `frame` is; None for any other frame, which `read_ticks` and its kin are to judge."""
    if len(frame) != _LONE_TICK.size or frame[: _HEAD.size] != _LONE_TICK_HEAD:
        return None
    tick = LoneTick(*_LONE_TICK.unpack(frame))
    is_sound = (
        tick.reserved == 0
        and -_MAX_OFFSET_S <= tick.server_offset_s <= _MAX_OFFSET_S
        and isfinite(tick.balance + tick.equity + tick.margin + tick.margin_free)
        and 0.0 <= tick.bid <= MAX_PRICE
        and 0.0 <= tick.ask <= MAX_PRICE
        and 0.0 <= tick.last <= MAX_PRICE
        and 0 <= tick.time <= MAX_TIME_S
        and 0 <= tick.time_msc <= MAX_TIME_MSC
        and 0.0 <= tick.volume_real <= MAX_VOLUME
    )
    return tick if is_sound else None


def watching_frame(tick: LoneTick, decided_ns: int, text: bytes, *, seq: int, session: int, time_ns: int) -> bytes:
    """The DECISION frame that answers `tick` with nothing but `text` (as `cut_text` gives it); seq as in a header."""
    head = _ANSWER_HEAD, seq, tick.seq, session, 0, time_ns
    return _ANSWER.pack(*head, 0.0, decided_ns, tick.batch, 0, tick.symbol_index, 0, NO_GATE, 0, 0, 0, text)


def check_length(frame: Frame, expected: int) -> None:
    """Refuse (WireError) a frame that is not exactly as long as its header and counts say."""
    if len(frame) != expected:
        raise WireError(ErrorCode.BAD_FRAME, "length", f"is {len(frame)} bytes; its header and counts make {expected}")


def check_ticks(buffer: Frame, offset: int, count: int) -> None:
    """Refuse (WireError) what cannot be a quote among `count` ticks at `offset`."""
    if count == 0:
        raise records.HEADER.error("items", "are 0; a batch without ticks is an ASK")
    is_sound = _few_are_sound if count <= _FEW else _many_are_sound
    if not is_sound(buffer, offset, count):
        _check_ranges("MqlTick", np.frombuffer(buffer, TICK_DTYPE, count, offset), _TICK_RANGES)


def _few_are_sound(buffer: Frame, offset: int, count: int) -> bool:
    for tick_at in range(offset, offset + count * _TICK.size, _TICK.size):
        time, bid, ask, last, _, time_msc, _, volume_real = _TICK.unpack_from(buffer, tick_at)
        if not (
            0.0 <= bid <= MAX_PRICE
            and 0.0 <= ask <= MAX_PRICE
            and 0.0 <= last <= MAX_PRICE
            and 0 <= time <= MAX_TIME_S
            and 0 <= time_msc <= MAX_TIME_MSC
            and 0.0 <= volume_real <= MAX_VOLUME
        ):
            return False
    return True


def _many_are_sound(buffer: Frame, offset: int, count: int) -> bool:
    ticks = np.frombuffer(buffer, _UNSIGNED_TICK, count, offset)
    return bool(
        ticks["prices"].max() <= _MAX_PRICE_BITS
        and ticks["time_msc"].max() <= MAX_TIME_MSC
        and ticks["time"].max() <= MAX_TIME_S
        and ticks["real"].max() <= _MAX_VOLUME_BITS
    )


def _check_ranges(structure: str, items: RecordArray, ranges: Mapping[str, tuple[float, float]]) -> None:
    for column, (low, high) in ranges.items():
        lowest, highest = items[column].min(), items[column].max()
        if not (low <= lowest and highest <= high):  # a NaN makes both comparisons false
            detail = f"is {lowest} to {highest}; must be {low:g} to {high:g}"
            raise WireError(ErrorCode.BAD_FRAME, f"{structure}.{column}", detail)


def checked_rates(buffer: Frame, offset: int, count: int) -> RecordArray:
    """View of `count` bars at `offset`.

    Raises:
        WireError: for a price or time that cannot be, or a high below its low.
    """
    rates: RecordArray = np.frombuffer(buffer, RATES_DTYPE, count, offset)
    if count:
        _check_ranges("MqlRates", rates, _RATES_RANGES)
    if (rates["high"] < rates["low"]).any():
        raise WireError(ErrorCode.BAD_FRAME, "MqlRates.high", "is below low")
    return rates


def item_bytes(items: RecordArray, dtype: np.dtype[np.void]) -> bytes:
    """The items as they lie on the wire."""
    if items.dtype != dtype:
        raise records.HEADER.error("items", f"are {items.dtype}; must be {dtype}")
    return items.tobytes()


def write_ticks(message: Ticks) -> bytes:
    """Body and items of a TICKS frame."""
    payload = _batch_bytes(message) + item_bytes(message.ticks, TICK_DTYPE)
    check_ticks(payload, _BATCH.size, len(message.ticks))
    return payload


def read_ask(frame: Frame) -> Ask:
    """ASK; the caller has checked the frame's length."""
    values = records.ASK.read(frame, BODY_AT)
    return Ask(
        symbol_index=values["symbol_index"],
        batch=values["batch"],
        server_offset_s=values["server_offset_s"],
        money=money_of(values),
    )


def write_ask(message: Ask) -> bytes:
    """Body of an ASK frame."""
    return _batch_bytes(message)


def _batch_bytes(message: Ticks | Ask) -> bytes:
    money = message.money
    offset_s = message.server_offset_s
    balance, equity, margin, margin_free = money.balance, money.equity, money.margin, money.margin_free
    try:
        if -_MAX_OFFSET_S <= offset_s <= _MAX_OFFSET_S and isfinite(balance + equity + margin + margin_free):
            return _BATCH.pack(message.symbol_index, offset_s, message.batch, balance, equity, margin, margin_free)
    except (struct.error, TypeError):
        pass  # the declaration names the field
    return records.TICKS.write(msgspec.structs.asdict(money) | msgspec.structs.asdict(message))


def write_decision(message: Decision) -> bytes:
    """Body of a DECISION frame."""
    score, decided_ns, timeframe = message.score, message.decided_ns, message.timeframe
    try:
        if -_MAX_SCORE <= score <= _MAX_SCORE and 0 <= decided_ns <= MAX_TIME_NS and timeframe in TIMEFRAME_CODES:
            return _DECISION.pack(
                score,
                decided_ns,
                message.batch,
                timeframe,
                message.symbol_index,
                message.intents_following,
                message.first_refusing_gate,
                message.action,
                message.gates_passed,
                message.gates_refused,
                cut_text(message.text, TEXT_BYTES),
            )
    except (struct.error, TypeError):
        pass  # the declaration names the field
    return records.DECISION.write(msgspec.structs.asdict(message))
