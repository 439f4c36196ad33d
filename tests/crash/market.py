"""A market that never rests on four symbols, and rules so eager that every few ticks lead to an order."""

from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from advisor.executor import ExecutorGuards
from bridge.config import BridgeConfig, DeskRules
from domain.dtypes import RATES_DTYPE, TICK_DTYPE
from domain.symbols import SymbolSpec
from domain.timeframes import Timeframe
from marketdata import Tape
from signals.fold import fold_ticks, new_fold
from sim.profiles import AccountProfile, CommissionRule, LeverageTier, justmarkets_symbol
from strategy.params import (
    CareSettings,
    EngineSettings,
    EntrySettings,
    GuardSettings,
    KellySettings,
    LeverageSettings,
    PortfolioSettings,
    VolatilitySettings,
)
from strategy.tables import Table

SECRET: Final = b"a secret for terminals that are killed"
MAGIC: Final = 770_001
START_MSC: Final = 1_700_437_800_000  # Sunday 2023-11-19 23:50 on the broker's clock: soon there is a midnight
_PRICES: Final = {"EURUSD": 1.1, "GBPUSD": 1.25, "USDJPY": 150.0, "XAUUSD": 2000.0}
SYMBOLS: Final = tuple(_PRICES)
_WARM_UP_TICKS: Final = 400
TICK_MSC: Final = 4_000
_SWING_TICKS: Final = 60
UNLIMITED: Final = ExecutorGuards(orders_per_minute=10**9)

PROFILE: Final = AccountProfile(
    login=5_000_001,
    server="Crash-Demo",
    deposit=100_000.0,
    tiers=(LeverageTier(equity_from=0.0, leverage=2000),),
    commission=CommissionRule(per_lot=0.5),
)
ACCOUNT: Final = f"{PROFILE.server}:{PROFILE.login}"
EAGER: Final = EngineSettings(
    symbols=SYMBOLS,
    timeframes=(Timeframe.M1,),
    model="donchian",
    model_parameters={"channel_period": 2},
    entry=EntrySettings(
        score_threshold=0.3,
        score_threshold_max=0.4,
        atr_period=2,
        max_spread_points=10_000.0,
        max_spread_atr_fraction=1.0,
        atr_baseline_period=5,
        stop_atr=0.8,
        target_atr=3.0,
        min_reward_to_risk=0.5,
        duplicate_window_s=20.0,
        risk_fraction=0.002,
    ),
    care=CareSettings(
        break_even_r=0.3,
        break_even_buffer_points=1.0,
        trailing_start_r=0.5,
        trailing_atr=0.6,
        min_step_atr=0.4,
        partial_legs=((0.2, 0.5),),
        max_holding_s=150.0,
    ),
    commission_per_lot={"*": 0.5},
    # what an account protects itself with would leave too little to do: losses are nearly all there is here
    portfolio=PortfolioSettings(cool_down_s=0.0, max_losing_streak=0, max_currency_exposure=500.0),
    guards=GuardSettings(day_loss_fraction=0.5),
    volatility=VolatilitySettings(calm_ratio=10.0, max_ratio=100.0, max_stop_baseline_atr=100.0),
    leverage=LeverageSettings(stress_losses=100),
    slippage_points={},
    kelly=KellySettings(enabled=False),
    magic=MAGIC,
    intent_valid_ms=3000,
)
RULES: Final = DeskRules(clock_check=False, frames_per_second=1_000_000)


def a_spec(name: str) -> SymbolSpec:
    """The symbol, open day and night."""
    return msgspec.structs.replace(justmarkets_symbol(name, name), sessions=())


SPECS: Final = tuple(a_spec(name) for name in SYMBOLS)


class Market:
    """`ticks` of every symbol, `count` each, and the bars before them (`history`)."""

    def __init__(self, count: int, seed: int = 1, symbols: tuple[str, ...] = SYMBOLS) -> None:
        whole = {name: _restless_ticks(place, _WARM_UP_TICKS + count, seed) for place, name in enumerate(SYMBOLS)}
        self.symbols = symbols
        self.specs = tuple(spec for spec in SPECS if spec.name in symbols)
        self.ticks: dict[str, Table] = {name: whole[name][_WARM_UP_TICKS:] for name in symbols}
        self.history = {(name, Timeframe.M1): _bars_before(whole[name], name) for name in symbols}

    @property
    def tape(self) -> Tape:
        """Its ticks in the order of time."""
        return Tape(self.symbols, self.ticks)

    @property
    def settings(self) -> EngineSettings:
        """The rules, for these symbols."""
        return msgspec.structs.replace(EAGER, symbols=self.symbols)


def _restless_ticks(place: int, count: int, seed: int) -> Table:
    spec = SPECS[place]
    rng = np.random.default_rng((seed, place))
    size = round(_PRICES[spec.name] * 2e-5 / spec.point)  # a tick's move [points]
    swing = np.where(np.sin(np.arange(count) * np.pi / _SWING_TICKS + place) > 0.0, 0.6, -0.6)
    walk = np.cumsum(rng.integers(-size, size + 1, count) + np.round(swing * size))
    ticks = np.zeros(count, TICK_DTYPE)
    ticks["bid"] = np.round(_PRICES[spec.name] + walk * spec.point, spec.digits)
    ticks["ask"] = np.round(ticks["bid"] + size * spec.point, spec.digits)
    ticks["time_msc"] = START_MSC + np.arange(count) * TICK_MSC + place * TICK_MSC // len(SPECS)
    ticks["time_msc"] += rng.integers(0, TICK_MSC // len(SPECS), count)
    ticks["time"] = ticks["time_msc"] // 1000
    return ticks


def _bars_before(ticks: Table, name: str) -> Table:
    bars, at = np.zeros(_WARM_UP_TICKS, RATES_DTYPE), np.zeros(_WARM_UP_TICKS, np.int64)
    count = fold_ticks(new_fold(), 60, a_spec(name).point, ticks, 0, _WARM_UP_TICKS + 1, bars, at)
    return bars[:count]


def bridge_config(
    data_dir: Path, endpoint: str, settings: EngineSettings = EAGER, rules: DeskRules = RULES
) -> BridgeConfig:
    """A bridge for old quotes that forces every intent to the disk."""
    return BridgeConfig(
        data_dir=data_dir, secret=SECRET, engine=settings, endpoint=endpoint, rules=rules, journal_durable=True
    )
