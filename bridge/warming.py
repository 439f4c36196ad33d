"""Loads every compiled kernel before the first terminal connects: the first tick must not wait for the compiler."""

from typing import Final

import numpy as np

from account.booking import reconciled
from account.events import AccountSeen, IntentIssued, SessionOpened, SymbolsSeen
from domain.dtypes import RATES_DTYPE, TICK_DTYPE
from domain.intents import Intent, IntentKind, comment_of
from domain.symbols import SymbolSpec
from domain.trading import (
    AccountTradeMode,
    Deal,
    DealEntry,
    DealReason,
    DealType,
    MarginMode,
    Position,
    PositionType,
)
from domain.updates import Money, TradeUpdate
from strategy.engine import Engine
from strategy.events import AccountChanged, Quotes, WarmUp
from strategy.params import EngineSettings
from strategy.tables import Table

_START_S: Final = 1_700_006_400
_MONEY: Final = Money(balance=1000.0, equity=1000.0, margin=0.0, margin_free=1000.0)


def load_kernels(settings: EngineSettings) -> None:
    """Lead an engine of its own through everything a live one does, with ticks laid out as frames deliver them."""
    engine = Engine(settings)
    symbol = settings.symbols[0]
    engine.on_event(AccountChanged([_session(settings.magic), _symbols(symbol), _account()]))
    events, _ = reconciled(engine.account, _everything(symbol, settings.magic), (), 1, 0)
    engine.on_event(AccountChanged([*events, IntentIssued(time_ns=0, intent=_intent(symbol, settings.magic))]))
    for chart in engine.wanted_charts:
        engine.on_event(WarmUp(chart.symbol, chart.timeframe, _bars(chart.bars, chart.timeframe.seconds)))
    longest = max(chart.timeframe.seconds for chart in engine.wanted_charts)
    for step in range(1, 4):
        ticks = _ticks(_START_S + step * longest)
        engine.on_event(Quotes(symbol, _as_received(ticks), 0, _MONEY))
        engine.on_event(Quotes(symbol, _as_received(np.concatenate([ticks, ticks[:1]])), 0, None))  # one is too late
        engine.on_event(Quotes(symbol, _as_received(ticks[1:]), 0, _MONEY))
    _watch_equity(engine, symbol, _START_S + 4 * longest)
    engine.own_money()
    engine.care_after(engine.take_decisions()[:1])


def _watch_equity(engine: Engine, symbol: str, time_s: int) -> None:
    """Ticks that are passed over, then a fall at which every guard latches."""
    ticks = _ticks(time_s)
    for bid in (1.0999, 1.0999, 1.0999, 0.5):
        ticks["bid"], ticks["ask"] = bid, bid + 1e-4
        engine.on_event(Quotes(symbol, _as_received(ticks[1:]), 0, None))
        engine.on_event(Quotes(symbol, _as_received(ticks), 0, None))
        ticks["time_msc"] += 2
    engine.on_event(AccountChanged(engine.take_news()))


def _as_received(ticks: Table) -> Table:
    """Read-only and unaligned, as a view of a frame is: for numba that is a type of its own."""
    received: Table = np.frombuffer(b"\0" + ticks.tobytes(), TICK_DTYPE, len(ticks), 1)
    return received


def _ticks(time_s: int) -> Table:
    ticks = np.zeros(2, TICK_DTYPE)
    ticks["time"] = time_s
    ticks["time_msc"] = [time_s * 1000, time_s * 1000 + 1]
    ticks["bid"], ticks["ask"] = 1.1, 1.1001
    return ticks


def _bars(count: int, seconds: int) -> Table:
    bars = np.zeros(count, RATES_DTYPE)
    bars["time"] = _START_S - seconds * np.arange(count, 0, -1)
    bars["open"] = bars["close"] = 1.1
    bars["high"] = 1.1 + np.linspace(0.001, 0.002, count)
    bars["low"] = 1.099
    bars["tick_volume"] = 1
    return bars


def _session(magic: int) -> SessionOpened:
    return SessionOpened(
        time_ns=0,
        login=1,
        server="warming",
        session=1,
        terminal_id="",
        currency="USD",
        currency_digits=2,
        leverage=500,
        margin_mode=MarginMode.RETAIL_HEDGING,
        trade_mode=AccountTradeMode.DEMO,
        trade_allowed=True,
        server_offset_s=0,
        magic=magic,
    )


def _symbols(name: str) -> SymbolsSeen:
    spec = SymbolSpec(
        name=name,
        digits=5,
        point=1e-5,
        tick_size=1e-5,
        tick_value=1.0,
        tick_value_profit=1.0,
        tick_value_loss=1.0,
        contract_size=100_000.0,
        volume_min=0.01,
        volume_max=100.0,
        volume_step=0.01,
        currency_base="EUR",
        currency_profit="USD",
        currency_margin="EUR",
    )
    return SymbolsSeen(time_ns=0, specs=(spec,))


def _account() -> AccountSeen:
    return AccountSeen(time_ns=0, balance=1000.0, credit=0.0, equity=1000.0, margin=0.0, margin_free=1000.0)


def _everything(symbol: str, magic: int) -> TradeUpdate:
    """A snapshot with a position of ours and the deal that opened it."""
    position = Position(
        position_ticket=1,
        position_id=1,
        symbol=symbol,
        type=PositionType.BUY,
        magic=magic,
        volume=0.01,
        price_open=1.1,
        sl=1.0,
        tp=1.2,
        swap=0.0,
        profit=0.0,
        time_msc=_START_S * 1000,
        time_update_msc=_START_S * 1000,
        comment=comment_of(1),
    )
    deal = Deal(
        deal_ticket=1,
        order_ticket=1,
        position_id=1,
        symbol=symbol,
        type=DealType.BUY,
        entry=DealEntry.IN,
        reason=DealReason.EXPERT,
        magic=magic,
        volume=0.01,
        price=1.1,
        profit=0.0,
        swap=0.0,
        commission=0.0,
        fee=0.0,
        time_msc=_START_S * 1000,
        comment=comment_of(1),
    )
    return TradeUpdate(money=_MONEY, deals=(deal,), positions=(position,), complete=True)


def _intent(symbol: str, magic: int) -> Intent:
    return Intent(
        intent_id=1,
        kind=IntentKind.OPEN,
        symbol=symbol,
        side=1,
        volume=0.01,
        price=1.1,
        sl=1.0,
        tp=1.2,
        position_ticket=0,
        order_ticket=0,
        magic=magic,
        deviation_points=0,
        signal_id=1,
        decided_ns=0,
        expires_ns=1,
    )
