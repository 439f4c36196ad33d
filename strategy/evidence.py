"""The record of each set-up as the decision on an entry sees it: a window of round trips that ages."""

import math
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


def lay_out_evidence(evidence: Table, trips: Sequence[RoundTrip], setup_of: SetupOf, window: int) -> None:
    """Write the latest `window` round trips of each set-up into `evidence` (EVIDENCE_DTYPE), to be refreshed."""
    kept: list[list[RoundTrip]] = [[] for _ in evidence]
    for trip in reversed(trips):
        setup = setup_of(trip.signal_id)
        if setup is None or math.isnan(trip.r_multiple) or len(kept[setup]) >= min(window, MAX_TRIPS):
            continue
        kept[setup].append(trip)
    for row, found in zip(evidence, kept, strict=True):
        row["count"] = len(found)
        row["closed_ns"][: len(found)] = [trip.closed_ns for trip in reversed(found)]
        row["r_multiples"][: len(found)] = [trip.r_multiple for trip in reversed(found)]
        row["stale_from_ns"] = 0


def proof_of(trips: Sequence[RoundTrip], wanted: int, normal_quantile: float) -> tuple[int, float]:
    """How many of the latest `wanted` round trips have a known result, and the bound of their expectancy [R]."""
    known = [trip.r_multiple for trip in trips[-wanted:] if not math.isnan(trip.r_multiple)]
    return len(known), expectancy_bound(np.array(known, np.float64), normal_quantile)
