"""What a person tells the running bridge over its local socket, and what it answers: one JSON object each.

The socket is `control.sock` in the bridge's data folder (ZeroMQ over ipc, REQ to ROUTER). Whoever may open the file may
speak: its folder belongs to the service's user alone.
"""

from pathlib import Path
from typing import Final

import msgspec

SOCKET_NAME: Final = "control.sock"
LONGEST_PATH: Final = 100
"""A socket's path may have about so many bytes (`sun_path`, unix(7): 108 with the zero at its end)."""


class ControlError(ValueError):
    """Bytes that are no message of this protocol."""


class _Order(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What all orders have: whose they are and why. `account` is a login, or empty where there is only one."""

    account: str = ""
    reason: str = ""
    author: str = ""


class Show(_Order, frozen=True, kw_only=True, tag_field="order", tag="show"):
    """Say where the account stands."""


class Pause(_Order, frozen=True, kw_only=True, tag_field="order", tag="pause"):
    """Enter nothing on `symbol` ("": anywhere) for `valid_s` [s]; 0: until somebody resumes."""

    symbol: str = ""
    valid_s: float = 0.0


class Resume(_Order, frozen=True, kw_only=True, tag_field="order", tag="resume"):
    """Go on, on `symbol` or everywhere; where it names none a halt ends, too."""

    symbol: str = ""


class SetLimit(_Order, frozen=True, kw_only=True, tag_field="order", tag="set"):
    """Put `value` in the place of the limit `name` for `valid_s` [s] (0: for good)."""

    name: str
    value: float
    symbol: str = ""
    valid_s: float = 0.0


class ClearLimit(_Order, frozen=True, kw_only=True, tag_field="order", tag="clear"):
    """Take an override of the limit `name` back."""

    name: str
    symbol: str = ""


class Halt(_Order, frozen=True, kw_only=True, tag_field="order", tag="halt"):
    """Close everything of ours and open nothing until somebody resumes."""


Order = Show | Pause | Resume | SetLimit | ClearLimit | Halt


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an order: `done`, or the `problem` and its `remedy`. `report` is where the account stands now."""

    done: bool
    problem: str = ""
    remedy: str = ""
    report: msgspec.Raw = msgspec.Raw(b"null")


_ENCODER: Final = msgspec.json.Encoder()
_ORDERS: Final[msgspec.json.Decoder[Order]] = msgspec.json.Decoder(Order)
_ANSWERS: Final = msgspec.json.Decoder(Answer)


def socket_path(data_dir: Path) -> Path:
    """Where the bridge of `data_dir` listens for orders."""
    return data_dir.resolve() / SOCKET_NAME


def encoded(message: Order | Answer) -> bytes:
    """The message as JSON."""
    return _ENCODER.encode(message)


def order_in(body: bytes) -> Order:
    """The order in `body`.

    Raises:
        ControlError: where there is none.
    """
    try:
        return _ORDERS.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError) as problem:
        raise ControlError(f"not an order: {problem}") from problem


def answer_in(body: bytes) -> Answer:
    """The answer in `body`.

    Raises:
        ControlError: where there is none.
    """
    try:
        return _ANSWERS.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError) as problem:
        raise ControlError(f"not an answer: {problem}") from problem
