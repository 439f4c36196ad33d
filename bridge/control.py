"""The bridge's end of its local control socket: a person's orders, journaled first and then in force."""

import contextlib
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
import zmq

from bridge.orders import OrderRefusedError, chosen, event_of
from bridge.trader import Trader
from strategy.risk_report import risk_report
from wire.control import LONGEST_PATH, Answer, ControlError, Order, encoded, order_in, socket_path

_LOG: Final = logging.getLogger("companion.bridge")
_PARTS: Final = 3  # REQ sends its name, an empty part and the order
_AT_ONCE: Final = 16
_LARGEST: Final = 65_536

Traders = Callable[[], dict[str, Trader]]
Secure = Callable[[Trader], str]
"""Put what happened on a trader on the disk; why that was refused, empty where it was done."""


class ControlDesk:
    """Takes orders whenever the service has a moment."""

    def __init__(self, data_dir: Path, traders: Traders, secure: Secure, *, by_wall_clock: bool) -> None:
        self._traders = traders
        self._secure = secure
        self._by_wall_clock = by_wall_clock
        self._path = socket_path(data_dir)
        self._opened = contextlib.ExitStack()
        self._socket: zmq.Socket[bytes] | None = None

    def open(self) -> None:
        """Listen, if the data directory's path leaves room for a socket."""
        if len(bytes(self._path)) > LONGEST_PATH:
            _LOG.warning("no control socket: %s is longer than %d bytes", self._path, LONGEST_PATH)
            return
        self._path.unlink(missing_ok=True)
        context = self._opened.enter_context(zmq.Context())
        socket = self._opened.enter_context(context.socket(zmq.ROUTER))
        socket.setsockopt(zmq.MAXMSGSIZE, _LARGEST)
        socket.setsockopt(zmq.LINGER, 200)
        socket.bind(f"ipc://{self._path}")
        self._path.chmod(0o600)
        self._opened.callback(self._path.unlink, missing_ok=True)
        self._socket = socket

    def close(self) -> None:
        """Stop listening."""
        self._socket = None
        self._opened.close()

    def serve(self, utc_ns: int) -> None:
        """Carry out what has come."""
        if self._socket is None:
            return
        for _ in range(_AT_ONCE):
            try:
                parts = self._socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            if len(parts) == _PARTS:
                answer = self._answer(parts[2], utc_ns)
                with contextlib.suppress(zmq.ZMQError):
                    self._socket.send_multipart([*parts[:2], encoded(answer)], zmq.NOBLOCK)

    def _answer(self, body: bytes, utc_ns: int) -> Answer:
        try:
            return self._carried_out(order_in(body), utc_ns)
        except ControlError as problem:
            return Answer(done=False, problem=str(problem), remedy="bridge and command must be of the same release")
        except OrderRefusedError as refused:
            return Answer(done=False, problem=str(refused), remedy=refused.remedy)

    def _carried_out(self, order: Order, utc_ns: int) -> Answer:
        traders = self._traders()
        trader = traders[chosen(sorted(traders), order.account)]
        time_ns = utc_ns if self._by_wall_clock else max(trader.clock_ns, trader.engine.now_ns)
        event = event_of(order, trader.account, trader.engine.settings, time_ns)
        if event is not None:
            trader.book([event])
            problem = self._secure(trader)
            if problem:
                remedy = "it holds in this process; the bridge trades nothing until its journal can be written"
                return Answer(done=False, problem=problem, remedy=remedy)
            _LOG.warning("%s: %s by %s: %s", trader.key, type(order).__name__.lower(), order.author, order.reason)
        report = risk_report(trader.key, trader.account, trader.engine.settings, trader.engine.known_equity(), time_ns)
        return Answer(done=True, report=msgspec.Raw(msgspec.json.encode(report)))
