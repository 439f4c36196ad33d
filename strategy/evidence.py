"""The record of each set-up as the decision on an entry sees it: a window of round trips that ages."""

import math
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from account.round_trips import RoundTrip
from domain.jit import njit
from risk.kelly import KellyRules, allowed_fraction, edge_of
from risk.proof import expectancy_bound
from strategy.tables import MAX_TRIPS, Table

_NS_PER_S: Final = 1_000_000_000
_NEVER: Final = np.iinfo(np.int64).max

SetupOf = Callable[[int], int | None]
"""Signal id of an intent -> set-up of the model that is traded now, None for another model's."""


@njit
def refresh_evidence(evidence: Table, setup: int, now_ns: int, rules: KellyRules) -> None:
    """Bring the figures of `setup` to `now_ns` [UTC ns]: round trips that are too old by then count no longer."""
    row = evidence[setup]
    if now_ns < row.stale_from_ns:
        return
    oldest_ns = now_ns - int(rules.max_age_s) * _NS_PER_S
    first = 0
    while first < row.count and row.closed_ns[first] <= oldest_ns:
        first += 1
    edge = edge_of(row.r_multiples[first : row.count], rules)
    row.trips, row.win_rate, row.win_r, row.loss_r = edge.trips, edge.win_rate, edge.win_r, edge.loss_r
    row.kelly_fraction = allowed_fraction(edge, rules)
    age_ns = now_ns - oldest_ns
    row.stale_from_ns = row.closed_ns[first] + age_ns if first < row.count else _NEVER
    # the round trip whose end takes the record below the minimum: from then on the prior counts again
    decisive = row.count - int(rules.min_trips)
    row.reopens_ns = row.closed_ns[decisive] + age_ns if decisive >= first else 0


class EvidenceLayout:
    """Keeps EVIDENCE_DTYPE in step with the round trips of one account: each is written once, when it has ended.

    A set-up has the latest `window` of its round trips whose result is known, as far as the account remembers them.
    """

    def __init__(self, window: int) -> None:
        self._window = min(window, MAX_TRIPS)
        self._numbers: list[deque[int]] = []
        self._ended = 0

    def follow(self, evidence: Table, trips: Sequence[RoundTrip], ended: int, setup_of: SetupOf) -> None:
        """Write what came to `trips`, the latest of the `ended` there ever were, into `evidence`, to be refreshed."""
        if not self._numbers:
            self._numbers = [deque() for _ in evidence]
            evidence["count"] = 0
            evidence["stale_from_ns"] = 0
        fresh = trips[max(0, len(trips) - (ended - self._ended)) :]
        for number, trip in enumerate(fresh, ended - len(fresh)):
            setup, result = setup_of(trip.signal_id), trip.r_multiple
            if setup is not None and not math.isnan(result):
                if len(self._numbers[setup]) == self._window:
                    self._drop_oldest(evidence, setup)
                self._append(evidence, setup, number, trip.closed_ns, result)
        self._ended = ended
        for setup, numbers in enumerate(self._numbers):
            while numbers and numbers[0] < ended - len(trips):
                self._drop_oldest(evidence, setup)

    def _append(self, evidence: Table, setup: int, number: int, closed_ns: int, result: float) -> None:
        row, count = evidence[setup], len(self._numbers[setup])
        row["closed_ns"][count] = closed_ns
        row["r_multiples"][count] = result
        row["count"] = count + 1
        row["stale_from_ns"] = 0
        self._numbers[setup].append(number)

    def _drop_oldest(self, evidence: Table, setup: int) -> None:
        row, left = evidence[setup], len(self._numbers[setup]) - 1
        for name in ("closed_ns", "r_multiples"):
            row[name][:left] = row[name][1 : left + 1]
        row["count"] = left
        row["stale_from_ns"] = 0
        self._numbers[setup].popleft()


def proof_of(trips: Sequence[RoundTrip], wanted: int, normal_quantile: float) -> tuple[int, float]:
    """How many of the latest `wanted` round trips have a known result, and the bound of their expectancy [R]."""
    results = np.array([trip.r_multiple for trip in trips[-wanted:]], np.float64)
    known = results[~np.isnan(results)]
    return len(known), expectancy_bound(known, normal_quantile)
