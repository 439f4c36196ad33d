"""No module needs, directly or not, a module that needs it: each can be read, and tested, after what it imports."""

import ast
from graphlib import CycleError, TopologicalSorter

import pytest

from tests.architecture.tree import modules, packages


def _imports(trees: dict[str, ast.Module]) -> dict[str, set[str]]:
    """What each module imports of the others."""
    found: dict[str, set[str]] = {name: set() for name in trees}
    for name, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                found[name] |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                # the package itself, too: what it imports has to be there before its modules can be had from it
                found[name] |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return {name: wanted & trees.keys() for name, wanted in found.items()}


def _cycle(trees: dict[str, ast.Module]) -> list[str]:
    """The modules of one cycle; none where there is none."""
    try:
        TopologicalSorter(_imports(trees)).prepare()
    except CycleError as found:
        return list(found.args[1])
    return []


def _own() -> dict[str, ast.Module]:
    return {path.removesuffix(".py").removesuffix("/__init__").replace("/", "."): t for path, t in modules(*packages())}


@pytest.mark.parametrize(
    "sources",
    [
        {"a": "import b", "b": "from a import name"},
        {"a": "from b import c", "b": "", "b.c": "import a"},
        {"p": "from p.x import name", "p.x": "from p import y", "p.y": ""},
        {"a": "import b", "b": "import c", "c": "def late():\n    import a"},
    ],
)
def test_a_cycle_is_seen(sources: dict[str, str]) -> None:
    assert _cycle({name: ast.parse(source) for name, source in sources.items()})


def test_what_is_none_is_left_alone() -> None:
    sources = {
        "p": "from p.x import name",
        "p.x": "from p.y import other\nimport os",
        "p.y": "from q import z",
        "q": "",
        "q.z": "from q import u",
        "q.u": "",
    }
    assert not _cycle({name: ast.parse(source) for name, source in sources.items()})


def test_there_is_no_cycle() -> None:
    own = _own()
    assert "sim.metatrader5" in own
    assert _cycle(own) == []
