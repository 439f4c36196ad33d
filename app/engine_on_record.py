"""With which settings decisions were made: what the engine was started with, as recorded."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pyarrow.parquet as pq

from bridge.config import Places
from bridge.recordings import Partition
from bridge.records import EntryKind
from bridge.segments import entries_in
from bridge.trader import EngineStart
from strategy.params import EngineSettings


def settings_at(folder: Path, account: str, seq: int) -> EngineSettings | None:
    """Settings of the engine that made the record with this `seq`; None where its start is not on record."""
    starts = [(started, start) for started, start in _starts(folder) if start.account == account]
    earlier = [(started, start) for started, start in starts if started <= seq]
    return max(earlier, key=lambda found: found[0])[1].settings if earlier else None


def _starts(folder: Path) -> Iterator[tuple[int, EngineStart]]:
    places = Places(folder)
    for path in Partition("inputs", "", "", "").folder(places.recordings).rglob("*.parquet"):
        rows = pq.read_table(
            path, columns=["seq", "payload"], filters=[("kind", "=", int(EntryKind.ENGINE_START))], partitioning=None
        )
        yield from zip(rows["seq"].to_pylist(), map(_start, rows["payload"].to_pylist()), strict=True)
    for entry in entries_in(places.capture):
        if entry.kind == EntryKind.ENGINE_START:
            yield entry.seq, _start(entry.payload)


def _start(payload: bytes) -> EngineStart:
    return msgspec.json.decode(payload, type=EngineStart)
