"""The journal as a file: what is written is read, by one writer and many readers."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from account.events import AccountEvent, EquityMarked, EventError, Flagged, FlagKind
from account.journal import (
    APPLICATION_ID,
    Journal,
    JournalBusyError,
    JournalCorruptError,
    JournalError,
    JournalReader,
    JournalVersionError,
    JournalWriteError,
)
from account.migrations import SCHEMA_VERSION
from account.state import AccountState
from tests.account.journals import DEMO, LIVE, edited, events_in, mark, written
from tests.account.samples import seen, session
from tests.account.test_events import SAMPLES

pytestmark = pytest.mark.integration


# -- writing and reading ----------------------------------------------------------------------------------------------


def test_everything_comes_back_in_order(journal: Journal) -> None:
    assert journal.append_durably(DEMO, SAMPLES) == len(SAMPLES)
    assert list(journal.read()) == [(seq, DEMO, event) for seq, event in enumerate(SAMPLES, start=1)]


def test_terminals_are_kept_apart(journal: Journal) -> None:
    journal.append_durably(DEMO, [mark(1), mark(2)])
    journal.append_durably(LIVE, [mark(3)])
    journal.append_durably(DEMO, [mark(4)])
    assert journal.terminals() == [DEMO, LIVE]
    assert list(journal.read(DEMO)) == [(1, DEMO, mark(1)), (2, DEMO, mark(2)), (4, DEMO, mark(4))]
    assert list(journal.read(LIVE)) == [(3, LIVE, mark(3))]
    assert list(journal.read("nobody")) == []


@pytest.mark.parametrize(("after_seq", "seqs"), [(0, [1, 2, 3]), (-1, [1, 2, 3]), (2, [3]), (3, []), (9, [])])
def test_reading_goes_on_after_a_number(journal: Journal, after_seq: int, seqs: list[int]) -> None:
    journal.append_durably(DEMO, [mark(1), mark(2), mark(3)])
    assert [seq for seq, _, _ in journal.read(after_seq=after_seq)] == seqs


def test_what_was_appended_is_read_once_it_is_committed(journal: Journal) -> None:
    assert [journal.append(DEMO, mark(n)) for n in (1, 2)] == [1, 2]
    assert list(journal.read()) == []
    assert journal.last_seq == 2
    assert journal.commit() == 2
    assert len(list(journal.read())) == 2
    assert journal.commit() == 2


def test_closing_writes_what_waits(path: Path) -> None:
    with Journal.open(path) as journal:
        journal.append(DEMO, mark(1))
    assert events_in(path) == [mark(1)]


def test_the_next_process_goes_on_where_the_last_one_stopped(path: Path) -> None:
    for number in range(1, 6):
        with Journal.open(path, durable=bool(number % 2)) as journal:
            assert journal.append_durably(DEMO, [mark(number)]) == number
    with JournalReader.open(path) as reader:
        assert reader.verify() == (5, None, "")
    assert events_in(path) == [mark(n) for n in range(1, 6)]


def test_more_events_than_are_read_at_once(path: Path) -> None:
    count = 12_345
    written(path, [mark(n) for n in range(count)])
    assert events_in(path) == [mark(n) for n in range(count)]


def test_an_event_that_would_not_read_back_leaves_no_gap(journal: Journal) -> None:
    with pytest.raises(EventError):
        journal.append(DEMO, EquityMarked(time_ns=1, equity=float("nan"), balance=0.0, margin=0.0))
    assert journal.append_durably(DEMO, [mark(1)]) == 1
    assert journal.verify().sound


def test_folders_are_made(tmp_path: Path) -> None:
    written(tmp_path / "data" / "of" / "me" / "journal.db", [mark(1)])


def test_a_path_may_hold_anything(tmp_path: Path) -> None:
    odd = tmp_path / "50% of the #1 user's?" / "jour nal.db"
    written(odd, [mark(1)])
    assert events_in(odd) == [mark(1)]


@given(st.lists(st.tuples(st.sampled_from([DEMO, LIVE]), st.lists(st.sampled_from(SAMPLES), max_size=5)), max_size=8))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_batches_are_read_as_they_were_written(
    tmp_path_factory: pytest.TempPathFactory, batches: list[tuple[str, list[AccountEvent]]]
) -> None:
    path = tmp_path_factory.mktemp("any") / "journal.db"
    with Journal.open(path, durable=False) as journal:
        for terminal, events in batches:
            journal.append_durably(terminal, events)
    expected = [(terminal, event) for terminal, events in batches for event in events]
    with JournalReader.open(path) as reader:
        assert [(terminal, event) for _, terminal, event in reader.read()] == expected
        assert reader.verify().sound


def test_the_account_is_the_fold_of_its_journal(journal: Journal) -> None:
    events: list[AccountEvent] = [session(), seen(), *SAMPLES]
    live = AccountState()
    for event in events:
        live.apply(event)
        journal.append(DEMO, event)
    journal.append(LIVE, session(login=9))
    journal.commit()
    assert AccountState.replayed(event for _, _, event in journal.read(DEMO)).digest() == live.digest()


# -- readers and writers ----------------------------------------------------------------------------------------------


def test_a_reader_follows_a_writer(journal: Journal, path: Path) -> None:
    with JournalReader.open(path) as reader:
        assert list(reader.read()) == []
        seen_seq = 0
        for number in range(1, 30):
            journal.append_durably(DEMO, [mark(number)])
            journal.append(DEMO, mark(1_000))
            news = list(reader.read(after_seq=seen_seq))
            seen_seq = news[-1][0]
            assert news[-1][2] == mark(number)
            journal.commit()


def test_a_reader_in_the_middle_of_reading_disturbs_nobody(path: Path) -> None:
    with Journal.open(path) as journal:
        journal.append_durably(DEMO, [mark(n) for n in range(11_000)])
        with JournalReader.open(path) as reader:
            rows = reader.read()
            assert next(rows)[0] == 1
            journal.append_durably(DEMO, [mark(n) for n in range(5_000)])
            journal.checkpoint()
            assert [seq for seq, _, _ in rows] == list(range(2, 16_001))


def test_a_reader_cannot_write(journal: Journal, path: Path) -> None:
    journal.append_durably(DEMO, [mark(1)])
    with JournalReader.open(path) as reader, pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader._connection.execute("DELETE FROM event")


def test_a_second_writer_is_refused(journal: Journal, path: Path) -> None:
    with pytest.raises(JournalBusyError, match="another process is writing it"):
        Journal.open(path)
    assert journal.append_durably(DEMO, [mark(1)]) == 1


def test_a_second_process_is_refused(journal: Journal, path: Path) -> None:
    program = f"from account.journal import Journal; Journal.open({str(path)!r})"
    second = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert second.returncode != 0
    assert "JournalBusyError" in second.stderr
    assert str(path) in second.stderr
    assert journal.append_durably(DEMO, [mark(1)]) == 1


def test_the_next_writer_comes_in_after_the_first_left(path: Path) -> None:
    for _ in range(3):
        with Journal.open(path) as journal:
            journal.append_durably(DEMO, [mark(1)])


def test_a_refused_opening_leaves_the_lock_free(path: Path) -> None:
    edited(written(path, [mark(1), mark(2)]), "UPDATE event SET body = 'x' WHERE seq = 2")
    for _ in range(2):
        with pytest.raises(JournalCorruptError):
            Journal.open(path)


def test_a_program_that_locks_the_file_loses_no_event(journal: Journal, path: Path) -> None:
    journal._connection.execute("PRAGMA busy_timeout = 1")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(JournalWriteError, match="2 events wait"):
            journal.append_durably(DEMO, [mark(1), mark(2)])
        other.execute("COMMIT")
    assert journal.append_durably(DEMO, [mark(3)]) == 3
    assert [event for _, _, event in journal.read()] == [mark(1), mark(2), mark(3)]
    assert journal.verify().sound


def test_a_full_disk_loses_no_event(journal: Journal) -> None:
    journal.append_durably(DEMO, [mark(0)])
    (pages,) = journal._connection.execute("PRAGMA page_count").fetchone()
    journal._connection.execute(f"PRAGMA max_page_count = {pages}")
    flag = Flagged(time_ns=1, kind=FlagKind.UNKNOWN_DEAL, subject="x" * 50_000, detail="")
    with pytest.raises(JournalWriteError, match="full"):
        journal.append_durably(DEMO, [flag])
    journal._connection.execute("PRAGMA max_page_count = 1000000")
    assert journal.commit() == 2
    assert [event for _, _, event in journal.read()] == [mark(0), flag]


# -- what is no journal -----------------------------------------------------------------------------------------------


def test_a_missing_journal_is_not_made_by_reading(path: Path) -> None:
    with pytest.raises(JournalError, match="no such file"):
        JournalReader.open(path)
    assert not path.exists()


def test_a_journal_that_was_never_written_to_is_nothing_to_read(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    with pytest.raises(JournalError, match="nothing has been written"):
        JournalReader.open(path)
    Journal.open(path).close()
    assert events_in(path) == []


def test_another_database_is_refused_untouched(path: Path) -> None:
    edited(path, "CREATE TABLE customers (name TEXT)")
    before = path.read_bytes()
    for opening in (Journal.open, JournalReader.open):
        with pytest.raises(JournalError, match="not a journal"):
            opening(path)
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_refused_untouched(path: Path) -> None:
    path.write_bytes(b"time,bid,ask\n" * 100)
    for opening in (Journal.open, JournalReader.open):
        with pytest.raises(JournalCorruptError, match="not a database"):
            opening(path)
    assert path.read_bytes() == b"time,bid,ask\n" * 100


def test_a_journal_of_a_newer_version_is_refused(path: Path) -> None:
    edited(written(path, [mark(1)]), f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    for opening in (Journal.open, JournalReader.open):
        with pytest.raises(JournalVersionError, match=f"has schema {SCHEMA_VERSION + 1}.*update the program"):
            opening(path)


def test_a_folder_is_no_journal(tmp_path: Path) -> None:
    (tmp_path / "journal.db").mkdir()
    with pytest.raises(JournalError):
        Journal.open(tmp_path / "journal.db")


def test_a_new_journal_is_marked_as_ours(journal: Journal) -> None:
    pragmas = {
        name: journal._connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("application_id", "user_version", "journal_mode")
    }
    assert pragmas == {"application_id": APPLICATION_ID, "user_version": SCHEMA_VERSION, "journal_mode": "wal"}


@pytest.mark.parametrize(("durable", "synchronous"), [(True, 2), (False, 1)])
def test_durable_means_that_a_commit_waits_for_the_disk(path: Path, durable: bool, synchronous: int) -> None:
    with Journal.open(path, durable=durable) as journal:
        assert journal._connection.execute("PRAGMA synchronous").fetchone() == (synchronous,)
