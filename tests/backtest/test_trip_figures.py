"""Figures of round trips against MetaTrader's definitions, published formulas and plain counts."""

import json
import math
import statistics
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from account.figures import figures
from backtest.exact import Outcome
from backtest.trip_figures import kelly, sqn, trip_figures
from backtest.trips import Trip

HOUR_NS = 3600 * 10**9


def a_trip(number: int, profit: float, hours: float = 1.0) -> Trip:
    return Trip(
        position_id=number,
        symbol="EURUSD",
        timeframe="H1",
        side=1,
        setup=1,
        lots=0.1,
        opened_ns=number * 10 * HOUR_NS,
        closed_ns=number * 10 * HOUR_NS + int(hours * HOUR_NS),
        price_open=1.1,
        price_close=1.2,
        sl=1.09,
        tp=1.13,
        exit="stop loss",
        profit=profit,
        commission=-0.7,
        swap=-0.1,
        initial_risk=100.0,
        worst=0.005,
        best=0.02,
        regime=0,
        score=0.7,
        volatility_ratio=1.0,
    )


profits = st.lists(st.integers(-300, 300).map(float), max_size=30)


@given(profits)
@settings(max_examples=60)
def test_counts_and_sums(values: list[float]) -> None:
    found = trip_figures([a_trip(number, profit) for number, profit in enumerate(values, 1)])
    won, lost = [one for one in values if one > 0], [one for one in values if one < 0]
    assert (found.number, found.won, found.lost, found.drawn) == (
        len(values),
        len(won),
        len(lost),
        values.count(0.0),
    )
    assert found.profit == pytest.approx(sum(values))
    assert found.gross_profit + found.gross_loss == pytest.approx(found.profit)
    if lost:
        assert found.profit_factor == pytest.approx(sum(won) / -sum(lost))
    if won and lost:
        assert found.kelly == pytest.approx(
            max(0.0, found.win_rate - (1 - found.win_rate) / (statistics.fmean(won) / -statistics.fmean(lost)))
        )
    results = [value / 100.0 for value in values]
    if len(results) > 1 and statistics.stdev(results) > 1e-9:
        expected = math.sqrt(len(results)) * statistics.fmean(results) / statistics.stdev(results)
        assert found.sqn == pytest.approx(expected, abs=1e-9)


def test_the_same_as_metatrader_counts(outcome: Outcome) -> None:
    """Where a position is closed in one deal and commission is paid at entry, both count the same."""
    theirs = figures(outcome.deals)
    ours = trip_figures(outcome.trips)
    assert ours.profit == pytest.approx(theirs.net_profit, abs=0.01)
    assert ours.number <= theirs.exits
    assert ours.won + ours.lost + ours.drawn == ours.number


def test_kelly_of_seven_real_reports(reference: Path) -> None:
    reports = json.loads((reference / "vectors" / "risk_metrics_from_tester_reports.json").read_text(encoding="utf-8"))
    for report in reports:
        assert kelly(report["win_rate"], report["payoff"]) == pytest.approx(report["kelly_fraction"], rel=1e-12)


def test_kelly_without_an_edge_stakes_nothing() -> None:
    assert kelly(0.5, 1.0) == 0.0
    assert kelly(0.4, 1.0) == 0.0
    assert kelly(0.6, 1.0) == pytest.approx(0.2)
    assert math.isnan(kelly(0.5, math.nan))


def test_streaks_and_times() -> None:
    values = [5.0, 5.0, -1.0, 5.0, -1.0, -1.0, -1.0, 0.0, 5.0]
    found = trip_figures([a_trip(number, profit, number) for number, profit in enumerate(values, 1)])
    assert (found.longest_winning, found.longest_losing) == (2, 3)
    assert found.held_s == 5.0 * 3600
    assert found.losers_held_s == pytest.approx((3 + 5 + 6 + 7) / 4 * 3600)
    assert found.worst_r == pytest.approx(0.5)
    assert found.best_r == pytest.approx(2.0)


def test_nothing_is_no_number() -> None:
    found = trip_figures([])
    assert (found.number, found.profit, found.longest_losing) == (0, 0.0, 0)
    for figure in (found.win_rate, found.profit_factor, found.expectancy_r, found.sqn, found.best, found.held_s):
        assert math.isnan(figure)
    assert math.isnan(sqn(np.array([1.0, 1.0])))
