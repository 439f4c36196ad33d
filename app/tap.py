"""`companion tap`: the wire as JSON lines."""

import os
import signal
import sys
import threading
from pathlib import Path

from app.console import CommandError
from app.folders import recorded_folder
from app.settings import load_settings
from bridge.segments import segment_paths
from bridge.tap import tap_lines


def run_tap(data: str | None, *, follow: bool, from_seq: int) -> None:
    """Write one JSON object a frame to standard output.

    Raises:
        CommandError: where the run has no live frames.
        KeyboardInterrupt: after Ctrl-C, at the end of a line.
    """
    folder = recorded_folder(load_settings().data_dir, data)
    _check_live(folder, follow=follow)
    stop = threading.Event()
    signal.signal(signal.SIGINT, lambda *_: stop.set())  # an exception could come where Python drops it
    try:
        for line in tap_lines(folder, follow=follow, from_seq=from_seq, stop=stop):
            if stop.is_set():
                break
            sys.stdout.write(f"{line}\n")
            if follow:
                sys.stdout.flush()
        sys.stdout.flush()
    except BrokenPipeError:  # `companion tap | head`: nobody listens any more
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if stop.is_set():
        raise KeyboardInterrupt


def _check_live(folder: Path, *, follow: bool) -> None:
    if not follow and not segment_paths(folder / "capture"):
        problem = f"no frames are live in {folder}: those of a finished run are in Parquet, below recordings/"
        raise CommandError(problem, "tap a running bridge, such as `companion demo` in another window, with --follow")
