"""Work for crews, importable by their processes."""

import os
import signal
from functools import partial
from pathlib import Path


def squares(chunk: tuple[int, ...]) -> list[int]:
    return [number * number for number in chunk]


def _dying_once(folder: Path, deadly: int, deaths: int, chunk: tuple[int, ...]) -> list[int]:
    """Squares, but the process dies of the chunk with `deadly`, the first `deaths` times."""
    (folder / f"done-{chunk[0]}-{os.urandom(4).hex()}").touch()
    if deadly in chunk and len(list(folder.glob(f"done-{chunk[0]}-*"))) <= deaths:
        os.kill(os.getpid(), signal.SIGKILL)
    return squares(chunk)


def dying(folder: Path, deadly: int, deaths: int) -> "partial[list[int]]":
    return partial(_dying_once, folder, deadly, deaths)


def failing(chunk: tuple[int, ...]) -> list[int]:
    raise ValueError(f"no good: {chunk[0]}")
