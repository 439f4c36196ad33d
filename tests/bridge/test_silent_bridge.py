"""A bridge that is killed, or stops reading, while a position is in profit: the terminal goes on with its stop.

Real: the bridge's process, ZeroMQ, the journal, the EA's twin with its memory on disk. The market passes at 60 times
its pace; after its minute nothing is quoted for hours, so that the bridge may come back whenever it can.
"""

import os
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import pytest

from account.events import AccountEvent, Flagged, FlagKind, IntentSent
from account.journal import JournalReader
from account.state import AccountState
from advisor.batches import Batch
from advisor.executor import Executor, ExecutorGuards
from advisor.expert import EaRules, ExpertAdvisor
from advisor.host import SessionHost
from advisor.memory import DiskMemory
from bridge.config import BridgeConfig, DeskRules, Places
from domain.dtypes import TICK_DTYPE
from domain.intents import IntentKind, intent_id_in
from domain.trading import Deal, DealEntry, DealReason, Position
from domain.updates import TradeUpdate
from marketdata import Tape
from sim.feed import Feed
from sim.pace import TapePace
from sim.session_host import HostRules
from sim.terminal import SimTerminal
from strategy.tables import Table
from tests.bridge.floor import PROFILE, SECRET, Floor, Market
from tests.bridge.running import a_config, a_terminal, bridge_process, until
from tests.crash.verdicts import standing
from tests.strategy.markets import MAGIC, a_spec

pytestmark = pytest.mark.integration

MARKET: Final = Market()
MINUTE: Final = 120  # ticks, two a second
HOURS_MSC: Final = 5 * 3_600_000
AFTERWARDS: Final = 60
HIGH: Final = 1.7  # R; trailing begins at 1.5
HIGHER: Final = 2.3


def first_entry() -> tuple[int, Position]:
    """After how many ticks the market leads to a position, and that position as it was opened."""
    floor = Floor(MARKET)
    floor.connect()
    while not floor.terminal.positions():
        assert floor.step()
    return floor.feed.played, floor.terminal.positions()[0]


def ticks_at(prices: Iterable[float], side: int, start_msc: int, step_msc: int) -> Table:
    """Ticks at which a position on `side` would be closed at these prices."""
    closes = np.round(np.array(list(prices)), 5)
    ticks = np.zeros(len(closes), TICK_DTYPE)
    ticks["bid"] = closes if side > 0 else np.round(closes - 8e-5, 5)
    ticks["ask"] = np.round(ticks["bid"] + 8e-5, 5)
    ticks["time_msc"] = start_msc + step_msc * np.arange(1, len(closes) + 1)
    ticks["time"] = ticks["time_msc"] // 1000
    return ticks


def the_story() -> tuple[Table, int, Position]:
    """Ticks up to an entry; a minute of rising; hours later a little further, and down to where every stop is hit."""
    entry, position = first_entry()
    side, risk = position.side, abs(position.price_open - position.sl)
    before = MARKET.ticks[:entry]
    minute = position.price_open + side * risk * np.linspace(0.0, HIGH, MINUTE + 1)
    up = ticks_at(minute, side, int(before["time_msc"][-1]), 500)
    later = position.price_open + side * risk * np.concatenate(
        [np.linspace(HIGH, HIGHER, AFTERWARDS), np.linspace(HIGHER, 0.0, AFTERWARDS)]
    )
    down = ticks_at(later, side, int(up["time_msc"][-1]) + HOURS_MSC, 500)
    return np.concatenate([before, up, down]), entry, position


class Interrupted(Feed):
    """A feed that does something to the bridge just before one of its ticks."""

    def __init__(self, *arguments: object, at: int, act: Callable[[], None], **options: object) -> None:
        super().__init__(*arguments, **options)  # type: ignore[arg-type]  # those of Feed
        self._at, self._act = at, act

    def play(self) -> tuple[TradeUpdate | None, Batch]:
        if self.played == self._at:
            self._act()
        return super().play()


class Played:
    """The terminal in a thread of its own."""

    def __init__(self, folder: Path, endpoint: str, ticks: Table, at: int, act: Callable[[], None]) -> None:
        host = HostRules(first_wait_ms=20, longest_wait_ms=200, give_up_s=120.0, silent_speed=60.0)
        rules = EaRules(window=1, silent_ms=300, handshake_ms=2000)
        config = a_terminal(folder, endpoint, MARKET, host=host, rules=rules)
        tape = Tape(("EURUSD",), {"EURUSD": ticks})
        self.terminal = SimTerminal(PROFILE, (a_spec(),), start_msc=int(ticks["time_msc"][0]))
        self.feed = Interrupted(self.terminal, tape, history=MARKET.history, at=at, act=act)
        self.memory = DiskMemory(folder / "terminal" / "intents.log")
        executor = Executor(self.terminal, self.memory, ExecutorGuards(), MAGIC)
        self.ea = ExpertAdvisor(
            self.terminal, self.feed, executor, secret=SECRET, terminal_id=7, magic=MAGIC, rules=rules
        )
        pace = TapePace(self.feed, host.ticks_per_second, host.silent_speed)
        self._thread = threading.Thread(target=SessionHost(config.endpoint, self.ea, pace, host).run)
        self._thread.start()

    def end(self) -> None:
        self._thread.join(60)
        assert not self._thread.is_alive()


