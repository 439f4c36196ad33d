"""Timeframes carry MT5's codes, and bars start where MT5 starts them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.timeframes import DAY_S, WEEK_S, Timeframe, bar_open_time
from tests.domain.interpreted import interpreted

# TIMEFRAME_* of the MetaTrader5 package
MT5_CODES = {
    "M1": 1,
    "M2": 2,
    "M3": 3,
    "M4": 4,
    "M5": 5,
    "M6": 6,
    "M10": 10,
    "M12": 12,
    "M15": 15,
    "M20": 20,
    "M30": 30,
    "H1": 16385,
    "H2": 16386,
    "H3": 16387,
    "H4": 16388,
    "H6": 16390,
    "H8": 16392,
    "H12": 16396,
    "D1": 16408,
    "W1": 32769,
    "MN1": 49153,
}
MINUTES = {name: int(name[1:]) for name in MT5_CODES if name.startswith("M") and name != "MN1"}
HOURS = {name: int(name[1:]) for name in MT5_CODES if name.startswith("H")}
UP_TO_A_DAY = [frame for frame in Timeframe if frame not in (Timeframe.W1, Timeframe.MN1)]
FIXED_LENGTH = [frame for frame in Timeframe if frame is not Timeframe.MN1]

times = st.integers(min_value=-(10**9), max_value=4 * 10**9)
fixed = st.sampled_from(FIXED_LENGTH)


def test_the_codes_are_mt5s() -> None:
    assert {frame.name: frame.value for frame in Timeframe} == MT5_CODES


@pytest.mark.parametrize(("name", "minutes"), MINUTES.items())
def test_length_in_minutes(name: str, minutes: int) -> None:
    assert Timeframe[name].seconds == minutes * 60


@pytest.mark.parametrize(("name", "hours"), HOURS.items())
def test_length_in_hours(name: str, hours: int) -> None:
    assert Timeframe[name].seconds == hours * 3600


def test_length_of_a_day_and_of_a_week() -> None:
    assert Timeframe.D1.seconds == 86_400
    assert Timeframe.W1.seconds == 604_800


def test_a_month_has_no_length() -> None:
    with pytest.raises(ValueError, match="MN1 has no fixed length"):
        _ = Timeframe.MN1.seconds


@pytest.mark.parametrize("frame", UP_TO_A_DAY)
def test_bars_of_a_day_fill_it_exactly(frame: Timeframe) -> None:
    assert DAY_S % frame.seconds == 0


@given(time_s=times, frame=fixed)
def test_a_bar_holds_the_time_it_is_asked_for(time_s: int, frame: Timeframe) -> None:
    opened = bar_open_time(time_s, frame.seconds)
    assert opened <= time_s < opened + frame.seconds


@given(time_s=times, frame=fixed)
def test_a_bar_starts_with_itself_and_ends_before_the_next(time_s: int, frame: Timeframe) -> None:
    opened = bar_open_time(time_s, frame.seconds)
    assert bar_open_time(opened, frame.seconds) == opened
    assert bar_open_time(opened + frame.seconds - 1, frame.seconds) == opened
    assert bar_open_time(opened + frame.seconds, frame.seconds) == opened + frame.seconds


@given(time_s=times, frame=st.sampled_from(UP_TO_A_DAY))
def test_bars_are_aligned_to_midnight(time_s: int, frame: Timeframe) -> None:
    since_midnight = bar_open_time(time_s, frame.seconds) % DAY_S
    assert since_midnight % frame.seconds == 0


@given(time_s=times)
def test_a_week_starts_on_sunday_midnight(time_s: int) -> None:
    opened = datetime.fromtimestamp(0, UTC) + timedelta(seconds=bar_open_time(time_s, WEEK_S))
    assert opened.strftime("%A %H:%M:%S") == "Sunday 00:00:00"


@pytest.mark.parametrize(
    ("moment", "frame", "opened"),
    [
        ("2025-01-08 13:47:59", Timeframe.M1, "2025-01-08 13:47:00"),
        ("2025-01-08 13:47:59", Timeframe.M12, "2025-01-08 13:36:00"),
        ("2025-01-08 13:47:59", Timeframe.H4, "2025-01-08 12:00:00"),
        ("2025-01-08 23:59:59", Timeframe.H8, "2025-01-08 16:00:00"),
        ("2025-01-08 00:00:00", Timeframe.D1, "2025-01-08 00:00:00"),
        ("2025-01-11 23:59:59", Timeframe.W1, "2025-01-05 00:00:00"),
        ("2025-01-12 00:00:00", Timeframe.W1, "2025-01-12 00:00:00"),
    ],
)
def test_bars_by_the_calendar(moment: str, frame: Timeframe, opened: str) -> None:
    assert bar_open_time(_seconds(moment), frame.seconds) == _seconds(opened)


def _seconds(moment: str) -> int:
    return int(datetime.strptime(moment, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC).timestamp())


@given(time_s=times, frame=fixed)
def test_the_kernel_agrees_with_python(time_s: int, frame: Timeframe) -> None:
    assert bar_open_time(time_s, frame.seconds) == PLAIN.bar_open_time(time_s, frame.seconds)


PLAIN = interpreted("domain.timeframes")
