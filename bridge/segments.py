"""Reading captured segments: finished ones, and the live one while it grows."""

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Final, Self

from bridge.records import SEGMENT_HEAD_BYTES, Entry, Scan, first_seq_of, scanned

SEGMENT_SUFFIX: Final = ".capture"
_READ_BYTES: Final = 4 * 1024 * 1024


class NotASegmentError(ValueError):
    """The file does not begin as a segment does; names the file and the remedy."""


def segment_path(folder: Path, first_seq: int) -> Path:
    """Where the segment that begins with `first_seq` lies."""
    return folder / f"{first_seq:020d}{SEGMENT_SUFFIX}"


def segment_paths(folder: Path) -> list[Path]:
    """All segments of `folder`, oldest first; the last one is being written, the others are finished."""
    return sorted(folder.glob(f"*{SEGMENT_SUFFIX}")) if folder.is_dir() else []


def first_seq_in_name(path: Path) -> int:
    """`seq` of the first entry of the segment at `path`."""
    return int(path.name.removesuffix(SEGMENT_SUFFIX))


def scan_segment(path: Path) -> Scan:
    """All entries of one segment; `end` and `rest` count from the file's beginning.

    Raises:
        NotASegmentError: for a file of another kind. A head cut short by a crash reads as an empty segment.
    """
    return _scanned(path, path.read_bytes())


def _scanned(path: Path, data: bytes) -> Scan:
    if len(data) < SEGMENT_HEAD_BYTES:
        return Scan([], 0, len(data))
    _check_head(path, data)
    return scanned(data, SEGMENT_HEAD_BYTES)


def entries_in(folder: Path, from_seq: int = 0) -> Iterator[Entry]:
    """Every entry of `folder` from `from_seq` on, in order, as far as written now."""
    with contextlib.ExitStack() as opened:
        files = [_opened(path, opened) for path in _relevant(segment_paths(folder), from_seq)]
        for path, file in files:
            if file is not None:
                scan = _scanned(path, file.read())
                yield from (entry for entry in scan.entries if entry.seq >= from_seq)


def _opened(path: Path, opened: contextlib.ExitStack) -> tuple[Path, BinaryIO | None]:
    """The file, held open: the recorder may take it away while it is read. None where it already has."""
    try:
        return path, opened.enter_context(path.open("rb"))
    except FileNotFoundError:
        return path, None


def _relevant(paths: list[Path], from_seq: int) -> list[Path]:
    starts = [first_seq_in_name(path) for path in paths]
    ends: Iterable[float] = [*starts[1:], float("inf")]
    return [path for path, end in zip(paths, ends, strict=False) if end > from_seq]


class Follower:
    """Follows the segments of `folder` as they grow, from `from_seq` on.

    `poll()` gives what has come since; an empty list means nothing new. A torn tail of a finished segment is left out.
    """

    def __init__(self, folder: Path, from_seq: int = 0) -> None:
        self._folder = folder
        self._next_seq = from_seq
        self._file: BinaryIO | None = None
        self._first_seq = -1
        self._tail = b""

    def poll(self) -> list[Entry]:
        """Entries that were written since the last call, at most a few thousand."""
        if self._file is None and not self._open_next():
            return []
        has_successor = self._successor() is not None  # asked before reading: what is read then is all there is
        found = self._read()
        if not found and has_successor:
            self.close()
        return found

    def close(self) -> None:
        """Let go of the open segment; the next poll goes on with the one after it."""
        if self._file is not None:
            self._file.close()
        self._file = None
        self._tail = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _read(self) -> list[Entry]:
        if self._file is None:
            return []
        self._tail += self._file.read(_READ_BYTES)
        scan = scanned(self._tail)
        self._tail = self._tail[scan.end :]
        found = [entry for entry in scan.entries if entry.seq >= self._next_seq]
        if found:
            self._next_seq = found[-1].seq + 1
        return found

    def _successor(self) -> Path | None:
        later = [path for path in segment_paths(self._folder) if first_seq_in_name(path) > self._first_seq]
        return later[0] if later else None

    def _open_next(self) -> bool:
        path = self._next_path()
        if path is None:
            return False
        try:
            file = path.open("rb")
        except FileNotFoundError:
            return False
        head = file.read(SEGMENT_HEAD_BYTES)
        if len(head) < SEGMENT_HEAD_BYTES:
            file.close()
            return False
        _check_head(path, head)
        self._file = file
        self._first_seq = first_seq_in_name(path)
        return True

    def _next_path(self) -> Path | None:
        if self._first_seq >= 0:
            return self._successor()
        relevant = _relevant(segment_paths(self._folder), self._next_seq)
        return relevant[0] if relevant else None


def _check_head(path: Path, head: bytes) -> None:
    if first_seq_of(head) is None:
        raise NotASegmentError(f"{path} does not begin as a capture segment; move it out of the capture folder")
