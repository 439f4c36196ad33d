"""A stand-in for the decision engine, and the real one behind the wire, as a bridge keeps it."""

from collections.abc import Callable, Sequence

import numpy as np

from account.booking import booked, issued, reconciled
from account.events import AccountEvent, IntentSent, SymbolsSeen
from account.state import AccountState
from domain.intents import Intent
from domain.servertime import utc_ns_from_server_msc
from domain.updates import Money
from sim.runner import SESSION, session_opened
from sim.terminal import SimTerminal
from strategy.engine import Engine
from strategy.events import AccountChanged, EngineEvent, Quotes, WarmUp
from strategy.params import EngineSettings
from strategy.tables import DECISION_DTYPE, Table, empty_decisions
from tests.sim.bridge_double import BridgeDouble
from wire.messages import History, Report, Snapshot, Symbols, Ticks, Welcome

Plan = Callable[[int, "ScriptedEngine"], Sequence[Intent]]
"""The number of a tick (from 0, over all symbols) -> the intents that it leads to."""


class ScriptedEngine:
    """Makes the intents of a plan and writes down everything it is told, in order."""

    def __init__(self, plan: Plan | None = None) -> None:
        self.account = AccountState()
        self.settings = EngineSettings()
        self.log: list[str] = []
        self.seen: list[int] = []
        self.adopted: list[tuple[int, Money]] = []
        self.windows: list[int] = []
        self._plan = plan or (lambda _tick, _engine: ())
        self._quotes: Quotes | None = None
        self._untaken = 0

    def on_event(self, event: EngineEvent) -> tuple[Intent, ...]:
        """Fold facts, note the rest."""
        if isinstance(event, AccountChanged):
            for change in event.events:
                self.account.apply(change)
                self.log.append(type(change).__name__)
        elif isinstance(event, WarmUp):
            self.log.append(f"WarmUp {event.symbol} {event.timeframe.name}")
        return ()

    def advance(self, quotes: Quotes, start: int, stop: int | None = None) -> tuple[int, tuple[Intent, ...]]:
        """Walk ticks one by one."""
        if self._quotes is not quotes:
            self._quotes = quotes
            self.windows.append(len(quotes.ticks))
        for index in range(start, len(quotes.ticks) if stop is None else stop):
            number = len(self.seen)
            self.seen.append(int(quotes.ticks[index]["time_msc"]))
            self.log.append(f"tick {number}")
            self._untaken += 1
            intents = tuple(self._plan(number, self))
            if intents:
                return index + 1, intents
        return len(quotes.ticks) if stop is None else stop, ()

    def adopt_money(self, money: Money) -> None:
        """Note when it happened."""
        self.adopted.append((len(self.seen), money))

    def take_news(self) -> Sequence[AccountEvent]:
        """Nothing is watched here."""
        return ()

    def take_decisions(self) -> Table:
        """One record a tick."""
        count, self._untaken = self._untaken, 0
        if not count:
            return empty_decisions()
        decisions = np.zeros(count, DECISION_DTYPE)
        decisions["bar_time"] = np.arange(len(self.seen) - count, len(self.seen))
        return decisions


class EngineBehindTheWire(BridgeDouble):
    """A bridge in memory with a real engine: what `bridge` does, without journal, sockets or time-outs."""

    def __init__(self, engine: Engine, terminal: SimTerminal, welcome: Welcome) -> None:
        super().__init__(self._decide, welcome=welcome)
        self.engine = engine
        self.decisions: list[Table] = []
        self.intents: list[Intent] = []
        self._book([session_opened(terminal, engine.settings.magic, SESSION)])

    def answers_to(self, frame: bytes) -> list[bytes]:
        """Take in what the frame says before it is answered."""
        before = len(self.heard)
        replies = super().answers_to(frame)
        for message in self.heard[before:]:
            self._take(message)
        return replies

    def _take(self, message: object) -> None:
        if isinstance(message, Symbols):
            self._book([SymbolsSeen(time_ns=0, specs=message.specs)])
        elif isinstance(message, Snapshot):
            events, _ = reconciled(self.engine.account, message.update, (), SESSION, 0)
            self._book(events)
        elif isinstance(message, History):
            symbol = self.session.symbols[message.symbol_index]
            self.engine.on_event(WarmUp(symbol, message.timeframe, message.rates))
        elif isinstance(message, Report):
            self._book(booked(self.engine.account, message.update, utc_ns_from_server_msc(message.time_msc, 0)))

    def _decide(self, ticks: Ticks) -> Sequence[Intent]:
        symbol = self.session.symbols[ticks.symbol_index]
        intents = self.engine.on_event(Quotes(symbol, ticks.ticks, ticks.server_offset_s, ticks.money))
        self.decisions.append(self.engine.take_decisions())
        time_ns = utc_ns_from_server_msc(int(ticks.ticks["time_msc"][-1]), ticks.server_offset_s)
        for one in intents:
            sent = IntentSent(time_ns=time_ns, intent_id=one.intent_id, attempt=1)
            self._book([*issued(self.engine.account, one, time_ns), sent])
        self.intents.extend(intents)
        return intents

    def _book(self, events: Sequence[AccountEvent]) -> None:
        self.engine.on_event(AccountChanged(events))
