"""Both sides die, at every point, one after the other and both at once, while frames get lost: in one thread, on one
clock, so that a seed that fails fails again."""

import os
import random
from collections.abc import Iterable
from typing import Any

import pytest

from advisor.expert import EaRules
from domain.intents import IntentKind, IntentState
from tests.crash.market import Market
from tests.crash.points import Plan, Point
from tests.crash.rig import Rig
from tests.crash.scenes import KINDS, MakeRig
from tests.crash.watched import EaPoint

pytestmark = [pytest.mark.crash, pytest.mark.slow, pytest.mark.integration]

DEATHS = 3
SEEDS = int(os.environ.get("COMPANION_CRASH_SEEDS", "3"))
EA_POINTS = [point for point in EaPoint if point != EaPoint.ANYWHERE]
LONG = Market(12_000)
POINT_BEFORE = {
    Point.BEFORE_SENDING_AGAIN: Point.INTENT_COMMITTED,
    Point.SENT_AGAIN: Point.DECISION_SENT,
}
"""Where the life before must have ended, so that there is something to send again."""
ONCE_A_LIFE = (*POINT_BEFORE, Point.STARTING, Point.SNAPSHOT_CAME, Point.RECONCILED)


def bridge_dies(rig: Rig, point: Point, nth: int = 1) -> None:
    """A life of the bridge that ends at `point`."""
    if point in POINT_BEFORE:
        bridge_dies(rig, POINT_BEFORE[point])
    deaths = rig.bridge_deaths[point]
    if point == Point.CLOSING:
        rig.play(rig.chance.randint(1, 30))
        rig.stop_bridge(Plan(point=point))
        rig.disconnect()
        rig.bridge_deaths[point] += 1
        return
    if point not in POINT_BEFORE:
        rig.kill_bridge()
    rig.start_bridge(Plan(point=point, nth=1 if point in ONCE_A_LIFE else nth))
    if rig.service is not None:
        rig.play_until(lambda: rig.bridge_deaths[point] > deaths)


def ea_dies(rig: Rig, point: EaPoint, nth: int = 1) -> None:
    """A life of the EA that ends at `point`; the market then goes on for a while, or not."""
    deaths = rig.ea_deaths[point]
    rig.kill_ea()
    rig.start_ea(point, 1 if point in (EaPoint.WELCOMED, EaPoint.LISTED) else nth)
    rig.play_until(lambda: rig.ea_deaths[point] > deaths)
    rig.market_goes_on(rig.chance.choice((0, 0, 1, 5)))


def the_end(rig: Rig) -> None:
    """Settled, everything must be in order, and much must have happened."""
    rig.settle()
    state = rig.finish()
    assert rig.faults(state) == []
    kinds = {record.intent.kind for record in state.intents.values() if record.state == IntentState.FILLED}
    assert kinds == set(KINDS)
    assert state.open_intents() == []


@pytest.mark.parametrize("point", Point, ids=lambda point: point.name.lower())
def test_a_bridge_that_dies_again_and_again_at_one_point(rig: Rig, point: Point) -> None:
    for nth in range(1, DEATHS + 1):
        bridge_dies(rig, point, nth)
        rig.play(rig.chance.randint(0, 20))
    assert rig.bridge_deaths[point] >= DEATHS
    rig.play(300)
    state = rig.finish()
    assert rig.faults(state) == []


@pytest.mark.parametrize("point", EA_POINTS, ids=lambda point: point.name.lower())
def test_an_ea_that_dies_again_and_again_at_one_point(rig: Rig, point: EaPoint) -> None:
    for nth in range(1, DEATHS + 1):
        ea_dies(rig, point, nth)
        rig.play(rig.chance.randint(0, 20))
    assert rig.ea_deaths[point] >= DEATHS
    rig.settle()
    state = rig.finish()
    assert rig.faults(state) == []


class Unreliable:
    """A wire that loses, doubles and cuts; how often, in a thousand frames."""

    def __init__(self, chance: random.Random, per_mille: int) -> None:
        self._chance = chance
        self._per_mille = per_mille

    def __call__(self, _direction: str, frame: bytes) -> Iterable[bytes]:
        if self._chance.randrange(1000) >= self._per_mille:
            return (frame,)
        return self._chance.choice(((), (frame, frame), (frame[:-1],)))


IN_LOCK_STEP = {"ea_rules": EaRules(window=1)}
IMPATIENT = {"ea_rules": EaRules(window=4, decision_wait_ms=1)}
IN_BATCHES = {**IMPATIENT, "batch_ms": 8_000}


@pytest.mark.parametrize("way", [IN_LOCK_STEP, IMPATIENT, IN_BATCHES], ids=["lock-step", "impatient", "batches"])
@pytest.mark.parametrize("seed", range(SEEDS))
def test_anything_may_happen_at_any_time(make_rig: MakeRig, seed: int, way: dict[str, Any]) -> None:
    rig = make_rig(LONG, seed=seed, **way)
    chance = rig.chance
    bridge_points = [point for point in Point if point != Point.CLOSING]
    for _ in range(40):
        rig.post = Unreliable(chance, chance.choice((0, 5, 50)))
        what = chance.random()
        if what < 0.45:
            rig.kill_bridge()
            rig.start_bridge(Plan(point=chance.choice(bridge_points), nth=chance.randint(1, 4)))
        if what > 0.35:
            rig.kill_ea()
            rig.market_goes_on(chance.choice((0, 0, 0, 1, 4)))
            rig.start_ea(chance.choice(EA_POINTS), chance.randint(1, 4))
        rig.play(chance.randint(5, 60))
    assert rig.bridge_deaths.total() > 5
    assert rig.ea_deaths.total() > 5
    the_end(rig)


def test_every_kind_of_intent_takes_part(rig: Rig) -> None:
    rig.play(400)
    state = rig.finish()
    assert {record.intent.kind for record in state.intents.values()} == set(KINDS)
    assert IntentKind.CANCEL not in KINDS, "nothing here makes pending orders yet"
