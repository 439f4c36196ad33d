"""From a file to the store, with everything said on the way; and nothing stored that was refused."""

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.dtypes import RATES_DTYPE
from domain.serverclock import clock_named
from domain.timeframes import Timeframe
from marketdata import MarketStore, Overlap, load_quotes
from marketdata.findings import Verdict
from marketdata.gathering import Portion, portions
from marketdata.importing import examined, imported
from marketdata.reports import ImportOptions, ImportReport
from tests.marketdata.samples import market_bars, mt5_text, stored
from tests.marketdata.test_dukascopy import packed, stored_at

US = clock_named("us")
BARS = market_bars(20, US)
HALF = BARS.size // 2
PLAIN = ImportOptions()
TEXT = mt5_text(BARS[:300])


@pytest.fixture
def store(tmp_path: Path) -> MarketStore:
    return MarketStore(tmp_path / "market")


def run(store: MarketStore, path: Path, options: ImportOptions = PLAIN, **changes: Any) -> ImportReport:  # noqa: ANN401
    return imported(Portion(path, (path,)), msgspec.structs.replace(options, **changes), store)


def rules(report: ImportReport) -> dict[str, Verdict]:
    return {finding.rule: finding.verdict for finding in report.findings}


def test_an_mt5_export_goes_in_with_its_clock_measured(store: MarketStore, tmp_path: Path) -> None:
    report = run(store, stored(tmp_path, "EURUSD_H1.csv", mt5_text(BARS)), source="justmarkets")
    assert (report.verdict, report.source, report.symbol, report.timeframe) == (
        Verdict.NOTED,
        "justmarkets",
        "EURUSD",
        "H1",
    )
    assert (report.clock, report.rows, report.added, report.digits) == ("utc+2/us", BARS.size, BARS.size, 5)
    assert (report.first, report.months) == ("2024-01-08 00:00:00", tuple(f"2024-{month:02d}" for month in range(1, 6)))
    assert rules(report) == {"clock": Verdict.NOTED}
    found = store.bars("EURUSD", Timeframe.H1, source="justmarkets")
    assert found.rows.tobytes() == BARS.tobytes()


def test_twice_is_once(store: MarketStore, tmp_path: Path) -> None:
    path = stored(tmp_path, "EURUSD_H1.csv", mt5_text(BARS))
    run(store, path)
    again = run(store, path)
    assert (again.added, again.equal, again.months) == (0, BARS.size, ())


def test_exports_that_overlap_become_one(store: MarketStore, tmp_path: Path) -> None:
    forming = BARS[: HALF + 50].copy()
    forming["close"][-1] = forming["open"][-1]
    forming["tick_volume"][-1] = 1
    run(store, stored(tmp_path, "EURUSD_H1.csv", mt5_text(forming)), clock=US)
    report = run(store, stored(tmp_path, "EURUSD_H1_later.csv", mt5_text(BARS[HALF:])))
    assert (report.added, report.equal, report.completed) == (BARS.size - HALF - 50, 49, 1)
    assert store.bars("EURUSD", Timeframe.H1).rows.tobytes() == BARS.tobytes()


def test_a_contradiction_is_refused_or_decided(store: MarketStore, tmp_path: Path) -> None:
    run(store, stored(tmp_path, "EURUSD_H1.csv", mt5_text(BARS)))
    other = BARS.copy()
    other["spread"][100:103] = 99
    path = stored(tmp_path, "other_EURUSD_H1.csv", mt5_text(other))
    report = run(store, path)
    assert (report.verdict, report.months, rules(report)["overlap"]) == (Verdict.REFUSED, (), Verdict.REFUSED)
    finding = report.findings[-1]
    assert (finding.rows, finding.first_time) == (
        3,
        "2024-01-12 04:00:00 UTC",
    )
    assert run(store, path, overlap=Overlap.STORED).verdict is Verdict.REPAIRED
    assert store.bars("EURUSD", Timeframe.H1).rows.tobytes() == BARS.tobytes()
    assert run(store, path, overlap=Overlap.NEW).verdict is Verdict.REPAIRED
    assert store.bars("EURUSD", Timeframe.H1).rows.tobytes() == other.tobytes()


