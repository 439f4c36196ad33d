"""Numbers of the protocol. They are on the wire and in the EA's header: never reuse one."""

from enum import IntEnum, IntFlag
from typing import Final

MAGIC: Final = 0x4D43
"""First two bytes of every frame ("CM" in a hex dump of little-endian memory)."""

PROTOCOL_VERSION: Final = 1
NO_GATE: Final = 0xFFFF
"""`Decision.first_refusing_gate` when no gate refused."""

NONCE_BYTES: Final = 16
PROOF_BYTES: Final = 32
MAX_TIMEFRAMES: Final = 8
MAX_ITEMS: Final = 0xFFFF
HANDSHAKE_FRAME_BYTES: Final = 4096
BRIDGE_LABEL: Final = "companion bridge"
TERMINAL_LABEL: Final = "companion terminal"


class MessageType(IntEnum):
    """What a frame is."""

    HELLO = 1
    CHALLENGE = 2
    AUTH = 3
    WELCOME = 4
    SYMBOLS = 5
    HISTORY = 6
    TICKS = 7
    ASK = 8
    DECISION = 9
    INTENT = 10
    REPORT = 11
    SNAPSHOT = 12
    CALENDAR = 13
    HEARTBEAT = 14
    ERROR = 15
    BYE = 16


class FrameFlag(IntFlag):
    """Bits of the header's `flags`; each belongs to the types named beside it and is refused elsewhere."""

    WANTS_DECISION = 1  # TICKS
    READY = 2  # HEARTBEAT
    SNAPSHOT_WANTED = 4  # HEARTBEAT
    TRADE_ALLOWED = 8  # HEARTBEAT
    CONNECTED = 16  # HEARTBEAT


class ErrorCode(IntEnum):
    """Why a frame, or its sender, was refused."""

    BAD_SECRET = 1
    BAD_VERSION = 2
    DUPLICATE_LOGIN = 3
    BAD_FRAME = 4
    TOO_LARGE = 5
    TOO_FAST = 6
    OUT_OF_SEQUENCE = 7
    UNKNOWN_SYMBOL = 8
    NOT_READY = 9
    UNEXPECTED = 10
    SILENT = 11
    REFUSED = 12
    INTERNAL = 13


class ByeReason(IntEnum):
    """Why a side leaves."""

    STOPPING = 1
    RESTARTING = 2
    REMOVED = 3
