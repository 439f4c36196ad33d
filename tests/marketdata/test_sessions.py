"""Hours of a market, learned from its quotes; holes in them; the days on which nobody trades."""

from datetime import UTC, datetime

import numpy as np
import pytest

from domain.serverclock import UTC_CLOCK
from marketdata.sessions import easter, holes, holidays, local_times, week_of, weekdays, weekend
from tests.marketdata.samples import market_bars


def local(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("moment", "closed"),
    [
        ("2025-01-31T16:59:59", False),
        ("2025-01-31T17:00:00", True),
        ("2025-02-01T12:00:00", True),
        ("2025-02-02T16:59:59", True),
        ("2025-02-02T17:00:00", False),
        ("2025-02-05T03:00:00", False),
    ],
)
def test_the_week_ends_on_friday_at_five(moment: str, closed: bool) -> None:
    assert weekend(np.array([local(moment)]), 60).tolist() == [closed]


@pytest.mark.parametrize(("day", "closed"), [("2025-01-31", False), ("2025-02-01", True), ("2025-02-02", True)])
def test_days_are_of_the_weekend_by_their_date(day: str, closed: bool) -> None:
    assert weekend(np.array([local(day)]), 86_400).tolist() == [closed]


def test_new_york_is_behind_by_its_own_rule() -> None:
    utc = np.array([local("2025-01-15T12:00"), local("2025-07-15T12:00")])
    assert (utc - local_times(utc)).tolist() == [5 * 3600, 4 * 3600]
    assert weekdays(utc).tolist() == [2, 1]


@pytest.mark.parametrize(
    ("year", "sunday"),
    [(1818, "03-22"), (2000, "04-23"), (2019, "04-21"), (2024, "03-31"), (2025, "04-20"), (2038, "04-25")],
)
def test_easter(year: int, sunday: str) -> None:
    """From almanacs: 1818 has the earliest, 2038 the latest possible."""
    assert easter(year) == f"{year}-{sunday}"


@pytest.mark.parametrize(
    ("day", "quiet"),
    [
        ("2023-12-23", False),
        ("2023-12-24", True),
        ("2023-12-26", True),
        ("2023-12-27", False),
        ("2023-12-31", True),
        ("2024-01-02", True),
        ("2024-01-03", False),
        ("2024-12-24", True),
        ("2024-03-28", False),
        ("2024-03-29", True),
        ("2024-04-01", True),
        ("2024-04-02", False),
    ],
)
def test_holidays(day: str, quiet: bool) -> None:
    assert holidays(np.array([local(day) + 3600])).tolist() == [quiet]


def test_a_market_without_a_hole_has_none() -> None:
    bars = market_bars(60, UTC_CLOCK, daily_break=True)
    week = week_of(local_times(bars["time"]), 3600)
    assert holes(week) == []
    assert week.weeks == 61


def test_a_hole_is_found_with_its_length_and_place() -> None:
    bars = market_bars(12, UTC_CLOCK)
    moment = int(np.flatnonzero(bars["time"] == local("2024-02-07T12:00"))[0])
    cut = np.delete(bars, slice(moment, moment + 5))
    found = holes(week_of(local_times(cut["time"]), 3600))
    assert [(hole.first_s, hole.slots) for hole in found] == [(local("2024-02-07T07:00"), 5)]


def test_a_minute_without_a_tick_is_no_hole() -> None:
    bars = market_bars(6, UTC_CLOCK, period_s=60)
    kept = np.random.default_rng(1).random(bars.size) < 0.8
    assert holes(week_of(local_times(bars["time"][kept]), 60)) == []
