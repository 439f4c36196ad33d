"""Minute bars of an invented EURUSD, the same for every contender, and what ours is told to do with them."""

from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from backtest.job import Job
from domain.dtypes import RATES_DTYPE
from domain.timeframes import DAY_S, MINUTE_S, WEEK_S, Timeframe
from marketdata.bar_ticks import ohlc_ticks
from marketdata.quotes import Ints
from sim.profiles import JustMarketsAccount, justmarkets_account, justmarkets_symbol
from strategy.params import CareSettings, EngineSettings, EntrySettings, GuardSettings, KellySettings, PortfolioSettings
from strategy.tables import Table

SYMBOL: Final = "EURUSD"
MODEL: Final = str(Path(__file__).resolve().with_name("sma_cross.py"))
POINT: Final = 1e-5
SPREAD_POINTS: Final = 6
FAST: Final = 10
SLOW: Final = 50
STOP_ATR: Final = 2.0
TARGET_ATR: Final = 4.0
ATR_BARS: Final = 14
_START_POINTS: Final = 110_000
_REACH: Final = 30_000  # the walk is led back beyond: a price must not become absurd in a million bars
_MOVE: Final = 60.0  # points a minute: a stop by ATR must be worth its spread and slippage
_DRIFT: Final = 0.3  # of `_MOVE`: without an edge Kelly's gate would soon end all trading
_TURN: Final = 90  # bars of one direction
_MONDAY_S: Final = 1_578_268_800  # 2020-01-06 00:00 on the broker's clock
_A_WEEK: Final = 5 * DAY_S // MINUTE_S
_DEPOSIT: Final = 1_000_000.0
_RISK: Final = 0.0002  # so little that a strategy without an edge is not halted before the end
_GUARDS: Final = GuardSettings(
    floating_loss_fraction=0.5, day_loss_fraction=0.5, drawdown_fraction=0.3, reduce_fraction=0.4, halt_fraction=0.5
)


def minute_bars(count: int, seed: int = 7, spread_points: int = SPREAD_POINTS) -> Table:
    """`count` bars (RATES_DTYPE), Monday 00:00 to Friday 24:00: a walk in whole points with turns up, down and flat."""
    rng = np.random.default_rng(seed)
    drift = np.repeat(rng.integers(-1, 2, count // _TURN + 1), _TURN)[:count] * _DRIFT
    moves = np.round((rng.standard_normal(count) + drift) * _MOVE).astype(np.int64)
    closes = _START_POINTS + _led_back(np.cumsum(moves))
    opens = np.concatenate(([_START_POINTS], closes[:-1]))
    wicks = np.round(np.abs(rng.standard_normal((2, count))) * _MOVE / 2).astype(np.int64)
    minutes = np.arange(count, dtype=np.int64)
    bars = np.zeros(count, RATES_DTYPE)
    bars["time"] = _MONDAY_S + minutes // _A_WEEK * WEEK_S + minutes % _A_WEEK * MINUTE_S
    bars["open"], bars["close"] = opens / 1e5, closes / 1e5
    bars["high"] = (np.maximum(opens, closes) + wicks[0]) / 1e5
    bars["low"] = (np.minimum(opens, closes) - wicks[1]) / 1e5
    bars["tick_volume"], bars["spread"] = 4, spread_points
    return bars


def _led_back(walk: Ints) -> Ints:
    """`walk`, folded at +-`_REACH` as a mirror would."""
    period = 4 * _REACH
    place = (walk + _REACH) % period
    return np.where(place <= 2 * _REACH, place, period - place) - _REACH


def job_of(bars: Table, settings: EngineSettings) -> Job:
    """A backtest on the ticks that MT5's tester makes of `bars`; a symbol with its real sessions and swaps."""
    return Job(
        settings=settings,
        profile=justmarkets_account(JustMarketsAccount.STANDARD, deposit=_DEPOSIT),
        specs=(justmarkets_symbol(SYMBOL),),
        ticks={SYMBOL: ohlc_ticks(bars, Timeframe.M1, POINT)},
    )


def every_gate() -> EngineSettings:
    """The built-in strategy with every gate and all care; risk is low and guards are wide, so that it lasts."""
    return EngineSettings(
        symbols=(SYMBOL,),
        timeframes=(Timeframe.M1,),
        entry=EntrySettings(risk_fraction=_RISK),
        guards=_GUARDS,
    ).on_made_ticks()


def cross() -> EngineSettings:
    """A cross of averages with a stop and a target by ATR alone. Every gate is judged, none should refuse."""
    return EngineSettings(
        symbols=(SYMBOL,),
        timeframes=(Timeframe.M1,),
        model=MODEL,
        model_parameters={"fast": FAST, "slow": SLOW},
        entry=EntrySettings(
            risk_fraction=_RISK,
            stop_atr=STOP_ATR,
            target_atr=TARGET_ATR,
            min_reward_to_risk=0.5,
            atr_period=ATR_BARS,
            max_spread_atr_fraction=1.0,
            session_close_buffer_s=0.0,
            weekend_buffer_s=0.0,
            rollover_buffer_s=0.0,
            duplicate_window_s=0.0,
        ),
        portfolio=PortfolioSettings(cool_down_s=0.0, max_losing_streak=0),
        kelly=KellySettings(enabled=False),
        guards=_GUARDS,
        care=CareSettings(
            break_even_r=0.0, trailing_start_r=0.0, trailing_atr=0.0, partial_legs=(), weekend_close_s=0.0
        ),
        slippage_points={"*": 0.0},
    ).on_made_ticks()


def without_hours(job: Job) -> Job:
    """`job` on a symbol that always trades: the other contenders know no sessions."""
    return Job(
        settings=job.settings,
        profile=job.profile,
        specs=tuple(msgspec.structs.replace(spec, sessions=(), swap_long=0.0, swap_short=0.0) for spec in job.specs),
        ticks=job.ticks,
    )
