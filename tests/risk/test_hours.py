"""Moments of the broker's clock: the week's end, midnight, the night that counts three."""

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.symbols import week_end_s
from domain.timeframes import DAY_S, HOUR_S, WEEK_S
from risk.hours import day_left_s, from_midnight_s, triple_swap_left_s, week_left_s
from tests.domain.interpreted import bits, interpreted

PLAIN = interpreted("risk.hours")
MONDAY_TO_FRIDAY = tuple((day * DAY_S + 120, (day + 1) * DAY_S - 180) for day in range(1, 6))
FRIDAY_CLOSE = 6 * DAY_S - 180
seconds = st.integers(1_300_000_000, 1_900_000_000)


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("sessions", "end"),
    [
        (MONDAY_TO_FRIDAY, FRIDAY_CLOSE),
        (tuple(reversed(MONDAY_TO_FRIDAY)), FRIDAY_CLOSE),
        (((0, WEEK_S),), -1),  # crypto
        ((), -1),  # always open, as far as anybody says
        (((60, WEEK_S - 60),), -1),  # a pause of two minutes is no weekend
        (tuple((day * DAY_S + HOUR_S, (day + 1) * DAY_S) for day in range(7)), -1),  # an hour each night
        (((0, 2 * HOUR_S), (2 * DAY_S, WEEK_S)), 2 * HOUR_S),  # over the week's end, till early on Sunday
        (((3 * DAY_S, 4 * DAY_S),), 4 * DAY_S),  # one day a week
    ],
)
def test_the_end_of_the_week_is_where_the_longest_pause_begins(sessions: tuple[tuple[int, int], ...], end: int) -> None:
    assert week_end_s(sessions) == end


@pytest.mark.parametrize(
    ("moment", "left"),
    [
        ("2026-11-20 23:27:00", 1800.0),  # a Friday
        ("2026-11-20 23:57:00", WEEK_S),
        ("2026-11-21 12:00:00", WEEK_S - 12 * HOUR_S - 180.0),
        ("2026-11-15 00:00:00", 6.0 * DAY_S - 180.0),  # a Sunday
    ],
)
def test_time_to_the_weekend(moment: str, left: float) -> None:
    assert week_left_s(FRIDAY_CLOSE, at(moment)) == left


def test_without_a_weekend_it_never_comes() -> None:
    assert week_left_s(-1, at("2026-11-20 23:27:00")) == math.inf
    assert triple_swap_left_s(-1, at("2026-11-20 23:27:00")) == math.inf


@pytest.mark.parametrize(
    ("moment", "left"),
    [("2026-11-18 23:45:00", 900.0), ("2026-11-19 00:00:00", WEEK_S), ("2026-11-17 23:45:00", DAY_S + 900.0)],
)
def test_the_triple_night_ends_on_wednesday(moment: str, left: float) -> None:
    assert triple_swap_left_s(3, at(moment)) == left


@given(server_s=seconds, day=st.integers(0, 6))
def test_the_night_that_counts_three_ends_its_weekday_by_the_calendar(server_s: int, day: int) -> None:
    midnight = server_s + int(triple_swap_left_s(day, server_s))
    assert midnight % DAY_S == 0
    assert datetime.fromtimestamp(midnight - 1, UTC).isoweekday() % 7 == day


@given(server_s=seconds)
def test_midnight_by_the_calendar(server_s: int) -> None:
    now = datetime.fromtimestamp(server_s, UTC)
    midnight = now.replace(hour=0, minute=0, second=0) + timedelta(days=1)
    left = (midnight - now).total_seconds()
    assert day_left_s(server_s) == left
    assert from_midnight_s(server_s) == min(left, DAY_S - left)


@given(server_s=seconds, end=st.integers(-1, WEEK_S - 1), day=st.integers(-1, 6))
def test_the_kernels_agree_with_python(server_s: int, end: int, day: int) -> None:
    found = [week_left_s(end, server_s), day_left_s(server_s), triple_swap_left_s(day, server_s)]
    plain = [PLAIN.week_left_s(end, server_s), PLAIN.day_left_s(server_s), PLAIN.triple_swap_left_s(day, server_s)]
    assert bits(found) == bits(plain)
    assert all(0.0 < left <= WEEK_S or left == math.inf for left in found)
