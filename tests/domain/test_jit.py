"""Kernels are compiled in one way, and a change in any of them makes a new cache."""

import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from domain import jit
from domain.jit import cache_directory, kernel_fingerprint, njit, njit_uncached

ROOT = Path(jit.__file__).resolve().parent.parent
CALLEE = """
from domain.jit import njit


@njit
def part(x: float) -> float:
    return x * {factor}
"""
CALLER = """
from domain.jit import njit
from risk.part import part


@njit
def whole(x: float) -> float:
    return part(x) + 1.0
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small project of the same shape: two kernels, one of which calls the other."""
    for room in ("domain", "risk", "strategy"):
        (tmp_path / room).mkdir()
        (tmp_path / room / "__init__.py").touch()
    (tmp_path / "domain" / "jit.py").write_bytes((ROOT / "domain" / "jit.py").read_bytes())
    (tmp_path / "risk" / "part.py").write_text(CALLEE.format(factor=2.0))
    (tmp_path / "strategy" / "whole.py").write_text(CALLER)
    monkeypatch.setattr(jit, "__file__", str(tmp_path / "domain" / "jit.py"))
    return tmp_path


def _in_a_new_process(project: Path, cache: Path, code: str) -> str:
    surroundings = os.environ | {"COMPANION_KERNEL_CACHE": str(cache), "PYTHONPATH": str(project)}
    command = [sys.executable, "-c", code]
    run = subprocess.run(command, cwd=project, env=surroundings, check=True, capture_output=True, text=True)
    return run.stdout.strip()


def test_the_fingerprint_is_stable(project: Path) -> None:
    assert kernel_fingerprint() == kernel_fingerprint()
    assert len(kernel_fingerprint()) == 16
    assert int(kernel_fingerprint(), 16) >= 0


@pytest.mark.parametrize("room", ["domain", "risk", "strategy"])
def test_a_changed_kernel_changes_the_fingerprint(project: Path, room: str) -> None:
    before = kernel_fingerprint()
    (project / room / "__init__.py").write_text("# a new reason\n")
    assert kernel_fingerprint() != before


def test_a_new_or_renamed_kernel_changes_the_fingerprint(project: Path) -> None:
    before = kernel_fingerprint()
    (project / "risk" / "part.py").rename(project / "risk" / "renamed.py")
    assert kernel_fingerprint() != before


def test_another_numba_changes_the_fingerprint(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = kernel_fingerprint()
    monkeypatch.setattr("importlib.metadata.version", lambda name: "0.0.0")
    assert kernel_fingerprint() != before


def test_the_cache_goes_where_it_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("COMPANION_KERNEL_CACHE", str(tmp_path))
    assert cache_directory() == tmp_path / kernel_fingerprint()


def test_else_into_the_users_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("COMPANION_KERNEL_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_directory() == tmp_path / "mt5-companion" / "kernels" / kernel_fingerprint()
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_directory() == Path.home() / ".cache" / "mt5-companion" / "kernels" / kernel_fingerprint()


@pytest.mark.integration
def test_the_cache_is_ours_even_when_numba_was_imported_first(project: Path, tmp_path: Path) -> None:
    code = "import numba; import domain.jit; print(numba.config.CACHE_DIR)"
    assert _in_a_new_process(project, tmp_path / "cache", code) == str(tmp_path / "cache" / kernel_fingerprint())


@pytest.mark.integration
def test_a_change_in_a_called_kernel_is_noticed(project: Path, tmp_path: Path) -> None:
    code = "from strategy.whole import whole; print(whole(10.0))"
    assert _in_a_new_process(project, tmp_path / "cache", code) == "21.0"
    assert _in_a_new_process(project, tmp_path / "cache", code) == "21.0"
    (project / "risk" / "part.py").write_text(CALLEE.format(factor=0.5))
    assert _in_a_new_process(project, tmp_path / "cache", code) == "6.0"


@njit
def _quotient(a: float, b: float) -> float:
    return a / b


@njit_uncached
def _sum_in_order(values: "np.typing.NDArray[np.float64]") -> float:
    total = 0.0
    for value in values:
        total += value
    return total


def test_division_by_zero_gives_what_ieee_says() -> None:
    assert _quotient(1.0, 0.0) == math.inf
    assert math.isnan(_quotient(0.0, 0.0))


def test_sums_keep_their_order() -> None:
    values = np.array([1e16, 1.0, -1e16, 1.0] * 1000)
    assert _sum_in_order(values) == sum(values.tolist())


def test_kernels_let_other_threads_run() -> None:
    assert vars(_quotient)["targetoptions"]["nogil"]
    assert not vars(_quotient)["targetoptions"].get("fastmath")
