"""`companion journal` on sound and on damaged journals."""

import sqlite3
from pathlib import Path

import pytest

from account.events import EquityMarked
from account.journal import Journal, JournalReader
from app.console import ExitCode
from tests.app.real_command import Companion

pytestmark = pytest.mark.integration


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    path = tmp_path / "mt5-companion" / "live" / "journal.sqlite3"
    path.parent.mkdir(parents=True)
    with Journal.open(path) as opened:
        for number in range(30):
            opened.append("a:1", EquityMarked(time_ns=number, equity=1.0, balance=1.0, margin=0.0))
        opened.commit()
    return path


def damage(path: Path, seq: int) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE event SET body = replace(body, '1.0', '9.0') WHERE seq = ?", (seq,))


def test_a_sound_journal_is_verified(companion: Companion, journal: Path) -> None:
    result = companion("journal", "verify")
    assert result.returncode == ExitCode.DONE
    assert "30 events, all as they were written" in result.stdout


def test_damage_is_found(companion: Companion, journal: Path) -> None:
    damage(journal, 12)
    result = companion("journal", "verify")
    assert result.returncode == ExitCode.FOUND
    assert "event 12" in result.stdout
    assert "11 events before it are good" in result.stdout


def test_what_is_good_is_copied_and_the_old_file_stays(companion: Companion, journal: Path) -> None:
    damage(journal, 12)
    before = journal.read_bytes()
    result = companion("journal", "repair")
    assert result.returncode == ExitCode.DONE, result.stderr
    assert journal.read_bytes() == before
    (copy,) = [path for path in journal.parent.glob("*salvaged*") if not path.name.endswith(("-shm", "-wal", "-lock"))]
    with JournalReader.open(copy) as reader:
        assert len(list(reader.read())) == 11


def test_nothing_is_repaired_that_is_sound(companion: Companion, journal: Path) -> None:
    result = companion("journal", "repair")
    assert result.returncode == ExitCode.DONE
    assert "nothing to repair" in result.stdout
    assert list(journal.parent.glob("*salvaged*")) == []


def test_without_a_journal_the_remedy_is_told(companion: Companion) -> None:
    result = companion("journal", "verify")
    assert result.returncode == ExitCode.DATA
    assert "companion demo" in result.stderr
