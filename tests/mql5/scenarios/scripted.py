"""The EA with a bridge that says exactly what a test wants: a real ROUTER and the real session, and no strategy."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

import msgspec
import numpy as np

from domain.dtypes import TICK_DTYPE
from domain.intents import Intent, IntentKind, LocalCare
from domain.requests import TradeRequest
from domain.servertime import NS_PER_MS
from domain.symbols import SymbolSpec
from domain.trading import Position
from domain.updates import IntentResult, ResultPhase
from marketdata import Tape
from sim.matching import Rows
from sim.mql5.calendar import Calendar
from sim.requests import FillPlan
from tests.crash.market import MAGIC, SECRET, START_MSC, a_spec
from tests.mql5.scenarios.chart import Chart
from tests.mql5.scenarios.terminal import NOBODY
from tests.sim.bridge_double import WELCOME, BridgeDouble
from tests.sim.router import RouterBridge
from wire.messages import Report, Snapshot, Ticks, Welcome

if TYPE_CHECKING:
    from domain.timeframes import Timeframe

EURUSD: Final = a_spec("EURUSD")
PRICE: Final = 1.1
SPREAD: Final = 0.0001
VALID_NS: Final = 3_000 * NS_PER_MS


def quotes(prices: Sequence[float], *, step_ms: int = 1_000) -> Rows:
    """A tick for each bid; `step_ms` 0 puts all of them into one millisecond."""
    ticks = np.zeros(len(prices), TICK_DTYPE)
    ticks["bid"] = prices
    ticks["ask"] = np.round(np.asarray(prices) + SPREAD, 5)
    ticks["time_msc"] = START_MSC + (1 + np.arange(len(prices))) * step_ms
    ticks["time"] = ticks["time_msc"] // 1000
    ticks["flags"] = 6
    return ticks


STILL: Final = quotes([PRICE] * 200)


class Quotes:
    """One symbol's market for a chart."""

    def __init__(self, ticks: Rows = STILL, spec: SymbolSpec = EURUSD) -> None:
        self.symbols: tuple[str, ...] = (spec.name,)
        self.specs: tuple[SymbolSpec, ...] = (spec,)
        self.ticks = {spec.name: ticks}
        self.history: dict[tuple[str, Timeframe], Rows] = {}

    @property
    def tape(self) -> Tape:
        """Its ticks."""
        return Tape(self.symbols, self.ticks)


class Stage:
    """A chart and a scripted bridge; a context manager. What is put into `orders` goes out with the next answer."""

    def __init__(
        self,
        folder: Path,
        market: Quotes | None = None,
        *,
        fills: FillPlan | None = None,
        inputs: Mapping[str, str] | None = None,
        secret: bytes = SECRET,
        max_ticks: int = 1,
        welcome: Welcome = WELCOME,
        calendar: Calendar | None = None,
    ) -> None:
        self.orders: list[Intent] = []
        self._numbers = iter(range(0x1001, 0x10_0000))
        self._bridge = RouterBridge(self._answer, secret=secret, welcome=welcome)
        self._open = ExitStack()
        self._chart = partial(
            Chart, folder, market or Quotes(), fills=fills, inputs=inputs, max_ticks=max_ticks, calendar=calendar
        )

    def __enter__(self) -> Self:
        self._open.enter_context(self._bridge)
        port = int(self._bridge.endpoint.rpartition(":")[2])
        self.chart = self._chart(port=port)
        self.chart.__enter__()
        self.chart.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.chart.__exit__()
        self._open.close()

    def _answer(self, _ticks: Ticks) -> Iterable[Intent]:
        waiting, self.orders[:] = list(self.orders), []
        return waiting

    # -- play -------------------------------------------------------------------------------------------------------

    def live(self) -> Self:
        """Up to the first tick."""
        self.chart.until(lambda: self.chart.is_live, "a session")
        return self

    def play(self, ticks: int = 1) -> None:
        """So many ticks, each answered."""
        for _ in range(ticks):
            if not self.chart.is_running:
                self.chart.start()
            self.live()
            self.chart.tick()
            self.chart.settle()

    def say(self, *intents: Intent) -> None:
        """Have the bridge ask for them at the next tick."""
        self.orders.extend(intents)
        self.play()

    def fall_silent(self) -> None:
        """The bridge is gone, for good."""
        self._open.close()
        self.chart.tunnel.cut()

    # -- intents ----------------------------------------------------------------------------------------------------

    def intent(self, kind: IntentKind = IntentKind.OPEN, **changes: object) -> Intent:
        """An order to buy 0.1 lots that is decided now."""
        now_ns = max(self.chart.terminal.now_msc, START_MSC) * NS_PER_MS
        made = Intent(
            intent_id=next(self._numbers),
            kind=kind,
            symbol="EURUSD",
            side=1 if kind == IntentKind.OPEN else 0,
            volume=0.1 if kind != IntentKind.MODIFY else 0.0,
            price=PRICE,
            sl=0.0,
            tp=0.0,
            position_ticket=0,
            order_ticket=0,
            magic=MAGIC,
            deviation_points=20,
            signal_id=1,
            decided_ns=now_ns,
            expires_ns=now_ns + VALID_NS,
        )
        return msgspec.structs.replace(made, **changes)

    def opened(self, side: int = 1, **changes: object) -> Position:
        """A position that the bridge has ordered."""
        self.say(self.intent(IntentKind.OPEN, side=side, **changes))
        return self.chart.terminal.positions()[-1]

    def cared_for(self, side: int, care: LocalCare, *, sl: float = 0.0) -> Position:
        """A position with instructions for a silent bridge."""
        return self.opened(side, care=care, sl=sl)

    # -- what there is to be seen -----------------------------------------------------------------------------------

    @property
    def requests(self) -> list[TradeRequest]:
        """Every request the EA has sent."""
        return [request for _, request, _ in self.chart.terminal.requests]

    @property
    def own_requests(self) -> list[TradeRequest]:
        """Those that no intent has asked for."""
        return [request for who, request, _ in self.chart.terminal.requests if who == NOBODY]

    @property
    def doubles(self) -> list[BridgeDouble]:
        """The bridge's side of every connection so far."""
        return list(self._bridge.doubles.values())

    @property
    def problems(self) -> list[str]:
        """What the bridge had to object to."""
        return self._bridge.problems

    @property
    def results(self) -> list[IntentResult]:
        """Every word of the EA about an intent, oldest first."""
        return [
            result
            for double in self.doubles
            for message in double.heard
            if isinstance(message, Report | Snapshot)
            for result in message.update.results
        ]

    def last_word(self, intent: Intent) -> IntentResult:
        """The EA's final word on an intent, which may still be on its way."""
        self.chart.until(lambda: self.final_words(intent), "a final word")
        return self.final_words(intent)[-1]

    def final_words(self, intent: Intent) -> list[IntentResult]:
        """Every final word on an intent so far, oldest first."""
        told = [result for result in self.results if result.intent_id == intent.intent_id]
        return [result for result in told if result.phase is ResultPhase.FINAL]
