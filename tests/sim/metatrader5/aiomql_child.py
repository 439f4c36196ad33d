"""`aiomql`, a framework by others, reads and trades on the drop-in. Argument: the folder it was installed to.

A process of its own, because of what it imports. Prints one JSON object. Of its dependencies three are stood in for:
MetaTrader5 by the drop-in; pandas-ta, which PyPI no longer has for every Python, by its fork pandas-ta-classic; and
mplfinance, which draws charts, by an empty module.
"""

import asyncio
import importlib
import json
import sys
from types import ModuleType
from typing import Any

import numpy as np

import sim.metatrader5 as mt5
from tests.sim.metatrader5.market import AttachedMarket

CLOSES_AT = 1.1


async def _day(aiomql: Any) -> dict[str, Any]:  # noqa: ANN401 - code of others, without types
    async with aiomql.Account() as account:
        symbol = aiomql.ForexSymbol(name="EURUSD")
        ready = await symbol.initialize()
        candles = await symbol.copy_rates_from_pos(timeframe=aiomql.TimeFrame.M1, count=3)
        ticks = await symbol.copy_ticks_from(date_from=0, count=7)
        trader = aiomql.SimpleTrader(symbol=symbol)
        trader.ram.fixed_amount = 5.0
        await trader.place_trade(order_type=aiomql.OrderType.BUY, sl=CLOSES_AT - 0.005)
        positions = await aiomql.Positions().get_positions()
        closed = await aiomql.Positions().close_all()
        history = aiomql.History(date_from=0, date_to=2**31 - 1)
        await history.initialize()
        await account.refresh()
        return {
            "ready": ready,
            "balance": account.balance,
            "candles": [candles[0].high, len(candles)],
            "ticks": len(ticks),
            "position": [positions[0].symbol, positions[0].volume, positions[0].sl, positions[0].comment],
            "closed": closed,
            "deals": [deal.profit for deal in history.deals],
            "pending": len(await aiomql.Order(symbol="EURUSD").get_pending_orders()),
        }


def main(folder: str) -> None:
    """Attach a market, let the framework trade on it, print what it saw."""
    market = AttachedMarket()
    market.play(150)
    sys.path.insert(0, folder)
    sys.modules["mplfinance"] = ModuleType("mplfinance")
    sys.modules["pandas_ta"] = importlib.import_module("pandas_ta_classic")
    with mt5.installed():
        seen = asyncio.run(_day(importlib.import_module("aiomql")))
    print(json.dumps(seen, default=lambda value: value.item() if isinstance(value, np.generic) else str(value)))


if __name__ == "__main__":
    main(sys.argv[1])
