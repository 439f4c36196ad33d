"""What an EA remembers of the intents it was given, so that none is executed twice, whatever is killed when.

`DiskMemory` writes that an intent is being executed, and forces it to the disk, *before* the order leaves. After a
crash an intent that was begun and has no result is therefore known, and is looked for instead of being sent again.
"""

import os
import sys
import zlib
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol, Self

import msgspec

from domain.intents import Intent
from domain.updates import IntentResult

_PLAIN: Final = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
"""Flags of a file whose bytes are ours alone; a system has one of the two."""


class Remembered(msgspec.Struct, frozen=True, kw_only=True):
    """One intent: `begun_msc` [ms, broker's clock] when its order left or was about to; 0 where the EA refused it."""

    intent: Intent
    begun_msc: int = 0
    result: IntentResult | None = None


class IntentMemory(Protocol):
    """Where an executor keeps its word."""

    def known(self, intent_id: int) -> Remembered | None:
        """What is remembered of an intent; None for a new one."""

    def keep(self, entry: Remembered) -> None:
        """Remember `entry` in place of what was known of the intent.

        One without a result is safe from a crash when this returns.

        Raises:
            OSError: it could not be written.
        """

    def entries(self) -> Iterable[Remembered]:
        """All intents in the order in which they first came."""


class RamMemory:
    """Memory for one run."""

    def __init__(self) -> None:
        self._entries: dict[int, Remembered] = {}

    def known(self, intent_id: int) -> Remembered | None:
        """What is remembered of an intent; None for a new one."""
        return self._entries.get(intent_id)

    def keep(self, entry: Remembered) -> None:
        """Remember `entry` in place of what was known of the intent."""
        self._entries[entry.intent.intent_id] = entry

    def entries(self) -> Iterable[Remembered]:
        """All intents in the order in which they first came."""
        return tuple(self._entries.values())


class MemoryCorruptError(RuntimeError):
    """The file of executed intents is damaged before its end: trading on could repeat an order."""

    def __init__(self, path: Path, line: int) -> None:
        remedy = "move the file away only after checking by hand which orders were executed"
        super().__init__(f"{path}: line {line} is damaged; {remedy}")
        self.path = path
        self.line = line


class DiskMemory(RamMemory):
    """Memory in an append-only file: one line an entry, checksum first.

    A last line that was cut off by a crash is dropped: its entry had not been acted upon yet.

    Raises:
        MemoryCorruptError: where the file is damaged anywhere else.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        path.parent.mkdir(parents=True, exist_ok=True)
        sound = self._load(path) if path.exists() else 0
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | _PLAIN, 0o600)
        os.ftruncate(self._file, sound)
        os.lseek(self._file, 0, os.SEEK_END)
        _force_directory(path.parent)

    def keep(self, entry: Remembered) -> None:
        """Remember `entry`. Forced to the disk while it has no result: a lost result can be found in the terminal."""
        body = msgspec.json.encode(entry)
        line = b"%08x %b\n" % (zlib.crc32(body), body)
        sound = os.lseek(self._file, 0, os.SEEK_CUR)
        try:
            self._write(line, force=entry.result is None)
        except OSError:
            self._cut(sound)
            raise
        super().keep(entry)

    def _write(self, line: bytes, *, force: bool) -> None:
        if os.write(self._file, line) != len(line):
            raise OSError("the file of executed intents could not be written in whole; is the disk full?")
        if force:
            os.fsync(self._file)

    def _cut(self, sound: int) -> None:
        """Take back half a line: what is written behind it would make it look like damage."""
        os.ftruncate(self._file, sound)
        os.lseek(self._file, sound, os.SEEK_SET)

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _load(self, path: Path) -> int:
        """Read the file; how many of its bytes are sound."""
        data = path.read_bytes()
        sound = 0
        for number, line in enumerate(data.splitlines(keepends=True), start=1):
            entry = _entry_in(line)
            if entry is None:
                if sound + len(line) < len(data):
                    raise MemoryCorruptError(path, number)
                break
            super().keep(entry)
            sound += len(line)
        return sound


def write_whole(path: Path, data: bytes) -> None:
    """Put `data` into the file at `path` for good, or leave what is there: never a part, whatever is killed when."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.draft")
    with draft.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    _force_directory(path.parent)


def _force_directory(directory: Path) -> None:
    """Make the names of new files survive a crash; Windows opens no directories, and NTFS keeps a journal of names."""
    if sys.platform == "win32":
        return
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _entry_in(line: bytes) -> Remembered | None:
    """The entry of one line; None for a damaged one."""
    checksum, _, rest = line.partition(b" ")
    if not rest.endswith(b"\n") or checksum != b"%08x" % zlib.crc32(rest[:-1]):
        return None
    return msgspec.json.decode(rest[:-1], type=Remembered)
