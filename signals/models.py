"""Signal models by name: the built-in ones, or one in a user's own file.

A model turns closed bars into a score in -1..1 and up to 12 features for the record. It is one compiled `step`; `steps`
folds this very step over many bars, so the scores of a single bar and of a long history cannot differ. Every model is
tried on made-up bars when it is asked for, and refused if it breaks a rule of `docs/signal-models.md`.
"""

import hashlib
import inspect
import math
import sys
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import msgspec
import numpy as np

from domain.jit import njit_uncached
from signals import confluence, donchian
from signals.parameters import (
    SignalParameterError,
    checked_parameters,
    parameter_types,
    parameters_array,
    parameters_from,
)
from signals.trial import Bars, Floats, SignalModel, SignalModelError, Step, Steps, in_one_line, tried

__all__ = [
    "MAX_FEATURES",
    "SignalModel",
    "SignalModelError",
    "SignalParameterError",
    "parameters_array",
    "parameters_from",
    "signal_model",
]

MAX_FEATURES: Final = 12
SETUP_FEATURE: Final = "setup"

_MODULE_NAMES: Final = ("NAME", "Parameters", "FEATURES", "state_size", "warmup_bars", "step")
_STEP_ARGUMENTS: Final = "(state, params, open, high, low, close, features)"


def signal_model(name_or_path: str) -> SignalModel:
    """The model of that name, or the one in the Python file of that path.

    Raises:
        SignalModelError: where there is none, or it breaks a rule.
    """
    if name_or_path in _BUILT_IN:
        return _built_in_model(name_or_path)
    path = Path(name_or_path).expanduser()
    if path.suffix != ".py":
        known = ", ".join(_BUILT_IN)
        raise SignalModelError(repr(name_or_path), f"is not built in ({known}); name one of these or a .py file")
    try:
        source = path.read_bytes()
    except OSError as problem:
        raise SignalModelError(str(path), f"cannot be read: {problem.strerror}; correct the path") from problem
    return _user_model(path.resolve(), source)


_BUILT_IN: Final[dict[str, ModuleType]] = {module.NAME: module for module in (confluence, donchian)}


@lru_cache
def _built_in_model(name: str) -> SignalModel:
    module = _BUILT_IN[name]
    return _tried(name, _assembled(module, module.steps))


@lru_cache
def _user_model(path: Path, source: bytes) -> SignalModel:
    module = _executed(path, source)
    _check_names(str(path), module)
    _check_parameters(str(path), module)
    _check_features(str(path), module.FEATURES)
    _check_step(str(path), module.step)
    return _tried(str(path), _assembled(module, _driven(module.step)))


def _tried(source: str, model: SignalModel) -> SignalModel:
    return tried(source, model, parameters_array(model.Parameters()))


def _assembled(module: ModuleType, steps: Steps) -> SignalModel:
    return SignalModel(
        name=module.NAME,
        Parameters=module.Parameters,
        features=module.FEATURES,
        state_size=module.state_size,
        warmup_bars=module.warmup_bars,
        step=module.step,
        steps=steps,
    )


def _driven(step: Step) -> Steps:
    """`step` over many bars."""

    @njit_uncached
    def steps(bars: Bars, state: Floats, params: Floats, scores: Floats, features: Floats) -> None:
        row = np.empty(features.shape[1])
        for index in range(len(bars)):
            bar = bars[index]
            row[:] = math.nan
            scores[index] = step(state, params, bar["open"], bar["high"], bar["low"], bar["close"], row)
            features[index, :] = row

    return steps


# ------------------------------------------------------------------------------------------------------- a user's file


def _executed(path: Path, source: bytes) -> ModuleType:
    """The file at `path` as a module; importlib would trust a bytecode file that is older than the source."""
    name = "companion_signal_model_" + hashlib.sha256(str(path).encode()).hexdigest()[:16]
    module = ModuleType(name)
    module.__file__ = str(path)
    sys.modules[name] = module  # annotations and numba's cache look their module up there
    try:
        exec(compile(source, path, "exec"), module.__dict__)  # noqa: S102 - running the user's file is what was asked for
    except Exception as problem:
        del sys.modules[name]
        raise SignalModelError(str(path), f"cannot be loaded: {in_one_line(problem)}; correct the file") from problem
    return module


def _check_names(source: str, module: ModuleType) -> None:
    missing = [name for name in _MODULE_NAMES if not hasattr(module, name)]
    if missing:
        raise SignalModelError(source, f"does not define {', '.join(missing)}; see docs/signal-models.md")
    if not isinstance(module.NAME, str) or not module.NAME.isidentifier():
        raise SignalModelError(source, f"NAME is {module.NAME!r}: use one word of letters, digits and underscores")
    if module.NAME in _BUILT_IN:
        raise SignalModelError(source, f"NAME is {module.NAME!r}, which is built in: choose another")
    for name in ("state_size", "warmup_bars", "step"):
        if not callable(getattr(module, name)):
            raise SignalModelError(source, f"{name} is no function: define it as one")


def _check_parameters(source: str, module: ModuleType) -> None:
    kind = module.Parameters
    if not (isinstance(kind, type) and issubclass(kind, msgspec.Struct)):
        raise SignalModelError(source, "Parameters is no msgspec.Struct: derive it from one")
    named = all(argument.kind is argument.KEYWORD_ONLY for argument in inspect.signature(kind).parameters.values())
    config = kind.__struct_config__
    if not (config.frozen and config.forbid_unknown_fields and named):
        flags = "frozen=True, kw_only=True, forbid_unknown_fields=True"
        raise SignalModelError(source, f"Parameters must be declared with {flags}")
    try:
        parameter_types(kind)
        checked_parameters(module.NAME, kind, msgspec.structs.asdict(kind()))
    except SignalParameterError as problem:
        raise SignalModelError(source, f"Parameters have a default that they do not allow: {problem}") from problem
    except Exception as problem:
        raise SignalModelError(source, f"Parameters cannot be used: {in_one_line(problem)}") from problem


def _check_features(source: str, features: object) -> None:
    if not isinstance(features, tuple) or not all(isinstance(name, str) and name.isidentifier() for name in features):
        raise SignalModelError(source, "FEATURES is no tuple of names: use one word for each feature")
    if not features or features[0] != SETUP_FEATURE:
        raise SignalModelError(source, f"FEATURES must begin with {SETUP_FEATURE!r}, which set-up made the score")
    if len(features) > MAX_FEATURES or len(set(features)) != len(features):
        raise SignalModelError(source, f"FEATURES are {len(features)}: use at most {MAX_FEATURES}, each name once")


def _check_step(source: str, step: Any) -> None:  # noqa: ANN401 - whatever the user's file holds
    options = getattr(step, "targetoptions", None)
    if options is None or not hasattr(step, "py_func"):
        raise SignalModelError(source, "step is not compiled: put @njit above it, with `from domain.jit import njit`")
    for option in ("fastmath", "parallel"):
        if options.get(option):
            raise SignalModelError(source, f"step is compiled with {option}, which changes its results: remove that")
    if len(inspect.signature(step.py_func).parameters) != _STEP_ARGUMENTS.count(",") + 1:
        raise SignalModelError(source, f"step has the wrong arguments: it must take {_STEP_ARGUMENTS}")
