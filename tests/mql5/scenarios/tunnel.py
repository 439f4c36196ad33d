"""The way between an EA and a bridge, both on real TCP: knows where frames begin and end, and what becomes of each.

Everything passes one thread. `post` is asked about every frame; what it answers is what arrives.
"""

import contextlib
import selectors
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Final, NamedTuple, Self

from wire.codec import frame_type
from wire.enums import MessageType

TO_BRIDGE: Final = "to the bridge"
TO_TERMINAL: Final = "to the terminal"
_GREETING_BYTES: Final = 64
_LONG: Final = 2
_COMMAND: Final = 4
_MOST_SHORT: Final = 255
_READ_BYTES: Final = 65_536


class Torn(NamedTuple):
    """A frame of which `keep` bytes arrive, counted from the first of its ZMTP header; then the connection breaks."""

    frame: bytes
    keep: int


class Dribbled(NamedTuple):
    """A frame that arrives a byte at a time, each in a packet of its own."""

    frame: bytes


class Lengthy(NamedTuple):
    """A frame whose length is written in eight bytes, as ZMTP allows for short frames too."""

    frame: bytes


Arrival = bytes | Torn | Dribbled | Lengthy
Post = Callable[[str, bytes], Iterable[Arrival]]
"""What becomes of a frame: direction and frame -> what arrives in its place."""


def undisturbed(_direction: str, frame: bytes) -> Iterable[Arrival]:
    """Every frame arrives once."""
    return (frame,)


def packed(frame: bytes, *, is_long: bool = False) -> bytes:
    """A frame behind its ZMTP header."""
    if is_long or len(frame) > _MOST_SHORT:
        return bytes((_LONG,)) + len(frame).to_bytes(8, "big") + frame
    return bytes((0, len(frame))) + frame


