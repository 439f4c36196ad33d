"""Legs of a partial close: each takes its part once, in order, and leaves a position that MT5 can hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.legs import LegRules, next_leg
from tests.domain.interpreted import bits, interpreted

PLAIN = interpreted("risk.legs")
HALF = LegRules(0.5, 0.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
TWO = LegRules(0.5, 0.3, 0.8, 0.4, 0.0, 0.0, 0.0, 0.0)
STEP = 0.01


@st.composite
def leg_rules(draw: st.DrawFn) -> LegRules:
    parts = draw(st.lists(st.floats(0.001, 0.24), max_size=4))
    legs = [number for index, part in enumerate(parts) for number in (0.2 * (index + 1), part)]
    return LegRules(*legs, *[0.0] * (8 - len(legs)))


@pytest.mark.parametrize(
    ("rules", "reached", "volume", "leg"),
    [
        (HALF, 0.49, 1.0, (0.5, 0.5)),
        (HALF, 0.5, 1.0, (0.5, 0.5)),
        (HALF, 0.9, 0.5, (0.0, 0.0)),  # done
        (TWO, 0.6, 1.0, (0.5, 0.3)),
        (TWO, 0.6, 0.7, (0.8, 0.4)),  # the second is still to come
        (TWO, 0.9, 1.0, (0.8, 0.7)),  # both at once
        (TWO, 0.6, 0.9, (0.5, 0.2)),  # the first was filled in part: the rest of it
        (TWO, 0.9, 0.3, (0.0, 0.0)),
        (TWO, float("nan"), 1.0, (0.5, 0.3)),
    ],
)
def test_by_hand(rules: LegRules, reached: float, volume: float, leg: tuple[float, float]) -> None:
    assert next_leg(reached, volume, 1.0, STEP, STEP, rules) == leg


@pytest.mark.parametrize(
    ("initial", "least", "lots"), [(0.01, 0.01, 0.0), (0.02, 0.01, 0.01), (0.15, 0.1, 0.0), (0.2, 0.1, 0.1)]
)
def test_a_part_that_cannot_be_closed_or_left_is_none(initial: float, least: float, lots: float) -> None:
    assert next_leg(1.0, initial, initial, least, STEP, HALF).lots == lots


@given(
    rules=leg_rules(),
    steps=st.integers(1, 3000),
    least=st.sampled_from([0.01, 0.1]),
    path=st.lists(st.floats(-0.5, 1.2), max_size=12),
)
def test_along_a_path_each_leg_closes_its_part_once(
    rules: LegRules, steps: int, least: float, path: list[float]
) -> None:
    initial = volume = steps / 100
    furthest = -1.0
    for reached in path:
        leg = next_leg(reached, volume, initial, least, STEP, rules)
        assert bits(leg) == bits(PLAIN.next_leg(reached, volume, initial, least, STEP, rules))
        if leg.lots == 0.0 or reached < leg.at:
            continue
        assert leg.lots >= least
        volume = round(volume - leg.lots, 8)
        furthest = max(furthest, leg.at)
        assert volume >= least - 1e-9
        due = sum(part for at, part in zip(rules[::2], rules[1::2], strict=True) if at <= furthest)
        assert initial - volume <= initial * due + 1e-9
        again = next_leg(reached, volume, initial, least, STEP, rules)
        assert again.lots == 0.0 or reached < again.at  # at one price it comes to rest
