"""The record of an account in one stream, oldest first: from Parquet, then from the segments that are still live."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from bridge.config import Places
from bridge.inputs import Decided, Fed, Input, InputReader, Lost, Started
from bridge.recordings import (
    SegmentDone,
    accounts_in,
    batches_of,
    decided_of,
    entries_of,
    files_between,
    files_of,
    segments_done,
    starts_in,
)
from bridge.segments import entries_in
from domain.servertime import NS_PER_S, utc_ns_from_server_msc

_DAY_NS: Final = 86_400 * NS_PER_S


class Review:
    """What is on record in a data directory now. The live segments are read once, when this is made."""

    def __init__(self, data_dir: Path) -> None:
        places = Places(data_dir)
        self._root = places.recordings
        self._live = list(entries_in(places.capture))
        first_live = self._live[0].seq if self._live else None
        self._done = [one for one in segments_done(self._root) if first_live is None or one.first_seq < first_live]

    def accounts(self) -> list[str]:
        """Accounts that anything is on record of."""
        reader = InputReader()
        for entry in self._live:
            reader.input_of(entry)
        return sorted({info.account for info in reader.terminals.values()} | set(accounts_in(self._root)))

    def inputs(self, account: str, from_seq: int = 0) -> Iterator[Input]:
        """What the account's engines were fed with and decided, from the segment that holds `from_seq` on.

        What is missing shows as `Lost`.
        """
        reached = 0
        for segment in self._done:
            if segment.last_seq < from_seq:
                continue
            yield from _hole(reached, segment.first_seq)
            yield from self._recorded(account, segment)
            reached = segment.last_seq + 1
        yield from self._live_inputs(account, reached)

    def _recorded(self, account: str, segment: SegmentDone) -> Iterator[Input]:
        """Inputs of one recorded segment, in order."""
        root, first_seq = self._root, segment.first_seq
        entries = [entry for path in files_of(root, "inputs", account, first_seq) for entry in entries_of(path)]
        found: list[Input] = list(InputReader().read(sorted(entries, key=lambda entry: entry.seq)))
        for path in files_of(root, "ticks", account, first_seq):
            found.extend(batches_of(path, account))
        for path in files_of(root, "decisions", account, first_seq):
            found.extend(decided_of(path, account))
        return iter(sorted(found, key=lambda one: one.seq))

    def _live_inputs(self, account: str, reached: int) -> Iterator[Input]:
        reader = InputReader()
        for entry in self._live:
            yield from _hole(reached, entry.seq)
            reached = entry.seq + 1
            found = reader.input_of(entry)
            if found is not None and (isinstance(found, Lost) or found.account == account):
                yield found

    def start_before(self, account: str, from_ns: int, to_ns: int) -> int:
        """`seq` of the last engine start before the first batch of ticks whose last tick lies in the window [UTC ns].

        0 where there is no such batch, or no start before it.
        """
        first = min(self._batch_seqs(account, from_ns, to_ns), default=0)
        return max((seq for seq in self._start_seqs(account) if seq < first), default=0)

    def _batch_seqs(self, account: str, from_ns: int, to_ns: int) -> Iterator[int]:
        for path in files_between(self._root, "ticks", account, from_ns - _DAY_NS, to_ns):
            yield from (batch.seq for batch in batches_of(path, account) if from_ns <= time_of(batch) <= to_ns)
        for found in self._live_inputs(account, 0):
            if isinstance(found, Fed) and from_ns <= time_of(found) <= to_ns:
                yield found.seq

    def _start_seqs(self, account: str) -> Iterator[int]:
        for segment in self._done:
            for path in files_of(self._root, "inputs", account, segment.first_seq):
                yield from starts_in(path)
        yield from (one.seq for one in self._live_inputs(account, 0) if isinstance(one, Started))

    def decisions(self, account: str, from_ns: int, to_ns: int) -> Iterator[Decided]:
        """Decision records of the days from `from_ns` to `to_ns`."""
        for path in files_between(self._root, "decisions", account, from_ns, to_ns):
            yield from decided_of(path, account)
        yield from (one for one in self._live_inputs(account, 0) if isinstance(one, Decided))


def time_of(batch: Fed) -> int:
    """Time of a batch's last tick [UTC ns]: that of the decisions it ends with."""
    return utc_ns_from_server_msc(int(batch.ticks["time_msc"][-1]), batch.server_offset_s)


def _hole(reached: int, found: int) -> list[Input]:
    if not 0 < reached < found:
        return []
    return [Lost(seq=reached, reason=f"entries {reached} to {found - 1} are missing: lost, removed or damaged")]
