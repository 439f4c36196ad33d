"""The structures and functions that EA and host share, as runtime/host.hpp declares them."""

import ctypes
from ctypes import c_char, c_char_p, c_double, c_int32, c_int64, c_uint8, c_uint32, c_uint64, c_void_p
from enum import IntEnum, IntFlag
from typing import Any, Final

VERSION: Final = 1
ADDRESS_VARIABLE: Final = "COMPANION_MQL5_HOST"


class Domain(IntEnum):
    """Whose property is asked for."""

    ACCOUNT = 0
    SYMBOL = 1
    POSITION = 2
    ORDER = 3
    PAST_ORDER = 4
    DEAL = 5
    TERMINAL = 6
    MQL = 7


class Kind(IntEnum):
    """Which field of a HostValue carries the answer."""

    INTEGER = 0
    DOUBLE = 1
    STRING = 2


class Pool(IntEnum):
    """What is asked about a pool of tickets."""

    HOW_MANY = 0
    WHICH_TICKET = 1
    IS_THERE = 2
    SELECT_RANGE = 3
    SELECT_POSITION = 4


class TradeMode(IntEnum):
    """How a request leaves."""

    SEND_NOW = 0
    SEND_LATER = 1
    CHECK_ONLY = 2


class RatesBy(IntEnum):
    """The three forms of CopyRates."""

    POSITION = 0
    TIME_AND_COUNT = 1
    TIMES = 2


class GlobalQuestion(IntEnum):
    """What is done with a global variable of the terminal."""

    GET = 0
    SET = 1
    CHECK = 2
    DELETE = 3
    TIME = 4
    FLUSH = 5
    COUNT = 6


class CalendarQuestion(IntEnum):
    """What is asked of the economic calendar."""

    COUNTRY_BY_ID = 0
    EVENT_BY_ID = 1
    VALUE_BY_ID = 2
    COUNTRIES = 3
    EVENTS = 4
    VALUES = 5
    VALUES_SINCE = 6


class SocketFault(IntFlag):
    """Bad habits of MetaTrader's sockets, or of the network, that a host can ask for."""

    NONE = 0
    IS_READABLE_GUESSES = 1
    READ_WAITS_FOR_ALL = 2
    READ_DRIBBLES = 4
    REFUSED_BY_LIST = 8
    REFUSED_BY_PEER = 16


class Traffic(IntEnum):
    """What happened on a connection."""

    SENT = 0
    HEARD = 1
    CONNECTED = 2
    ENDED = 3


class LogLevel(IntEnum):
    """Where a line comes from."""

    PRINTED = 0
    ALERTED = 1
    COMMENTED = 2
    FAULTED = 3


class HostValue(ctypes.Structure):
    """One property."""

    _pack_ = 1
    _fields_ = (("integer", c_int64), ("real", c_double), ("text", c_char * 256))


class HostRequest(ctypes.Structure):
    """MqlTradeRequest."""

    _pack_ = 1
    _fields_ = (
        *((name, c_int32) for name in ("action", "type", "type_filling", "type_time")),
        *((name, c_uint64) for name in ("magic", "order", "position", "position_by", "deviation")),
        *((name, c_double) for name in ("volume", "price", "stoplimit", "sl", "tp")),
        ("expiration", c_int64),
        ("symbol", c_char * 64),
        ("comment", c_char * 128),
    )


class HostResult(ctypes.Structure):
    """MqlTradeResult, and what MqlTradeCheckResult has beyond it."""

    _pack_ = 1
    _fields_ = (
        ("retcode", c_uint32),
        ("request_id", c_uint32),
        ("retcode_external", c_int32),
        ("deal", c_uint64),
        ("order", c_uint64),
        *((name, c_double) for name in ("volume", "price", "bid", "ask")),
        *((name, c_double) for name in ("balance", "equity", "profit", "margin", "margin_free", "margin_level")),
        ("comment", c_char * 128),
    )


class HostTransaction(ctypes.Structure):
    """MqlTradeTransaction."""

    _pack_ = 1
    _fields_ = (
        *((name, c_int32) for name in ("type", "order_type", "order_state", "deal_type", "time_type")),
        *((name, c_uint64) for name in ("deal", "order", "position", "position_by")),
        ("time_expiration", c_int64),
        *((name, c_double) for name in ("price", "price_trigger", "price_sl", "price_tp", "volume")),
        ("symbol", c_char * 64),
    )


class HostCalendarRow(ctypes.Structure):
    """A country, an event or a value."""

    _pack_ = 1
    _fields_ = (
        ("number", c_uint64),
        ("other", c_uint64),
        ("integers", c_int64 * 10),
        ("texts", (c_char * 128) * 4),
    )


_RequestPointer = ctypes.POINTER(HostRequest)
_ResultPointer = ctypes.POINTER(HostResult)
_RowsPointer = ctypes.POINTER(c_void_p)

FUNCTIONS: Final[dict[str, Any]] = {
    "log": ctypes.CFUNCTYPE(None, c_int32, c_char_p),
    "property": ctypes.CFUNCTYPE(c_int32, c_int32, c_int32, c_char_p, c_uint64, c_int32, ctypes.POINTER(HostValue)),
    "pool": ctypes.CFUNCTYPE(c_int64, c_int32, c_int32, c_int64, c_int64),
    "trade": ctypes.CFUNCTYPE(c_int32, c_int32, _RequestPointer, _ResultPointer),
    "estimate": ctypes.CFUNCTYPE(c_double, c_int32, c_int32, c_char_p, c_double, c_double, c_double),
    "ticks": ctypes.CFUNCTYPE(c_int32, c_char_p, c_uint32, c_int64, c_int64, c_uint32, _RowsPointer),
    "rates": ctypes.CFUNCTYPE(c_int32, c_char_p, c_int32, c_int32, c_int64, c_int64, _RowsPointer),
    "session": ctypes.CFUNCTYPE(c_int32, c_char_p, c_int32, c_uint32, ctypes.POINTER(c_int64), ctypes.POINTER(c_int64)),
    "global_variable": ctypes.CFUNCTYPE(c_int32, c_int32, c_char_p, ctypes.POINTER(c_double)),
    "calendar": ctypes.CFUNCTYPE(c_int32, c_int32, c_uint64, c_int64, c_int64, c_char_p, c_char_p, _RowsPointer),
    "timer": ctypes.CFUNCTYPE(None, c_int32),
    "traffic": ctypes.CFUNCTYPE(None, c_int32, c_int32, ctypes.POINTER(c_uint8), c_uint32),
    "remove": ctypes.CFUNCTYPE(None),
}


class Host(ctypes.Structure):
    """What a host lends to its EA."""

    _pack_ = 1
    _fields_ = (
        ("size", c_uint32),
        ("abi", c_uint32),
        ("machine_us", c_int64),
        ("server_msc", c_int64),
        ("quote_msc", c_int64),
        ("server_offset_s", c_int64),
        ("symbol", c_char * 64),
        ("period", c_int32),
        ("digits", c_int32),
        ("point", c_double),
        ("faults", c_int32),
        ("patience_ms", c_int32),
        ("drop_after", c_int64),
        ("is_stopped", c_int32),
        ("deinit_reason", c_int32),
        ("inputs", c_char_p),
        ("files_dir", c_char_p),
        ("common_dir", c_char_p),
        *FUNCTIONS.items(),
    )


def fitted(text: str, room: int) -> bytes:
    """`text` as UTF-8 in at most `room` bytes, one of them for the terminating 0."""
    return text.encode()[: room - 1].decode(errors="ignore").encode()
