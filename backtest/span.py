"""A part of a backtest's time, with what came before it as history: what walk-forward and bias checks run on."""

import dataclasses

import numpy as np

from backtest.job import Job, JobError
from domain.dtypes import RATES_DTYPE
from domain.timeframes import Timeframe
from marketdata.quotes import Bars, Ticks
from signals.fold import closed_capacity, fold_ticks, new_fold
from strategy.events import WarmUp


def part_of(job: Job, from_ns: int, until_ns: int) -> Job:
    """`job` from `from_ns` to before `until_ns` [UTC ns], flat at its beginning.

    Every chart is warmed up with the bars that the ticks before `from_ns` make, and with the job's own history before
    them, so that indicators stand where they would in a run of the whole.

    Raises:
        JobError: where there is no tick in that time.
    """
    begin, end = (job.server_msc(moment) for moment in (from_ns, until_ns))
    places = {symbol: np.searchsorted(ticks["time_msc"], (begin, end)) for symbol, ticks in job.ticks.items()}
    if all(first >= last for first, last in places.values()):
        raise JobError("there are no quotes in that part of the time; take a longer one")
    histories = [
        WarmUp(symbol, timeframe, bars)
        for symbol, ticks in job.ticks.items()
        for timeframe in job.settings.timeframes
        if len(bars := _history(job, symbol, timeframe, ticks[: places[symbol][0]]))
    ]
    kept = {symbol: ticks[slice(*places[symbol])] for symbol, ticks in job.ticks.items()}
    return dataclasses.replace(job, ticks=kept, warm_up=tuple(histories))


def _history(job: Job, symbol: str, timeframe: Timeframe, ticks: Ticks) -> Bars:
    """Bars before a part, the last one as far as `ticks` reach; what the job was given as history goes before them."""
    given = [warm.bars for warm in job.warm_up if (warm.symbol, warm.timeframe) == (symbol, timeframe)]
    made = bars_of(ticks, timeframe, job.spec_of(symbol).point)
    if not given:
        return made
    # the job's history ends with the bar in which its ticks begin: that one is made of ticks from here on
    before = given[0] if not len(made) else given[0][given[0]["time"] < made[0]["time"]]
    return np.concatenate([before, made])


def bars_of(ticks: Ticks, timeframe: Timeframe, point: float) -> Bars:
    """Bid bars of `ticks` as MT5 builds them (RATES_DTYPE), the last one as far as they reach."""
    # one tick after all time closes the bar that is still open
    end = ticks[-1:].copy()
    end["time_msc"] += 2 * timeframe.seconds * 1000
    end["bid"] = 1.0
    closing = np.concatenate([ticks, end])
    fold = new_fold()
    capacity = closed_capacity(fold, timeframe.seconds, closing, 0, len(closing))
    bars, places = np.zeros(capacity, RATES_DTYPE), np.zeros(capacity, np.int64)
    count = fold_ticks(fold, timeframe.seconds, point, closing, 0, len(closing), bars, places)
    return bars[:count]
