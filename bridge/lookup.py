"""The decisions of a stretch of time, with every gate: what `companion why` shows."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np

from bridge.inputs import Decided
from bridge.review import Review
from domain.timeframes import Timeframe
from strategy.gates import NO_GATE, Action, Care, DecisionKind, Gate, Verdict, gate_name
from strategy.naming import broker_symbol

_SEATS = {DecisionKind.ENTRY: Gate, DecisionKind.POSITION: Care}


class GateAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What one gate (or rule of position care) said."""

    name: str
    value: float
    threshold: float
    verdict: Verdict


class ExplainedDecision(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One decision. `decided_by` is the gate that refused or the rule that acted, empty where there is none.

    `figures` are all other numbers of the record by name; `row` is the record itself (DECISION_DTYPE).
    """

    seq: int
    account: str
    time_ns: int
    symbol: str
    timeframe: Timeframe
    kind: DecisionKind
    action: Action
    decided_by: str
    gates: tuple[GateAnswer, ...]
    figures: dict[str, float]
    row: np.void


def decisions_between(
    data_dir: Path, symbol: str, from_ns: int, to_ns: int, account: str | None = None
) -> list[ExplainedDecision]:
    """Decisions on `symbol` from `from_ns` to `to_ns` [UTC ns, the ticks' clock], both included, in order of time.

    `symbol` is the broker's name or its base name, as in the settings; of one `account`, or of all.
    """
    review = Review(data_dir)
    found: list[ExplainedDecision] = []
    for key in [account] if account is not None else review.accounts():
        for decided in review.decisions(key, from_ns, to_ns):
            found.extend(_explained(decided, symbol, from_ns, to_ns))
    return sorted(found, key=lambda one: (one.time_ns, one.account, one.seq))


def _explained(decided: Decided, symbol: str, from_ns: int, to_ns: int) -> Iterator[ExplainedDecision]:
    for name, row in zip(decided.symbols, decided.rows, strict=True):
        if from_ns <= row["time_ns"] <= to_ns and broker_symbol(symbol, (name,)) == name:
            yield explained(decided, name, row)


def explained(decided: Decided, symbol: str, row: np.void) -> ExplainedDecision:
    """One record in words."""
    kind, seat = DecisionKind(int(row["kind"])), int(row["decided_by"])
    return ExplainedDecision(
        seq=decided.seq,
        account=decided.account,
        time_ns=int(row["time_ns"]),
        symbol=symbol,
        timeframe=Timeframe(int(row["timeframe"])),
        kind=kind,
        action=Action(int(row["action"])),
        decided_by=gate_name(kind, seat) if seat != NO_GATE else "",
        gates=tuple(_gate_answers(kind, row)),
        figures={name: float(row[name]) for name in row.dtype.names or () if row[name].ndim == 0},
        row=row,
    )


def _gate_answers(kind: DecisionKind, row: np.void) -> Iterator[GateAnswer]:
    for seat in _SEATS[kind]:
        value, threshold, verdict = row["gates"][seat]
        if verdict != Verdict.ABSENT:
            name, said = gate_name(kind, seat), Verdict(int(verdict))
            yield GateAnswer(name=name, value=float(value), threshold=float(threshold), verdict=said)
