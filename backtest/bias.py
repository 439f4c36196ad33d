"""Four ways in which a backtest can fool its owner, each tried on purpose.

*Look-ahead*: with the future cut off, every decision before the cut must be the same, bit for bit. *Warm-up*: with less
history, scores must still be what they are with all of it. *Costs*: how soon dearer spreads eat the profit. *Null*: the
same bars in a random order hold no trend, so that what is earned on them is luck, and shows what luck can do.
"""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import numpy as np

from backtest.curve import Floats, Ints, days_of
from backtest.exact import Outcome, run_exact
from backtest.job import Job
from backtest.returns import sharpe
from backtest.span import part_of
from marketdata.quotes import Ticks
from signals.models import SignalModel
from strategy.events import WarmUp
from strategy.gates import DecisionKind, Gate
from strategy.tables import Table

CUTS: Final = (0.25, 0.5, 0.75)
SPREADS: Final = (1.0, 1.5, 2.0, 3.0)
HISTORIES: Final = (1.0, 2.0, 4.0)
SHUFFLES: Final = 19
"""With so many, a result better than all of them has a probability of 1 in 20."""

_SAME_SCORE: Final = 1e-6


Done = Callable[[], None]
"""Told that one more run has ended."""


def _quietly() -> None:
    """Nobody wants to know."""


class LookAhead(NamedTuple):
    """One cut: after `decisions` the future was missing.

    `other` of them came out otherwise, `first_other` is the first of those (-1: none), made at `first_ns` [UTC ns].
    """

    cut_ns: int
    decisions: int
    other: int
    first_other: int
    first_ns: int

    @property
    def is_clean(self) -> bool:
        """Whether nothing that was decided before the cut depends on what came after it."""
        return self.first_other < 0


class WarmUpEffect(NamedTuple):
    """Bars scored after `history` bars a chart, beside the same bars after the whole history.

    `other` of `bars` had another score, the last of them `last_other` bars after the beginning (0: none).
    """

    history: int
    bars: int
    other: int
    last_other: int


class CostEffect(NamedTuple):
    """What is left where every spread is `spread_factor` times as wide; money is the account's."""

    spread_factor: float
    profit: float
    sharpe: float
    round_trips: int


class NullTest(NamedTuple):
    """The Sharpe ratio beside those on shuffled bars, sorted upwards. A small `chance` does not look like luck.

    `chance` is the part of all, the real one included, that is at least as good; NaN without a ratio.
    """

    sharpe: float
    shuffled: tuple[float, ...]
    chance: float


# -- look-ahead -------------------------------------------------------------------------------------------------------


class _Prints:
    """What is kept of each decision to know it again: a hash of all its bytes, and when it was made."""

    def __init__(self) -> None:
        self._hashes: list[Ints] = []
        self._times: list[Ints] = []

    def observe(self, decisions: Table) -> None:
        size, raw = decisions.dtype.itemsize, decisions.tobytes()
        found = (hash(raw[at : at + size]) for at in range(0, len(raw), size))
        self._hashes.append(np.fromiter(found, np.int64, len(decisions)))
        self._times.append(decisions["time_ns"].astype(np.int64))

    @property
    def hashes(self) -> Ints:
        return np.concatenate([np.zeros(0, np.int64), *self._hashes])

    @property
    def times(self) -> Ints:
        return np.concatenate([np.zeros(0, np.int64), *self._times])


def look_ahead(
    job: Job, cuts: Sequence[float] = CUTS, *, model: SignalModel | None = None, done: Done = _quietly
) -> tuple[LookAhead, ...]:
    """Run `job` whole and cut off after each of `cuts` (parts of its time, 0..1); `model` as in `run_exact`."""
    whole = _prints_of(job, model, done)
    return tuple(_cut_off(job, whole, cut, model, done) for cut in cuts)


def _prints_of(job: Job, model: SignalModel | None, done: Done) -> _Prints:
    prints = _Prints()
    run_exact(job, model=model, observe=prints.observe)
    done()
    return prints


def _cut_off(job: Job, whole: _Prints, cut: float, model: SignalModel | None, done: Done) -> LookAhead:
    last_msc = job.start_msc + int((job.end_msc - job.start_msc) * cut)
    kept = {
        symbol: ticks[: np.searchsorted(ticks["time_msc"], last_msc, "right")] for symbol, ticks in job.ticks.items()
    }
    part = _prints_of(dataclasses.replace(job, ticks=kept), model, done)
    apart = differences(whole.hashes, part.hashes)
    first = int(apart[0]) if apart.size else -1
    time_ns = int(part.times[first]) if apart.size else 0
    return LookAhead(job.utc_ns(last_msc), part.hashes.size, apart.size, first, time_ns)


def differences(whole: Ints, part: Ints) -> Ints:
    """Places in `part` where it is not what `whole` is there; what goes beyond the end of `whole` is not, either."""
    shared = min(whole.size, part.size)
    return np.concatenate([np.flatnonzero(whole[:shared] != part[:shared]), np.arange(shared, part.size)])


# -- warm-up ----------------------------------------------------------------------------------------------------------


