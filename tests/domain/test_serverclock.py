"""Brokers' clocks, beside the time zone database."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.dtypes import TICK_DTYPE
from domain.serverclock import Daylight, ServerClock, clock_named
from domain.timeframes import HOUR_S
from sim.matching import Rows

EU = ServerClock(daylight=Daylight.EU)
US = ServerClock(daylight=Daylight.US)
NEVER = ServerClock(daylight=Daylight.NONE)
FIRST, LAST = (int(datetime(year, 6, 1, tzinfo=UTC).timestamp()) for year in (1997, 2037))


def zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except ZoneInfoNotFoundError:
        pytest.skip("this machine has no time zone database")


def utc_s(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def ticks_at(*seconds: int) -> Rows:
    ticks = np.zeros(len(seconds), TICK_DTYPE)
    ticks["time"] = seconds
    ticks["time_msc"] = ticks["time"] * 1000
    return ticks


@pytest.mark.parametrize(
    ("clock", "name", "lead_s"), [(EU, "Europe/Helsinki", 0), (US, "America/New_York", 7 * HOUR_S)], ids=["EU", "US"]
)
def test_it_agrees_with_the_time_zone_database(clock: ServerClock, name: str, lead_s: int) -> None:
    place = zone(name)
    for hour in range(FIRST // 3600, LAST // 3600, 7):
        offset = datetime.fromtimestamp(hour * 3600, place).utcoffset()
        assert offset is not None
        assert clock.offset_at_utc(hour * 3600) == offset.total_seconds() + lead_s


@pytest.mark.parametrize(
    ("clock", "moment"),
    [
        (EU, "2025-03-30T01:00:00"),
        (EU, "2025-10-26T01:00:00"),
        (US, "2025-03-09T07:00:00"),
        (US, "2025-11-02T06:00:00"),
        (US, "2006-04-02T07:00:00"),
        (US, "2006-10-29T06:00:00"),
    ],
)
def test_it_changes_at_the_second(clock: ServerClock, moment: str) -> None:
    second = utc_s(moment)
    before, after = clock.offset_at_utc(second - 1), clock.offset_at_utc(second)
    assert abs(after - before) == HOUR_S
    shown_msc = (second + before) * 1000
    assert clock.next_change(shown_msc - 1) == shown_msc
    assert (clock.offset_at(shown_msc - 1), clock.offset_at(shown_msc)) == (before, after)


@given(st.sampled_from([EU, US, NEVER]), st.lists(st.integers(FIRST, LAST), max_size=30))
def test_what_it_shows_can_be_read_back(clock: ServerClock, seconds: list[int]) -> None:
    shown = clock.shown(ticks_at(*sorted(seconds)))
    stamps = shown["time_msc"].tolist()
    assert stamps == sorted(stamps)
    read = [stamp // 1000 - clock.offset_at(stamp) for stamp in stamps]
    assert set(read) <= set(seconds)
    assert shown["time"].tolist() == [stamp // 1000 for stamp in stamps]


def test_only_the_hour_that_comes_twice_is_left_out() -> None:
    """New York, 2025-11-02: from 06:00 UTC on the clock shows 08:00 to 09:00 for the second time."""
    quarter_hours = [utc_s("2025-11-02T04:00:00") + 900 * step for step in range(17)]
    shown = US.shown(ticks_at(*quarter_hours))
    read = [stamp // 1000 - US.offset_at(stamp) for stamp in shown["time_msc"].tolist()]
    missing = sorted(set(quarter_hours) - set(read))
    again = utc_s("2025-11-02T06:00:00")
    assert missing == [again, again + 900, again + 1800, again + 2700]
    assert len(US.shown(ticks_at(*(second + 86_400 for second in quarter_hours)))) == len(quarter_hours)


def test_without_daylight_saving_nothing_changes() -> None:
    assert NEVER.next_change(0) == 2**62
    summer = datetime(2025, 7, 1, tzinfo=UTC)
    days = [summer + timedelta(days=30 * month) for month in range(12)]
    assert {NEVER.offset_at_utc(int(day.timestamp())) for day in days} == {2 * HOUR_S}


@given(
    clock=st.builds(
        ServerClock,
        winter_offset_s=st.integers(-56, 56).map(lambda steps: steps * 900),
        daylight=st.sampled_from(Daylight),
    )
)
def test_every_clock_has_a_name_it_is_found_by(clock: ServerClock) -> None:
    assert clock_named(clock.name) == clock
    assert clock_named(clock.name.upper()) == clock


@pytest.mark.parametrize(
    ("name", "winter_offset_s", "daylight"),
    [
        ("utc", 0, Daylight.NONE),
        ("utc+3", 10_800, Daylight.NONE),
        ("UTC-4:30", -16_200, Daylight.NONE),
        ("eu", 7200, Daylight.EU),
        ("us", 7200, Daylight.US),
        ("utc-5/us", -18_000, Daylight.US),
    ],
)
def test_clocks_by_name(name: str, winter_offset_s: int, daylight: Daylight) -> None:
    assert clock_named(name) == ServerClock(winter_offset_s=winter_offset_s, daylight=daylight)


@pytest.mark.parametrize("name", ["", "gmt", "utc+15", "utc+3:10", "utc+3/asia", "utc3", "est", "utc+-3"])
def test_what_is_no_clock_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"clock '{re.escape(name)}'"):
        clock_named(name)


@given(seconds=st.lists(st.integers(FIRST, LAST), max_size=20), clock=st.sampled_from([EU, US, NEVER]))
def test_many_stamps_at_once_are_as_one_by_one(seconds: list[int], clock: ServerClock) -> None:
    times = np.array(seconds, np.int64)
    assert clock.offsets_at(times).tolist() == [clock.offset_at(time * 1000) for time in seconds]
    assert clock.offsets_at_utc(times).tolist() == [clock.offset_at_utc(time) for time in seconds]
