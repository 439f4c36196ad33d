"""Files that are there whole or not at all, and folders that one process owns."""

import os
import sys
from pathlib import Path
from typing import BinaryIO, Self


class FolderInUseError(RuntimeError):
    """Another process owns the folder; names the lock and the remedy."""


class FolderLock:
    """Exclusive ownership of a folder for the life of the process; the kernel lets go of it when the process dies."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file: BinaryIO = path.open("ab")
        try:
            _lock(self._file)
        except OSError as refused:
            self._file.close()
            problem = f"{path} is held by another process; stop it or choose another data directory"
            raise FolderInUseError(problem) from refused

    def release(self) -> None:
        """Let go."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def _lock(file: BinaryIO) -> None:
    """Lock the file for this process, or fail at once."""
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415 - there alone

        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl  # noqa: PLC0415 - not on Windows

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def replace_file(path: Path, content: bytes, *, durable: bool = False) -> None:
    """Put `content` at `path` so that a reader sees the old file or the new one, never a part.

    `durable` also waits until the disk has it.
    """
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        file.write(content)
        if durable:
            file.flush()
            os.fsync(file.fileno())
    part.replace(path)
    if durable:
        sync_folder(path.parent)


def sync_file(path: Path) -> None:
    """Wait until the disk has the file's content."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Wait until the disk has the folder's list of names; Windows opens no folder, and NTFS logs its names."""
    if sys.platform != "win32":
        sync_file(folder)
