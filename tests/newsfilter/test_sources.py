"""Calendars as their vendors write them: documented payloads, and everything that is none."""

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsfilter import eodhd
from newsfilter.eventfile import events_from_file
from newsfilter.events import ALL_CURRENCIES, EconomicEvent, EventTiming, Impact, NewsError
from newsfilter.forexfactory import events_from_week
from tests.newsfilter.samples import ns

WEEK: list[dict[str, Any]] = [
    {"title": "Federal Funds Rate", "country": "USD", "date": "2026-09-16T14:00:00-04:00", "impact": "High",
     "forecast": "3.75%", "previous": "3.75%"},
    {"title": "Bank Holiday", "country": "NZD", "date": "2026-04-26T16:00:00-04:00", "impact": "Holiday",
     "forecast": "", "previous": ""},
    {"title": "BRICS Summit", "country": "All", "date": "2026-09-16T00:00:00-04:00", "impact": "Low",
     "forecast": "", "previous": ""},
]  # fmt: skip
ROWS: list[dict[str, Any]] = [
    {"type": "Fed Interest Rate", "comparison": None, "period": None, "country": "US", "date": "2024-09-18 18:00:00",
     "actual": 5.00, "previous": 5.50, "estimate": 5.25, "change": -0.50, "change_percentage": -9.09},
    {"type": "CPI", "comparison": "mom", "period": "Dec", "country": "UK", "date": "2024-01-17 07:00:00",
     "actual": None, "previous": None, "estimate": "", "change": None, "change_percentage": None},
]  # fmt: skip
SHIFTED: list[dict[str, Any]] = [
    {"type": "Nonfarm Payrolls Private", "comparison": "", "period": "May", "country": "US",
     "date": "2022-06-03 16:30:00", "actual": 333, "previous": 405, "estimate": 325},
]  # fmt: skip


def test_a_week_of_forex_factory() -> None:
    holiday, summit, rate = events_from_week(json.dumps(WEEK).encode())
    assert rate == EconomicEvent(
        time_ns=ns("2026-09-16 18:00"),
        currency="USD",
        name="Federal Funds Rate",
        impact=Impact.HIGH,
        sources=("forexfactory",),
        forecast="3.75%",
        previous="3.75%",
    )
    assert (holiday.is_holiday, holiday.timing, holiday.time_ns) == (True, EventTiming.ALL_DAY, ns("2026-04-26 00:00"))
    assert (summit.currency, summit.impact) == (ALL_CURRENCIES, Impact.LOW)


def test_an_answer_of_eodhd() -> None:
    british, fed = eodhd.events_from_answer(json.dumps(ROWS).encode())
    assert (fed.time_ns, fed.currency, fed.name) == (ns("2024-09-18 18:00"), "USD", "Fed Interest Rate")
    assert (fed.actual, fed.forecast, fed.previous) == ("5", "5.25", "5.5")
    assert (british.currency, british.name, british.actual, british.forecast) == ("GBP", "CPI (mom)", "", "")
    assert british.impact == fed.impact == Impact.UNRATED


def test_midnight_sharp_is_an_hour_that_was_not_announced() -> None:
    row = {**ROWS[0], "date": "2024-09-18 00:00:00"}
    assert eodhd.events_from_answer(json.dumps([row]).encode())[0].timing == EventTiming.TENTATIVE


def test_a_batch_is_compared_with_its_anchors() -> None:
    good = eodhd.events_from_answer(json.dumps(ROWS).encode())
    bad = eodhd.events_from_answer(json.dumps([*ROWS, *SHIFTED]).encode())
    assert eodhd.anchor_problems(good) == []
    assert eodhd.anchor_problems(bad) == [
        "Nonfarm Payrolls Private at 2022-06-03 16:30 UTC is +240 minutes from 8:30 in New York"
    ]


@pytest.mark.parametrize(
    ("time", "hours"),
    [
        ("2024-03-10 06:59", -5),
        ("2024-03-10 07:00", -4),
        ("2024-11-03 05:59", -4),
        ("2024-11-03 06:00", -5),
        ("2025-03-09 07:00", -4),
        ("2026-11-01 06:00", -5),
    ],
)
def test_new_yorks_daylight_saving(time: str, hours: int) -> None:
    assert eodhd.new_york_offset_s(ns(time)) == hours * 3600


