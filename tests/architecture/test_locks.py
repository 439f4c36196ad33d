"""The locks pin every package with its hashes, agree with each other and hold what the project asks for."""

import re

import pytest

from tests.architecture.tree import ROOT, pyproject

LOCKS = ("service", "research")
PINNED = re.compile(r"^([a-z0-9.-]+)==([^ ;]+)( ; .+)?$")


def _entries(lock: str) -> list[list[str]]:
    """Per package: the requirement, then its hashes."""
    text = (ROOT / "locks" / f"{lock}.txt").read_text()
    text = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    return [[part.strip() for part in entry.split("\\\n")] for entry in re.split(r"\n(?=\S)", text)]


def _pins(lock: str) -> set[str]:
    return {entry[0] for entry in _entries(lock)}


def _names(requirements: list[str]) -> set[str]:
    """Normalised names, as the locks spell them."""
    return {re.sub(r"[-_.]+", "-", re.split(r"[\[<>=!~ ;]", requirement)[0]).lower() for requirement in requirements}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_is_pinned_and_hashed(lock: str) -> None:
    for requirement, *hashes in _entries(lock):
        assert PINNED.match(requirement)
        assert hashes, requirement
        assert all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", digest) for digest in hashes)


def test_the_larger_lock_holds_the_smaller() -> None:
    assert _pins("service") <= _pins("research")


def test_each_lock_holds_what_is_asked_for() -> None:
    project, groups = pyproject()["project"], pyproject()["dependency-groups"]
    service = _names(project["dependencies"]) | _names(groups["build"])
    tools = service | _names(groups["dev"])
    research = tools.union(*(_names(extra) for extra in project["optional-dependencies"].values()))
    locked = {lock: {pin.partition("==")[0] for pin in _pins(lock)} for lock in LOCKS}
    assert service <= locked["service"]
    assert research <= locked["research"]


@pytest.mark.parametrize("package", ["vectorbt", "pandas", "fastapi", "pytest"])
def test_the_service_installs_small(package: str) -> None:
    assert package not in {pin.partition("==")[0] for pin in _pins("service")}
