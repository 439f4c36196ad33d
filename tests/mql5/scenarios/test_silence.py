"""Nobody answers the EA: it opens nothing, and keeps stops moving by the last instructions."""

import pytest

from domain.trading import Position
from tests.mql5.scenarios.scene import Scene
from tests.mql5.scenarios.terminal import NOBODY
from tests.mql5.scenarios.tunnel import TO_BRIDGE, TO_TERMINAL

pytestmark = [pytest.mark.crash, pytest.mark.integration]


def go_silent(scene: Scene, how: str) -> None:
    if how == "killed":
        scene.kill_bridge()
    else:
        scene.chart.tunnel.hold(TO_BRIDGE, TO_TERMINAL)


def gain(scene: Scene, position: Position) -> float:
    bid, ask, _ = scene.chart.terminal.quote(position.symbol)
    return bid - position.price_open if position.side > 0 else position.price_open - ask


def in_profit(scene: Scene) -> list[Position]:
    """Open positions that have not moved their stop to where it wins, and begin to win."""
    return [one for one in scene.chart.terminal.positions() if one.sl and gain(scene, one) > 0.0]


@pytest.mark.parametrize("how", ["killed", "held"])
def test_stops_follow_the_market_for_a_minute(scene: Scene, how: str) -> None:
    scene.play_until(lambda: in_profit(scene))
    deals = len(scene.chart.terminal.deals)
    go_silent(scene, how)
    stops = {one.position_ticket: [one.sl] for one in scene.chart.terminal.positions()}
    sides = {one.position_ticket: one.side for one in scene.chart.terminal.positions()}
    for _ in range(75):
        scene.chart.tick()
        scene.chart.pass_ms(950)
        for one in scene.chart.terminal.positions():
            if stops[one.position_ticket][-1] != one.sl:
                stops[one.position_ticket].append(one.sl)
    assert scene.chart.own_moves > 0, "no stop has moved"
    for ticket, levels in stops.items():
        assert levels == sorted(levels, reverse=sides[ticket] < 0), "a stop has moved away from the price"
    opened = [deal for deal in scene.chart.terminal.deals[deals:] if deal.entry == 0]
    assert opened == []
    scene.end()


def test_nothing_moves_before_the_bridge_has_been_silent_for_long_enough(scene: Scene) -> None:
    scene.play_until(lambda: in_profit(scene))
    scene.kill_bridge()
    for _ in range(9):
        scene.chart.tick()
        scene.chart.pass_ms(950)
    assert scene.chart.own_moves == 0
    scene.end()


def test_positions_of_others_are_left_alone(scene: Scene) -> None:
    scene.play_until(scene.chart.terminal.positions)
    scene.kill_bridge()
    for _ in range(60):
        scene.chart.tick()
        scene.chart.pass_ms(950)
    moved = [request for who, request, _ in scene.chart.terminal.requests if who == NOBODY]
    ours = {deal.position_id for deal in scene.chart.terminal.deals if deal.comment.startswith("CMP")}
    assert {request.position_ticket for request in moved} <= ours
    scene.end()
