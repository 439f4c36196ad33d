"""How much of the time, and with how much, a run was in the market."""

from collections.abc import Sequence
from typing import NamedTuple

from backtest.trips import Trip


class Exposure(NamedTuple):
    """Parts of the time are 0..1. `most_open` and `mean_open` count positions; `lots` is the sum that was opened."""

    in_market: float
    mean_open: float
    most_open: int
    lots: float


def exposure_of(trips: Sequence[Trip], start_ns: int, end_ns: int) -> Exposure:
    """The exposure of `trips` from `start_ns` to `end_ns` [UTC ns]; what is still open is open to the end."""
    steps = [(trip.opened_ns, 1) for trip in trips] + [(trip.closed_ns or end_ns, -1) for trip in trips]
    held_ns, busy_ns, count, most, before_ns = 0, 0, 0, 0, start_ns
    for time_ns, step in sorted(steps):
        held_ns += count * (time_ns - before_ns)
        busy_ns += (time_ns - before_ns) if count else 0
        count, before_ns = count + step, time_ns
        most = max(most, count)
    whole_ns = max(end_ns - start_ns, 1)
    return Exposure(busy_ns / whole_ns, held_ns / whole_ns, most, sum(trip.lots for trip in trips))
