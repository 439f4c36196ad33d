"""Tables of ticks, decisions and inputs: written and read back bit for bit, found by day, quoted by account."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.inputs import Decided, Fed
from bridge.recordings import (
    Partition,
    SegmentDone,
    accounts_in,
    batches_of,
    day_of,
    decided_of,
    decisions_table,
    entries_of,
    files_between,
    files_of,
    inputs_table,
    mark_done,
    segments_done,
    starts_in,
    ticks_table,
    write_partition,
)
from bridge.records import Entry, EntryKind
from domain.dtypes import TICK_DTYPE
from domain.timeframes import Timeframe
from domain.updates import Money
from strategy.gates import NO_GATE, Action, Care, DecisionKind, Gate, Verdict, gate_name
from strategy.tables import DECISION_DTYPE, Table

ACCOUNT = "A Broker/Live:1"
_FLOATS = st.floats(allow_nan=False, allow_infinity=False)


def some_batches(rng: np.random.Generator, count: int) -> list[Fed]:
    batches = []
    for number in range(count):
        ticks = np.frombuffer(rng.bytes(TICK_DTYPE.itemsize * int(rng.integers(1, 5))), TICK_DTYPE)
        batches.append(
            Fed(
                seq=number * 3 + 1,
                account=ACCOUNT,
                wall_ns=number,
                symbol="EURUSD.m",
                batch=number + 7,
                server_offset_s=7200,
                money=Money(balance=1.5, equity=rng.random(), margin=0.0, margin_free=-1.0),
                ticks=ticks,
                consumed=bool(number % 2),
            )
        )
    return batches


def written(root: Path, table_name: str, table: object, symbol: str = "", first_seq: int = 1) -> Path:
    place = Partition(table_name, ACCOUNT, symbol, "2024-01-02")
    write_partition(root, place, first_seq, table)
    return place.folder(root) / f"{first_seq:020d}.parquet"


def values(batch: Fed) -> tuple[object, ...]:
    return tuple(
        field.tobytes() if isinstance(field, np.ndarray) else field
        for field in (getattr(batch, name) for name in batch.__struct_fields__)
    )


@given(st.integers(0, 1 << 30), st.integers(1, 6))
def test_batches_read_back_bit_for_bit(tmp_path_factory: pytest.TempPathFactory, seed: int, count: int) -> None:
    batches = some_batches(np.random.default_rng(seed), count)
    path = written(tmp_path_factory.mktemp("ticks"), "ticks", ticks_table(batches), "EURUSD.m")
    assert [values(batch) for batch in batches_of(path, ACCOUNT)] == [values(batch) for batch in batches]


def some_decisions(rng: np.random.Generator, count: int) -> Table:
    """Records of random bits where any bits may be, and of words where words are."""
    rows = np.frombuffer(rng.bytes(DECISION_DTYPE.itemsize * count), DECISION_DTYPE).copy()
    rows["symbol"], rows["timeframe"] = 0, Timeframe.H1
    rows["kind"] = rng.choice([int(kind) for kind in DecisionKind], count)
    rows["action"] = rng.choice([int(action) for action in Action], count)
    rows["decided_by"] = rng.choice([-1, 0, 1, 2, 3], count)
    rows["gates"][:, :, 2] = rng.choice([int(verdict) for verdict in Verdict], (count, rows["gates"].shape[1]))
    rows["time_ns"] = 1_700_000_000_000_000_000 + np.arange(count)
    return rows


@given(st.integers(0, 1 << 30), st.lists(st.integers(1, 3), min_size=1, max_size=4))
def test_decisions_read_back_bit_for_bit(
    tmp_path_factory: pytest.TempPathFactory, seed: int, counts: list[int]
) -> None:
    rng = np.random.default_rng(seed)
    decided = [
        Decided(seq=n, account=ACCOUNT, wall_ns=0, symbols=("X",) * count, rows=some_decisions(rng, count))
        for n, count in enumerate(counts)
    ]
    path = written(tmp_path_factory.mktemp("decisions"), "decisions", decisions_table(decided))
    again = list(decided_of(path, ACCOUNT))
    assert [(one.seq, one.symbols, one.rows.tobytes()) for one in again] == [
        (one.seq, one.symbols, one.rows.tobytes()) for one in decided
    ]


@pytest.mark.parametrize("kind", [DecisionKind.ENTRY, DecisionKind.POSITION])
def test_files_are_read_together_whatever_is_missing_in_one(tmp_path: Path, kind: DecisionKind) -> None:
    for first_seq, decided_by, verdict in ((1, NO_GATE, Verdict.ABSENT), (2, 0, Verdict.PASSED)):
        rows = np.zeros(1, DECISION_DTYPE)
        rows["kind"], rows["timeframe"], rows["action"] = kind, Timeframe.M5, Action.HOLD
        rows["decided_by"] = decided_by
        rows["gates"][:, :, 2] = verdict
        decided = Decided(seq=first_seq, account=ACCOUNT, wall_ns=0, symbols=("EURUSD",), rows=rows)
        written(tmp_path, "decisions", decisions_table([decided]), first_seq=first_seq)
    assert pq.read_table(tmp_path / "decisions").sort_by("seq")["decided_by"].to_pylist() == [None, gate_name(kind, 0)]


def test_gates_have_columns_of_their_own(tmp_path: Path) -> None:
    rows = np.zeros(2, DECISION_DTYPE)
    rows["kind"], rows["timeframe"], rows["decided_by"] = DecisionKind.ENTRY, Timeframe.M5, Gate.SPREAD
    rows["kind"][1], rows["decided_by"][1] = DecisionKind.POSITION, Care.TRAILING
    rows["gates"][0, Gate.SPREAD] = (31.0, 20.0, Verdict.REFUSED)
    rows["gates"][1, Care.TRAILING] = (1.7, 1.5, Verdict.FIRED)
    decided = Decided(seq=1, account=ACCOUNT, wall_ns=0, symbols=("EURUSD", "EURUSD"), rows=rows)
    entry, position = pq.read_table(written(tmp_path, "decisions", decisions_table([decided]))).to_pylist()
    assert (entry["kind"], entry["decided_by"], entry["timeframe"]) == ("entry", "spread", "M5")
    assert (entry["spread_value"], entry["spread_threshold"], entry["spread_verdict"]) == (31.0, 20.0, "refused")
    assert (entry["trailing_verdict"], entry["session_verdict"]) == (None, None)
    assert (position["decided_by"], position["trailing_verdict"]) == ("trailing", "fired")
    assert position["spread_verdict"] is None


@given(st.lists(st.binary(max_size=50), min_size=1, max_size=10))
def test_entries_read_back(tmp_path_factory: pytest.TempPathFactory, payloads: list[bytes]) -> None:
    entries = [Entry(3, 1, 65_535, n, -n, 1 << 62, payload) for n, payload in enumerate(payloads)]
    path = written(tmp_path_factory.mktemp("inputs"), "inputs", inputs_table(entries))
    assert entries_of(path) == entries


def test_engine_starts_are_found(tmp_path: Path) -> None:
    kinds = [EntryKind.EVENTS, EntryKind.ENGINE_START, EntryKind.NOTE, EntryKind.ENGINE_START]
    entries = [Entry(kind, 0, 1, n, 0, 0, b"") for n, kind in enumerate(kinds)]
    assert starts_in(written(tmp_path, "inputs", inputs_table(entries))) == [1, 3]


def test_accounts_with_any_name_have_a_folder_of_their_own(tmp_path: Path) -> None:
    written(tmp_path, "inputs", inputs_table([]))
    assert accounts_in(tmp_path) == [ACCOUNT]
    assert len(list((tmp_path / "inputs").iterdir())) == 1


def test_files_are_found_by_segment_and_by_day(tmp_path: Path) -> None:
    table = inputs_table([])
    for day, seq in (("2024-01-01", 1), ("2024-01-02", 1), ("2024-01-02", 50), ("2024-01-03", 90)):
        write_partition(tmp_path, Partition("inputs", ACCOUNT, "", day), seq, table)
    assert len(files_of(tmp_path, "inputs", ACCOUNT, 1)) == 2
    day_ns = 86_400_000_000_000
    second = int(np.datetime64("2024-01-02", "ns").astype(np.int64))
    assert len(files_between(tmp_path, "inputs", ACCOUNT, second, second + day_ns - 1)) == 2
    assert len(files_between(tmp_path, "inputs", ACCOUNT, second - 1, second + day_ns)) == 4
    assert len(files_between(tmp_path, "inputs", ACCOUNT, -(1 << 62), 1 << 70)) == 4
    assert files_between(tmp_path, "inputs", "nobody:1", 0, 1 << 62) == []


def test_writing_a_segment_again_replaces_its_files(tmp_path: Path) -> None:
    first = written(tmp_path, "inputs", inputs_table([Entry(2, 0, 1, 1, 0, 0, b"a")]))
    again = written(tmp_path, "inputs", inputs_table([Entry(2, 0, 1, 1, 0, 0, b"b")]))
    assert first == again
    assert [entry.payload for entry in entries_of(first)] == [b"b"]
    assert len(list(first.parent.iterdir())) == 1


def test_segments_that_are_done(tmp_path: Path) -> None:
    assert segments_done(tmp_path) == []
    mark_done(tmp_path, SegmentDone(41, 80, 5))
    mark_done(tmp_path, SegmentDone(1, 40, 0))
    assert segments_done(tmp_path) == [SegmentDone(1, 40, 0), SegmentDone(41, 80, 5)]


@pytest.mark.parametrize(
    ("time_ns", "day"),
    [(0, "1970-01-01"), (-1, "1969-12-31"), (86_400_000_000_000 - 1, "1970-01-01"), (1 << 60, "2006-07-14")],
)
def test_days_are_utc(time_ns: int, day: str) -> None:
    assert day_of(time_ns) == day
