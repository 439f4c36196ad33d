import numpy as np
import pytest

from backtest.curve import Days
from backtest.dry_run import DryRun, dry_run, is_sound, shows_edge
from backtest.returns import daily_figures


@pytest.fixture(scope="module")
def run() -> DryRun:
    return dry_run()


def test_trends_are_earned_from(run: DryRun) -> None:
    assert run.trending_figures.sharpe > 0.9
    assert shows_edge(run.trending_figures)


def test_without_trends_there_is_nothing_to_earn(run: DryRun) -> None:
    assert not shows_edge(run.driftless_figures, 0.0)
    assert run.driftless_figures.sharpe < 0.9
    assert is_sound(run)


def test_a_gate_out_of_reach_is_not_passed(run: DryRun) -> None:
    assert not is_sound(run, 5.0)


def test_another_seed_is_another_market(run: DryRun) -> None:
    other = dry_run(2)
    assert other.trending_figures.sharpe != run.trending_figures.sharpe
    assert is_sound(other)


def test_a_lucky_week_is_no_edge() -> None:
    """A high ratio of few days is within its error."""
    few = daily_figures(Days(np.arange(6), 100.0 + np.array([1.0, 0.2, 1.4, 0.6, 1.9, 1.5]), 100.0))
    assert few.sharpe > 0.9
    assert not shows_edge(few)
