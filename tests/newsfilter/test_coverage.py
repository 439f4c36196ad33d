"""What a calendar lacks is found, in invented calendars and in the holes that real ones are known to have."""

import datetime as dt
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsfilter.coverage import Coverage, MissingReleases, coverage_of
from newsfilter.eventfile import events_from_file
from newsfilter.events import EconomicEvent, Impact
from newsfilter.tables import read_impact_table
from tests.newsfilter.samples import event
from tests.newsfilter.test_merging import _from_pages_in_utc7

TABLE = read_impact_table()
START = dt.date(2024, 1, 8)  # a Monday


def daily(days: int, *, without: range = range(0), each: int = 4) -> list[EconomicEvent]:
    """A calendar of `each` releases on every business day but those `without`."""
    found = []
    for number in range(days):
        day = START + dt.timedelta(days=number)
        if day.weekday() < 5 and number not in without:
            found += [
                event(f"{day} {8 + hour:02d}:30", f"Survey {hour}", "CHF", impact=Impact.LOW) for hour in range(each)
            ]
    return found


def found_in(events: list[EconomicEvent]) -> Coverage:
    found = coverage_of(sorted(events, key=lambda one: one.time_ns), TABLE)
    assert found is not None
    return found


def test_nothing_is_known_of_no_events() -> None:
    assert coverage_of([], TABLE) is None


def test_a_whole_calendar_lacks_nothing() -> None:
    found = found_in(daily(90))
    assert found.is_whole
    assert (found.events, found.currencies) == (4 * 65, (("CHF", 260),))


@given(st.integers(0, 60), st.integers(0, 20))
def test_empty_days_are_told_from_three_on(first: int, length: int) -> None:
    events = daily(90, without=range(first, first + length))
    busy = [
        START + dt.timedelta(days=number)
        for number in range(first, first + length)
        if (START + dt.timedelta(days=number)).weekday() < 5
    ]
    at_the_edge = first == 0
    told = [(one.first, one.last, one.days) for one in found_in(events).empty]
    enough = len(busy) >= 3  # at four a day, twelve are missing
    assert told == ([(busy[0], busy[-1], len(busy))] if busy and enough and not at_the_edge else [])


def test_between_christmas_and_new_year_little_is_published() -> None:
    events = [
        event(f"{day} 09:00", f"Survey {hour}", "EUR")
        for number in range(60)
        for hour in range(9)
        if (day := dt.date(2024, 12, 1) + dt.timedelta(days=number)).weekday() < 5
        and not dt.date(2024, 12, 20) <= day <= dt.date(2025, 1, 3)
    ]
    assert found_in(events).empty == ()


