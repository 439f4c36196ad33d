"""What a check of quotes found: each with its rule, where, what was done about it, and what a person can do."""

from enum import StrEnum
from typing import Final

import msgspec
import numpy as np

from marketdata.quotes import RULES, ImportNote, Ints, Mask, NoteKind, QuoteFileError

_TOLD_ONLY: Final = frozenset({NoteKind.NO_HEADER, NoteKind.MISSING_COLUMN})


class Verdict(StrEnum):
    """What a finding does to an import. `ALLOWED` is a refusal that the person took back."""

    NOTED = "noted"
    REPAIRED = "repaired"
    REFUSED = "refused"
    ALLOWED = "allowed"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing found. `rows` of the file are concerned, 0 where it is the file as a whole.

    `first_row` and `last_row` count lines of a text file and rows of any other from 1; `first_time` and `last_time` are
    on the file's clock. `remedy` is what a person can do, empty where nothing has to be done.
    """

    rule: str
    verdict: Verdict
    rows: int
    detail: str
    first_row: int | None = None
    last_row: int | None = None
    first_time: str | None = None
    last_time: str | None = None
    remedy: str = ""


class Places(msgspec.Struct, frozen=True, eq=False):
    """Where rows stood: their times [s, the file's clock] and their numbers in the file, both of shape (n,)."""

    times_s: Ints
    numbers: Ints

    def finding(self, rule: str, verdict: Verdict, which: Mask, detail: str, remedy: str = "") -> Finding:
        """A finding about the rows that `which` selects; at least one."""
        places = np.flatnonzero(which)
        first, last = int(places[0]), int(places[-1])
        return Finding(
            rule=rule,
            verdict=verdict,
            rows=places.size,
            detail=detail,
            first_row=int(self.numbers[first]),
            last_row=int(self.numbers[last]),
            first_time=time_text(int(self.times_s[first])),
            last_time=time_text(int(self.times_s[last])),
            remedy=remedy,
        )

    def kept(self, which: Mask) -> "Places":
        """Those of the rows that `which` selects."""
        return Places(self.times_s[which], self.numbers[which])


def time_text(time_s: int) -> str:
    """A stamp [s] as people write it, without a zone."""
    return str(np.datetime64(time_s, "s")).replace("T", " ")


def of_note(note: ImportNote) -> Finding:
    """What reading the file dropped, repaired or took for granted."""
    return Finding(
        rule=RULES[note.kind],
        verdict=Verdict.NOTED if note.kind in _TOLD_ONLY else Verdict.REPAIRED,
        rows=note.rows,
        detail=note.reason,
        first_row=note.first_row,
        last_row=note.last_row,
    )


def of_error(error: QuoteFileError) -> Finding:
    """Why a file could not be read."""
    return Finding(
        rule=error.rule,
        verdict=Verdict.REFUSED,
        rows=0 if error.row is None else 1,
        detail=f"{error.field} {error.problem}",
        first_row=error.row,
        last_row=error.row,
        remedy=error.remedy,
    )
