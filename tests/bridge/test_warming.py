"""After the kernels are loaded, nothing a live engine does needs the compiler."""

import subprocess
import sys
from pathlib import Path

import pytest

from bridge.warming import load_kernels
from domain.timeframes import Timeframe
from strategy.params import EngineSettings

# in a process of its own: other tests have compiled what this one must find missing
PROGRAM = """
import numba
import strategy.charts, strategy.engine, strategy.world
from bridge.warming import load_kernels
from tests.bridge.floor import EAGER, Market, played

def forms():
    modules = (strategy.charts, strategy.engine, strategy.world)
    kernels = {name: it for module in modules for name, it in vars(module).items()}
    own = {name: it for name, it in kernels.items() if name != "rounded_money"}  # the simulated terminal's, too
    return {name: len(it.signatures) for name, it in own.items() if hasattr(it, "signatures")}

load_kernels(EAGER)
loaded = forms()
played(Market(ticks=300))
played(Market(ticks=300), max_ticks=50)
print(loaded == forms(), len(loaded) > 4, loaded, forms())
"""


@pytest.mark.integration
def test_a_market_needs_no_further_form() -> None:
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("True True"), done.stdout


@pytest.mark.parametrize("model", ["confluence", "donchian"])
def test_every_model_can_be_loaded(model: str) -> None:
    load_kernels(EngineSettings(symbols=("XAUUSD", "EURUSD"), timeframes=(Timeframe.M15, Timeframe.H1), model=model))
