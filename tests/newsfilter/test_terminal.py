"""MetaTrader's own calendar: its times are the server's with today's offset, whatever the time of the year."""

import csv
import datetime as dt
from pathlib import Path

import msgspec
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.serverclock import Daylight, ServerClock
from newsfilter.events import EconomicEvent, EventTiming, Impact, NewsError
from newsfilter.merging import merged_events
from newsfilter.sources import TerminalsCalendar
from newsfilter.tables import read_impact_table
from newsfilter.terminal import SOURCE, ToldCalendar, event_of, heard, read_told, write_told
from tests.newsfilter.samples import event, ns

DAY_NS = 86_400 * 10**9
NOW = ns("2025-03-20 12:00")


class Value(msgspec.Struct, frozen=True, kw_only=True):
    """What the wire tells of a value."""

    time_s: int
    value_id: int = 7
    importance: int = 3
    time_mode: int = 0
    event_type: int = 1
    currency: str = "USD"
    name: str = "Nonfarm Payrolls"
    actual: int | None = None
    forecast: int | None = 200_000_000
    previous: int | None = 151_500_000


# -- time --------------------------------------------------------------------------------------------------------------

EU = ServerClock(winter_offset_s=7200, daylight=Daylight.EU)
US = ServerClock(winter_offset_s=7200, daylight=Daylight.US)
NONE = ServerClock(winter_offset_s=0, daylight=Daylight.NONE)
PAYROLLS = ("2025-03-07 13:30", "2025-04-04 12:30", "2025-10-03 12:30", "2025-11-07 13:30")
# the weeks in which one side of the Atlantic has changed its clocks and the other has not, and those around them
TELLING_DAYS = [f"2025-{day} {hour}" for day in ("03-05", "03-10", "03-27", "03-31") for hour in ("00:30", "23:30")] + [
    f"2025-{day} {hour}" for day in ("10-01", "10-24", "10-27", "11-01", "11-03") for hour in ("00:30", "23:30")
]


