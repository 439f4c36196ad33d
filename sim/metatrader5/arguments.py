"""Arguments as the package takes them: which types it accepts, and what it says of the others.

Every rule here was asked of version 5.0.6231; a test asks again where Wine is there. Numbers of a request must be `int`
or `float` to the letter (a volume of 1 is refused, 1.0 is taken); dates without a time zone are local time.
"""

import math
import operator
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, TypeAlias

from sim.metatrader5.failures import INVALID_ARGUMENTS, CallError, Failure, invalid

Moment: TypeAlias = datetime | float
"""A point in time: `datetime` or seconds since 1970, encoded as the broker's clock."""

Kind: TypeAlias = Callable[[Any], Any]
"""Turns an argument into what a call works with; raises `CallError`, or the error that C would leave behind."""

TEXT_LIMIT: Final = 29
GROUP_LIMIT: Final = 1023
_LOGIN_TEXT_LIMIT: Final = 255
_END_OF_TIME_S: Final = 1 << 40
_INT32: Final = 1 << 31
_UINT32: Final = 1 << 32
_INT64: Final = 1 << 63
_UINT64: Final = 1 << 64


class CError(Exception):
    """An argument that leaves a Python error behind in C: the interpreter makes a `SystemError` of it."""

    def __init__(self, cause: TypeError | OverflowError, failure: Failure = INVALID_ARGUMENTS) -> None:
        super().__init__(str(cause))
        self.cause = cause
        self.failure = failure


# -- arguments by place ------------------------------------------------------------------------------------------------


def text(value: object) -> str:
    """A symbol's name."""
    if not isinstance(value, str) or len(value) > TEXT_LIMIT:
        raise CallError(INVALID_ARGUMENTS)
    return value


def integer(value: Any) -> int:  # noqa: ANN401 - whatever the caller gave
    """A C `long` of 32 bits; whatever can stand for an index will do."""
    try:
        number = operator.index(value)
    except TypeError as error:
        raise CError(error) from error
    if not -_INT32 <= number < _INT32:
        raise CError(OverflowError("Python int too large to convert to C long"))
    return number


def plain_integer(value: object) -> int:
    """An `int` to the letter, without a limit."""
    if not isinstance(value, int):
        raise CError(TypeError(f"argument 1 must be int, not {type(value).__name__}"))
    return value


def number(value: Any) -> float:  # noqa: ANN401 - whatever the caller gave
    """A price or a volume."""
    if isinstance(value, str):
        raise CError(TypeError("must be real number, not str"))
    try:
        return float(value)
    except TypeError as error:
        raise CError(error) from error


def flag(value: object) -> bool:
    """Anything, by its truth."""
    return bool(value)


def moment(value: object) -> int:
    """Seconds on the broker's clock. A `datetime` without a time zone is local time, as `timestamp()` reads it."""
    if isinstance(value, datetime):
        return int(value.timestamp())
    if isinstance(value, int):
        return integer(value)
    if not isinstance(value, float):
        raise CallError(INVALID_ARGUMENTS)
    # C makes something of every float; here what is no number is before all time
    return int(min(max(value, -_END_OF_TIME_S), _END_OF_TIME_S)) if not math.isnan(value) else -_END_OF_TIME_S


def seconds(value: Moment) -> int:
    """What `moment` has made of an argument, for those who see its declared type alone."""
    return moment(value)


def placed(kinds: tuple[Kind, ...], optional: int, arguments: tuple[object, ...]) -> tuple[Any, ...]:
    """`arguments` by place, each through its kind; the last `optional` may be left out.

    Raises:
        CallError: for a wrong count or type.
        CError: where C would leave an error behind; it goes before every other.
    """
    if not len(kinds) - optional <= len(arguments) <= len(kinds):
        raise CallError(INVALID_ARGUMENTS)
    values, refusal = [], None
    for kind, argument in zip(kinds, arguments, strict=False):
        try:
            values.append(kind(argument))
        except CallError as error:
            refusal = error
    if refusal is not None:
        raise refusal
    return tuple(values)


# -- arguments by name, and the fields of a request ----------------------------------------------------------------


def _whole(value: object, failure: Failure, lowest: int, limit: int) -> int:
    if not isinstance(value, int):
        raise CallError(failure)
    if not lowest <= value < limit:
        words = "can't convert negative int to unsigned" if value < 0 else "int too big to convert"
        raise CError(OverflowError(words), failure)
    return int(value)


def whole(value: object, failure: Failure) -> int:
    """A ticket, a login, a magic number: 64 bits without a sign."""
    return _whole(value, failure, 0, _UINT64)


def short_whole(value: object, failure: Failure) -> int:
    """A type or an action: 32 bits without a sign."""
    return _whole(value, failure, 0, _UINT32)


def expiration(value: object, failure: Failure) -> int:
    """Seconds on the broker's clock, signed."""
    return _whole(value, failure, -_INT64, _INT64)


def real(value: object, failure: Failure) -> float:
    """A `float` to the letter."""
    if not isinstance(value, float):
        raise CallError(failure)
    return float(value)


def words(value: object, failure: Failure, limit: int = TEXT_LIMIT) -> str:
    """A string of at most `limit` characters."""
    if not isinstance(value, str) or len(value) > limit:
        raise CallError(failure)
    return value


def group_text(value: object, failure: Failure) -> str:
    """A group mask."""
    return words(value, failure, GROUP_LIMIT)


def login_text(value: object, failure: Failure) -> str:
    """A server or a password."""
    return words(value, failure, _LOGIN_TEXT_LIMIT)


FieldKind: TypeAlias = Callable[[object, Failure], Any]

REQUEST_FIELDS: Final[Mapping[str, FieldKind]] = {
    "action": short_whole,
    "magic": whole,
    "order": whole,
    "symbol": words,
    "volume": real,
    "price": real,
    "stoplimit": real,
    "sl": real,
    "tp": real,
    "deviation": whole,
    "type": short_whole,
    "type_filling": short_whole,
    "type_time": short_whole,
    "expiration": expiration,
    "comment": words,
    "position": whole,
    "position_by": whole,
}
"""Fields of a request in the order in which they are looked at; others are passed over in silence."""


def request_fields(request: Mapping[str, object]) -> dict[str, Any]:
    """The fields that `request` gives, checked.

    Raises:
        CallError: for a field of the wrong type; `last_error` names it.
    """
    return {name: kind(request[name], invalid(name)) for name, kind in REQUEST_FIELDS.items() if name in request}
