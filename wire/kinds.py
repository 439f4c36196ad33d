"""The kinds of fields: plain numbers, and numbers and bytes with a meaning that is checked on both ways."""

import math
import struct
from collections.abc import Callable
from enum import IntEnum, IntFlag
from functools import lru_cache
from typing import Any, Final

from domain.symbols import MAX_SESSIONS
from domain.timeframes import Timeframe
from wire.enums import MAX_TIMEFRAMES, NONCE_BYTES, PROOF_BYTES
from wire.layout import Kind

MAX_TIME_S: Final = 4_102_444_800  # 2100-01-01: far enough, and its nanoseconds still fit 64 bits
MAX_TIME_MSC: Final = MAX_TIME_S * 1000
MAX_TIME_NS: Final = MAX_TIME_S * 1_000_000_000
MAX_PRICE: Final = 1e12
MAX_VOLUME: Final = 1e12
SYMBOL_BYTES: Final = 32
TEXT_BYTES: Final = 64
MISSING: Final = -(2**63)
"""MQL5's LONG_MIN: a calendar value that is not set."""

_MQL_OF: Final = {
    "B": "uchar",
    "b": "char",
    "H": "ushort",
    "I": "uint",
    "i": "int",
    "Q": "ulong",
    "q": "long",
    "d": "double",
}
_PAIR: Final = 2
_SESSION_TIMES: Final = struct.Struct(f"<{MAX_SESSIONS * _PAIR}I")
_TIMEFRAME_CODES: Final = struct.Struct(f"<{MAX_TIMEFRAMES}i")


def _plain(code: str, meaning: str = "") -> Kind:
    return Kind(code, _MQL_OF[code], 0, meaning)


U8: Final = _plain("B")
U16: Final = _plain("H")
U32: Final = _plain("I")
U64: Final = _plain("Q")
I32: Final = _plain("i")
I64: Final = _plain("q")
TICKET: Final = _plain("Q", "ticket, 0 none")


def _same_both_ways(code: str, meaning: str, check: Callable[[Any], Any]) -> Kind:
    return Kind(code, _MQL_OF[code], 0, meaning, check, check)


def between(code: str, low: float, high: float, meaning: str) -> Kind:
    """A number in `low`..`high`, both included; never NaN."""

    def checked(value: Any) -> Any:  # noqa: ANN401 - int stays int, float stays float
        if not low <= value <= high:
            raise ValueError(f"is {value}; must be {low} to {high}")
        return value

    return _same_both_ways(code, f"{meaning}, {low} to {high}", checked)


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError(f"is {value}; must be finite")
    return value


NUMBER: Final = _same_both_ways("d", "finite", _finite)
MONEY: Final = _same_both_ways("d", "account currency, finite", _finite)
PRICE: Final = between("d", 0.0, MAX_PRICE, "price")
DISTANCE: Final = between("d", 0.0, MAX_PRICE, "price distance")
VOLUME: Final = between("d", 0.0, MAX_VOLUME, "lots")
TIME_S: Final = between("q", 0, MAX_TIME_S, "broker's clock [s]")
TIME_MSC: Final = between("q", 0, MAX_TIME_MSC, "broker's clock [ms]")
UTC_S: Final = between("q", 0, MAX_TIME_S, "UTC [s]")
UTC_NS: Final = between("q", 0, MAX_TIME_NS, "UTC [ns]")
OFFSET_S: Final = between("i", -86_400, 86_400, "broker's clock minus UTC [s]")
SIDE: Final = between("b", -1, 1, "+1 buy, -1 sell, 0 none")


def one_of(numbers: type[IntEnum], code: str = "B") -> Kind:
    """A member of an enumeration."""
    members = {int(member): member for member in numbers}

    def member_of(value: int) -> IntEnum:
        try:
            return members[value]
        except KeyError:
            raise ValueError(f"is {value}; no {numbers.__name__} has this number") from None

    return _same_both_ways(code, numbers.__name__, member_of)


TIMEFRAME: Final = one_of(Timeframe, "i")
TIMEFRAME_CODES: Final = frozenset({0, *Timeframe})


def _timeframe_code(value: int) -> int:
    if value not in TIMEFRAME_CODES:
        raise ValueError(f"is {value}; must be an MT5 timeframe code or 0")
    return value


TIMEFRAME_OR_NONE: Final = _same_both_ways("i", "Timeframe or 0", _timeframe_code)


def _bool_of(value: int) -> bool:
    if value not in (0, 1):
        raise ValueError(f"is {value}; must be 0 or 1")
    return value == 1


FLAG: Final = _same_both_ways("B", "0 or 1", _bool_of)


def bits_of(flags: type[IntFlag], code: str = "B") -> Kind:
    """Bits of a flag enumeration, unknown ones refused."""
    known = sum(flags)

    def flags_of(value: int) -> IntFlag:
        if value & ~known:
            raise ValueError(f"is {value}; {flags.__name__} knows the bits {known}")
        return flags(value)

    return _same_both_ways(code, flags.__name__, flags_of)


