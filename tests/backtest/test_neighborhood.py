"""A best value is worth what stands around it."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.neighborhood import neighborhood

GRID = np.array([[1.0, 2.0, 3.0], [4.0, 9.0, 6.0], [7.0, 8.0, 5.0]])


@pytest.mark.parametrize(
    ("place", "others"),
    [((1, 1), [1, 2, 3, 4, 6, 7, 8, 5]), ((0, 0), [2, 4, 9]), ((2, 1), [7, 5, 4, 9, 6]), ((1, 2), [3, 2, 9, 8, 5])],
)
def test_those_around_it_are_counted_once(place: tuple[int, int], others: list[float]) -> None:
    found = neighborhood(GRID, place)
    assert (found.own, found.worst, found.neighbors) == (GRID[place], min(others), len(others))
    assert found.mean == pytest.approx(np.mean(others))
    assert found.stability == pytest.approx(np.mean(others) / GRID[place])


def test_what_was_not_run_is_no_neighbor() -> None:
    grid = GRID.copy()
    grid[0] = math.nan
    assert neighborhood(grid, (1, 0)).neighbors == 3


@pytest.mark.parametrize("grid", [np.array([2.0]), np.array([math.nan, 2.0, math.nan])])
def test_alone_it_is_not_stable(grid: np.ndarray) -> None:
    found = neighborhood(grid, (len(grid) // 2,))
    assert (found.own, found.neighbors, found.stability) == (2.0, 0, 0.0)


@given(st.integers(0, 4), st.integers(0, 4), st.floats(0.1, 9))
def test_a_plateau_is_stable(row: int, column: int, height: float) -> None:
    assert neighborhood(np.full((5, 5), height), (row, column)).stability == pytest.approx(1.0)


def test_a_loss_is_not_stable() -> None:
    assert neighborhood(np.full((3, 3), -1.0), (1, 1)).stability == 0.0
