"""Engine and simulated terminal in one process, without a socket: what every other way of running is compared with.

Order of events at a tick, the same as between bridge and EA: the quote becomes the terminal's, the server acts by
itself (swap, stops, targets), what it did is booked, the engine sees the tick, its intents are executed at this quote
and booked. Between two such moments a compiled scan and the engine's compiled walk do the work: no Python per tick.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import msgspec

from account.booking import booked, issued, reconciled
from account.events import AccountEvent, IntentSent, SessionOpened, SymbolsSeen
from account.state import AccountState
from advisor.executor import ExecutorGuards
from advisor.memory import RamMemory
from domain.intents import Intent, IntentState
from domain.servertime import utc_ns_from_server_msc
from domain.trading import Deal
from domain.updates import Money, TradeUpdate
from marketdata.tape import Tape
from newsfilter.board import NewsBoard
from sim.executing import executor_of
from sim.feed import places_of
from sim.terminal import SimTerminal
from strategy.events import AccountChanged, EngineEvent, NewsChanged, Quotes, WarmUp
from strategy.params import EngineSettings
from strategy.tables import Table

WINDOW_TICKS: Final = 65_536
"""Ticks folded into bars at once: Python's part of a window costs as much as thousands of ticks."""

SCAN_TICKS: Final = 16_384
"""Ticks scanned at once for what the server does by itself: bounds what is scanned twice after an intent."""

SESSION: Final = 1

_LOOK_EVERY_MSC: Final = 30_000

Progress = Callable[[int, int], None]
"""Told the ticks done and the ticks in all, every `WINDOW_TICKS` and at the end."""


