"""Equity bar by bar, and day by day, taken from the decisions that a run leaves behind."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from domain.serverclock import ServerClock
from strategy.gates import DecisionKind
from strategy.tables import Table

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_NS_PER_S: Final = 1_000_000_000
_DAY_S: Final = 86_400
_ENTRY: Final = int(DecisionKind.ENTRY)


class Curve(NamedTuple):
    """The account over time, arrays of shape (n,), `time_ns` strictly rising [UTC ns]; money is the account's.

    `equity` is balance and floating profit at the quote that closed a bar, `balance` what deals have booked by then.
    """

    time_ns: Ints
    equity: Floats
    balance: Floats


class Days(NamedTuple):
    """The account at the end of each of the broker's days that had quotes, shape (n,); `day` since 1970-01-01.

    `start_equity` is what the first of them began with.
    """

    day: Ints
    equity: Floats
    start_equity: float

    @property
    def returns(self) -> Floats:
        """Return of each day, as a part of the equity it began with, shape (n,)."""
        before = np.concatenate(([self.start_equity], self.equity[:-1]))
        return np.asarray(self.equity / before - 1.0, dtype=np.float64)


def part_of_curve(decisions: Table) -> Curve:
    """The points that `decisions` (DECISION_DTYPE, in their order) tell of: each entry decision knows the account."""
    at_bars = decisions["kind"] == _ENTRY
    return Curve(
        np.ascontiguousarray(decisions["time_ns"][at_bars]),
        np.ascontiguousarray(decisions["equity"][at_bars]),
        np.ascontiguousarray(decisions["balance"][at_bars]),
    )


def joined_curve(parts: list[Curve]) -> Curve:
    """One curve of `parts`, oldest first; of several points at one moment the last one counts."""
    time_ns = np.concatenate([part.time_ns for part in parts])
    is_last = np.ones(time_ns.size, dtype=np.bool_)
    is_last[:-1] = time_ns[1:] != time_ns[:-1]
    return Curve(
        time_ns[is_last],
        np.concatenate([part.equity for part in parts])[is_last],
        np.concatenate([part.balance for part in parts])[is_last],
    )


def one_point(time_ns: int, equity: float, balance: float) -> Curve:
    """A curve of one moment."""
    return Curve(np.array([time_ns], np.int64), np.array([equity]), np.array([balance]))


def days_of(curve: Curve, clock: ServerClock) -> Days:
    """The end of each day on the broker's `clock`; the curve's first point is the deposit."""
    utc_s = curve.time_ns[1:] // _NS_PER_S
    day = (utc_s + clock.offsets_at_utc(utc_s)) // _DAY_S
    if not day.size:
        return Days(np.zeros(0, np.int64), np.zeros(0), float(curve.equity[0]))
    is_last = np.ones(day.size, dtype=np.bool_)
    is_last[:-1] = day[1:] != day[:-1]
    return Days(day[is_last], curve.equity[1:][is_last], float(curve.equity[0]))
