"""A day in the life of `pymt5adapter`, a wrapper by others, on the drop-in. Argument: the folder it was unpacked to.

A process of its own, because the wrapper keeps state and its source has its age. Prints one JSON object.
"""

import importlib
import json
import sys
from datetime import UTC, datetime
from typing import Any

import sim.metatrader5 as mt5
from tests.sim.metatrader5.market import MONDAY_S, AttachedMarket

FILLING = mt5.ORDER_FILLING_FOK


def _read(adapter: Any) -> dict[str, Any]:  # noqa: ANN401 - code of others, without types
    begin = datetime.fromtimestamp(MONDAY_S, UTC)
    end = datetime.fromtimestamp(MONDAY_S + 60, UTC)
    return {
        "symbols": [symbol.name for symbol in adapter.symbols_get(regex="^EUR")],
        "spread": adapter.symbol.Symbol("EURUSD").refresh_rates().ask - adapter.symbol.Symbol("EURUSD").bid,
        "bars": len(adapter.copy_rates("EURUSD", adapter.TIMEFRAME.M1, count=2)),
        "range": len(adapter.copy_rates_range("EURUSD", adapter.TIMEFRAME.M1, begin, end)),
        "ticks": len(adapter.copy_ticks_range("EURUSD", begin, end, adapter.COPY_TICKS.ALL)),
        "margin": adapter.order_calc_margin(adapter.ORDER_TYPE.BUY, "EURUSD", 1.0, 1.1),
        "version": len(adapter.version()),
    }


def _trade(adapter: Any) -> dict[str, Any]:  # noqa: ANN401 - code of others, without types
    trade = adapter.trade.Trade("EURUSD", magic=77)
    checked = adapter.order.Order.as_buy(symbol="EURUSD", volume=0.3, price=1.1002, type_filling=FILLING).check()
    bought = trade.buy(0.3, "adapter", type_filling=FILLING)
    moved = trade.modify_sltp_by_ticks(sl=500, tp=700)
    held = trade.refresh().position
    reverse = adapter.order.Order.as_flatten(held)(type_filling=FILLING, price=1.1)
    refused = adapter.order.Order.as_buy(symbol="EURUSD", volume=0.001, price=1.1002, type_filling=FILLING).send()
    closed = reverse.send()
    deals = adapter.history_deals_get(position=held.ticket)
    convenience = adapter.Buy("EURUSD", 0.1, comment="adapter")
    return {
        "checked": checked.retcode,
        "answers": [bought.retcode, moved.retcode, refused.retcode, closed.retcode, convenience.retcode],
        "levels": [held.sl, held.tp, held.magic, held.comment],
        "profit": [deal.profit for deal in deals],
        "closed all": adapter.Close("EURUSD"),
        "left": adapter.positions_total(),
    }


def main(folder: str) -> None:
    """Attach a market, run the wrapper on it, print what it saw."""
    market = AttachedMarket()
    market.play(90)
    mt5.shutdown()
    sys.path.insert(0, folder)
    with mt5.installed():
        adapter = importlib.import_module("pymt5adapter")  # found here alone
        for part in ("symbol", "trade", "order"):
            importlib.import_module(f"pymt5adapter.{part}")

        with adapter.connected(ensure_trade_enabled=True, raise_on_errors=True):
            seen = {"read": _read(adapter), "trade": _trade(adapter)}
            try:
                adapter.symbol_info_tick("NOSUCH")
            except adapter.MT5Error as error:
                seen["error"] = {"code": int(error.error_code), "text": str(error)}
        seen["after"] = {"error": adapter.last_error(), "account": mt5.account_info()}
    print(json.dumps(seen))


if __name__ == "__main__":
    main(sys.argv[1])
