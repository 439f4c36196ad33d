"""`companion journal`: check the journal, and save what is good of a damaged one."""

from pathlib import Path

from rich.console import Console
from rich.markup import escape

from account.journal import JournalCorruptError, JournalReader, salvage
from app.folders import recorded_folder
from app.settings import load_settings

_JOURNAL = "journal.sqlite3"


def run_verify(data: str | None, console: Console) -> bool:
    """Check every event; whether all are sound."""
    path = recorded_folder(load_settings().data_dir, data) / _JOURNAL
    with JournalReader.open(path) as journal:
        verdict = journal.verify()
    if verdict.sound:
        console.print(
            f"[green]✓[/] {escape(str(path))}: {verdict.rows:,} events, all as they were written", soft_wrap=True
        )
        return True
    console.print(
        f"[bold red]✗[/] {escape(str(path))}: event {verdict.first_bad_seq}: {escape(verdict.problem)}", soft_wrap=True
    )
    console.print(f"  {verdict.rows:,} events before it are good; `companion journal repair` copies them to a new file")
    return False


def run_repair(data: str | None, console: Console) -> bool:
    """Copy the good events into a new file beside the damaged one; whether anything had to be done."""
    path = recorded_folder(load_settings().data_dir, data) / _JOURNAL
    if path.exists() and _is_sound(path):
        console.print(f"[green]✓[/] {escape(str(path))} is sound; nothing to repair", soft_wrap=True)
        return False
    copy = salvage(path)
    with JournalReader.open(copy) as journal:
        rows = journal.verify().rows
    console.print(f"[green]✓[/] {rows:,} good events are in {escape(str(copy))}", soft_wrap=True)
    console.print(
        f"  stop the bridge; move {path.name}, {path.name}-wal and {path.name}-shm away together, for inspection;\n"
        f"  then rename the copy to {path.name}. What is lost comes back when the terminal reports its deals"
    )
    return True


def _is_sound(path: Path) -> bool:
    try:
        with JournalReader.open(path) as journal:
            return journal.verify().sound
    except JournalCorruptError:
        return False
