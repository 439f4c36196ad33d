"""A stop and a target lie on the right side of the quote, outside the stops level, on the symbol's price grid."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.levels import entry_levels, reward_to_risk, stop_distance_for, target_distance_for
from tests.domain.interpreted import bits, interpreted

POINT = 1e-5
INF = math.inf
PLAIN = interpreted("risk.levels")

sides = st.sampled_from([1, -1])
bids = st.integers(50_000, 200_000).map(lambda points: round(points * POINT, 5))
points = st.integers(0, 500)
atrs = st.floats(0.0, 0.05)


def _ask(bid: float, spread_points: int) -> float:
    return round(bid + spread_points * POINT, 5)


def test_levels_of_a_buy_by_hand() -> None:
    # ask 1.10010, stop 150 points below, target 350 above
    levels = entry_levels(1, 1.1, 1.1001, 0.0015, 0.0035, POINT, 5)
    assert levels[:3] == (1.1001, 1.0986, 1.1036)
    assert levels.stop_distance == pytest.approx(0.0015)


def test_levels_of_a_sell_by_hand() -> None:
    levels = entry_levels(-1, 1.1, 1.1001, 0.0015, 0.0035, POINT, 5)
    assert levels[:3] == (1.1, 1.1015, 1.0965)
    assert levels.stop_distance == pytest.approx(0.0015)


@pytest.mark.parametrize(
    ("atr", "stops_level", "spread", "distance"),
    [
        (0.0010, 0.0, 0.0001, 0.0015),
        (0.0001, 0.0, 0.0003, 0.00031),  # never inside the spread
        (0.0001, 0.0005, 0.0001, 0.00061),  # never inside the stops level
        (0.0, 0.0, 0.0, 0.00001),
    ],
)
def test_stop_distance_by_hand(atr: float, stops_level: float, spread: float, distance: float) -> None:
    assert stop_distance_for(atr, 1.5, stops_level, spread, POINT, INF) == pytest.approx(distance)


@pytest.mark.parametrize(("atr", "stops_level", "distance"), [(0.001, 0.0, 0.0035), (0.0001, 0.0005, 0.00051)])
def test_target_distance_by_hand(atr: float, stops_level: float, distance: float) -> None:
    assert target_distance_for(atr, 3.5, stops_level, POINT) == pytest.approx(distance)


@given(side=sides, bid=bids, spread_points=points, stops_points=points, atr=atrs)
def test_levels_keep_the_stops_level_from_the_price_that_triggers_them(
    side: int, bid: float, spread_points: int, stops_points: int, atr: float
) -> None:
    ask, stops_level = _ask(bid, spread_points), stops_points * POINT
    distance = stop_distance_for(atr, 1.5, stops_level, ask - bid, POINT, INF)
    levels = entry_levels(side, bid, ask, distance, target_distance_for(atr, 3.5, stops_level, POINT), POINT, 5)
    triggers_at = bid if side > 0 else ask
    assert (triggers_at - levels.sl) * side >= stops_level - 1e-9
    assert (levels.tp - triggers_at) * side >= stops_level - 1e-9
    assert levels.price == (ask if side > 0 else bid)
    assert levels.stop_distance == abs(levels.price - levels.sl) > 0.0


@given(side=sides, bid=bids, stop=st.floats(0.0001, 0.05), target=st.floats(0.0001, 0.05))
def test_levels_lie_on_the_grid(side: int, bid: float, stop: float, target: float) -> None:
    levels = entry_levels(side, bid, bid, stop, target, POINT, 5)
    assert levels.sl == round(levels.sl, 5)
    assert levels.tp == round(levels.tp, 5)


def test_levels_on_a_coarse_grid() -> None:
    levels = entry_levels(1, 5000.0, 5000.25, 7.6, 15.3, 0.25, 2)
    assert levels == (5000.25, 4992.75, 5015.5, 7.5)


@pytest.mark.parametrize(
    ("reward", "risk", "cost", "ratio"),
    [(350.0, 150.0, 0.0, 7 / 3), (350.0, 150.0, 7.0, 343 / 157), (5.0, 5.0, 7.0, -1 / 6)],
)
def test_reward_to_risk_by_hand(reward: float, risk: float, cost: float, ratio: float) -> None:
    assert reward_to_risk(reward, risk, cost) == pytest.approx(ratio)


@given(reward=st.floats(0, 1e6), risk=st.floats(1, 1e6), cost=st.floats(0, 1e3), more=st.floats(0, 1e3))
def test_costs_never_improve_the_ratio(reward: float, risk: float, cost: float, more: float) -> None:
    assert reward_to_risk(reward, risk, cost + more) <= reward_to_risk(reward, risk, cost)


def test_an_unknown_atr_gives_unknown_levels() -> None:
    distance = stop_distance_for(math.nan, 1.5, 0.0005, 0.0001, POINT, INF)
    assert math.isnan(distance)
    assert math.isnan(target_distance_for(math.nan, 3.5, 0.0005, POINT))
    assert math.isnan(entry_levels(1, 1.1, 1.1001, distance, 0.0035, POINT, 5).sl)


any_number = st.floats(-1e6, 1e6) | st.sampled_from([math.nan, math.inf, -math.inf])


@given(side=sides, numbers=st.tuples(*[any_number] * 4))
def test_the_kernels_agree_with_python(side: int, numbers: tuple[float, float, float, float]) -> None:
    atr, spread, stop, target = numbers
    compiled = stop_distance_for(atr, 1.5, stop, spread, POINT, INF), target_distance_for(atr, 3.5, stop, POINT)
    plain = (
        PLAIN.stop_distance_for(atr, 1.5, stop, spread, POINT, INF),
        PLAIN.target_distance_for(atr, 3.5, stop, POINT),
    )
    assert bits(compiled) == bits(plain)
    levels = entry_levels(side, 1.1, 1.1001, stop, target, POINT, 5)
    assert bits(levels) == bits(PLAIN.entry_levels(side, 1.1, 1.1001, stop, target, POINT, 5))
