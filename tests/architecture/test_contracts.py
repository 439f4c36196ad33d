"""The import contracts forbid what they say: each is broken on purpose in a copy of the bare packages."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT, packages

ALLOWED = {
    "account/journal.py": "import sqlite3\n",
    "account/state.py": "import domain.jit\n",
    "app/cli.py": "import account.journal\nimport bridge\nimport sim\nimport time\n",
    "bridge/service.py": "import account.journal\nimport advisor\nimport strategy\nimport threading\nimport zmq\n",
    "backtest/exact.py": "import marketdata\nimport sim.runner\nimport strategy\n",
    "domain/jit.py": "import hashlib\nimport os\nimport pathlib\n\nimport numba\n",
    "advisor/expert.py": "import strategy\nimport wire\nimport zmq\n",
    "sim/feed.py": "import advisor.expert\nimport sim.runner\nimport zmq\n",
    "sim/runner.py": "import marketdata\nimport strategy\n",
    "signals/fold.py": "import domain.jit\n",
    "newsfilter/http.py": "import requests\n",
}
PURE_NEWS = (
    "board bulletin eodhd eventfile events forexfactory impact instruments merging reading sentiment setup windows "
    "wording"
)

BROKEN = [
    ("strategy/x.py", "import bridge", "rooms on one line do not know each other"),
    ("signals/x.py", "import risk", "rooms on one line do not know each other"),
    ("domain/x.py", "import wire", "rooms on one line do not know each other"),
    ("advisor/x.py", "import sim.feed", "rooms on one line do not know each other"),
    ("backtest/x.py", "import bridge", "rooms on one line do not know each other"),
    ("bridge/x.py", "import sim.runner", "The live path never sees the simulated terminal"),
    ("strategy/x.py", "from account import journal", "The journal is opened at the edge"),
    ("account/state.py", "from account.journal import sqlite3", "The journal is opened at the edge"),
    ("strategy/x.py", "from time import monotonic", "Pure rooms"),
    ("risk/x.py", "import random", "Pure rooms"),
    ("wire/x.py", "import zmq", "Pure rooms"),
    ("signals/x.py", "import pandas", "Pure rooms"),
    ("account/state.py", "import sqlite3", "Pure rooms"),
    ("newsfilter/windows.py", "import requests", "Pure rooms"),
    ("domain/x.py", "from pathlib import Path", "The domain touches the file system"),
    ("risk/x.py", "from numba import njit", "Kernels are compiled by domain.jit alone"),
]


def _lint(folder: Path) -> subprocess.CompletedProcess[str]:
    linter = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    return subprocess.run(linter, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def skeleton(tmp_path: Path) -> Path:
    """The project's packages, bare but for the imports in ALLOWED."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for package in packages():
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").touch()
    for name in PURE_NEWS.split():
        (tmp_path / "newsfilter" / f"{name}.py").touch()
    for name, text in ALLOWED.items():
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.integration
def test_what_the_architecture_allows_is_kept(skeleton: Path) -> None:
    result = _lint(skeleton)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.integration
@pytest.mark.parametrize(("name", "line", "contract"), BROKEN)
def test_what_it_forbids_is_reported(skeleton: Path, name: str, line: str, contract: str) -> None:
    (skeleton / name).write_text(line + "\n")
    result = _lint(skeleton)
    reported = [report for report in result.stdout.splitlines() if contract in report and "BROKEN" in report]
    assert result.returncode == 1
    assert reported, result.stdout + result.stderr
