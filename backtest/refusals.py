"""How often each gate of an entry stood in the way: counted while a run goes on, kept without the records."""

from typing import NamedTuple, Self

import numpy as np

from strategy.gates import Gate, Verdict
from strategy.params import MAX_CHARTS
from strategy.tables import Table
from strategy.tally import EPISODE_DTYPE, Tally, count_gates, empty_tally


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
    """Counts the gates of entry decisions, part by part, and keeps where a run of the same refusal begins."""

    def __init__(self) -> None:
        self._tally = empty_tally(MAX_CHARTS)
        self._episodes: list[Table] = []

    @classmethod
    def counted(cls, tally: Tally, episodes: Table) -> Self:
        """What a kernel has counted: the tally, and the episodes it has written (EPISODE_DTYPE)."""
        refusals = cls()
        refusals._tally, refusals._episodes = tally, [episodes]
        return refusals

    @property
    def bars(self) -> int:
        """Decisions on entries."""
        return int(self._tally.totals[0])

    @property
    def entries(self) -> int:
        """Those of them that opened something."""
        return int(self._tally.totals[1])

    @property
    def episodes(self) -> Table:
        """Entries made, and those at the beginning of a run of refusals, in the order of time (EPISODE_DTYPE)."""
        return np.concatenate([np.zeros(0, EPISODE_DTYPE), *self._episodes])

    def take(self, decisions: Table) -> None:
        """Count `decisions` (DECISION_DTYPE) in; those on positions are passed over."""
        found = np.zeros(len(decisions), EPISODE_DTYPE)
        self._episodes.append(found[: count_gates(decisions, self._tally, found)].copy())

    def tallies(self) -> tuple[GateTally, ...]:
        """Each gate in the order of a record."""
        return tuple(self._tally_of(gate) for gate in Gate)

    def _tally_of(self, gate: Gate) -> GateTally:
        counts = self._tally.verdicts[gate]
        return GateTally(
            gate=gate.name.lower(),
            asked=int(counts.sum() - counts[Verdict.ABSENT]),
            refused=int(counts[Verdict.REFUSED]),
            unknown=int(counts[Verdict.UNKNOWN]),
            alone=int(self._tally.alone[gate]),
            first=int(self._tally.first[gate]),
        )
