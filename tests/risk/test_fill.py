"""A bad fill: the stop that takes the excess back, the lots that do, and the figures of the costly case."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.fill import Fill, lots_to_shed, risk_to_stop, stop_for_risk
from tests.domain.interpreted import bits, interpreted

PLAIN = interpreted("risk.fill")
POINT = 1e-5
# one lot bought at 1.10000 with its stop 150 points below: 150 and a commission of 7
BOUGHT = Fill(1, 1.0, 1.1, 1.0985, 100_000.0, 7.0)

fills = st.builds(
    Fill,
    side=st.sampled_from([1, -1]),
    lots=st.integers(1, 500).map(lambda steps: steps / 100),
    price=st.integers(90_000, 130_000).map(lambda points: round(points * POINT, 5)),
    sl=st.integers(80_000, 140_000).map(lambda points: round(points * POINT, 5)),
    money_per_price=st.floats(100.0, 1e6),
    cost_per_lot=st.sampled_from([0.0, 7.0]),
)


@pytest.mark.parametrize(
    ("fill", "risk"),
    [
        (BOUGHT, 157.0),
        (BOUGHT._replace(side=-1, sl=1.1015), 157.0),
        (BOUGHT._replace(price=1.10345), 502.0),  # 345 points of slippage: 3.2 times the risk
        (BOUGHT._replace(sl=1.1001), -3.0),  # the stop lies beyond the entry
    ],
)
def test_risk_by_hand(fill: Fill, risk: float) -> None:
    assert risk_to_stop(fill) == pytest.approx(risk)


@pytest.mark.parametrize(
    ("fill", "allowed", "stop"),
    [
        (BOUGHT._replace(price=1.10345), 157.0, 1.10195),  # as far from the fill as was decided
        (BOUGHT._replace(price=1.10345), 157.9, 1.10195),  # a point more would be too much
        (BOUGHT._replace(price=1.10345), 158.1, 1.10194),
        (BOUGHT._replace(side=-1, price=1.0965, sl=1.1015), 157.0, 1.098),
        (BOUGHT, 7.0, math.nan),  # nothing is left for the price
    ],
)
def test_the_stop_by_hand(fill: Fill, allowed: float, stop: float) -> None:
    assert stop_for_risk(fill, allowed, POINT, 5) == pytest.approx(stop, abs=1e-12, nan_ok=True)


@given(fill=fills, part=st.floats(0.01, 2.0))
def test_the_stop_risks_what_is_allowed_and_a_tick_less_would_not(fill: Fill, part: float) -> None:
    allowed = part * 0.001 * fill.lots * fill.money_per_price
    stop = stop_for_risk(fill, allowed, POINT, 5)
    if math.isnan(stop):
        assert allowed <= fill.lots * fill.cost_per_lot * (1.0 + 1e-9)
        return
    tick_money = fill.lots * fill.money_per_price * POINT
    taken = risk_to_stop(fill._replace(sl=stop))
    assert taken <= allowed + 1e-4 * tick_money
    assert taken > allowed - 1.0001 * tick_money
    assert bits([stop]) == bits([PLAIN.stop_for_risk(fill, allowed, POINT, 5)])


@pytest.mark.parametrize(
    ("lots", "allowed", "shed"),
    [
        (1.0, 0.312, 0.69),
        (1.0, 1.0, 0.0),
        (1.0, 2.0, 0.0),
        (0.02, 0.006, 0.01),  # the smallest volume stays
        (0.01, 0.003, 0.0),
        (0.05, 0.0, 0.04),
    ],
)
def test_what_is_shed_by_hand(lots: float, allowed: float, shed: float) -> None:
    assert lots_to_shed(lots, allowed, 0.01, 0.01) == shed


@given(
    steps=st.integers(1, 5000),
    allowed=st.floats(0.0, 60.0),
    least=st.sampled_from([0.01, 0.05, 0.1, 1.0]),
)
def test_what_stays_is_allowed_or_the_smallest_there_can_be(steps: int, allowed: float, least: float) -> None:
    lots, step = steps / 100, 0.01
    shed = lots_to_shed(lots, allowed, least, step)
    assert bits([shed]) == bits([PLAIN.lots_to_shed(lots, allowed, least, step)])
    if shed == 0.0:
        # nothing to do, or no part can be closed and no part can stay
        assert lots <= max(allowed, least) + step or lots < 2.0 * least
        return
    left = lots - shed
    assert shed >= least
    assert left >= least - 1e-9
    assert left <= max(allowed, least) + 1e-9
    if shed > least:
        assert left > allowed - step - 1e-9  # no more than was needed
