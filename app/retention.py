"""Deletes recordings that are older than the settings keep. The journal is never touched."""

import logging
import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Final

_LOG: Final = logging.getLogger("companion.retention")
_DAY: Final = "day="


def outdated(recordings: Path, today: date, keep_days: int) -> Iterator[Path]:
    """Folders of days more than `keep_days` before `today`; none where that is 0."""
    if keep_days <= 0:
        return
    first_kept = today - timedelta(days=keep_days)
    for folder in sorted(recordings.rglob(f"{_DAY}*")):
        day = _day_of(folder)
        if day is not None and day < first_kept:
            yield folder


def _day_of(folder: Path) -> date | None:
    try:
        return date.fromisoformat(folder.name.removeprefix(_DAY))
    except ValueError:
        return None


def delete_outdated(recordings: Path, today: date, keep_days: int) -> int:
    """Delete them; how many days went."""
    found = list(outdated(recordings, today, keep_days))
    for folder in found:
        _LOG.info("deleting %s: older than %d days", folder, keep_days)
        shutil.rmtree(folder, ignore_errors=True)
    return len(found)
