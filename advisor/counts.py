"""What an EA counts while it runs."""

from collections import deque
from typing import Final

import numpy as np

_KEPT: Final = 1_000_000
_NS_PER_US: Final = 1000.0


class RoundTrips:
    """Times from a batch to its decision [ns]; of a long run the last million."""

    def __init__(self) -> None:
        self._times: deque[int] = deque(maxlen=_KEPT)

    def add(self, duration_ns: int) -> None:
        """One more."""
        self._times.append(duration_ns)

    def percentiles_us(self, *percents: float) -> tuple[float, ...]:
        """Percentiles [microseconds]; zeros where nothing was measured."""
        if not self._times:
            return (0.0,) * len(percents)
        times = np.fromiter(self._times, np.int64, len(self._times))
        return tuple(float(value) / _NS_PER_US for value in np.percentile(times, percents))


class Counts:
    """Running numbers of one terminal."""

    def __init__(self) -> None:
        self.ticks = 0
        self.ticks_dropped = 0
        self.batches = 0
        self.batches_resent = 0
        self.decisions = 0
        self.decisions_late = 0
        self.intents = 0
        self.reports = 0
        self.sessions = 0
        self.stops_moved = 0
        self.round_trips = RoundTrips()