def _stripped(raw: bytes) -> bytes:
    content = raw.rstrip(b"\0")
    if b"\0" in content:
        raise ValueError("holds bytes after its terminating zero; clear the array before filling it")
    return content


def name(length: int) -> Kind:
    """Printable UTF-8 of at most `length` bytes, padded with zeros; what does not fit is refused."""

    def read(raw: bytes) -> str:
        return printable(_stripped(raw).decode())

    def write(text: str) -> bytes:
        content = printable(text).encode()
        if len(content) > length:
            raise ValueError(f"is {text!r}; at most {length} bytes of UTF-8")
        return content

    return Kind(f"{length}s", "uchar", length, "printable UTF-8", read, write)


def printable(text: str) -> str:
    """`text`, unless it holds control characters (ValueError)."""
    if not text.isprintable():
        raise ValueError(f"is {text!r}; must be printable")
    return text


@lru_cache(maxsize=256)  # a bridge says the same few words again and again
def cut_text(text: str, length: int) -> bytes:
    """UTF-8 of `text` without zero bytes, cut to `length` bytes between characters."""
    content = text.replace("\0", "").encode(errors="replace")
    return content if len(content) <= length else content[:length].decode(errors="ignore").encode()


def text_of(raw: bytes) -> str:
    """Zero-padded UTF-8 as text. A character that a broker cut in half becomes a replacement mark, not an error."""
    return _stripped(raw).decode(errors="replace")


def text(length: int) -> Kind:
    """Words for people: UTF-8 cut to `length` bytes, padded with zeros."""
    return Kind(f"{length}s", "uchar", length, "UTF-8, cut to fit", text_of, lambda value: cut_text(value, length))


def _nonce(value: bytes) -> bytes:
    if len(value) != NONCE_BYTES or not any(value):
        raise ValueError(f"must be {NONCE_BYTES} random bytes, not all zero")
    return value


def _proof(value: bytes) -> bytes:
    if len(value) != PROOF_BYTES:
        raise ValueError(f"must be {PROOF_BYTES} bytes")
    return value


NONCE: Final = Kind(f"{NONCE_BYTES}s", "uchar", NONCE_BYTES, "random bytes", _nonce, _nonce)
PROOF: Final = Kind(f"{PROOF_BYTES}s", "uchar", PROOF_BYTES, "HMAC-SHA256", _proof, _proof)


def _optional(value: int) -> int | None:
    return None if value == MISSING else value


def _or_missing(value: int | None) -> int:
    return MISSING if value is None else value


SCALED: Final = Kind("q", "long", 0, "value x 1e6, LONG_MIN when missing", _optional, _or_missing)


def _sessions(raw: bytes) -> tuple[tuple[int, int], ...]:
    numbers = _SESSION_TIMES.unpack(raw)
    pairs = tuple(zip(numbers[::2], numbers[1::2], strict=True))
    used = pairs.index((0, 0)) if (0, 0) in pairs else len(pairs)
    if any(numbers[used * _PAIR :]):
        raise ValueError("has a gap; unused places are zero and come last")
    return pairs[:used]


def _session_bytes(sessions: tuple[tuple[int, int], ...]) -> bytes:
    numbers = [second for session in sessions for second in session]
    return _packed(_SESSION_TIMES, numbers, MAX_SESSIONS * _PAIR)


SESSIONS: Final = Kind(
    f"{_SESSION_TIMES.size}s",
    "uint",
    MAX_SESSIONS * _PAIR,
    "start, end, start, end, ... [s of the week]",
    _sessions,
    _session_bytes,
)


def _timeframes(raw: bytes) -> tuple[Timeframe, ...]:
    codes = _TIMEFRAME_CODES.unpack(raw)
    used = codes.index(0) if 0 in codes else len(codes)
    if any(codes[used:]):
        raise ValueError("has a gap; unused places are zero and come last")
    return tuple(Timeframe(code) for code in codes[:used])


def _timeframe_bytes(timeframes: tuple[Timeframe, ...]) -> bytes:
    return _packed(_TIMEFRAME_CODES, list(timeframes), MAX_TIMEFRAMES)


def _packed(places: struct.Struct, numbers: list[int], limit: int) -> bytes:
    if len(numbers) > limit:
        raise ValueError(f"has {len(numbers)} numbers; at most {limit}")
    try:
        return places.pack(*numbers, *[0] * (limit - len(numbers)))
    except struct.error as problem:
        raise ValueError(str(problem)) from problem


TIMEFRAMES: Final = Kind(
    f"{_TIMEFRAME_CODES.size}s", "int", MAX_TIMEFRAMES, "MT5 timeframe codes, then zeros", _timeframes, _timeframe_bytes
)
