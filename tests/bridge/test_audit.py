"""An audit finds nothing on a true run, and every number that was changed afterwards."""

import shutil
from pathlib import Path

import msgspec
import numpy as np
import pytest

import bridge.audit
from account.events import IntentIssued, decoded, encoded
from bridge.audit import audit
from bridge.capture import CaptureWriter
from bridge.config import Places
from bridge.records import Entry, EntryFlag, EntryKind
from bridge.segments import entries_in, scan_segment, segment_paths
from bridge.trader import EngineStart
from domain.servertime import NS_PER_S
from sim.session_host import run_terminal
from strategy.gates import DecisionKind, Gate
from strategy.tables import DECISION_DTYPE
from tests.bridge.floor import Market
from tests.bridge.running import a_config, a_terminal, serving
from tests.strategy.markets import START_MSC

pytestmark = pytest.mark.integration

MARKET = Market()
ACCOUNT = "Test-Demo:5000001"
EVER_NS = 1 << 62
START_NS = START_MSC * 1_000_000


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run in two lives of the bridge."""
    folder = tmp_path_factory.mktemp("run")
    config = a_config(folder)
    for _ in range(2):
        with serving(config) as served:
            run_terminal(a_terminal(folder, served.endpoint, MARKET, state_dir=folder / "terminal"))
    return config.data_dir


@pytest.fixture
def data_dir(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(original, tmp_path / "data"))


def rewritten(data_dir: Path, change: "Change") -> None:
    """Write the capture anew with changed entries."""
    capture = Places(data_dir).capture
    entries = [change(entry) for entry in entries_in(capture)]
    for path in segment_paths(capture):
        path.unlink()
    writer = CaptureWriter(capture, mono_ns=0, wall_ns=0)
    for entry in entries:
        if entry is None:
            writer.next_seq += 1
            continue
        writer.append(
            EntryKind(entry.kind), entry.terminal, entry.payload, entry.mono_ns, entry.wall_ns, EntryFlag(entry.flags)
        )
    writer.close(0, 0)


class Change:
    """Changes the `which`-th entry of a kind."""

    def __init__(self, kind: EntryKind, which: int) -> None:
        self.kind = kind
        self.which = which
        self.seen = -1

    def __call__(self, entry: Entry) -> Entry | None:
        if entry.kind == self.kind:
            self.seen += 1
            if self.seen == self.which:
                return self.changed(entry)
        return entry

    def changed(self, entry: Entry) -> Entry | None:
        raise AssertionError("a change says what it changes")


class Dropped(Change):
    def changed(self, entry: Entry) -> Entry | None:
        return None


def is_about_an_entry(entry: Entry) -> bool:
    """Whether the first decision has a score: positions have none, and where theirs lie depends on the batches."""
    if entry.kind != EntryKind.DECISIONS:
        return False
    first = np.frombuffer(entry.payload, DECISION_DTYPE)[0]
    return bool(first["kind"] == DecisionKind.ENTRY and np.isfinite(first["score"]))


class DecisionField(Change):
    """Changes one field of the `which`-th decision about an entry by the least possible amount."""

    def __init__(self, which: int, field: str) -> None:
        super().__init__(EntryKind.DECISIONS, which)
        self.field = field

    def __call__(self, entry: Entry) -> Entry | None:
        return super().__call__(entry) if is_about_an_entry(entry) else entry

    def changed(self, entry: Entry) -> Entry:
        rows = np.frombuffer(entry.payload, DECISION_DTYPE).copy()
        if self.field == "gates":
            rows["gates"][0, Gate.SPREAD, 0] = np.nextafter(rows["gates"][0, Gate.SPREAD, 0], np.inf)
        elif rows[self.field].dtype.kind == "f":
            rows[self.field][0] = np.nextafter(rows[self.field][0], np.inf)
        else:
            rows[self.field][0] += 1
        return entry._replace(payload=rows.tobytes())


class IssuedIntent(Change):
    """Changes the stop of an intent, wherever it was issued."""

    def __init__(self) -> None:
        super().__init__(EntryKind.EVENTS, 0)

    def __call__(self, entry: Entry) -> Entry | None:
        if entry.kind == EntryKind.EVENTS and b'"intent_issued"' in entry.payload and self.seen < 0:
            self.seen = 0
            return self.changed(entry)
        return entry

    def changed(self, entry: Entry) -> Entry:
        events = [decoded(msgspec.json.encode(one)) for one in msgspec.json.decode(entry.payload)]
        changed = [
            msgspec.structs.replace(event, intent=msgspec.structs.replace(event.intent, sl=event.intent.sl + 1e-5))
            if isinstance(event, IntentIssued)
            else event
            for event in events
        ]
        return entry._replace(payload=b"[" + b",".join(encoded(event) for event in changed) + b"]")


class OtherStart(Change):
    """Changes what an engine start says."""

    def __init__(self, **fields: object) -> None:
        super().__init__(EntryKind.ENGINE_START, 0)
        self.fields = fields

    def changed(self, entry: Entry) -> Entry:
        start = msgspec.json.decode(entry.payload, type=EngineStart)
        return entry._replace(payload=msgspec.json.encode(msgspec.structs.replace(start, **self.fields)))


def test_a_true_run_has_no_difference(data_dir: Path) -> None:
    report = audit(data_dir, ACCOUNT, 0, EVER_NS)
    assert report.is_clean
    assert report.notes == ()
    assert report.engine_starts == 2
    assert report.ticks == 2 * len(MARKET.ticks)
    assert report.decisions > 0
    assert report.intents > 0


def test_a_window_is_as_large_as_asked(data_dir: Path) -> None:
    first, last = START_NS + 600 * NS_PER_S, START_NS + 900 * NS_PER_S
    report = audit(data_dir, ACCOUNT, first, last)
    assert report.is_clean
    assert report.ticks == 2 * 61


def test_a_window_without_a_record_is_no_clean_one(data_dir: Path) -> None:
    report = audit(data_dir, ACCOUNT, 0, 1)
    assert not report.is_clean
    assert report.problems == ("nothing of this window is on record",)


@pytest.mark.parametrize("field", ["atr", "score", "lots", "sl", "equity", "action", "bars_seen", "intent_id", "gates"])
def test_the_least_change_of_a_record_is_found(data_dir: Path, field: str) -> None:
    rewritten(data_dir, DecisionField(20, field))
    report = audit(data_dir, ACCOUNT, 0, EVER_NS)
    (difference,) = report.differences
    assert difference.field == ("spread value" if field == "gates" else field)
    assert difference.recorded != difference.decided
    assert difference.symbol == "EURUSD"
    assert not report.is_clean


def test_a_change_outside_the_window_is_not_its_matter(data_dir: Path) -> None:
    rewritten(data_dir, DecisionField(20, "atr"))
    (difference,) = audit(data_dir, ACCOUNT, 0, EVER_NS).differences
    assert audit(data_dir, ACCOUNT, difference.time_ns + 1, EVER_NS).is_clean
    assert not audit(data_dir, ACCOUNT, difference.time_ns, difference.time_ns).is_clean


def test_a_decision_that_is_missing_is_found(data_dir: Path) -> None:
    rewritten(data_dir, Dropped(EntryKind.DECISIONS, 5))
    report = audit(data_dir, ACCOUNT, 0, EVER_NS)
    assert any("are missing" in problem for problem in report.problems)


def killed_while_writing(data_dir: Path, last: EntryKind) -> None:
    """The first life's record ends with `last` of the last batch that led to an intent; the second follows as it is."""
    capture = Places(data_dir).capture
    first, second = (list(scan_segment(path).entries) for path in segment_paths(capture))
    issued = max(i for i, entry in enumerate(first) if b'"intent_issued"' in entry.payload)
    end = max(i for i, entry in enumerate(first[: issued + 1]) if entry.kind == last)
    for path in segment_paths(capture):
        path.unlink()
    writer = CaptureWriter(capture, mono_ns=0, wall_ns=0)
    for entry in (*first[: end + 1], *second):
        writer.append(EntryKind(entry.kind), entry.terminal, entry.payload, 0, 0, EntryFlag(entry.flags))
    writer.close(0, 0)


