"""A small market attached to the drop-in: a terminal, its tape, and questions in one line."""

from collections.abc import Mapping
from typing import Any

import numpy as np

import sim.metatrader5 as mt5
from domain.symbols import SymbolSpec
from domain.timeframes import Timeframe
from marketdata.tape import Tape
from sim.feed import Feed
from sim.matching import Rows
from sim.metatrader5.station import Clock
from sim.profiles import AccountProfile
from sim.requests import FillPlan
from sim.terminal import SimTerminal
from tests.sim.venues import EURUSD, MONDAY_MSC, PROFILE, ticks_of

MONDAY_S = MONDAY_MSC // 1000
BID, ASK = 1.1, 1.1002
FLAT = [(BID, ASK)] * 200


class AttachedMarket:
    """Ticks of each symbol, one a second unless given; connected, with nothing played yet."""

    def __init__(
        self,
        ticks: Mapping[str, Rows] | None = None,
        specs: tuple[SymbolSpec, ...] = (EURUSD,),
        *,
        profile: AccountProfile = PROFILE,
        fills: FillPlan | None = None,
        step_ms: int = 0,
        clock: Clock | None = None,
        history: Mapping[tuple[str, Timeframe], Rows] | None = None,
    ) -> None:
        self.ticks = dict(ticks if ticks is not None else {specs[0].name: ticks_of(FLAT)})
        self.terminal = SimTerminal(profile, specs, fills=fills, start_msc=MONDAY_MSC - 1000)
        self.feed = Feed(self.terminal, Tape(tuple(self.ticks), self.ticks), history=history)
        mt5.attach(self.terminal, self.feed, step_ms=step_ms, clock=clock)
        assert mt5.initialize()

    def play(self, seconds: float) -> None:
        """Everything up to `seconds` after the beginning."""
        self.feed.play_to(MONDAY_MSC + round(seconds * 1000))


def market_order(side: int = mt5.ORDER_TYPE_BUY, volume: float = 0.1, **fields: object) -> dict[str, Any]:
    """A request for a new position, as tutorials write it."""
    return {
        "action": mt5.TRADE_ACTION_DEAL,
        "symbol": EURUSD.name,
        "volume": volume,
        "type": side,
        "price": ASK if side == mt5.ORDER_TYPE_BUY else BID,
        "deviation": 20,
        "magic": 234000,
        "comment": "python script open",
        "type_time": mt5.ORDER_TIME_GTC,
        "type_filling": mt5.ORDER_FILLING_FOK,
    } | fields


def quotes_at(times_msc: list[int], prices: list[float]) -> Rows:
    """Ticks at `times_msc`, two points wide, every field but `last` set."""
    rows = ticks_of([(price, price + 0.0002) for price in prices])
    rows["time_msc"] = np.array(times_msc, np.int64)
    rows["time"] = rows["time_msc"] // 1000
    return rows
