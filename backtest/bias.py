"""Four ways in which a backtest can fool its owner, each tried on purpose.

*Look-ahead*: with the future cut off, every decision before the cut must be the same, bit for bit. *Warm-up*: with less
history, scores must still be what they are with all of it. *Costs*: how soon dearer spreads eat the profit. *Null*: the
same bars in a random order hold no trend, so that what is earned on them is luck, and shows what luck can do.
"""

import dataclasses
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from backtest.curve import days_of
from backtest.exact import Outcome, run_exact
from backtest.job import Job
from backtest.returns import sharpe
from backtest.span import part_of
from marketdata.quotes import Ticks
from strategy.events import WarmUp
from strategy.gates import DecisionKind
from strategy.tables import Table

CUTS: Final = (0.25, 0.5, 0.75)
SPREADS: Final = (1.0, 1.5, 2.0, 3.0)
HISTORIES: Final = (1.0, 2.0, 4.0)
SHUFFLES: Final = 19
"""With so many, a result better than all of them has a probability of 1 in 20."""

_SAME_SCORE: Final = 1e-6


class LookAhead(NamedTuple):
    """One cut: after `decisions` the future was missing; `first_other` is the first that came out otherwise, or -1."""

    cut_ns: int
    decisions: int
    first_other: int

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


def look_ahead(job: Job, cuts: Sequence[float] = CUTS) -> tuple[LookAhead, ...]:
    """Run `job` whole and cut off after each of `cuts` (parts of its time, 0..1)."""
    whole = run_exact(job, keep_decisions=True).decisions
    return tuple(_cut_off(job, whole, cut) for cut in cuts)


def _cut_off(job: Job, whole: Table, cut: float) -> LookAhead:
    last_msc = job.start_msc + int((job.end_msc - job.start_msc) * cut)
    kept = {
        symbol: ticks[: np.searchsorted(ticks["time_msc"], last_msc, "right")] for symbol, ticks in job.ticks.items()
    }
    part = run_exact(dataclasses.replace(job, ticks=kept), keep_decisions=True).decisions
    return LookAhead(job.utc_ns(last_msc), len(part), first_difference(whole, part))


def first_difference(whole: Table, part: Table) -> int:
    """Place of the first record of `part` that is not, bit for bit, the one of `whole` there; -1 for none."""
    size = whole.dtype.itemsize
    if len(part) > len(whole):
        return len(whole)
    ours, theirs = (np.frombuffer(table[: len(part)].tobytes(), np.uint8).reshape(-1, size) for table in (whole, part))
    other = np.flatnonzero((ours != theirs).any(axis=1))
    return int(other[0]) if other.size else -1


# -- warm-up ----------------------------------------------------------------------------------------------------------


def warm_up_effect(job: Job, histories: Sequence[float] = HISTORIES, after: float = 0.5) -> tuple[WarmUpEffect, ...]:
    """Score what comes after the part `after` of the time with `histories` times the bars the model asks for."""
    from_ns = job.utc_ns(job.start_msc + int((job.end_msc - job.start_msc) * after))
    full = part_of(job, from_ns, job.utc_ns(job.end_msc) + 1)
    with_all = _scores(run_exact(full, keep_decisions=True))
    asked = _bars_asked_for(job)
    return tuple(_with_history(full, with_all, int(asked * factor)) for factor in histories)


def _bars_asked_for(job: Job) -> int:
    """Bars before the first decision that counts, as the warm-up gate has it."""
    decisions = run_exact(job, keep_decisions=True).decisions
    entries = decisions[decisions["kind"] == DecisionKind.ENTRY]
    return int(entries["gates"][:, 1, 1].max()) if len(entries) else 0


def _with_history(full: Job, with_all: dict[tuple[int, int, int], float], bars: int) -> WarmUpEffect:
    short = tuple(WarmUp(warm.symbol, warm.timeframe, warm.bars[-bars:]) for warm in full.warm_up)
    scores = _scores(run_exact(dataclasses.replace(full, warm_up=short), keep_decisions=True))
    places: dict[tuple[int, int], int] = {}
    other, last = 0, 0
    for (symbol, timeframe, at), score in scores.items():
        place = places[symbol, timeframe] = places.get((symbol, timeframe), 0) + 1
        if not np.isclose(score, with_all[symbol, timeframe, at], rtol=0.0, atol=_SAME_SCORE, equal_nan=True):
            other, last = other + 1, max(last, place)
    return WarmUpEffect(bars, len(scores), other, last)


def _scores(outcome: Outcome) -> dict[tuple[int, int, int], float]:
    """Score by symbol, timeframe and opening time of the bar."""
    entries = outcome.decisions[outcome.decisions["kind"] == DecisionKind.ENTRY]
    names = (entries[name].tolist() for name in ("symbol", "timeframe", "bar_time", "score"))
    return {(symbol, frame, at): score for symbol, frame, at, score in zip(*names, strict=True)}


# -- costs ------------------------------------------------------------------------------------------------------------


def cost_effect(job: Job, factors: Sequence[float] = SPREADS) -> tuple[CostEffect, ...]:
    """Run `job` with every spread multiplied by each of `factors`."""
    found = []
    for factor in factors:
        ticks = {symbol: _with_spreads(rows, job.spec_of(symbol).point, factor) for symbol, rows in job.ticks.items()}
        outcome = run_exact(dataclasses.replace(job, ticks=ticks))
        profit = outcome.money.equity - job.profile.deposit
        found.append(CostEffect(factor, profit, _sharpe_of(outcome), len(outcome.trips)))
    return tuple(found)


def _with_spreads(ticks: Ticks, point: float, factor: float) -> Ticks:
    """`ticks` with spreads `factor` times as wide, on the grid of `point`."""
    scale = round(1.0 / point)
    bids, asks = (np.rint(ticks[name] * scale) for name in ("bid", "ask"))
    wider = ticks.copy()
    wider["ask"] = (bids + np.rint((asks - bids) * factor)) / scale
    return wider


# -- the null ---------------------------------------------------------------------------------------------------------


def null_test(job: Job, shuffles: int = SHUFFLES, seed: int = 1) -> NullTest:
    """Run `job` on its quotes, and `shuffles` times on its bars in a random order."""
    real = _sharpe_of(run_exact(job))
    found = []
    for number in range(shuffles):
        generator = np.random.default_rng((seed, number))
        ticks = {symbol: shuffled(rows, job, symbol, generator) for symbol, rows in job.ticks.items()}
        found.append(_sharpe_of(run_exact(dataclasses.replace(job, ticks=ticks))))
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
