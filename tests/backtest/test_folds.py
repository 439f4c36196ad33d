"""The steps of a walk-forward never let the future into the choice."""

import itertools

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from backtest.folds import NS_PER_DAY, Cut, FoldError, folds

CUTS = st.builds(Cut, st.floats(1, 400), st.floats(1, 200), st.floats(0, 10), st.booleans())


@given(CUTS, st.integers(0, 3000))
def test_training_ends_a_purge_before_its_test(cut: Cut, days: int) -> None:
    begin, until = 5 * NS_PER_DAY, (5 + days) * NS_PER_DAY
    assume(days >= cut.train + cut.purge + cut.test)
    steps = folds(begin, until, cut)
    purge_ns = round(cut.purge * NS_PER_DAY)
    for step in steps:
        assert begin <= step.train_from_ns < step.train_until_ns
        assert step.test_from_ns - step.train_until_ns == purge_ns
        assert step.test_until_ns > step.test_from_ns
        if cut.anchored:
            assert step.train_from_ns == begin
        else:
            assert step.train_until_ns - step.train_from_ns == round(cut.train * NS_PER_DAY)


@given(CUTS, st.integers(0, 3000))
def test_the_tests_cover_the_rest_once(cut: Cut, days: int) -> None:
    begin, until = 0, days * NS_PER_DAY
    assume(days >= cut.train + cut.purge + cut.test)
    steps = folds(begin, until, cut)
    assert steps[0].test_from_ns == round(cut.train * NS_PER_DAY) + round(cut.purge * NS_PER_DAY)
    assert all(one.test_until_ns == other.test_from_ns for one, other in itertools.pairwise(steps))
    assert steps[-1].test_until_ns == until
    length = round(cut.test * NS_PER_DAY)
    assert all(length <= 2 * (step.test_until_ns - step.test_from_ns) <= 3 * length for step in steps)


@pytest.mark.parametrize(("days", "tests"), [(99, []), (104, []), (105, [5]), (110, [10]), (114, [14]), (115, [10, 5])])
def test_a_short_last_test_joins_the_one_before(days: int, tests: list[int]) -> None:
    cut = Cut(train=90, test=10, purge=10)
    if not tests:
        with pytest.raises(FoldError, match=f"{days} days do not hold"):
            folds(0, days * NS_PER_DAY, cut)
        return
    assert [(s.test_until_ns - s.test_from_ns) / NS_PER_DAY for s in folds(0, days * NS_PER_DAY, cut)] == tests


@pytest.mark.parametrize("cut", [Cut(0, 1, 1), Cut(1, 0, 1), Cut(1, 1, -1)])
def test_lengths_are_positive(cut: Cut) -> None:
    with pytest.raises(FoldError, match="must be longer"):
        folds(0, 100 * NS_PER_DAY, cut)
