"""MT5's trade server return codes, and what each means for an intent.

Source: MQL5 reference, "Return Codes of the Trade Server" (10037 does not exist).
"""

from enum import IntEnum
from typing import Final


class Retcode(IntEnum):
    """`TRADE_RETCODE_*`."""

    REQUOTE = 10004
    REJECT = 10006
    CANCEL = 10007
    PLACED = 10008
    DONE = 10009
    DONE_PARTIAL = 10010
    ERROR = 10011
    TIMEOUT = 10012
    INVALID = 10013
    INVALID_VOLUME = 10014
    INVALID_PRICE = 10015
    INVALID_STOPS = 10016
    TRADE_DISABLED = 10017
    MARKET_CLOSED = 10018
    NO_MONEY = 10019
    PRICE_CHANGED = 10020
    PRICE_OFF = 10021
    INVALID_EXPIRATION = 10022
    ORDER_CHANGED = 10023
    TOO_MANY_REQUESTS = 10024
    NO_CHANGES = 10025
    SERVER_DISABLES_AT = 10026
    CLIENT_DISABLES_AT = 10027
    LOCKED = 10028
    FROZEN = 10029
    INVALID_FILL = 10030
    CONNECTION = 10031
    ONLY_REAL = 10032
    LIMIT_ORDERS = 10033
    LIMIT_VOLUME = 10034
    INVALID_ORDER = 10035
    POSITION_CLOSED = 10036
    INVALID_CLOSE_VOLUME = 10038
    CLOSE_ORDER_EXIST = 10039
    LIMIT_POSITIONS = 10040
    REJECT_CANCEL = 10041
    LONG_ONLY = 10042
    SHORT_ONLY = 10043
    CLOSE_ONLY = 10044
    FIFO_CLOSE = 10045
    HEDGE_PROHIBITED = 10046


class Outcome(IntEnum):
    """What a retcode says about the request it answers."""

    DONE = 1
    PARTIAL = 2
    PENDING = 3
    REFUSED = 4
    UNKNOWN = 5


_DONE: Final = frozenset({Retcode.DONE, Retcode.NO_CHANGES})
_UNKNOWN: Final = frozenset({Retcode.TIMEOUT, Retcode.CONNECTION, Retcode.ERROR})
SAFE_TO_RETRY: Final = frozenset({Retcode.REQUOTE, Retcode.PRICE_CHANGED, Retcode.PRICE_OFF})
"""The server did nothing and a new price may help. Everything else is either final or ambiguous."""

_REMEDIES: Final = {
    Retcode.INVALID_VOLUME: "check volume_min, volume_max and volume_step of the symbol",
    Retcode.INVALID_STOPS: "stops are inside the symbol's stops level or on the wrong side of the quote",
    Retcode.TRADE_DISABLED: "trading is disabled for this account or symbol; ask the broker",
    Retcode.MARKET_CLOSED: "outside the symbol's trade session",
    Retcode.NO_MONEY: "free margin does not cover the order",
    Retcode.SERVER_DISABLES_AT: "the server has disabled automated trading for this account",
    Retcode.CLIENT_DISABLES_AT: "switch AutoTrading on in the terminal",
    Retcode.INVALID_FILL: "the symbol does not allow this filling mode; read SYMBOL_FILLING_MODE",
    Retcode.CONNECTION: "the terminal has no connection to the trade server",
    Retcode.LIMIT_VOLUME: "the symbol's volume limit in one direction is reached",
    Retcode.LIMIT_POSITIONS: "the account's limit of open positions is reached",
    Retcode.TOO_MANY_REQUESTS: "requests come too fast for the server; slow down",
}


def outcome_of(retcode: int) -> Outcome:
    """Meaning of an answer's `retcode`. A code this table does not know is UNKNOWN, never a refusal."""
    if retcode in _DONE:
        return Outcome.DONE
    if retcode == Retcode.DONE_PARTIAL:
        return Outcome.PARTIAL
    if retcode == Retcode.PLACED:
        return Outcome.PENDING
    if retcode in _UNKNOWN or retcode not in _KNOWN:
        return Outcome.UNKNOWN
    return Outcome.REFUSED


_KNOWN: Final = frozenset(Retcode)


def explained(retcode: int) -> str:
    """The code's name and, where there is one, what to do about it."""
    if retcode not in _KNOWN:
        return f"retcode {retcode} (not in MT5's published list)"
    name = Retcode(retcode).name
    remedy = _REMEDIES.get(Retcode(retcode))
    return f"{retcode} {name}: {remedy}" if remedy else f"{retcode} {name}"
