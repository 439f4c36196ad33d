"""The bridge as a process of its own: nothing heavy shares its interpreter."""

import gc
import logging
import logging.handlers
import os
import queue
import signal
import threading
import time
from pathlib import Path
from typing import Final, Protocol

from bridge.config import BridgeConfig, Places
from bridge.service import BridgeService
from bridge.status import RUNNING, read_status
from bridge.warming import load_kernels

_COLLECT_NS: Final = 10_000_000_000
_LOG_LINES: Final = 10_000
_LOOK_S: Final = 0.02


class Told(Protocol):
    """Something that is told the endpoint, such as the sending end of a multiprocessing pipe."""

    def send(self, obj: str, /) -> None:
        """Take the endpoint."""


class NotReadyError(TimeoutError):
    """The bridge did not begin to listen in time; names the data directory and the remedy."""


class _DroppingQueueHandler(logging.handlers.QueueHandler):
    """Log lines wait in a bounded queue for another thread; when it is full they are dropped, not waited for."""

    def enqueue(self, record: logging.LogRecord) -> None:
        """Put the line into the queue, or drop it."""
        try:
            self.queue.put_nowait(record)
        except queue.Full:
            return


class _Garbage:
    """Collects garbage in calm moments only, every ten seconds at most."""

    def __init__(self) -> None:
        gc.collect()
        gc.freeze()
        gc.disable()
        self._collected_ns = time.monotonic_ns()

    def collect(self, now_ns: int) -> None:
        """Collect if it is time."""
        if now_ns - self._collected_ns >= _COLLECT_NS:
            self._collected_ns = now_ns
            gc.collect()


def run_bridge(config: BridgeConfig, ready: Told | None = None, stop: threading.Event | None = None) -> None:
    """Serve until SIGTERM or SIGINT, or until `stop` is set. `ready` is told the endpoint once terminals may connect.

    Raises:
        FolderInUseError, JournalError, zmq.ZMQError: see `BridgeService.start`.
    """
    stop = stop or threading.Event()
    _stop_on_signals(stop)
    with _background_logging():
        load_kernels(config.engine)
        garbage = _Garbage()
        service = BridgeService(config, garbage.collect)
        endpoint = service.start()
        if ready is not None:
            ready.send(endpoint)
        service.run(stop)


def _stop_on_signals(stop: threading.Event) -> None:
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _number, _frame: stop.set())


class _background_logging:  # noqa: N801 - used as a context, like contextlib's
    """Within it, handlers of the root logger run in a thread of their own."""

    def __enter__(self) -> None:
        self._root = logging.getLogger()
        self._handlers = self._root.handlers.copy()
        lines: queue.Queue[logging.LogRecord] = queue.Queue(_LOG_LINES)
        self._listener = logging.handlers.QueueListener(lines, *self._handlers, respect_handler_level=True)
        self._root.handlers[:] = [_DroppingQueueHandler(lines)]
        self._listener.start()

    def __exit__(self, *_: object) -> None:
        self._listener.stop()
        self._root.handlers[:] = self._handlers


def _live_endpoint(data_dir: Path) -> str:
    """What the endpoint file says, unless a bridge that was killed has left it behind."""
    status = read_status(data_dir)
    if status is None or status.state != RUNNING or not _is_alive(status.pid):
        return ""
    try:
        return Places(data_dir).endpoint.read_text(encoding="ascii")
    except FileNotFoundError:
        return ""


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def wait_until_ready(data_dir: Path, timeout_s: float) -> str:
    """The endpoint of the bridge that works in `data_dir`, once terminals may connect.

    Raises:
        NotReadyError: where that takes longer than `timeout_s` [s].
    """
    until_s = time.monotonic() + timeout_s
    while time.monotonic() < until_s:
        endpoint = _live_endpoint(data_dir)
        if endpoint:
            return endpoint
        time.sleep(_LOOK_S)
    raise NotReadyError(f"no bridge listens in {data_dir} after {timeout_s:g} s; see its log")
