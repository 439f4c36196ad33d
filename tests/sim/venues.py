"""A simulated account with one or two symbols, and short ways to quote it and trade on it."""

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

from domain.dtypes import TICK_DTYPE
from domain.requests import TradeAction, TradeAnswer, TradeRequest
from domain.symbols import SymbolSpec
from domain.trading import DealReason, OrderFilling, OrderType
from domain.updates import TradeUpdate
from sim.matching import Rows
from sim.profiles import AccountProfile, LeverageTier, justmarkets_symbol
from sim.requests import FillPlan
from sim.terminal import SimTerminal

EURUSD = justmarkets_symbol("EURUSD")
USDJPY = justmarkets_symbol("USDJPY")
XAUUSD = justmarkets_symbol("XAUUSD")
MAGIC = 770_001
MONDAY_MSC = 1_735_776_000_000 + 4 * 86_400_000 + 12 * 3_600_000  # 2025-01-06 12:00 on the broker's clock
DAY_MSC = 86_400_000
PROFILE = AccountProfile(
    login=5, server="Sim-Demo", deposit=10_000.0, tiers=(LeverageTier(equity_from=0.0, leverage=500),)
)

Quote = tuple[float, float]


def ticks_of(quotes: Sequence[Quote], *, start_msc: int = MONDAY_MSC, step_msc: int = 1000) -> Rows:
    """One tick a quote (bid, ask), `step_msc` [ms] apart."""
    ticks = np.zeros(len(quotes), TICK_DTYPE)
    for row, (bid, ask) in enumerate(quotes):
        time_msc = start_msc + row * step_msc
        ticks[row] = (time_msc // 1000, bid, ask, 0.0, 0, time_msc, 6, 0.0)
    return ticks


def open_all_week(spec: SymbolSpec) -> SymbolSpec:
    """The symbol without trade sessions."""
    return msgspec.structs.replace(spec, sessions=())


class Venue:
    """A terminal that can be quoted and traded on in one line."""

    def __init__(
        self,
        *specs: SymbolSpec,
        profile: AccountProfile = PROFILE,
        fills: FillPlan | None = None,
        start_msc: int = MONDAY_MSC,
        server_offset_s: int = 0,
    ) -> None:
        chosen = specs or (EURUSD,)
        self.terminal = SimTerminal(profile, chosen, fills=fills, start_msc=start_msc, server_offset_s=server_offset_s)
        self.clock_msc = start_msc

    def quote(self, bid: float, ask: float, *, symbol_index: int = 0, after_msc: int = 1000) -> TradeUpdate | None:
        """The next tick, with all that the server does at it; what changed."""
        self.clock_msc += after_msc
        ticks = ticks_of([(bid, ask)], start_msc=self.clock_msc)
        return self.terminal.on_tick(symbol_index, ticks, 0)

    def open(
        self, side: int, volume: float, *, sl: float = 0.0, tp: float = 0.0, symbol: str = "", comment: str = ""
    ) -> TradeAnswer:
        """A market order for a new position."""
        return self.terminal.send(order(side, volume, sl=sl, tp=tp, symbol=symbol or self.symbol, comment=comment))

    def close(self, position_ticket: int, volume: float = 0.0) -> TradeAnswer:
        """Close a position, or `volume` of it."""
        position = self.terminal.position(position_ticket)
        assert position is not None
        request = order(-position.side, volume or position.volume, symbol=position.symbol)
        return self.terminal.send(msgspec.structs.replace(request, position_ticket=position_ticket))

    def move(self, position_ticket: int, sl: float, tp: float) -> TradeAnswer:
        """Set the levels of a position."""
        request = TradeRequest(action=TradeAction.SLTP, sl=sl, tp=tp, position_ticket=position_ticket)
        return self.terminal.send(request)

    def pend(self, kind: OrderType, volume: float, price: float, **fields: Any) -> TradeAnswer:  # noqa: ANN401
        """A pending order; `fields` are those of a request."""
        request = TradeRequest(
            action=TradeAction.PENDING,
            type=kind,
            volume=volume,
            price=price,
            filling=OrderFilling.RETURN,
            symbol=self.symbol,
            magic=MAGIC,
        )
        return self.terminal.send(msgspec.structs.replace(request, **fields))

    def change(self, order_ticket: int, price: float, **fields: Any) -> TradeAnswer:  # noqa: ANN401
        """New terms for a pending order."""
        request = TradeRequest(action=TradeAction.MODIFY, order_ticket=order_ticket, price=price)
        return self.terminal.send(msgspec.structs.replace(request, **fields))

    def cancel(self, order_ticket: int) -> TradeAnswer:
        """Remove a pending order."""
        return self.terminal.send(TradeRequest(action=TradeAction.REMOVE, order_ticket=order_ticket))

    def by_hand(self, side: int, volume: float) -> TradeAnswer:
        """What a person does in the terminal."""
        request = msgspec.structs.replace(order(side, volume, symbol=self.symbol), magic=0)
        return self.terminal.send(request, DealReason.CLIENT)

    @property
    def symbol(self) -> str:
        """Name of the first symbol."""
        return self.terminal.symbols[0]


def order(
    side: int, volume: float, *, sl: float = 0.0, tp: float = 0.0, symbol: str = "EURUSD", comment: str = ""
) -> TradeRequest:
    """A market order of our magic."""
    return TradeRequest(
        action=TradeAction.DEAL,
        symbol=symbol,
        magic=MAGIC,
        volume=volume,
        sl=sl,
        tp=tp,
        type=OrderType.BUY if side > 0 else OrderType.SELL,
        comment=comment,
    )
