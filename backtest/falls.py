"""Falls of equity below its highest: how deep, how long, and how much of the time."""

from typing import Final, NamedTuple

import numpy as np

from backtest.curve import Curve

_NS_PER_S: Final = 1_000_000_000


class Fall(NamedTuple):
    """From a highest equity until it is reached again. Times [UTC ns], `recovered_ns` 0 where it never was.

    `money` is the depth [account money], `fraction` the depth as a positive fraction of the peak.
    """

    peak_ns: int
    bottom_ns: int
    recovered_ns: int
    peak: float
    bottom: float

    @property
    def money(self) -> float:
        """Depth [account money]."""
        return self.peak - self.bottom

    @property
    def fraction(self) -> float:
        """Depth as a positive fraction of the peak."""
        return self.money / self.peak


class FallFigures(NamedTuple):
    """Falls of a whole run: `deepest` by fraction, `largest` in money (None: equity never fell).

    `mean_fraction` and the lengths [s] are over all falls, the last one up to the end of the run; `under_water` is the
    part of the time below the highest equity; `lowest` and `highest` are equity [account money]; `recovery` is the net
    profit over the largest fall in money, NaN without one.
    """

    number: int
    deepest: Fall | None
    largest: Fall | None
    mean_fraction: float
    mean_s: float
    longest_s: float
    under_water: float
    lowest: float
    highest: float
    recovery: float


def falls_of(curve: Curve) -> tuple[Fall, ...]:
    """Every fall of `curve`, oldest first."""
    peaks = np.maximum.accumulate(curve.equity)
    below = curve.equity < peaks
    edges = np.flatnonzero(np.diff(np.concatenate(([False], below, [False])).astype(np.int8)))
    return tuple(_fall(curve, int(start), int(stop)) for start, stop in zip(edges[::2], edges[1::2], strict=True))


def _fall(curve: Curve, start: int, stop: int) -> Fall:
    """The fall whose points below the peak are [start, stop)."""
    bottom = start + int(np.argmin(curve.equity[start:stop]))
    recovered_ns = int(curve.time_ns[stop]) if stop < curve.time_ns.size else 0
    return Fall(
        int(curve.time_ns[start - 1]),
        int(curve.time_ns[bottom]),
        recovered_ns,
        float(curve.equity[start - 1]),
        float(curve.equity[bottom]),
    )


def fall_figures(curve: Curve) -> FallFigures:
    """The figures of `curve`, of at least one point."""
    falls, end_ns = falls_of(curve), int(curve.time_ns[-1])
    lengths = [((fall.recovered_ns or end_ns) - fall.peak_ns) / _NS_PER_S for fall in falls]
    whole_s = (end_ns - int(curve.time_ns[0])) / _NS_PER_S
    largest = max(falls, key=lambda fall: fall.money, default=None)
    return FallFigures(
        number=len(falls),
        deepest=max(falls, key=lambda fall: fall.fraction, default=None),
        largest=largest,
        mean_fraction=float(np.mean([fall.fraction for fall in falls])) if falls else 0.0,
        mean_s=float(np.mean(lengths)) if lengths else 0.0,
        longest_s=max(lengths, default=0.0),
        under_water=sum(lengths) / whole_s if whole_s > 0.0 else 0.0,
        lowest=float(curve.equity.min()),
        highest=float(curve.equity.max()),
        recovery=float(curve.equity[-1] - curve.equity[0]) / largest.money if largest is not None else np.nan,
    )
