"""What a signal model is, and the trial it must stand before it may score a real bar.

A compiled step is not checked by anybody else: one that writes past its state destroys memory, one that reads there
decides by chance. So every model runs on made-up bars, between guarded cells, with the very parameters it will have.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from domain.dtypes import RATES_DTYPE

Floats = NDArray[np.float64]
Bars = NDArray[np.void]
Step = Callable[[Floats, Floats, float, float, float, float, Floats], float]
Steps = Callable[[Bars, Floats, Floats, Floats, Floats], None]

LARGEST_SETUP: Final = 255
LARGEST_STATE: Final = 1_000_000
LONGEST_WARMUP: Final = 100_000

_BARS_AFTER_WARMUP: Final = 64
_GUARD: Final = 64  # cells on either side of what a step may write
_GUARD_VALUES: Final = (1.2345e9, -6.789e-9)  # two runs, so that a step that reads them gives two answers


class SignalModelError(ValueError):
    """A signal model that does not exist or breaks a rule; names the file or model and the remedy."""

    def __init__(self, source: str, problem: str) -> None:
        super().__init__(f"signal model {source}: {problem}")
        self.source = source


@dataclass(frozen=True, kw_only=True)
class SignalModel:
    """One way to score bars.

    `state_size` and `warmup_bars` take the parameters array and give the cells of a zero-initialized state and the bars
    that must have been seen, the scored one included. `step` takes one bar, `steps` many, both going on from the state;
    until then the score and all features are NaN. `features[0]` is the set-up that made the score, 0 for none.
    """

    name: str
    Parameters: type[msgspec.Struct]
    features: tuple[str, ...]
    state_size: Callable[[Floats], int]
    warmup_bars: Callable[[Floats], int]
    step: Step
    steps: Steps


def in_one_line(problem: Exception) -> str:
    """The message without numba's many lines of advice."""
    lines = [line.strip() for line in str(problem).splitlines() if line.strip()]
    return f"{type(problem).__name__}: {' '.join(lines[:4])}"


def tried(source: str, model: SignalModel, params: Floats) -> SignalModel:
    """`model` after a trial with `params` (the parameters array); it also compiles everything that will be called.

    Raises:
        SignalModelError: where the model, which `source` names, breaks a rule.
    """
    size = _checked_number(source, "state_size", model.state_size, params, 0, LARGEST_STATE)
    warmup = _checked_number(source, "warmup_bars", model.warmup_bars, params, 1, LONGEST_WARMUP)
    bars = _trial_bars(warmup + _BARS_AFTER_WARMUP)
    runs = [_trial_run(source, model, params, size, bars, guard) for guard in _GUARD_VALUES]
    if runs[0].tobytes() != runs[1].tobytes():
        raise SignalModelError(source, "step gives two answers to the same bars: it must depend on its arguments alone")
    _check_scores(source, runs[0], warmup)
    _check_parity(source, model, params, size, bars, runs[0])
    return model


def _checked_number(
    source: str, name: str, number_of: Callable[[Floats], object], params: Floats, least: int, most: int
) -> int:
    try:
        number = number_of(params)
    except Exception as problem:
        raise SignalModelError(
            source, f"{name} fails: {in_one_line(problem)}; it takes the parameters array"
        ) from problem
    if isinstance(number, bool) or not isinstance(number, int | np.integer) or not least <= number <= most:
        raise SignalModelError(source, f"{name} gives {number!r}: it must give an integer from {least} to {most}")
    return int(number)


def _trial_bars(count: int) -> Bars:
    """Waves of two lengths, shape (count,), RATES_DTYPE: a market that trends and ranges."""
    at = np.arange(count)
    bars = np.zeros(count, RATES_DTYPE)
    bars["time"] = 60 * at
    bars["close"] = 1.1 + 0.01 * np.sin(at / 40) + 0.001 * np.sin(1.7 * at)
    bars["open"] = np.roll(bars["close"], 1)
    bars["high"] = np.maximum(bars["open"], bars["close"]) + 0.0002
    bars["low"] = np.minimum(bars["open"], bars["close"]) - 0.0002
    bars["tick_volume"] = 10
    return bars


def _guarded(size: int, guard: float) -> tuple[Floats, Floats]:
    """Zeros of shape (size,) in the middle of cells that hold `guard`, and all of them."""
    cells = np.full(size + 2 * _GUARD, guard)
    inside = cells[_GUARD : _GUARD + size]
    inside[:] = 0.0
    return inside, cells


def _trial_run(source: str, model: SignalModel, params: Floats, size: int, bars: Bars, guard: float) -> Floats:
    """Score and features of each bar, shape (n, 1 + features), through `step`."""
    out = np.full((len(bars), 1 + len(model.features)), math.nan)
    state, state_cells = _guarded(size, guard)
    features, feature_cells = _guarded(len(model.features), guard)
    given = params.copy()
    for index, (opened, high, low, close) in enumerate(bars[["open", "high", "low", "close"]].tolist()):
        features[:] = math.nan
        try:
            score = model.step(state, given, opened, high, low, close, features)
        except Exception as problem:
            raise SignalModelError(source, f"step fails on a bar: {in_one_line(problem)}") from problem
        if not isinstance(score, float):
            raise SignalModelError(source, f"step returns {score!r}, no float: return a score from -1.0 to 1.0")
        out[index, 0], out[index, 1:] = score, features
    for cells, what in ((state_cells, "state, state_size cells"), (feature_cells, "features, one for each name")):
        if not np.all(cells[:_GUARD] == guard) or not np.all(cells[-_GUARD:] == guard):
            raise SignalModelError(source, f"step writes outside its {what}: enlarge it or correct the index")
    if given.tobytes() != params.tobytes():
        raise SignalModelError(source, "step changes its parameters: keep what changes in the state")
    return out


def _check_scores(source: str, out: Floats, warmup: int) -> None:
    early, scored = out[: warmup - 1], out[warmup - 1 :]
    if not np.all(np.isnan(early)):
        raise SignalModelError(source, f"step scores or fills features before bar {warmup}, its warmup_bars: give NaN")
    if not np.all(np.abs(scored[:, 0]) <= 1.0):
        raise SignalModelError(source, f"step must score from -1.0 to 1.0 from bar {warmup}, its warmup_bars, on")
    setups = scored[:, 1]
    if not np.all((setups >= 0.0) & (setups <= LARGEST_SETUP) & (setups == np.floor(setups))):
        raise SignalModelError(source, f"features[0], the set-up, must be a whole number from 0 to {LARGEST_SETUP}")


def _check_parity(source: str, model: SignalModel, params: Floats, size: int, bars: Bars, expected: Floats) -> None:
    """`steps` must give the bits of `step`, into a whole array of features and into columns of a wider one."""
    count = len(model.features)
    for width in (count, count + 1):
        scores, features = np.empty(len(bars)), np.empty((len(bars), width))[:, :count]
        model.steps(bars, np.zeros(size), params, scores, features)
        if np.column_stack((scores, features)).tobytes() != expected.tobytes():
            raise SignalModelError(source, "step gives other answers in a loop than alone: use domain.jit.njit for it")