@pytest.mark.parametrize("last", [EntryKind.INBOUND, EntryKind.DECISIONS])
def test_what_a_killed_process_could_not_write_down_any_more_is_no_difference(data_dir: Path, last: EntryKind) -> None:
    killed_while_writing(data_dir, last)
    report = audit(data_dir, ACCOUNT, 0, EVER_NS)
    assert report.differences == ()
    assert len([note for note in report.notes if "was killed while it wrote" in note]) == 1


def test_what_a_killed_process_did_write_down_must_be_right(data_dir: Path) -> None:
    killed_while_writing(data_dir, EntryKind.DECISIONS)
    entries = list(entries_in(Places(data_dir).capture))
    restart = [i for i, entry in enumerate(entries) if entry.kind == EntryKind.ENGINE_START][1]
    last = sum(map(is_about_an_entry, entries[:restart])) - 1
    rewritten(data_dir, DecisionField(last, "lots"))
    assert "lots" in {difference.field for difference in audit(data_dir, ACCOUNT, 0, EVER_NS).differences}


def test_a_changed_intent_is_found(data_dir: Path) -> None:
    rewritten(data_dir, IssuedIntent())
    report = audit(data_dir, ACCOUNT, 0, EVER_NS)
    assert any((difference.field, difference.what[:6]) == ("sl", "intent") for difference in report.differences)


def test_other_settings_than_recorded_show(data_dir: Path) -> None:
    settings = a_config(data_dir).engine
    entry = msgspec.structs.replace(settings.entry, risk_fraction=0.005)
    rewritten(data_dir, OtherStart(settings=msgspec.structs.replace(settings, entry=entry)))
    report = audit(data_dir, ACCOUNT, 0, EVER_NS)
    assert {difference.field for difference in report.differences} >= {"lots", "risk lots value"}


def test_another_account_than_at_the_start_is_a_problem(data_dir: Path) -> None:
    rewritten(data_dir, OtherStart(account_digest="0"))
    report = audit(data_dir, ACCOUNT, 0, EVER_NS)
    assert any("gives another account" in problem for problem in report.problems)


def test_another_program_is_named(data_dir: Path) -> None:
    rewritten(data_dir, OtherStart(kernels="0"))
    report = audit(data_dir, ACCOUNT, 0, EVER_NS)
    assert report.is_clean
    assert any("other kernels" in note for note in report.notes)


def test_records_of_another_form_are_not_read(data_dir: Path) -> None:
    rewritten(data_dir, OtherStart(decision_layout="0"))
    report = audit(data_dir, ACCOUNT, 0, EVER_NS)
    assert any("another form" in problem for problem in report.problems)


def test_differences_are_listed_up_to_a_limit(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bridge.audit, "MOST_DIFFERENCES", 3)
    settings = a_config(data_dir).engine
    entry = msgspec.structs.replace(settings.entry, risk_fraction=0.005)
    rewritten(data_dir, OtherStart(settings=msgspec.structs.replace(settings, entry=entry)))
    assert len(audit(data_dir, ACCOUNT, 0, EVER_NS).differences) == 3
