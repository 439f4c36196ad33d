"""Numbers that name a signal and an intent, derived from what they are: deciding the same again gives the same one."""

import hashlib
import struct
from typing import Final

_POSITIVE_63_BITS: Final = (1 << 63) - 1


def _digest(*parts: bytes) -> int:
    whole = hashlib.blake2b(b"\x00".join(parts), digest_size=8).digest()
    return int.from_bytes(whole, "little") & _POSITIVE_63_BITS or 1


def signal_id_of(model: str, symbol: str, timeframe: int, side: int, setup: int) -> int:
    """Number of a signal: a model's set-up on one side of one chart, whenever it comes [63 bits, never 0]."""
    return _digest(b"signal", model.encode(), symbol.encode(), struct.pack("<iii", timeframe, side, setup))


def intent_id_of(
    login: int,
    magic: int,
    symbol: str,
    timeframe: int,
    decided_ns: int,
    action: int,
    ticket: int,
    figures: tuple[float, ...],
) -> int:
    """Number of an intent [63 bits, never 0]; `figures` are its lots and levels."""
    head = struct.pack("<qqiqiQ", login, magic, timeframe, decided_ns, action, ticket)
    return _digest(b"intent", symbol.encode(), head, struct.pack(f"<{len(figures)}d", *figures))
