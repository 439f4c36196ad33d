"""Bridge processes that can be started in a moment and killed at any: forked from one that has everything loaded."""

import functools
import logging
import multiprocessing
import os
import signal
import socket
import sys
import threading
import time
import traceback
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final, Self

import bridge.capture
import bridge.process
from bridge.config import BridgeConfig
from bridge.warming import load_kernels
from tests.crash.points import DoomedService, Fate, Immortal, Plan, Point, tearing_captures

LOG_NAME: Final = "bridge.log"
_DEATH_NAME: Final = "died-at"
_PORTS: Final = range(20_000, 32_000)  # below what the system gives to outgoing connections
_READY_S: Final = 120.0
_STOP_S: Final = 30.0
_LOOK_S: Final = 0.002


class Execution:
    """Kills its own process, as planned, and leaves word where that was."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        self._plan = plan
        self._left = plan.nth
        self._word = folder / _DEATH_NAME

    def reach(self, point: Point) -> None:
        """Die, or go on."""
        if point != self._plan.point:
            return
        self._left -= 1
        if self._left:
            return
        draft = self._word.with_suffix(".draft")
        draft.write_text(point.name, encoding="ascii")
        draft.replace(self._word)  # whoever waits for the word must not read half of it
        if self._plan.delay_s:
            threading.Thread(target=self._die_later, daemon=True).start()
        else:
            os.kill(os.getpid(), signal.SIGKILL)

    def _die_later(self) -> None:
        time.sleep(self._plan.delay_s)
        os.kill(os.getpid(), signal.SIGKILL)


class Bridges:
    """Lives of one bridge on one data directory and one port, one after the other. A context manager."""

    def __init__(self, config: BridgeConfig) -> None:
        self.config = config
        self._places = config.places
        spawning = multiprocessing.get_context("spawn")
        self._orders, far_end = spawning.Pipe()
        self._nursery = spawning.Process(target=_nursery, args=(far_end, config), daemon=True)
        self._nursery.start()
        far_end.close()
        self.pid = 0

    def __enter__(self) -> Self:
        self._places.data_dir.mkdir(parents=True, exist_ok=True)
        assert self._orders.poll(_READY_S), "the kernels could not be loaded in time"
        self._orders.recv()
        return self

    def __exit__(self, *_: object) -> None:
        if self.pid:
            self.kill()
        self._orders.send(None)
        self._nursery.join(_STOP_S)
        self._orders.close()

    def start(self, plan: Plan | None = None) -> int:
        """A new life, which ends as planned; its process."""
        (self._places.data_dir / _DEATH_NAME).unlink(missing_ok=True)
        self._places.endpoint.unlink(missing_ok=True)
        self._orders.send(plan or "live")
        self.pid = int(self._orders.recv())
        return self.pid

    def is_ready(self) -> bool:
        """Whether terminals may connect."""
        return self._places.endpoint.exists()

    def wait(self, timeout_s: float) -> int | None:
        """How the process ended (as `os.waitpid` says), if it does so in time; None where it lives."""
        until_s = time.monotonic() + timeout_s
        while True:
            self._orders.send(self.pid)
            status: int | None = self._orders.recv()
            if status is not None:
                self.pid = 0
            if status is not None or time.monotonic() > until_s:
                return status
            time.sleep(_LOOK_S)

    def kill(self) -> None:
        """`kill -9`, now."""
        os.kill(self.pid, signal.SIGKILL)
        assert self.wait(_STOP_S) == signal.SIGKILL

    def stop(self) -> int | None:
        """Ask it to end; how it ended."""
        os.kill(self.pid, signal.SIGTERM)
        return self.wait(_STOP_S)

    def died_at(self) -> Point | None:
        """The planned point, if the last life came to it."""
        word = self._places.data_dir / _DEATH_NAME
        return Point[word.read_text(encoding="ascii")] if word.exists() else None


def _nursery(orders: Connection, config: BridgeConfig) -> None:
    """Loads everything once; then forks a bridge for each order, and reports how each ended."""
    load_kernels(config.engine)
    orders.send("ready")
    while (order := orders.recv()) is not None:
        if isinstance(order, int):
            pid, status = os.waitpid(order, os.WNOHANG)
            orders.send(status if pid else None)
            continue
        sys.stdout.flush()
        child = os.fork()
        if not child:
            orders.close()
            _live(config, order if isinstance(order, Plan) else None)
        orders.send(child)


def _live(config: BridgeConfig, plan: Plan | None) -> None:
    """Be a bridge; never returns."""
    status = 1
    try:
        logging.basicConfig(filename=config.data_dir / LOG_NAME, level=logging.INFO)
        fate: Fate = Execution(plan, config.data_dir) if plan else Immortal()
        service: Any = functools.partial(DoomedService, fate=fate)
        vars(bridge.process)["BridgeService"] = service
        vars(bridge.capture)["_write_all"] = tearing_captures(fate)
        bridge.process.run_bridge(config)
        status = 0
    except BaseException:  # noqa: BLE001 - a forked process must never come back into its parent's code
        with (config.data_dir / LOG_NAME).open("a", encoding="utf-8") as log:
            traceback.print_exc(file=log)
    finally:
        os._exit(status)


def free_endpoint(seed: int) -> str:
    """A place to listen at that nobody is given by chance."""
    for place in range(len(_PORTS)):
        port = _PORTS[(seed * 7919 + place) % len(_PORTS)]
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return f"tcp://127.0.0.1:{port}"
    raise AssertionError("no free port")