class _Scores:
    """Scores by chart, and the bars that were needed before the first one that counts."""

    def __init__(self) -> None:
        self._parts: dict[tuple[int, int], list[Table]] = {}
        self.bars_needed = 0

    def observe(self, decisions: Table) -> None:
        entries = decisions[decisions["kind"] == DecisionKind.ENTRY]
        if not len(entries):
            return
        self.bars_needed = max(self.bars_needed, int(entries["gates"][:, Gate.WARM_UP, 1].max()))
        seen = entries[["bar_time", "score"]].copy()
        for symbol, frame in np.unique(entries[["symbol", "timeframe"]]).tolist():
            own = (entries["symbol"] == symbol) & (entries["timeframe"] == frame)
            self._parts.setdefault((symbol, frame), []).append(seen[own])

    def by_chart(self) -> dict[tuple[int, int], tuple[Ints, Floats]]:
        """Opening times of the bars and their scores, both of shape (n,)."""
        return {
            chart: (
                np.concatenate([part["bar_time"] for part in parts]),
                np.concatenate([part["score"] for part in parts]),
            )
            for chart, parts in self._parts.items()
        }


def warm_up_effect(
    job: Job, histories: Sequence[float] = HISTORIES, after: float = 0.5, *, done: Done = _quietly
) -> tuple[WarmUpEffect, ...]:
    """Score what comes after the part `after` of the time with `histories` times the bars the model asks for."""
    from_ns = job.utc_ns(job.start_msc + int((job.end_msc - job.start_msc) * after))
    full = part_of(job, from_ns, job.utc_ns(job.end_msc) + 1)
    with_all = _scores_of(full, done)
    return tuple(_with_history(full, with_all, int(with_all.bars_needed * factor), done) for factor in histories)


def _scores_of(job: Job, done: Done) -> _Scores:
    scores = _Scores()
    run_exact(job, observe=scores.observe)
    done()
    return scores


def _with_history(full: Job, with_all: _Scores, bars: int, done: Done) -> WarmUpEffect:
    short = tuple(WarmUp(warm.symbol, warm.timeframe, warm.bars[-bars:]) for warm in full.warm_up)
    expected, counted, other, last = with_all.by_chart(), 0, 0, 0
    for chart, (times, scores) in _scores_of(dataclasses.replace(full, warm_up=short), done).by_chart().items():
        known_times, known = expected[chart]
        same = known[np.searchsorted(known_times, times)]
        apart = np.flatnonzero(~np.isclose(scores, same, rtol=0.0, atol=_SAME_SCORE, equal_nan=True))
        counted, other = counted + times.size, other + apart.size
        last = max(last, int(apart[-1]) + 1 if apart.size else 0)
    return WarmUpEffect(bars, counted, other, last)


# -- costs ------------------------------------------------------------------------------------------------------------


def cost_effect(job: Job, factors: Sequence[float] = SPREADS, *, done: Done = _quietly) -> tuple[CostEffect, ...]:
    """Run `job` with every spread multiplied by each of `factors`."""
    found = []
    for factor in factors:
        ticks = {symbol: _with_spreads(rows, job.spec_of(symbol).point, factor) for symbol, rows in job.ticks.items()}
        outcome = run_exact(dataclasses.replace(job, ticks=ticks))
        profit = outcome.money.equity - job.profile.deposit
        found.append(CostEffect(factor, profit, _sharpe_of(outcome), len(outcome.trips)))
        done()
    return tuple(found)


def _with_spreads(ticks: Ticks, point: float, factor: float) -> Ticks:
    """`ticks` with spreads `factor` times as wide, on the grid of `point`."""
    scale = round(1.0 / point)
    bids, asks = (np.rint(ticks[name] * scale) for name in ("bid", "ask"))
    wider = ticks.copy()
    wider["ask"] = (bids + np.rint((asks - bids) * factor)) / scale
    return wider


# -- the null ---------------------------------------------------------------------------------------------------------


def null_test(job: Job, shuffles: int = SHUFFLES, seed: int = 1, *, done: Done = _quietly) -> NullTest:
    """Run `job` on its quotes, and `shuffles` times on its bars in a random order."""
    real = _sharpe_of(run_exact(job))
    done()
    found = []
    for number in range(shuffles):
        generator = np.random.default_rng((seed, number))
        ticks = {symbol: shuffled(rows, job, symbol, generator) for symbol, rows in job.ticks.items()}
        found.append(_sharpe_of(run_exact(dataclasses.replace(job, ticks=ticks))))
        done()
    ratios = tuple(sorted(0.0 if np.isnan(ratio) else ratio for ratio in found))
    better = sum(ratio >= real for ratio in ratios)
    return NullTest(real, ratios, float("nan") if np.isnan(real) else (1 + better) / (1 + shuffles))


def shuffled(ticks: Ticks, job: Job, symbol: str, generator: np.random.Generator) -> Ticks:
    """`ticks` with the bars of the job's finest chart in a random order: moves within a bar and its spreads stay.

    The times stay, too, and so do the first bid and the last: whatever there was between bars is in another order.
    """
    if not len(ticks):
        return ticks
    scale = round(1.0 / job.spec_of(symbol).point)
    period_ms = min(timeframe.seconds for timeframe in job.settings.timeframes) * 1000
    starts = np.flatnonzero(np.diff(ticks["time_msc"] // period_ms, prepend=-1))
    bars = np.split(np.arange(len(ticks)), starts[1:])
    order = np.concatenate([bars[place] for place in generator.permutation(len(bars))])
    bids, asks = (np.rint(ticks[name] * scale) for name in ("bid", "ask"))
    moves = np.diff(bids, prepend=bids[0])[order]
    path = np.maximum(bids[0] + np.cumsum(moves), 1.0)
    mixed = ticks.copy()
    mixed["bid"] = path / scale
    mixed["ask"] = (path + (asks - bids)[order]) / scale
    return mixed


def _sharpe_of(outcome: Outcome) -> float:
    return sharpe(days_of(outcome.curve, outcome.job.clock).returns)
