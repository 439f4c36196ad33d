"""Which clock quotes are stamped by, measured by when their market closes: 17:00 in New York.

Currencies close on Fridays at 17:00 New York, metals and index CFDs every day. On the right clock all those closes fall
on 17:00; on another one they do for half a year at most, and the weeks in which Europe and America differ tell their
daylight rules apart.
"""

from typing import Final, NamedTuple

import numpy as np

from domain.serverclock import Daylight, ServerClock
from domain.timeframes import DAY_S, HOUR_S
from marketdata.quotes import Ints

NEW_YORK: Final = ServerClock(winter_offset_s=-5 * HOUR_S, daylight=Daylight.US)
LONGEST_TOLD_S: Final = HOUR_S
"""Bars longer than this end at full hours of their own clock, whenever the market closes, and tell nothing."""

_CLOSE_S: Final = 17 * HOUR_S
_EARLY_S: Final = 20 * 60  # brokers stop some minutes before, and the last tick comes before that
_WEEKEND_S: Final = 36 * HOUR_S
_BREAK_S: Final = (30 * 60, 3 * HOUR_S)
_FEWEST_BREAKS: Final = 5
_FRIDAY: Final = (4,)
_OTHER_DAYS: Final = (0, 1, 2, 3)
_SURE_SHARE: Final = 0.8
_MARGIN: Final = 2
_CANDIDATES: Final = tuple(
    ServerClock(winter_offset_s=hours * HOUR_S, daylight=rule)
    for hours in (0, 2, 3, *range(-12, 0), 1, *range(4, 15))
    for rule in ((Daylight.NONE,) if hours == 0 else (Daylight.US, Daylight.EU, Daylight.NONE))
)


class ClockEvidence(NamedTuple):
    """What the closes of a market say. `clocks` fit them and each other on this data; none where nothing can be told.

    `hits` of `closes` fall on 17:00 New York on these clocks. `reason` says why there is none, or what was seen.
    """

    clocks: tuple[ServerClock, ...]
    closes: int
    hits: int
    reason: str
    possible: tuple[ServerClock, ...] | None = None
    """Where more than one fits: those it can be; None where it can be any."""


def measured_clocks(times_s: Ints, period_s: int) -> ClockEvidence:
    """Clocks that fit `times_s` [s, the clock in question], ascending openings of bars of `period_s` [s].

    Ticks are given as the minutes they fell into, with 60 s.
    """
    if period_s > LONGEST_TOLD_S:
        return ClockEvidence((), 0, 0, "bars longer than an hour do not tell when the market closed")
    weekends, breaks = _closes(times_s, period_s)
    if breaks.size < _FEWEST_BREAKS:
        breaks = breaks[:0]
    kinds = [_evidence(weekends, _FRIDAY, times_s), _evidence(breaks, _OTHER_DAYS, times_s)]
    told = [kind for kind in kinds if kind.clocks]
    if told:
        return max(told, key=lambda kind: kind.hits / kind.closes)
    return max(kinds, key=lambda kind: kind.closes)


def agreement(clock: ServerClock, evidence: ClockEvidence, times_s: Ints) -> float:
    """The share of `times_s` that `clock` gives the same UTC as the clocks measured; 1 where none was."""
    if not evidence.clocks or clock in evidence.clocks:
        return 1.0
    return float(np.mean(clock.offsets_at(times_s) == evidence.clocks[0].offsets_at(times_s)))


def alike(clocks: tuple[ServerClock, ...], times_s: Ints) -> tuple[ServerClock, ...]:
    """The first of `clocks` and those that agree with it on all `times_s` [s, their clock]."""
    first = clocks[0].offsets_at(times_s)
    return tuple(clock for clock in clocks if np.array_equal(clock.offsets_at(times_s), first))


def _closes(times_s: Ints, period_s: int) -> tuple[Ints, Ints]:
    """Ends of the last bars before weekends and before daily breaks."""
    silent_s = np.diff(times_s) - period_s
    ends = times_s[:-1] + period_s
    return ends[silent_s >= _WEEKEND_S], ends[(silent_s >= _BREAK_S[0]) & (silent_s <= _BREAK_S[1])]


def _evidence(closes: Ints, days: tuple[int, ...], times_s: Ints) -> ClockEvidence:
    if not closes.size:
        return ClockEvidence((), 0, 0, "there is no weekend and no daily break in the file")
    hits = np.array([_hits(clock, closes, days) for clock in _CANDIDATES])
    best = int(hits.max())
    if best < _SURE_SHARE * closes.size:
        reason = f"its market does not close at 17:00 New York on any clock ({best} of {closes.size} closes at most)"
        return ClockEvidence((), closes.size, best, reason)
    fitting = tuple(clock for clock, count in zip(_CANDIDATES, hits, strict=True) if count == best)
    clocks = alike(fitting, times_s)
    rivals = [
        int(count)
        for clock, count in zip(_CANDIDATES, hits, strict=True)
        if clock not in clocks and not np.array_equal(clock.offsets_at(closes), clocks[0].offsets_at(closes))
    ]
    if best - max(rivals, default=0) < min(_MARGIN, best):
        reason = f"more than one clock fits its {closes.size} closes"
        possible = [clock for clock, count in zip(_CANDIDATES, hits, strict=True) if count > best - _MARGIN]
        return ClockEvidence((), closes.size, best, reason, tuple(possible))
    return ClockEvidence(clocks, closes.size, best, f"{best} of {closes.size} closes are at 17:00 New York")


def _hits(clock: ServerClock, closes: Ints, days: tuple[int, ...]) -> int:
    """How many `closes` are at 17:00 New York on one of the `days` (0 for Monday)."""
    utc_s = closes - clock.offsets_at(closes)
    local_s = utc_s + NEW_YORK.offsets_at_utc(utc_s)
    on_time = (local_s % DAY_S > _CLOSE_S - _EARLY_S) & (local_s % DAY_S <= _CLOSE_S)
    return int(np.count_nonzero(on_time & np.isin((local_s // DAY_S + 3) % 7, days)))
