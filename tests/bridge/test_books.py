"""What is written when: the journal before an intent, everything else when there is time."""

from pathlib import Path

import pytest

from account.journal import Journal, JournalReader, JournalWriteError
from bridge.books import Books
from bridge.capture import CaptureWriter
from bridge.records import STRANGER, EntryFlag, EntryKind
from bridge.segments import entries_in
from bridge.trader import Trader
from tests.bridge.floor import EAGER, MS, SECOND
from tests.strategy.markets import a_spec, opening_events


@pytest.fixture
def books(tmp_path: Path) -> Books:
    return Books(Journal.open(tmp_path / "journal"), CaptureWriter(tmp_path / "capture", mono_ns=0, wall_ns=0))


def a_trader() -> Trader:
    trader = Trader("a:1", EAGER)
    trader.book(opening_events([a_spec()]))
    return trader


def on_disk(tmp_path: Path) -> int:
    with JournalReader.open(tmp_path / "journal") as journal:
        return len(list(journal.read("a:1")))


def test_what_is_secured_is_on_the_disk(books: Books, tmp_path: Path) -> None:
    assert books.secure(a_trader(), 1)
    assert on_disk(tmp_path) == 3
    assert not books.is_waiting
    books.close(1, 1)


def test_what_is_kept_waits_for_a_calm_moment(books: Books, tmp_path: Path) -> None:
    books.keep(a_trader())
    assert books.is_waiting
    books.commit_if_due(1, idle=False)
    assert on_disk(tmp_path) == 0
    books.commit_if_due(1, idle=True)
    assert on_disk(tmp_path) == 3
    books.close(1, 1)


def test_it_waits_for_200_ms_at_most(books: Books, tmp_path: Path) -> None:
    books.keep(a_trader())
    books.commit_if_due(199 * MS, idle=False)
    assert on_disk(tmp_path) == 0
    books.commit_if_due(200 * MS, idle=False)
    assert on_disk(tmp_path) == 3
    books.close(1, 1)


def test_nothing_is_lost_while_the_disk_refuses(books: Books, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refusing(journal: Journal) -> int:
        raise JournalWriteError("disk full")

    monkeypatch.setattr(Journal, "commit", refusing)
    assert not books.secure(a_trader(), SECOND)
    assert books.problem == "disk full"
    monkeypatch.undo()
    books.commit_if_due(SECOND + SECOND // 2, idle=True)
    assert on_disk(tmp_path) == 0  # after a refusal it is tried once a second
    books.commit_if_due(2 * SECOND, idle=False)
    assert on_disk(tmp_path) == 3
    assert books.problem == ""
    books.close(1, 1)


def test_closing_writes_what_is_left(books: Books, tmp_path: Path) -> None:
    books.keep(a_trader())
    books.note_outbound(1, [b"bye"], 1, 1)
    books.close(2, 2)
    assert on_disk(tmp_path) == 3
    assert [entry.payload for entry in entries_in(tmp_path / "capture")] == [b"bye"]


def test_frames_and_records_are_captured_in_order(books: Books, tmp_path: Path) -> None:
    books.note_inbound(1, b"ticks", EntryFlag.CONSUMED, 1, 1)
    books.note_records(1, a_trader().take_records(), 1, 1)
    books.note_outbound(1, [b"decision", b"intent"], 1, 1)
    books.close(1, 1)
    kinds = [entry.kind for entry in entries_in(tmp_path / "capture")]
    assert kinds == [
        EntryKind.INBOUND,
        EntryKind.ENGINE_START,
        EntryKind.EVENTS,
        EntryKind.OUTBOUND,
        EntryKind.OUTBOUND,
    ]


def test_strangers_are_cut_and_limited(books: Books, tmp_path: Path) -> None:
    for _ in range(60):
        books.note_inbound(STRANGER, bytes(9000), EntryFlag.NONE, SECOND, 1)
        books.note_outbound(STRANGER, [b"no"], SECOND, 1)
    books.note_inbound(STRANGER, b"later", EntryFlag.NONE, 3 * SECOND, 1)
    books.note_inbound(1, b"ours", EntryFlag.NONE, SECOND, 1)
    books.close(1, 1)
    entries = list(entries_in(tmp_path / "capture"))
    assert sum(entry.kind == EntryKind.INBOUND and entry.terminal == STRANGER for entry in entries) == 51
    assert max(len(entry.payload) for entry in entries) == 4096
    assert entries[-1].payload == b"ours"
