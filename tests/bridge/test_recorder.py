"""Finished segments become Parquet: nothing lost, nothing doubled, wherever the recorder dies; readable by anybody."""

import shutil
import threading
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

import bridge.recorder
from bridge.audit import audit
from bridge.capture import CaptureLimits, CaptureWriter, recorded_seq
from bridge.config import Places
from bridge.files import FolderInUseError, FolderLock
from bridge.inputs import Decided, Fed, Input
from bridge.recorder import Recorder, run_recorder
from bridge.records import EntryKind
from bridge.review import Review
from bridge.segments import segment_paths
from sim.session_host import run_terminal
from strategy.tables import DECISION_DTYPE
from tests.bridge.floor import Floor, Market, played
from tests.bridge.running import a_config, a_terminal, serving

pytestmark = pytest.mark.integration

MARKET = Market()
ACCOUNT = "Test-Demo:5000001"
EVER_NS = 1 << 62
SMALL = CaptureLimits(segment_bytes=60_000)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with many finished segments and a live one."""
    folder = tmp_path_factory.mktemp("run")
    config = a_config(folder, capture=SMALL)
    with serving(config) as served:
        run_terminal(a_terminal(folder, served.endpoint, MARKET))
    assert len(segment_paths(config.places.capture)) > 3
    return config.data_dir


@pytest.fixture(scope="module")
def undisturbed() -> Floor:
    return played(MARKET)


@pytest.fixture
def data_dir(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(original, tmp_path / "data"))


def everything(data_dir: Path) -> list[tuple[object, ...]]:
    """All inputs on record, as values that can be compared."""
    return [_plain(one) for one in Review(data_dir).inputs(ACCOUNT)]


def _plain(one: Input) -> tuple[object, ...]:
    fields = [
        getattr(one, name) for name in one.__struct_fields__ if not (isinstance(one, Decided) and name == "wall_ns")
    ]
    return type(one).__name__, *(field.tobytes() if isinstance(field, np.ndarray) else field for field in fields)


def test_parquet_holds_what_the_segments_held(data_dir: Path) -> None:
    before = everything(data_dir)
    segments = len(segment_paths(Places(data_dir).capture))
    assert Recorder(data_dir).run_once() == segments - 1
    assert len(segment_paths(Places(data_dir).capture)) == 1
    assert everything(data_dir) == before
    assert Recorder(data_dir).run_once() == 0


def test_the_live_segment_is_left_alone(data_dir: Path) -> None:
    live = segment_paths(Places(data_dir).capture)[-1]
    Recorder(data_dir).run_once()
    assert segment_paths(Places(data_dir).capture) == [live]


@pytest.mark.parametrize("step", ["write_partition", "mark_done", "remember_recorded_seq", "sync_folder"])
@pytest.mark.parametrize("survived", [0, 1, 2])
def test_a_recorder_that_dies_anywhere_loses_and_doubles_nothing(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, step: str, survived: int
) -> None:
    before = everything(data_dir)
    dies_after(monkeypatch, step, survived)
    with pytest.raises(KeyboardInterrupt):
        Recorder(data_dir).run_once()
    assert everything(data_dir) == before
    monkeypatch.undo()
    Recorder(data_dir).run_once()
    assert everything(data_dir) == before


def dies_after(monkeypatch: pytest.MonkeyPatch, step: str, survived: int) -> None:
    real = getattr(bridge.recorder, step)
    calls = iter(range(1 << 30))

    def dying(*arguments: object) -> None:
        if next(calls) >= survived:
            raise KeyboardInterrupt
        real(*arguments)

    monkeypatch.setattr(bridge.recorder, step, dying)


def test_seq_is_never_given_out_again(data_dir: Path) -> None:
    last = max(int(str(row[1])) for row in everything(data_dir))
    Recorder(data_dir).run_once()
    capture = Places(data_dir).capture
    assert recorded_seq(capture) > 0
    writer = CaptureWriter(capture, mono_ns=0, wall_ns=0)
    assert writer.next_seq > last
    writer.close(0, 0)


def test_people_can_read_ticks_and_decisions(data_dir: Path, undisturbed: Floor) -> None:
    Recorder(data_dir).run_once()
    root = Places(data_dir).recordings
    ticks = pq.read_table(root / "ticks")
    assert set(ticks["account"].to_pylist()) == {ACCOUNT}
    assert set(ticks["symbol"].to_pylist()) == {"EURUSD"}
    bids = ticks.sort_by("seq")["bid"].to_numpy()
    assert np.array_equal(bids, MARKET.ticks["bid"][: len(bids)])
    decisions = pq.read_table(root / "decisions").sort_by("seq")
    recorded = np.frombuffer(b"".join(decisions["record"].to_pylist()), DECISION_DTYPE)
    assert recorded.tobytes() == undisturbed.heard.decisions[: len(recorded)].tobytes()
    entries = [row for row in decisions.to_pylist() if row["kind"] == "entry"]
    refused = [row for row in entries if row["decided_by"] == "duplicate"]
    assert refused
    assert all(row["duplicate_verdict"] == "refused" for row in refused)
    assert all(row["duplicate_value"] < row["duplicate_threshold"] for row in refused)
    assert all(row["time_stop_verdict"] is None for row in entries)
    assert {row["action"] for row in entries} == {"hold", "buy", "sell"}


def test_frames_and_events_are_kept_and_chatter_is_not(data_dir: Path) -> None:
    Recorder(data_dir).run_once()
    inputs = pq.read_table(Places(data_dir).recordings / "inputs")
    kinds = set(inputs["kind"].to_pylist())
    assert {EntryKind.ENGINE_START, EntryKind.EVENTS, EntryKind.WARM_UP, EntryKind.INBOUND} <= kinds
    assert EntryKind.DECISIONS not in kinds
    assert inputs.num_rows < 2000


def test_a_torn_segment_is_recorded_up_to_the_tear(data_dir: Path) -> None:
    before = everything(data_dir)
    path = segment_paths(Places(data_dir).capture)[0]
    path.write_bytes(path.read_bytes()[:-7])
    Recorder(data_dir).run_once()
    after = everything(data_dir)
    assert any(row[0] == "Lost" for row in after)
    kept = [row for row in after if row[0] != "Lost"]
    assert len(before) - len(kept) <= 1
    assert set(map(repr, kept)) <= set(map(repr, before))


def test_a_missing_segment_is_noticed(data_dir: Path) -> None:
    segment_paths(Places(data_dir).capture)[1].unlink()
    Recorder(data_dir).run_once()
    lost = [row for row in everything(data_dir) if row[0] == "Lost"]
    assert len(lost) == 1
    assert not audit(data_dir, ACCOUNT, 0, EVER_NS).is_clean


def test_an_audit_reads_parquet_and_live_segments_alike(data_dir: Path) -> None:
    before = audit(data_dir, ACCOUNT, 0, EVER_NS)
    Recorder(data_dir).run_once()
    after = audit(data_dir, ACCOUNT, 0, EVER_NS)
    assert before == after
    assert after.is_clean


def test_a_batch_is_never_divided(data_dir: Path) -> None:
    batches = [one for one in Review(data_dir).inputs(ACCOUNT) if isinstance(one, Fed)]
    Recorder(data_dir).run_once()
    again = [one for one in Review(data_dir).inputs(ACCOUNT) if isinstance(one, Fed)]
    assert [(one.batch, len(one.ticks)) for one in again] == [(one.batch, len(one.ticks)) for one in batches]


def test_it_runs_until_it_is_told_to_stop(original: Path, tmp_path: Path) -> None:
    config = a_config(tmp_path)
    shutil.copytree(original, config.data_dir)
    stop = threading.Event()
    thread = threading.Thread(target=run_recorder, args=(config, stop))
    thread.start()
    while len(segment_paths(config.places.capture)) > 1:
        assert thread.is_alive()
    stop.set()
    thread.join(20)
    assert not thread.is_alive()


def test_there_is_one_recorder(tmp_path: Path) -> None:
    config = a_config(tmp_path)
    stop = threading.Event()
    stop.set()
    with FolderLock(config.places.recorder_lock), pytest.raises(FolderInUseError):
        run_recorder(config, stop)
