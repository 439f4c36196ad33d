"""Words and files from the command line: what is meant by them, or what could have been."""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from app.console import CommandError, ExitCode

Kind = TypeVar("Kind", bound=StrEnum)


def chosen(kinds: type[Kind], option: str, name: str) -> Kind:
    """The one of `kinds` that is called `name`.

    Raises:
        CommandError: where none is; says which there are.
    """
    try:
        return kinds(name)
    except ValueError:
        raise CommandError(f"{option} {name}: use {', '.join(kinds)}", code=ExitCode.USAGE) from None


def check_files(files: Sequence[Path]) -> None:
    """Whether all of them are there.

    Raises:
        CommandError: where one is not.
    """
    missing = [str(file) for file in files if not file.is_file()]
    if missing:
        remedy = "name files of ticks or bars (MT5 export, CSV, Parquet)"
        raise CommandError(f"no such file: {', '.join(missing)}", remedy)
