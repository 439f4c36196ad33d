"""The compiled EA on a chart of the simulated terminal, life after life, behind a tunnel to what stands for a bridge.

The broker's clock is that of the ticks. The machine's clock goes on only here, by as much as a test says; real time
passes only while something is waited for.
"""

import itertools
import os
import random
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, Protocol, Self

from advisor.memory import Remembered
from domain.intents import Intent
from domain.symbols import SymbolSpec
from domain.timeframes import Timeframe
from marketdata import Tape
from sim.feed import Feed
from sim.matching import Rows
from sim.mql5.build import Built, build
from sim.mql5.calendar import Calendar
from sim.mql5.desk import Desk
from sim.mql5.events import EventKind, EventQueue
from sim.mql5.host import EaHost
from sim.mql5.hosted import ea_folder
from sim.mql5.observer import Observer
from sim.requests import FillPlan
from tests.crash.market import MAGIC, PROFILE, SECRET, START_MSC
from tests.mql5.scenarios.terminal import NOBODY, ObservedTerminal
from tests.mql5.scenarios.tunnel import Tunnel

SOURCE_VARIABLE: Final = "COMPANION_EA_UNDER_TEST"
"""Names a folder like `ea/`, for the test that puts mistakes into it."""

TICK_MS: Final = 50
STEP_MS: Final = 50
PATIENCE_S: Final = 10.0 if SOURCE_VARIABLE in os.environ else 60.0  # mistakes keep one waiting in vain
ANSWERED_S: Final = 0.5
"""An answer that has not come after so long [s] is taken for lost, and the machine's clock goes on."""
REASON_CLOSE: Final = 9
_LOOK_MS: Final = 2
_OWED_PATIENCE_MS: Final = 2_000

INPUTS: Final = {
    "InpHost": "127.0.0.1",
    "InpSecret": SECRET.decode(),
    "InpMagic": str(MAGIC),
    "InpDecisionWaitMs": "0",
    "InpCalendar": "false",
    "InpMaxLots": "1000",
    "InpOrdersPerMinute": "1000000",
}


def companion() -> Built:
    """The EA, or the copy of it that is under test."""
    copy = os.environ.get(SOURCE_VARIABLE)
    folder = Path(copy or ea_folder())
    return build(folder / "Experts" / "Companion.mq5", folder / "Include", optimize=not copy)


class Venue(Protocol):
    """A market to trade on: `tests.crash.market.Market`, or one that a test has written."""

    symbols: tuple[str, ...]
    specs: tuple[SymbolSpec, ...]
    history: dict[tuple[str, Timeframe], Rows]

    @property
    def tape(self) -> Tape:
        """Its ticks."""


