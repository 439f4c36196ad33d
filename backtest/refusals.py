"""How often each gate of an entry stood in the way: counted while a run goes on, kept without the records."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from strategy.gates import GATE_SEATS, DecisionKind, Gate, Verdict
from strategy.tables import Table

Counts = NDArray[np.int64]

_ENTRY: Final = int(DecisionKind.ENTRY)
_VERDICTS: Final = len(Verdict)
_IN_THE_WAY: Final = (int(Verdict.REFUSED), int(Verdict.UNKNOWN))


class GateTally(NamedTuple):
    """One gate over a run: bars on which it was asked, answered no, did not know, and was the only one in the way.

    `first` are bars on which it was the first gate in the way: over all gates they add up to the bars without an entry.
    """

    gate: str
    asked: int
    refused: int
    unknown: int
    alone: int
    first: int


class Refusals:
    """Counts the gates of entry decisions, part by part."""

    def __init__(self) -> None:
        self._verdicts = np.zeros((GATE_SEATS, _VERDICTS), np.int64)
        self._alone = np.zeros(GATE_SEATS, np.int64)
        self._first = np.zeros(GATE_SEATS, np.int64)
        self.bars = 0
        self.entries = 0

    def take(self, decisions: Table) -> None:
        """Count `decisions` (DECISION_DTYPE) in; those on positions are passed over."""
        asked = decisions["kind"] == _ENTRY
        verdicts = decisions["gates"][:, :, 2][asked].astype(np.int64)
        seats = np.arange(GATE_SEATS)
        flat = (verdicts + seats * _VERDICTS).ravel()
        self._verdicts += np.bincount(flat, minlength=GATE_SEATS * _VERDICTS).reshape(GATE_SEATS, _VERDICTS)
        stands = np.isin(verdicts, _IN_THE_WAY)
        lonely = np.count_nonzero(stands, axis=1) == 1
        self._alone += np.count_nonzero(stands[lonely], axis=0)
        first = decisions["decided_by"][asked]
        self._first += np.bincount(first[first >= 0], minlength=GATE_SEATS)
        self.bars += len(verdicts)
        self.entries += int(np.count_nonzero(decisions["action"][asked]))

    def tallies(self) -> tuple[GateTally, ...]:
        """Each gate in the order of a record."""
        return tuple(self._tally(gate) for gate in Gate)

    def _tally(self, gate: Gate) -> GateTally:
        counts = self._verdicts[gate]
        return GateTally(
            gate=gate.name.lower(),
            asked=int(counts.sum() - counts[Verdict.ABSENT]),
            refused=int(counts[Verdict.REFUSED]),
            unknown=int(counts[Verdict.UNKNOWN]),
            alone=int(self._alone[gate]),
            first=int(self._first[gate]),
        )
