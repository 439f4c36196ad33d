"""`kill -9` of the bridge under load, again and again, while one terminal goes on trading.

COMPANION_CRASH_KILLS sets how often, COMPANION_CRASH_SEED when.
"""

import contextlib
import os
import random
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from typing import Final

import pytest

from account.journal import JournalReader
from bridge.audit import audit
from bridge.config import Places
from domain.intents import IntentState
from domain.servertime import NS_PER_MS
from tests.crash.lives import LOG_NAME, Bridges, free_endpoint
from tests.crash.market import ACCOUNT, START_MSC, Market, bridge_config
from tests.crash.points import Plan, Point
from tests.crash.scenes import KINDS
from tests.crash.trading import Trading
from tests.crash.verdicts import account_in, faults

pytestmark = [pytest.mark.crash, pytest.mark.slow, pytest.mark.integration, pytest.mark.timeout(1500)]

KILLS: Final = int(os.environ.get("COMPANION_CRASH_KILLS", "200"))
SEED: Final = int(os.environ.get("COMPANION_CRASH_SEED", "1"))
TICKS_A_LIFE: Final = 500  # of each symbol
LAST_TICKS: Final = 1_000
TOO_LONG_S: Final = 20.0

AT_ANY_MOMENT: Final = "at any moment"
WHILE_STARTING: Final = "while starting, or soon after"
AFTER_AN_INTENT: Final = "up to 3 ms after an intent was written"

Death = Point | str
PAIRS: Final[tuple[tuple[Death, ...], ...]] = (
    (Point.INTENT_COMMITTED, Point.BEFORE_SENDING_AGAIN),
    (Point.DECISION_SENT, Point.SENT_AGAIN),
)
FROM_OUTSIDE: Final = (AT_ANY_MOMENT, WHILE_STARTING, AFTER_AN_INTENT)
PAIRED: Final = {point for pair in PAIRS for point in pair}
ONCE_A_LIFE: Final = {Point.STARTING, Point.SNAPSHOT_CAME, Point.RECONCILED, Point.CLOSING, *PAIRED}


def deaths(chance: random.Random, count: int) -> list[Death]:
    """Where each life ends. A round has every point once and as many deaths from outside."""
    found: list[Death] = []
    while len(found) < count:
        outside = [(death,) for death in FROM_OUTSIDE * 6]
        a_round = [*PAIRS, *((point,) for point in Point if point not in PAIRED), (Point.INTENT_SENT,), *outside]
        chance.shuffle(a_round)
        found.extend(death for deaths_in_a_row in a_round for death in deaths_in_a_row)
    return found[:count]


def plan_for(chance: random.Random, point: Point) -> Plan:
    """Which time it is the end, and whether at once or a moment later."""
    nth = 1 if point in ONCE_A_LIFE else chance.randint(1, 8)
    late = point in (Point.INTENT_SENT, Point.SENT_AGAIN) and chance.random() < 0.7
    return Plan(point=point, nth=nth, delay_s=chance.uniform(0.0001, 0.004) if late else 0.0)


