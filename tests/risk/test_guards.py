"""Guards latch at the first equity that crosses, let go only well inside, and say truly how far equity may move."""

import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risk.guards import (
    GuardRules,
    Levels,
    Losses,
    Marks,
    corridor_of,
    drawdown_level,
    drawdown_threshold,
    halt_level,
    kept_fraction,
    levels_after,
    losses_of,
    lots_over,
    threshold_of,
)
from strategy.params import GuardSettings
from tests.domain.interpreted import bits, interpreted

PLAIN = interpreted("risk.guards")
RULES = GuardSettings().rules()
NONE = Levels(0, 0, 0)
MARKS = Marks(balance=10_000.0, funds=10_000.0, day_start_equity=10_000.0, peak_equity=10_000.0)

equities = st.floats(5_000.0, 12_000.0)


def levels_at(equity: float, levels: Levels = NONE, marks: Marks = MARKS, rules: GuardRules = RULES) -> Levels:
    return levels_after(losses_of(equity, marks), levels, rules)


# -- thresholds --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("equity", "levels"),
    [
        (9_700.01, (0, 0, 0)),
        (9_700.0, (0, 1, 0)),
        (9_500.0, (0, 1, 0)),  # 5 % is allowed, more is not
        (9_499.99, (0, 1, 1)),
        (9_000.01, (0, 1, 1)),
        (9_000.0, (1, 1, 1)),
        (8_800.01, (1, 1, 1)),
        (8_800.0, (1, 1, 2)),
        (8_700.0, (1, 1, 3)),
        (8_600.0, (1, 1, 4)),
        (8_500.01, (1, 1, 4)),
        (8_500.0, (1, 1, 5)),
        (5_000.0, (1, 1, 5)),
    ],
)
def test_levels_of_an_account_of_10_000(equity: float, levels: tuple[int, int, int]) -> None:
    assert tuple(levels_at(equity)) == levels


def test_the_steps_are_spread_evenly() -> None:
    found = [drawdown_threshold(level, RULES) for level in range(1, 7)]
    assert found == pytest.approx([0.05, 0.12, 0.13, 0.14, 0.15, math.inf])
    assert halt_level(RULES) == 5
    assert halt_level(RULES._replace(reduce_steps=1.0)) == 3
    assert [threshold_of(guard, 2, RULES) for guard in range(3)] == [0.10, 0.03, 0.12]


def test_a_mark_that_is_not_known_guards_nothing() -> None:
    unknown = Marks(balance=0.0, funds=0.0, day_start_equity=0.0, peak_equity=0.0)
    assert losses_of(5_000.0, unknown) == Losses(0.0, 0.0, 0.0)
    assert levels_at(5_000.0, marks=unknown) == NONE


def test_credit_is_no_profit() -> None:
    with_credit = MARKS._replace(funds=11_000.0)
    assert losses_of(11_000.0, with_credit).floating == 0.0
    assert losses_of(10_000.0, with_credit).floating == pytest.approx(0.1)


# -- hysteresis --------------------------------------------------------------------------------------------------------


def test_a_guard_lets_go_below_a_part_of_its_threshold() -> None:
    latched = Levels(1, 1, 1)
    assert tuple(levels_at(9_199.0, latched)) == (1, 1, 1)
    assert tuple(levels_at(9_201.0, latched)) == (0, 1, 1)
    assert tuple(levels_at(9_599.0, latched)) == (0, 1, 1)
    assert tuple(levels_at(9_600.01, latched)) == (0, 1, 0)
    assert levels_at(11_000.0, latched).day == 1


def test_a_drawdown_that_recovers_steps_down_one_threshold_after_the_other() -> None:
    assert drawdown_level(0.121, 5, RULES) == 5
    assert drawdown_level(0.119, 5, RULES) == 4
    assert drawdown_level(0.111, 5, RULES) == 3
    assert drawdown_level(0.0959, 5, RULES) == 1
    assert drawdown_level(0.0399, 5, RULES) == 0


@given(st.lists(st.floats(0.0, 0.2), min_size=1, max_size=60))
def test_between_rising_and_falling_lies_the_release(values: list[float]) -> None:
    level = 0
    for value in values:
        before, level = level, drawdown_level(value, level, RULES)
        if level > before:
            assert value >= drawdown_threshold(level, RULES)
        if level < before:
            assert value < drawdown_threshold(before, RULES) * RULES.release_fraction
        assert value < drawdown_threshold(level + 1, RULES) or (level == 0 and value == RULES.drawdown_fraction)
        assert level == 0 or value >= drawdown_threshold(level, RULES) * RULES.release_fraction


@given(equities, st.sampled_from([NONE, Levels(1, 1, 1), Levels(0, 1, 3), Levels(1, 0, 5)]))
def test_looking_twice_changes_nothing(equity: float, levels: Levels) -> None:
    once = levels_at(equity, levels)
    assert levels_at(equity, once) == once


# -- how far equity may move -------------------------------------------------------------------------------------------


