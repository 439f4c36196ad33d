"""Care without the bridge gives the stops that the core gives while the ATR stays: the same bits."""

import math

import msgspec
import pytest
from hypothesis import assume, event, given
from hypothesis import strategies as st

from advisor.local_care import tended_stop
from domain.intents import LocalCare
from domain.symbols import SymbolSpec
from domain.trading import Position, PositionType
from strategy.care import care_distances
from strategy.gates import Action, Care, Verdict
from strategy.position_views import PositionView
from strategy.stops import break_even_offset
from tests.domain.instruments import EURUSD
from tests.strategy.care_scenes import HELD, CareScene, care_scenes

VERDICT = 2
# 1 R of 150 points, 10 points beyond; from 225 points on 200 behind, in steps of 10
CARE = LocalCare(
    break_even_gain=0.0015,
    break_even_offset=0.0001,
    trailing_gain=0.00225,
    trailing_distance=0.002,
    trailing_step=0.0001,
)


def spec_of(stops_points: int = 0, freeze_points: int = 0) -> SymbolSpec:
    return msgspec.structs.replace(EURUSD, stops_level_points=stops_points, freeze_level_points=freeze_points)


def a_position(view: PositionView) -> Position:
    return Position(
        position_ticket=1,
        position_id=1,
        symbol="EURUSD",
        type=PositionType.BUY if view.side > 0 else PositionType.SELL,
        magic=7,
        volume=view.volume,
        price_open=view.price_open,
        sl=view.sl,
        tp=view.tp,
        swap=0.0,
        profit=0.0,
        time_msc=0,
        time_update_msc=0,
        comment="",
    )


def tended(scene: CareScene, care: LocalCare = CARE, spec: SymbolSpec = EURUSD) -> float | None:
    return tended_stop(a_position(scene.view), scene.view.bid, scene.view.ask, spec, care)


@pytest.mark.parametrize("mirror", [False, True], ids=["buy", "sell"])
@pytest.mark.parametrize(
    ("scene", "stop"),
    [
        (HELD, None),
        (HELD.at(1.10148), None),
        (HELD.at(1.10151), 1.1001),  # break-even
        (HELD.at(1.10224), 1.1001),
        (HELD.at(1.10226), 1.10026),  # trailing
        (HELD.at(1.10234).changed(sl=1.10025), None),  # less than a step
        (HELD.at(1.10236).changed(sl=1.10025), 1.10036),
        (HELD.at(1.1005).changed(sl=1.10036), None),  # the price fell back
        (HELD.at(1.10151).changed(sl=0.0), 1.1001),  # a position that lost its stop
        (HELD.at(1.10151).changed(tp=0.0), 1.1001),
        (HELD.at(1.0990), None),
    ],
)
def test_care_by_hand(scene: CareScene, stop: float | None, mirror: bool) -> None:
    found = tended(scene.mirrored() if mirror else scene)
    assert found == (round(2.2 - stop, 5) if mirror and stop else stop)


@pytest.mark.parametrize(("stops_points", "stop"), [(0, 1.1001), (139, 1.1001), (141, None)])
def test_the_stops_level_is_kept(stops_points: int, stop: float | None) -> None:
    assert tended(HELD.at(1.10151), spec=spec_of(stops_points)) == stop


@pytest.mark.parametrize(
    ("changes", "freeze_points", "stop"),
    [
        ({}, 0, 1.1001),
        ({}, 199, None),  # the target is 199 points away
        ({}, 198, 1.1001),
        ({"tp": 0.0}, 300, None),  # the stop is 301 points away, and frozen at a tick less
        ({"tp": 0.0, "sl": 0.0}, 10_000, 1.1001),
    ],
)
def test_nothing_is_asked_within_the_freeze_level(
    changes: dict[str, float], freeze_points: int, stop: float | None
) -> None:
    scene = HELD.at(1.10151 if "tp" not in changes or "sl" in changes else 1.1015).changed(**changes)
    assert tended(scene, spec=spec_of(freeze_points=freeze_points)) == stop


@pytest.mark.parametrize("changes", [{"bid": 0.0}, {"price_open": 0.0}])
def test_a_price_nobody_knows_moves_nothing(changes: dict[str, float]) -> None:
    assert tended(HELD.at(1.2).changed(**changes)) is None


@pytest.mark.parametrize(
    ("bid", "sl", "stop"),
    [
        (1.2421875, 0.5, None),
        (1.25, 0.5, 1.0),  # break-even at its gain itself
        (1.4921875, 1.0, None),
        (1.5, 1.0, 1.125),  # trailing at its gain itself
        (1.625, 1.125, 1.25),  # a whole step
        (1.6171875, 1.125, None),  # a tick less
    ],
)
def test_a_threshold_itself_counts(bid: float, sl: float, stop: float | None) -> None:
    """In binary fractions, so that nothing is rounded."""
    spec = msgspec.structs.replace(EURUSD, tick_size=2.0**-7, point=1e-7, digits=7)
    care = LocalCare(break_even_gain=0.25, trailing_gain=0.5, trailing_distance=0.375, trailing_step=0.125)
    assert tended(HELD.changed(price_open=1.0, bid=bid, sl=sl, tp=0.0), care, spec) == stop


