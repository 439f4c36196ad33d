"""Compiled counting of what stood in the way of entries, and of where a run of the same refusal begins.

A signal that lasts is refused at bar after bar: that is one chance missed, not many. So of each run of bars on a chart
with the same side, set-up and gate only the first is put down as an episode.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from domain.jit import njit
from strategy.gates import GATE_SEATS, NO_GATE, Action, DecisionKind, Verdict
from strategy.tables import Table
from strategy.verdicts import VERDICT

EPISODE_DTYPE: Final = np.dtype(
    [
        ("time_ns", "i8"),
        ("symbol", "i4"),
        ("timeframe", "i4"),
        ("side", "i4"),
        ("setup", "i4"),
        ("alone", "i4"),
        ("first", "i4"),
        ("price", "f8"),
        ("sl", "f8"),
        ("tp", "f8"),
    ]
)
"""One entry that was made, or the first of a run of entries that were refused in the same way, with its levels.

`alone` is the only gate in the way, `first` the first one, each at the beginning of a run of its own and else NO_GATE;
of an entry that was made both are NO_GATE.
"""

_RUN_FIELDS: Final = ("symbol", "timeframe", "side", "setup", "alone", "first")
RUN_DTYPE: Final = np.dtype([(name, "i4") for name in _RUN_FIELDS])
"""The last decision on an entry of a chart, by which the next one is known to belong to the same run."""

_ENTRY: Final = int(DecisionKind.ENTRY)
_HOLD: Final = int(Action.HOLD)
_REFUSED: Final = int(Verdict.REFUSED)
_NO_GATE: Final = NO_GATE
_SEATS: Final = GATE_SEATS
_UNUSED: Final = -1


class Tally(NamedTuple):
    """Counts so far: `verdicts` by gate and `Verdict`, the gate `alone` in the way and the `first` one, by gate.

    `totals` are decisions on entries and entries made; `runs` (RUN_DTYPE) has room for every chart.
    """

    verdicts: NDArray[np.int64]
    alone: NDArray[np.int64]
    first: NDArray[np.int64]
    totals: NDArray[np.int64]
    runs: Table


def empty_tally(charts: int) -> Tally:
    """Nothing counted yet, with room for so many charts."""
    runs = np.zeros(charts, RUN_DTYPE)
    for field in _RUN_FIELDS:
        runs[field] = _UNUSED
    verdicts = np.zeros((GATE_SEATS, len(Verdict)), np.int64)
    return Tally(verdicts, np.zeros(GATE_SEATS, np.int64), np.zeros(GATE_SEATS, np.int64), np.zeros(2, np.int64), runs)


@njit
def count_gates(records: Table, tally: Tally, episodes: Table) -> int:
    """Count `records` (DECISION_DTYPE, in their order) into `tally`; those on positions are passed over.

    Writes the episodes that begin among them into `episodes` (EPISODE_DTYPE, as long as `records`); returns how many.
    """
    written = 0
    for index in range(records.shape[0]):
        if records[index].kind == _ENTRY:
            row = records[index : index + 1]
            alone = _count(row, tally)
            written += _note_episode(row, alone, tally.runs, episodes[written : written + 1])
    return written


@njit
def _count(row: Table, tally: Tally) -> int:
    """Count one decision on an entry; the only gate in its way, or NO_GATE."""
    record = row[0]
    standing, last = 0, _NO_GATE
    for gate in range(_SEATS):
        verdict = int(record.gates[gate, VERDICT])
        tally.verdicts[gate, verdict] += 1
        if verdict >= _REFUSED:  # or UNKNOWN, which is the next; FIRED belongs to positions
            standing, last = standing + 1, gate
    tally.totals[0] += 1
    tally.totals[1] += record.action != _HOLD
    if record.decided_by != _NO_GATE:
        tally.first[record.decided_by] += 1
    if standing != 1:
        return _NO_GATE
    tally.alone[last] += 1
    return last


@njit
def _note_episode(row: Table, alone: int, runs: Table, episode: Table) -> int:
    """Write the decision into `episode` where it is an entry or begins a run; whether it does."""
    record, run = row[0], runs[_chart_of(row, runs)]
    has_levels = _has_levels(row)
    alone, first = (alone, record.decided_by) if has_levels else (_NO_GATE, _NO_GATE)
    goes_on = run.side == record.side and run.setup == record.setup
    begun_alone = _NO_GATE if goes_on and run.alone == alone else alone
    begun_first = _NO_GATE if goes_on and run.first == first else first
    run.side, run.setup, run.alone, run.first = record.side, record.setup, alone, first
    if not has_levels or (record.action == _HOLD and begun_alone == _NO_GATE and begun_first == _NO_GATE):
        return 0
    line = episode[0]
    line.time_ns, line.symbol, line.timeframe = record.time_ns, record.symbol, record.timeframe
    line.side, line.setup, line.alone, line.first = record.side, record.setup, begun_alone, begun_first
    line.price, line.sl, line.tp = record.price, record.sl, record.tp
    return 1


@njit
def _chart_of(row: Table, runs: Table) -> int:
    """The row of `runs` that belongs to the decision's chart; an unused one becomes it."""
    record, found = row[0], 0
    while runs[found].symbol != _UNUSED:
        if runs[found].symbol == record.symbol and runs[found].timeframe == record.timeframe:
            return found
        found += 1
    runs[found].symbol, runs[found].timeframe = record.symbol, record.timeframe
    return found


@njit
def _has_levels(row: Table) -> bool:
    """Whether the score points to a side, and stop and target are known and on theirs; NaN is neither."""
    record = row[0]
    stop, target = (record.price - record.sl) * record.side, (record.tp - record.price) * record.side
    return bool(abs(record.score) > 0.0 and min(record.sl, record.tp) > 0.0 and stop > 0.0 and target > 0.0)
