"""What a person's own signal model brings along: files it reads, and numbers it holds.

A model is given one closed bar at a time, and cannot look ahead in the quotes. It can in what it knows by itself:
prices of those years, or figures fitted on them. That cannot be cut off, so it can only be told.
"""

import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import msgspec
import numpy as np

MANY: Final = 256
"""Numbers in one place of a file beyond which they are no handful of constants."""

_CODE: Final = (".py", ".pyc", ".so", ".nbi", ".nbc")
_OURS: Final = Path(__file__).resolve().parent.parent


class Knowledge(msgspec.Struct, frozen=True, kw_only=True):
    """Files that were read when the model was loaded, and by name how many numbers its larger tables hold."""

    files: tuple[str, ...] = ()
    tables: dict[str, int] = {}

    @property
    def is_none(self) -> bool:
        """Whether the model knows nothing but what its rules say."""
        return not self.files and not self.tables


def knowledge_of(model: str) -> Knowledge:
    """What the model of that name, or in that file, brings along; the file is run once more for it."""
    path = Path(model).expanduser()
    if path.suffix != ".py":
        return Knowledge()
    module = ModuleType("companion_model_looked_into")
    module.__file__ = str(path.resolve())
    sys.modules[module.__name__] = module  # numba and dataclasses look their module up there
    try:
        with _opened() as files:
            exec(compile(path.read_bytes(), path, "exec"), module.__dict__)  # noqa: S102 - as the engine does
    finally:
        del sys.modules[module.__name__]
    own = {str(path), str(path.resolve())}
    tables = {name: count for name, value in vars(module).items() if (count := _numbers_in(value)) >= MANY}
    return Knowledge(files=tuple(sorted(name for name in files if name not in own and _is_data(name))), tables=tables)


def _numbers_in(value: Any) -> int:  # noqa: ANN401 - whatever a module holds
    if isinstance(value, np.ndarray):
        return int(value.size)
    if isinstance(value, dict):
        value = tuple(value.values())
    if isinstance(value, list | tuple):
        return sum(1 if isinstance(one, int | float) else _numbers_in(one) for one in value)
    return 0


_watched: list[set[str]] = []


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if _watched and event == "open" and isinstance(arguments[0], str | bytes):
        name = arguments[0]
        _watched[-1].add(name if isinstance(name, str) else name.decode(errors="replace"))


@contextmanager
def _opened() -> Iterator[set[str]]:
    """Names of the files that are opened meanwhile, by whatever way Python opens them."""
    if not _hearing:
        sys.addaudithook(_hear)  # there is no way to take one back
        _hearing.append(True)
    names: set[str] = set()
    _watched.append(names)
    try:
        yield names
    finally:
        _watched.remove(names)


_hearing: list[bool] = []


def _is_data(name: str) -> bool:
    """Whether it is no code, and nothing that Python and its packages read for themselves."""
    path = Path(name).resolve()
    places = [Path(place).resolve() for place in (sys.prefix, sys.base_prefix, sysconfig.get_paths()["purelib"])]
    return path.suffix not in _CODE and path.is_file() and not any(path.is_relative_to(place) for place in places)
