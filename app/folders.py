"""Where runs keep their data: one folder for live trading, one for the last demonstration, one for the last replay."""

import json
import shutil
import time
from pathlib import Path
from typing import Any, Final

from app.console import CommandError, ExitCode

LIVE: Final = "live"
DEMO: Final = "demo"
REPLAY: Final = "replay"
BACKTEST: Final = "backtest"
RUNS: Final = (LIVE, DEMO, REPLAY)
_JOURNAL: Final = "journal.sqlite3"
_MARK: Final = "companion-run"


def run_folder(data_dir: Path, name: str) -> Path:
    """The folder of a run by name (live, demo, replay, a kept one) or by path.

    Raises:
        CommandError: where nothing is recorded there.
    """
    folder = Path(name).expanduser() if "/" in name else data_dir / name
    if not (folder / _JOURNAL).is_file():
        raise CommandError(f"nothing is recorded in {folder}", _what_there_is(data_dir))
    return folder


def recorded_folder(data_dir: Path, name: str | None) -> Path:
    """The folder that is meant: the one named, else live trading, else whichever of demo and replay is the newest.

    Raises:
        CommandError: where nothing is recorded.
    """
    if name is not None:
        return run_folder(data_dir, name)
    if (data_dir / LIVE / _JOURNAL).is_file():
        return data_dir / LIVE
    journals = [data_dir / run / _JOURNAL for run in (DEMO, REPLAY)]
    found = [journal for journal in journals if journal.is_file()]
    if not found:
        raise CommandError(f"nothing is recorded in {data_dir}", "`companion demo` makes something to look at")
    return max(found, key=lambda journal: journal.stat().st_mtime).parent


def _what_there_is(data_dir: Path) -> str:
    names = sorted(journal.parent.name for journal in data_dir.glob(f"*/{_JOURNAL}"))
    return (
        f"recorded runs in {data_dir}: {', '.join(names)}" if names else "`companion demo` makes something to look at"
    )


def fresh_folder(data_dir: Path, name: str, *, keep: bool) -> Path:
    """An empty folder for a run that begins with nothing; the last one of that name makes way, unless it was kept.

    Raises:
        CommandError: where the folder holds something that is no run of ours.
    """
    folder = data_dir / (time.strftime(f"{name}-%Y%m%d-%H%M%S", time.gmtime()) if keep else name)
    if folder.exists():
        if not (folder / _MARK).is_file() and any(folder.iterdir()):
            raise CommandError(
                f"{folder} is no run of Companion's; it is left alone", "choose another COMPANION_DATA_DIR"
            )
        shutil.rmtree(folder)
    folder.mkdir(parents=True, mode=0o700)
    (folder / _MARK).touch()
    return folder


def status_of(folder: Path) -> dict[str, Any]:
    """The bridge's last word on itself; empty where there is none, or where it is just being replaced."""
    try:
        return dict(json.loads((folder / "status.json").read_bytes()))
    except (OSError, ValueError):
        return {}


def check_writable(folder: Path) -> None:
    """Make sure that files can be made in `folder`.

    Raises:
        CommandError: where they cannot.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        probe = folder / ".probe"
        probe.touch()
        probe.unlink()
    except OSError as refused:
        problem = f"{folder} cannot be written to: {refused.strerror}"
        raise CommandError(problem, "set COMPANION_DATA_DIR to a folder of yours", ExitCode.DATA) from None