def days(count: int) -> str:
    bars = np.zeros(count, RATES_DTYPE)
    weekdays = [day for day in range(count * 2) if day % 7 < 5][:count]
    bars["time"] = 1_704_672_000 + 86_400 * np.array(weekdays)
    for name, price in (("open", 1.1), ("high", 1.12), ("low", 1.09), ("close", 1.11)):
        bars[name] = price + 1e-5 * np.arange(count)
    bars["spread"] = 3
    return mt5_text(bars)


def test_days_take_the_clock_of_their_source_or_ask(store: MarketStore, tmp_path: Path) -> None:
    path = stored(tmp_path, "EURUSD_D1.csv", days(60))
    alone = run(store, path)
    assert (alone.verdict, rules(alone)["clock"]) == (Verdict.REFUSED, Verdict.REFUSED)
    assert "--clock" in alone.findings[-1].remedy
    assert store.series() == []
    run(store, stored(tmp_path, "EURUSD_H1.csv", mt5_text(BARS)))
    beside = run(store, path)
    assert (beside.clock, beside.added) == ("utc+2/us", 60)
    other = run(store, stored(tmp_path, "GBPUSD_D1.csv", days(60)), source="other")
    assert other.verdict is Verdict.REFUSED
    assert run(store, path, source="other", clock=clock_named("eu")).clock == "utc+2/eu"


def test_a_source_on_two_clocks_lends_none(store: MarketStore, tmp_path: Path) -> None:
    run(store, stored(tmp_path, "EURUSD_H1.csv", mt5_text(BARS)))
    run(store, stored(tmp_path, "GBPUSD_H1.csv", mt5_text(market_bars(20, clock_named("utc+3")))))
    assert run(store, stored(tmp_path, "EURUSD_D1.csv", days(60))).verdict is Verdict.REFUSED


def test_a_lent_clock_must_fit_what_the_file_shows(store: MarketStore, tmp_path: Path) -> None:
    """Four weeks with a change of clocks leave open by whose rule, but not that it is UTC+2 or UTC+3."""
    run(store, stored(tmp_path, "EURUSD_H1.csv", mt5_text(market_bars(20, clock_named("utc+5")))))
    path = stored(tmp_path, "GBPUSD_H1.csv", mt5_text(market_bars(4, US, first="2024-02-19")))
    assert run(store, path).verdict is Verdict.REFUSED
    run(store, stored(tmp_path, "EURUSD_H1.csv", mt5_text(BARS)), source="broker")
    assert run(store, path, source="broker").clock == "utc+2/us"


def test_a_clock_that_the_weekends_deny_is_refused_unless_a_person_says_it(store: MarketStore, tmp_path: Path) -> None:
    path = stored(tmp_path, "EURUSD_H1_utc.csv", mt5_text(BARS))
    said = run(store, path)
    assert (said.verdict, rules(said)["clock"]) == (Verdict.REFUSED, Verdict.REFUSED)
    assert "utc is said, but" in said.findings[0].detail
    assert rules(run(store, path, clock=clock_named("utc+1")))["clock"] is Verdict.ALLOWED
    slight = run(store, path, clock=clock_named("eu"), source="other")
    assert rules(slight)["clock"] is Verdict.NOTED
    assert "differ in" in slight.findings[0].detail


def test_another_clock_than_the_series_has_is_refused(store: MarketStore, tmp_path: Path) -> None:
    run(store, stored(tmp_path, "EURUSD_H1.csv", mt5_text(BARS)))
    report = run(store, stored(tmp_path, "EURUSD_H1.csv", mt5_text(market_bars(20, clock_named("utc+3")))))
    assert (report.verdict, report.added) == (Verdict.REFUSED, None)
    assert "is stored on the clock utc+2/us" in report.findings[-1].detail


def test_strict_repairs_nothing(store: MarketStore, tmp_path: Path) -> None:
    text = mt5_text(BARS)
    path = stored(tmp_path, "EURUSD_H1.csv", text + text.splitlines()[-1] + "\r\n")
    repaired = run(store, path, strict=True)
    assert (repaired.verdict, rules(repaired)["duplicates"]) == (Verdict.REFUSED, Verdict.REFUSED)
    assert store.series() == []
    report = run(store, path)
    assert (report.verdict, rules(report)["duplicates"]) == (Verdict.REPAIRED, Verdict.REPAIRED)
    duplicate = next(finding for finding in report.findings if finding.rule == "duplicates")
    assert duplicate.first_row == duplicate.last_row == BARS.size + 2


