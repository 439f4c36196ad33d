"""The journal as a file: what is written is read, and what is not what was written is found."""

import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from account.events import AccountEvent, EquityMarked, EventError, Flagged, FlagKind, encoded, kind_of
from account.journal import (
    APPLICATION_ID,
    TAIL_ROWS,
    Journal,
    JournalBusyError,
    JournalCorruptError,
    JournalError,
    JournalReader,
    JournalVersionError,
    JournalWriteError,
    linked,
    salvage,
)
from account.migrations import SCHEMA_VERSION
from account.state import AccountState
from tests.account.samples import NOON_NS, account, deal, done, issued_event, position, seen, session
from tests.account.test_events import SAMPLES

pytestmark = pytest.mark.integration

DEMO, LIVE = "JustMarkets-Demo2:2000123", "JustMarkets-Live:9"


def mark(number: int) -> EquityMarked:
    return EquityMarked(time_ns=NOON_NS + number, equity=10_000.0 + number / 100, balance=10_000.0, margin=0.0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    with Journal.open(path) as opened:
        yield opened


def written(path: Path, events: list[AccountEvent], terminal: str = DEMO) -> Path:
    with Journal.open(path, durable=False) as journal:
        journal.append_durably(terminal, events)
    return path


def edited(path: Path, sql: str, *values: object) -> Path:
    """Change the file behind the journal's back."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(sql, values)
        connection.commit()
    return path


def events_in(path: Path) -> list[AccountEvent]:
    with JournalReader.open(path) as reader:
        return [event for _, _, event in reader.read()]


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


# -- damage -----------------------------------------------------------------------------------------------------------

DAMAGE: dict[str, tuple[Callable[[Path], Path], int]] = {
    "an edited body": (
        lambda path: edited(path, "UPDATE event SET body = replace(body, '10000.04', '90000.04') WHERE seq = 5"),
        5,
    ),
    "another terminal": (lambda path: edited(path, "UPDATE event SET terminal = 'x' WHERE seq = 4"), 4),
    "another kind": (lambda path: edited(path, "UPDATE event SET kind = 'flagged' WHERE seq = 4"), 4),
    "another time": (lambda path: edited(path, "UPDATE event SET time_ns = 0 WHERE seq = 4"), 4),
    "another checksum": (lambda path: edited(path, "UPDATE event SET crc = 1 WHERE seq = 6"), 6),
    "no checksum": (lambda path: edited(path, "UPDATE event SET crc = 'none' WHERE seq = 6"), 6),
    "a missing row": (lambda path: edited(path, "DELETE FROM event WHERE seq = 3"), 3),
    "the first row missing": (lambda path: edited(path, "DELETE FROM event WHERE seq = 1"), 1),
    "the last row missing": (lambda path: edited(path, "DELETE FROM event WHERE seq = 9"), 9),
    "the last rows missing": (lambda path: edited(path, "DELETE FROM event WHERE seq > 6"), 7),
    "all rows missing": (lambda path: edited(path, "DELETE FROM event"), 1),
    "a row too many": (
        lambda path: edited(path, "INSERT INTO event SELECT 10, time_ns, terminal, kind, body, crc FROM event LIMIT 1"),
        10,
    ),
    "a body of bytes": (lambda path: edited(path, "UPDATE event SET body = x'00ff' WHERE seq = 2"), 2),
    "a body that is no event": (lambda path: edited(path, "UPDATE event SET body = '{}' WHERE seq = 2"), 2),
    "a strange mark": (lambda path: edited(path, "UPDATE meta SET value = 'many'"), 0),
    "no table": (lambda path: edited(path, "DROP TABLE event"), 0),
}


def exchanged(path: Path) -> Path:
    for old, new in ((3, 100), (4, 3), (100, 4)):
        edited(path, "UPDATE event SET seq = ? WHERE seq = ?", new, old)
    return path


DAMAGE["two rows exchanged"] = (exchanged, 3)


def with_body(path: Path, body: bytes) -> Path:
    """A body of the attacker's choice, with the right checksum."""
    (previous,) = sqlite3.connect(path).execute("SELECT crc FROM event WHERE seq = 8").fetchone()
    crc = linked(previous, 9, DEMO.encode(), body)
    return edited(path, "UPDATE event SET body = ?, crc = ? WHERE seq = 9", body.decode(), crc)


DAMAGE["a body of an unknown kind"] = (lambda path: with_body(path, b'{"event":"dreamt","time_ns":1}'), 9)


@pytest.mark.parametrize(("damage", "bad_seq"), DAMAGE.values(), ids=DAMAGE)
def test_damage_is_found_and_located(path: Path, damage: Callable[[Path], Path], bad_seq: int) -> None:
    damage(written(path, [mark(n) for n in range(9)]))
    with pytest.raises(JournalCorruptError) as refusal:
        Journal.open(path)
    assert (refusal.value.path, refusal.value.seq) == (path, bad_seq)
    assert str(path) in str(refusal.value)
    assert f"event {bad_seq}:" in str(refusal.value)
    assert "companion journal repair" in str(refusal.value)
    with JournalReader.open(path) as reader:
        verdict = reader.verify()
        assert (verdict.sound, verdict.first_bad_seq) == (False, bad_seq)
        assert verdict.rows == max(0, bad_seq - 1)
        assert verdict.problem in str(refusal.value)
        with pytest.raises(JournalCorruptError):
            list(reader.read())


def test_a_journal_without_its_version_is_damaged_but_can_be_salvaged(path: Path) -> None:
    edited(written(path, SAMPLES), "PRAGMA user_version = 0")
    for opening in (Journal.open, JournalReader.open):
        with pytest.raises(JournalCorruptError, match="schema version is 0"):
            opening(path)
    assert events_in(salvage(path)) == SAMPLES


def test_reading_stops_at_the_damage_and_gives_what_is_before_it(path: Path) -> None:
    edited(written(path, [mark(n) for n in range(9)]), "UPDATE event SET body = '{}' WHERE seq = 6")
    with JournalReader.open(path) as reader:
        read = reader.read()
        assert [next(read)[2] for _ in range(5)] == [mark(n) for n in range(5)]
        with pytest.raises(JournalCorruptError, match="event 6"):
            next(read)


def test_damage_far_back_is_found_by_reading_not_by_opening(path: Path) -> None:
    written(path, [mark(n) for n in range(TAIL_ROWS + 10)])
    edited(path, "UPDATE event SET body = '{}' WHERE seq = 3")
    with Journal.open(path) as journal:
        assert journal.append_durably(DEMO, [mark(1)]) == TAIL_ROWS + 11
        with pytest.raises(JournalCorruptError, match="event 3"):
            list(journal.read())
        assert list(journal.read(after_seq=TAIL_ROWS + 10)) == [(TAIL_ROWS + 11, DEMO, mark(1))]


def test_reading_after_a_missing_event_is_damage(path: Path) -> None:
    edited(written(path, [mark(n) for n in range(9)]), "DELETE FROM event WHERE seq = 4")
    with JournalReader.open(path) as reader, pytest.raises(JournalCorruptError, match="event 4: is missing"):
        list(reader.read(after_seq=4))


def test_damage_to_other_terminals_events_is_found_too(path: Path) -> None:
    with Journal.open(path) as journal:
        journal.append_durably(DEMO, [mark(1)])
        journal.append_durably(LIVE, [mark(2)])
    edited(path, "UPDATE event SET body = '{}' WHERE seq = 1")
    with JournalReader.open(path) as reader, pytest.raises(JournalCorruptError):
        list(reader.read(LIVE))


def test_opening_a_damaged_journal_changes_no_byte_of_it(path: Path) -> None:
    edited(written(path, [mark(n) for n in range(9)]), "UPDATE event SET body = '{}' WHERE seq = 6")
    before = path.read_bytes()
    with pytest.raises(JournalCorruptError):
        Journal.open(path)
    assert path.read_bytes() == before


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of a journal of a few pages."""
    path = tmp_path_factory.mktemp("image") / "journal.db"
    return written(path, [*SAMPLES, *(mark(n) for n in range(100)), *SAMPLES]).read_bytes()


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory, image: bytes) -> list[AccountEvent]:
    path = tmp_path_factory.mktemp("content") / "journal.db"
    path.write_bytes(image)
    return events_in(path)


def is_sound_or_refused(path: Path, content: list[AccountEvent]) -> None:
    """The one thing that may not happen: a journal that opens and says something else."""
    try:
        with JournalReader.open(path) as reader:
            sound = reader.verify().sound
            read = [event for _, _, event in reader.read()]
    except JournalError:
        return
    assert read == content
    if sound:
        with suppress(JournalError), Journal.open(path) as journal:
            assert journal.append_durably(DEMO, [mark(1)]) == len(content) + 1
            assert journal.verify().sound


@pytest.mark.fuzz
@given(st.data())
@settings(max_examples=150)
def test_random_bytes_in_the_file_never_change_an_event(
    tmp_path_factory: pytest.TempPathFactory, image: bytes, content: list[AccountEvent], data: st.DataObject
) -> None:
    damaged = bytearray(image)
    for _ in range(data.draw(st.integers(1, 3))):
        where = data.draw(st.integers(0, len(image) - 1))
        damaged[where] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("bytes") / "journal.db"
    path.write_bytes(damaged)
    is_sound_or_refused(path, content)


@pytest.mark.fuzz
@given(st.data())
@settings(max_examples=60)
def test_a_truncated_file_never_passes_for_whole(
    tmp_path_factory: pytest.TempPathFactory, image: bytes, content: list[AccountEvent], data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("cut") / "journal.db"
    path.write_bytes(image[: data.draw(st.integers(0, len(image) - 1))])
    is_sound_or_refused(path, content)


@pytest.mark.fuzz
@given(st.data())
@settings(max_examples=40)
def test_a_page_of_zeros_never_passes_for_whole(
    tmp_path_factory: pytest.TempPathFactory, image: bytes, content: list[AccountEvent], data: st.DataObject
) -> None:
    page = data.draw(st.integers(0, len(image) // 4096 - 1)) * 4096
    path = tmp_path_factory.mktemp("zeros") / "journal.db"
    path.write_bytes(image[:page] + bytes(4096) + image[page + 4096 :])
    is_sound_or_refused(path, content)


# -- salvage and backup -----------------------------------------------------------------------------------------------


def test_salvage_copies_what_is_good_and_leaves_the_old_file(path: Path) -> None:
    edited(written(path, [mark(n) for n in range(9)]), "UPDATE event SET body = '{}' WHERE seq = 6")
    before = path.read_bytes()
    saved = salvage(path)
    assert path.read_bytes() == before
    assert saved.parent == path.parent
    assert saved.name == "journal.salvaged.db"
    assert events_in(saved) == [mark(n) for n in range(5)]
    with Journal.open(saved) as journal:
        assert journal.append_durably(DEMO, [mark(99)]) == 6
        assert journal.verify().sound
    assert salvage(path).name == "journal.salvaged2.db"


def test_salvage_of_a_lost_tail_keeps_everything_else(path: Path) -> None:
    edited(written(path, [mark(n) for n in range(9)]), "DELETE FROM event WHERE seq > 7")
    assert events_in(salvage(path)) == [mark(n) for n in range(7)]


def test_salvage_of_a_sound_journal_is_a_copy(path: Path) -> None:
    written(path, SAMPLES)
    assert events_in(salvage(path)) == SAMPLES


@pytest.mark.parametrize("body", [b"", b"not a database at all", bytes(8192)])
def test_where_nothing_can_be_read_nothing_is_made(path: Path, body: bytes) -> None:
    path.write_bytes(body)
    with pytest.raises(JournalError, match=r"Keep (this|the) file"):
        salvage(path)
    assert list(path.parent.glob("*salvaged*")) == []
    assert path.read_bytes() == body


def test_salvage_of_nothing(path: Path) -> None:
    with pytest.raises(JournalError, match="no such file"):
        salvage(path)


def test_a_backup_is_a_journal_and_is_made_while_it_is_written(journal: Journal, tmp_path: Path) -> None:
    journal.append_durably(DEMO, SAMPLES)
    journal.append(DEMO, mark(1))
    copy = tmp_path / "copy.db"
    journal.backup(copy)
    journal.append_durably(DEMO, [mark(2)])
    with Journal.open(copy) as restored:
        assert [event for _, _, event in restored.read()] == SAMPLES
        restored.append_durably(DEMO, [mark(3)])
    with pytest.raises(JournalError, match="the file exists"):
        journal.backup(copy)


def test_a_reader_can_back_up_too(journal: Journal, path: Path, tmp_path: Path) -> None:
    journal.append_durably(DEMO, SAMPLES)
    with JournalReader.open(path) as reader:
        reader.backup(tmp_path / "copy.db")
    assert events_in(tmp_path / "copy.db") == SAMPLES


# -- what is no journal -----------------------------------------------------------------------------------------------


def test_a_missing_journal_is_not_made_by_reading(path: Path) -> None:
    with pytest.raises(JournalError, match="no such file"):
        JournalReader.open(path)
    assert not path.exists()


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


# -- tables for people ------------------------------------------------------------------------------------------------


def test_views_show_what_happened(journal: Journal) -> None:
    journal.append_durably(DEMO, SAMPLES)
    (entered, paid) = journal.rows("deals")
    assert (entered["deal_ticket"], entered["symbol"], entered["volume"]) == (501, "EURUSD.s", 0.1)
    assert entered["utc"] == "2025-10-09 12:00:00.000"
    assert (paid["profit"], paid["in_balance"]) == (100.0, 1)
    assert [row["kind"] for row in journal.rows("flags")] == ["manual_position"]
    assert [row["equity"] for row in journal.rows("equity")] == [9_999.99, 10_000.5]
    assert [row["step"] for row in journal.rows("sessions")] == ["session_opened", "reconciled"]
    assert [row["intent_id"] for row in journal.rows("intents")] == [0xABC]


def test_the_steps_of_one_intent(journal: Journal) -> None:
    big = 2**63 - 1
    journal.append_durably(DEMO, [issued_event(big), *SAMPLES[5:6]])
    rows = list(journal.rows("intent_steps", "intent_id = ?", [big]))
    assert [(row["step"], row["intent_id"]) for row in rows] == [("intent_issued", big)]


def test_positions_show_only_what_stands(journal: Journal) -> None:
    from account.events import PositionGone, PositionSeen

    events: list[AccountEvent] = [
        PositionSeen(time_ns=1, position=position(401)),
        PositionSeen(time_ns=2, position=position(402)),
        PositionSeen(time_ns=3, position=position(402, sl=1.099)),
        PositionGone(time_ns=4, position_ticket=401),
    ]
    journal.append_durably(DEMO, events)
    journal.append_durably(LIVE, events[:1])
    standing = [(row["terminal"], row["position_ticket"], row["sl"]) for row in journal.rows("positions")]
    assert standing == [(DEMO, 402, 1.099), (LIVE, 401, 1.095)]


def test_rows_can_be_chosen(journal: Journal) -> None:
    journal.append_durably(DEMO, [issued_event(), *SAMPLES])
    chosen = list(journal.rows("event", "kind = ?", ["intent_issued"]))
    assert [row["seq"] for row in chosen] == [1, 5]
    assert chosen[0]["body"] == encoded(issued_event()).decode()
    assert {row["kind"] for row in journal.rows("event")} == {kind_of(event) for event in SAMPLES}


def test_a_state_from_the_journal_trades_on(journal: Journal) -> None:
    """The loop of a restart: what one process journaled is what the next one knows."""
    first = account(issued_event())
    journal.append_durably(DEMO, [session(), seen(), issued_event()])
    second = AccountState.replayed(event for _, _, event in journal.read(DEMO))
    assert second.digest() == first.digest()
    assert [record.intent.intent_id for record in second.open_intents()] == [0xABC]
    assert (done().deal_ticket, deal().deal_ticket) == (501, 501)
