"""Several calendars made one."""

import csv
import datetime as dt
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from newsfilter.events import EconomicEvent, EventTiming, Impact
from newsfilter.merging import disagreements, merged_events
from newsfilter.reading import impact_from, utc_ns
from newsfilter.tables import read_impact_table
from tests.newsfilter.samples import event

TABLE = read_impact_table()


def test_one_event_told_twice_stands_once() -> None:
    ours = event("2024-03-08 13:30", impact=Impact.MEDIUM, sources=("eodhd",), forecast="200")
    theirs = event("2024-03-08 13:30", "Non-Farm Employment Change", sources=("forexfactory",), previous="229K")
    (merged,) = merged_events([[ours], [theirs]], TABLE)
    assert merged.name == ours.name
    assert merged.impact == Impact.HIGH
    assert merged.sources == ("eodhd", "forexfactory")
    assert (merged.forecast, merged.previous) == ("200", "229K")


def test_what_differs_stays_apart_in_the_order_of_time() -> None:
    events = [
        event("2024-03-08 13:30", "CPI y/y"),
        event("2024-03-08 13:30", "CPI m/m"),
        event("2024-03-08 13:30", "CPI m/m", "CAD"),
        event("2024-03-08 13:29", "CPI m/m"),
        event("2024-03-08 13:30", "CPI m/m", timing=EventTiming.TENTATIVE),
    ]
    merged = merged_events([events], TABLE)
    assert len(merged) == 5
    assert [one.time_ns for one in merged] == sorted(one.time_ns for one in merged)


def test_the_core_rate_and_the_headline_are_two_for_every_source() -> None:
    ours = [event("2024-03-12 12:30", name, sources=("a",)) for name in ("CPI m/m", "Core CPI m/m")]
    theirs = [
        event("2024-03-12 12:30", name, sources=("b",), previous=name)
        for name in ("Core Inflation Rate (MoM)", "CPI m/m", "Inflation Rate m/m", "CPI (MoM)")
    ]
    merged = merged_events([ours, theirs], TABLE)
    assert [(one.name, one.sources, one.previous) for one in merged] == [
        ("CPI m/m", ("a", "b"), "CPI m/m"),
        ("Core CPI m/m", ("a", "b"), "Core Inflation Rate (MoM)"),
        ("Inflation Rate m/m", ("b",), "Inflation Rate m/m"),
    ]


def test_an_hour_that_sources_do_not_agree_on_is_told() -> None:
    ours = event("2024-03-08 13:30", sources=("eodhd",))
    theirs = event("2024-03-08 12:30", "Non-Farm Employment Change", sources=("forexfactory",))
    (found,) = disagreements(merged_events([[ours], [theirs]], TABLE), TABLE)
    assert found.minutes_apart == 60
    twice = [event("2024-03-08 13:30", sources=("a",)), event("2024-03-08 15:30", sources=("a",))]
    assert disagreements(twice, TABLE) == []


# -- real calendars ---------------------------------------------------------------------------------------------------


def _from_metatrader(path: Path) -> list[EconomicEvent]:
    with path.open(encoding="utf-8") as file:
        return [
            EconomicEvent(
                time_ns=utc_ns(row["time_utc"], "mt5", "", assumed_offset_s=0),
                currency=row["currency"],
                name=row["name"],
                impact=impact_from(row["importance"], "mt5", ""),
                sources=("mt5",),
            )
            for row in csv.DictReader(file)
        ]


def _from_forex_factory(path: Path) -> list[EconomicEvent]:
    with path.open(encoding="utf-8") as file:
        return [
            EconomicEvent(
                time_ns=utc_ns(row["DateTime"], "ff", ""),
                currency=row["Currency"].upper(),
                name=row["Event"],
                impact=impact_from(row["Impact"], "ff", ""),
                sources=("ff",),
            )
            for row in csv.DictReader(file)
        ]


def _from_page_in_utc8(path: Path) -> list[EconomicEvent]:
    rows = pq.read_table(path).to_pylist()
    return [
        EconomicEvent(
            time_ns=utc_ns(f"{row['Date']} {row['Time']}", "page8", "", assumed_offset_s=8 * 3600),
            currency=row["Cur"],
            name=row["Event"],
            impact=impact_from(row["Imp"], "page8", ""),
            sources=("page8",),
        )
        for row in rows
        if ":" in row["Time"] and row["Cur"]
    ]


def _from_pages_in_utc7(folder: Path) -> list[EconomicEvent]:
    events = []
    for path in sorted(folder.glob("*.csv")):
        with path.open(encoding="utf-8") as file:
            for row in csv.DictReader(file):
                if ":" not in row["time"] or not row["currency"]:
                    continue
                time = dt.datetime.strptime(f"{path.stem[:4]} {row['date']} {row['time']}", "%Y %b %d %I:%M%p")  # noqa: DTZ007 - the offset is given below
                events.append(
                    EconomicEvent(
                        time_ns=utc_ns(time.isoformat(), "page7", "", assumed_offset_s=7 * 3600),
                        currency=row["currency"],
                        name=row["event"],
                        impact=impact_from(row["impact"], "page7", ""),
                        sources=("page7",),
                    )
                )
    return events


@pytest.fixture(scope="module")
def calendars(reference: Path) -> dict[str, list[EconomicEvent]]:
    folder = reference / "calendar"
    return {
        "mt5": _from_metatrader(folder / "mql5_calendar_USD_high_2021_04_2023_09.csv"),
        "ff": _from_forex_factory(folder / "forexfactory_high_2020_2023_utc.csv"),
        "page8": _from_page_in_utc8(folder / "investing_style_2021_majors_utc8.parquet"),
        "page7": _from_pages_in_utc7(folder / "forexfactory_raw_monthly_utc7"),
    }


@pytest.mark.parametrize(
    ("name", "pairs", "least"),
    [
        ("Nonfarm Payrolls", (("mt5", "ff"), ("mt5", "page8"), ("ff", "page7"), ("mt5", "page7")), 4),
        ("CPI m/m", (("mt5", "ff"), ("mt5", "page8"), ("mt5", "page7")), 4),
        ("ISM Manufacturing PMI", (("mt5", "ff"), ("mt5", "page8"), ("mt5", "page7")), 4),
    ],
)
def test_the_same_release_lands_on_the_same_minute(
    calendars: dict[str, list[EconomicEvent]], name: str, pairs: tuple[tuple[str, str], ...], least: int
) -> None:
    identity = TABLE.identity_of(event("2024-03-08 13:30", name))
    minutes = {
        source: {one.minute for one in events if one.currency == "USD" and TABLE.identity_of(one) == identity}
        for source, events in calendars.items()
    }
    for first, second in pairs:
        days = {minute // 1440 for minute in minutes[first]} & {minute // 1440 for minute in minutes[second]}
        same = [minute for minute in minutes[first] & minutes[second] if minute // 1440 in days]
        assert len(days) >= least, (first, second)
        assert len(same) >= 0.9 * len(days), (first, second, len(same), len(days))


def test_four_calendars_merge_to_one(calendars: dict[str, list[EconomicEvent]]) -> None:
    merged = merged_events(list(calendars.values()), TABLE)
    told = sum(len(events) for events in calendars.values())
    shared = [one for one in merged if len(one.sources) > 1]
    assert len(merged) < told
    assert len(shared) > 500
    assert any(set(one.sources) == {"mt5", "ff", "page8"} for one in shared)
    assert any(set(one.sources) == {"mt5", "ff", "page7"} for one in shared)
