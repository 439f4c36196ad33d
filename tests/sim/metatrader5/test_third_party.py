"""Code of others, as it is on PyPI, runs on the drop-in."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.architecture.tree import ROOT

ADAPTER = "pymt5adapter==0.4.4"  # MIT; its one dependency is MetaTrader5


# MIT. Stood in for: MetaTrader5 by the drop-in, pandas-ta by its fork, mplfinance, which draws, by nothing
AIOMQL = ("aiomql==4.0.14", "pandas-ta-classic==0.8.32", "pandas>=2.2,<3", "python-dateutil", "six", "pytz", "tzdata")


def _pip(*arguments: str) -> None:
    """Run pip, or skip visibly where it does not get what it wants."""
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"pip {' '.join(arguments)}: {done.stderr.strip()[-300:]}")


def _run(child: str, folder: Path, place: Path) -> dict[str, Any]:
    """What a child process prints when it is given the code of others in `folder`."""
    command = [sys.executable, str(Path(__file__).with_name(child)), str(folder)]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=place, env=env)
    assert done.returncode == 0, done.stderr[-3000:]
    answers: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answers


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    place = tmp_path_factory.mktemp("adapter")
    _pip("download", "--no-deps", "--dest", str(place), ADAPTER)
    with zipfile.ZipFile(next(place.glob("*.whl"))) as archive:
        archive.extractall(place / "unpacked")
    return _run("adapter_child.py", place / "unpacked", place)


@pytest.mark.integration
def test_its_read_path_works(seen: dict[str, Any]) -> None:
    read = seen["read"]
    assert read.pop("spread") == pytest.approx(0.0002)
    assert read == {"symbols": ["EURUSD"], "bars": 2, "range": 2, "ticks": 61, "margin": 220.0, "version": 3}


@pytest.mark.integration
def test_its_trade_path_works(seen: dict[str, Any]) -> None:
    trade = seen["trade"]
    assert trade["checked"] == 0
    assert trade["answers"] == [10009, 10009, 10014, 10009, 10009]
    assert trade["levels"] == [pytest.approx(1.1002 - 0.005), pytest.approx(1.1002 + 0.007), 77, "adapter"]
    assert trade["profit"] == [0.0, -6.0]
    assert (trade["closed all"], trade["left"]) == (True, 0)


@pytest.mark.integration
def test_it_sees_errors_as_it_would_on_windows(seen: dict[str, Any]) -> None:
    assert seen["error"]["code"] == -4
    assert "Terminal: Not found" in seen["error"]["text"]
    assert seen["after"] == {"error": [1, "Success"], "account": None}


@pytest.mark.slow
@pytest.mark.integration
def test_a_framework_trades(tmp_path: Path) -> None:
    folder = tmp_path / "installed"
    try:
        _pip("install", "--target", str(folder), "--no-deps", *AIOMQL)
        seen = _run("aiomql_child.py", folder, tmp_path)
    finally:
        shutil.rmtree(folder, ignore_errors=True)  # pytest would keep it
    assert seen["ready"] is True
    assert (seen["candles"], seen["ticks"], seen["pending"]) == ([1.1, 3], 7, 0)
    symbol, volume, stop, comment = seen["position"]
    assert (symbol, volume, comment) == ("EURUSD", 0.01, "SimpleTrader")
    assert stop == pytest.approx(1.095)
    assert (seen["closed"], seen["deals"], seen["balance"]) == (1, [10_000.0, 0.0, -0.2], 9_999.8)
