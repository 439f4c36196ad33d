"""No setting of the person who runs the tests may reach a test; and one recorded run for all that look at one."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.app.real_command import OF_THE_TESTS, Companion, companion_in


@pytest.fixture(autouse=True)
def bare_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An empty folder to stand in, a state folder, and no COMPANION_* variable but those of the tests' machinery."""
    for name in list(os.environ):
        if name.startswith("COMPANION_") and name not in OF_THE_TESTS:
            monkeypatch.delenv(name)
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def companion(tmp_path: Path) -> Companion:
    """The real command, with a state folder of its own."""

    def run(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return companion_in(tmp_path, *words, **environment)

    return run


@pytest.fixture(scope="session")
def demo_state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """State folder after two invented days of EURUSD were traded; look, do not touch."""
    folder = tmp_path_factory.mktemp("demo")
    result = companion_in(folder, "demo", "--days", "2", "--symbols", "EURUSD", "--seed", "4", "--json")
    assert result.returncode == 0, result.stderr
    (folder / "summary.json").write_text(result.stdout)
    return folder


@pytest.fixture(scope="session")
def demo_folder(demo_state: Path) -> Path:
    """The data of that run."""
    return demo_state / "mt5-companion" / "demo"


@pytest.fixture(scope="session")
def demo_summary(demo_state: Path) -> dict[str, Any]:
    """What that run came to, as its command told it."""
    return dict(json.loads((demo_state / "summary.json").read_text()))