class Cutter:
    """Cuts one direction of a ZMTP connection: what passes as it is (greeting, commands), and frames."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._greeting_left = _GREETING_BYTES

    def take(self, data: bytes) -> Iterator[tuple[bytes, bool]]:
        """Whole pieces, each with whether it is a frame; a frame comes without its header.

        A greeting comes in parts: libzmq says the second half only when it has heard the first one of its peer.
        """
        self._bytes += data
        if self._greeting_left:
            part = self._off(min(self._greeting_left, len(self._bytes)))
            self._greeting_left -= len(part)
            yield part, False
        while (piece := self._next()) is not None:
            yield piece

    def _next(self) -> tuple[bytes, bool] | None:
        if len(self._bytes) < 2:
            return None
        start = 9 if self._bytes[0] & _LONG else 2
        end = start + int.from_bytes(self._bytes[1:start], "big")
        if len(self._bytes) < max(start, end):
            return None
        is_frame = not self._bytes[0] & _COMMAND
        whole = self._off(end)
        return (whole[start:], True) if is_frame else (whole, False)

    def _off(self, count: int) -> bytes:
        piece = bytes(self._bytes[:count])
        del self._bytes[:count]
        return piece


class _Pair:
    """One connection of the EA, and the one to the bridge that belongs to it."""

    def __init__(self, ea: socket.socket, bridge: socket.socket) -> None:
        self.ea = ea
        self.bridge = bridge
        self.cutters = {TO_BRIDGE: Cutter(), TO_TERMINAL: Cutter()}

    def end_of(self, direction: str) -> socket.socket:
        return self.bridge if direction == TO_BRIDGE else self.ea

    def close(self) -> None:
        self.ea.close()
        self.bridge.close()


class Tunnel:
    """Listens on `port` in place of the bridge at `target`, a port that may change; a context manager.

    Without a bridge there connections end at once. `held` are the directions in which nothing
    arrives for now. `passed` counts by direction and type of message what came in.
    """

    def __init__(self, target: int) -> None:
        self.target = target
        self.post: Post = undisturbed
        self.held: set[str] = set()
        self.connections = 0
        self.open_now = 0
        self.passed: dict[tuple[str, int], int] = {}
        self.problems: list[BaseException] = []
        self.port = 0
        self._pairs: list[_Pair] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._selector = selectors.DefaultSelector()
        self._orders: list[Callable[[], None]] = []
        self._done = threading.Condition()
        self._wake, self._woken = socket.socketpair()
        self._thread = threading.Thread(target=self._run, name="tunnel")
        self._is_over = False

    def __enter__(self) -> Self:
        self._selector.register(self._listener, selectors.EVENT_READ, self._accept)
        self._selector.register(self._woken, selectors.EVENT_READ, self._obey)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._do(self._end)
        self._thread.join(10.0)
        assert not self._thread.is_alive()
        for end in (self._listener, self._wake, self._woken):
            end.close()
        self._selector.close()
        assert self.problems == []

    # -- for the test -----------------------------------------------------------------------------------------------

    def cut(self) -> None:
        """Break every connection now."""
        self._do(self._cut_all)

    def hold(self, *directions: str) -> None:
        """Nothing arrives in these directions until `release`."""
        self._do(lambda: self.held.update(directions))

    def release(self) -> None:
        """Everything held arrives, in its order."""
        self._do(self._let_go)

    def say(self, direction: str, frame: bytes) -> None:
        """Put a frame into the connection that is there, as if the other end had said it."""
        self._do(lambda: self._deliver(self._pairs[-1], direction, frame))

    def _do(self, order: Callable[[], None]) -> None:
        """Have the thread do it, and wait until it is done."""
        if threading.current_thread() is self._thread:
            order()
            return
        with self._done:
            self._orders.append(order)
            self._wake.send(b"!")
            self._done.wait_for(lambda: not self._orders, 10.0)

    # -- in the thread ----------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._is_over:
            for key, _ in self._selector.select():
                try:
                    key.data()
                except BaseException as problem:  # noqa: BLE001 - told at the end, in the test's own thread
                    self.problems.append(problem)
                    self._cut_all()
        self._cut_all()

    def _end(self) -> None:
        self._is_over = True

    def _obey(self) -> None:
        self._woken.recv(_READ_BYTES)
        with self._done:
            while self._orders:
                self._orders[0]()
                self._orders.pop(0)
            self._done.notify_all()

    def _accept(self) -> None:
        ea, _ = self._listener.accept()
        self.connections += 1
        try:
            bridge = socket.create_connection(("127.0.0.1", self.target), timeout=2.0)
        except OSError:
            ea.close()
            return
        for end in (ea, bridge):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        pair = _Pair(ea, bridge)
        self._pairs.append(pair)
        self.open_now = len(self._pairs)
        if not self.held:
            self._watch(pair)

    def _watch(self, pair: _Pair) -> None:
        self._selector.register(pair.ea, selectors.EVENT_READ, lambda: self._carry(pair, TO_BRIDGE, pair.ea))
        self._selector.register(pair.bridge, selectors.EVENT_READ, lambda: self._carry(pair, TO_TERMINAL, pair.bridge))

    def _carry(self, pair: _Pair, direction: str, source: socket.socket) -> None:
        if pair not in self._pairs:
            return
        if direction in self.held:
            self._selector.unregister(source)
            return
        data = b""
        with contextlib.suppress(OSError):
            data = source.recv(_READ_BYTES)
        if not data:
            self._drop(pair)
            return
        for piece, is_frame in pair.cutters[direction].take(data):
            for arrival in self._become(direction, piece) if is_frame else (piece,):
                if pair in self._pairs:
                    self._deliver(pair, direction, arrival, is_frame=is_frame)

    def _become(self, direction: str, frame: bytes) -> Iterable[Arrival]:
        kind = frame_type(frame) or 0
        self.passed[direction, kind] = self.passed.get((direction, kind), 0) + 1
        return self.post(direction, frame)

    def _deliver(self, pair: _Pair, direction: str, arrival: Arrival, *, is_frame: bool = True) -> None:
        end = pair.end_of(direction)
        try:
            match arrival:
                case Torn(frame, keep):
                    end.sendall(packed(frame)[:keep])
                    self._drop(pair)
                case Dribbled(frame):
                    for byte in packed(frame):
                        end.sendall(bytes((byte,)))
                case Lengthy(frame):
                    end.sendall(packed(frame, is_long=True))
                case frame:
                    end.sendall(packed(frame) if is_frame else frame)
        except OSError:
            self._drop(pair)

    def _let_go(self) -> None:
        self.held.clear()
        for pair in self._pairs:
            for end in (pair.ea, pair.bridge):
                with contextlib.suppress(KeyError):
                    self._selector.unregister(end)
            self._watch(pair)

    def _cut_all(self) -> None:
        for pair in list(self._pairs):
            self._drop(pair)

    def _drop(self, pair: _Pair) -> None:
        if pair not in self._pairs:
            return
        self._pairs.remove(pair)
        self.open_now = len(self._pairs)
        for end in (pair.ea, pair.bridge):
            with contextlib.suppress(KeyError):
                self._selector.unregister(end)
        pair.close()


def count(tunnel: Tunnel, direction: str, kind: MessageType) -> int:
    """How many messages of one type came in."""
    return tunnel.passed.get((direction, kind), 0)
