"""Codes and texts of `last_error`.

Texts are those found in the package's binary; which call answers with which was asked of the package itself (arguments,
no connection) or is what its users report from terminals (docs/metatrader5-drop-in.md).
"""

from typing import Final, NamedTuple


class Failure(NamedTuple):
    """What `last_error` returns: `(code, text)`."""

    code: int
    text: str


UNASKED: Final = Failure(0, "")
"""Before the first call."""
SUCCESS: Final = Failure(1, "Success")
CALL_FAILED: Final = Failure(-1, "Terminal: Call failed")
INVALID_ARGUMENTS: Final = Failure(-2, "Invalid arguments")
INVALID_COUNT: Final = Failure(-2, "Invalid number of arguments")
UNNAMED_ARGUMENTS: Final = Failure(-2, "Unnamed arguments not allowed")
INVALID_PARAMS: Final = Failure(-2, "Terminal: Invalid params")
NOT_FOUND: Final = Failure(-4, "Terminal: Not found")
INCOMPATIBLE: Final = Failure(
    -5, "Terminal: Incompatible versions, please install the latest version of Terminal and Python module"
)
NOT_AUTHORIZED: Final = Failure(-6, "Terminal: Authorization failed")
NO_CONNECTION: Final = Failure(-10004, "No IPC connection")


def invalid(field: str) -> Failure:
    """A named argument, or a field of a request, of the wrong type."""
    return Failure(-2, f'Invalid "{field}" argument')


def invalid_unnamed(place: int) -> Failure:
    """An unnamed argument of the wrong type; `place` counts from 1 to 3."""
    return Failure(-2, f"Invalid {('1st', '2nd', '3rd')[place - 1]} unnamed argument")


class CallError(Exception):
    """A call that fails: its function returns what it returns on failure, and `last_error` tells `failure`.

    With `returns_none` it returns None, whatever its other failures return.
    """

    def __init__(self, failure: Failure, *, returns_none: bool = False) -> None:
        super().__init__(*failure)
        self.failure = failure
        self.returns_none = returns_none
