"""A new room must be named everywhere that rooms are listed, or it escapes the checks."""

import re
from typing import Any

import pytest

from tests.architecture.tree import packages, pyproject


def _contract(identifier: str) -> dict[str, Any]:
    contracts: list[dict[str, Any]] = pyproject()["tool"]["importlinter"]["contracts"]
    return next(contract for contract in contracts if contract["id"] == identifier)


def _lists() -> dict[str, list[str]]:
    tool = pyproject()["tool"]
    return {
        "wheel packages": tool["hatch"]["build"]["targets"]["wheel"]["packages"],
        "import-linter root_packages": tool["importlinter"]["root_packages"],
        "import-linter contract kernels": _contract("kernels")["source_modules"],
        "mypy files": [name for name in tool["mypy"]["files"] if name != "tests"],
    }


def test_there_are_packages() -> None:
    assert "domain" in packages()


@pytest.mark.parametrize("place", _lists())
def test_every_package_is_listed(place: str) -> None:
    assert sorted(_lists()[place]) == list(packages())


def test_every_package_has_its_layer() -> None:
    layered = set(re.findall(r"\w+", " ".join(_contract("layers")["layers"])))
    assert set(packages()) <= layered


def test_no_existing_package_is_an_optional_layer() -> None:
    optional = set(re.findall(r"\((\w+)\)", " ".join(_contract("layers")["layers"])))
    assert not optional & set(packages())
