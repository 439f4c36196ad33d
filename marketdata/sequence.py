"""Rows in the order of time: sorted where little is out of order, refused where much is, duplicates dropped."""

from typing import Final

import numpy as np

from marketdata.quotes import ImportLog, Ints, Mask, NoteKind
from marketdata.raw import RawQuotes

_REMEDY: Final = "sort the file by time, or export it again in one piece"


def in_order(raw: RawQuotes, log: ImportLog) -> RawQuotes:
    """Rows ascending by time, rows of one time in the file's order; a file that runs backwards is turned round.

    Raises:
        QuoteFileError: where more than 1 % (and more than 10) of the rows are late.
    """
    steps = np.diff(raw.time_msc)
    if not (steps < 0).any():
        return raw
    if not (steps > 0).any():
        log.note(NoteKind.DISORDER, "newest first; turned round", raw.rows)
        return raw.kept(np.arange(raw.rows.size - 1, -1, -1))
    late = np.concatenate(([False], raw.time_msc[1:] < np.maximum.accumulate(raw.time_msc)[:-1]))
    log.limit(NoteKind.DISORDER, "time", raw.rows[late], raw.rows.size, _REMEDY)
    log.note(NoteKind.DISORDER, "earlier than a row above; sorted by time", raw.rows[late])
    return raw.kept(np.argsort(raw.time_msc, kind="stable"))


def without_repeats(raw: RawQuotes, log: ImportLog) -> RawQuotes:
    """Drop rows equal to the row before in every column; different rows of the same time stay."""
    repeated = _same_as_before(raw.time_msc)
    for values in raw.fields.values():
        repeated &= _same_as_before(values)
    if not repeated.any():
        return raw
    log.note(NoteKind.DUPLICATE, "equal to the row before in every column; dropped", raw.rows[repeated])
    return raw.kept(~repeated)


def refuse_two_bars_of_one_time(raw: RawQuotes, log: ImportLog) -> None:
    """After equal rows are gone, two bars of one time contradict each other.

    Raises:
        QuoteFileError: naming the second of them.
    """
    contradicting = raw.rows[_same_as_before(raw.time_msc)]
    if contradicting.size:
        problem = f"is the same as a bar before it in {contradicting.size} bars of different prices or volume"
        raise log.refusal("time", problem, "keep one bar for each time", int(contradicting[0]), "duplicates")


def _same_as_before(values: "Ints | np.ndarray[tuple[int, ...], np.dtype[np.float64]]") -> Mask:
    same = np.zeros(values.size, dtype=np.bool_)
    same[1:] = (values[1:] == values[:-1]) | ((values[1:] != values[1:]) & (values[:-1] != values[:-1]))
    return same
