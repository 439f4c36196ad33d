"""The terminal is killed in the middle of an order; what is on its disk is what the next life knows."""

import pytest

from domain.intents import IntentKind, IntentState
from tests.mql5.scenarios.conftest import MakeScene
from tests.mql5.scenarios.scene import Scene, Trap, record_of
from tests.mql5.scenarios.terminal import Moment
from tests.mql5.scenarios.tunnel import Torn

pytestmark = [pytest.mark.crash, pytest.mark.integration]

KINDS = (IntentKind.OPEN, IntentKind.MODIFY, IntentKind.PARTIAL_CLOSE, IntentKind.CLOSE)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@pytest.mark.parametrize(
    ("moment", "state", "effects"),
    [(Moment.BEGUN, IntentState.EXPIRED, 0), (Moment.ORDERED, IntentState.FILLED, 1)],
    ids=["begun", "ordered"],
)
def test_around_its_order(scene: Scene, kind: IntentKind, moment: Moment, state: IntentState, effects: int) -> None:
    intent = Trap(scene, kind, scene.death(moment)).spring()
    scene.play(50)
    assert scene.chart.terminal.dies_at is None, "it has not died"
    end = scene.end()
    assert (record_of(end, intent).state, scene.chart.effects(intent)) == (state, effects)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_between_an_order_that_was_not_waited_for_and_its_answer(make_scene: MakeScene, kind: IntentKind) -> None:
    scene = make_scene(inputs={"InpAsync": "true"})
    intent = Trap(scene, kind, scene.death(Moment.ORDERED)).spring()
    scene.play(50)
    assert scene.chart.terminal.dies_at is None, "it has not died"
    assert record_of(scene.end(), intent).state is IntentState.FILLED
    assert scene.chart.effects(intent) == 1


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_before_it_heard_of_the_order(scene: Scene, kind: IntentKind) -> None:
    intent = Trap(scene, kind, lambda _direction, frame: (Torn(frame, 1),)).spring()
    scene.chart.die()
    scene.play(50)
    state = record_of(scene.end(), intent).state
    assert scene.chart.effects(intent) == (state is IntentState.FILLED)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_after_an_order_whose_report_was_lost(scene: Scene, kind: IntentKind) -> None:
    intent = Trap(scene, kind, lambda _direction, frame: (frame,)).spring()
    scene.chart.until(lambda: scene.chart.effects(intent), "the order")
    scene.chart.die()
    scene.play(50)
    assert record_of(scene.end(), intent).state is IntentState.FILLED


def test_it_is_taken_from_the_chart_and_put_back_ten_times(scene: Scene) -> None:
    for _ in range(10):
        scene.play(25)
        scene.chart.leave()
    scene.end()


def test_market_and_server_go_on_while_it_is_away(scene: Scene) -> None:
    scene.play_until(scene.chart.terminal.positions)
    scene.chart.die()
    for _ in range(300):
        scene.chart.tick()
    scene.play(20)
    scene.end()