@given(st.integers(1_167_609_600, 2_145_830_400))
def test_new_york_is_what_the_time_zone_database_says(second: int) -> None:
    zoneinfo = pytest.importorskip("zoneinfo")
    try:
        zone = zoneinfo.ZoneInfo("America/New_York")
    except zoneinfo.ZoneInfoNotFoundError:
        pytest.skip("this machine has no time zone database")
    offset = dt.datetime.fromtimestamp(second, zone).utcoffset()
    assert offset is not None
    assert eodhd.new_york_offset_s(second * 10**9) == offset.total_seconds()


# -- a user's file ----------------------------------------------------------------------------------------------------

CSV = (
    "\ufefftime,currency,impact,event,actual,timing\r\n"
    '2024-03-08T13:30:00+00:00,USD,High Impact Expected,"Payrolls, nonfarm",275K,\r\n'
    "2024-03-08T08:00:00-05:00,us,,Something,,\r\n"
    "2024-03-08T12:00:00Z,EUR,low,Summit,,All Day\r\n"
)


def test_a_csv_file() -> None:
    summit, something, payrolls = events_from_file(CSV.encode(), "mine.csv")
    assert (payrolls.name, payrolls.impact, payrolls.actual) == ("Payrolls, nonfarm", Impact.HIGH, "275K")
    assert (something.currency, something.impact, something.time_ns) == ("USD", Impact.UNRATED, ns("2024-03-08 13:00"))
    assert (summit.timing, summit.time_ns) == (EventTiming.ALL_DAY, ns("2024-03-08 00:00"))
    assert payrolls.sources == ("mine.csv",)


def test_a_json_file_says_the_same() -> None:
    rows = [{"date": "2024-03-08T20:30:00", "country": "US", "title": "Payrolls", "impact": "high"}]
    (payrolls,) = events_from_file(json.dumps(rows).encode(), "mine.json", assumed_offset_s=7 * 3600)
    assert (payrolls.time_ns, payrolls.name) == (ns("2024-03-08 13:30"), "Payrolls")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "line 1: holds no column names"),
        (b"\xff\xfe", "byte 0: is not UTF-8"),
        (b"[1]", "item 1: is no object"),
        (b'{"a": 1}', "must be a list"),
        (b"[", "cannot be read as JSON"),
        (b"time,currency\n2024-01-01T00:00Z,USD\n", "line 2, event: is missing"),
        (b"time,currency,event\n2024-01-01 13:30,USD,CPI\n", "line 2, time: '2024-01-01 13:30' does not say"),
        (b"time,currency,event\nyesterday,USD,CPI\n", "line 2, time: 'yesterday' is no date"),
        (b"time,currency,event\n0999-01-01T00:00Z,USD,CPI\n", "lies outside"),
        (b"time,currency,event\n2024-01-01T00:00Z,Dollars,CPI\n", "line 2, currency: 'Dollars'"),
        (b"time,currency,event,impact\n2024-01-01T00:00Z,USD,CPI,huge\n", "line 2, impact: 'huge'"),
        (b"time,currency,event,timing\n2024-01-01T00:00Z,USD,CPI,soon\n", "line 2, timing: 'soon'"),
    ],
)
def test_what_is_no_event_is_named(content: bytes, complaint: str) -> None:
    with pytest.raises(NewsError) as refused:
        events_from_file(content, "mine.csv")
    assert complaint in str(refused.value)
    assert str(refused.value).startswith("mine.csv: ")


Reader = Callable[[bytes], list[EconomicEvent]]
READERS: list[Reader] = [
    events_from_week,
    eodhd.events_from_answer,
    lambda body: events_from_file(body, "mine"),
]
SEEDS: list[Any] = [WEEK, ROWS, SHIFTED]


@pytest.mark.fuzz
@pytest.mark.parametrize("reader", READERS)
@given(st.data())
def test_anything_is_events_or_one_error(reader: Reader, data: st.DataObject) -> None:
    body = data.draw(
        st.one_of(
            st.binary(max_size=200),
            st.text(max_size=200).map(str.encode),
            st.recursive(st.none() | st.booleans() | st.floats() | st.text(max_size=9), st.lists, max_leaves=9).map(
                lambda value: json.dumps(value).encode()
            ),
            st.sampled_from(SEEDS).map(lambda rows: json.dumps(rows).encode()).flatmap(_damaged),
        )
    )
    try:
        events = reader(body)
    except NewsError:
        return
    assert all(isinstance(event, EconomicEvent) for event in events)
    assert [event.time_ns for event in events] == sorted(event.time_ns for event in events)


def _damaged(body: bytes) -> st.SearchStrategy[bytes]:
    places = st.tuples(st.integers(0, len(body)), st.integers(0, 12), st.binary(max_size=6))
    return places.map(lambda cut: body[: cut[0]] + cut[2] + body[cut[0] + cut[1] :])
