"""Questions to the real package without a terminal; run by its Python, and on the drop-in. Prints one JSON line each.

Only what needs no terminal can be asked: arguments, the order in which they are looked at, structs.
"""

import datetime as dt
import enum
import json

import MetaTrader5 as mt5  # type: ignore[import-not-found]  # noqa: N813 - whichever stands under this name
import numpy as np

NAIVE = dt.datetime(2025, 6, 2)  # noqa: DTZ001 - one without a time zone is the point
AWARE = NAIVE.replace(tzinfo=dt.timezone.utc)  # noqa: UP017 - for any Python that Wine may run


class Listed(enum.IntEnum):
    """A number by another name."""

    ONE = 1


GOOD = {
    "action": 1,
    "magic": 0,
    "order": 0,
    "symbol": "EURUSD",
    "volume": 1.0,
    "price": 1.0,
    "stoplimit": 0.0,
    "sl": 0.0,
    "tp": 0.0,
    "deviation": 0,
    "type": 0,
    "type_filling": 0,
    "type_time": 0,
    "expiration": 0,
    "comment": "x",
    "position": 0,
    "position_by": 0,
}
VALUES = ("x", 1, 1.5, -1, None, Listed.ONE, np.int64(1), np.float64(1.5), NAIVE, True, 2**70, b"x", "c" * 29, "c" * 30)
CALLS = """
last_error()
version()
account_info()
terminal_info()
symbols_total()
symbols_get()
symbols_get("*USD*")
symbols_get(group="*USD*")
symbols_get(group=1)
symbols_get(5)
symbols_get(None)
symbols_get(foo=5)
symbols_get("x", "y")
symbols_get(1, group="x")
symbols_get("x", group=1)
symbols_get("E" * 2000)
symbol_info()
symbol_info("EURUSD")
symbol_info("")
symbol_info(1)
symbol_info("E" * 29)
symbol_info("E" * 30)
symbol_info("a", "b")
symbol_info(symbol="EURUSD")
symbol_info_tick("EURUSD")
symbol_info_tick(1)
symbol_info_tick()
symbol_select("EURUSD")
symbol_select("EURUSD", True)
symbol_select("EURUSD", "x")
symbol_select("EURUSD", None)
symbol_select("EURUSD", True, 1)
symbol_select("EURUSD", enable=True)
symbol_select()
symbol_select(1)
market_book_add("EURUSD")
market_book_add(1)
market_book_add()
market_book_get("EURUSD")
market_book_get("E" * 40)
market_book_get(1)
market_book_release("EURUSD")
market_book_release(1)
market_book_release()
copy_rates_from("EURUSD", 1, NAIVE, 10)
copy_rates_from("EURUSD", 1, AWARE, 10)
copy_rates_from("EURUSD", 1, 1748822400, 10)
copy_rates_from("EURUSD", 1, 1748822400.5, 10)
copy_rates_from("EURUSD", 1, np.int64(5), 10)
copy_rates_from("EURUSD", 1, np.float64(5), 10)
copy_rates_from("EURUSD", 1, -5, 10)
copy_rates_from("EURUSD", 1, float("nan"), 10)
copy_rates_from("EURUSD", 1, float("inf"), 10)
copy_rates_from("EURUSD", 1, -2.0**70, 10)
copy_rates_from("EURUSD", 1, dt.datetime(3000, 1, 1, tzinfo=dt.timezone.utc), 10)
history_deals_get(float("nan"), 2)
copy_rates_from("EURUSD", 1, True, 10)
copy_rates_from("EURUSD", 1, None, 10)
copy_rates_from("EURUSD", 1, dt.date(2025, 1, 1), 10)
copy_rates_from("EURUSD", 1, "x", 10)
copy_rates_from("EURUSD", 1, NAIVE)
copy_rates_from("EURUSD", 1, NAIVE, 10, 5)
copy_rates_from("EURUSD", "x", NAIVE, 10)
copy_rates_from("EURUSD", 1.0, NAIVE, 10)
copy_rates_from("EURUSD", None, NAIVE, 10)
copy_rates_from("EURUSD", np.int64(1), NAIVE, 10)
copy_rates_from("EURUSD", 1, NAIVE, "x")
copy_rates_from("EURUSD", 1, NAIVE, 10.0)
copy_rates_from("EURUSD", 1, NAIVE, np.int64(10))
copy_rates_from("EURUSD", 1, NAIVE, 2**31)
copy_rates_from("EURUSD", 1, NAIVE, -1)
copy_rates_from("EURUSD", 7, NAIVE, 10)
copy_rates_from(1, 1, NAIVE, 10)
copy_rates_from(1, "x", NAIVE, "z")
copy_rates_from("EURUSD", "x", "y", "z")
copy_rates_from("EURUSD", timeframe=1, date_from=NAIVE, count=10)
copy_rates_from_pos("EURUSD", 1, 0, 10)
copy_rates_from_pos("EURUSD", 1, -1, 10)
copy_rates_from_pos("EURUSD", 1, 2**40, 1)
copy_rates_from_pos("EURUSD", 1, "0", 10)
copy_rates_from_pos("EURUSD", 1, 0)
copy_rates_range("EURUSD", 1, NAIVE, AWARE)
copy_rates_range("EURUSD", 1, NAIVE, "x")
copy_rates_range("EURUSD", 1, NAIVE)
copy_ticks_from("EURUSD", NAIVE, 10, -1)
copy_ticks_from("EURUSD", NAIVE, 10)
copy_ticks_from("EURUSD", NAIVE, "x", -1)
copy_ticks_from("EURUSD", NAIVE, 10, "x")
copy_ticks_from("EURUSD", NAIVE, 10, 2**40)
copy_ticks_range("EURUSD", NAIVE, AWARE, -1)
copy_ticks_range("EURUSD", NAIVE, AWARE)
copy_ticks_range("EURUSD", NAIVE, "x", -1)
copy_ticks_range("EURUSD", "x", NAIVE, "x")
positions_total()
positions_get()
positions_get("EURUSD")
positions_get("x", symbol="E")
positions_get(symbol="EURUSD")
positions_get(symbol="")
positions_get(symbol=1)
positions_get(symbol=None)
positions_get(symbol="E" * 30)
positions_get(symbol="E", group=2)
positions_get(ticket=1)
positions_get(ticket=True)
positions_get(ticket="x")
positions_get(ticket=1.0)
positions_get(ticket=None)
positions_get(ticket=-1)
positions_get(ticket=2**70)
positions_get(ticket=np.int64(4))
positions_get(ticket=1, symbol=1, group=1)
positions_get(symbol=1, ticket="x", group=2)
positions_get(group="*")
positions_get(group=1)
positions_get(group="E" * 1000)
positions_get(group="E" * 2000)
positions_get(foo="*")
orders_total()
orders_get()
orders_get("EURUSD")
orders_get(ticket="x")
orders_get(symbol=2)
orders_get(group=2)
history_orders_total(NAIVE, AWARE)
history_orders_total(NAIVE)
history_orders_total()
history_orders_total("x", NAIVE)
history_orders_total(NAIVE, "x")
history_orders_get()
history_orders_get(NAIVE)
history_orders_get(NAIVE, AWARE)
history_orders_get(1, 2)
history_orders_get(1.5, 2.5)
history_orders_get(True, False)
history_orders_get(None, None)
history_orders_get("x", NAIVE)
history_orders_get(NAIVE, "x")
history_orders_get(NAIVE, "x", ticket=1)
history_orders_get(NAIVE, AWARE, "*")
history_orders_get(NAIVE, AWARE, group="*")
history_orders_get(NAIVE, AWARE, group=1)
history_orders_get(NAIVE, AWARE, group=1, ticket="x")
history_orders_get(NAIVE, AWARE, ticket="x", position="x")
history_orders_get(NAIVE, AWARE, foo=1)
history_orders_get(NAIVE, ticket=1)
history_orders_get(date_from=NAIVE, date_to=AWARE)
history_orders_get(ticket=1)
history_orders_get(ticket="x")
history_orders_get(ticket=1, position="x")
history_orders_get(position=1, group=1)
history_orders_get(position="x")
history_orders_get(position=None)
history_orders_get(group="*")
history_deals_total(NAIVE, AWARE)
history_deals_total()
history_deals_get()
history_deals_get(NAIVE)
history_deals_get(NAIVE, AWARE)
history_deals_get(position="x")
history_deals_get(ticket="x", position="y")
order_calc_margin(0, "EURUSD", 1.0, 1.1)
order_calc_margin(0, "EURUSD", 1, 1)
order_calc_margin(0, "EURUSD", np.float64(1), np.float64(1))
order_calc_margin(0, "EURUSD", 1.0)
order_calc_margin(0, "EURUSD", 1.0, 1.0, 5)
order_calc_margin("x", "EURUSD", 1.0, 1.1)
order_calc_margin(np.int64(0), "EURUSD", 1.0, 1.0)
order_calc_margin(1.0, "EURUSD", 1.0, 1.0)
order_calc_margin(-1, "EURUSD", 1.0, 1.0)
order_calc_margin(9, "EURUSD", 1.0, 1.1)
order_calc_margin(0, 1, 1.0, 1.1)
order_calc_margin(0, "EURUSD", "x", 1.1)
order_calc_margin(0, "EURUSD", None, 1.0)
order_calc_profit(0, "EURUSD", 1.0, 1.1, 1.2)
order_calc_profit(0, "EURUSD", 1.0, 1.1)
order_calc_profit(0, "EURUSD", 1.0, 1.1, "x")
order_check()
order_check({})
order_check({}, 1)
order_check(1)
order_check([])
order_check(None)
order_check({"foo": 1})
order_check(request={})
order_check(request=1)
order_check({}, request={})
order_check(symbol="EURUSD")
order_check(symbol=1)
order_check(**GOOD)
order_check(mt5.TradeRequest(range(17)))
order_send()
order_send({})
order_send(1)
order_send({"volume": "x", "action": "x", "position_by": "x"})
order_send({"volume": "x", "position_by": "x"})
initialize(1)
initialize("a", "b")
initialize(1, path="x")
initialize(path=1)
initialize(login="x")
initialize(login=None)
initialize(login=-1)
initialize(login=np.int64(3))
initialize(login=1, server=1)
initialize(password=1)
initialize(password="E" * 300)
initialize(timeout="x")
initialize(timeout=1.5)
initialize("x", login="x", path=1, server=1, password=1, timeout="x")
initialize(server=1, password=1, timeout="x", path=1)
initialize(timeout="x", path=1)
login()
login(1)
login("x")
login(None)
login(-1)
login(1, 2)
login(1, "a")
login(1, "a", 2)
login(1, "a", "b")
login(1, "a", "b", 3)
login(1, login="x")
login(1, password=1)
login(1, server="E" * 300)
login(1, timeout="x")
login(password="x")
login(1, foo=2)
shutdown()
last_error()
Buy("EURUSD", 1.0)
Buy("EURUSD", 1.0, 1.0)
Sell("EURUSD", 1, 1.0)
Close("EURUSD")
Tick(range(8))
Tick([1] * 8, {})
Tick((1, 2))
Tick(1)
Tick(range(8))._asdict()
Tick(range(8))[2:4]
Tick(range(8)) == tuple(range(8))
Tick(range(8)).bid
Tick(range(8)).foo
Tick.n_fields
Tick.n_sequence_fields
Tick.n_unnamed_fields
Tick.__match_args__
setattr(mt5.Tick(range(8)), "bid", 2)
hasattr(mt5.Tick, "_fields")
hasattr(mt5.Tick, "_replace")
isinstance(mt5.Tick(range(8)), tuple)
OrderSendResult([*range(10), mt5.TradeRequest(range(17))])
OrderSendResult([*range(10), mt5.TradeRequest(range(17))])._asdict()
""".strip().splitlines()


def _answer(question: str) -> tuple[str, str]:
    scope = {**vars(mt5), "mt5": mt5, "dt": dt, "np": np, "NAIVE": NAIVE, "AWARE": AWARE, "GOOD": GOOD}
    try:
        return "value", repr(eval(question, scope))  # noqa: S307 - the questions above
    except SystemError as error:
        return "SystemError", str(error)
    except Exception as error:  # noqa: BLE001 - which one comes is the answer
        return type(error).__name__, ""


def _request_questions() -> list[str]:
    fields = [f"order_check(dict(GOOD, {name}=VALUES[{at}]))" for name in GOOD for at in range(len(VALUES))]
    return fields + [f"order_send({{key: GOOD[key] for key in GOOD if key != {name!r}}})" for name in GOOD]


def main() -> None:
    """Ask everything and print the answers."""
    for question in CALLS + [text.replace("VALUES", "mt5.VALUES") for text in _request_questions()]:
        mt5.VALUES = VALUES
        how, told = _answer(question)
        print(json.dumps([question, how, told, list(mt5.last_error())]))


main()
