"""Nothing goes wrong: the rig itself, and the EA against the real bridge, with every way of running it."""

import pytest

from domain.intents import IntentKind, IntentState
from sim.mql5.abi import SocketFault
from tests.mql5.scenarios.conftest import MakeScene
from tests.mql5.scenarios.scene import Scene

pytestmark = [pytest.mark.crash, pytest.mark.integration]

TRADED = {IntentKind.OPEN, IntentKind.CLOSE, IntentKind.MODIFY}


def they_trade_and_agree(scene: Scene) -> None:
    scene.play(600)
    assert scene.chart.observer.counts.sessions == 1
    state = scene.end()
    done = {record.intent.kind for record in state.intents.values() if record.state is IntentState.FILLED}
    assert done >= TRADED


@pytest.mark.parametrize(
    "inputs",
    [{}, {"InpAsync": "true"}, {"InpLockStep": "true"}, {"InpDecisionWaitMs": "50"}, {"InpCalendar": "true"}],
    ids=["as it comes", "async", "lock-step", "waits", "calendar"],
)
def test_with_these_inputs(make_scene: MakeScene, inputs: dict[str, str]) -> None:
    they_trade_and_agree(make_scene(inputs=inputs))


@pytest.mark.parametrize(
    "fault",
    [SocketFault.IS_READABLE_GUESSES, SocketFault.READ_WAITS_FOR_ALL, SocketFault.READ_DRIBBLES],
    ids=lambda fault: fault.name,
)
def test_with_this_habit_of_sockets(scene: Scene, fault: SocketFault) -> None:
    scene.chart.ea.host.faults = fault
    they_trade_and_agree(scene)
