"""What a compiled run leaves behind: deals, an equity point for each closed bar, gates counted, records where asked."""

from typing import Final

from backtest.compiled.tables import Run
from domain.jit import njit_inner, njit_once
from strategy.gates import DecisionKind
from strategy.tables import MAX_POSITIONS
from strategy.tally import count_gates

_POSITION: Final = int(DecisionKind.POSITION)


@njit_once
def has_room(run: Run) -> bool:
    """Whether the trail can take what one turn of the loop may leave at most."""
    progress, trail = run.progress[0], run.trail
    records = run.records.shape[0]
    if progress.deals + 2 * MAX_POSITIONS > trail.deals.shape[0]:
        return False
    if progress.points + records > trail.points.shape[0] or progress.episodes + records > trail.episodes.shape[0]:
        return False
    if progress.keeps_acts == 1 and progress.acts + records > trail.acts.shape[0]:
        return False
    return not (progress.keeps_decisions == 1 and progress.decisions + records > trail.decisions.shape[0])


@njit_once
def note_records(run: Run, written: int) -> bool:
    """Take the first `written` records in; whether one of them wants something done."""
    asks, progress, trail = False, run.progress[0], run.trail
    progress.episodes += count_gates(run.records[:written], trail.tally, trail.episodes[progress.episodes :])
    for row in range(written):
        record = run.records[row]
        asks = asks or record.action != 0
        if progress.keeps_decisions == 1:
            trail.decisions[progress.decisions] = record
            progress.decisions += 1
        if record.kind != _POSITION:  # a bar that was not decided on has a point, too
            note_point(run, record.time_ns, record.equity, record.balance)
    return asks


@njit_inner
def note_point(run: Run, time_ns: int, equity: float, balance: float) -> None:
    """One point of the curve; of several at one moment the last one counts."""
    progress, trail = run.progress[0], run.trail
    if progress.points == 0 or trail.points[progress.points - 1].time_ns != time_ns:
        progress.points += 1
    point = trail.points[progress.points - 1]
    point.time_ns, point.equity, point.balance = time_ns, equity, balance
