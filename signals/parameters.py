"""Parameters of a signal model: from settings into its checked record, and on into the array its kernels take."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
import numpy as np
from msgspec import inspect, structs
from numpy.typing import NDArray

from signals.trial import SignalModel, tried

_NUMBERS: Final = (inspect.IntType, inspect.FloatType)
_LARGEST_EXACT: Final = 2**53  # kernels take floats


class SignalParameterError(ValueError):
    """A parameter a signal model cannot work with; names the model, the parameter, its value and what is allowed."""

    def __init__(self, model: str, parameter: str, problem: str) -> None:
        super().__init__(f"signal model {model!r}: {parameter} {problem}")
        self.model = model
        self.parameter = parameter


def parameters_array(params: msgspec.Struct) -> NDArray[np.float64]:
    """The values of `params` in the order of its fields, shape (number of fields,)."""
    return np.array([float(value) for value in structs.astuple(params)], np.float64)


def parameter_types(kind: type[msgspec.Struct]) -> dict[str, inspect.IntType | inspect.FloatType]:
    """Number type and range of each parameter in the order of the fields.

    Raises:
        TypeError: where a field is no number, or has no default.
    """
    found: dict[str, inspect.IntType | inspect.FloatType] = {}
    info = inspect.type_info(kind)
    for field in info.fields if isinstance(info, inspect.StructType) else ():
        number = field.type.type if isinstance(field.type, inspect.Metadata) else field.type
        if not isinstance(number, _NUMBERS):
            raise TypeError(f"{field.name} is no number: annotate it as int or float")
        if field.required:
            raise TypeError(f"{field.name} has no default: give it one")
        found[field.name] = number
    return found


def allowed_range(number: inspect.IntType | inspect.FloatType) -> str:
    """What a parameter may be, in words."""
    kind = "a whole number" if isinstance(number, inspect.IntType) else "a number"
    bounds = (("at least", number.ge), ("above", number.gt), ("at most", number.le), ("below", number.lt))
    limits = [f"{word} {bound}" for word, bound in bounds if bound is not None]
    return " ".join([kind, " and ".join(limits)]).rstrip()


def _is_allowed(value: object, number: inspect.IntType | inspect.FloatType) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= _LARGEST_EXACT:
        return False
    if isinstance(number, inspect.IntType) and value != int(value):
        return False
    return (
        (number.ge is None or value >= number.ge)
        and (number.gt is None or value > number.gt)
        and (number.le is None or value <= number.le)
        and (number.lt is None or value < number.lt)
    )


def checked_parameters(model: str, kind: type[msgspec.Struct], values: Mapping[str, Any]) -> msgspec.Struct:
    """Parameters of type `kind` with `values` in place of the defaults; a whole float serves as an integer.

    Raises:
        SignalParameterError: for a name that `kind` does not know, a value outside its range, or values at odds.
    """
    types = parameter_types(kind)
    checked: dict[str, float] = {}
    for name, value in values.items():
        if name not in types:
            raise SignalParameterError(model, name, f"is no parameter of it; it has {', '.join(types)}")
        number = types[name]
        if not _is_allowed(value, number):
            raise SignalParameterError(model, name, f"= {value!r} is refused: use {allowed_range(number)}")
        checked[name] = int(value) if isinstance(number, inspect.IntType) else float(value)
    try:
        return kind(**checked)
    except ValueError as problem:
        raise SignalParameterError(model, "parameters", f"contradict each other: {problem}") from problem


def parameters_from(model: SignalModel, values: Mapping[str, Any]) -> msgspec.Struct:
    """The parameters of `model` with `values` in place of its defaults, after a trial of the model with them.

    Raises:
        SignalParameterError: for a name the model does not know, a value outside its range, or values at odds.
        SignalModelError: where the model breaks a rule with these values.
    """
    params = checked_parameters(model.name, model.Parameters, values)
    if params != model.Parameters():
        tried(model.name, model, parameters_array(params))
    return params
