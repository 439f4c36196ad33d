"""The scenarios notice mistakes: each of MUTATIONS, put into a copy of the EA, makes its scenario fail."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT
from tests.mql5.mutations import MUTATIONS, Mutation
from tests.mql5.scenarios.chart import SOURCE_VARIABLE

EA = ROOT / "ea"
SCENARIOS = "tests/mql5/scenarios"
TESTS_FAILED = 1

pytestmark = [pytest.mark.slow, pytest.mark.integration]


def played(ea: Path, tests: Iterable[str]) -> "subprocess.CompletedProcess[str]":
    """The scenarios `tests` on the EA in a folder like `ea/`."""
    nodes = [f"{SCENARIOS}/{test if '::' in test else f'test_exact.py::{test}'}" for test in sorted(set(tests))]
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-n", "0", "-p", "no:cacheprovider", *nodes]
    environment = {**os.environ, SOURCE_VARIABLE: str(ea)}
    environment.pop("CI", None)  # pytest would write out how long lists differ, for minutes
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EA, tmp_path / "ea"))


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name.replace(" ", "-"))
def test_a_mistake_is_noticed(copy: Path, mutation: Mutation) -> None:
    path = copy / "Include" / "Companion" / mutation.file
    source = path.read_text(encoding="utf-8")
    assert source.count(mutation.right) == 1, "the EA has changed: find the place again"
    path.write_text(source.replace(mutation.right, mutation.wrong), encoding="utf-8")
    done = played(copy, [mutation.noticed_by])
    assert done.returncode == TESTS_FAILED, done.stdout + done.stderr
    assert re.search(r"\b\d+ failed\b", done.stdout.splitlines()[-1]), done.stdout
    assert "error" not in done.stdout.splitlines()[-1]


def test_a_copy_without_a_mistake_passes(copy: Path) -> None:
    """One of them tells that a copy is as good as the EA; on the EA itself all scenarios run anyway."""
    done = played(copy, [MUTATIONS[0].noticed_by])
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_mistake_is_one() -> None:
    assert len({mutation.name for mutation in MUTATIONS}) == len(MUTATIONS) >= 10
    assert all(mutation.right != mutation.wrong for mutation in MUTATIONS)
