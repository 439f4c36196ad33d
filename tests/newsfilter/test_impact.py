"""The impact table: what it refuses, whom it believes, and how it does on the vendors' own grades."""

import csv
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from newsfilter.events import Impact, NewsError
from newsfilter.impact import impact_table
from newsfilter.tables import OWN_TABLE, read_impact_table
from newsfilter.wording import plain_wording
from tests.newsfilter.samples import EMPTY, event, table

PAYROLLS = {"impact": "high", "names": ["nonfarm payrolls"]}


def test_the_source_is_believed_before_the_table() -> None:
    assert table(payrolls=PAYROLLS).impact_of(event("2024-03-08 13:30", impact=Impact.LOW)) == Impact.LOW
    assert table(payrolls=PAYROLLS).impact_of(event("2024-03-08 13:30", impact=Impact.UNRATED)) == Impact.HIGH


def test_what_nobody_rates_is_low_and_a_holiday_too() -> None:
    assert EMPTY.impact_of(event("2024-03-08 13:30", impact=Impact.UNRATED)) == Impact.LOW
    assert EMPTY.impact_of(event("2024-12-25 00:00", "Christmas Day", is_holiday=True)) == Impact.LOW


def test_a_pattern_stands_for_the_whole_name_of_its_currency() -> None:
    families = table(payrolls=PAYROLLS)
    assert families.family_of("USD", "Non-Farm Payrolls (Feb)") is not None
    assert families.family_of("USD", "Nonfarm Payrolls Private") is None
    assert families.family_of("CAD", "Nonfarm Payrolls") is None


def test_the_first_family_counts_and_those_of_every_currency_last() -> None:
    content = {
        "*": {"any": {"impact": "low", "names": [".* rate"]}},
        "USD": {
            "one": {"impact": "high", "names": ["fed rate"]},
            "two": {"impact": "medium", "names": ["fed .*"]},
        },
    }
    families = impact_table(content, "test")
    found = [families.family_of(currency, name) for currency, name in (("USD", "Fed Rate"), ("NOK", "Some Rate"))]
    assert [family and family.name for family in found] == ["one", "any"]


def test_months_and_quarters_of_one_release_are_told_apart() -> None:
    families = table(cpi={"impact": "high", "names": ["cpi( mom| yoy)?"]})
    names = ("CPI m/m", "CPI (MoM) (Jan)", "CPI y/y", "CPI", "Retail Sales m/m")
    found = [families.identity_of(event("2024-03-08 13:30", name)) for name in names]
    assert found == ["cpi mom", "cpi mom", "cpi yoy", "cpi", "retail sales mom"]


@pytest.mark.parametrize(
    ("entry", "complaint"),
    [
        ({"impact": "huge", "names": ["a"]}, "'huge'; use high, medium, low"),
        ({"impact": "high"}, "must have `impact` and `names`"),
        ({"impact": "high", "names": ["a"], "note": 1}, "nothing else"),
        ({"impact": "high", "names": []}, "list of patterns"),
        ({"impact": "high", "names": "a"}, "list of patterns"),
        ({"impact": "high", "names": ["(a"]}, "pattern that cannot be read"),
        ("high", "must have `impact` and `names`"),
    ],
)
def test_an_entry_that_is_no_family_is_named(entry: object, complaint: str) -> None:
    with pytest.raises(NewsError, match=r"USD\.payrolls") as refused:
        impact_table({"USD": {"payrolls": entry}}, "mine.toml")
    assert complaint in str(refused.value)
    assert "mine.toml" in str(refused.value)


def test_a_file_that_is_no_table_is_named(tmp_path: Path) -> None:
    for content in (b"[USD\n", b"\xff", b"USD = 1\n"):
        path = tmp_path / "mine.toml"
        path.write_bytes(content)
        with pytest.raises(NewsError, match=r"mine\.toml"):
            read_impact_table.__wrapped__(path)
    with pytest.raises(NewsError, match=r"gone\.toml"):
        read_impact_table(tmp_path / "gone.toml")


def test_our_own_table_covers_the_majors() -> None:
    families = read_impact_table(OWN_TABLE)
    for currency in ("USD", "EUR", "GBP", "JPY", "CAD", "AUD", "NZD", "CHF"):
        assert families.impact_of(event("2024-03-08 13:30", "CPI", currency, impact=Impact.UNRATED)) == Impact.HIGH
        decision = event("2024-03-08 13:30", "Interest Rate Decision", currency, impact=Impact.UNRATED)
        assert families.impact_of(decision) == Impact.HIGH


# -- the vendors' own grades ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def called_high(reference: Path) -> "Counter[str]":
    """Names of dollar events that MetaTrader's calendar or Forex Factory call high, with how often they do."""
    calendar = reference / "calendar"
    with (calendar / "forexfactory_high_2020_2023_utc.csv").open(encoding="utf-8") as file:
        names = [row["Event"] for row in csv.DictReader(file) if row["Currency"] == "USD"]
    with (calendar / "mql5_calendar_USD_high_2021_04_2023_09.csv").open(encoding="utf-8") as file:
        names += [row["name"] for row in csv.DictReader(file)]
    return Counter(names)


def graded_high(name: str) -> bool:
    family = read_impact_table().family_of("USD", name)
    return family is not None and family.impact == Impact.HIGH


def test_what_vendors_call_high_is_high(called_high: "Counter[str]") -> None:
    missed = {name: count for name, count in called_high.items() if not graded_high(name)}
    print("missed:", missed)
    assert called_high.total() > 2000
    assert sum(missed.values()) <= 0.02 * called_high.total(), missed


def test_what_is_called_high_is_high_for_somebody(reference: Path, called_high: "Counter[str]") -> None:
    """On calendars with every impact: false is what nobody grades so, at a minute at which nothing else is high."""
    calendar = reference / "calendar"
    year = pq.read_table(calendar / "investing_style_2021_majors_utc8.parquet").to_pylist()
    rows = [(row["Date"] + row["Time"], row["Event"], row["Imp"] == "High") for row in year if row["Cur"] == "USD"]
    for path in sorted((calendar / "forexfactory_raw_monthly_utc7").glob("*.csv")):
        with path.open(encoding="utf-8") as file:
            months = [row for row in csv.DictReader(file) if row["currency"] == "USD"]
        rows += [(path.stem + row["date"] + row["time"], row["event"], row["impact"] == "red") for row in months]
    high_names = {plain_wording(name) for name in called_high} | {plain_wording(name) for _, name, high in rows if high}
    high_minutes = {minute for minute, _, high in rows if high}
    ours = [(minute, plain_wording(name)) for minute, name, _ in rows if graded_high(name)]
    false = Counter(name for minute, name in ours if name not in high_names and minute not in high_minutes)
    print("false:", false)
    assert len(ours) > 900
    assert false.total() <= 0.05 * len(ours), false
