"""Old journals become new ones without losing an event, with a copy of the old file; or nothing happens at all."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from account.journal import Journal, JournalCorruptError, JournalReader, migrate
from account.migrations import MIGRATIONS, SCHEMA_VERSION, Migration
from tests.account.test_events import OLD_SAMPLES as SAMPLES

pytestmark = pytest.mark.integration

FIXTURES = Path(__file__).parent / "data"
OLDER = sorted(FIXTURES.glob("journal_v*.sql"))
TERMINAL = "JustMarkets-Demo2:2000123"


def made_from(script: Path, path: Path) -> Path:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(script.read_text(encoding="utf-8"))
    return path


def names(path: Path, kind: str) -> set[str]:
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT name FROM sqlite_master WHERE type = ?", (kind,)).fetchall()
    return {str(name) for (name,) in rows}


def version(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


def test_there_is_a_fixture_of_every_older_schema() -> None:
    found = [re.findall(r"\d+", script.stem) for script in OLDER]
    assert found == [[str(number)] for number in range(1, SCHEMA_VERSION)]


@pytest.mark.parametrize("script", OLDER, ids=lambda script: script.stem)
def test_an_older_journal_is_brought_up_to_date(tmp_path: Path, script: Path) -> None:
    path = made_from(script, tmp_path / "journal.db")
    with Journal.open(path) as journal:
        assert [event for _, _, event in journal.read(TERMINAL)] == SAMPLES
        assert journal.append_durably(TERMINAL, SAMPLES[:1]) == len(SAMPLES) + 1
        assert journal.verify().sound
        assert len(list(journal.rows("deals"))) == 2
    fresh = tmp_path / "fresh.db"
    Journal.open(fresh).close()
    assert version(path) == version(fresh) == SCHEMA_VERSION
    for kind in ("table", "view", "index", "trigger"):
        assert names(path, kind) == names(fresh, kind)


@pytest.mark.parametrize("script", OLDER, ids=lambda script: script.stem)
def test_a_copy_of_the_older_journal_is_kept(tmp_path: Path, script: Path) -> None:
    path = made_from(script, tmp_path / "journal.db")
    old_version, old_views = version(path), names(path, "view")
    Journal.open(path).close()
    (copy,) = tmp_path.glob(f"journal.before-v{SCHEMA_VERSION}*.db")
    assert (version(copy), names(copy, "view")) == (old_version, old_views)
    with JournalReader.open(copy) as reader:
        assert [event for _, _, event in reader.read()] == SAMPLES
    Journal.open(path).close()
    assert list(tmp_path.glob("journal.before-v*.db")) == [copy]


def test_a_new_journal_needs_no_copy(tmp_path: Path) -> None:
    Journal.open(tmp_path / "journal.db").close()
    assert list(tmp_path.glob("*before*")) == []


@pytest.mark.parametrize("script", OLDER, ids=lambda script: script.stem)
def test_an_older_journal_can_be_read_without_being_changed(tmp_path: Path, script: Path) -> None:
    path = made_from(script, tmp_path / "journal.db")
    before = path.read_bytes()
    with JournalReader.open(path) as reader:
        assert [event for _, _, event in reader.read()] == SAMPLES
    assert path.read_bytes() == before


def test_a_migration_that_fails_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with Journal.open(path) as journal:
        journal.append_durably(TERMINAL, SAMPLES)
    broken = (
        *MIGRATIONS,
        Migration(SCHEMA_VERSION + 1, "works", ("CREATE TABLE extra (number INTEGER)",)),
        Migration(SCHEMA_VERSION + 2, "does not", ("CREATE VIEW more AS SELECT 1", "CREATE TABLE event (a)")),
    )
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        with pytest.raises(JournalCorruptError, match="event already exists"):
            migrate(connection, path, broken)
        assert not connection.in_transaction
    assert version(path) == SCHEMA_VERSION
    assert "extra" not in names(path, "table")
    with Journal.open(path) as journal:
        assert [event for _, _, event in journal.read()] == SAMPLES


def test_steps_are_taken_in_order_and_only_once(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    steps = (
        Migration(1, "first", ("CREATE TABLE one (number INTEGER)",)),
        Migration(2, "second", ("INSERT INTO one VALUES (2)",)),
        Migration(3, "third", ("INSERT INTO one SELECT number + 1 FROM one",)),
    )
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for upto in (2, 3, 3):
            migrate(connection, path, steps[:upto])
        assert connection.execute("SELECT number FROM one ORDER BY number").fetchall() == [(2,), (3,)]


def test_versions_count_up_without_a_gap() -> None:
    assert [step.version for step in MIGRATIONS] == list(range(1, SCHEMA_VERSION + 1))
    assert all(step.purpose for step in MIGRATIONS)


def test_published_steps_stay_as_they_are(tmp_path: Path) -> None:
    """The tables of the first schema, as its fixture has them: whoever edits a published step breaks old journals."""
    path = tmp_path / "journal.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        migrate(connection, path, MIGRATIONS[:1])
    old = made_from(FIXTURES / "journal_v1.sql", tmp_path / "old.db")
    schema = "SELECT name, sql FROM sqlite_master ORDER BY name"
    with closing(sqlite3.connect(path)) as ours, closing(sqlite3.connect(old)) as theirs:
        assert ours.execute(schema).fetchall() == theirs.execute(schema).fetchall()
