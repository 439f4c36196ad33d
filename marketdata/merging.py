"""Two imports of one series become one: what is equal stays once, what contradicts is refused or decided by rule."""

from enum import StrEnum
from typing import Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from domain.dtypes import TICK_DTYPE
from marketdata.months import Rows, Stamped, joined
from marketdata.quotes import Ints, Mask

Bits: TypeAlias = npt.NDArray[np.uint64]
_WORD: Final = 8  # bytes


class Overlap(StrEnum):
    """What to do with stored rows that an import contradicts."""

    REFUSE = "refuse"
    NEW = "new"
    STORED = "stored"


class Merged(NamedTuple):
    """The rows after an import, and how they came about.

    `added` rows were not there before, `equal` ones were; `completed` bars had been stored before they were finished;
    `contradicting` are times [UTC ns] at which both sides say something else, decided by the overlap's rule.
    """

    rows: Stamped
    added: int
    equal: int
    completed: int
    contradicting: Ints


def merged(stored: Stamped, new: Stamped, overlap: Overlap, *, open_end: bool = True) -> Merged:
    """`stored` and `new`, each ascending by time, as one; `open_end` says that nothing is stored after `stored`.

    Where they contradict, `Overlap.NEW` takes the new rows, the other two keep the stored ones; the caller refuses.
    """
    if not stored.rows.size:
        return Merged(new, new.rows.size, 0, 0, np.zeros(0, np.int64))
    if stored.same_as(new):
        return Merged(stored, 0, new.rows.size, 0, np.zeros(0, np.int64))
    if new.rows.dtype == TICK_DTYPE:
        return _merged_ticks(stored, new, overlap)
    return _merged_bars(stored, new, overlap, open_end=open_end)


def _merged_bars(stored: Stamped, new: Stamped, overlap: Overlap, *, open_end: bool) -> Merged:
    common, in_stored, in_new = np.intersect1d(stored.time_ns, new.time_ns, assume_unique=True, return_indices=True)
    before, after = stored.part(in_stored), new.part(in_new)
    equal = (before.rows == after.rows) & (before.offset_s == after.offset_s)
    completed = _completed(before.rows, after.rows) & ~equal & (in_stored == stored.rows.size - 1) & open_end
    contradicting = ~(equal | completed)
    taken = completed | (contradicting & (overlap is Overlap.NEW))
    kept_stored = np.delete(np.arange(stored.rows.size), in_stored[taken])
    kept_new = np.delete(np.arange(new.rows.size), in_new[~taken])
    rows = _ascending([stored.part(kept_stored), new.part(kept_new)])
    added = new.rows.size - common.size
    return Merged(rows, added, int(equal.sum()), int(completed.sum()), common[contradicting])


def _completed(before: Rows, after: Rows) -> Mask:
    """Where `after` can be the finished form of the bar `before`, as an export holds the bar that is still forming."""
    grown = (after["high"] >= before["high"]) & (after["low"] <= before["low"])
    return np.asarray(
        grown & (after["open"] == before["open"]) & (after["tick_volume"] >= before["tick_volume"]), dtype=np.bool_
    )


def _merged_ticks(stored: Stamped, new: Stamped, overlap: Overlap) -> Merged:
    """Ticks have no key of their own: within the time both sides span, one must hold all that the other has."""
    first = max(stored.time_ns[0], new.time_ns[0])
    last = min(stored.time_ns[-1], new.time_ns[-1])
    old_common, new_common = _within(stored.time_ns, first, last), _within(new.time_ns, first, last)
    before, after = _identities(stored.part(old_common).rows), _identities(new.part(new_common).rows)
    only_before, only_after = ~np.isin(before, after), ~np.isin(after, before)
    contradicts = bool(only_before.any() and only_after.any())
    takes_new = overlap is Overlap.NEW if contradicts else bool(only_after.any())
    rows = _ascending([stored.part(~old_common), new.part(new_common)] if takes_new else [stored])
    rows = _ascending([rows, new.part(~new_common)])
    times = new.time_ns[new_common][only_after] if contradicts else np.zeros(0, np.int64)
    added = int((~new_common).sum()) + int(only_after.sum()) - times.size
    return Merged(rows, added, int((~only_after).sum()), 0, times)


def _within(time_ns: Ints, first: int, last: int) -> Mask:
    return np.asarray((time_ns >= first) & (time_ns <= last), dtype=np.bool_)


def _identities(ticks: Rows) -> Ints:
    """A number for each tick by all it holds, and by how many equal ones of its millisecond came before it."""
    mixed = np.zeros(ticks.size, np.uint64)
    for name in ticks.dtype.names or ():
        bits = np.ascontiguousarray(ticks[name])
        mixed = _stirred(mixed ^ (bits.view(np.uint64) if bits.itemsize == _WORD else bits.astype(np.uint64)))
    order = np.lexsort((mixed, ticks["time_msc"]))
    same = np.concatenate(([False], mixed[order][1:] == mixed[order][:-1]))
    starts = np.maximum.accumulate(np.where(~same, np.arange(ticks.size), 0)) if ticks.size else same
    repeat = np.zeros(ticks.size, np.uint64)
    repeat[order] = np.arange(ticks.size) - starts
    return _stirred(mixed ^ repeat).view(np.int64)


def _stirred(bits: Bits) -> Bits:
    """The finalizer of SplitMix64: every bit of the input changes about half of the output's."""
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))


def _ascending(parts: list[Stamped]) -> Stamped:
    rows = joined(parts, parts[0].rows.dtype)
    return rows.part(np.argsort(rows.time_ns, kind="stable"))
