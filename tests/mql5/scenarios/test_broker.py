"""What the broker's server answers, and what a person does to the terminal meanwhile."""

from collections.abc import Iterable

import msgspec
import pytest

from domain.intents import Intent, IntentKind, IntentState
from domain.retcodes import Retcode
from domain.symbols import FillingFlag
from sim.requests import Disturbance, ScriptedFills
from tests.crash.market import PROFILE, Market
from tests.mql5.scenarios.conftest import MakeScene
from tests.mql5.scenarios.scene import MARKET, Scene, Trap, record_of
from tests.mql5.scenarios.tunnel import Arrival

pytestmark = [pytest.mark.crash, pytest.mark.integration]

KINDS = (IntentKind.OPEN, IntentKind.MODIFY, IntentKind.PARTIAL_CLOSE, IntentKind.CLOSE)
DEALS = (IntentKind.OPEN, IntentKind.PARTIAL_CLOSE, IntentKind.CLOSE)


def disturbed(
    make_scene: MakeScene, kind: IntentKind, script: Iterable[Disturbance], market: Market = MARKET
) -> tuple[Scene, Intent]:
    """A scene in which the requests for the next intent of `kind` go as scripted."""
    fills = ScriptedFills(())
    scene = make_scene(fills=fills, market=market)

    def act(_direction: str, frame: bytes) -> Iterable[Arrival]:
        fills._script.extend(script)
        return (frame,)

    intent = Trap(scene, kind, act).spring()
    scene.play(5)
    return scene, intent


@pytest.mark.parametrize("kind", DEALS, ids=lambda kind: kind.name)
@pytest.mark.parametrize(
    ("script", "state", "effects"),
    [
        ((Disturbance(retcode=Retcode.REQUOTE),), IntentState.FILLED, 1),
        ((Disturbance(retcode=Retcode.PRICE_CHANGED),), IntentState.FILLED, 1),
        ((Disturbance(retcode=Retcode.REQUOTE),) * 3, IntentState.REJECTED, 0),
        ((Disturbance(retcode=Retcode.INVALID_FILL),), IntentState.REJECTED, 0),
        ((Disturbance(retcode=Retcode.INVALID_STOPS),), IntentState.REJECTED, 0),
        ((Disturbance(retcode=Retcode.NO_MONEY),), IntentState.REJECTED, 0),
        ((Disturbance(retcode=Retcode.MARKET_CLOSED),), IntentState.REJECTED, 0),
        ((Disturbance(retcode=Retcode.TOO_MANY_REQUESTS),), IntentState.REJECTED, 0),
        ((Disturbance(lost_answer=True),), IntentState.FILLED, 1),
        ((Disturbance(retcode=Retcode.REQUOTE), Disturbance(lost_answer=True)), IntentState.FILLED, 1),
        ((Disturbance(slippage_points=3.0),), IntentState.FILLED, 1),
    ],
    ids=[
        "10004",
        "10020",
        "10004 three times",
        "10030",
        "10016",
        "10019",
        "10018",
        "10024",
        "10012 though executed",
        "10004, then 10012 though executed",
        "slippage",
    ],
)
def test_an_answer(
    make_scene: MakeScene, kind: IntentKind, script: tuple[Disturbance, ...], state: IntentState, effects: int
) -> None:
    scene, intent = disturbed(make_scene, kind, script)
    end = scene.end()
    assert (record_of(end, intent).state, scene.chart.effects(intent)) == (state, effects)


IN_PARTS = Market(3_000)
IN_PARTS.specs = tuple(msgspec.structs.replace(spec, filling_flags=FillingFlag.IOC) for spec in IN_PARTS.specs)


@pytest.mark.parametrize("is_heard", [True, False], ids=["10010", "10012 though done in part"])
@pytest.mark.parametrize("kind", DEALS, ids=lambda kind: kind.name)
def test_a_fill_in_part(make_scene: MakeScene, kind: IntentKind, *, is_heard: bool) -> None:
    half = Disturbance(fill_fraction=0.5, lost_answer=not is_heard)
    scene, intent = disturbed(make_scene, kind, (half,), IN_PARTS)
    record = record_of(scene.end(), intent)
    assert record.state is IntentState.PARTLY_FILLED
    assert 0.0 < record.filled_lots < intent.volume


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_no_connection_to_the_broker(scene: Scene, kind: IntentKind) -> None:
    def act(_direction: str, frame: bytes) -> Iterable[Arrival]:
        scene.chart.terminal.connected = False
        return (frame,)

    intent = Trap(scene, kind, act).spring()
    scene.chart.pass_ms(2_000)
    assert scene.chart.effects(intent) == 0
    scene.chart.terminal.connected = True
    state = scene.end()
    assert record_of(state, intent).state is IntentState.EXPIRED
    assert len(state.intents) > 3, "it goes on trading afterwards"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_autotrading_switched_off(scene: Scene, kind: IntentKind) -> None:
    def act(_direction: str, frame: bytes) -> Iterable[Arrival]:
        scene.chart.terminal.autotrading = False
        return (frame,)

    intent = Trap(scene, kind, act).spring()
    scene.chart.pass_ms(1_000)
    scene.play(5)
    assert "AutoTrading is off" in scene.chart.ea.comment
    before = len(scene.chart.terminal.deals)
    scene.play(100)
    assert [deal for deal in scene.chart.terminal.deals[before:] if deal.comment.startswith("CMP")] == []
    scene.chart.terminal.autotrading = True
    scene.play(300)
    state = scene.end()
    assert record_of(state, intent).retcode == Retcode.CLIENT_DISABLES_AT
    assert len(scene.chart.terminal.deals) > before, "it trades again"


def test_another_login_than_the_pinned_one(make_scene: MakeScene) -> None:
    scene = make_scene(inputs={"InpLogin": str(PROFILE.login + 1)})
    scene.play(200)
    assert f"account {PROFILE.login} is not the one of InpLogin" in scene.chart.ea.comment
    state = scene.end()
    assert sum(scene.chart.terminal.effects.values()) == 0
    assert {record.state for record in state.intents.values()} <= {IntentState.REJECTED}


def test_a_position_closed_by_hand(scene: Scene) -> None:
    scene.play_until(scene.chart.terminal.positions)
    (position, *_) = scene.chart.terminal.positions()
    scene.chart.terminal.close_by_hand(position.position_ticket)
    scene.play(100)
    scene.end()


@pytest.mark.parametrize("leap_s", [1, 60, 3_600, 86_400])
def test_the_machine_sleeps(scene: Scene, leap_s: int) -> None:
    scene.chart.ea.pass_ms(leap_s * 1000)
    scene.play(100)
    scene.end()


@pytest.mark.parametrize("leap_s", [-3_600, 3_600])
def test_the_server_clock_jumps(scene: Scene, leap_s: int) -> None:
    scene.chart.ea.host.server_msc += leap_s * 1000
    scene.chart.pass_ms(500)
    scene.play(100)
    scene.end()