@st.composite
def some_rules(draw: st.DrawFn) -> GuardRules:
    lower = draw(st.floats(0.01, 0.1))
    reduce_from = lower + draw(st.floats(0.01, 0.1))
    return GuardRules(
        floating_loss_fraction=draw(st.floats(0.01, 0.5)),
        day_loss_fraction=draw(st.floats(0.01, 0.5)),
        drawdown_fraction=lower,
        reduce_fraction=reduce_from,
        halt_fraction=reduce_from + draw(st.floats(0.01, 0.2)),
        reduce_steps=float(draw(st.integers(1, 10))),
        release_fraction=draw(st.floats(0.1, 0.99)),
        drawdown_risk_scale=0.5,
        drawdown_max_leverage=50.0,
    )


@st.composite
def some_marks(draw: st.DrawFn) -> Marks:
    balance = draw(st.floats(1_000.0, 20_000.0))
    credit = draw(st.sampled_from([0.0, 500.0]))
    return Marks(balance, balance + credit, draw(equities), draw(st.floats(12_000.0, 20_000.0)))


@settings(max_examples=300)
@given(some_rules(), some_marks(), equities, equities)
def test_inside_the_corridor_nothing_changes(rules: GuardRules, marks: Marks, first: float, then: float) -> None:
    levels = levels_at(first, NONE, marks, rules)
    corridor = corridor_of(marks, levels, rules)
    slack = 1e-6
    assert corridor.floor <= first + slack
    if corridor.floor + slack < then < corridor.ceiling - slack:
        assert levels_at(then, levels, marks, rules) == levels


@given(some_rules(), some_marks(), equities)
def test_the_corridor_is_no_narrower_than_it_must_be(rules: GuardRules, marks: Marks, first: float) -> None:
    levels = levels_at(first, NONE, marks, rules)
    floor, ceiling = corridor_of(marks, levels, rules)
    if floor > -math.inf:
        assert levels_at(floor - 0.01, levels, marks, rules) != levels
    if ceiling < marks.peak_equity:
        assert levels_at(ceiling + 0.01, levels, marks, rules) != levels


# -- reducing ----------------------------------------------------------------------------------------------------------


def test_every_step_takes_the_same_part() -> None:
    assert [kept_fraction(level, RULES) for level in range(6)] == [1.0, 1.0, 0.75, 0.5, 0.25, 0.0]


@pytest.mark.parametrize(
    ("volume", "kept", "closed"),
    [(1.0, 0.75, 0.25), (0.75, 0.75, 0.0), (0.5, 0.75, 0.0), (0.03, 0.75, 0.03), (0.05, 0.5, 0.05), (1.0, 0.0, 1.0)],
)
def test_lots_to_close(volume: float, kept: float, closed: float) -> None:
    assert lots_over(volume, max(volume, 1.0) if closed == 0.0 else volume, kept, 0.03, 0.01) == closed


@given(st.integers(1, 5_000), st.integers(0, 5_000), st.floats(0.0, 1.0), st.integers(1, 20), st.integers(0, 3))
def test_what_is_left_is_allowed_and_can_be_traded(
    steps: int, closed_before: int, kept: float, minimum: int, digits: int
) -> None:
    step = 10.0**-digits
    initial, volume = round(steps * step, digits), round(max(1, steps - closed_before) * step, digits)
    lots = lots_over(volume, initial, kept, minimum * step, step)
    left = Fraction(str(round(volume - lots, 8)))
    allowed = Fraction(kept) * Fraction(str(initial)) + Fraction(1, 10**6)
    assert 0.0 <= lots <= volume
    assert left <= allowed or volume <= initial * kept + step * 1e-5
    assert lots == 0.0 or left == 0 or left >= Fraction(str(round(minimum * step, 8)))
    assert lots in (0.0, volume) or round(lots / step) == pytest.approx(lots / step)


# -- one function ------------------------------------------------------------------------------------------------------


@given(some_rules(), some_marks(), equities, st.floats(0.0, 5.0), st.integers(0, 12))
def test_compiled_and_plain_agree(rules: GuardRules, marks: Marks, equity: float, lots: float, level: int) -> None:
    levels = Levels(level % 2, level // 2 % 2, level)
    for run in (levels_after(losses_of(equity, marks), levels, rules), corridor_of(marks, levels, rules)):
        name = "levels_after" if isinstance(run, Levels) else "corridor_of"
        plain = (
            PLAIN.levels_after(PLAIN.losses_of(equity, marks), levels, rules)
            if name == "levels_after"
            else PLAIN.corridor_of(marks, levels, rules)
        )
        assert bits(run) == bits(plain)
    kept = kept_fraction(level, rules)
    assert bits([kept]) == bits([PLAIN.kept_fraction(level, rules)])
    assert bits([lots_over(lots, 5.0, kept, 0.01, 0.01)]) == bits([PLAIN.lots_over(lots, 5.0, kept, 0.01, 0.01)])
