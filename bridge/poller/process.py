"""The poller: the EA in Python on a terminal behind the `MetaTrader5` package, to a bridge over ZeroMQ."""

import logging
import math
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec

from advisor.counts import Counts
from advisor.executor import Executor, ExecutorGuards
from advisor.expert import EaRules, ExpertAdvisor
from advisor.host import ConnectionRules, SessionHost, kept_terminal_id
from advisor.memory import DiskMemory
from advisor.terminal import TerminalLostError
from bridge.files import FolderLock
from bridge.poller.charts import load_kernels
from bridge.poller.feed import PolledFeed
from bridge.poller.link import Link, NoTerminalError, Start
from bridge.poller.pace import PollPace
from bridge.poller.package import Package
from bridge.poller.specs import chosen_symbols
from bridge.poller.terminal import Clocks, PolledTerminal

_LOG: Final = logging.getLogger(__name__)
_FIRST_WAIT_S: Final = 1.0
_LONGEST_WAIT_S: Final = 60.0

Say = Callable[..., None]
"""Told what happens: an event's name and what belongs to it."""

SYSTEM_CLOCKS: Final = Clocks(time.monotonic_ns, time.time_ns)


class PollerConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a poller needs.

    `symbols` are the settings' names; `state_dir` keeps the executed intents and this terminal's number; the terminal
    is looked at every `interval_ms`.
    """

    endpoint: str
    secret: bytes
    state_dir: Path
    magic: int
    symbols: tuple[str, ...]
    interval_ms: int = 50
    start: Start = Start()
    guards: ExecutorGuards = ExecutorGuards()
    rules: EaRules = EaRules()
    connection: ConnectionRules = ConnectionRules(give_up_s=math.inf)

    def __repr__(self) -> str:
        """Without the secret."""
        return f"PollerConfig(endpoint={self.endpoint!r}, state_dir={str(self.state_dir)!r}, symbols={self.symbols!r})"


def run_poller(
    config: PollerConfig,
    package: Package,
    stop: threading.Event,
    say: Say | None = None,
    clocks: Clocks = SYSTEM_CLOCKS,
) -> Counts:
    """Trade as the bridge says until `stop` is set; what was counted.

    A terminal that goes away is waited for, with growing pauses; then a new session begins with a snapshot.

    Raises:
        NoTerminalError: there is no terminal at the start.
        AccountChangedError: somebody logged in to another account.
        SymbolsError, SymbolSpecError: no symbol to trade.
        ValueError: for an account that is not hedging.
        TerminalRefusedError: wrong secret or version, or an account that the bridge does not want.
        MemoryCorruptError: the file of executed intents is damaged.
        FolderInUseError: another poller works with `state_dir`.
    """
    link = Link(package, config.start)
    load_kernels()
    with FolderLock(config.state_dir / "poller.lock"):
        link.open()
        try:
            return Poller(config, link, stop, say or _silence, clocks).run()
        finally:
            link.close()


class Poller:
    """One account at one terminal, over all the terminal's lives; `link` is open."""

    def __init__(self, config: PollerConfig, link: Link, stop: threading.Event, say: Say, clocks: Clocks) -> None:
        self._config = config
        self._link = link
        self._stop = stop
        self._say = say
        self.terminal = PolledTerminal(link, chosen_symbols(link, config.symbols), clocks)
        self.feed = PolledFeed(link, self.terminal)

    def run(self) -> Counts:
        """Until the stop; what was counted."""
        config, terminal = self._config, self.terminal
        self._say("terminal", login=terminal.login, server=terminal.account().server, symbols=terminal.symbols)
        with DiskMemory(config.state_dir / f"intents-{terminal.login}.log") as memory:
            advisor = ExpertAdvisor(
                terminal,
                self.feed,
                Executor(terminal, memory, config.guards, config.magic),
                secret=config.secret,
                terminal_id=kept_terminal_id(config.state_dir),
                magic=config.magic,
                rules=config.rules,
            )
            host = SessionHost(config.endpoint, advisor, self._pace(advisor), config.connection, stop=self._stop)
            while not self._stop.is_set():
                self._live(host)
            return advisor.counts

    def _pace(self, advisor: ExpertAdvisor) -> PollPace:
        return PollPace(self.terminal, self.feed, self._config.interval_ms, lambda: self._tell(advisor))

    def _live(self, host: SessionHost) -> None:
        """One life of the terminal."""
        try:
            if self._is_measured():
                self.feed.begin()
                host.run()
        except TerminalLostError as lost:
            _LOG.warning("%s", lost)
            self._say("lost", problem=str(lost))
            self._find_again()

    def _is_measured(self) -> bool:
        """Wait until the broker's clock is known; False at the stop."""
        meter, told = self.terminal.meter, ""
        while meter.offset_s is None and not self._stop.is_set():
            self.terminal.look()
            if meter.problem not in ("", told):
                told = meter.problem
                self._say("waiting", problem=told)
            if meter.offset_s is None:
                self._stop.wait(self._config.interval_ms / 1000)
        if meter.offset_s is not None and told:
            self._say("measured", server_offset_s=meter.offset_s)
        return meter.offset_s is not None

    def _find_again(self) -> None:
        """Connect to the terminal again, however long it takes; only the stop ends the waiting."""
        wait_s = _FIRST_WAIT_S
        while not self._stop.wait(wait_s):
            self._link.close()
            try:
                self._link.open()
                chosen_symbols(self._link, self._config.symbols)
                self.terminal.look()
            except NoTerminalError as missing:
                self._say("waiting", problem=str(missing), remedy=missing.remedy)
            except TerminalLostError as lost:
                self._say("waiting", problem=str(lost))
            else:
                self._say("back")
                return
            wait_s = min(_LONGEST_WAIT_S, 2.0 * wait_s)

    def _tell(self, advisor: ExpertAdvisor) -> None:
        money = self.terminal.money()
        self._say(
            "progress",
            live=advisor.is_live,
            ticks=advisor.counts.ticks,
            intents=advisor.counts.intents,
            autotrading=self.terminal.autotrading,
            connected=self.terminal.connected,
            equity=money.equity,
            gap=self.feed.gap,
        )


def _silence(_event: str, **_content: Any) -> None:  # noqa: ANN401 - as `Say`
    """Nobody wants to know."""
