"""A program of somebody's, on the terminal of another process: asks, trades, and prints what it saw as JSON."""

import json
import sys
from datetime import datetime, timedelta
from typing import Any

import sim.metatrader5 as mt5


def main(address: str) -> None:
    seen: dict[str, Any] = {"initialized": mt5.initialize(address), "error": mt5.last_error()}
    account = mt5.account_info()
    assert account is not None
    seen["login"], seen["positions_before"] = account.login, mt5.positions_total()
    bought = mt5.Buy("EURUSD", 0.1)
    assert bought is not None
    seen["retcode"], seen["order"] = bought.retcode, bought.order
    now = datetime.fromtimestamp(mt5.symbol_info_tick("EURUSD").time)  # type: ignore[union-attr]  # noqa: DTZ006
    deals = mt5.history_deals_get(now - timedelta(days=2), now + timedelta(days=2))
    seen["deals"] = [deal.order for deal in deals or ()]
    ticks = mt5.copy_ticks_from("EURUSD", 0, 1000, mt5.COPY_TICKS_ALL)
    seen["ticks"] = 0 if ticks is None else len(ticks)
    seen["unknown"] = (mt5.symbol_info("NOSUCH"), mt5.last_error())
    seen["wrong_type"] = (mt5.order_send({"action": 1, "volume": 1}), mt5.last_error())
    seen["foreign"] = (mt5.order_send({"action": 1, "symbol": ["EURUSD"]}), mt5.last_error())
    try:
        mt5.order_send({"action": -1})
    except SystemError as error:
        seen["system_error"] = [str(error), type(error.__cause__).__name__, mt5.last_error()]
    seen["shutdown"], seen["after"] = mt5.shutdown(), (mt5.account_info(), mt5.last_error())
    print(json.dumps(seen))


if __name__ == "__main__":
    main(sys.argv[1])
