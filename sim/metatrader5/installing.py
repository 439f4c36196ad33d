"""The drop-in under the package's own name, so that code with `import MetaTrader5` runs as it is."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Final

from sim.metatrader5.shortcuts import _RawOrder

NAME: Final = "MetaTrader5"
PACKAGE_VERSION: Final = "5.0.6231"
"""Version of the package whose interface this is."""
_OURS: Final = frozenset({"attach", "detach", "installed", "utc_ns"})
_HOME: Final = __name__.rpartition(".")[0]


def package() -> ModuleType:
    """A new module with the names of the package and no others."""
    module = ModuleType(NAME, "API Connector to MetaTrader 5 Terminal (simulated)")
    names: dict[str, object] = {"__version__": PACKAGE_VERSION, "__author__": "the Companion authors"}
    names["_RawOrder"] = _RawOrder
    # by name, because that package imports this module
    drop_in = vars(import_module(_HOME))
    names |= {name: value for name, value in drop_in.items() if name not in _OURS and _is_public(name, value)}
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


def _is_public(name: str, value: object) -> bool:
    """Whether the package has it: a constant, a struct or a function, but none of the modules it is made of."""
    is_its_own = isinstance(value, int) or getattr(value, "__module__", "").startswith(_HOME)
    return is_its_own and not name.startswith("_")
