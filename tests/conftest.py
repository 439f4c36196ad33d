"""What every test may use: the real market data, and one way for Hypothesis to behave."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

_PROJECT_ROOT = Path(__file__).resolve().parent.parent
_REFERENCE_VARIABLE = "COMPANION_REFERENCE_DATA"

settings.register_profile("ci", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("explore", max_examples=2000, deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what uses the real data, so that `-m "not reference"` never misses a test."""
    for item in items:
        if "reference" in getattr(item, "fixturenames", ()):
            item.add_marker("reference")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Repeat which checks failed before the tests: their output has scrolled away by now."""
    failed = os.environ.get("FAILED_CHECKS")
    if failed:
        terminalreporter.section("failed before the tests")
        terminalreporter.line(f"{failed}: see the output above", red=True)


@pytest.fixture(scope="session")
def reference() -> Path:
    """Folder of real quotes, bars, reports and specifications; it is no part of the project."""
    chosen = os.environ.get(_REFERENCE_VARIABLE)
    folder = Path(chosen).expanduser() if chosen else _PROJECT_ROOT.parent / "shared" / "reference"
    if folder.is_dir():
        return folder
    if chosen:
        pytest.fail(f"{_REFERENCE_VARIABLE} names {folder}, which is no folder: correct it or unset it")
    pytest.skip(f"needs real market data, which is no part of the project: name its folder in {_REFERENCE_VARIABLE}")
