"""What the EA streams: several symbols at once, and quotes that the terminal itself no longer has."""

import itertools
from collections import Counter

import pytest

from tests.mql5.scenarios.conftest import MakeStage
from tests.mql5.scenarios.scene import Scene
from tests.mql5.scenarios.scripted import PRICE, Quotes, Stage, quotes
from tests.mql5.scenarios.tunnel import TO_BRIDGE, TO_TERMINAL, count
from wire.codec import decode, frame_type
from wire.enums import MessageType
from wire.messages import Decision, Ticks

pytestmark = [pytest.mark.crash, pytest.mark.integration]

RISING = [round(PRICE + place * 1e-5, 5) for place in range(60)]


def lose_ticks(stage: Stage | Scene) -> None:
    """From now on the terminal has no tick of before."""
    stage.chart.desk.ticks_from_msc = stage.chart.terminal.now_msc + 1


def numbers_of(stage: Stage) -> list[int]:
    return [batch.batch for double in stage.doubles for batch in double.ticks]


def bids_of(stage: Stage) -> list[float]:
    return [float(row["bid"]) for double in stage.doubles for batch in double.ticks for row in batch.ticks]


def test_a_gap_in_the_middle_of_a_session_ends_it_and_is_told(make_stage: MakeStage) -> None:
    stage = make_stage(Quotes(quotes(RISING))).live()
    stage.play(5)
    lose_ticks(stage)
    stage.chart.tick()
    stage.chart.until(lambda: len(stage.doubles) == 2 and stage.chart.is_live, "a new session")
    stage.chart.until(lambda: "ticks from" in stage.chart.ea.comment, "a word on the chart")
    assert any("EURUSD: ticks from 2023.11.19 23:50:05 to" in line for line in stage.chart.logged)
    stage.play(5)
    numbers = numbers_of(stage)
    assert numbers[:5] == [1, 2, 3, 4, 5]
    assert numbers[5:] == list(range(numbers[5], numbers[5] + 5))
    assert numbers[5] > 6, "the bridge cannot see that something is missing"
    assert bids_of(stage) == RISING[:5] + RISING[6:11]


def test_a_gap_while_nobody_answered_is_told_when_the_session_begins(make_stage: MakeStage) -> None:
    stage = make_stage(Quotes(quotes(RISING))).live()
    stage.play(5)
    stage.chart.tunnel.cut()
    stage.chart.until(lambda: not stage.chart.is_live, "the end of the session")
    for _ in range(10):
        stage.chart.feed.play()
    lose_ticks(stage)
    stage.play(5)
    numbers = numbers_of(stage)
    assert numbers[5] > 6
    assert bids_of(stage)[5:] == RISING[15:20]
    assert any("may be missing" in line for line in stage.chart.logged)


def test_without_a_gap_no_number_is_left_out(make_stage: MakeStage) -> None:
    stage = make_stage(Quotes(quotes(RISING))).live()
    stage.play(5)
    stage.chart.tunnel.cut()
    stage.chart.until(lambda: not stage.chart.is_live, "the end of the session")
    for _ in range(10):
        stage.chart.feed.play()
    stage.play(5)
    assert numbers_of(stage) == list(range(1, 1 + len(numbers_of(stage))))
    assert bids_of(stage) == RISING[:20]
    assert not any("may be missing" in line for line in stage.chart.logged)


@pytest.mark.parametrize("in_a_session", [True, False])
def test_the_bridge_learns_its_charts_anew_after_a_gap(scene: Scene, in_a_session: bool) -> None:
    texts: list[str] = []

    def note(direction: str, frame: bytes) -> tuple[bytes]:
        if direction == TO_TERMINAL and frame_type(frame) == MessageType.DECISION:
            message = decode(frame, scene.market.symbols)[1]
            assert isinstance(message, Decision)
            texts.append(message.text)
        return (frame,)

    histories = count(scene.chart.tunnel, TO_BRIDGE, MessageType.HISTORY)
    scene.play(40)
    if not in_a_session:
        scene.chart.tunnel.cut()
        scene.chart.until(lambda: not scene.chart.is_live, "the end of the session")
        for _ in range(50):
            scene.chart.feed.play()
    lose_ticks(scene)
    scene.post(note)
    scene.play(100)
    assert any("may be missing" in line for line in scene.chart.logged)
    charts = len(scene.market.symbols)
    assert count(scene.chart.tunnel, TO_BRIDGE, MessageType.HISTORY) >= histories + charts
    assert not any(text.startswith("not ready") for text in texts[-50:]), texts[-50:]
    scene.end()


def test_all_symbols_are_streamed_and_traded_at_once(scene: Scene) -> None:
    heard: Counter[str] = Counter()
    lasts: dict[str, list[int]] = {}

    def note(direction: str, frame: bytes) -> tuple[bytes]:
        if direction == TO_BRIDGE and frame_type(frame) == MessageType.TICKS:
            message = decode(frame, scene.market.symbols)[1]
            assert isinstance(message, Ticks)
            name = scene.market.symbols[message.symbol_index]
            heard[name] += len(message.ticks)
            lasts.setdefault(name, []).extend(int(row["time_msc"]) for row in message.ticks)
        return (frame,)

    scene.post(note)
    scene.play(400)
    assert set(heard) == set(scene.market.symbols)
    assert len(set(heard.values())) == 1, "one was left behind"
    for times in lasts.values():
        assert all(before < after for before, after in itertools.pairwise(times))
    scene.play_until(lambda: {deal.symbol for deal in scene.chart.terminal.deals} >= set(scene.market.symbols))
    scene.end()
