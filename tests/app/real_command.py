"""The real command `companion`, as a process of its own."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OF_THE_TESTS = frozenset({"COMPANION_KERNEL_CACHE", "COMPANION_REFERENCE_DATA"})

Companion = Callable[..., "subprocess.CompletedProcess[str]"]


def environment_in(folder: Path, **more: str) -> dict[str, str]:
    """An environment without settings of the person who runs the tests, with the state in `folder`."""
    bare = {
        name: value for name, value in os.environ.items() if not name.startswith("COMPANION_") or name in OF_THE_TESTS
    }
    return {**bare, "PYTHONPATH": str(ROOT), "XDG_STATE_HOME": str(folder), **more}


def command(*words: str) -> list[str]:
    """Its command line."""
    return [sys.executable, "-m", "app.cli", *words]


def companion_in(folder: Path, *words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run it to its end, standing in `folder`."""
    return subprocess.run(
        command(*words),
        env=environment_in(folder, **environment),
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )
