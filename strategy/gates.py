"""Every question a decision answers, by number. The numbers are on record: never reuse one."""

from enum import IntEnum
from typing import Final


class Gate(IntEnum):
    """Gates of an entry, in the order they stand in a record.

    NEWS stays ABSENT (not PASSED) while nobody tells the core about news, SENTIMENT while nobody tells it of a tone.
    """

    TRADING_ALLOWED = 0
    WARM_UP = 1
    SESSION = 2
    SPREAD = 3
    NEWS = 4
    CONFLUENCE = 5
    REWARD_TO_RISK = 6
    DUPLICATE = 7
    SYMBOL_POSITIONS = 8
    MAX_SYMBOLS = 9
    RISK_LOTS = 10
    LEVERAGE = 11
    FREE_MARGIN = 12
    VOLUME_LIMIT = 13
    VOLATILITY = 14
    KELLY = 15
    COOL_DOWN = 16
    LOSING_STREAK = 17
    CURRENCY_EXPOSURE = 18
    OPEN_RISK = 19
    FLOATING_LOSS = 20
    DAY_LOSS = 21
    DRAWDOWN = 22
    PAUSED = 23
    WEEKEND = 24
    ROLLOVER = 25
    SENTIMENT = 26


class Care(IntEnum):
    """What is looked at for an open position, in the order it stands in a record.

    NEWS and NEWS_LEVERAGE stay ABSENT while no calendar can be relied on.
    """

    TIME_STOP = 0
    PARTIAL_CLOSE = 1
    BREAK_EVEN = 2
    TRAILING = 3
    RISK_AFTER_FILL = 4
    WEEKEND = 5
    ROLLOVER = 6
    CHANDELIER = 7
    TRAILING_FIXED = 8
    TRAILING_STEPPED = 9
    GUARD_REDUCE = 10
    GUARD_CLOSE = 11
    FREEZE_LEVEL = 12
    NEWS = 13
    NEWS_LEVERAGE = 14


class Verdict(IntEnum):
    """How a gate answered. FIRED belongs to `Care`: the rule acts."""

    ABSENT = 0
    PASSED = 1
    REFUSED = 2
    UNKNOWN = 3
    FIRED = 4


class Action(IntEnum):
    """What a decision does."""

    HOLD = 0
    BUY = 1
    SELL = 2
    MODIFY = 3
    PARTIAL_CLOSE = 4
    CLOSE = 5


class DecisionKind(IntEnum):
    """Whether a decision was about an entry or about an open position."""

    ENTRY = 1
    POSITION = 2


GATE_SEATS: Final = 28  # width of a record; room for the gates of later rules
NO_GATE: Final = -1


def gate_name(kind: int, seat: int) -> str:
    """Name of the gate on `seat` in a record of `kind`, for people."""
    names = Gate if kind == DecisionKind.ENTRY else Care
    return names(seat).name.lower().replace("_", " ")
