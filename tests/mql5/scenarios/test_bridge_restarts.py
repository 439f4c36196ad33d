"""The bridge is killed in the middle of an order, by SIGKILL, at a chosen place; the EA lives on."""

import pytest

from tests.crash.points import Plan, Point
from tests.mql5.scenarios.scene import Scene

pytestmark = [pytest.mark.crash, pytest.mark.integration]

AROUND_AN_ORDER = (
    Point.DECIDED,
    Point.INTENT_WRITTEN,
    Point.INTENT_COMMITTED,
    Point.DECISION_SENT,
    Point.INTENT_SENT,
    Point.REPORT_CAME,
    Point.REPORT_HANDLED,
    Point.REPORT_WRITTEN,
    Point.REPORT_COMMITTED,
)


@pytest.mark.parametrize("nth", [1, 4])
@pytest.mark.parametrize("point", AROUND_AN_ORDER, ids=lambda point: point.name)
def test_an_order_is_neither_done_twice_nor_lost(scene: Scene, point: Point, nth: int) -> None:
    scene.kill_bridge()
    scene.start_bridge(Plan(point=point, nth=nth))
    scene.play_until(scene.lives.died_at)
    scene.play(100)
    assert scene.chart.observer.counts.sessions >= 2
    scene.end()


@pytest.mark.parametrize("point", [Point.SNAPSHOT_CAME, Point.RECONCILED, Point.BEFORE_SENDING_AGAIN, Point.SENT_AGAIN])
def test_it_dies_again_while_it_finds_out_what_happened(scene: Scene, point: Point) -> None:
    scene.kill_bridge()
    scene.start_bridge(Plan(point=Point.INTENT_COMMITTED, nth=2))
    scene.play_until(scene.lives.died_at)
    scene.chart.until(lambda: scene.lives.is_over, "the end of the bridge")
    scene.start_bridge(Plan(point=point))
    scene.play(50)
    assert scene.lives.died_at() is None or scene.lives.died_at() is point
    scene.end()


def test_it_is_stopped_in_order_and_started_again_ten_times(scene: Scene) -> None:
    for _ in range(10):
        scene.play(25)
        scene.lives.stop()
    scene.end()


def test_ticks_go_on_while_no_bridge_is_there(scene: Scene) -> None:
    scene.kill_bridge()
    for _ in range(200):
        scene.chart.tick()
    scene.play(100)
    state = scene.end()
    assert state.intents
