"""One chart (symbol and timeframe): ticks into bars, bars into score and volatility. A pure function of the ticks."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from domain.dtypes import RATES_DTYPE, TICK_DTYPE
from domain.timeframes import Timeframe
from signals.fold import fold_ticks, new_fold
from signals.models import SignalModel
from signals.volatility import volatilities, volatility_state_size
from strategy.params import EntrySettings
from strategy.tables import MAX_FEATURES, Table
from strategy.views import Closes

_SMALL_BATCH: Final = 64  # a tick closes one bar at most
_MANY: Final = 64  # ticks that may wait to be folded together: a call costs more than a tick
_MS_PER_S: Final = 1000


class Scored(NamedTuple):
    """Closed bars with what the model and the volatility say of each."""

    bars: Table
    scores: NDArray[np.float64]
    features: NDArray[np.float64]
    volatility: NDArray[np.float64]


class Chart:
    """State of one chart. `row` is its place in the engine's tables."""

    def __init__(
        self,
        row: int,
        symbol: str,
        timeframe: Timeframe,
        model: SignalModel,
        parameters: NDArray[np.float64],
        entry: EntrySettings,
    ) -> None:
        self.row = row
        self.symbol = symbol
        self.timeframe = timeframe
        self._period_s = timeframe.seconds
        self._model = model
        self._parameters = parameters
        self._entry = entry
        volatility_bars = entry.atr_period + entry.atr_baseline_period
        self._bars = np.empty(_SMALL_BATCH, RATES_DTYPE)
        self._at = np.empty(_SMALL_BATCH, np.int64)
        self.bars_needed = max(model.warmup_bars(parameters), volatility_bars)
        self._start_over()

    def _start_over(self) -> None:
        entry = self._entry
        self._fold = new_fold()
        self._unfolded: list[bytes] = []
        self._begin_msc = self._end_msc = 0
        self._model_state = np.zeros(self._model.state_size(self._parameters))
        self._volatility_state = np.zeros(volatility_state_size(entry.atr_period, entry.atr_baseline_period))

    def warm_up(self, bars: Table) -> Scored:
        """Forget everything and learn from `bars`; the last one becomes the running bar. Returns the closed ones."""
        self._start_over()
        scored = self._scored(bars[:-1])
        if len(bars):
            self._seed(bars[-1:])
        return scored

    def _seed(self, bar: Table) -> None:
        self._fold["open_time"] = bar["time"]
        for field in ("open", "high", "low", "close", "tick_volume", "spread"):
            self._fold[field] = bar[field]
        self._note_running()

    def closes(self, ticks: Table, point: float) -> tuple[NDArray[np.int64], Scored] | None:
        """Fold `ticks`; the indices that closed a bar and the bars, or None where none was closed."""
        at, bars = self.folded(ticks, point)
        return (at, self._scored(bars)) if len(at) else None

    def folded(self, ticks: Table, point: float) -> tuple[NDArray[np.int64], Table]:
        """Fold `ticks`; the indices that closed a bar and the bars."""
        self._catch_up(point)
        self._make_room(ticks)
        count = fold_ticks(self._fold, self._period_s, point, ticks, 0, len(ticks), self._bars, self._at)
        self._note_running()
        return self._at[:count].copy(), self._bars[:count].copy()

    def runs_at(self, time_msc: int) -> bool:
        """Whether a tick of `time_msc` [ms, broker's clock] falls into the running bar, and so closes none."""
        return self._begin_msc <= time_msc < self._end_msc

    def extend(self, tick: bytes, point: float) -> None:
        """Take one tick (raw) that falls into the running bar; it is folded together with those behind it."""
        self._unfolded.append(tick)
        if len(self._unfolded) >= _MANY:
            self._catch_up(point)

    def _catch_up(self, point: float) -> None:
        if self._unfolded:
            ticks = np.frombuffer(b"".join(self._unfolded), TICK_DTYPE)
            self._unfolded.clear()
            fold_ticks(self._fold, self._period_s, point, ticks, 0, len(ticks), self._bars, self._at)

    def _make_room(self, ticks: Table) -> None:
        """Let `_bars` and `_at` hold every bar that `ticks`, which are in order of time, can close."""
        if len(ticks) <= len(self._at):
            return
        span_s = (int(ticks["time_msc"][-1]) - int(ticks["time_msc"][0])) // _MS_PER_S
        most = min(len(ticks), span_s // self._period_s + 3)
        if most > len(self._at):
            self._bars, self._at = np.empty(most, RATES_DTYPE), np.empty(most, np.int64)

    def _note_running(self) -> None:
        open_s = int(self._fold["open_time"][0])
        if open_s >= 0:
            self._begin_msc, self._end_msc = open_s * _MS_PER_S, (open_s + self._period_s) * _MS_PER_S

    def _scored(self, bars: Table) -> Scored:
        scores, features = self.judged(bars)
        return Scored(bars, scores, features, self.volatility_of(bars))

    def judged(self, bars: Table) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Scores and features of closed `bars`, which follow the ones before."""
        count = len(bars)
        scores = np.empty(count)
        width = len(self._model.features)
        features = told = np.empty((count, width))
        self._model.steps(bars, self._model_state, self._parameters, scores, told)
        if width < MAX_FEATURES:
            features = np.full((count, MAX_FEATURES), np.nan)
            features[:, :width] = told
        return scores, features

    def volatility_of(self, bars: Table) -> NDArray[np.float64]:
        """ATR and its average at each of the closed `bars`, which follow the ones before."""
        volatility, entry = np.empty((len(bars), 2)), self._entry
        volatilities(bars, self._volatility_state, entry.atr_period, entry.atr_baseline_period, volatility)
        return volatility


_NOTHING = Closes(
    np.empty(0, np.int64),
    np.empty(0, np.int64),
    np.empty(0, RATES_DTYPE),
    np.empty(0),
    np.empty((0, MAX_FEATURES)),
    np.empty((0, 2)),
)


def merged(parts: list[tuple[int, NDArray[np.int64], Scored]]) -> Closes:
    """Closed bars of several charts (row, closing ticks, bars) in the order of their ticks, then of the rows."""
    if not parts:
        return _NOTHING
    if len(parts) == 1:
        row, at, scored = parts[0]
        return Closes(at, np.full(len(at), row, np.int64), *scored)
    at = np.concatenate([ticks for _, ticks, _ in parts])
    order = np.argsort(at, kind="stable")
    rows = np.concatenate([np.full(len(ticks), row, np.int64) for row, ticks, _ in parts])
    return Closes(
        at[order],
        rows[order],
        np.concatenate([scored.bars for _, _, scored in parts])[order],
        np.concatenate([scored.scores for _, _, scored in parts])[order],
        np.concatenate([scored.features for _, _, scored in parts])[order],
        np.concatenate([scored.volatility for _, _, scored in parts])[order],
    )