def test_only_a_window_is_taken(store: MarketStore, tmp_path: Path) -> None:
    path = stored(tmp_path, "EURUSD_H1.csv", mt5_text(BARS))
    first, last = int(BARS["time"][HALF]), int(BARS["time"][HALF + 700])
    report = run(store, path, from_s=first, to_s=last)
    assert report.rows == 700
    assert store.bars("EURUSD", Timeframe.H1).rows.tobytes() == BARS[HALF : HALF + 700].tobytes()
    assert rules(run(store, path, from_s=last, to_s=first)) == {"window": Verdict.REFUSED}


@given(data=st.data())
@settings(max_examples=60)
@pytest.mark.fuzz
def test_a_mutated_export_is_reported_on_and_never_stored_wrong(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Whatever is in it: what is stored ascends, and has prices that can be."""
    lines = TEXT.splitlines(keepends=True)[: data.draw(st.integers(1, 300))]
    for _ in range(data.draw(st.integers(0, 4))):
        place = data.draw(st.integers(0, len(lines) - 1))
        lines[place] = data.draw(st.sampled_from([lines[place][:-9], lines[place] * 2, "", "x\n", lines[0], lines[-1]]))
        lines[place] = lines[place].replace(
            *data.draw(st.sampled_from([("1.", "-1."), ("\t", ","), ("2024", "1871"), ("", "")]))
        )
    folder = tmp_path_factory.mktemp("mutated")
    path, place_of_store = stored(folder, "EURUSD_H1.csv", "".join(lines)), MarketStore(folder / "market")
    report = run(place_of_store, path, clock=US)
    assert all(finding.rule and finding.detail for finding in report.findings)
    if not report.usable:
        assert place_of_store.series() == []
        return
    found = place_of_store.bars("EURUSD", Timeframe.H1)
    assert found.rows.size == report.added == report.rows
    assert (np.diff(found.time_ns) > 0).all()
    assert (found.rows["low"] > 0).all()
    assert (found.rows["high"] >= found.rows["low"]).all()


def test_a_file_that_cannot_be_read_is_reported_with_its_rule(store: MarketStore, tmp_path: Path) -> None:
    text = mt5_text(BARS).replace(".", "")
    report = run(store, stored(tmp_path, "EURUSD_H1.csv", text))
    assert report.verdict is Verdict.REFUSED
    assert [finding.verdict for finding in report.findings] == [Verdict.REFUSED]
    assert report.findings[0].remedy


def test_checking_writes_nothing(store: MarketStore, tmp_path: Path) -> None:
    path = stored(tmp_path, "EURUSD_H1.csv", mt5_text(BARS))
    report = examined(Portion(path, (path,)), PLAIN, store).report
    assert (report.verdict, report.added) == (Verdict.NOTED, None)
    assert not store.root.exists()


def test_dukascopys_hours_are_one_portion_a_month(store: MarketStore, tmp_path: Path) -> None:
    tree = tmp_path / "dukascopy"
    for hour in range(3):
        stored_at(tree, f"EURUSD/2025/00/31/{hour + 10:02d}h_ticks.bi5", packed([(5, 104012, 104008 - hour, 1, 1)]))
    stored_at(tree, "EURUSD/2025/00/31/13h_ticks.bi5", b"")
    stored_at(tree, "EURUSD/2025/01/03/00h_ticks.bi5", packed([(7, 104012, 104007, 1, 1)]))
    found = portions([tree])
    assert [len(portion.files) for portion in found] == [4, 1]
    reports = [imported(portion, PLAIN, store) for portion in found]
    assert [(report.source, report.clock, report.added) for report in reports] == [
        ("dukascopy", "utc", 3),
        ("dukascopy", "utc", 1),
    ]
    assert store.ticks("EURUSD").rows["bid"].tolist() == [1.04008, 1.04007, 1.04006, 1.04007]


def test_a_damaged_hour_refuses_its_month_and_is_named(store: MarketStore, tmp_path: Path) -> None:
    content = packed([(5, 104012, 104008, 1, 1)])
    stored_at(tmp_path, "EURUSD/2025/00/31/10h_ticks.bi5", content)
    path = stored_at(tmp_path, "EURUSD/2025/00/31/11h_ticks.bi5", content[:20])
    report = imported(portions([tmp_path])[0], PLAIN, store)
    assert (report.verdict, report.path) == (Verdict.REFUSED, str(path))
    assert store.series() == []


def test_folders_are_searched_for_what_may_hold_quotes(tmp_path: Path) -> None:
    names = ["a/EURUSD_H1.csv", "a/notes.md", "b/x.csv.gz", "b/.hidden.csv", "c.parquet"]
    for name in names:
        stored_at(tmp_path, name, b"x")
    assert [portion.name.name for portion in portions([tmp_path])] == ["EURUSD_H1.csv", "x.csv.gz", "c.parquet"]
    assert portions([tmp_path / "a" / "notes.md"])[0].name.name == "notes.md"


DIRTY = {
    "EURUSD_H1_starts_with_D1_bars.csv": (Verdict.REPAIRED, "timeframe", 1536),
    "XAUUSD_H1_starts_with_D1_bars_2007.csv": (Verdict.REPAIRED, "timeframe", 60),
    "EURUSD_H4_prices_scaled_by_point_float_noise.csv": (Verdict.REFUSED, "scaled-prices", 0),
    "EURUSD_M15_corrupt_first_line_no_header.csv": (Verdict.REPAIRED, "broken-line", 1927),
    "EURUSD_M1_last_volume_garbage.csv": (Verdict.NOTED, "header", 2000),
}


def test_each_dirty_file_is_repaired_or_refused_as_documented(reference: Path, store: MarketStore) -> None:
    """What they do not tell is their clock, so it is said."""
    folder = reference / "dirty"
    assert {path.name for path in folder.iterdir()} == set(DIRTY)
    for name, (verdict, rule, rows) in DIRTY.items():
        report = run(store, folder / name, source=name, clock=clock_named("utc+3/us"))
        assert (name, report.verdict, report.rows) == (name, verdict, rows)
        assert rule in rules(report)


def test_a_dirty_files_hours_without_their_rests_are_made_by_no_market(reference: Path, store: MarketStore) -> None:
    """The same 1,536 bars: with their weekends they are a market's, one after the other without a pause nobody's."""
    real = load_quotes(reference / "dirty" / "EURUSD_H1_starts_with_D1_bars.csv").bars
    assert real is not None
    restless = real.copy()
    restless["time"] = 1_704_067_200 + 3600 * np.arange(real.size)  # from Monday, 2024-01-01
    kept = ImportOptions(clock=clock_named("utc+3/us"), allowed=frozenset({"weekend"}))
    found = [run(store, stored(store.root.parent, "EURUSD_H1.csv", mt5_text(bars)), kept) for bars in (real, restless)]
    assert [rules(report).get("no-market") for report in found] == [None, Verdict.REFUSED]
    assert [report.usable for report in found] == [True, False]
    detail = next(finding.detail for finding in found[1].findings if finding.rule == "no-market")
    assert "no bar is missing from the first to the last" in detail


@pytest.mark.parametrize(
    ("name", "rule"), [("eod_EURUSD_forex_d1.csv.gz", "flat-weekend"), ("eod_XAUUSD_forex_d1.csv.gz", "flat")]
)
def test_flat_days_of_a_vendor_are_found(reference: Path, store: MarketStore, name: str, rule: str) -> None:
    """Counted by hand: 1,225 Sundays and 605 Saturdays, of which 266 flat; 4,183 flat days of gold up to 2005."""
    report = run(store, reference / "eodhd" / name, clock=clock_named("utc"))
    assert report.verdict is Verdict.REFUSED
    finding = next(finding for finding in report.findings if finding.rule == rule)
    assert finding.rows == {"flat-weekend": 266, "flat": 4183}[rule]
    later = run(store, reference / "eodhd" / name, clock=clock_named("utc"), from_s=1_136_073_600)
    assert later.usable
