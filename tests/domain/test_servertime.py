"""The broker's clock is converted with a measured offset, and never with a guessed one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.servertime import (
    MAX_OFFSET_S,
    OFFSET_STEP_S,
    broker_day,
    measured_offset_s,
    server_msc_from_utc_ns,
    server_s_from_utc_ns,
    utc_ns_from_server_msc,
)

NS = 1_000_000_000
quarters = st.integers(-MAX_OFFSET_S // OFFSET_STEP_S, MAX_OFFSET_S // OFFSET_STEP_S).map(lambda n: n * OFFSET_STEP_S)
server_msc = st.integers(0, 4 * 10**12)
utc_s = st.integers(0, 4 * 10**9)


@given(time_msc=server_msc, offset_s=quarters)
def test_there_and_back_again(time_msc: int, offset_s: int) -> None:
    utc_ns = utc_ns_from_server_msc(time_msc, offset_s)
    assert server_msc_from_utc_ns(utc_ns, offset_s) == time_msc
    assert server_s_from_utc_ns(utc_ns, offset_s) == time_msc // 1000


def test_a_clock_ahead_of_utc() -> None:
    # 2026-07-01 15:54:28 on a broker's clock at UTC+3 is 12:54:28 UTC
    assert utc_ns_from_server_msc(1_782_921_268_000, 3 * 3600) == 1_782_910_468 * NS


@given(time_s=utc_s, offset_s=quarters, lag_s=st.integers(-300, 300))
def test_an_offset_is_measured_although_the_readings_lie_apart(time_s: int, offset_s: int, lag_s: int) -> None:
    assert measured_offset_s(time_s + offset_s + lag_s, time_s) == offset_s


@given(time_s=utc_s, offset_s=quarters, lag_s=st.integers(301, 599))
def test_readings_too_far_apart_give_no_offset(time_s: int, offset_s: int, lag_s: int) -> None:
    assert measured_offset_s(time_s + offset_s + lag_s, time_s) is None


@given(server_s=utc_s, time_s=utc_s)
def test_an_offset_is_a_quarter_of_an_hour_within_reach_or_nothing(server_s: int, time_s: int) -> None:
    offset_s = measured_offset_s(server_s, time_s)
    if offset_s is not None:
        assert offset_s % OFFSET_STEP_S == 0
        assert abs(offset_s) <= MAX_OFFSET_S
        assert abs(server_s - time_s - offset_s) <= 300


@pytest.mark.parametrize(
    ("ahead_s", "offset_s"),
    [
        (0, 0),
        (2 * 3600, 2 * 3600),
        (3 * 3600 - 2, 3 * 3600),
        (-5 * 3600 + 120, -5 * 3600),
        (5 * 3600 + 1800, 5 * 3600 + 1800),
        (5 * 3600 + 2700, 5 * 3600 + 2700),
        (450, None),
        (14 * 3600, 14 * 3600),
        (14 * 3600 + 900, None),
        (-14 * 3600 - 900, None),
        (86_400, None),
    ],
)
def test_offsets_by_hand(ahead_s: int, offset_s: int | None) -> None:
    assert measured_offset_s(1_782_921_268 + ahead_s, 1_782_921_268) == offset_s


@given(day=st.integers(0, 40_000), second=st.integers(0, 86_399), offset_s=quarters)
def test_a_broker_day_is_a_day_on_the_brokers_clock(day: int, second: int, offset_s: int) -> None:
    time_ns = (day * 86_400 + second - offset_s) * NS
    assert broker_day(time_ns, offset_s) == day


def test_the_brokers_midnight_comes_before_ours_when_its_clock_is_ahead() -> None:
    evening_ns = (20_000 * 86_400 + 22 * 3600) * NS
    assert broker_day(evening_ns, 0) == 20_000
    assert broker_day(evening_ns, 3 * 3600) == 20_001
    assert broker_day(evening_ns - 1, 2 * 3600) == 20_000