class Executioner:
    """Ends one life of the bridge after the other; `tally` counts how."""

    def __init__(self, bridges: Bridges, chance: random.Random) -> None:
        self.tally: Counter[Death] = Counter()
        self._bridges = bridges
        self._chance = chance

    def end(self, death: Death) -> None:
        """A life that ends in this way."""
        if isinstance(death, Point):
            self._live_to(death)
            return
        self._bridges.start()
        if death != WHILE_STARTING:
            self._until(self._bridges.is_ready)
        if death == AFTER_AN_INTENT:
            self._until_an_intent()
        longest_s = {AT_ANY_MOMENT: 0.3, WHILE_STARTING: 0.12, AFTER_AN_INTENT: 0.003}[death]
        time.sleep(self._chance.uniform(0.0, longest_s))
        self._bridges.kill()
        self.tally[death] += 1

    def _live_to(self, point: Point) -> None:
        self._bridges.start(plan_for(self._chance, point))
        if point == Point.CLOSING:
            self._until(self._bridges.is_ready)
            time.sleep(self._chance.uniform(0.0, 0.2))
            os.kill(self._bridges.pid, signal.SIGTERM)
        status = self._bridges.wait(TOO_LONG_S)
        if status is None:
            self._bridges.kill()
            self.tally["planned moment never came"] += 1
            return
        assert status == signal.SIGKILL, f"the bridge ended by itself: {status}, see {LOG_NAME}"
        assert self._bridges.died_at() == point
        self.tally[point] += 1

    def _until(self, condition: Callable[[], bool]) -> None:
        until_s = time.monotonic() + TOO_LONG_S
        while not condition():
            assert time.monotonic() < until_s, f"the bridge does not start; see {LOG_NAME}"
            time.sleep(0.001)

    def _until_an_intent(self) -> None:
        """A few intents into this life."""
        wanted = self._chance.randint(1, 10)
        with contextlib.closing(sqlite3.connect(self._bridges.config.places.journal)) as journal:
            (seq,) = journal.execute("SELECT coalesce(max(seq), 0) FROM event").fetchone()
            question = "SELECT count(*) FROM event WHERE seq > ? AND kind = 'intent_issued'"
            self._until(lambda: journal.execute(question, (seq,)).fetchone()[0] >= wanted)


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Executioner, Trading, Places]:
    """All the deaths, and one life at the end that is left in peace."""
    folder, chance = tmp_path_factory.mktemp("killed"), random.Random(SEED)
    endpoint = free_endpoint(SEED)
    trading = Trading(folder / "terminal", Market(TICKS_A_LIFE * KILLS + 2 * LAST_TICKS), endpoint, seed=SEED)
    with Bridges(bridge_config(folder / "bridge", endpoint)) as bridges:
        executioner = Executioner(bridges, chance)
        trading.begin()
        for death in deaths(chance, KILLS):
            executioner.end(death)
        bridges.start()
        trading.play_only(LAST_TICKS)
        trading.end(120.0)
        assert bridges.stop() == 0
    return executioner, trading, bridges.config.places


def test_every_way_to_die_was_taken(killed: tuple[Executioner, Trading, Places]) -> None:
    executioner, trading, _ = killed
    for death, count in sorted(executioner.tally.items(), key=lambda item: str(item[0])):
        print(f"{count:4d}  {death}")
    print(f"{trading.terminal.effects.total()} intents executed, {trading.feed.played} ticks played")
    assert executioner.tally.total() == KILLS
    assert executioner.tally["planned moment never came"] == 0
    if KILLS >= 40:
        assert executioner.tally.keys() == {*Point, *FROM_OUTSIDE}
    assert trading.feed.played < trading.feed.total, "the tape was too short"


def test_nothing_was_done_twice_and_nothing_forgotten(killed: tuple[Executioner, Trading, Places]) -> None:
    _, trading, places = killed
    state = account_in(places)
    assert faults(state, trading.terminal, trading.remembered()) == []
    assert {record.intent.kind for record in state.intents.values()} == set(KINDS)
    assert len(state.intents) > KILLS
    states = Counter(record.state for record in state.intents.values())
    print({state.name: count for state, count in states.items()})
    assert states[IntentState.UNKNOWN] == 0


def test_the_journal_is_sound(killed: tuple[Executioner, Trading, Places]) -> None:
    with JournalReader.open(killed[2].journal) as journal:
        verdict = journal.verify()
    assert verdict.sound, verdict.problem


def test_what_was_decided_can_be_decided_again(killed: tuple[Executioner, Trading, Places]) -> None:
    """The record of what led to each decision has no gap that matters, although every life's end is missing in it."""
    _, trading, places = killed
    begun_ns, ended_ns = START_MSC * NS_PER_MS, trading.terminal.now_msc * NS_PER_MS
    report = audit(places.data_dir, ACCOUNT, ended_ns - (ended_ns - begun_ns) // 10, ended_ns)
    assert report.differences == ()
    assert report.problems == ()
    assert report.intents > KILLS // 10


def test_no_session_failed_inside(killed: tuple[Executioner, Trading, Places]) -> None:
    """The service survives its own errors; here there must be none."""
    log = (killed[2].data_dir / LOG_NAME).read_text(encoding="utf-8")
    assert "Traceback" not in log
    assert "given up" not in log