@pytest.mark.parametrize("clock", [EU, US, NONE], ids=["EU clocks", "US clocks", "no daylight saving"])
@pytest.mark.parametrize("told_at", TELLING_DAYS)
@pytest.mark.parametrize("release", PAYROLLS)
def test_whenever_it_is_told_a_release_is_at_its_utc_minute(clock: ServerClock, told_at: str, release: str) -> None:
    today_s = clock.offset_at_utc(ns(told_at) // 10**9)
    shown_s = ns(release) // 10**9 + today_s  # as MT5 does: today's offset for all of its calendar
    assert event_of(Value(time_s=shown_s), today_s).time_ns == ns(release)


def test_what_was_told_before_the_clocks_changed_stays_at_its_minute() -> None:
    release = ns("2025-04-04 12:30")
    before, after = ns("2025-03-29 12:00"), ns("2025-03-31 12:00")
    told = ToldCalendar()
    for moment in (before, after):
        offset_s = EU.offset_at_utc(moment // 10**9)
        values = [Value(time_s=release // 10**9 + offset_s)]
        told = heard(told, values if moment == before else [], offset_s, moment, whole=False)
    assert [one.time_ns for one in told.events.values()] == [release]


@given(st.integers(0, 2**33), st.integers(-56, 56).map(lambda quarters: quarters * 900))
def test_the_offset_is_taken_away_and_nothing_else(utc_s: int, offset_s: int) -> None:
    assert event_of(Value(time_s=utc_s + offset_s), offset_s).time_ns == utc_s * 10**9


@pytest.mark.parametrize("time", ["2025-04-18 00:00", "2025-04-18 03:00"])
@pytest.mark.parametrize(
    ("mode", "timing"), [(1, EventTiming.ALL_DAY), (2, EventTiming.TENTATIVE), (3, EventTiming.TENTATIVE)]
)
def test_a_value_without_an_hour_has_the_date_that_is_shown(time: str, mode: int, timing: EventTiming) -> None:
    found = event_of(Value(time_s=ns(time) // 10**9, time_mode=mode), 10_800)
    assert (found.time_ns, found.timing) == (ns("2025-04-18 00:00"), timing)


def test_a_value_in_words() -> None:
    found = event_of(Value(time_s=ns("2025-04-04 15:30") // 10**9, actual=228_000_000), 10_800)
    assert found == EconomicEvent(
        time_ns=ns("2025-04-04 12:30"),
        currency="USD",
        name="Nonfarm Payrolls",
        impact=Impact.HIGH,
        sources=(SOURCE,),
        actual="228",
        forecast="200",
        previous="151.5",
    )
    assert event_of(Value(time_s=0, event_type=2, time_mode=1), 0).is_holiday
    assert [event_of(Value(time_s=0, importance=one), 0).impact for one in (0, 1, 2, 3, 9)] == [0, 1, 2, 3, 0]
    assert event_of(Value(time_s=0, time_mode=9), 0).timing == EventTiming.TENTATIVE


# -- what is kept ------------------------------------------------------------------------------------------------------


def test_a_value_told_again_takes_the_place_of_what_it_said() -> None:
    first, later = Value(time_s=NOW // 10**9), Value(time_s=NOW // 10**9 + 3600, actual=1)
    told = heard(heard(ToldCalendar(), [first], 0, NOW, whole=True), [later], 0, NOW + 1, whole=False)
    (only,) = told.events.values()
    assert (only.time_ns, only.actual) == (NOW + 3600 * 10**9, "1e-06")


def test_only_a_whole_list_reaches_further() -> None:
    told = heard(ToldCalendar(), [], 0, NOW, whole=True)
    assert (told.as_of_ns, told.until_ns) == (NOW, NOW + 7 * DAY_NS)
    told = heard(told, [], 0, NOW + DAY_NS, whole=False)
    assert (told.as_of_ns, told.until_ns) == (NOW + DAY_NS, NOW + 7 * DAY_NS)


def test_what_lies_long_behind_is_forgotten() -> None:
    told = heard(ToldCalendar(), [Value(time_s=NOW // 10**9)], 0, NOW, whole=True)
    assert heard(told, [], 0, NOW + 2 * DAY_NS, whole=False).events
    assert not heard(told, [], 0, NOW + 4 * DAY_NS, whole=False).events


@given(st.lists(st.integers(0, 5), max_size=20), st.integers(-4, 4))
def test_in_which_parts_it_is_told_changes_nothing(numbers: list[int], hours: int) -> None:
    values = [Value(time_s=NOW // 10**9 + place, value_id=number) for place, number in enumerate(numbers)]
    whole = heard(ToldCalendar(), values, hours * 3600, NOW, whole=False)
    parts = ToldCalendar()
    for value in values:
        parts = heard(parts, [value], hours * 3600, NOW, whole=False)
    assert parts.events == whole.events


# -- the file between bridge and news ----------------------------------------------------------------------------------


def source(path: Path, now_ns: int = NOW) -> TerminalsCalendar:
    return TerminalsCalendar(path, lambda: now_ns)


MARCH = dt.date(2025, 3, 1), dt.date(2025, 3, 31)


def test_the_news_process_reads_what_terminals_told(tmp_path: Path) -> None:
    values = [Value(time_s=ns(f"2025-03-{day} 12:30") // 10**9, value_id=day) for day in (21, 20)]
    write_told(tmp_path / "told.json", heard(ToldCalendar(), values, 0, NOW, whole=True))
    calendar = source(tmp_path / "told.json")
    assert [one.time_ns for one in calendar.events(*MARCH)] == [ns("2025-03-20 12:30"), ns("2025-03-21 12:30")]
    assert calendar.until_ns == NOW + 7 * DAY_NS
    assert calendar.events(dt.date(2025, 3, 21), dt.date(2025, 3, 22))[0].time_ns == ns("2025-03-21 12:30")


def test_without_a_terminal_it_says_so(tmp_path: Path) -> None:
    path = tmp_path / "told.json"
    with pytest.raises(NewsError, match="have not told their calendar yet"):
        source(path).events(*MARCH)
    write_told(path, heard(ToldCalendar(), [], 0, NOW, whole=True))
    assert source(path, NOW + 600 * 10**9).events(*MARCH) == []
    with pytest.raises(NewsError, match="not heard of since"):
        source(path, NOW + 1000 * 10**9).events(*MARCH)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"version":2}', b'{"events":{"1":{}}}', b"\xff"])
def test_a_damaged_file_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "told.json"
    path.write_bytes(content)
    with pytest.raises(NewsError, match=r"told\.json"):
        read_told(path)


# -- the same events from everybody ------------------------------------------------------------------------------------


def _mt5(reference: Path) -> list[EconomicEvent]:
    """MT5's own calendar of dollar events, from its native times (server clock, UTC+3 for summers and winters)."""
    with (reference / "calendar" / "mql5_calendar_USD_high_2021_04_2023_09.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["native_server_time"] and row["time_mode"] == "0"]
    return [
        event_of(Value(time_s=_utc_s(row["native_server_time"]), name=row["name"], value_id=number), 10_800)
        for number, row in enumerate(rows)
    ]


def _utc_s(text: str) -> int:
    return int(dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC).timestamp())


def _forex_factory(reference: Path) -> list[EconomicEvent]:
    with (reference / "calendar" / "forexfactory_high_2020_2023_utc.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["Currency"] == "USD"]
    return [
        EconomicEvent(
            time_ns=int(dt.datetime.fromisoformat(row["DateTime"]).timestamp()) * 10**9,
            currency="USD",
            name=row["Event"],
            sources=("forexfactory",),
        )
        for row in rows
    ]


def _pages_utc8(reference: Path) -> list[EconomicEvent]:
    rows = pq.read_table(reference / "calendar" / "investing_style_2021_majors_utc8.parquet").to_pylist()
    return [
        _page_event(f"{row['Date']} {row['Time']} +0800", "%Y-%m-%d %H:%M %z", row["Event"], "utc8")
        for row in rows
        if row["Cur"] == "USD" and ":" in row["Time"]
    ]


def _pages_utc7(reference: Path) -> list[EconomicEvent]:
    found = []
    for path in sorted((reference / "calendar" / "forexfactory_raw_monthly_utc7").glob("2023_*.csv")):
        with path.open(encoding="utf-8") as file:
            for row in csv.DictReader(file):
                if row["currency"] == "USD" and row["time"].endswith(("am", "pm")):
                    written = f"{path.stem[:4]} {row['date']} {row['time']} +0700"
                    found.append(_page_event(written, "%Y %b %d %I:%M%p %z", row["event"], "utc7"))
    return found


def _page_event(written: str, form: str, name: str, of: str) -> EconomicEvent:
    moment = dt.datetime.strptime(written, form).astimezone(dt.UTC)
    return EconomicEvent(time_ns=int(moment.timestamp()) * 10**9, currency="USD", name=name, sources=(of,))


RELEASES = (
    "Nonfarm Payrolls",
    "Unemployment Rate",
    "Initial Jobless Claims",
    "CPI m/m",
    "Core CPI m/m",
    "PPI m/m",
    "Retail Sales m/m",
    "ISM Manufacturing PMI",
    "ISM Services PMI",
)
"""What every source has, under one name or another."""


@pytest.mark.reference
def test_all_sources_have_the_same_release_at_the_same_utc_minute_and_it_becomes_one(reference: Path) -> None:
    table = read_impact_table()
    sources = [_mt5(reference), _forex_factory(reference), _pages_utc8(reference), _pages_utc7(reference)]
    wanted = {table.identity_of(event("2024-01-01 00:00", name)) for name in RELEASES}
    kept = [[one for one in of if table.identity_of(one) in wanted] for of in sources]
    assert [len(of) > 20 for of in kept] == [True] * 4
    merged = merged_events(kept, table)
    days = {(one.time_ns // DAY_NS, table.identity_of(one)) for one in merged}
    together = [one for one in merged if len(one.sources) > 1]
    apart = len({(one.time_ns, table.identity_of(one)) for one in merged}) - len(days)
    print(f"{sum(map(len, kept))} events of four sources are {len(merged)}; {len(together)} told by several")
    assert len(together) > 280
    assert apart <= 2  # Forex Factory has two releases at 12:32, two minutes after everybody else
    for pair in ({"mt5", "forexfactory"}, {"mt5", "utc8"}, {"mt5", "utc7"}, {"forexfactory", "utc8"}):
        both = [one for one in merged if pair <= set(one.sources)]
        winter = [one for one in both if dt.datetime.fromtimestamp(one.time_ns / 1e9, dt.UTC).month in (1, 2, 11, 12)]
        assert len(both) >= 50, pair
        assert len(winter) >= 10, pair  # when the servers' offset was another than the one MT5 shows it all with
