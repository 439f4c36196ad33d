"""A model is tried before it may score: each way to break a rule, and what is said of it."""

import math
from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import pytest

from domain.jit import njit, njit_uncached
from signals.models import signal_model
from signals.parameters import parameters_from
from signals.trial import SignalModel, SignalModelError, Steps, in_one_line, tried
from tests.signals.market import Floats, Table


class Parameters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    bars: int = 3
    cells: int = 2


PARAMS = np.array([3.0, 2.0])


@njit
def _cells(params: Floats) -> int:
    return int(params[1])


@njit
def _bars(params: Floats) -> int:
    return int(params[0])


@njit
def good(
    state: Floats, params: Floats, _open: float, _high: float, _low: float, close: float, features: Floats
) -> float:
    state[0] += 1.0
    change = close - state[1]
    state[1] = close
    if state[0] < params[0]:
        return math.nan
    features[0] = 1.0
    features[1] = change
    return 1.0 if change > 0.0 else -1.0


def looped(step: Callable[..., float]) -> Steps:
    @njit_uncached
    def steps(bars: Table, state: Floats, params: Floats, scores: Floats, features: Floats) -> None:
        row = np.empty(features.shape[1])
        for index in range(len(bars)):
            bar = bars[index]
            row[:] = math.nan
            scores[index] = step(state, params, bar["open"], bar["high"], bar["low"], bar["close"], row)
            features[index, :] = row

    return steps


def model_of(
    step: Callable[..., Any],
    *,
    steps: Steps | None = None,
    state_size: Callable[[Floats], Any] = _cells,
    warmup_bars: Callable[[Floats], Any] = _bars,
) -> SignalModel:
    return SignalModel(
        name="mine",
        Parameters=Parameters,
        features=("setup", "change"),
        state_size=state_size,
        warmup_bars=warmup_bars,
        step=step,
        steps=steps or looped(step if hasattr(step, "py_func") else good),
    )


def verdict(model: SignalModel) -> str:
    with pytest.raises(SignalModelError) as caught:
        tried("mine.py", model, PARAMS)
    assert str(caught.value).startswith("signal model mine.py: ")
    return str(caught.value)


def test_a_good_model_passes() -> None:
    model = model_of(good)
    assert tried("mine.py", model, PARAMS) is model


def around(cells: Floats) -> Floats:
    """The array that `cells` are the middle of."""
    assert cells.base is not None
    return np.asarray(cells.base)


# Each takes the place of the good step: plain functions, as the trial calls them, wrong in one way.
Wrong = Callable[[Floats, Floats, float, Floats], Any]


def writes_past_its_state(state: Floats, params: Floats, close: float, features: Floats) -> float:
    around(state)[64 + len(state)] = 7.0
    return good(state, params, 0.0, 0.0, 0.0, close, features)


def writes_before_its_state(state: Floats, params: Floats, close: float, features: Floats) -> float:
    around(state)[63] = 7.0
    return good(state, params, 0.0, 0.0, 0.0, close, features)


def writes_past_its_features(state: Floats, params: Floats, close: float, features: Floats) -> float:
    around(features)[64 + len(features)] = 7.0
    return good(state, params, 0.0, 0.0, 0.0, close, features)


def reads_past_its_state(state: Floats, params: Floats, close: float, features: Floats) -> float:
    score = good(state, params, 0.0, 0.0, 0.0, close, features)
    features[1] = math.nan if math.isnan(score) else around(state)[64 + len(state)]
    return score


def changes_its_parameters(state: Floats, params: Floats, close: float, features: Floats) -> float:
    score = good(state, params, 0.0, 0.0, 0.0, close, features)
    params[1] += 1.0
    return score


def returns_an_integer(_state: Floats, _params: Floats, _close: float, _features: Floats) -> int:
    return 0


def fails_on_a_bar(_state: Floats, _params: Floats, _close: float, _features: Floats) -> float:
    raise IndexError("first line\n\n  second line\n3\n4\n5")


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (writes_past_its_state, "writes outside its state, state_size cells"),
        (writes_before_its_state, "writes outside its state"),
        (writes_past_its_features, "writes outside its features"),
        (reads_past_its_state, "gives two answers to the same bars"),
        (changes_its_parameters, "changes its parameters: keep what changes in the state"),
        (returns_an_integer, "returns 0, no float"),
        (fails_on_a_bar, "fails on a bar: IndexError: first line second line 3 4"),
    ],
)
def test_a_step_that_breaks_a_rule_is_refused(step: Wrong, words: str) -> None:
    model = model_of(lambda state, params, _o, _h, _l, close, features: step(state, params, close, features))
    assert words in verdict(model)


