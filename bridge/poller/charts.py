"""Bars of a polled terminal as they stood at a place in its ticks."""

from typing import Final

import numpy as np

from bridge.poller.link import Link, PackageError
from bridge.poller.package import COPY_TICKS_ALL
from bridge.poller.places import Place, Rows, unseen
from bridge.poller.reading import rates_of, ticks_of
from domain.dtypes import RATES_DTYPE, TICK_DTYPE
from domain.pricing import rounded_price
from domain.symbols import SymbolSpec
from domain.timeframes import Timeframe
from signals.fold import closed_capacity, fold_ticks, new_fold

_NO_BARS: Final = np.zeros(0, RATES_DTYPE)
_BAR_FIELDS: Final = ("open", "high", "low", "close", "tick_volume", "spread")
_MS_PER_S: Final = 1_000


def bars_at(link: Link, spec: SymbolSpec, timeframe: Timeframe, count: int, place: Place) -> Rows:
    """The last `count` bars (RATES_DTYPE) as they were at `place`; none while the terminal still loads them.

    Ticks behind `place` are still to flow and would count twice, so they are taken out: of the bar that ran then what
    its ticks made of it up to there, where the terminal has them all.

    Raises:
        TerminalLostError: the terminal is gone.
    """
    if count <= 0:
        return _NO_BARS
    try:
        bars = rates_of(link.asked("copy_rates_from_pos", spec.name, int(timeframe), 0, count))
        return _taken_back(link, spec, timeframe, bars, place) if place.seen else bars
    except PackageError:
        return _NO_BARS


def load_kernels() -> None:
    """Compile what charts and orders need: at a first history or a first order a bridge would take us for dead."""
    bar, ticks = np.zeros(1, RATES_DTYPE), np.zeros(1, TICK_DTYPE)
    ticks["bid"], ticks["ask"] = 1.1, 1.2
    _fold(bar, ticks, Timeframe.M1.seconds, 1e-5)
    rounded_price(1.1, 1e-5, 5)


def _taken_back(link: Link, spec: SymbolSpec, timeframe: Timeframe, bars: Rows, place: Place) -> Rows:
    later = unseen(place, _ticks(link, spec.name, place.msc // _MS_PER_S, None))
    if later is not None and not len(later):
        return bars
    kept = bars[bars["time"] * _MS_PER_S <= place.msc]
    if not len(kept):
        return kept
    opened_s = int(kept["time"][-1])
    ticks = _ticks(link, spec.name, opened_s, opened_s + timeframe.seconds - 1)
    behind = unseen(place, ticks)
    if behind is not None and 0 < len(ticks) == kept["tick_volume"][-1]:
        _fold(kept[-1:], ticks[: len(ticks) - len(behind)], timeframe.seconds, spec.point)
    return kept


def _ticks(link: Link, symbol: str, from_s: int, to_s: int | None) -> Rows:
    """Ticks of whole seconds: from one to another (both included), or some from one on."""
    if to_s is None:
        return ticks_of(link.asked("copy_ticks_from", symbol, from_s, 4_096, COPY_TICKS_ALL))
    ticks = ticks_of(link.asked("copy_ticks_range", symbol, from_s, to_s + 1, COPY_TICKS_ALL))
    return ticks[ticks["time_msc"] < (to_s + 1) * _MS_PER_S]


def _fold(bar: Rows, ticks: Rows, period_s: int, point: float) -> None:
    """Make the bar, shape [1], of these ticks."""
    if not len(ticks):
        return
    fold = new_fold()
    capacity = int(closed_capacity(fold, period_s, ticks, 0, len(ticks)))
    closed, at = np.zeros(capacity, RATES_DTYPE), np.zeros(capacity, np.int64)
    fold_ticks(fold, period_s, point, ticks, 0, len(ticks), closed, at)
    for name in _BAR_FIELDS:
        bar[name] = fold[name]
