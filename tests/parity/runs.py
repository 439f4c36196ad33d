"""The same market through the simulated runner, with everything the engine was told written down."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from account.events import AccountEvent
from account.state import AccountState
from backtest.job import Job
from domain.intents import Intent
from domain.symbols import SymbolSpec
from domain.timeframes import Timeframe
from domain.updates import Money
from marketdata import Tape, load_quotes, ohlc_ticks
from sim.profiles import AccountProfile, CommissionRule, LeverageTier, justmarkets_symbol
from sim.runner import Runner, RunResult
from sim.terminal import SimTerminal
from strategy.engine import Engine
from strategy.events import EngineEvent, Quotes, WarmUp
from strategy.params import CareSettings, EngineSettings, EntrySettings
from strategy.tables import Table


@dataclass(frozen=True)
class Market:
    """One data set: where it lies under the reference data, and what is traded on it."""

    name: str
    path: str
    symbol: str
    timeframes: tuple[Timeframe, ...]
    bars: Timeframe | None = None
    first_ticks: int | None = None
    over_the_wire: tuple[int, int | None] = (0, 25_000)

    def ticks(self, reference: Path) -> Table:
        """Its ticks, real or made of real bars."""
        quotes = load_quotes(reference / self.path, symbol=self.symbol, timeframe=self.bars)
        if quotes.ticks is not None:
            return quotes.ticks[: self.first_ticks]
        assert quotes.bars is not None
        assert quotes.timeframe is not None
        return ohlc_ticks(quotes.bars, quotes.timeframe, quotes.point)[: self.first_ticks]

    def settings(self) -> EngineSettings:
        """Rules eager enough to order something on every data set, and to use every kind of care."""
        return EngineSettings(
            symbols=(self.symbol,),
            timeframes=self.timeframes,
            entry=EntrySettings(score_threshold=0.5, max_spread_atr_fraction=0.6, max_spread_points=80.0),
            care=CareSettings(
                break_even_r=0.6,
                trailing_start_r=0.8,
                trailing_atr=1.5,
                chandelier_atr=1.5,
                trailing_points=400.0,
                stepped_r=1.0,
                partial_legs=((0.3, 0.25), (0.6, 0.25)),
                fill_tolerance=0.0,
                max_holding_s=14_400.0,
                rollover_close_s=600.0,
                triple_swap_close_s=900.0,
            ),
            commission_per_lot={"*": 7.0},
        )


MARKETS = (
    Market(
        "eurusd-ticks",
        "ticks/oanda_EURUSD_20140501_0507_utc.parquet",
        "EURUSD",
        (Timeframe.M1, Timeframe.M15),
        over_the_wire=(0, 52_000),
    ),
    Market(
        "xauusd-ticks",
        "ticks/oanda_XAUUSD_20140502_0506_utc.parquet",
        "XAUUSD",
        (Timeframe.M1, Timeframe.M5),
        first_ticks=150_000,
        over_the_wire=(60_000, None),
    ),
    Market(
        "eurusd-bars",
        "m1/icmarkets_EURUSD_M15_2025_01_08_server.parquet",
        "EURUSD",
        (Timeframe.H1,),
        bars=Timeframe.M15,
        over_the_wire=(0, 8_000),
    ),
    Market(
        "xauusd-mt5-export",
        "mt5_export/XAUUSD_M15_202501020100_202506302345.csv.gz",
        "XAUUSD",
        (Timeframe.M30, Timeframe.H4),
        bars=Timeframe.M15,
    ),
)

PROFILE = AccountProfile(
    login=5_000_001,
    server="Parity-Demo",
    deposit=10_000.0,
    tiers=(LeverageTier(equity_from=0.0, leverage=2000),),
    commission=CommissionRule(per_lot=7.0),
    slippage_points=8.0,
)


def a_spec(market: Market) -> SymbolSpec:
    """The symbol as JustMarkets describes it, under the data's name and always open: the feed is another broker's."""
    return msgspec.structs.replace(justmarkets_symbol(market.symbol, market.symbol), sessions=())


@dataclass
class WrittenDown:
    """An engine that writes down everything it is told, in order."""

    engine: Engine
    told: list[tuple[str, object]] = field(default_factory=list)
    account: AccountState = field(init=False)
    settings: EngineSettings = field(init=False)

    def __post_init__(self) -> None:
        self.account = self.engine.account
        self.settings = self.engine.settings

    def on_event(self, event: EngineEvent) -> tuple[Intent, ...]:
        self.told.append(("event", event))
        return self.engine.on_event(event)

    def advance(self, quotes: Quotes, start: int, stop: int | None = None) -> tuple[int, tuple[Intent, ...]]:
        end, intents = self.engine.advance(quotes, start, stop)
        self.told.append(("ticks", quotes.ticks[start:end]))
        return end, intents

    def adopt_money(self, money: Money) -> None:
        self.told.append(("money", money))
        self.engine.adopt_money(money)

    def take_decisions(self) -> Table:
        return self.engine.take_decisions()

    def take_news(self) -> tuple[AccountEvent, ...]:
        return self.engine.take_news()


def a_job(market: Market, ticks: Table) -> Job:
    """The same as a backtest."""
    return Job(settings=market.settings(), profile=PROFILE, specs=(a_spec(market),), ticks={market.symbol: ticks})


def run(market: Market, ticks: Table, warm_up: Sequence[WarmUp] = ()) -> tuple[RunResult, WrittenDown]:
    """One run of the simulated terminal and the engine."""
    terminal = SimTerminal(PROFILE, (a_spec(market),), start_msc=int(ticks["time_msc"][0]))
    engine = WrittenDown(Engine(market.settings()))
    tape = Tape((market.symbol,), {market.symbol: ticks})
    return Runner(engine, terminal, tape, warm_up=warm_up).run(), engine


def bar_numbers(ticks: Table, timeframe: Timeframe) -> NDArray[np.int64]:
    """Number of the bar each tick belongs to."""
    numbers: NDArray[np.int64] = ticks["time_msc"] // 1000 // timeframe.seconds
    return numbers
