"""Times as people write them: every accepted form, every refused one, and back again."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.moments import MomentError, Span, day_of, iso, shown, span_of, typed

DAY = date(2014, 5, 2)
NOON_30 = int(datetime(2014, 5, 2, 12, 30, tzinfo=UTC).timestamp()) * 1_000_000_000
MINUTE = 60_000_000_000
SECOND = 1_000_000_000


@pytest.mark.parametrize(
    "text",
    [
        "2014-05-02T12:30",
        "2014-05-02 12:30",
        "2014.05.02 12:30",
        "  2014-05-02   12:30 ",
        "2014-05-02T12:30Z",
        "2014-05-02T14:30+02:00",
        "2014-05-02 08:30-0400",
        "12:30",
        "12:30Z",
    ],
)
def test_a_minute_can_be_written_in_many_ways(text: str) -> None:
    assert span_of(text, DAY) == Span(NOON_30, NOON_30 + MINUTE)


def test_with_seconds_a_second_is_meant() -> None:
    assert span_of("12:30:05", DAY) == Span(NOON_30 + 5 * SECOND, NOON_30 + 6 * SECOND)


def test_a_day_alone_is_its_first_minute() -> None:
    assert span_of("2014-05-02", None) == Span(NOON_30 - 750 * MINUTE, NOON_30 - 749 * MINUTE)


def test_the_brokers_clock_is_ahead_of_utc() -> None:
    assert span_of("2014-05-02 15:30", None, 3 * 3600) == Span(NOON_30, NOON_30 + MINUTE)


def test_a_zone_in_the_text_goes_before_the_brokers_clock() -> None:
    assert span_of("2014-05-02T12:30Z", None, 3 * 3600).start_ns == NOON_30


@pytest.mark.parametrize(
    "text",
    ["", "noon", "25:00", "12:60", "12:30:61", "12", "2014-05-02T", "2014-05-02T12", "02.05.2014 12:30", "12:30 PM"],
)
def test_what_is_no_time_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(MomentError, match="write it like 2014-05-02T12:30"):
        span_of(text, DAY)


def test_a_day_that_does_not_exist_is_refused() -> None:
    with pytest.raises(MomentError, match="names a day that does not exist"):
        span_of("2014-02-30 12:00", None)


def test_a_time_without_a_day_needs_a_record() -> None:
    with pytest.raises(MomentError, match="has no day"):
        span_of("12:30", None)


@given(st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1)), st.integers(-14, 14))  # noqa: DTZ001 - clocks without a zone
def test_what_is_shown_can_be_typed_again(moment: datetime, hours: int) -> None:
    time_ns = int(moment.replace(second=0, microsecond=0, tzinfo=UTC).timestamp()) * SECOND
    offset_s = hours * 3600
    assert span_of(typed(time_ns), None).start_ns == time_ns
    assert span_of(iso(time_ns).removesuffix(".000Z") + "Z", None).start_ns == time_ns
    assert span_of(shown(time_ns, offset_s)[4:-3], None, offset_s).start_ns == time_ns


@given(st.text(max_size=30))
def test_any_text_is_a_time_or_a_refusal(text: str) -> None:
    try:
        span = span_of(text, DAY)
    except MomentError:
        return
    assert span.stop_ns - span.start_ns in (SECOND, MINUTE)


def test_times_are_shown_with_their_weekday() -> None:
    assert shown(NOON_30) == "Fri 2014-05-02 12:30:00"
    assert shown(NOON_30, 3 * 3600, seconds=False) == "Fri 2014-05-02 15:30"
    assert iso(NOON_30 + 7_000_000) == "2014-05-02T12:30:00.007Z"
    assert day_of(NOON_30) == DAY
