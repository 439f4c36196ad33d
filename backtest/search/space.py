"""Which settings a search tries: axes with values, and the settings at each point of their grid."""

import difflib
import itertools
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import msgspec

from signals.models import SignalParameterError, parameters_from, signal_model
from strategy.params import EngineSettings
from strategy.refusals import SettingsError

Value = float | str
Point = tuple[tuple[str, Value], ...]
"""Names of settings with a value each, in the order of the axes."""

MAX_POINTS: Final = 1_000_000
_MODEL: Final = "model_parameters"
_NAME: Final = re.compile(r"[a-z_]+(\.[a-z_0-9*]+)?")


class SpaceError(ValueError):
    """An axis that cannot be understood, or settings that do not exist."""


class Axis(msgspec.Struct, frozen=True):
    """One setting by its dotted name (`entry.stop_atr`), and what it is tried with, in rising order for numbers."""

    name: str
    values: tuple[Value, ...]


def axis_from(text: str) -> Axis:
    """An axis as people write it: `entry.stop_atr=1,1.5,2`, or `entry.stop_atr=1:3:0.5` (first, last and step).

    Raises:
        SpaceError: for text of another form, or for a range that never ends.
    """
    name, equals, written = (part.strip() for part in text.partition("="))
    if not equals or not written or not _NAME.fullmatch(name):
        raise SpaceError(f"{text!r} is no axis; write it as entry.stop_atr=1,1.5,2 or entry.stop_atr=1:3:0.5")
    values = _stepped(text, written) if written.count(":") == 2 else _listed(text, written)  # noqa: PLR2004 - a:b:c
    if len(set(values)) != len(values):
        raise SpaceError(f"{text!r} names a value twice")
    return Axis(name, values)


def _listed(text: str, written: str) -> tuple[Value, ...]:
    words = [word.strip() for word in written.split(",")]
    if not all(words):
        raise SpaceError(f"{text!r} has an empty value; write the values with one comma between them")
    try:
        return tuple(sorted(float(_number(word)) for word in words))
    except InvalidOperation:
        return tuple(words)


def _stepped(text: str, written: str) -> tuple[Value, ...]:
    try:
        first, last, step = (_number(word) for word in written.split(":"))
    except InvalidOperation:
        raise SpaceError(f"{text!r} is no range; write first:last:step in numbers, as in 1:3:0.5") from None
    if step <= 0 or last < first:
        raise SpaceError(f"{text!r} never arrives; the step must be above 0 and the last value not below the first")
    count = int((last - first) / step) + 1
    if count > MAX_POINTS:
        raise SpaceError(f"{text!r} has {count:,} values; take a larger step")
    # in decimals: 0.1 three times is 0.3, so that a value has the same spelling wherever it is named
    return tuple(float(first + place * step) for place in range(count))


def _number(word: str) -> Decimal:
    number = Decimal(word)
    if not number.is_finite():
        raise InvalidOperation
    return number


def grid(axes: tuple[Axis, ...]) -> Iterator[Point]:
    """Every point of `axes`, the last axis running fastest.

    Raises:
        SpaceError: for an axis named twice, or more than a million points.
    """
    names = [axis.name for axis in axes]
    if len(set(names)) != len(names):
        raise SpaceError("an axis is named twice")
    size = grid_size(axes)
    if size > MAX_POINTS:
        raise SpaceError(f"the grid has {size:,} points, at most {MAX_POINTS:,} are run; take fewer values")
    for values in itertools.product(*(axis.values for axis in axes)):
        yield tuple(zip(names, values, strict=True))


def grid_size(axes: tuple[Axis, ...]) -> int:
    """Number of points."""
    size = 1
    for axis in axes:
        size *= len(axis.values)
    return size


def settings_at(base: EngineSettings, point: Point) -> EngineSettings:
    """`base` with the values of `point`.

    Raises:
        SpaceError: for a setting that does not exist.
        SettingsError: for a value out of its range, or one that contradicts another.
    """
    plain: dict[str, Any] = msgspec.to_builtins(base)
    for name, value in point:
        group, _, field = name.rpartition(".")
        place = plain if not group else plain.get(group)
        open_ended = group == _MODEL or group in _by_symbol(plain)
        if not isinstance(place, dict) or (field not in place and not open_ended):
            raise SpaceError(_unknown(name, plain))
        place[field] = value
    settings = _read(plain, point)
    try:
        parameters_from(signal_model(settings.model), settings.model_parameters)
    except SignalParameterError as problem:
        raise SettingsError(_MODEL, str(problem)) from problem
    return settings


def _by_symbol(plain: Mapping[str, Any]) -> set[str]:
    return {name for name in ("commission_per_lot", "slippage_points") if name in plain}


def _read(plain: Mapping[str, Any], point: Point) -> EngineSettings:
    try:
        # not strict: 14.0 is a whole number where one is asked for
        return msgspec.convert(plain, EngineSettings, strict=False)
    except SettingsError:
        raise
    except msgspec.ValidationError as problem:
        if isinstance(problem.__cause__, SettingsError):
            raise problem.__cause__ from problem
        field = re.search(r"`\$\.?([^`]*)`", str(problem))
        named = field.group(1) if field else ", ".join(name for name, _ in point)
        raise SettingsError(named, str(problem).partition(" - at ")[0]) from problem


def _unknown(name: str, plain: Mapping[str, Any]) -> str:
    known = [name for name, value in plain.items() if not isinstance(value, dict)]
    for group, fields in plain.items():
        if isinstance(fields, dict):
            known += [f"{group}.{field}" for field in fields]
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
    return f"there is no setting {name}" + (
        f"; did you mean {near[0]}?" if near else "; docs/configuration.md has them all"
    )
