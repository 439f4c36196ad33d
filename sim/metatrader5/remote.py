"""The terminal of another process: calls go to it over a local socket, answers come back.

A frame is its length (4 bytes, big-endian) and a parcel. The caller sends (function, arguments, named); the other side
answers (result, code, text, error): what the function returned, what `last_error` tells then, and for an error that C
would have left behind its type and words.
"""

import re
import socket
import struct
from typing import Any, Final

from sim.metatrader5.arguments import CError
from sim.metatrader5.failures import CallError, Failure
from sim.metatrader5.parcels import MOST_BYTES, ParcelError, packed, unpacked

SEND_FAILED: Final = Failure(-10001, "IPC send failed")
RECEIVE_FAILED: Final = Failure(-10002, "IPC recv failed")
INITIALIZE_FAILED: Final = -10003
TIMED_OUT: Final = Failure(-10005, "IPC timeout")

_LENGTH: Final = struct.Struct(">I")
_ADDRESS: Final = re.compile(r"(?:tcp://)?(?P<host>127\.0\.0\.1|localhost|\[::1\]):(?P<port>\d{1,5})")
_ERRORS: Final[dict[str, type[TypeError] | type[OverflowError]]] = {
    "TypeError": TypeError,
    "OverflowError": OverflowError,
}
_CONNECT_S: Final = 5.0
_ANSWER_S: Final = 60.0


def address_of(text: str) -> tuple[str, int] | None:
    """Host and port, where `text` is an address of this machine such as tcp://127.0.0.1:18812; else None."""
    found = _ADDRESS.fullmatch(text)
    return (found["host"].strip("[]"), int(found["port"])) if found else None


def send_frame(connection: socket.socket, parcel: bytes) -> None:
    """Send one frame.

    Raises:
        OSError: the other side is gone.
    """
    connection.sendall(_LENGTH.pack(len(parcel)) + parcel)


def receive_frame(connection: socket.socket) -> bytes | None:
    """The next frame; None where the other side has ended between two.

    Raises:
        OSError: the other side is gone in the middle of one.
        ParcelError: it announces more than a frame may hold.
    """
    head = _exactly(connection, _LENGTH.size)
    if not head:
        return None
    (length,) = _LENGTH.unpack(head)
    if length > MOST_BYTES:
        raise ParcelError(f"a frame of {length} bytes")
    return _exactly(connection, length)


def _exactly(connection: socket.socket, count: int) -> bytes:
    """`count` bytes; none where the other side ended before the first."""
    parts, missing = [], count
    while missing:
        part = connection.recv(min(missing, 1 << 20))
        if not part:
            if missing == count:
                return b""
            raise ConnectionResetError("the other side ended in the middle of a frame")
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


class Remote:
    """A connection to the terminal that another process runs at `address`.

    Raises:
        CallError: where nobody is there.
    """

    def __init__(self, address: tuple[str, int]) -> None:
        host, port = address
        try:
            self._connection = socket.create_connection(address, _CONNECT_S)
        except OSError as refused:
            text = f"IPC initialize failed, {host}:{port} {refused.strerror or refused}"
            raise CallError(Failure(INITIALIZE_FAILED, text)) from None
        self._connection.settimeout(_ANSWER_S)
        self._connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def call(self, function: str, arguments: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, Failure]:
        """What `function` returns there, and the outcome for `last_error`.

        Raises:
            CError: where C would leave an error behind.
            CallError: the connection broke; whether the call was carried out is not known after it was sent.
        """
        try:
            send_frame(self._connection, packed((function, arguments, named)))
        except OSError:
            raise CallError(SEND_FAILED) from None
        try:
            frame = receive_frame(self._connection)
        except TimeoutError:
            raise CallError(TIMED_OUT) from None
        except (OSError, ParcelError):
            raise CallError(RECEIVE_FAILED) from None
        if not frame:
            raise CallError(RECEIVE_FAILED)
        result, code, text, error = unpacked(frame)
        if error is not None:
            raise CError(_ERRORS[error[0]](error[1]), Failure(code, text))
        return result, Failure(code, text)

    def close(self) -> None:
        """End the connection; the terminal goes on."""
        self._connection.close()