def own(deals: Iterable[Deal]) -> Counter[int]:
    """How many deals each intent led to."""
    ids = [intent_id_in(deal.comment) for deal in deals if deal.reason == DealReason.EXPERT]
    return Counter(intent_id for intent_id in ids if intent_id is not None)


def journal_of(config: BridgeConfig) -> list[AccountEvent]:
    with JournalReader.open(Places(config.data_dir).journal) as journal:
        return [event for _, _, event in journal.read()]


def killed(process: BaseProcess) -> None:
    process.kill()
    process.join()


def stopped(process: BaseProcess) -> None:
    os.kill(process.pid or 0, signal.SIGSTOP)


@pytest.mark.parametrize("silence", [killed, stopped])
def test_stops_move_on_while_the_bridge_is_silent(silence: Callable[[BaseProcess], None], tmp_path: Path) -> None:
    ticks, entry, opened = the_story()
    config = a_config(tmp_path, rules=DeskRules(clock_check=False, silence_ms=2000, heartbeat_ms=500))
    with ExitStack() as stack:
        endpoint, process = stack.enter_context(bridge_process(config))
        run = Played(tmp_path, endpoint, ticks, entry, lambda: silence(process))
        stack.callback(run.memory.close)
        stack.callback(run.end)
        until(lambda: run.feed.played == entry + 1 + MINUTE, "the market goes on for a minute")
        (left_alone,) = run.terminal.positions()
        intents_before = run.ea.counts.intents
        if silence is stopped:
            os.kill(process.pid or 0, signal.SIGCONT)
        else:
            stack.enter_context(bridge_process(msgspec.structs.replace(config, endpoint=endpoint)))
        until(lambda: run.ea.is_done, "the market is played to its end")
        run.end()
    events = journal_of(config)
    account = AccountState.replayed(events)
    deals = run.terminal.deals

    # the stop trailed behind the price by the numbers of the intent, without an intent of its own
    side, risk = opened.side, abs(opened.price_open - opened.sl)
    opening = next(entry.intent for entry in run.memory.entries() if entry.intent.kind == IntentKind.OPEN)
    assert run.ea.counts.stops_moved > 2
    assert left_alone.position_ticket == opened.position_ticket
    top = opened.price_open + side * HIGH * risk
    assert side * (top - left_alone.sl) >= opening.care.trailing_distance - 1e-5
    assert side * (top - left_alone.sl) < opening.care.trailing_distance + opening.care.trailing_step + 1e-5
    assert left_alone.tp == opened.tp
    assert intents_before == 1

    # the bridge took it as it stands, said so once a session, and went on from there
    flags = [event for event in events if isinstance(event, Flagged)]
    assert {flag.kind for flag in flags} == {FlagKind.STOP_MOVED}
    assert len(flags) <= run.ea.counts.sessions
    assert "as the EA does" in flags[-1].detail
    later = [record.intent for record in account.intents.values() if record.intent.kind == IntentKind.MODIFY]
    assert later
    assert all(side * (intent.sl - left_alone.sl) > 0 for intent in later)
    assert all(intent.care.break_even_gain == pytest.approx(risk) for intent in later)  # 1 R, and R is the entry's

    # nothing was done twice, and both sides agree
    assert max(own(deals).values()) == 1
    assert [event.attempt for event in events if isinstance(event, IntentSent) and event.attempt > 1] == []
    entries = [deal for deal in deals if deal.entry == DealEntry.IN and deal.magic == MAGIC]
    filled = [record for record in account.intents.values() if record.deal_tickets]
    assert len(entries) == sum(record.intent.kind == IntentKind.OPEN for record in filled)
    assert account.balance == run.terminal.money().balance
    assert account.deals == {deal.deal_ticket for deal in deals}
    there = {position.position_ticket: position for position in run.terminal.positions()}
    assert standing(account.positions) == standing(there)
    assert run.ea.counts.ticks_dropped == 0
    assert run.ea.counts.ticks == len(ticks)
