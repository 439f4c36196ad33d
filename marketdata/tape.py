"""Several symbols' ticks as one stream in the order of time, without copying a tick."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, TypeAlias

import numpy as np

from domain.dtypes import TICK_DTYPE
from marketdata.quotes import Ints, Mask, Ticks

Slice: TypeAlias = tuple[int, int, int]
"""(symbol_index, start, stop): ticks[symbol_index][start:stop]."""

_CHUNK: Final = 1 << 16


class Tape:
    """Ticks of several symbols, merged by time; at equal times in the order of `symbols`, then of each file.

    Args:
        symbols: names, each once; a symbol's place is its index everywhere on the tape.
        ticks_by_symbol: TICK_DTYPE for each symbol, ascending by `time_msc`, all on one clock.

    Raises:
        ValueError: for a missing symbol, another dtype, or times that go back.
    """

    def __init__(self, symbols: Sequence[str], ticks_by_symbol: Mapping[str, Ticks]) -> None:
        self.symbols: tuple[str, ...] = tuple(symbols)
        if len(set(self.symbols)) != len(self.symbols):
            raise ValueError(f"symbols are {', '.join(self.symbols)}; name each once")
        self.ticks: tuple[Ticks, ...] = tuple(_checked(symbol, ticks_by_symbol) for symbol in self.symbols)
        self.total: int = sum(ticks.size for ticks in self.ticks)
        self._times, self._owners, self._places = _merged(self.ticks)

    @property
    def span_msc(self) -> tuple[int, int] | None:
        """Times of the first and the last tick [ms on the tape's clock]; None for an empty tape."""
        return (int(self._times[0]), int(self._times[-1])) if self.total else None

    def __iter__(self) -> Iterator[Slice]:
        """Maximal runs of one symbol, in the order of time."""
        return self._slices(np.flatnonzero(self._new_owner()))

    def batches(self, *, batch_ms: int | None = None, max_ticks: int | None = None) -> Iterator[list[Slice]]:
        """The tape in batches: of at most `max_ticks` ticks, or of all ticks in a window of `batch_ms`, or both.

        Windows begin at multiples of `batch_ms` on the tape's clock; empty ones are left out. Inside a batch the
        slices are runs in the order of time, so that a symbol may come more than once.

        Raises:
            ValueError: where neither limit is given, or one is below 1.
        """
        opens = self._opening_batch(batch_ms, max_ticks)
        starts = np.flatnonzero(self._new_owner() | opens)
        return _grouped(self._slices(starts), opens[starts])

    def symbol_batches(self, *, batch_ms: int | None = None, max_ticks: int | None = None) -> Iterator[list[Slice]]:
        """As `batches`, but a symbol's ticks of a batch are one slice; symbols in the order of their first tick.

        Raises:
            ValueError: as `batches`.
        """
        return (_one_slice_a_symbol(batch) for batch in self.batches(batch_ms=batch_ms, max_ticks=max_ticks))

    def _new_owner(self) -> Mask:
        if len(self.ticks) == 1:
            first = np.zeros(self.total, dtype=np.bool_)
            first[:1] = True
            return first
        changes = np.ones(self.total, dtype=np.bool_)
        changes[1:] = self._owners[1:] != self._owners[:-1]
        return changes

    def _opening_batch(self, batch_ms: int | None, max_ticks: int | None) -> Mask:
        """Where on the merged tape a batch begins."""
        limits = [limit for limit in (batch_ms, max_ticks) if limit is not None]
        if not limits or min(limits) < 1:
            raise ValueError(f"batch_ms is {batch_ms}, max_ticks is {max_ticks}; give at least one, each 1 or more")
        opens = np.zeros(self.total, dtype=np.bool_)
        opens[:1] = True
        if batch_ms is not None:
            windows = self._times // batch_ms
            opens[1:] = windows[1:] != windows[:-1]
        if max_ticks is not None:
            positions = np.arange(self.total)
            window_starts = np.maximum.accumulate(np.where(opens, positions, 0))
            opens |= (positions - window_starts) % max_ticks == 0
        return opens

    def _slices(self, starts: Ints) -> Iterator[Slice]:
        """Slices that begin at `starts` on the merged tape; Python objects are made a chunk at a time."""
        first = self._places[starts]
        last = first + np.diff(starts, append=self.total)
        owners = self._owners[starts]
        for place in range(0, starts.size, _CHUNK):
            chunk = slice(place, place + _CHUNK)
            yield from zip(owners[chunk].tolist(), first[chunk].tolist(), last[chunk].tolist(), strict=True)


def _checked(symbol: str, ticks_by_symbol: Mapping[str, Ticks]) -> Ticks:
    if symbol not in ticks_by_symbol:
        raise ValueError(f"symbol {symbol!r} has no ticks; there are ticks of {', '.join(ticks_by_symbol)}")
    ticks = ticks_by_symbol[symbol]
    if ticks.dtype != TICK_DTYPE:
        raise ValueError(f"ticks of {symbol} have dtype {ticks.dtype}; want TICK_DTYPE")
    if (np.diff(ticks["time_msc"]) < 0).any():
        raise ValueError(f"ticks of {symbol}: time_msc goes back; sort them by time")
    return ticks


def _merged(ticks: Sequence[Ticks]) -> tuple[Ints, Ints, Ints]:
    """Of each tick on the merged tape: its time, its symbol's index, its place among that symbol's ticks."""
    if not ticks:
        empty = np.zeros(0, dtype=np.int64)
        return empty, empty, empty
    times = np.concatenate([part["time_msc"] for part in ticks])
    owners = np.repeat(np.arange(len(ticks), dtype=np.int64), [part.size for part in ticks])
    places = np.concatenate([np.arange(part.size, dtype=np.int64) for part in ticks])
    order = np.argsort(times, kind="stable")
    return times[order], owners[order], places[order]


def _grouped(slices: Iterator[Slice], opens: Mask) -> Iterator[list[Slice]]:
    batch: list[Slice] = []
    for piece, opens_batch in zip(slices, opens.tolist(), strict=True):
        if opens_batch and batch:
            yield batch
            batch = []
        batch.append(piece)
    if batch:
        yield batch


def _one_slice_a_symbol(batch: list[Slice]) -> list[Slice]:
    joined: dict[int, Slice] = {}
    for symbol, start, stop in batch:
        joined[symbol] = (symbol, joined[symbol][1] if symbol in joined else start, stop)
    return list(joined.values())
