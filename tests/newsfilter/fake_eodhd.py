"""EODHD as it was seen to behave, on a real port: its answers, its plain-text errors, and the worst of networks."""

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, Self
from urllib.parse import parse_qs, urlparse

TOKEN: Final = "0123456789abcdef.secret"
NO_CALENDAR: Final = (
    "Only EOD data allowed for free users. Please, contact our support team: support@eodhistoricaldata.com"
)
USED_UP: Final = "You exceeded your daily API requests limit.  Please contact support@eodhistoricaldata.com"

Query = dict[str, str]


class Reply:
    """What is sent back. `after_s` passes before it, `drip_s` between its bytes; `cut` leaves out the end."""

    def __init__(
        self,
        status: int = 200,
        body: bytes = b"[]",
        *,
        content_type: str = "application/json",
        headers: dict[str, str] | None = None,
        after_s: float = 0.0,
        drip_s: float = 0.0,
        cut: int = 0,
    ) -> None:
        self.status = status
        self.body = body
        self.headers = {"Content-Type": content_type, **(headers or {})}
        self.after_s = after_s
        self.drip_s = drip_s
        self.cut = cut


Script = Callable[[str, Query], Reply]


class FakeEodhd:
    """A server that answers by `script`; a list is used up in turn, its last reply stays. A context manager.

    `port` 0 is any free one; the port of one that has ended brings it back.
    """

    def __init__(self, script: Script | list[Reply], port: int = 0) -> None:
        self.requests: list[tuple[str, Query]] = []
        self.connections: list[socket.socket] = []
        self._replies = list(script) if isinstance(script, list) else []
        self._script = self._next if isinstance(script, list) else script
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler_of(self))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    def _next(self, _path: str, _query: Query) -> Reply:
        return self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/api"

    def reply_to(self, path: str) -> Reply:
        address = urlparse(path)
        query = {name: values[-1] for name, values in parse_qs(address.query, keep_blank_values=True).items()}
        self.requests.append((address.path, query))
        return self._script(address.path, query)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        for connection in self.connections:  # a client may hold one open, and would find it still served
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._thread.join()


def _handler_of(fake: FakeEodhd) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            super().setup()
            fake.connections.append(self.connection)

        def do_GET(self) -> None:
            reply = fake.reply_to(self.path)
            time.sleep(reply.after_s)
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            body = reply.body[: len(reply.body) - reply.cut]
            try:
                for part in [body[i : i + 1] for i in range(len(body))] if reply.drip_s else [body]:
                    self.wfile.write(part)
                    self.wfile.flush()
                    time.sleep(reply.drip_s)
            except OSError:
                return  # the client has hung up
            if reply.cut:
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            return

    return Handler


def rows(*events: dict[str, Any]) -> bytes:
    return json.dumps(events).encode()


def payrolls(date: str = "2024-03-08 13:30:00") -> dict[str, Any]:
    return {"type": "Non Farm Payrolls", "comparison": None, "period": "Feb", "country": "US", "date": date,
            "actual": 275, "previous": 229, "estimate": 200, "change": 46, "change_percentage": 20.087}  # fmt: skip
