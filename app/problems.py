"""Settings that cannot be used, in words a trader can act on. No value of a secret ever gets into them."""

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Final

import msgspec
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from app.fields import range_in_words

PREFIX: Final = "COMPANION_"
WHERE_THEY_ARE: Final = "docs/configuration.md lists all settings"
JSON_REMEDY: Final = 'write it like {"name": 1.5}'

Path = tuple[str, ...]

_RANGE_ERRORS: Final = frozenset(
    {"greater_than", "greater_than_equal", "less_than", "less_than_equal", "finite_number", "too_short"}
)
_KINDS: Final = {"int_parsing": "a whole number", "float_parsing": "a number", "bool_parsing": "true or false"}


class SettingProblem(msgspec.Struct, frozen=True):
    """One setting that cannot be used: its name, what is wrong, and what to do."""

    name: str
    problem: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.name} {self.problem}" + (f"; {self.remedy}" if self.remedy else "")


class SettingsRefusedError(ValueError):
    """Settings that cannot be used; `problems` holds one for each."""

    def __init__(self, *problems: SettingProblem) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


def setting_name(path: Path) -> str:
    """Environment variable of the setting at `path`."""
    return PREFIX + "__".join(path).upper()


def unknown_setting(name: str, settings: Iterable[str]) -> SettingProblem:
    """The problem with a `name` that is not among the `settings`, and the one that was probably meant."""
    names = sorted(settings)
    members = [member for member in names if member.startswith(f"{name}__")]
    if members:
        return SettingProblem(name, "is a group of settings", f"name one of them, such as {members[0]}")
    close = get_close_matches(name.removeprefix(PREFIX), [known.removeprefix(PREFIX) for known in names], n=1)
    return SettingProblem(name, "is no setting", f"did you mean {PREFIX}{close[0]}?" if close else WHERE_THEY_ARE)


def explained(error: ErrorDetails, fields: Mapping[Path, FieldInfo], secret: str) -> SettingProblem:
    """A refusal by pydantic in our words; the value of `secret` is left out."""
    place = tuple(str(part) for part in error["loc"])
    path = next((place[:length] for length in range(len(place), 0, -1) if place[:length] in fields), None)
    if path is None:
        return SettingProblem(setting_name(place), "is no setting", WHERE_THEY_ARE)
    name, field = setting_name(path), fields[path]
    shown = "has a value that cannot be used" if name == secret else f"is {error['input']!r}"
    return SettingProblem(name, f"{shown}: {_wanted(error, field)} ({field.description})")


def _wanted(error: ErrorDetails, field: FieldInfo) -> str:
    if error["type"] == "value_error":
        return str(error.get("ctx", {})["error"])
    limits = range_in_words(field)
    if error["type"] in _RANGE_ERRORS and limits:
        return f"must be {limits}"
    if error["type"] in _KINDS:
        return ", ".join(filter(None, (f"must be {_KINDS[error['type']]}", limits)))
    message = error["msg"].removeprefix("Input should ")
    return f"must {message[:1].lower()}{message[1:]}"


def unreadable(problem: str) -> SettingProblem:
    """A setting whose text could not even be taken apart, from the words of pydantic-settings."""
    found = re.search(r'field "(\w+)"', problem)
    return SettingProblem(setting_name((found[1],)) if found else f"{PREFIX}*", "is no JSON", JSON_REMEDY)