def monthly(*left_out: int, day: int = 5, count: int = 14) -> list[EconomicEvent]:
    months = [(2023 + number // 12, number % 12 + 1) for number in range(count) if number not in left_out]
    return [event(f"{year}-{month:02d}-{day:02d} 13:30") for year, month in months]


def regular(found: Coverage) -> list[MissingReleases]:
    """What is missing of what came regularly."""
    return [one for one in found.missing if one.every_days]


def test_a_month_without_payrolls_is_missing() -> None:
    (missing,) = regular(found_in(monthly(6)))
    assert (missing.currency, missing.name, missing.missing) == ("USD", "Nonfarm Payrolls", 1)
    assert (missing.after, missing.before) == (dt.date(2023, 6, 5), dt.date(2023, 8, 5))


def test_what_stopped_coming_is_missing_up_to_the_end() -> None:
    (missing,) = regular(found_in([*monthly(count=9), event("2024-02-05 13:30", "Survey", impact=Impact.LOW)]))
    assert (missing.after, missing.before, missing.missing) == (dt.date(2023, 9, 5), None, 5)


def test_what_comes_now_and_then_is_never_missing() -> None:
    days = (1, 3, 20, 21, 60, 62, 90, 140, 145, 200)
    events = [
        event(f"{dt.date(2023, 1, 1) + dt.timedelta(days=number)} 15:00", "Fed Chair Powell Speaks") for number in days
    ]
    assert regular(found_in(events)) == []


def test_a_dollar_calendar_without_payrolls_is_told() -> None:
    events = [event(f"2024-{month:02d}-12 12:30", "CPI m/m") for month in range(1, 6)]
    names = [one.name for one in found_in(events).missing if not one.every_days]
    assert names == ["Nonfarm Payrolls", "Fed Interest Rate Decision"]


def figures(month: int, seed: int) -> list[EconomicEvent]:
    return [
        msgspec.structs.replace(
            event(f"2024-{month:02d}-{day:02d} 09:00", f"Survey {day}", "EUR", impact=Impact.LOW, previous=str(day)),
            actual=str(seed * day % 89),
        )
        for day in range(1, 25)
    ]


def test_a_copied_month_is_told() -> None:
    found = found_in([*figures(3, 7), *figures(4, 11), *figures(5, 7)])
    assert [(one.first, one.second) for one in found.copied] == [("2024-03", "2024-05")]
    assert found.copied[0].share == 1.0


def test_a_shifted_release_is_told() -> None:
    (shifted,) = found_in([event("2022-06-03 16:30", "Nonfarm Payrolls")]).shifted
    assert "is +240 minutes from 8:30 in New York" in shifted


def test_two_sources_that_contradict_each_other_are_told() -> None:
    ours = event("2024-03-08 13:30", sources=("mine.csv",))
    theirs = event("2024-03-08 14:30", "Non-Farm Payrolls", sources=("forexfactory",))
    found = found_in([ours, theirs])
    assert found.contradictions == (
        "USD Nonfarm Payrolls at 2024-03-08 13:30 UTC (mine.csv) or at 2024-03-08 14:30 UTC (forexfactory)",
    )
    assert not found.is_whole


# -- real calendars ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def forex_factory(reference: Path) -> list[EconomicEvent]:
    path = reference / "calendar" / "forexfactory_high_2020_2023_utc.csv"
    return events_from_file(path.read_bytes(), "ff")


def test_the_known_holes_of_forex_factory_are_found(forex_factory: list[EconomicEvent]) -> None:
    """Its page calls claims high only in the spring of 2020 and from 2023 on, and consumer prices not all of 2020."""
    missing = {(one.currency, one.name, one.after, one.before) for one in found_in(forex_factory).missing}
    assert ("USD", "Unemployment Claims", dt.date(2020, 5, 7), dt.date(2023, 3, 16)) in missing
    assert ("USD", "Core CPI m/m", dt.date(2020, 8, 12), dt.date(2021, 2, 10)) in missing
    assert ("USD", "ISM Services PMI", dt.date(2020, 11, 4), dt.date(2021, 6, 3)) in missing
    assert not any(name == "Non-Farm Employment Change" for _, name, _, _ in missing)


def test_the_half_year_without_pages_is_one_hole_and_not_fifty(reference: Path) -> None:
    found = found_in(_from_pages_in_utc7(reference / "calendar" / "forexfactory_raw_monthly_utc7"))
    (hole,) = found.empty
    assert (hole.first, hole.last) == (dt.date(2023, 7, 3), dt.date(2023, 12, 19))
    assert len(found.missing) <= 2
    assert found.shifted == ()


def test_a_real_month_that_is_put_in_twice_is_found_and_no_other(forex_factory: list[EconomicEvent]) -> None:
    """The most alike of the real months share a quarter of their figures."""
    assert found_in(forex_factory).copied == ()
    march = [one for one in forex_factory if dt.date(2022, 3, 1) <= _day(one) <= dt.date(2022, 3, 28)]
    copy = [msgspec.structs.replace(one, time_ns=one.time_ns + 154 * 86_400 * 10**9) for one in march]
    august = [one for one in forex_factory if not _day(copy[0]) <= _day(one) <= _day(copy[-1])]
    assert [(one.first, one.second) for one in found_in([*august, *copy]).copied] == [("2022-03", "2022-08")]


def _day(one: EconomicEvent) -> dt.date:
    return dt.date(1970, 1, 1) + dt.timedelta(days=one.time_ns // (86_400 * 10**9))
