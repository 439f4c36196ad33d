"""The store gives back what was put in, whatever the order, the overlap and the clock, and changes nothing else."""

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.dtypes import RATES_DTYPE, TICK_DTYPE
from domain.serverclock import UTC_CLOCK, clock_named
from domain.servertime import NS_PER_S
from domain.timeframes import Timeframe
from marketdata import (
    MarketStore,
    Overlap,
    SeriesFacts,
    SeriesKey,
    SqlUnavailableError,
    Stamped,
    StoreError,
    load_quotes,
    stamped_by,
)
from marketdata.months import joined
from tests.marketdata.samples import MT5_BARS, bars_of, stored, ticks_at

US = clock_named("us")
HOURS = SeriesKey("mt5", "EURUSD", Timeframe.H1)
TICKS = SeriesKey("mt5", "EURUSD", None)
FACTS = SeriesFacts(digits=5, clocks=(US,))


def hours(count: int, first_s: int = 1_735_776_000) -> Stamped:
    bars = bars_of([(100_000 + place, 100_010 + place, 99_990 + place, 100_005) for place in range(count)], 3600)
    bars["time"] += first_s - bars["time"][0]
    return stamped_by(bars, US)


@pytest.fixture
def store(tmp_path: Path) -> MarketStore:
    return MarketStore(tmp_path / "market")