class DecisionEngine(Protocol):
    """What the runner drives: `strategy.engine.Engine`, or a stand-in for it."""

    account: AccountState
    settings: EngineSettings

    def on_event(self, event: EngineEvent) -> tuple[Intent, ...]:
        """Take an event in."""

    def advance(self, quotes: Quotes, start: int, stop: int | None = None) -> tuple[int, tuple[Intent, ...]]:
        """Walk from tick `start` of `quotes` to `stop`, or just past the first tick that made intents."""

    def adopt_money(self, money: Money) -> None:
        """Take the terminal's money as the truth."""

    def take_decisions(self) -> Table:
        """Decision records since the last call."""

    def take_news(self) -> Sequence[AccountEvent]:
        """What the watch over equity has found since the last call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """What a run came to. `decisions` are rows of DECISION_DTYPE; `deals` begin with the deposit."""

    decisions: Table
    intents: tuple[Intent, ...]
    deals: tuple[Deal, ...]
    money: Money
    account_digest: str
    ticks: int

    def decisions_hash(self) -> str:
        """Hash of all decisions, every number of every gate [hex]."""
        return hashlib.sha256(self.decisions.tobytes()).hexdigest()

    def order_list_hash(self) -> str:
        """Hash of everything that was ordered and executed [hex]."""
        return hashlib.sha256(msgspec.json.encode([self.intents, self.deals])).hexdigest()


class Runner:
    """One run of `engine` over `tape` against `terminal`.

    The tape's symbols are the terminal's names. `warm_up` is the history before the first tick, `board` what the engine
    knows of news; `on_progress` is told how far the run is.

    Raises:
        ValueError: for a symbol the terminal does not have.
    """

    def __init__(
        self,
        engine: DecisionEngine,
        terminal: SimTerminal,
        tape: Tape,
        *,
        guards: ExecutorGuards | None = None,
        warm_up: Iterable[WarmUp] = (),
        on_progress: Progress | None = None,
        board: NewsBoard | None = None,
    ) -> None:
        self._engine = engine
        self._terminal = terminal
        self._tape = tape
        self._warm_up = warm_up
        self._on_progress = on_progress
        self._board = board
        self._executor = executor_of(terminal, RamMemory(), guards or ExecutorGuards(), engine.settings.magic)
        self._places = places_of(tape, terminal)
        self._intents: list[Intent] = []
        self._news = True  # the terminal's money has to be adopted at the end of the next tick
        self._done = 0
        self._told = 0
        self._unseen: list[tuple[int, int, int]] = []
        self._back_msc = 0
        self._look_msc = 0

    def run(self) -> RunResult:
        """Play the tape to its end."""
        self._open_session()
        for symbol, start, stop in self._tape:
            for window in range(start, stop, WINDOW_TICKS):
                end = min(window + WINDOW_TICKS, stop)
                if self._terminal.is_disturbed:
                    self._play_in_parts(symbol, window, end)
                else:
                    self._play(symbol, window, end)
        self._wait_for_the_rest()
        return self._result()

    def _open_session(self) -> None:
        terminal = self._terminal
        opened = session_opened(terminal, self._engine.settings.magic, SESSION)
        self._book([opened, SymbolsSeen(time_ns=opened.time_ns, specs=terminal.specs)])
        events, _ = reconciled(self._engine.account, terminal.snapshot(), (), SESSION, opened.time_ns)
        self._book(events)
        if self._board is not None:
            self._engine.on_event(NewsChanged(self._board))
        for history in self._warm_up:
            self._engine.on_event(history)

    def _play(self, symbol: int, start: int, stop: int) -> None:
        """One window of one symbol's ticks."""
        terminal, place, ticks = self._terminal, self._places[symbol], self._tape.ticks[symbol]
        quotes = Quotes(self._tape.symbols[symbol], ticks[start:stop], terminal.server_offset_s)
        at = start
        while at < stop:
            until = terminal.scan(place, ticks, at, stop if terminal.is_flat else min(at + SCAN_TICKS, stop))
            if until == at:
                self._take(terminal.on_tick(place, ticks, at))
                self._news = True  # another leverage changes the margin, and nothing is told of it
                until = at + 1
            if self._news:
                until = at + 1
            step, intents = self._engine.advance(quotes, at - start, until - start)
            at = start + step
            self._book_news()
            terminal.settle(place, ticks, at - 1)
            self._adopt_money()
            if intents:
                self._carry_out(intents)
        self._end_window(stop - start)

    # -- what a fault plan adds --------------------------------------------------------------------------------------

    def _play_in_parts(self, symbol: int, start: int, stop: int) -> None:
        """One window, cut where the connection breaks or comes back and where the broker's clock is changed."""
        ticks = self._tape.ticks[symbol]
        while start < stop:
            end, back_msc = self._terminal.part(ticks, start, stop)
            if back_msc:
                self._play_unseen(symbol, start, end)
                self._back_msc = back_msc
            else:
                self._see_the_unseen()
                self._meet_clock(int(ticks["time_msc"][start]))
                self._play(symbol, start, end)
            start = end

    def _play_unseen(self, symbol: int, start: int, stop: int) -> None:
        """Without a connection the server goes on alone; the engine sees these ticks when it is back."""
        terminal, place, ticks = self._terminal, self._places[symbol], self._tape.ticks[symbol]
        at = start
        while at < stop:
            until = terminal.scan(place, ticks, at, stop if terminal.is_flat else min(at + SCAN_TICKS, stop))
            if until == at:
                self._take(terminal.on_tick(place, ticks, at))
                self._news = True  # another leverage changes the margin, and nothing is told of it
                until = at + 1
            terminal.settle(place, ticks, until - 1)
            at = until
        self._unseen.append((symbol, start, stop))

    def _see_the_unseen(self) -> None:
        if not self._unseen:
            return
        self._terminal.move_clock(self._back_msc)
        self._take(self._terminal.take_changes())
        unseen, self._unseen = self._unseen, []
        for symbol, start, stop in unseen:
            ticks = self._tape.ticks[symbol][start:stop]
            offset_s = self._terminal.clock.offset_at(int(ticks["time_msc"][0]))
            quotes, at = Quotes(self._tape.symbols[symbol], ticks, offset_s), 0
            while at < len(ticks):
                at, intents = self._engine.advance(quotes, at)
                if intents:
                    self._carry_out(intents)
            self._end_window(stop - start)
        self._news = True

    def _meet_clock(self, time_msc: int) -> None:
        """Where the broker's clock has been changed, tell the account, as an EA's heartbeat does."""
        terminal, account = self._terminal, self._engine.account
        if terminal.clock.offset_at(time_msc) == account.server_offset_s:
            return
        terminal.move_clock(time_msc)
        self._take(terminal.take_changes())
        self._book([session_opened(terminal, self._engine.settings.magic, SESSION)])

    def _look_into_doubts(self) -> None:
        """Reconcile from time to time while an intent's end is unknown, as a bridge does that asks for a snapshot."""
        terminal, account = self._terminal, self._engine.account
        if not any(record.state is IntentState.UNKNOWN for record in account.open_intents()):
            self._look_msc = 0
        elif not self._look_msc:
            self._look_again()
        elif terminal.now_msc >= self._look_msc:
            if terminal.connected:
                results = self._executor.last_words(terminal.now_msc)
                update = terminal.snapshot(*account.watermark)
                events, _ = reconciled(account, update, results, SESSION, self._now_ns())
                self._book(events)
                self._news = True
            self._look_again()

    def _look_again(self) -> None:
        self._look_msc = self._terminal.now_msc + _LOOK_EVERY_MSC
        self._terminal.wake(self._look_msc)

    def _wait_for_the_rest(self) -> None:
        """After the last tick: what is still on its way arrives."""
        self._see_the_unseen()
        while self._terminal.pass_on():
            self._take(self._terminal.take_changes())

    def _adopt_money(self) -> None:
        """Where something changed, the terminal's word on the money counts from the end of the next tick on."""
        if self._news:
            self._engine.adopt_money(self._terminal.money())
            self._book_news()
            self._news = False

    def _carry_out(self, intents: Sequence[Intent]) -> None:
        account, time_ns = self._engine.account, self._now_ns()
        fresh = [(intent, issued(account, intent, time_ns)) for intent in intents]
        sent = [event for intent, events in fresh if events for event in (*events, _sent(intent, time_ns))]
        self._engine.on_event(AccountChanged(sent, more=True))
        for intent, events in fresh:
            if events:
                self._intents.append(intent)
                self._take(self._executor.execute(intent, self._terminal.now_msc))
            else:
                self._book(())

    def _take(self, update: TradeUpdate | None) -> None:
        told = self._executor.answered(update)
        if told is not None:
            self._book(booked(self._engine.account, told, self._now_ns()))
            self._news = True
        if self._terminal.is_disturbed:
            self._look_into_doubts()

    def _book_news(self) -> None:
        found = self._engine.take_news()
        if found:
            self._book(found)

    def _book(self, events: Sequence[AccountEvent]) -> None:
        self._engine.on_event(AccountChanged(events))

    def _now_ns(self) -> int:
        return utc_ns_from_server_msc(self._terminal.now_msc, self._terminal.server_offset_s)

    def _end_window(self, ticks: int) -> None:
        """Several symbols make short windows: what can wait is done every so many ticks."""
        self._done += ticks
        if self._done - self._told >= WINDOW_TICKS:
            self._tell()

    def _tell(self) -> None:
        self._told = self._done
        if self._on_progress is not None:
            self._on_progress(self._done, self._tape.total)

    def _result(self) -> RunResult:
        if self._told < self._done:
            self._tell()
        return RunResult(
            decisions=self._engine.take_decisions(),
            intents=tuple(self._intents),
            deals=self._terminal.deals,
            money=self._terminal.money(),
            account_digest=self._engine.account.digest(),
            ticks=self._done,
        )


def session_opened(terminal: SimTerminal, magic: int, session: int) -> SessionOpened:
    """The event with which a session of `terminal` begins."""
    account = terminal.account()
    return SessionOpened(
        time_ns=utc_ns_from_server_msc(terminal.now_msc, terminal.server_offset_s),
        login=account.login,
        server=account.server,
        session=session,
        terminal_id="simulated",
        currency=account.currency,
        currency_digits=account.currency_digits,
        leverage=account.leverage,
        margin_mode=account.margin_mode,
        trade_mode=account.trade_mode,
        trade_allowed=account.trade_allowed,
        server_offset_s=terminal.server_offset_s,
        magic=magic,
    )


def _sent(intent: Intent, time_ns: int) -> IntentSent:
    return IntentSent(time_ns=time_ns, intent_id=intent.intent_id, attempt=1)
