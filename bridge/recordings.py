"""Parquet files of finished segments: ticks and decisions for people, inputs for the audit.

Partitioned as `ticks/account=../symbol=../day=../`, `decisions/account=../day=../`, `inputs/account=../day=../`; a file
is named by the first `seq` of its segment, so that writing a segment again replaces its files. A segment is done when
`segments/<seq>.json` exists. Days are UTC: the ticks' own, the decisions' own, and the wall clock's for inputs.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import quote, unquote

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from bridge.files import replace_file, sync_file, sync_folder
from bridge.inputs import Decided, Fed
from bridge.records import Entry, EntryKind
from domain.dtypes import TICK_DTYPE
from domain.servertime import NS_PER_S
from domain.timeframes import Timeframe
from domain.updates import Money
from strategy.gates import NO_GATE, Action, Care, DecisionKind, Gate, Verdict, gate_name
from strategy.tables import DECISION_DTYPE, Table

_DAY_NS: Final = 86_400 * NS_PER_S
_LAST_NS: Final = (1 << 63) - 1
_GATES: Final = {DecisionKind.ENTRY: tuple(Gate), DecisionKind.POSITION: tuple(Care)}
_PLAIN: Final = ("lots", "price", "sl", "tp", "bid", "ask", "score", "atr", "atr_baseline", "equity", "balance")
_MORE: Final = ("margin_free", "notional_open", "symbol_positions", "other_symbols", "volume_buy", "volume_sell")
_NUMBERS: Final = ("side", "setup", "bound", "bars_seen", "intent_id", "signal_id", "position_ticket", "bar_time")


class Partition(NamedTuple):
    """Where rows belong: table, then its keys in the order of the folders."""

    table: str
    account: str
    symbol: str
    day: str

    def folder(self, root: Path) -> Path:
        """Its folder below `root`."""
        parts = {"account": self.account, "symbol": self.symbol, "day": self.day}
        names = [f"{key}={quote(value, safe='')}" for key, value in parts.items() if value]
        return root.joinpath(self.table, *names)


class SegmentDone(NamedTuple):
    """A segment that is in Parquet, from its first `seq` to its last; `torn_bytes` were cut from its end."""

    first_seq: int
    last_seq: int
    torn_bytes: int


def day_of(time_ns: int) -> str:
    """UTC day of `time_ns`, such as 2024-01-31."""
    return str(np.datetime64(time_ns // _DAY_NS, "D"))


# -- writing ---------------------------------------------------------------------------------------------------------


def write_partition(root: Path, partition: Partition, first_seq: int, table: pa.Table) -> None:
    """Put a table into its file; it is there whole or not at all, and on the disk when this returns."""
    folder = partition.folder(root)
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{first_seq:020d}.parquet"
    part = target.with_suffix(".part")
    pq.write_table(table, part, compression="zstd")
    sync_file(part)
    part.replace(target)
    sync_folder(folder)


def mark_done(root: Path, done: SegmentDone) -> None:
    """Say that every file of a segment is on the disk."""
    folder = root / "segments"
    folder.mkdir(parents=True, exist_ok=True)
    replace_file(folder / f"{done.first_seq:020d}.json", json.dumps(done._asdict()).encode(), durable=True)


def ticks_table(batches: list[Fed]) -> pa.Table:
    """One row a tick, in order, with what the batch said."""
    counts = [len(batch.ticks) for batch in batches]
    ticks = np.concatenate([batch.ticks for batch in batches])
    columns: dict[str, np.ndarray] = {
        "seq": np.repeat(np.array([batch.seq for batch in batches], np.uint64), counts),
        "batch": np.repeat(np.array([batch.batch for batch in batches], np.uint64), counts),
        "consumed": np.repeat(np.array([batch.consumed for batch in batches]), counts),
        "received_ns": np.repeat(np.array([batch.wall_ns for batch in batches], np.int64), counts),
        "server_offset_s": np.repeat(np.array([batch.server_offset_s for batch in batches], np.int32), counts),
    }
    columns |= {name: np.ascontiguousarray(ticks[name]) for name in TICK_DTYPE.names or ()}
    for name in Money.__struct_fields__:
        columns[name] = np.repeat(np.array([getattr(batch.money, name) for batch in batches]), counts)
    return pa.table(columns)


def decisions_table(decided: list[Decided]) -> pa.Table:
    """One row a decision: named columns for people, and the record itself (`record`), bit for bit, for the audit."""
    rows: Table = np.concatenate([one.rows for one in decided])
    counts = [len(one.rows) for one in decided]
    names = [name for one in decided for name in one.symbols]
    kinds = [DecisionKind(int(kind)) for kind in rows["kind"]]
    decided_by = [_decided_by(kind, int(seat)) for kind, seat in zip(kinds, rows["decided_by"], strict=True)]
    columns: dict[str, object] = {
        "seq": np.repeat(np.array([one.seq for one in decided], np.uint64), counts),
        "time": pa.array(rows["time_ns"], pa.timestamp("ns", "UTC")),
        "symbol": _words(names),
        "timeframe": _words([Timeframe(int(code)).name for code in rows["timeframe"]]),
        "kind": _words([kind.name.lower() for kind in kinds]),
        "action": _words([Action(int(action)).name.lower() for action in rows["action"]]),
        "decided_by": _words(decided_by),
    }
    columns |= {name: np.ascontiguousarray(rows[name]) for name in (*_PLAIN, *_MORE, *_NUMBERS)}
    columns["features"] = pa.array([list(features) for features in rows["features"]], pa.list_(pa.float64()))
    columns |= _gate_columns(rows, kinds)
    columns["record"] = pa.array([row.tobytes() for row in rows], pa.binary(DECISION_DTYPE.itemsize))
    return pa.table(columns)


def _words(words: Sequence[str | None], absent: NDArray[np.bool_] | None = None) -> pa.Array:
    """A column of text. Its type is said: a file in which every word is missing must still be read with the others."""
    return pa.array(words, pa.string(), mask=absent)


def _decided_by(kind: DecisionKind, seat: int) -> str | None:
    return gate_name(kind, seat) if seat != NO_GATE else None


def _gate_columns(rows: Table, kinds: list[DecisionKind]) -> Mapping[str, object]:
    """`<gate>_value`, `<gate>_threshold`, `<gate>_verdict`; null where a gate was not asked."""
    columns: dict[str, object] = {}
    for kind, seats in _GATES.items():
        asked = np.array([one == kind for one in kinds])
        for seat in seats:
            value, threshold, verdict = rows["gates"][:, seat, :].T
            absent = ~asked | (verdict == Verdict.ABSENT)
            name = gate_name(kind, seat).replace(" ", "_")
            columns[f"{name}_value"] = pa.array(value, mask=absent)
            columns[f"{name}_threshold"] = pa.array(threshold, mask=absent)
            columns[f"{name}_verdict"] = _words([Verdict(int(one)).name.lower() for one in verdict], absent)
    return columns


def inputs_table(entries: list[Entry]) -> pa.Table:
    """One row an entry, as it was captured."""
    return pa.table(
        {
            "seq": pa.array([entry.seq for entry in entries], pa.uint64()),
            "kind": pa.array([entry.kind for entry in entries], pa.uint8()),
            "flags": pa.array([entry.flags for entry in entries], pa.uint8()),
            "terminal": pa.array([entry.terminal for entry in entries], pa.uint16()),
            "mono_ns": pa.array([entry.mono_ns for entry in entries], pa.int64()),
            "wall_ns": pa.array([entry.wall_ns for entry in entries], pa.int64()),
            "payload": pa.array([entry.payload for entry in entries], pa.large_binary()),
        }
    )


# -- reading ---------------------------------------------------------------------------------------------------------


def segments_done(root: Path) -> list[SegmentDone]:
    """Every segment that is in Parquet, in order."""
    return [SegmentDone(**json.loads(path.read_bytes())) for path in sorted((root / "segments").glob("*.json"))]


def accounts_in(root: Path) -> list[str]:
    """Every account that has inputs on record."""
    return sorted(unquote(path.name.partition("=")[2]) for path in (root / "inputs").glob("account=*"))


def files_of(root: Path, table: str, account: str, first_seq: int) -> list[Path]:
    """Files of one segment and account in `table`."""
    folder = Partition(table, account, "", "").folder(root)
    return sorted(folder.rglob(f"{first_seq:020d}.parquet"))


def files_between(root: Path, table: str, account: str, from_ns: int, to_ns: int) -> list[Path]:
    """Files of an account in `table` for the UTC days from `from_ns` to `to_ns`, both included, by segment."""
    folder = Partition(table, account, "", "").folder(root)
    first, last = day_of(max(from_ns, 0)), day_of(min(to_ns, _LAST_NS))
    found = [path for path in folder.rglob("*.parquet") if first <= path.parent.name.removeprefix("day=") <= last]
    return sorted(found, key=lambda path: (path.name, str(path)))


def starts_in(path: Path) -> list[int]:
    """`seq` of every engine start in a file of inputs."""
    table = pq.read_table(path, columns=["seq", "kind"], partitioning=None)
    starts = table["kind"].to_numpy() == EntryKind.ENGINE_START
    return [int(seq) for seq in table["seq"].to_numpy()[starts]]


def entries_of(path: Path) -> list[Entry]:
    """What `inputs_table` wrote."""
    columns = pq.read_table(path, partitioning=None).to_pydict()
    return [Entry(*row) for row in zip(*(columns[name] for name in _ENTRY_COLUMNS), strict=True)]


_ENTRY_COLUMNS: Final = ("kind", "flags", "terminal", "seq", "mono_ns", "wall_ns", "payload")


def batches_of(path: Path, account: str) -> Iterator[Fed]:
    """What `ticks_table` wrote: the batches of one symbol and day."""
    table = pq.read_table(path, partitioning=None)
    columns = {name: table[name].to_numpy() for name in table.column_names}
    ticks = np.empty(table.num_rows, TICK_DTYPE)
    for name in TICK_DTYPE.names or ():
        ticks[name] = columns[name]
    symbol = unquote(path.parent.parent.name.partition("=")[2])
    for start, stop in _runs(columns["seq"]):
        yield Fed(
            seq=int(columns["seq"][start]),
            account=account,
            wall_ns=int(columns["received_ns"][start]),
            symbol=symbol,
            batch=int(columns["batch"][start]),
            server_offset_s=int(columns["server_offset_s"][start]),
            money=Money(**{name: float(columns[name][start]) for name in Money.__struct_fields__}),
            ticks=ticks[start:stop],
            consumed=bool(columns["consumed"][start]),
        )


def decided_of(path: Path, account: str) -> Iterator[Decided]:
    """What `decisions_table` wrote."""
    table = pq.read_table(path, columns=["seq", "symbol", "record"], partitioning=None)
    seqs = table["seq"].to_numpy()
    symbols, records = table["symbol"].to_pylist(), table["record"].to_pylist()
    for start, stop in _runs(seqs):
        rows: Table = np.frombuffer(b"".join(records[start:stop]), DECISION_DTYPE)
        yield Decided(seq=int(seqs[start]), account=account, wall_ns=0, symbols=tuple(symbols[start:stop]), rows=rows)


def _runs(seqs: NDArray[np.uint64]) -> Iterator[tuple[int, int]]:
    """Start and stop of every stretch of equal numbers."""
    starts = [0, *(np.flatnonzero(seqs[1:] != seqs[:-1]) + 1).tolist()] if len(seqs) else []
    return zip(starts, [*starts[1:], len(seqs)], strict=True)