class Chart:
    """One account, its market, and the EA on it. A context manager; `start` puts the EA on the chart."""

    def __init__(
        self,
        folder: Path,
        market: Venue,
        port: int,
        *,
        fills: FillPlan | None = None,
        inputs: Mapping[str, str] | None = None,
        max_ticks: int = 1,
        calendar: Calendar | None = None,
    ) -> None:
        self.terminal = ObservedTerminal(PROFILE, market.specs, start_msc=START_MSC, fills=fills)
        self.terminal.requests = []
        self.terminal.intents = {}
        self.terminal.on_death = self._on_death
        self.feed = Feed(self.terminal, market.tape, max_ticks=max_ticks, history=market.history)
        self.desk = Desk(self.terminal, self.feed, market.tape)
        self.tunnel = Tunnel(port)
        self.symbol = market.symbols[0]
        self.intents: dict[int, Intent] = {}
        self.observer = Observer()
        self.logged: list[str] = []
        self._inputs = {**INPUTS, "InpSymbols": ",".join(market.symbols), **(inputs or {})}
        self._calendar = calendar
        self._built = companion()
        self._folder = folder
        self._lives = itertools.count(1)
        self._queue = EventQueue(random.Random(1))
        self._ea: EaHost | None = None
        self._machine_us = 0

    def __enter__(self) -> Self:
        self.tunnel.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        if self._ea is not None and not self.terminal.is_dead:
            self.leave()
        self.tunnel.__exit__(None, None, None)

    # -- lives ------------------------------------------------------------------------------------------------------

    @property
    def files(self) -> Path:
        """MQL5/Files."""
        return self._folder / "Files"

    @property
    def ea(self) -> EaHost:
        """The EA that lives."""
        assert self._ea is not None, "the EA is not running"
        return self._ea

    @property
    def is_running(self) -> bool:
        """Whether the EA lives."""
        return self._ea is not None

    @property
    def is_live(self) -> bool:
        """Whether ticks may flow."""
        return self._ea is not None and self.observer.is_live

    def start(self, **inputs: str) -> None:
        """A new life of the EA: a library of its own, because an EA has global variables."""
        self._folder.mkdir(parents=True, exist_ok=True)
        library = self._folder / f"life-{next(self._lives)}.so"
        shutil.copy(self._built.library, library)
        built = Built(
            library=library,
            inputs=self._built.inputs,
            handlers=self._built.handlers,
            properties=self._built.properties,
        )
        self.observer = Observer()
        self.observer.intents = self.intents
        self.terminal.intents = self.intents
        self.terminal.is_dead = False
        self._queue = EventQueue(random.Random(1))
        self._ea = EaHost(
            built,
            self.desk,
            inputs={**self._inputs, "InpPort": str(self.tunnel.port), **inputs},
            files_dir=self.files,
            symbol=self.symbol,
            calendar=self._calendar,
            heard=self._heard,
        )
        self._ea.logged = self.logged
        self._ea.host.machine_us = self._machine_us
        self._ea.quoted(self.terminal.now_msc)
        self._ea.start()

    def _heard(self, what: int, data: bytes) -> None:
        self.observer.take(what, data)
        self.ea.host.patience_ms = _OWED_PATIENCE_MS if self.observer.is_owed else 0

    def leave(self, reason: int = REASON_CLOSE) -> None:
        """The EA ends in order."""
        self.ea.stop(reason)
        self._forget()

    def die(self) -> None:
        """`kill -9` of the terminal, now."""
        self.tunnel.cut()
        self._forget()

    def _forget(self) -> None:
        self._machine_us = self.ea.host.machine_us
        self._ea = None
        self.observer.is_live = False

    def _on_death(self) -> None:
        """Within an order: keep the disk as it is, and let nothing more be heard."""
        self.tunnel.cut()
        shutil.copytree(self.files, self._folder / "as it died")

    def _bury(self) -> None:
        shutil.rmtree(self.files)
        (self._folder / "as it died").rename(self.files)
        self._forget()

    # -- time -------------------------------------------------------------------------------------------------------

    def tick(self) -> None:
        """The next batch of ticks: what the server does by itself first, then the EA."""
        update, batch = self.feed.play()
        self.desk.touch()
        if self._ea is None:
            return
        self.ea.host.machine_us += TICK_MS * 1000
        self.ea.quoted(self.terminal.now_msc)
        self.desk.server_acted(update)
        if batch.symbol == self.symbol:
            self._queue.post(EventKind.TICK)
        self._queue.post(EventKind.TIMER)
        self._work()

    def pass_ms(self, milliseconds: int) -> None:
        """Time without ticks."""
        for _ in range(0, milliseconds, STEP_MS):
            self._look(STEP_MS)

    def _look(self, milliseconds: int) -> None:
        if self._ea is None:
            return
        self.ea.wait_readable(_LOOK_MS)
        self.ea.pass_ms(milliseconds)
        self._queue.post(EventKind.TIMER)
        self._work()

    def settle(self) -> None:
        """Take in everything the bridge has to answer, in no time of the machine while an answer may still come."""
        begun_s = time.monotonic()
        while self.is_live and not self.observer.is_settled and not self.tunnel.held:
            waited_s = time.monotonic() - begun_s
            assert waited_s < PATIENCE_S, f"the bridge does not answer: {self.logged[-3:]}"
            self._look(STEP_MS if waited_s > ANSWERED_S else 0)

    def until(self, condition: Callable[[], object], what: str) -> None:
        """Let time pass until something has happened."""
        until_s = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < until_s, f"never: {what}; {self.logged[-5:]}"
            self._look(STEP_MS)

    def _work(self) -> None:
        """Everything in the queue, and all that follows from it."""
        while self._ea is not None:
            changes, self.desk.changes = self.desk.changes, []
            for group in changes:
                self._queue.post_transactions(group)
                self._queue.post(EventKind.TRADE)
            event = self._queue.begin()
            if event is None and not self.desk.execute_later():
                return
            if event is None:
                continue
            try:
                self.ea.handle(event)
            finally:
                self._queue.end()
            if self.terminal.is_dead:
                self._bury()

    # -- what there is to be seen -----------------------------------------------------------------------------------

    def remembered(self) -> list[Remembered]:
        """Every intent that has reached an EA on this account."""
        return [Remembered(intent=intent) for intent in self.intents.values()]

    def effects(self, intent: Intent) -> int:
        """How often the account was changed by this intent."""
        return self.terminal.effects[intent.intent_id]

    @property
    def own_moves(self) -> int:
        """How often the EA moved a stop by itself."""
        return self.terminal.effects[NOBODY]
