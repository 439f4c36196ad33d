"""Every file that holds a kernel counts into the name of the compiled kernels' cache."""

import ast

from domain import jit
from tests.architecture.tree import modules, packages


def _uses_njit(tree: ast.Module) -> bool:
    return any(
        isinstance(node, ast.ImportFrom)
        and node.module == "domain.jit"
        and any(name.name.startswith("njit") for name in node.names)
        for node in ast.walk(tree)
    )


def test_every_kernel_is_in_the_fingerprint() -> None:
    with_kernels = [name for name, tree in modules(*packages()) if _uses_njit(tree)]
    hashed = [name for name in with_kernels if name.rpartition("/")[0] in jit._ROOMS_WITH_KERNELS]
    assert with_kernels == hashed
