"""Code of others, as it is on PyPI, runs on the drop-in."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.architecture.tree import ROOT

ADAPTER = "pymt5adapter==0.4.4"  # MIT; its one dependency is MetaTrader5


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("adapter")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), ADAPTER]
    fetched = subprocess.run(command, capture_output=True, text=True, check=False)
    wheels = sorted(folder.glob("*.whl"))
    if not wheels:
        pytest.skip(f"{ADAPTER} could not be fetched: {fetched.stderr.strip()[-200:]}")
    with zipfile.ZipFile(wheels[0]) as archive:
        archive.extractall(folder / "unpacked")
    child = Path(__file__).with_name("adapter_child.py")
    run = [sys.executable, str(child), str(folder / "unpacked")]
    done = subprocess.run(run, capture_output=True, text=True, check=False, cwd=ROOT, env={"PYTHONPATH": str(ROOT)})
    assert done.returncode == 0, done.stderr[-3000:]
    answers: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answers


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
