"""A bridge that runs in a thread or in a process of its own, and terminals that connect to it over real ZeroMQ."""

import functools
import multiprocessing
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Self, TypeVar

import msgspec
import zmq

from advisor.expert import EaRules
from bridge.config import BridgeConfig, DeskRules
from bridge.process import run_bridge, wait_until_ready
from bridge.service import BridgeService
from bridge.warming import load_kernels
from sim.session_host import HostRules, TerminalConfig
from strategy.tables import Table
from tests.bridge.floor import EAGER, HELLO, MONEY, NONCE, PROFILE, SECRET, Market, a_snapshot, some_bars
from tests.strategy.markets import MAGIC, START_MSC, a_spec
from wire.messages import ErrorMessage, Heartbeat, Hello, History, Message, Symbols, Ticks, Welcome
from wire.session import TerminalSession

PATIENCE_S = 60.0
Said = TypeVar("Said")


def a_config(folder: Path, **changes: object) -> BridgeConfig:
    """A bridge for old quotes on any free port."""
    config = BridgeConfig(
        data_dir=folder / "bridge",
        secret=SECRET,
        engine=EAGER,
        endpoint="tcp://127.0.0.1:0",
        rules=DeskRules(clock_check=False),
    )
    return msgspec.structs.replace(config, **changes)


@functools.cache
def _load_kernels_once() -> None:
    """The compiler must not make a bridge seem silent."""
    load_kernels(EAGER)


class Served:
    """A service in a thread."""

    def __init__(self, config: BridgeConfig) -> None:
        _load_kernels_once()
        self.service = BridgeService(config)
        self.endpoint = self.service.start()
        self.stop = threading.Event()
        self._thread = threading.Thread(target=self.service.run, args=(self.stop,))
        self._thread.start()

    def end(self) -> None:
        """Stop it, and wait until it has written everything."""
        self.stop.set()
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()


@contextmanager
def serving(config: BridgeConfig) -> Iterator[Served]:
    served = Served(config)
    try:
        yield served
    finally:
        served.end()


@contextmanager
def bridge_process(config: BridgeConfig) -> Iterator[tuple[str, BaseProcess]]:
    """A bridge in a process of its own: its endpoint, and the process."""
    process = multiprocessing.get_context("spawn").Process(target=run_bridge, args=(config,))
    process.start()
    try:
        yield wait_until_ready(config.data_dir, 240), process
    finally:
        process.terminate()
        process.join(PATIENCE_S)


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for something that another thread or process brings about."""
    end_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end_s, f"never: {what}"
        time.sleep(0.01)


class Caller:
    """A terminal on a real socket that says what a test wants; a context manager."""

    def __init__(self, endpoint: str, *, secret: bytes = SECRET, **hello: object) -> None:
        self._context = zmq.Context()
        self.socket = self._context.socket(zmq.DEALER)
        self.socket.linger = 0
        self.socket.connect(endpoint)
        self.session = TerminalSession(secret, time.monotonic_ns())
        self.hello: Hello = msgspec.structs.replace(HELLO, client_nonce=NONCE, **hello)
        self.batch = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._context.destroy(linger=0)

    def say(self, message: Message) -> None:
        self.socket.send(self.session.send(message, time.monotonic_ns()))

    def frame(self, patience_s: float = PATIENCE_S) -> bytes | None:
        """The next frame, whatever it is; None where none comes."""
        return self.socket.recv() if self.socket.poll(int(patience_s * 1000)) else None

    def hear(self, kind: type[Said], patience_s: float = PATIENCE_S) -> Said:
        """The next message of `kind`; others are passed over."""
        end_s = time.monotonic() + patience_s
        while time.monotonic() < end_s:
            frame = self.frame(end_s - time.monotonic())
            for message in self.session.receive(frame, time.monotonic_ns()) if frame else []:
                if isinstance(message, kind):
                    return message
                assert not isinstance(message, ErrorMessage), message
        raise AssertionError(f"no {kind.__name__} came")

    def enter(self) -> Self:
        """HELLO, CHALLENGE, AUTH; what comes back is still to be heard."""
        self.say(self.hello)
        frame = self.frame()
        assert frame is not None
        self.session.receive(frame, time.monotonic_ns())
        self.socket.send(self.session.authenticate(time.monotonic_ns()))
        return self

    def live(self) -> Self:
        """All the way to the first tick."""
        self.enter()
        self.hear(Welcome)
        self.say(Symbols(specs=(a_spec(),)))
        self.say(a_snapshot())
        for timeframe in EAGER.timeframes:
            self.say(History(symbol_index=0, timeframe=timeframe, rates=some_bars(300)))
        self.say(
            Heartbeat(ready=True, trade_allowed=True, connected=True, money=MONEY, server_time_s=START_MSC // 1000)
        )
        return self

    def tick(self, ticks: Table) -> None:
        self.batch += 1
        self.say(
            Ticks(symbol_index=0, batch=self.batch, server_offset_s=0, wants_decision=True, money=MONEY, ticks=ticks)
        )


def a_terminal(folder: Path, endpoint: str, market: Market, **changes: object) -> TerminalConfig:
    """The EA's twin in lock-step, one tick a batch."""
    config = TerminalConfig(
        endpoint=endpoint,
        secret=SECRET,
        profile=PROFILE,
        specs=(a_spec(),),
        ticks={"EURUSD": market.ticks},
        history=market.history,
        state_dir=folder / "terminal",
        magic=MAGIC,
        max_ticks=1,
        rules=EaRules(window=1, silent_ms=0),  # a bridge that starts slowly must change no result
        host=HostRules(first_wait_ms=20, longest_wait_ms=200, give_up_s=60.0),
    )
    return replace(config, **changes)  # type: ignore[arg-type]  # fields of TerminalConfig
