"""A writer killed at a random moment: every event that was called durable is there, and nothing else is amiss."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from account.events import EquityMarked, IntentIssued
from account.journal import Journal, JournalReader
from account.state import AccountState
from tests.account.samples import intent

pytestmark = [pytest.mark.integration, pytest.mark.crash]

TERMINAL = "demo:1"
# commits one intent at a time, among marks that wait for the next commit, and says the number once it is durable
WRITER = """
import sys
from account.events import EquityMarked, IntentIssued
from account.journal import Journal
from tests.account.samples import intent

journal = Journal.open(sys.argv[1], durable=sys.argv[2] == "durable")
number = journal.last_seq
print("ready", flush=True)
while True:
    number += 1
    journal.append("demo:1", EquityMarked(time_ns=number, equity=1.0, balance=1.0, margin=0.0))
    number += 1
    journal.append_durably("demo:1", [IntentIssued(time_ns=number, intent=intent(number))])
    sys.stdout.write(f"{number}\\n")
    sys.stdout.flush()
"""


def killed_writer(path: Path, durability: str, after_s: float) -> int:
    """Let a writer run for `after_s` and kill it; the last number it called durable."""
    command = [sys.executable, "-c", WRITER, str(path), durability]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
        time.sleep(after_s)
        writer.send_signal(signal.SIGKILL)
        told = writer.stdout.read().split("\n")
    # what follows the last line break is a line that the kill cut short
    return int(told[-2]) if len(told) > 1 else 0


@pytest.mark.parametrize("durability", ["durable", "buffered"])
def test_nothing_that_was_called_durable_is_lost(tmp_path: Path, durability: str) -> None:
    path, chance = tmp_path / "journal.db", random.Random(7)
    last_told = 0
    for _ in range(6):
        told = killed_writer(path, durability, chance.uniform(0.0, 0.15))
        last_told = told or last_told
        with JournalReader.open(path) as reader:
            verdict = reader.verify()
            assert verdict.sound, verdict
            assert verdict.rows >= last_told
            events = [event for _, _, event in reader.read(TERMINAL)]
        issued = [event for event in events if isinstance(event, IntentIssued)]
        marks = [event for event in events if isinstance(event, EquityMarked)]
        assert [event.intent for event in issued] == [intent(number) for number in range(2, len(events) + 1, 2)]
        assert len(marks) == len(issued), "a mark is written with the intent behind it, or not at all"
        assert len(AccountState.replayed(events).intents) == len(issued)
    assert last_told > 0


def test_a_first_start_may_be_killed_at_any_moment(tmp_path: Path) -> None:
    chance = random.Random(11)
    for attempt in range(8):
        path = tmp_path / f"journal{attempt}.db"
        program = f"from account.journal import Journal\nprint(1, flush=True)\nJournal.open({str(path)!r}).close()"
        with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as starting:
            assert starting.stdout is not None
            starting.stdout.readline()
            time.sleep(chance.uniform(0.0, 0.01))
            starting.send_signal(signal.SIGKILL)
        with Journal.open(path) as journal:
            assert journal.append_durably(TERMINAL, [IntentIssued(time_ns=1, intent=intent())]) == 1


def test_a_killed_writer_leaves_the_lock_free(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    killed_writer(path, "durable", 0.02)
    with Journal.open(path) as journal:
        before = journal.last_seq
        event = EquityMarked(time_ns=1, equity=1.0, balance=1.0, margin=0.0)
        assert journal.append_durably(TERMINAL, [event]) == before + 1
        assert journal.verify().sound


def test_a_reader_outlives_the_writer(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    killed_writer(path, "durable", 0.05)
    with JournalReader.open(path) as reader:
        before = len(list(reader.read()))
        told = killed_writer(path, "durable", 0.05)
        assert len(list(reader.read())) >= max(before, told)
        assert reader.verify().sound


def test_a_killed_first_start_leaves_nothing_in_the_way(tmp_path: Path) -> None:
    """Killed between making the file and writing to it: an empty file is a new journal."""
    path = tmp_path / "journal.db"
    path.touch()
    with Journal.open(path) as journal:
        assert journal.append_durably(TERMINAL, [IntentIssued(time_ns=1, intent=intent())]) == 1
