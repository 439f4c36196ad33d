"""The drop-in under the package's own name, so that code with `import MetaTrader5` runs as it is."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Final

from sim.metatrader5 import (
    connection,
    constants,
    copying,
    listing,
    shortcuts,
    structs,
    symbols,
    trading,
)

NAME: Final = "MetaTrader5"
PACKAGE_VERSION: Final = "5.0.6231"
"""Version of the package whose interface this is."""
_FUNCTION_HOMES: Final = (connection, symbols, copying, listing, trading, shortcuts)


def package() -> ModuleType:
    """A new module with the names of the package and no others."""
    module = ModuleType(NAME, "API Connector to MetaTrader 5 Terminal (simulated)")
    names: dict[str, object] = {"__version__": PACKAGE_VERSION, "__author__": "the Companion authors"}
    names["_RawOrder"] = vars(shortcuts)["_RawOrder"]
    names |= {name: value for name, value in vars(constants).items() if isinstance(value, int)}
    names |= {kind.__name__: kind for kind in structs.TerminalStruct.__subclasses__()}
    for home in _FUNCTION_HOMES:
        names |= {name: value for name, value in vars(home).items() if _is_function_of(home, name, value)}
    vars(module).update(names)
    return module


@contextmanager
def installed() -> Iterator[ModuleType]:
    """`import MetaTrader5` finds the drop-in within this context; what stood there before comes back after it."""
    before = sys.modules.get(NAME)
    sys.modules[NAME] = package()
    try:
        yield sys.modules[NAME]
    finally:
        if before is None:
            del sys.modules[NAME]
        else:
            sys.modules[NAME] = before


def _is_function_of(home: ModuleType, name: str, value: object) -> bool:
    public = callable(value) and not isinstance(value, type) and not name.startswith("_")
    return public and getattr(value, "__module__", "") == home.__name__
