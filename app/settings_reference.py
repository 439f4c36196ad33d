"""The settings on paper: the tables of docs/configuration.md and all of .env.example, from the declaration itself."""

import json
import re
from collections.abc import Iterator
from enum import IntEnum
from pathlib import Path
from typing import Final, Literal, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from app.fields import leaves, range_in_words
from app.problems import setting_name
from app.settings import Settings

TABLES_PATH: Final = "docs/configuration.md"
EXAMPLE_PATH: Final = ".env.example"
_BEGIN: Final = "<!-- settings: written by scripts/generate-settings-reference -->"
_END: Final = "<!-- end of settings -->"
_SECTIONS: Final = {
    "": "The service",
    "trading": "What is traded",
    "entry": "Entries",
    "leverage": "Leverage",
    "volatility": "Volatility",
    "portfolio": "The portfolio",
    "sentiment": "The tone of articles",
    "guards": "Guards on equity",
    "kelly": "Half-Kelly",
    "slippage": "Slippage",
    "care": "Open positions",
    "news": "News",
    "account": "Accounts",
    "bridge": "The bridge",
    "poller": "The poller",
}
_SERVICE: Final = frozenset({"secret", "data_dir", "log_level", "journal_durable", "busy_poll", "retention_days"})
_WORDS: Final = {bool: "true or false", int: "a whole number", float: "a number", str: "text", Path: "a folder"}

_HEAD: Final = """\
# Settings of Companion. Copy this file to `.env` and change what you need: the file is read from the folder a command
# is started in, and a variable of the same name in the environment wins over it. A name that is no setting, or a value
# out of range, is refused by name. `__` separates a group from its setting. What is commented out shows the default.
# Written by scripts/generate-settings-reference; docs/configuration.md says more.
"""


def with_tables(document: str) -> str:
    """`document` with the tables between the two marks written anew.

    Raises:
        ValueError: where the marks are missing.
    """
    if _BEGIN not in document or _END not in document:
        raise ValueError(f"{TABLES_PATH} has lost its marks; put {_BEGIN} and {_END} around the tables")
    before, _, rest = document.partition(_BEGIN)
    return before + _BEGIN + "\n\n" + _tables() + _END + rest.partition(_END)[2]


def example() -> str:
    """All of .env.example."""
    lines = [_HEAD]
    for title, fields in _sections():
        lines += [f"# {title.upper()}\n"]
        lines += [_example_entry(path, field) for path, field in fields]
    return "\n".join(lines)


def _sections() -> Iterator[tuple[str, list[tuple[tuple[str, ...], FieldInfo]]]]:
    for section, title in _SECTIONS.items():
        yield title, [(path, field) for path, field in leaves(Settings) if _section_of(path) == section]


def _section_of(path: tuple[str, ...]) -> str:
    if len(path) > 1:
        return path[0]
    return "" if path[0] in _SERVICE else "trading"


def _tables() -> str:
    parts = []
    for title, fields in _sections():
        rows = "".join(_row(path, field) for path, field in fields)
        parts.append(f"### {title}\n\n| setting | default | allowed | meaning |\n|---|---|---|---|\n{rows}\n")
    return "".join(parts)


def _row(path: tuple[str, ...], field: FieldInfo) -> str:
    default = _default(field)
    shown = f"`{default}`" if default else ""
    return f"| `{setting_name(path)}` | {shown} | {_allowed(field)} | {field.description} |\n"


def _example_entry(path: tuple[str, ...], field: FieldInfo) -> str:
    allowed = _allowed(field)
    meaning = f"{field.description}" + (f" ({allowed})" if allowed else "")
    comment = "" if field.annotation == SecretStr | None else "# "
    return f"# {meaning}\n{comment}{setting_name(path)}={_default(field)}\n"


def _allowed(field: FieldInfo) -> str:
    kind = field.annotation
    if get_origin(kind) is Literal:
        return ", ".join(map(str, get_args(kind)))
    limits = range_in_words(field)
    return limits or (_WORDS.get(kind, "") if isinstance(kind, type) else "")


def _default(field: FieldInfo) -> str:
    """The default as it would be written in .env; where it depends on the user, how it comes about."""
    if field.default_factory is not None:
        return "~/.local/state/mt5-companion"
    return _written(field.default)


def _written(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, IntEnum):
        return value.name
    if isinstance(value, tuple):
        nested = (":".join(map(_written, part)) if isinstance(part, tuple) else _written(part) for part in value)
        return ",".join(nested)
    if isinstance(value, dict):
        return json.dumps(value)
    return re.sub(r"\.0$", "", str(value))
