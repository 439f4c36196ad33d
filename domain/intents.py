"""What the decision core asks the terminal to do, and how an intent can end."""

import re
from enum import IntEnum
from typing import Final

import msgspec

COMMENT_LIMIT: Final = 27  # above 27-31 characters brokers cut or refuse an order comment
_COMMENT_PREFIX: Final = "CMP"
_COMMENT_SHAPE: Final = re.compile(rf"{_COMMENT_PREFIX}([0-9a-f]{{16}})")


class IntentKind(IntEnum):
    """What an intent does."""

    OPEN = 1
    CLOSE = 2
    PARTIAL_CLOSE = 3
    MODIFY = 4
    CANCEL = 5


class IntentState(IntEnum):
    """Where an intent stands. FILLED, PARTLY_FILLED, REJECTED and EXPIRED are final."""

    ISSUED = 1
    ACKNOWLEDGED = 2
    FILLED = 3
    PARTLY_FILLED = 4
    REJECTED = 5
    EXPIRED = 6
    UNKNOWN = 7

    @property
    def is_final(self) -> bool:
        """Whether nothing can follow."""
        return self in _FINAL


_FINAL: Final = frozenset({IntentState.FILLED, IntentState.PARTLY_FILLED, IntentState.REJECTED, IntentState.EXPIRED})


class LocalCare(msgspec.Struct, frozen=True, kw_only=True):
    """How a terminal that hears nothing moves the stop of a position by itself: distances [price], all 0: not at all.

    From a gain of `break_even_gain` over the open price (0: never) the stop goes `break_even_offset` beyond the open
    price. From a gain of `trailing_gain` it follows the price at which the position would be closed at
    `trailing_distance` (0: never), by no less than `trailing_step` at a time.
    """

    break_even_gain: float = 0.0
    break_even_offset: float = 0.0
    trailing_gain: float = 0.0
    trailing_distance: float = 0.0
    trailing_step: float = 0.0

    @property
    def is_off(self) -> bool:
        """Whether it never moves a stop."""
        return self.break_even_gain <= 0.0 and self.trailing_distance <= 0.0


NO_CARE: Final = LocalCare()


class Intent(msgspec.Struct, frozen=True, kw_only=True):
    """One instruction for the terminal; the same decision always makes the same `intent_id`.

    `side` is +1 buy, -1 sell, 0 none. `price` is the quote the decision saw; `volume` [lots] is the volume to open or
    to close; `expires_ns` and `decided_ns` [UTC ns] are on the tick's clock, so that a wall clock that jumps changes
    nothing. `care` is for a terminal that no longer hears from us; of a position the last OPEN or MODIFY holds.
    """

    intent_id: int
    kind: IntentKind
    symbol: str
    side: int
    volume: float
    price: float
    sl: float
    tp: float
    position_ticket: int
    order_ticket: int
    magic: int
    deviation_points: int
    signal_id: int
    decided_ns: int
    expires_ns: int
    care: LocalCare = NO_CARE


def comment_of(intent_id: int) -> str:
    """Order comment that carries the id through MT5: prefix and 16 hexadecimal digits, 19 characters."""
    return f"{_COMMENT_PREFIX}{intent_id:016x}"


def intent_id_in(comment: str) -> int | None:
    """The id in an order or position comment; None where the comment is not ours (manual, or another EA's).

    A server may append text of its own ("[sl 1.2345]", "[tp ...]"), so only the beginning is read.
    """
    found = _COMMENT_SHAPE.match(comment)
    return int(found[1], 16) if found else None
