"""The broker's clock is changed in the middle of a run: account, days, bars and sessions go with it."""

from datetime import UTC, datetime

import msgspec
import numpy as np
import pytest

from account.events import SessionOpened
from domain.intents import Intent
from domain.serverclock import Daylight, ServerClock
from domain.servertime import broker_day
from domain.timeframes import DAY_S, HOUR_S
from marketdata.tape import Tape
from sim.faults.plan import FaultPlan
from sim.feed import Feed
from sim.matching import Rows
from sim.runner import Runner
from sim.terminal import SimTerminal
from strategy.engine import Engine
from strategy.events import EngineEvent, Quotes
from tests.sim.engines import ScriptedEngine
from tests.sim.intents import intent
from tests.sim.test_runner import EAGER
from tests.sim.venues import EURUSD, PROFILE, ticks_of

EU = ServerClock(daylight=Daylight.EU)
WITH_SWAP = msgspec.structs.replace(EURUSD, swap_long=-7.51)
SPRING = "2025-03-28T18:00", "2025-03-31T12:00"
AUTUMN = "2025-10-24T18:00", "2025-10-27T12:00"


def utc_s(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def over_the_weekend(first: str, last: str) -> Rows:
    """A tick a minute, Friday until 20:58 UTC and Monday from 00:05 on, in UTC."""
    start_s, stop_s = utc_s(first), utc_s(last)
    rows = (stop_s - start_s) // 60
    bids = [round(1.1 + 0.0005 * np.sin(row / 40.0) + row * 1e-7, 5) for row in range(rows)]
    ticks = ticks_of([(bid, round(bid + 0.0001, 5)) for bid in bids], start_msc=start_s * 1000, step_msc=60_000)
    closes_s, opens_s = utc_s(first[:10] + "T20:58"), utc_s(last[:10] + "T00:05")
    kept: Rows = ticks[(ticks["time"] < closes_s) | (ticks["time"] >= opens_s)]
    return kept


def run(engine: Engine | ScriptedEngine, span: tuple[str, str]) -> tuple[SimTerminal, Rows]:
    shown = EU.shown(over_the_weekend(*span))
    terminal = SimTerminal(PROFILE, (WITH_SWAP,), start_msc=int(shown["time_msc"][0]), faults=FaultPlan(clock=EU))
    Runner(engine, terminal, Tape(("EURUSD",), {"EURUSD": shown})).run()
    return terminal, shown


class Listening(ScriptedEngine):
    """Notes the sessions it is told of, and the offset of every batch of quotes."""

    def __init__(self, wanted: Intent) -> None:
        super().__init__(lambda tick, _engine: (wanted,) if tick == 10 else ())
        self.offsets: list[tuple[int, int]] = []
        self.sessions: list[SessionOpened] = []

    def on_event(self, event: EngineEvent) -> tuple[Intent, ...]:
        """Note it."""
        self.sessions += [one for one in getattr(event, "events", ()) if isinstance(one, SessionOpened)]
        return super().on_event(event)

    def advance(self, quotes: Quotes, start: int, stop: int | None = None) -> tuple[int, tuple[Intent, ...]]:
        """Note the offset."""
        self.offsets.append((int(quotes.ticks["time_msc"][0]), quotes.server_offset_s))
        return super().advance(quotes, start, stop)


@pytest.mark.parametrize(("span", "before", "after"), [(SPRING, 2, 3), (AUTUMN, 3, 2)], ids=["spring", "autumn"])
def test_account_and_quotes_learn_of_the_new_offset(span: tuple[str, str], before: int, after: int) -> None:
    wanted = intent(expires_ns=4 * 10**18, sl=1.0, tp=1.2)
    engine = Listening(wanted)
    terminal, shown = run(engine, span)
    assert [one.server_offset_s for one in engine.sessions] == [before * HOUR_S, after * HOUR_S]
    assert {EU.offset_at(time_msc) == offset_s for time_msc, offset_s in engine.offsets} == {True}
    assert {offset_s for _, offset_s in engine.offsets} == {before * HOUR_S, after * HOUR_S}
    monday_ns = engine.sessions[1].time_ns
    assert monday_ns == utc_s(span[1][:10] + "T00:05") * 10**9
    account = engine.account
    assert account.server_offset_s == terminal.server_offset_s == after * HOUR_S
    assert broker_day(monday_ns, account.server_offset_s) * DAY_S == shown[-1]["time"] // DAY_S * DAY_S
    position = account.positions[2_000_001]
    assert position.swap == terminal.positions()[0].swap == -0.75, "one night, Friday's, was charged"


@pytest.mark.parametrize("span", [SPRING, AUTUMN], ids=["spring", "autumn"])
def test_a_real_engine_trades_on_through_it(span: tuple[str, str]) -> None:
    engine = Engine(EAGER)
    terminal, shown = run(engine, span)
    assert engine.ignored_ticks == 0
    assert engine.account.balance == terminal.money().balance
    assert engine.account.deals == {deal.deal_ticket for deal in terminal.deals}
    assert len(shown) > 700


def test_a_batch_never_reaches_over_the_change() -> None:
    shown = EU.shown(over_the_weekend(*AUTUMN))
    terminal = SimTerminal(PROFILE, (WITH_SWAP,), start_msc=int(shown["time_msc"][0]), faults=FaultPlan(clock=EU))
    feed = Feed(terminal, Tape(("EURUSD",), {"EURUSD": shown}), max_ticks=500)
    told, times = [], []
    while not feed.is_over:
        _, batch = feed.play()
        told.append((batch.server_offset_s, {EU.offset_at(int(time)) for time in batch.ticks["time_msc"]}))
        times += batch.ticks["time_msc"].tolist()
    assert times == shown["time_msc"].tolist()
    assert all(offsets == {offset} for offset, offsets in told)
    assert {offset for offset, _ in told} == {2 * HOUR_S, 3 * HOUR_S}


def test_sessions_follow_the_brokers_clock() -> None:
    """It opens at 00:02 on the broker's clock: 22:02 UTC in winter, 21:02 in summer."""
    for day, hour in (("2025-03-23", 22), ("2025-04-06", 21)):
        for minute, is_open in ((1, False), (3, True)):
            ticks = EU.shown(ticks_of([(1.1, 1.1001)], start_msc=utc_s(f"{day}T{hour}:{minute:02d}") * 1000))
            assert WITH_SWAP.in_session(int(ticks["time"][0])) == is_open
