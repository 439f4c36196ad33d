"""Real ticks: every guard changes at the first tick that crosses and only then; it overshoots by one gap at most.

The engine passes over nearly all ticks; beside it stands a plain loop that looks at each one.
"""

from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
import pytest

from account.events import GuardChanged, PositionSeen
from domain.symbols import SymbolSpec
from domain.timeframes import Timeframe
from domain.trading import Position, PositionType
from marketdata import load_quotes, ohlc_ticks
from risk.guards import Guard, Levels, Marks, levels_after, losses_of, threshold_of
from sim.profiles import justmarkets_symbol
from strategy.engine import Engine
from strategy.events import AccountChanged, Quotes
from strategy.params import EngineSettings, EntrySettings
from strategy.safekeeping import KINDS
from strategy.tables import Table
from tests.strategy.markets import opening_events

pytestmark = [pytest.mark.parity, pytest.mark.reference]

BALANCE = 10_000.0
DAY_MSC = 86_400_000
NFP_MSC = 1_399_033_800_000  # 2014-05-02 12:30 UTC


class Change(NamedTuple):
    """A guard went from level `before` to `level` at tick `at`, with `value`."""

    at: int
    before: int
    guard: int
    level: int
    value: float


def equities(ticks: Table, side: int, lots: float, price_open: float, spec: SymbolSpec) -> np.ndarray:
    """Equity at every tick, in cents as MT5 books profits."""
    closes = ticks["bid"] if side > 0 else ticks["ask"]
    profits = (closes - price_open) * side * lots * spec.contract_size
    if spec.currency_profit != "USD":
        profits = profits / closes
    found: np.ndarray = BALANCE + np.round(profits, 2)
    return found


def looked_at_one_by_one(ticks: Table, equity: np.ndarray) -> list[Change]:
    """What a loop over all ticks finds."""
    rules, levels = EngineSettings().guards.rules(), Levels(0, 0, 0)
    peak, day, day_start, before = BALANCE, -1, 0.0, BALANCE
    found = []
    for index in range(len(ticks)):
        now, today = float(equity[index]), int(ticks["time_msc"][index]) // DAY_MSC
        last = levels
        if today > day:
            day_start = before if day >= 0 and today - day <= 4 else now
            day, levels = today, Levels(levels.floating, 0, levels.drawdown)
        peak, before = max(peak, now), now
        losses = losses_of(now, Marks(BALANCE, BALANCE, day_start, peak))
        levels = levels_after(losses, levels, rules)
        changed = [it for it in range(3) if levels[it] != last[it]]
        found += [Change(index, last[it], it, levels[it], losses[it]) for it in changed]
    return found


def watched(ticks: Table, side: int, lots: float, price_open: float, spec: SymbolSpec) -> list[GuardChanged]:
    """What the engine finds, with a position that it may not touch."""
    entry = EntrySettings(score_threshold=1.0, score_threshold_max=1.0)
    engine = Engine(EngineSettings(symbols=(spec.name,), timeframes=(Timeframe.H1,), entry=entry))
    position = Position(
        position_ticket=1,
        position_id=1,
        symbol=spec.name,
        type=PositionType.BUY if side > 0 else PositionType.SELL,
        magic=0,
        volume=lots,
        price_open=price_open,
        sl=0.0,
        tp=0.0,
        swap=0.0,
        profit=0.0,
        time_msc=int(ticks["time_msc"][0]),
        time_update_msc=0,
        comment="",
    )
    engine.on_event(AccountChanged([*opening_events([spec], BALANCE), PositionSeen(time_ns=1, position=position)]))
    for part in np.array_split(ticks, 7):
        engine.on_event(Quotes(spec.name, part, 0))
    return [event for event in engine.take_news() if isinstance(event, GuardChanged)]


def nfp_hour(reference: Path, symbol: str) -> Table:
    name = {"EURUSD": "oanda_EURUSD_20140501_0507_utc", "XAUUSD": "oanda_XAUUSD_20140502_0506_utc"}[symbol]
    ticks = load_quotes(reference / f"ticks/{name}.parquet", symbol=symbol).ticks
    assert ticks is not None
    times = ticks["time_msc"]
    return ticks[(times >= NFP_MSC - 60_000) & (times < NFP_MSC + 3_600_000)]


def hourly(reference: Path, symbol: str) -> Table:
    path = reference / f"bars/metaquotes_demo_{symbol}_H1_2018_2023_server.parquet"
    quotes = load_quotes(path, symbol=symbol, timeframe=Timeframe.H1)
    assert quotes.bars is not None
    return ohlc_ticks(quotes.bars, Timeframe.H1, quotes.point)


@pytest.mark.parametrize("side", [1, -1], ids=["buy", "sell"])
@pytest.mark.parametrize(
    ("source", "symbol", "lots"),
    [
        (nfp_hour, "EURUSD", 3.0),
        (nfp_hour, "XAUUSD", 2.0),
        (hourly, "EURUSD", 0.2),
        (hourly, "XAUUSD", 0.05),
        (hourly, "USDJPY", 0.2),
    ],
)
def test_the_first_tick_that_crosses_and_no_other(
    source: object, symbol: str, lots: float, side: int, reference: Path
) -> None:
    spec = msgspec.structs.replace(justmarkets_symbol(symbol, symbol), sessions=())
    ticks = source(reference, symbol)  # type: ignore[operator]  # one of the two above
    price_open = float(ticks["ask" if side > 0 else "bid"][0])
    equity = equities(ticks, side, lots, price_open, spec)
    expected = looked_at_one_by_one(ticks, equity)
    found = watched(ticks, side, lots, price_open, spec)
    times = ticks["time_msc"]
    assert [(it.time_ns // 1_000_000, it.guard.value, it.level) for it in found] == [
        (times[it.at], KINDS[Guard(it.guard)].value, it.level) for it in expected
    ]
    rose = [it for it in expected if it.level > it.before]
    assert rose
    deepest = max(_overshoot(it, equity) for it in rose)
    name = getattr(source, "__name__", "")
    print(f"| {name} | {symbol} | {side:+d} | {len(rose)} | {deepest:.3%} |")


def _overshoot(change: Change, equity: np.ndarray) -> float:
    """How far the loss went beyond the threshold [fraction]: no farther than equity fell from the tick before."""
    over = change.value - threshold_of(change.guard, change.level, EngineSettings().guards.rules())
    fell = float(equity[change.at - 1] - equity[change.at])
    least_mark = min(BALANCE, float(equity.min()))
    assert 0.0 <= over <= max(0.0, fell) / least_mark + 1e-9
    return float(over)
