"""Pure rooms read no clock and draw no random number, by whatever name they were imported."""

import ast
from collections.abc import Iterator

import pytest

from tests.architecture.tree import IMPURE_MODULES, PURE_ROOMS, modules

FORBIDDEN = (
    "datetime.date.today",
    "datetime.datetime.now",
    "datetime.datetime.today",
    "datetime.datetime.utcnow",
    "numpy.random",
    "os.urandom",
    "time",
    "uuid.uuid1",
    "uuid.uuid4",
)
CLOCK_WORDS = ("now", "today")  # numpy.datetime64("now") reads the clock


def _origins(tree: ast.Module) -> dict[str, str]:
    """What each imported name stands for."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                name = alias.name if alias.asname else alias.name.partition(".")[0]
                found[alias.asname or name] = name
        elif isinstance(node, ast.ImportFrom):
            found.update({alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names})
    return found


def _dotted(node: ast.expr, origins: dict[str, str]) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value, origins)}.{node.attr}"
    return origins.get(node.id, "") if isinstance(node, ast.Name) else ""


def _reads_clock(node: ast.AST, origins: dict[str, str]) -> bool:
    if isinstance(node, ast.Call) and _dotted(node.func, origins) == "numpy.datetime64":
        return any(isinstance(word, ast.Constant) and word.value in CLOCK_WORDS for word in node.args)
    if not isinstance(node, ast.Attribute | ast.Name):
        return False
    name = _dotted(node, origins)
    return any(name == forbidden or name.startswith(forbidden + ".") for forbidden in FORBIDDEN)


def _impurities(tree: ast.Module) -> Iterator[int]:
    """Lines on which `tree` reads a clock or draws a random number."""
    origins = _origins(tree)
    return (node.lineno for node in ast.walk(tree) if isinstance(node, ast.expr) and _reads_clock(node, origins))


@pytest.mark.parametrize(
    "source",
    [
        "import datetime\ndatetime.datetime.now()",
        "from datetime import datetime as dt\ndt.utcnow()",
        "import datetime as d\nclock = d.date.today",
        "import time\ntime.time()",
        "from time import time_ns\ntime_ns()",
        "import numpy as np\nnp.random.default_rng(1)",
        "from numpy.random import default_rng\ndefault_rng()",
        "import numpy as np\nnp.datetime64('now')",
    ],
)
def test_every_way_to_a_clock_is_seen(source: str) -> None:
    assert list(_impurities(ast.parse(source)))


@pytest.mark.parametrize(
    "source",
    [
        "from datetime import datetime, UTC\ndatetime.fromtimestamp(0, tz=UTC)",
        "import numpy as np\nnp.datetime64('2025-01-01')",
        "def step(time, now):\n    return time.random(now)",
    ],
)
def test_what_is_pure_is_left_alone(source: str) -> None:
    assert not list(_impurities(ast.parse(source)))


def test_pure_rooms_are_pure() -> None:
    pure = [(name, tree) for name, tree in modules(*PURE_ROOMS) if name not in IMPURE_MODULES]
    assert len(pure) > len(PURE_ROOMS)
    assert [f"{name}:{line}" for name, tree in pure for line in _impurities(tree)] == []
