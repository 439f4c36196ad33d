"""The two ends that are compared, each in its own process: our bridge, and a bare ROUTER that only echoes."""

import multiprocessing
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

import zmq

from bridge.config import BridgeConfig, DeskRules
from bridge.process import run_bridge, wait_until_ready
from bridge.status import BridgeStatus, read_status
from strategy.params import EngineSettings

SECRET: Final = b"a secret that protects a benchmark"
_READY_S: Final = 180.0
_STATUS_S: Final = 3.0
_SPAWN: Final = multiprocessing.get_context("spawn")


class Bridge:
    """A running bridge. `endpoint` is where it listens."""

    def __init__(self, data_dir: Path, endpoint: str) -> None:
        self.data_dir = data_dir
        self.endpoint = endpoint

    def fresh_status(self) -> BridgeStatus:
        """Its status, written after now.

        Raises:
            TimeoutError: where none comes.
        """
        asked_ns, until_s = time.time_ns(), time.monotonic() + 2 * _STATUS_S
        while time.monotonic() < until_s:
            status = read_status(self.data_dir)
            if status is not None and status.written_ns > asked_ns:
                return status
            time.sleep(0.05)
        raise TimeoutError("the bridge writes no status")


@contextmanager
def running_bridge(settings: EngineSettings, *, busy_poll: bool = False) -> Iterator[Bridge]:
    """Our bridge as it is shipped: journal forced to the disk, capture on. Only the clock check is off (old quotes)."""
    with tempfile.TemporaryDirectory(prefix="companion-bench-") as folder:
        config = BridgeConfig(
            data_dir=Path(folder),
            secret=SECRET,
            engine=settings,
            endpoint="tcp://127.0.0.1:0",
            rules=DeskRules(clock_check=False, frames_per_second=1_000_000, silence_ms=600_000),
            busy_poll=busy_poll,
        )
        process = _SPAWN.Process(target=run_bridge, args=(config,))
        process.start()
        try:
            yield Bridge(config.data_dir, wait_until_ready(config.data_dir, _READY_S))
        finally:
            process.terminate()
            process.join(30)


@contextmanager
def running_echo() -> Iterator[str]:
    """A bare pyzmq ROUTER; gives its endpoint."""
    ours, theirs = _SPAWN.Pipe()
    process = _SPAWN.Process(target=_echo, args=(theirs,))
    process.start()
    try:
        yield str(ours.recv())
    finally:
        process.terminate()
        process.join(10)


def _echo(told: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    socket = zmq.Context().socket(zmq.ROUTER)
    port = socket.bind_to_random_port("tcp://127.0.0.1")
    told.send(f"tcp://127.0.0.1:{port}")
    while True:
        socket.send_multipart(socket.recv_multipart())


@contextmanager
def running_burner() -> Iterator[None]:
    """Another program that needs a core for itself."""
    process = _SPAWN.Process(target=_burn)
    process.start()
    try:
        time.sleep(0.5)
        yield
    finally:
        process.terminate()
        process.join(10)


def _burn() -> None:
    number = 0
    while True:
        number = (number * 1_103_515_245 + 12_345) % 2_147_483_648
