"""What is committed works on any machine and names none."""

import os
import re
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT, project_files

# put together from parts, so that this file does not hold what it looks for
FOREIGN = {
    "a package index": re.compile(
        "|".join([r"pypi\." + "org", "files.python" + "hosted", "test" + r"\.pypi"]).encode()
    ),
    "a folder of one machine": re.compile(
        "|".join([r"(?<![\w.])/" + "work/", "/opt/" + "pypi", "/opt/" + "wheels"]).encode()
    ),
}
LINE_STARTS_OF_INDEX_OPTIONS = (b"--index-url", b"--extra-index-url", b"--find-links", b"-i ", b"-f ")


@pytest.mark.parametrize("what", FOREIGN)
def test_no_file_names(what: str) -> None:
    named = [str(path.relative_to(ROOT)) for path in project_files() if FOREIGN[what].search(path.read_bytes())]
    assert named == []


@pytest.mark.parametrize(
    "text", [b"https://pypi" + b".org/simple", b'cd "/' + b'work/main"', b"file:///opt/" + b"pypi/simple"]
)
def test_a_foreign_name_is_seen(text: bytes) -> None:
    assert any(pattern.search(text) for pattern in FOREIGN.values())


@pytest.mark.parametrize("lock", sorted((ROOT / "locks").glob("*.txt")), ids=lambda path: path.name)
def test_no_lock_chooses_an_index(lock: Path) -> None:
    assert not [line for line in lock.read_bytes().splitlines() if line.startswith(LINE_STARTS_OF_INDEX_OPTIONS)]


@pytest.mark.parametrize("script", ["scripts/run", "scripts/test", "scripts/lock", ".ci/run"])
def test_scripts_can_be_started(script: str) -> None:
    assert os.access(ROOT / script, os.X_OK)
    assert (ROOT / script).read_text().startswith("#!/usr/bin/env bash\n")
