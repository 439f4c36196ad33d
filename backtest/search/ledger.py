"""Results of a search on disk, one line each as it is reached: what was interrupted goes on where it stopped."""

import os
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import msgspec

from backtest.search.space import Point

FORMAT: Final = 1


class LedgerError(ValueError):
    """A file of results that belongs to another search, or is damaged."""


class Head(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What all results of a file have in common: hashes of the quotes, of the settings they vary, and of the code."""

    format: int = FORMAT
    quotes: str
    settings: str
    code: str


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What one point came to.

    `returns` is the return of each of the broker's days as little-endian float64 [fraction], from the day `first_day`
    [days since 1970-01-01] on. A point that the settings refuse has its reason in `refused`, and no figures.
    """

    point: Point
    figures: dict[str, float] = {}
    returns: bytes = b""
    first_day: int = 0
    refused: str = ""


_HEAD: Final = msgspec.json.Decoder(Head)
_RESULT: Final = msgspec.json.Decoder(Result)


def results_in(content: bytes) -> dict[Point, Result]:
    """The results in the whole lines of a file, behind its head, by their points.

    Raises:
        msgspec.MsgspecError: for a line that is none.
    """
    lines = content[: content.rfind(b"\n") + 1].splitlines()[1:]
    return {result.point: result for result in map(_RESULT.decode, lines)}


class Ledger:
    """The results in `path`, added to line by line; a line that a killed process left half written is taken off.

    Raises:
        LedgerError: for a file of another search, or one that is damaged before its last line.
    """

    def __init__(self, path: Path, head: Head) -> None:
        self._path = path
        self.results: dict[Point, Result] = {}
        path.parent.mkdir(parents=True, exist_ok=True)
        whole = self._read(head)
        self._file = path.open("r+b" if path.exists() else "w+b")
        self._file.truncate(whole)
        self._file.seek(whole)
        if not whole:
            self._file.write(msgspec.json.encode(head) + b"\n")
            self._file.flush()

    def _read(self, head: Head) -> int:
        """Take in what is there; the number of bytes in whole lines."""
        content = self._path.read_bytes() if self._path.exists() else b""
        whole = content.rfind(b"\n") + 1
        lines = content[:whole].splitlines()
        if not lines:
            return 0
        self._check_head(lines[0], head)
        for number, line in enumerate(lines[1:], start=2):
            try:
                result = _RESULT.decode(line)
            except msgspec.MsgspecError as problem:
                raise LedgerError(
                    f"{self._path.name}, line {number}: {problem}; delete the file to begin anew"
                ) from None
            self.results[result.point] = result
        return whole

    def _check_head(self, line: bytes, head: Head) -> None:
        try:
            found = _HEAD.decode(line)
        except msgspec.MsgspecError as problem:
            raise LedgerError(
                f"{self._path.name} holds no results of a search ({problem}); name another file"
            ) from None
        others = [name for name in Head.__struct_fields__ if getattr(found, name) != getattr(head, name)]
        if others:
            whose = f"holds results of other {' and '.join(others)}"
            raise LedgerError(f"{self._path.name} {whose}; name another file, or delete this one")

    def add(self, result: Result) -> None:
        """Keep a result; it is on the disk when this returns, but for a failure of the machine itself."""
        self._file.write(msgspec.json.encode(result) + b"\n")
        self._file.flush()
        self.results[result.point] = result

    def missing(self, points: list[Point]) -> list[Point]:
        """Those of `points` without a result, in their order."""
        return [point for point in points if point not in self.results]

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file, whole."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