def test_a_compiled_step_that_writes_past_its_state_is_caught() -> None:
    assert "writes outside its state" in verdict(model_of(good, state_size=lambda _params: 1))


def score_of(value: float) -> Callable[..., float]:
    @njit_uncached
    def step(state: Floats, params: Floats, _o: float, _h: float, _l: float, _c: float, features: Floats) -> float:
        state[0] += 1.0
        if state[0] < params[0]:
            return math.nan
        features[:] = 1.0
        return value

    return step


@pytest.mark.parametrize("score", [1.0000001, -1.5, math.inf, math.nan])
def test_a_score_out_of_bounds_is_refused(score: float) -> None:
    assert "must score from -1.0 to 1.0 from bar 3" in verdict(model_of(score_of(score)))


@pytest.mark.parametrize("score", [1.0, -1.0, 0.0, 0.25])
def test_a_score_inside_its_bounds_passes(score: float) -> None:
    tried("mine.py", model_of(score_of(score)), PARAMS)


@pytest.mark.parametrize("setup", [0.5, -1.0, 256.0, math.nan, math.inf])
def test_a_setup_that_is_no_small_whole_number_is_refused(setup: float) -> None:
    @njit_uncached
    def step(state: Floats, params: Floats, _o: float, _h: float, _l: float, _c: float, features: Floats) -> float:
        state[0] += 1.0
        if state[0] < params[0]:
            return math.nan
        features[0] = setup
        return 0.5

    assert "features[0], the set-up" in verdict(model_of(step))


def test_a_score_before_the_warm_up_is_refused() -> None:
    assert "before bar 4" in verdict(model_of(good, warmup_bars=lambda _params: 4))


def test_features_before_the_warm_up_are_refused() -> None:
    @njit_uncached
    def step(state: Floats, params: Floats, _o: float, _h: float, _l: float, _c: float, features: Floats) -> float:
        state[0] += 1.0
        features[:] = 1.0
        return math.nan if state[0] < params[0] else 0.5

    assert "fills features before bar 3" in verdict(model_of(step))


def test_a_loop_that_answers_otherwise_is_refused() -> None:
    other = looped(score_of(0.5))
    assert "other answers in a loop than alone" in verdict(model_of(good, steps=other))


def replaced(name: str, number_of: Callable[[Floats], Any]) -> SignalModel:
    if name == "state_size":
        return model_of(good, state_size=number_of)
    return model_of(good, warmup_bars=number_of)


@pytest.mark.parametrize("name", ["state_size", "warmup_bars"])
@pytest.mark.parametrize("value", [-1, 2.5, True, None, 10**9])
def test_a_size_must_be_an_integer_in_its_range(name: str, value: object) -> None:
    words = f"{name} gives {value!r}: it must give an integer from"
    assert words in verdict(replaced(name, lambda _params: value))


@pytest.mark.parametrize("name", ["state_size", "warmup_bars"])
def test_a_size_that_fails_is_refused(name: str) -> None:
    def broken(_params: Floats) -> int:
        raise ZeroDivisionError("oh")

    assert f"{name} fails: ZeroDivisionError: oh" in verdict(replaced(name, broken))


def test_set_parameters_are_tried_too() -> None:
    model = model_of(good)
    tried("mine", model, PARAMS)
    with pytest.raises(SignalModelError, match="writes outside its state"):
        parameters_from(model, {"cells": 1})


def test_every_built_in_model_stands_the_trial_with_its_smallest_and_largest_parameters() -> None:
    confluence, donchian = signal_model("confluence"), signal_model("donchian")
    parameters_from(donchian, {"channel_period": 2})
    parameters_from(donchian, {"channel_period": 1000})
    small = dict.fromkeys(("fast_period", "macd_fast", "macd_signal", "adx_period", "rsi_period", "band_period"), 2)
    parameters_from(confluence, small | {"slow_period": 3, "macd_slow": 3, "cross_window": 1, "average_method": 0})
    large = dict.fromkeys(("slow_period", "macd_slow", "macd_signal", "rsi_period", "band_period"), 500)
    parameters_from(confluence, large | {"adx_period": 99, "cross_window": 200, "fast_period": 499, "macd_fast": 499})


def test_a_long_message_is_cut_to_what_matters() -> None:
    assert in_one_line(ValueError("a\n\n b\nc\nd\ne")) == "ValueError: a b c d"
