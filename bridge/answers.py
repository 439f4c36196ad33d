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
_HOLD: Final = int(Action.HOLD)
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
    row = _telling(decisions)
    verdicts = row["gates"][:, _VERDICT]
    refused = int(np.count_nonzero((verdicts == Verdict.REFUSED) | (verdicts == Verdict.UNKNOWN)))
    is_entry = row["kind"] == DecisionKind.ENTRY
    decided_by = int(row["decided_by"])
    score = float(row["score"])
    return Decision(
        batch=batch,
        symbol_index=symbol_index,
        timeframe=int(row["timeframe"]),
        action=int(row["action"]),
        gates_passed=int(np.count_nonzero(verdicts == Verdict.PASSED)),
        gates_refused=refused,
        first_refusing_gate=decided_by if is_entry and decided_by != NO_SEAT else NO_GATE,
        score=min(max(score, -_LARGEST_SCORE), _LARGEST_SCORE) if not math.isnan(score) else 0.0,
        decided_ns=int(row["time_ns"]),
        intents_following=intents,
        text=_words(row),
    )


def _telling(decisions: Table) -> np.void:
    """The last decision that acts, else the last one about an entry, else the last."""
    for wanted in (decisions["action"] != _HOLD, decisions["kind"] == DecisionKind.ENTRY):
        found = np.flatnonzero(wanted)
        if len(found):
            return np.void(decisions[found[-1]])
    return np.void(decisions[-1])


def _words(row: np.void) -> str:
    action = Action(int(row["action"])).name.lower().replace("_", " ")
    chart = Timeframe(int(row["timeframe"])).name
    seat = int(row["decided_by"])
    reason = f": {gate_name(int(row['kind']), seat)}" if seat != NO_SEAT else ""
    if row["kind"] == DecisionKind.POSITION:
        return f"{chart} #{row['position_ticket']} {action}{reason}"
    lots = f" {float(row['lots']):g}" if row["action"] != _HOLD else ""
    return f"{chart} {action}{lots}{reason}"
