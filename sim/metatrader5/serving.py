"""The attached terminal, offered to other processes of this machine: each of them sees the same account."""

import errno
import socketserver
import threading
from collections.abc import Callable
from typing import Any, Final, Self

from sim.metatrader5.desk import DESK, utc_ns
from sim.metatrader5.installing import package
from sim.metatrader5.parcels import ParcelError, packed, unpacked
from sim.metatrader5.remote import receive_frame, send_frame

_NOT_OFFERED: Final = frozenset({"initialize", "shutdown", "Buy", "Sell", "Close", "last_error"})
"""What a caller's own process does: its connection, and what is made of other calls."""


class PortInUseError(RuntimeError):
    """Another program listens there; names the port and the remedy."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(f"port {port} of {host} is in use; another `companion sim` may be running: choose a --port")


class Counter:
    """Answers calls, one at a time, whoever they come from; `address` is where. Use as a context.

    Each call is answered with `last_error` of that call, so that one caller never sees another's.

    Raises:
        PortInUseError: the port is taken.
    """

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        names = vars(package())
        self._functions: dict[str, Callable[..., Any]] = {
            name: value
            for name, value in names.items()
            if callable(value) and not isinstance(value, type) and name not in _NOT_OFFERED and not name.startswith("_")
        }
        self._functions |= {"utc_ns": utc_ns, "authorize": names["initialize"]}
        self.calls = 0
        try:
            self._server = _Server((host, port), self._answered)
        except OSError as refused:
            if refused.errno != errno.EADDRINUSE:
                raise
            raise PortInUseError(host, port) from None
        self.address = (host, int(self._server.server_address[1]))
        self._thread = threading.Thread(target=self._server.serve_forever, name="counter", daemon=True)

    @property
    def callers(self) -> int:
        """How many programs are connected."""
        return self._server.callers

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _answered(self, frame: bytes) -> bytes:
        """The answer to one call.

        Raises:
            ParcelError: for what is no call.
        """
        try:
            function, arguments, named = unpacked(frame)
            wanted = self._functions[function]
            given = dict(named)
        except (KeyError, TypeError, ValueError) as problem:
            raise ParcelError(f"no call: {problem}") from problem
        with DESK.lock:
            self.calls += 1
            try:
                result = wanted(*arguments, **given)
            except SystemError as error:
                cause = error.__cause__
                return packed((None, *DESK.error, (type(cause).__name__, str(cause))))
            return packed((result, *DESK.error, None))


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    block_on_close = False

    def __init__(self, address: tuple[str, int], answered: Callable[[bytes], bytes]) -> None:
        self.answered = answered
        self.callers = 0
        self.counting = threading.Lock()
        super().__init__(address, _Caller)


class _Caller(socketserver.BaseRequestHandler):
    """One program; what it sends is answered until it goes, or sends what is no call."""

    server: _Server

    def handle(self) -> None:
        self._count(1)
        try:
            while frame := receive_frame(self.request):
                send_frame(self.request, self.server.answered(frame))
        except (OSError, ParcelError):
            return
        finally:
            self._count(-1)

    def _count(self, change: int) -> None:
        with self.server.counting:
            self.server.callers += change