def test_a_distance_beyond_the_price_sets_no_stop() -> None:
    far = LocalCare(trailing_distance=2.0, trailing_step=0.0001)
    assert tended(HELD.at(1.2).changed(sl=0.0), far) is None


def test_without_instructions_nothing_moves() -> None:
    assert tended(HELD.at(1.2), LocalCare()) is None
    only_trailing = LocalCare(trailing_distance=0.002, trailing_step=0.0001)
    assert tended(HELD.at(1.1001).changed(sl=1.0), only_trailing) == 1.0981


def _in_the_core(scene: CareScene) -> float | None:
    """The stop that the core's stop rules ask for."""
    decision, gates = scene.decided()
    assert decision.action in (Action.HOLD, Action.MODIFY)
    fired = [care for care in Care if gates[care, VERDICT] == Verdict.FIRED]
    event(f"fired: {fired}")
    return decision.sl if decision.action == Action.MODIFY else None


def _instructions(scene: CareScene) -> LocalCare:
    view, rules, point = scene.view, scene.rules.stops, scene.symbol.point
    offset = break_even_offset(view.cost, rules, point)
    return LocalCare(**care_distances(view.initial_risk, view.atr, offset, rules, point)._asdict())


def _stops_alone(scene: CareScene) -> CareScene:
    """The scene without all that moves no stop, and with a target far from the market: a request fits."""
    off = {f"part_{leg}": 0.0 for leg in range(1, 5)} | {"planned_lots": math.nan, "freeze_points": 0.0}
    hours = dict.fromkeys(scene.rules.hours._fields, 0.0)
    news = dict.fromkeys(scene.rules.news._fields, 0.0)
    return scene.changed(**off, **hours, **news, tp=0.0)


def _by_distance(scene: CareScene) -> CareScene:
    """Of all kinds of trailing the one that a terminal can do alone."""
    return _stops_alone(scene).changed(chandelier_atr=0.0, trailing_points=0.0, stepped_r=0.0)


@given(scene=care_scenes())
def test_the_stop_is_the_cores(scene: CareScene) -> None:
    spec = spec_of(round(scene.symbol.stops_level / 1e-5))
    assume(spec.stops_level_points * spec.point == scene.symbol.stops_level)
    scene = _by_distance(scene)
    assert tended(scene, _instructions(scene), spec) == _in_the_core(scene)


@given(
    scene=care_scenes(),
    path=st.lists(st.integers(-60, 60), min_size=1, max_size=40),
)
def test_along_a_path_the_stops_are_the_cores(scene: CareScene, path: list[int]) -> None:
    """From tick to tick each goes on from its own stop, by the instructions of the first tick."""
    scene = _by_distance(scene).changed(stops_level=0.0)
    here, core, care = scene, scene, _instructions(scene)
    for step in path:
        moved = {name: round(getattr(here.view, name) + step * 1e-5, 5) for name in ("bid", "ask")}
        here, core = here.changed(**moved), core.changed(**moved)
        stop, decided = tended(here, care), _in_the_core(core)
        assert stop == decided
        if stop is not None and decided is not None:
            here, core = here.changed(sl=stop), core.changed(sl=decided)


@given(scene=care_scenes(), path=st.lists(st.integers(-60, 90), min_size=1, max_size=40))
def test_whatever_trails_the_terminal_alone_is_no_tighter_than_the_core(scene: CareScene, path: list[int]) -> None:
    """By a step at most, which is less than the core would have sent."""
    scene = _stops_alone(scene).changed(stops_level=0.0)
    here, core, care = scene, scene, _instructions(scene)
    for step in path:
        moved = {name: round(getattr(here.view, name) + step * 1e-5, 5) for name in ("bid", "ask")}
        here, core = here.changed(**moved), core.changed(**moved)
        stop, decided = tended(here, care), _in_the_core(core)
        here = here if stop is None else here.changed(sl=stop)
        core = core if decided is None else core.changed(sl=decided)
        ahead = (here.view.sl - core.view.sl) * here.view.side
        assert here.view.sl == core.view.sl or (core.view.sl != 0.0 and ahead < care.trailing_step + 1e-9)


@given(scene=care_scenes(), care=st.builds(LocalCare, **dict.fromkeys(LocalCare.__struct_fields__, st.floats(0, 0.02))))
def test_whatever_the_instructions_a_stop_only_tightens_and_can_be_placed(scene: CareScene, care: LocalCare) -> None:
    view, spec = scene.view, spec_of(20)
    stop = tended(scene, care, spec)
    if stop is None:
        return
    close_price = view.bid if view.side > 0 else view.ask
    assert stop > 0.0
    assert view.sl == 0.0 or (stop - view.sl) * view.side > 0.0
    assert (close_price - stop) * view.side >= 20e-5
    assert math.isclose(stop, round(stop, 5), abs_tol=0.0)
    assert tended(scene.changed(sl=stop), care, spec) is None  # asked again nothing is left to do


@given(scene=care_scenes(), freeze_points=st.integers(1, 400))
def test_the_freeze_level_only_ever_holds_back(scene: CareScene, freeze_points: int) -> None:
    care = _instructions(scene)
    assert tended(scene, care, spec_of(freeze_points=freeze_points)) in (None, tended(scene, care))
