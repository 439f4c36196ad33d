"""Rooms once more with their kernels left as plain Python: what the compiled ones must agree with, bit for bit.

`py_func` alone is not enough: it still calls the compiled versions of the kernels it uses.
"""

import importlib
import sys
from collections.abc import Iterable
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

ROOMS = ("domain", "risk", "strategy")


def _loaded() -> dict[str, ModuleType]:
    return {name: module for name, module in sys.modules.items() if name.partition(".")[0] in ROOMS}


def _unload() -> None:
    for name in _loaded():
        del sys.modules[name]


def interpreted(name: str) -> ModuleType:
    """Module `name`, and every module of our rooms that it uses, imported anew with `njit` doing nothing."""
    compiled = _loaded()
    _unload()
    plain = ModuleType("domain.jit")
    for decorator in ("njit", "njit_inlined", "njit_bare"):
        vars(plain)[decorator] = lambda kernel: kernel
    sys.modules["domain.jit"] = plain
    try:
        return importlib.import_module(name)
    finally:
        _unload()
        sys.modules.update(compiled)


def bits(values: Iterable[float] | NDArray[np.float64]) -> list[int]:
    """The numbers as their 64 bits each, so that 0.0 differs from -0.0; every NaN counts as the same one."""
    numbers = np.array([float(value) for value in np.ravel(np.asarray(values, dtype=np.float64))])
    numbers[np.isnan(numbers)] = np.nan
    return [int(number) for number in numbers.view(np.int64)]
