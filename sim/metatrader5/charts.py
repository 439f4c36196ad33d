"""Bars and ticks as `copy_*` see them: what the charts held before, and what the played ticks have made since."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from domain.dtypes import RATES_DTYPE, TICK_DTYPE, TICK_FLAG_ASK, TICK_FLAG_BID, TICK_FLAG_LAST, TICK_FLAG_VOLUME
from domain.timeframes import Timeframe
from signals.fold import closed_capacity, fold_ticks
from sim.feed import NO_BARS, Feed, begun_with
from sim.matching import Rows

_INFO_FLAGS: Final = TICK_FLAG_BID | TICK_FLAG_ASK
_TRADE_FLAGS: Final = TICK_FLAG_LAST | TICK_FLAG_VOLUME
COPY_FLAGS: Final = {-1: 0xFFFF_FFFF, 1: _INFO_FLAGS, 2: _TRADE_FLAGS, 3: _INFO_FLAGS | _TRADE_FLAGS}
"""`COPY_TICKS_*`, and their sum -> the flags a tick needs one of; ALL takes ticks without any as well."""
MAX_BARS: Final = 100_000
"""`terminal_info().maxbars`: more bars than that are refused in one call."""
_COPY_ALL: Final = -1
_NO_TICKS: Final = np.zeros(0, TICK_DTYPE)
_BAR_FIELDS: Final = ("open", "high", "low", "close", "tick_volume", "spread")


class Chart:
    """Bars of one symbol and timeframe; `history` (RATES_DTYPE) ends with the bar the first tick finds running."""

    def __init__(self, history: Rows, period_s: int, point: float) -> None:
        self._closed = history[:-1]
        self._fold = begun_with(history[-1:])
        self._period_s = period_s
        self._point = point
        self._seen = 0

    def bars(self, ticks: Rows, played: int) -> Rows:
        """Every bar, the running one last, where `played` of `ticks` have come; no fewer than at the last call."""
        capacity = int(closed_capacity(self._fold, self._period_s, ticks, self._seen, played))
        bars, at = np.zeros(capacity, RATES_DTYPE), np.zeros(capacity, np.int64)
        if played > self._seen:
            count = int(fold_ticks(self._fold, self._period_s, self._point, ticks, self._seen, played, bars, at))
            self._closed = np.concatenate([self._closed, bars[:count]]) if count else self._closed
            self._seen = played
        return np.concatenate([self._closed, self._running()])

    def _running(self) -> Rows:
        if self._fold["open_time"][0] < 0:
            return NO_BARS
        row = np.zeros(1, RATES_DTYPE)
        row["time"] = self._fold["open_time"]
        for name in _BAR_FIELDS:
            row[name] = self._fold[name]
        return row


class Archive:
    """Bars and ticks of every symbol of `feed`; a symbol without ticks has what the history holds."""

    def __init__(self, feed: Feed, points: dict[str, float]) -> None:
        self._feed = feed
        self._points = points
        self._charts: dict[tuple[str, Timeframe], Chart] = {}

    def ticks(self, symbol: str) -> Rows:
        """The symbol's ticks so far (TICK_DTYPE), oldest first: a view."""
        return self._all_ticks(symbol)[: self._feed.reached(symbol)]

    def bars(self, symbol: str, timeframe: Timeframe) -> Rows:
        """The symbol's bars so far, the running one last; months are made of days where the history has none."""
        key = (symbol, timeframe)
        if timeframe is Timeframe.MN1:
            return self._months(symbol)
        if key not in self._charts:
            history = self._feed.history.get(key, NO_BARS)
            self._charts[key] = Chart(history, timeframe.seconds, self._points[symbol])
        return self._charts[key].bars(self._all_ticks(symbol), self._feed.reached(symbol))

    def _months(self, symbol: str) -> Rows:
        built = monthly(self.bars(symbol, Timeframe.D1))
        before = self._feed.history.get((symbol, Timeframe.MN1), NO_BARS)
        return np.concatenate([before[before["time"] < built["time"][0]], built]) if len(built) else before

    def _all_ticks(self, symbol: str) -> Rows:
        tape = self._feed.tape
        return tape.ticks[tape.symbols.index(symbol)] if symbol in tape.symbols else _NO_TICKS


def monthly(days: Rows) -> Rows:
    """Daily bars (RATES_DTYPE) joined to monthly ones; a month's `spread` is the smallest of its days."""
    months = days["time"].astype("datetime64[s]").astype("datetime64[M]")
    starts = np.flatnonzero(np.diff(months.astype(np.int64), prepend=-1))
    joined = np.zeros(len(starts), RATES_DTYPE)
    if not len(starts):
        return joined
    ends = np.append(starts[1:], len(days)) - 1
    joined["time"] = months[starts].astype("datetime64[s]").astype(np.int64)
    joined["open"], joined["close"] = days["open"][starts], days["close"][ends]
    joined["high"] = np.maximum.reduceat(days["high"], starts)
    joined["low"] = np.minimum.reduceat(days["low"], starts)
    joined["spread"] = np.minimum.reduceat(days["spread"], starts)
    for name in ("tick_volume", "real_volume"):
        joined[name] = np.add.reduceat(days[name], starts)
    return joined


def with_flags(ticks: Rows, flags: int) -> npt.NDArray[Any]:
    """Those of `ticks` that `COPY_TICKS_*` asks for; `flags` is a key of `COPY_FLAGS`."""
    return ticks if flags == _COPY_ALL else ticks[ticks["flags"] & COPY_FLAGS[flags] != 0]
