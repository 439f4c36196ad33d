"""What is measured on: real ticks where the reference data are at hand, else the synthetic market."""

import os
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from domain.symbols import SymbolSpec
from domain.timeframes import Timeframe
from marketdata import load_quotes, synthetic_market
from sim.profiles import AccountProfile, CommissionRule, justmarkets_symbol
from strategy.params import CareSettings, EngineSettings, EntrySettings
from strategy.tables import Table

SYMBOL: Final = "EURUSD"
PROFILE: Final = AccountProfile(
    login=5_000_001, server="Benchmark-Demo", deposit=10_000.0, commission=CommissionRule(per_lot=7.0)
)
_REAL: Final = "ticks/oanda_EURUSD_20140501_0507_utc.parquet"
_ROOT: Final = Path(__file__).resolve().parent.parent


class Market(NamedTuple):
    """Ticks of one symbol, where they are from, and its specification, always open: the quotes are another broker's."""

    source: str
    ticks: Table
    spec: SymbolSpec


def reference_folder() -> Path:
    """Where the real data are expected; they are no part of the project."""
    chosen = os.environ.get("COMPANION_REFERENCE_DATA")
    return Path(chosen).expanduser() if chosen else _ROOT.parent / "shared" / "reference"


def market() -> Market:
    """Five days of real EURUSD ticks, or as many synthetic ones."""
    spec = msgspec.structs.replace(justmarkets_symbol(SYMBOL, SYMBOL), sessions=())
    real = reference_folder() / _REAL
    if real.is_file():
        ticks = load_quotes(real, symbol=SYMBOL).ticks
        assert ticks is not None
        return Market(f"real EURUSD, {len(ticks):,} ticks", ticks, spec)
    ticks = synthetic(days=14)
    return Market(f"synthetic EURUSD, {len(ticks):,} ticks", ticks, spec)


def synthetic(days: int) -> Table:
    """The embedded market's EURUSD."""
    return synthetic_market(seed=1, days=days)[SYMBOL]


def settings(*, max_holding_s: float = 14_400.0) -> EngineSettings:
    """M5, and rules eager enough to trade a few times in five days, with every kind of care on."""
    return EngineSettings(
        symbols=(SYMBOL,),
        timeframes=(Timeframe.M5,),
        entry=EntrySettings(score_threshold=0.5, max_spread_atr_fraction=0.6, max_spread_points=80.0),
        care=CareSettings(break_even_r=0.6, trailing_start_r=0.8, trailing_atr=1.5, max_holding_s=max_holding_s),
        commission_per_lot={"*": 7.0},
    )
