"""When a terminal has no connection to its server: the listed times and random ones, on the broker's clock."""

import bisect
from collections.abc import Callable
from typing import Final

from domain.timeframes import DAY_S
from sim.faults.fills import chance_of
from sim.faults.plan import Connection

Span = tuple[int, int]
"""Beginning and end [ms, broker's clock], half-open."""

NEVER_MSC: Final = 2**62
_DAY_MS: Final = DAY_S * 1000
_AHEAD_MS: Final = 2 * _DAY_MS


class Outages:
    """Answers about the outages of `connection` from `start_msc` on; `shown` puts UTC [ms] on the broker's clock.

    Random ones are drawn in the order of time as far as they are asked for, so that it does not matter who asks when.
    Outages that touch are one.
    """

    def __init__(self, connection: Connection, seed: int, start_msc: int, shown: Callable[[int], int]) -> None:
        self._connection = connection
        self._chance = chance_of(seed, "outages")
        self._listed = [tuple(map(shown, outage.span_utc_msc)) for outage in connection.outages]
        self._random: list[Span] = []
        self._drawn_msc = start_msc if connection.outages_per_day > 0.0 else NEVER_MSC
        self._spans: list[Span] = []
        self._join()

    def at(self, time_msc: int) -> Span | None:
        """The outage that `time_msc` lies in."""
        self._draw(time_msc)
        place = bisect.bisect_right(self._spans, (time_msc, NEVER_MSC)) - 1
        return self._spans[place] if place >= 0 and time_msc < self._spans[place][1] else None

    def next_start(self, time_msc: int) -> int:
        """When the next one begins after `time_msc` [ms]; NEVER_MSC where none follows."""
        self._draw(time_msc)
        while True:
            place = bisect.bisect_right(self._spans, (time_msc, NEVER_MSC))
            if place < len(self._spans):
                return self._spans[place][0]
            if self._drawn_msc == NEVER_MSC:
                return NEVER_MSC
            self._draw(self._drawn_msc)

    def _draw(self, time_msc: int) -> None:
        """Draw random outages beyond `time_msc`: one may reach into the next."""
        if self._drawn_msc > time_msc + _AHEAD_MS:
            return
        while self._drawn_msc <= time_msc + 2 * _AHEAD_MS:
            pause_ms = self._chance.expovariate(self._connection.outages_per_day / _DAY_MS)
            start = self._drawn_msc + max(1, round(pause_ms))
            end = start + max(1, round(self._connection.outage_s.sample(self._chance) * 1000.0))
            self._random.append((start, end))
            self._drawn_msc = end
        self._join()

    def _join(self) -> None:
        joined: list[Span] = []
        for start, end in sorted([*self._listed, *self._random]):
            if joined and start <= joined[-1][1]:
                joined[-1] = (joined[-1][0], max(joined[-1][1], end))
            else:
                joined.append((start, end))
        self._spans = joined
