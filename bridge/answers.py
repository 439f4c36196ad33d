"""The answer to a batch of ticks, in the few words that fit a chart panel."""

import math
from typing import Final

import numpy as np

from domain.timeframes import Timeframe
from strategy.gates import NO_GATE as NO_SEAT
from strategy.gates import Action, DecisionKind, Verdict, gate_name
from strategy.tables import Table
from wire.enums import NO_GATE
from wire.messages import Decision

WATCHING: Final = "watching"
DECIDED_BEFORE: Final = "decided before"
# plain numbers: an enumeration's member takes longer to look up than to compare
_HOLD: Final = int(Action.HOLD)
_ENTRY: Final = int(DecisionKind.ENTRY)
_PASSED, _REFUSED, _UNKNOWN = (int(verdict) for verdict in (Verdict.PASSED, Verdict.REFUSED, Verdict.UNKNOWN))
_VERDICT: Final = 2
_LARGEST_SCORE: Final = 1e6  # what the wire carries; a user's model may say anything


def holding(batch: int, symbol_index: int, decided_ns: int, text: str = WATCHING) -> Decision:
    """Nothing is done, and `text` says why."""
    return Decision(
        batch=batch,
        symbol_index=symbol_index,
        timeframe=0,
        action=_HOLD,
        gates_passed=0,
        gates_refused=0,
        first_refusing_gate=NO_GATE,
        score=0.0,
        decided_ns=decided_ns,
        intents_following=0,
        text=text,
    )


def deciding(batch: int, symbol_index: int, decisions: Table, intents: int) -> Decision:
    """What the most telling of `decisions` (DECISION_DTYPE, at least one) says; `intents` follow."""
    row = decisions[_telling(decisions)]
    verdicts = row["gates"][:, _VERDICT].tolist()
    is_entry = row["kind"] == _ENTRY
    decided_by = int(row["decided_by"])
    score = float(row["score"])
    return Decision(
        batch=batch,
        symbol_index=symbol_index,
        timeframe=int(row["timeframe"]),
        action=int(row["action"]),
        gates_passed=verdicts.count(_PASSED),
        gates_refused=verdicts.count(_REFUSED) + verdicts.count(_UNKNOWN),
        first_refusing_gate=decided_by if is_entry and decided_by != NO_SEAT else NO_GATE,
        score=min(max(score, -_LARGEST_SCORE), _LARGEST_SCORE) if not math.isnan(score) else 0.0,
        decided_ns=int(row["time_ns"]),
        intents_following=intents,
        text=_words(row),
    )


def _telling(decisions: Table) -> int:
    """Place of the last decision that acts, else of the last one about an entry, else of the last."""
    last = len(decisions) - 1
    if not last:
        return 0
    for wanted in (decisions["action"] != _HOLD, decisions["kind"] == _ENTRY):
        found = np.flatnonzero(wanted)
        if len(found):
            return int(found[-1])
    return last


def _words(row: np.void) -> str:
    action = Action(int(row["action"])).name.lower().replace("_", " ")
    chart = Timeframe(int(row["timeframe"])).name
    seat = int(row["decided_by"])
    reason = f": {gate_name(int(row['kind']), seat)}" if seat != NO_SEAT else ""
    if row["kind"] == DecisionKind.POSITION:
        return f"{chart} #{row['position_ticket']} {action}{reason}"
    lots = f" {float(row['lots']):g}" if row["action"] != _HOLD else ""
    return f"{chart} {action}{lots}{reason}"
