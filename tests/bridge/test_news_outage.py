"""A day without a network: entries stop when the limit is passed, positions stay managed, and it goes on by itself.

EODHD is a real server that is really gone for a day; the time of market and newsroom passes as fast as it is played.
"""

import datetime as dt
from typing import Final, NamedTuple

import msgspec
import numpy as np
import pytest

from account.events import IntentIssued
from bridge.config import NewsRules
from bridge.newswatch import NewsWatch
from bridge.records import EntryKind
from bridge.trader import Trader
from domain.intents import IntentKind
from newsfilter.http import HttpClient, HttpPolicy
from newsfilter.newsroom import Newsroom
from newsfilter.setup import NewsSetup
from strategy.gates import Action, DecisionKind, Gate, Verdict
from strategy.tables import DECISION_DTYPE
from tests.bridge.floor import EAGER, Floor, Market
from tests.newsfilter.fake_eodhd import TOKEN, FakeEodhd, Reply, rows
from tests.strategy.markets import START_MSC

START_NS: Final = START_MSC * 1_000_000
MINUTE_NS: Final = 60_000_000_000
HOUR_NS: Final = 60 * MINUTE_NS
LIMIT_H: Final = 6
GONE_H: Final = 2, 26  # from when to when there is no network [h]
LASTS_H: Final = 30
EVENT_H: Final = 28
BEYOND_H: Final = GONE_H[0] - 1 + LIMIT_H  # EODHD was asked last an hour before it was gone
PATIENT: Final = msgspec.structs.replace(
    EAGER, entry=msgspec.structs.replace(EAGER.entry, stop_atr=5.0, target_atr=12.0)
)  # positions last long enough to be there when the limit passes


class Hour(NamedTuple):
    """What happened in one hour of the market."""

    entries: int
    care: int
    verdicts: set[Verdict]
    standing: str


class Clock:
    def __init__(self) -> None:
        self.now_ns = START_NS

    def __call__(self) -> int:
        return self.now_ns


class AMinuteEach(Market):
    """The market of wide swings, so slow that every tick closes a bar."""

    def __init__(self) -> None:
        super().__init__(ticks=LASTS_H * 60)
        self.ticks["time_msc"] = START_MSC + np.arange(LASTS_H * 60) * 60_000
        self.ticks["time"] = self.ticks["time_msc"] // 1000


def a_release() -> Reply:
    at = dt.datetime.fromtimestamp((START_NS + EVENT_H * HOUR_NS) // 10**9 + 1800, dt.UTC)
    return Reply(body=rows({"type": "ECB Interest Rate Decision", "country": "EU", "date": f"{at:%Y-%m-%d %H:%M:%S}"}))


@pytest.fixture(scope="module")
def hours(tmp_path_factory: pytest.TempPathFactory) -> list[Hour]:
    folder = tmp_path_factory.mktemp("outage")
    clock = Clock()
    with FakeEodhd([a_release()]) as eodhd:
        address, port = eodhd.address, eodhd.port
        setup = NewsSetup(eodhd_address=address, stale_s=LIMIT_H * 3600.0)
        room = Newsroom(folder, setup, TOKEN, HttpClient(HttpPolicy(attempts=1, spacing_s=0.0)), now_ns=clock)
        room.refresh_calendar()
        desk = TradingHours(room, clock)
        found = [desk.pass_hour() for _ in range(GONE_H[0])]
    found += [desk.pass_hour() for _ in range(*GONE_H)]
    with FakeEodhd([a_release()], port):
        return found + [desk.pass_hour() for _ in range(GONE_H[1], LASTS_H)]


class TradingHours:
    """A terminal at a desk, and a newsroom beside it: refreshed when due, heard of through the bulletin's file."""

    def __init__(self, room: Newsroom, clock: Clock) -> None:
        self._room = room
        self._clock = clock
        self._watch = NewsWatch(room.files.bulletin, NewsRules())
        self._floor = Floor(AMinuteEach(), settings=PATIENT)
        self._tell(self._floor.line.trader)
        self._floor.connect()

    def _tell(self, trader: Trader) -> None:
        self._watch.look()
        if self._watch.has_more():
            self._watch.tell(trader)

    def pass_hour(self) -> Hour:
        heard = self._floor.heard
        heard.journal.clear()
        heard.records.clear()
        for _ in range(12):
            if self._room.wait_s() <= 0.0:
                self._room.refresh_calendar()
                self._tell(self._floor.line.trader)
            self._floor.play(5)
            self._clock.now_ns += 5 * MINUTE_NS
        made = [np.frombuffer(one.payload, DECISION_DTYPE) for one in heard.records if one.kind == EntryKind.DECISIONS]
        decisions = np.concatenate(made) if made else np.zeros(0, DECISION_DTYPE)
        about_entries = decisions[decisions["kind"] == DecisionKind.ENTRY]
        about_positions = decisions[(decisions["kind"] == DecisionKind.POSITION) & (decisions["action"] != Action.HOLD)]
        issued = [event.intent for event in heard.journal if isinstance(event, IntentIssued)]
        return Hour(
            entries=sum(intent.kind == IntentKind.OPEN for intent in issued),
            care=len(about_positions),
            verdicts={Verdict(int(one)) for one in about_entries["gates"][:, Gate.NEWS, 2]},
            standing=self._watch.standing(self._clock.now_ns),
        )


def test_until_the_limit_the_calendar_is_relied_on(hours: list[Hour]) -> None:
    for hour in hours[:BEYOND_H]:
        assert hour.verdicts == {Verdict.PASSED}
    assert sum(hour.entries for hour in hours[: GONE_H[0]]) > 0
    assert sum(hour.entries for hour in hours[GONE_H[0] : BEYOND_H]) > 0
    assert "the calendar is relied on until" in hours[GONE_H[0] + 1].standing


def test_beyond_it_nothing_is_opened(hours: list[Hour]) -> None:
    for hour in hours[BEYOND_H : GONE_H[1]]:
        assert hour.verdicts == {Verdict.UNKNOWN}
        assert hour.entries == 0
        assert hour.standing.startswith("no entries: the calendar could be relied on until")
        assert "eodhd: unreachable: 127.0.0.1:" in hour.standing
        assert hour.standing.endswith("Connection refused")


def test_positions_are_looked_after_all_the_time(hours: list[Hour]) -> None:
    assert sum(hour.care for hour in hours[BEYOND_H : GONE_H[1]]) > 0


def test_it_recovers_by_itself(hours: list[Hour]) -> None:
    after = hours[GONE_H[1] + 1 : EVENT_H]
    assert {verdict for hour in after for verdict in hour.verdicts} == {Verdict.PASSED}
    assert sum(hour.entries for hour in after) > 0
    assert after[-1].standing == ""


def test_and_knows_of_what_was_announced_meanwhile(hours: list[Hour]) -> None:
    assert Verdict.REFUSED in hours[EVENT_H].verdicts