def snapshot(store: MarketStore) -> dict[str, tuple[int, bytes]]:
    files = (path for path in store.root.rglob("*") if path.is_file())
    return {str(path): (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


def test_an_mt5_export_comes_back_to_the_bit(store: MarketStore, tmp_path: Path) -> None:
    quotes = load_quotes(stored(tmp_path, "XAUUSD_H4.csv", MT5_BARS))
    assert quotes.bars is not None
    key = SeriesKey("justmarkets", "XAUUSD", Timeframe.H4)
    addition = store.add(key, stamped_by(quotes.bars, US), SeriesFacts(digits=2, clocks=(US,)))
    found = store.bars("XAUUSD", Timeframe.H4)
    assert found.rows.tobytes() == quotes.bars.tobytes()
    assert (found.key, found.digits, found.point) == (key, 2, 0.01)
    assert found.time_ns.tolist() == [(int(time) - 7200) * NS_PER_S for time in quotes.bars["time"]]
    assert (addition.added, addition.equal, addition.months_written) == (3, 0, ("2025-01",))


def test_the_first_bar_of_a_brokers_year_is_in_the_old_one(store: MarketStore) -> None:
    store.add(HOURS, hours(4, 1_735_689_600), FACTS)  # 2025-01-01 00:00 on the broker's clock
    folder = HOURS.folder(store.root)
    assert sorted(path.name for path in folder.glob("month=*")) == ["month=2024-12", "month=2025-01"]
    assert store.bars("EURUSD", Timeframe.H1).rows.size == 4


def test_the_same_again_changes_no_file(store: MarketStore) -> None:
    store.add(HOURS, hours(1000), FACTS)
    before = snapshot(store)
    again = store.add(HOURS, hours(1000), FACTS)
    assert (again.added, again.equal, again.months_written) == (0, 1000, ())
    assert snapshot(store) == before


@given(cuts=st.lists(st.integers(0, 1500), min_size=1, max_size=5), order=st.randoms(use_true_random=False))
@settings(max_examples=25)
def test_overlapping_pieces_in_any_order_become_the_whole(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[int], order: "object"
) -> None:
    whole = hours(1500)
    edges = [0, *sorted(cuts), 1500]
    pieces = [(max(start - 7, 0), stop) for start, stop in pairwise(edges) if stop > start]
    order.shuffle(pieces)  # type: ignore[attr-defined]
    place = MarketStore(tmp_path_factory.mktemp("pieces"))
    for start, stop in pieces:
        assert not place.add(HOURS, whole.part(slice(start, stop)), FACTS).contradicting.size
    found = place.bars("EURUSD", Timeframe.H1)
    assert found.rows.tobytes() == whole.rows.tobytes()
    assert (found.offset_s == whole.offset_s).all()


@given(start=st.integers(-10, 1600), stop=st.integers(-10, 1600))
@settings(max_examples=50)
def test_a_window_holds_what_opens_in_it(filled: MarketStore, start: int, stop: int) -> None:
    whole = hours(1500)
    first, last = (int(whole.time_ns[0]) + 3600 * NS_PER_S * place for place in (start, stop))
    found = filled.bars("EURUSD", Timeframe.H1, first, last)
    inside = (whole.time_ns >= first) & (whole.time_ns < last)
    assert found.rows.tobytes() == whole.rows[inside].tobytes()
    assert (found.time_ns == whole.time_ns[inside]).all()


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> MarketStore:
    store = MarketStore(tmp_path_factory.mktemp("filled"))
    store.add(HOURS, hours(1500), FACTS)
    return store


def test_bars_over_a_change_of_the_clock(store: MarketStore) -> None:
    """2025-03-09 07:00 UTC: New York's spring; bars before it are 2 h ahead of UTC, bars after it 3 h."""
    friday, monday = 1_741_388_400, 1_741_564_800
    bars = bars_of([(100_000, 100_010, 99_990, 100_005)] * 2, 3600)
    bars["time"] = friday, monday
    store.add(HOURS, stamped_by(bars, US), FACTS)
    found = store.bars("EURUSD", Timeframe.H1)
    assert found.offset_s.tolist() == [7200, 10_800]
    assert found.time_ns.tolist() == [(friday - 7200) * NS_PER_S, (monday - 10_800) * NS_PER_S]
    assert store.bars("EURUSD", Timeframe.H1, clock=UTC_CLOCK).rows["time"].tolist() == [
        friday - 7200,
        monday - 10_800,
    ]


def test_ticks_come_back_on_any_clock(store: MarketStore) -> None:
    ticks = ticks_at([1_741_388_400_017, 1_741_388_400_017, 1_741_388_400_900])
    ticks["volume_real"] = 0.25, 1.5, 3.0
    store.add(TICKS, stamped_by(ticks, US), FACTS)
    assert store.ticks("EURUSD").rows.tobytes() == ticks.tobytes()
    moved = store.ticks("EURUSD", clock=UTC_CLOCK).rows
    assert (moved["time_msc"] == ticks["time_msc"] - 7_200_000).all()
    assert (moved["time"] == moved["time_msc"] // 1000).all()


def test_days_are_not_put_on_a_clock_with_another_midnight(store: MarketStore) -> None:
    days = bars_of([(100_000, 100_010, 99_990, 100_005)] * 3, 86_400)
    key = SeriesKey("mt5", "EURUSD", Timeframe.D1)
    store.add(key, stamped_by(days, US), FACTS)
    assert store.bars("EURUSD", Timeframe.D1, clock=US).rows.size == 3
    with pytest.raises(StoreError, match="fold it from shorter bars"):
        store.bars("EURUSD", Timeframe.D1, clock=UTC_CLOCK)


def test_what_is_not_there_is_named_with_what_is(store: MarketStore) -> None:
    with pytest.raises(StoreError, match="holds nothing; import it first"):
        store.bars("EURUSD", Timeframe.H1)
    for source in ("demo", "live"):
        store.add(HOURS._replace(source=source), hours(3), FACTS)
    with pytest.raises(StoreError, match="stored from demo, live; name the source"):
        store.bars("EURUSD", Timeframe.H1)
    with pytest.raises(StoreError, match=r"from mt5 is not stored.*EURUSD H1 from demo, EURUSD H1 from live"):
        store.bars("EURUSD", Timeframe.H1, source="mt5")
    assert store.bars("EURUSD", Timeframe.H1, source="live").rows.size == 3


def test_a_contradiction_writes_nothing(store: MarketStore) -> None:
    store.add(HOURS, hours(1000), FACTS)
    before = snapshot(store)
    other = hours(1100)
    other.rows["close"][500] = 1.00009
    refused = store.add(HOURS, other, FACTS)
    assert refused.contradicting.tolist() == [other.time_ns[500]]
    assert refused.months_written == ()
    assert snapshot(store) == before
    kept = store.add(HOURS, other, FACTS, Overlap.STORED)
    assert (kept.added, kept.equal) == (100, 999)
    assert store.bars("EURUSD", Timeframe.H1).rows["close"][500] == 1.00005
    store.add(HOURS, other, FACTS, Overlap.NEW)
    assert store.bars("EURUSD", Timeframe.H1).rows.tobytes() == other.rows.tobytes()


def test_another_clock_is_refused_before_anything_is_written(store: MarketStore) -> None:
    store.add(HOURS, hours(10), FACTS)
    before = snapshot(store)
    moved = stamped_by(hours(10, 1_740_000_000).rows, clock_named("utc+4"))
    with pytest.raises(StoreError, match=r"on the clock utc\+2/us, the new rows are on utc\+4"):
        store.add(HOURS, moved, SeriesFacts(digits=5, clocks=(clock_named("utc+4"),)))
    assert snapshot(store) == before


def test_clocks_that_fit_become_fewer(store: MarketStore) -> None:
    store.add(HOURS, hours(3), SeriesFacts(digits=4, clocks=(US, clock_named("eu"))))
    store.add(HOURS, hours(4), FACTS)
    assert store.facts(HOURS) == SeriesFacts(digits=5, clocks=(US,))


@pytest.mark.parametrize("bad", ["order", "twice", "ticks", "nothing"])
def test_rows_that_do_not_ascend_are_refused(store: MarketStore, bad: str) -> None:
    rows = {
        "order": hours(5).part(slice(None, None, -1)),
        "twice": joined([hours(1), hours(1)], RATES_DTYPE),
        "ticks": stamped_by(ticks_at([1000]), US),
        "nothing": hours(5).part(slice(0)),
    }[bad]
    with pytest.raises(ValueError, match="EURUSD H1 from mt5"):
        store.add(HOURS, rows, FACTS)
    assert store.series() == []


def test_a_crash_while_writing_leaves_what_was_there(store: MarketStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.add(HOURS, hours(10), FACTS)
    write = pq.write_table

    def dies_halfway(table: object, file: object, **options: object) -> None:
        write(table, file, **options)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pq, "write_table", dies_halfway)
    with pytest.raises(OSError, match="No space left"):
        store.add(HOURS, hours(20), FACTS)
    monkeypatch.undo()
    assert store.bars("EURUSD", Timeframe.H1).rows.size == 10
    assert store.add(HOURS, hours(20), FACTS).added == 10
    assert store.bars("EURUSD", Timeframe.H1).rows.tobytes() == hours(20).rows.tobytes()


@pytest.mark.parametrize("symbol", ["US500.cash", "#AAPL", "EURUSD+", "a/b", "..", "50%", "S&P 500", "="])
def test_any_name_of_a_symbol_is_kept(store: MarketStore, symbol: str) -> None:
    key = SeriesKey("a b", symbol, Timeframe.H1)
    store.add(key, hours(3), FACTS)
    assert store.series() == [key]
    assert store.summary(key).symbol == symbol
    assert {path.relative_to(store.root).parts[0] for path in store.root.rglob("*.parquet")} == {"source=a%20b"}


def test_a_series_at_a_glance(filled: MarketStore) -> None:
    summary = filled.summary(HOURS)
    whole = hours(1500)
    assert (summary.rows, summary.months, summary.clocks) == (1500, 3, ("utc+2/us",))
    assert (summary.first_ns, summary.last_ns) == (whole.time_ns[0], whole.time_ns[-1])


def test_sql_sees_all_series_in_utc(store: MarketStore) -> None:
    pytest.importorskip("duckdb")
    store.add(HOURS, hours(50), FACTS)
    store.add(HOURS._replace(symbol="0123"), hours(5), FACTS)
    store.add(TICKS, stamped_by(ticks_at([1_735_776_000_000]), US), FACTS)
    counted = store.query(
        "SELECT symbol, timeframe, count(*), epoch_ns(min(time)) FROM bars GROUP BY ALL ORDER BY symbol"
    )
    first = int(hours(1).time_ns[0])
    assert counted.fetchall() == [("0123", "H1", 5, first), ("EURUSD", "H1", 50, first)]
    assert store.query("SELECT source, bid, server_offset_s FROM ticks").fetchall() == [("mt5", 1.1, 7200)]


def test_without_duckdb_only_sql_is_missing(store: MarketStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)
    store.add(HOURS, hours(5), FACTS)
    assert store.bars("EURUSD", Timeframe.H1).rows.size == 5
    with pytest.raises(SqlUnavailableError, match=r"pip install 'mt5-companion\[backtest\]'"):
        store.query("SELECT 1")


def test_the_room_is_imported_without_duckdb() -> None:
    code = "import sys, marketdata; sys.exit('duckdb' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_an_empty_window_has_the_dtype(filled: MarketStore) -> None:
    assert filled.bars("EURUSD", Timeframe.H1, 0, 1).rows.dtype == RATES_DTYPE
    assert np.zeros(0, TICK_DTYPE).dtype != RATES_DTYPE
