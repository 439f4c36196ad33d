"""When ticks came, as recorded: what explains a minute without a decision."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from bridge.config import Places
from bridge.inputs import Fed, InputReader
from bridge.recordings import files_between
from bridge.segments import entries_in
from domain.servertime import NS_PER_MS, NS_PER_S

_DAY_NS: Final = 86_400 * NS_PER_S
_REACH_DAYS: Final = 6
_COLUMNS: Final = ["time_msc", "server_offset_s", "consumed"]


class TicksAround(NamedTuple):
    """Ticks near a span of time [UTC ns]: the last before it, the first after it, and how many lie inside.

    `unused` of those inside came while the bridge was not ready to trade them. None: none within six days.
    """

    before_ns: int | None
    after_ns: int | None
    inside: int
    unused: int


class _Stretch(NamedTuple):
    times_ns: NDArray[np.int64]
    consumed: NDArray[np.bool_]


def ticks_around(folder: Path, account: str, symbol: str, start_ns: int, stop_ns: int) -> TicksAround:
    """What is on record of `symbol` around the span from `start_ns` to `stop_ns` (exclusive) [UTC ns]."""
    before: list[int] = []
    after: list[int] = []
    inside = unused = 0
    for times_ns, consumed in _stretches(folder, account, symbol, start_ns, stop_ns):
        first, last = np.searchsorted(times_ns, [start_ns, stop_ns])
        inside += int(last - first)
        unused += int(np.count_nonzero(~consumed[first:last]))
        before += times_ns[:first][-1:].tolist()
        after += times_ns[last:][:1].tolist()
    return TicksAround(max(before, default=None), min(after, default=None), inside, unused)


def _stretches(folder: Path, account: str, symbol: str, start_ns: int, stop_ns: int) -> Iterator[_Stretch]:
    places = Places(folder)
    reach = _REACH_DAYS * _DAY_NS
    for path in files_between(places.recordings, "ticks", account, start_ns - reach, stop_ns + reach):
        if f"symbol={symbol}/" in f"{path.parent.parent.name}/":
            yield _recorded(path)
    yield from _live(places.capture, account, symbol)


def _recorded(path: Path) -> _Stretch:
    table = pq.read_table(path, columns=_COLUMNS, partitioning=None)
    times = table["time_msc"].to_numpy(), table["server_offset_s"].to_numpy().astype(np.int64)
    return _ordered(_utc_ns(*times), table["consumed"].to_numpy())


def _live(capture: Path, account: str, symbol: str) -> Iterator[_Stretch]:
    for fed in InputReader().read(entries_in(capture)):
        if isinstance(fed, Fed) and (fed.account, fed.symbol) == (account, symbol):
            times = _utc_ns(fed.ticks["time_msc"].astype(np.int64), np.int64(fed.server_offset_s))
            yield _ordered(times, np.full(len(times), fed.consumed))


def _utc_ns(time_msc: NDArray[np.int64], offset_s: NDArray[np.int64] | np.int64) -> NDArray[np.int64]:
    times: NDArray[np.int64] = (time_msc - offset_s * 1000) * NS_PER_MS
    return times


def _ordered(times_ns: NDArray[np.int64], consumed: NDArray[np.bool_]) -> _Stretch:
    """By time: a batch that was sent again stands later in the record."""
    order = np.argsort(times_ns, kind="stable")
    return _Stretch(times_ns[order], consumed[order])
