"""The project's own tree, as the architecture tests look at it."""

import ast
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PURE_ROOMS = ("domain", "signals", "risk", "strategy", "wire", "account")
IMPURE_MODULES = ("account/journal.py",)


@cache
def pyproject() -> dict[str, Any]:
    """The project's metadata and the settings of its tools."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@cache
def packages() -> tuple[str, ...]:
    """Every top-level folder that Python can import as a package."""
    return tuple(sorted(path.parent.name for path in ROOT.glob("*/__init__.py")))


@cache
def project_files() -> tuple[Path, ...]:
    """Every file git holds or would add; without git, every file outside hidden and cache folders."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        return tuple(path for path in sorted(ROOT.rglob("*")) if path.is_file() and not _is_left_over(path))
    # a container often mounts the folder of another user, which git alone would refuse to list
    command = [
        git,
        "-C",
        str(ROOT),
        "-c",
        "safe.directory=*",
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return tuple(ROOT / name for name in sorted(filter(None, listed.split("\0"))) if (ROOT / name).is_file())


def _is_left_over(path: Path) -> bool:
    folders = path.relative_to(ROOT).parts[:-1]
    return any(part == "__pycache__" or (part.startswith(".") and part != ".ci") for part in folders)


def modules(*rooms: str) -> Iterator[tuple[str, ast.Module]]:
    """Path from the root and syntax tree of each module in `rooms`."""
    for room in rooms:
        for path in sorted((ROOT / room).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_bytes(), filename=str(path))
