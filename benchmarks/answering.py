"""A bare ROUTER that any terminal gets on with: it greets it, and answers TICKS by a DECISION made beforehand.

The EA hangs up on a bridge that only echoes. Here every client, the EA as well as a raw socket, gets the same answer
for the same work: two numbers are written into a frame that is ready.
"""

import multiprocessing
import os
import signal
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Final

import zmq
from contenders import SECRET
from terminals import BATCH_AT, TYPE_AT

from wire import codec, records
from wire.enums import NO_GATE, MessageType
from wire.messages import Auth, Decision, Hello, Welcome
from wire.session import BridgeSession, next_seq

_SPAWN: Final = multiprocessing.get_context("spawn")
TICKS_BATCH_AT: Final = codec.HEADER_BYTES + records.TICKS.offsets()["batch"]
_SEQ_AT: Final = records.HEADER.offsets()["seq"]
_NUMBER: Final = struct.Struct("<I")
_TICKS: Final = int(MessageType.TICKS)
_PATIENCE_MS: Final = 10_000  # a machine that stalls must not make an EA go on without its answer
_WELCOME: Final = Welcome(
    session=1,
    heartbeat_ms=60_000,
    silence_ms=600_000,
    frames_per_second=1_000_000,
    decision_wait_ms=_PATIENCE_MS,
)
_DECISION: Final = Decision(
    batch=1,
    symbol_index=0,
    timeframe=0,
    action=0,
    gates_passed=0,
    gates_refused=0,
    first_refusing_gate=NO_GATE,
    score=0.0,
    decided_ns=0,
    intents_following=0,
    text="watching",
)


class _Peer:
    """One connected terminal."""

    def __init__(self) -> None:
        self._session = BridgeSession(SECRET, time.monotonic_ns())
        self._answer = bytearray()
        self._seq = 0

    def answer(self, frame: bytes) -> bytes:
        """DECISION for the TICKS in `frame`."""
        if not self._answer:
            self._seq = self._session.sent_seq
            self._answer = bytearray(self._session.send(_DECISION, time.monotonic_ns()))
        made, self._seq = self._answer, next_seq(self._seq)
        _NUMBER.pack_into(made, _SEQ_AT, self._seq)
        made[BATCH_AT : BATCH_AT + 4] = frame[TICKS_BATCH_AT : TICKS_BATCH_AT + 4]
        return bytes(made)

    def greet(self, frame: bytes) -> bytes:
        """What is to be said to a message of the handshake; nothing where it needs no answer, or comes later."""
        now_ns = time.monotonic_ns()
        for message in () if self._answer else self._session.receive(frame, now_ns):
            if isinstance(message, Hello):
                return self._session.challenge(os.urandom(16), now_ns)
            if isinstance(message, Auth):
                return self._session.send(_WELCOME, now_ns)
        return b""


@contextmanager
def running_answerer() -> Iterator[str]:
    """It, in a process of its own; gives its endpoint."""
    ours, theirs = _SPAWN.Pipe()
    process = _SPAWN.Process(target=_serve, args=(theirs,))
    process.start()
    try:
        yield str(ours.recv())
    finally:
        process.terminate()
        process.join(10)


def _serve(told: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    socket = zmq.Context().socket(zmq.ROUTER)
    port = socket.bind_to_random_port("tcp://127.0.0.1")
    told.send(f"tcp://127.0.0.1:{port}")
    peers: dict[bytes, _Peer] = {}
    while True:
        identity, frame = socket.recv_multipart()
        peer = peers.get(identity) or peers.setdefault(identity, _Peer())
        answer = peer.answer(frame) if frame[TYPE_AT] == _TICKS else peer.greet(frame)
        if answer:
            socket.send_multipart((identity, answer))
