"""Real bridges in processes of their own, life after life, forked from one process that has everything loaded."""

import multiprocessing
import os
import signal
import sys
import time
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from bridge.config import BridgeConfig
from bridge.warming import load_kernels
from strategy.params import EngineSettings
from tests.crash.lives import _DEATH_NAME, _live
from tests.crash.points import Plan, Point

_READY_S: Final = 120.0
_STOP_S: Final = 30.0
_LOOK_S: Final = 0.002


class Nursery:
    """Forks bridges that can decide at once; a context manager."""

    def __init__(self, settings: EngineSettings) -> None:
        spawning = multiprocessing.get_context("spawn")
        self._orders, far_end = spawning.Pipe()
        self._process = spawning.Process(target=_nurse, args=(far_end, settings), daemon=True)
        self._process.start()
        far_end.close()

    def __enter__(self) -> Self:
        assert self._orders.poll(_READY_S), "the kernels could not be loaded in time"
        self._orders.recv()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._orders.send(None)
        self._process.join(_STOP_S)
        self._orders.close()

    def born(self, config: BridgeConfig, plan: Plan | None) -> int:
        """A new process that is a bridge."""
        self._orders.send((config, plan))
        return int(self._orders.recv())

    def end_of(self, pid: int) -> int | None:
        """How a process ended, as `os.waitpid` says; None where it lives."""
        self._orders.send(pid)
        status: int | None = self._orders.recv()
        return status


def _nurse(orders: Connection, settings: EngineSettings) -> None:
    load_kernels(settings)
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
            _live(*order)
        orders.send(child)


class Lives:
    """The lives of one bridge, all on the same data directory."""

    def __init__(self, nursery: Nursery, config: BridgeConfig) -> None:
        self.config = config
        self._nursery = nursery
        self._pid = 0

    def start(self, plan: Plan | None = None) -> int:
        """A new life, which ends as planned; the port it listens on."""
        self.config.data_dir.mkdir(parents=True, exist_ok=True)
        self._word.unlink(missing_ok=True)
        endpoint = self.config.places.endpoint
        endpoint.unlink(missing_ok=True)
        self._pid = self._nursery.born(self.config, plan)
        until_s = time.monotonic() + _READY_S
        while not endpoint.exists():
            assert time.monotonic() < until_s, "the bridge does not listen"
            assert not self.is_over, "the bridge died while starting"
            time.sleep(_LOOK_S)
        return int(endpoint.read_text(encoding="ascii").rpartition(":")[2])

    @property
    def _word(self) -> Path:
        return self.config.data_dir / _DEATH_NAME

    def died_at(self) -> Point | None:
        """The planned point, if the last life came to it."""
        return Point[self._word.read_text(encoding="ascii")] if self._word.exists() else None

    @property
    def is_over(self) -> bool:
        """Whether it does not live, by its own fault or by plan."""
        if self._pid and self._nursery.end_of(self._pid) is not None:
            self._pid = 0
        return not self._pid

    def kill(self) -> None:
        """`kill -9`, now."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Let it end by itself."""
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        if self.is_over:
            return
        os.kill(self._pid, how)
        until_s = time.monotonic() + _STOP_S
        while not self.is_over:
            assert time.monotonic() < until_s, "the bridge does not end"
            time.sleep(_LOOK_S)
