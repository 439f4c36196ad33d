"""Nothing goes wrong: the rig itself, and the EA against the real bridge."""

import pytest

from domain.intents import IntentKind, IntentState
from tests.mql5.scenarios.scene import Scene

pytestmark = pytest.mark.integration


def test_they_trade_and_agree(scene: Scene) -> None:
    scene.play(600)
    assert scene.chart.observer.counts.sessions == 1
    state = scene.end()
    done = {record.intent.kind for record in state.intents.values() if record.state is IntentState.FILLED}
    assert {IntentKind.OPEN, IntentKind.CLOSE, IntentKind.MODIFY} <= done
