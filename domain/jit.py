"""The one way this project compiles a kernel.

numba's own cache does not notice a change in a function that a cached function calls. So the cache lives in a
directory named by a hash of every kernel source and of the numba version, chosen here before numba is imported.
"""

import hashlib
import importlib.metadata
import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

_ROOMS_WITH_KERNELS = (
    "domain",
    "signals",
    "risk",
    "newsfilter",
    "strategy",
    "account",
    "sim",
    "marketdata",
    "backtest/compiled",
)

Kernel = TypeVar("Kernel", bound=Callable[..., object])


def kernel_fingerprint() -> str:
    """Hash of all kernel sources and of the numba version [hex, 16 characters]."""
    digest = hashlib.sha256(importlib.metadata.version("numba").encode())
    root = Path(__file__).resolve().parent.parent
    for room in _ROOMS_WITH_KERNELS:
        for source in sorted((root / room).glob("*.py")):
            digest.update(source.name.encode())
            digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def cache_directory() -> Path:
    """Where compiled kernels are kept: `COMPANION_KERNEL_CACHE`, else the user's cache folder."""
    chosen = os.environ.get("COMPANION_KERNEL_CACHE")
    if chosen:
        return Path(chosen) / kernel_fingerprint()
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "mt5-companion" / "kernels" / kernel_fingerprint()


def _choose_cache_directory() -> None:
    directory = cache_directory()
    os.environ["NUMBA_CACHE_DIR"] = str(directory)


_choose_cache_directory()

import numba  # noqa: E402 - numba reads NUMBA_CACHE_DIR when it is imported
from numba import config as _numba_config  # noqa: E402 - see above

_numba_config.CACHE_DIR = os.environ["NUMBA_CACHE_DIR"]  # numba may have been imported by somebody else before us


def njit(kernel: Kernel) -> Kernel:
    """Compile `kernel` with the project's options: cached, no GIL, IEEE order kept (no fastmath), division by 0 is inf.

    The compiled function gives the same bits as `kernel.py_func`.
    """
    compiled: Kernel = numba.njit(cache=True, nogil=True, error_model="numpy")(kernel)
    return compiled


def njit_inlined(kernel: Kernel) -> Kernel:
    """The same for a kernel that is put into its callers: a decision's views have over a hundred numbers to hand over.

    Such a kernel allocates nothing, and counts no references to the arrays it is given: those are atomic operations.
    """
    options = {"cache": True, "nogil": True, "error_model": "numpy", "forceinline": True, "_nrt": False}
    compiled: Kernel = numba.njit(**options)(kernel)
    return compiled


def njit_bare(kernel: Kernel) -> Kernel:
    """The same for a kernel that is handed many tables: counting references to them would cost more than its work.

    It allocates nothing and returns no array.
    """
    compiled: Kernel = numba.njit(cache=True, nogil=True, error_model="numpy", _nrt=False)(kernel)
    return compiled


def njit_inner(kernel: Kernel) -> Kernel:
    """Compile a kernel that other kernels alone call, with many tables: a third of the time, and no counting of them.

    It allocates nothing, returns no array, and cannot be called from Python. It is cached as a part of its callers.
    """
    options = {"nogil": True, "error_model": "numpy", "_nrt": False}
    without = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    compiled: Kernel = numba.njit(**options, **without)(kernel)
    return compiled


def njit_once(kernel: Kernel) -> Kernel:
    """The same for a kernel that one other kernel calls, at one place: it is compiled there and nowhere else."""
    compiled: Kernel = numba.njit(nogil=True, error_model="numpy", _nrt=False, inline="always")(kernel)
    return compiled


def njit_uncached(kernel: Kernel) -> Kernel:
    """Compile a kernel that closes over another compiled function; numba cannot cache those across processes."""
    compiled: Kernel = numba.njit(nogil=True, error_model="numpy")(kernel)
    return compiled
