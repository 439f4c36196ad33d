"""Work for crews, importable by their processes."""

import os
import signal
from pathlib import Path
from typing import NamedTuple


def powers(exponent: int, chunk: tuple[int, ...]) -> list[int]:
    return [number**exponent for number in chunk]


class Deadly(NamedTuple):
    """A chunk that kills its process the first `deaths` times."""

    folder: Path
    number: int
    deaths: int


def dying(deadly: Deadly, chunk: tuple[int, ...]) -> list[int]:
    """Squares, but for the deadly number."""
    (deadly.folder / f"done-{chunk[0]}-{os.urandom(4).hex()}").touch()
    if deadly.number in chunk and len(list(deadly.folder.glob(f"done-{chunk[0]}-*"))) <= deadly.deaths:
        os.kill(os.getpid(), signal.SIGKILL)
    return powers(2, chunk)


def failing(material: object, chunk: tuple[int, ...]) -> list[int]:
    raise ValueError(f"no good: {chunk[0]}")
