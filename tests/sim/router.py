"""A bridge on a real ROUTER socket in a thread of its own: the double of `bridge_double` for each connection."""

import threading
import time
from types import TracebackType
from typing import Self

import zmq

from tests.sim.bridge_double import SECRET, WELCOME, BridgeDouble, Script, nothing
from wire.errors import RemoteProtocolError
from wire.messages import Heartbeat, Welcome
from wire.session import HeartbeatDue

_LOOK_MS = 10
_LAST_LOOK_MS = 300


class RouterBridge:
    """Serves until the context is left; `doubles` are the connections so far, `endpoint` where it listens.

    After `drops_after` batches the socket is closed without a word, as by `kill -9`.
    """

    def __init__(
        self,
        script: Script = nothing,
        *,
        welcome: Welcome = WELCOME,
        secret: bytes = SECRET,
        endpoint: str = "tcp://127.0.0.1:*",
        drops_after: int | None = None,
    ) -> None:
        self._script = script
        self._welcome = welcome
        self._secret = secret
        self._wanted = endpoint
        self._drops_after = drops_after
        self._stop = threading.Event()
        self._bound = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self.endpoint = ""
        self.doubles: dict[bytes, BridgeDouble] = {}
        self.problems: list[str] = []

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._bound.wait(60.0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(10.0)

    @property
    def batches(self) -> int:
        """Batches heard over all connections."""
        return sum(len(double.ticks) for double in self.doubles.values())

    def _serve(self) -> None:
        with zmq.Context() as context, context.socket(zmq.ROUTER) as socket:
            socket.linger = 0
            socket.bind(self._wanted)
            self.endpoint = str(socket.getsockopt_string(zmq.LAST_ENDPOINT))
            self._bound.set()
            while self._goes_on(socket):
                self._beat(socket)

    def _goes_on(self, socket: "zmq.Socket[bytes]") -> bool:
        """Answer one frame, if there is any; once told to stop, what is on its way is still heard."""
        stopping = self._stop.is_set()
        heard = bool(socket.poll(_LAST_LOOK_MS if stopping else _LOOK_MS))
        if heard:
            self._answer(socket)
        dropped = self._drops_after is not None and self.batches >= self._drops_after
        return (heard or not stopping) and not dropped

    def _answer(self, socket: "zmq.Socket[bytes]") -> None:
        peer, frame = socket.recv_multipart()
        if peer not in self.doubles:
            double = BridgeDouble(self._script, welcome=self._welcome, secret=self._secret)
            double.now_ns = time.monotonic_ns()
            double.connected()
            self.doubles[peer] = double
        double = self.doubles[peer]
        double.now_ns = time.monotonic_ns()
        try:
            answers = double.answers_to(frame)
        except RemoteProtocolError as broken:
            self.problems.append(str(broken))
            answers = [broken.answer]
        for answer in answers:
            socket.send_multipart([peer, answer])

    def _beat(self, socket: "zmq.Socket[bytes]") -> None:
        for peer, double in self.doubles.items():
            double.now_ns = time.monotonic_ns()
            if any(isinstance(duty, HeartbeatDue) for duty in double.session.on_time(double.now_ns)):
                socket.send_multipart([peer, double.say(Heartbeat())])
