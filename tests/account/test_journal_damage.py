"""What is not what was written is found, and what is good of it can be saved."""

import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from account.events import AccountEvent
from account.journal import (
    TAIL_ROWS,
    Journal,
    JournalCorruptError,
    JournalError,
    JournalReader,
    linked,
    salvage,
)
from tests.account.journals import DEMO, LIVE, edited, events_in, mark, written
from tests.account.test_events import SAMPLES

pytestmark = pytest.mark.integration


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
