"""Which terminal a process finds, and how its time passes."""

import pickle
import sys
import threading
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sim.metatrader5 as mt5
from sim.metatrader5 import desk, structs
from sim.metatrader5.structs import TerminalStruct, filled
from tests.sim.metatrader5.market import FLAT, MONDAY_S, AttachedMarket, market_order
from tests.sim.venues import EURUSD, MONDAY_MSC, USDJPY, ticks_of

STRUCTS = structs.TerminalStruct.__subclasses__()


class HandClock:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.seconds = 50.0

    def __call__(self) -> float:
        return self.seconds


def _now_s() -> int:
    tick = mt5.symbol_info_tick("EURUSD")
    assert tick is not None
    return tick.time


def test_the_market_stands_until_the_caller_plays_it() -> None:
    market = AttachedMarket()
    assert mt5.symbol_info_tick("EURUSD") == mt5.Tick([0, 0.0, 0.0, 0.0, 0, 0, 0, 0.0])
    market.play(3)
    assert [_now_s() for _ in range(3)] == [MONDAY_S + 3] * 3


@given(st.integers(1, 5000), st.integers(1, 30))
def test_each_call_moves_the_market_by_a_step(step_ms: int, calls: int) -> None:
    AttachedMarket(step_ms=step_ms)
    for _ in range(calls):
        mt5.positions_total()
    beginning = MONDAY_MSC - 1000
    whole = (beginning + step_ms) // 1000 if calls == 1 else None
    ticks = mt5.copy_ticks_from("EURUSD", 0, 1000, mt5.COPY_TICKS_ALL)
    assert ticks is not None
    reached = beginning
    for _ in range(calls + 1):
        last = _last_tick_until(reached)
        reached = max(reached, last) + step_ms
    assert len(ticks) == max(0, min(len(FLAT), (reached - MONDAY_MSC) // 1000 + 1))
    assert whole is None or whole >= MONDAY_S - 1


def _last_tick_until(time_msc: int) -> int:
    """Time of the last of the flat market's ticks, one a second from Monday noon; the beginning before the first."""
    if time_msc < MONDAY_MSC:
        return MONDAY_MSC - 1000
    return MONDAY_MSC + min((time_msc - MONDAY_MSC) // 1000, len(FLAT) - 1) * 1000


def test_a_clock_carries_the_market_along() -> None:
    clock = HandClock()
    AttachedMarket(clock=clock)
    clock.seconds += 11.5
    assert _now_s() == MONDAY_S + 10  # the terminal's clock began a second before the first tick
    clock.seconds -= 5.0
    assert _now_s() == MONDAY_S + 10, "time does not go back"
    clock.seconds += 1000.0
    assert _now_s() == MONDAY_S + 199


def test_a_step_goes_on_from_where_the_caller_has_played_to() -> None:
    AttachedMarket(step_ms=2000).play(30)
    assert [_now_s() for _ in range(3)] == [MONDAY_S + 32, MONDAY_S + 34, MONDAY_S + 36]


CALLS = {
    "version": (),
    "terminal_info": (),
    "account_info": (),
    "symbols_total": (),
    "symbols_get": (),
    "symbol_info": ("EURUSD",),
    "symbol_info_tick": ("EURUSD",),
    "symbol_select": ("EURUSD",),
    "market_book_add": ("EURUSD",),
    "market_book_get": ("EURUSD",),
    "market_book_release": ("EURUSD",),
    "copy_rates_from": ("EURUSD", 1, 2**31 - 1, 5),
    "copy_rates_from_pos": ("EURUSD", 1, 0, 5),
    "copy_rates_range": ("EURUSD", 1, MONDAY_S, MONDAY_S + 60),
    "copy_ticks_from": ("EURUSD", 0, 5, -1),
    "copy_ticks_range": ("EURUSD", 0, 5, -1),
    "orders_total": (),
    "orders_get": (),
    "positions_total": (),
    "positions_get": (),
    "history_orders_total": (0, 5),
    "history_orders_get": (0, 5),
    "history_deals_total": (0, 5),
    "history_deals_get": (0, 5),
    "order_calc_margin": (0, "EURUSD", 1.0, 1.1),
    "order_calc_profit": (0, "EURUSD", 1.0, 1.1, 1.2),
    "order_check": (market_order(),),
    "order_send": (market_order(),),
    "login": (5,),
}


@pytest.mark.parametrize("name", CALLS)
def test_every_call_is_one_step(name: str) -> None:
    market = AttachedMarket(step_ms=1000)
    mt5.market_book_add("EURUSD")
    market.play(10)
    played = market.feed.played
    assert vars(mt5)[name](*CALLS[name]) is not None
    assert mt5.last_error() == (1, "Success")
    assert market.feed.played == played + 1


def test_every_function_that_reaches_the_terminal_is_among_them() -> None:
    functions = {name for name, value in vars(mt5).items() if isinstance(value, desk.Builtin)}
    assert functions - CALLS.keys() == {"initialize", "shutdown", "last_error", "utc_ns"}


def test_a_step_back_is_refused() -> None:
    market = AttachedMarket()
    with pytest.raises(ValueError, match="only moves forward"):
        mt5.attach(market.terminal, market.feed, step_ms=-1)


def test_nothing_answers_before_initialize_and_after_shutdown() -> None:
    market = AttachedMarket()
    market.play(5)
    assert mt5.order_send(market_order()) is not None
    assert mt5.shutdown() is True
    assert mt5.positions_get() is None
    assert mt5.last_error() == (-10004, "No IPC connection")
    assert mt5.version() == (0, 0, "")
    assert mt5.initialize()
    assert mt5.positions_total() == 1, "the terminal went on without us"
    mt5.attach(market.terminal, market.feed)
    assert mt5.account_info() is None, "another terminal is not connected by itself"


def test_the_account_must_be_the_attached_one() -> None:
    market = AttachedMarket()
    assert mt5.initialize(login=5, password="any", server="Sim-Demo")
    assert mt5.initialize(login=0, password="", server=""), "none given"
    assert mt5.login(5, "any", "Sim-Demo") is True
    assert mt5.login(login=5, password="any", server="Elsewhere") is False
    assert mt5.last_error() == (-6, "Terminal: Authorization failed")
    mt5.shutdown()
    assert mt5.initialize(login=6) is False
    assert mt5.account_info() is None
    assert market.terminal.profile.login == 5


def test_without_anything_attached_there_is_a_demonstration_with_history() -> None:
    assert mt5.initialize()
    account = mt5.account_info()
    assert account is not None
    assert (account.balance, account.currency, account.trade_mode) == (10_000.0, "USD", mt5.ACCOUNT_TRADE_MODE_DEMO)
    symbols = mt5.symbols_get()
    assert symbols is not None
    assert [symbol.name for symbol in symbols] == ["EURUSD", "USDJPY", "XAUUSD"]
    assert all(symbol.ask > symbol.bid > 0.0 and symbol.bidhigh >= symbol.bid >= symbol.bidlow for symbol in symbols)
    hours = mt5.copy_rates_from_pos("XAUUSD", mt5.TIMEFRAME_H1, 0, 24)
    assert hours is not None
    assert len(hours) == 24
    began = datetime.fromtimestamp(symbols[0].time, UTC)
    assert (began.weekday(), began.hour) in {(2, 17), (2, 18)}  # Wednesday 15:00 UTC on a clock three hours ahead
    bought = mt5.Buy("EURUSD", 0.1)
    assert bought is not None
    assert bought.retcode == mt5.TRADE_RETCODE_DONE


def test_symbols_are_shown_and_hidden() -> None:
    market = AttachedMarket({"EURUSD": ticks_of(FLAT)}, (EURUSD, USDJPY))
    market.play(5)
    assert mt5.symbol_select("USDJPY", False) is True
    hidden = mt5.symbol_info("USDJPY")
    assert hidden is not None
    assert (hidden.select, hidden.visible) == (False, False)
    assert mt5.symbol_info_tick("USDJPY") is None
    assert mt5.last_error() == (-4, "Terminal: Not found")
    assert mt5.symbol_select("USDJPY") is True
    assert mt5.symbol_info_tick("USDJPY") is not None
    mt5.order_send(market_order())
    assert mt5.symbol_select("EURUSD", False) is False, "a position is open"
    assert mt5.symbol_select("NOSUCH") is False
    assert mt5.last_error() == (-1, "Terminal: Call failed")


def test_there_is_no_depth_but_one_may_ask() -> None:
    AttachedMarket()
    assert mt5.market_book_get("EURUSD") is None
    assert mt5.market_book_add("EURUSD") is True
    assert mt5.market_book_get("EURUSD") == ()
    assert mt5.market_book_release("EURUSD") is True
    assert mt5.market_book_release("EURUSD") is False
    assert mt5.market_book_add("NOSUCH") is None
    assert mt5.last_error() == (-4, "Terminal: Not found")


def test_what_the_day_has_seen_is_in_the_symbols_fields() -> None:
    yesterday = ticks_of([(1.2, 1.3), (1.25, 1.35)], start_msc=MONDAY_MSC - 86_400_000)
    today = ticks_of([(1.1, 1.2), (1.05, 1.4), (1.15, 1.16)])
    rows = yesterday.tolist() + today.tolist()
    ticks = ticks_of([(1.0, 1.0)] * len(rows))
    ticks[:] = rows
    AttachedMarket({"EURUSD": ticks}).play(10)
    info = mt5.symbol_info("EURUSD")
    assert info is not None
    assert (info.bidhigh, info.bidlow, info.askhigh, info.asklow) == (1.15, 1.05, 1.4, 1.16)
    assert (info.session_open, info.session_close) == (1.1, 1.25)
    assert info.price_change == pytest.approx((1.15 / 1.25 - 1.0) * 100.0)
    assert (info.spread, info.time) == (1000, MONDAY_S + 2)


def test_a_ticks_value_is_that_of_the_latest_price() -> None:
    yen = ticks_of([(150.0, 150.01), (160.0, 160.01)])
    market = AttachedMarket({"USDJPY": yen}, (USDJPY,))
    specified = mt5.symbol_info("USDJPY")
    assert specified is not None
    assert specified.trade_tick_value == USDJPY.tick_value, "before the first quote"
    for second, price in enumerate((150.0, 160.0)):
        market.play(second)
        info = mt5.symbol_info("USDJPY")
        assert info is not None
        assert info.trade_tick_value == pytest.approx(100_000 * 0.001 / price)
        assert info.trade_tick_value == info.trade_tick_value_profit == info.trade_tick_value_loss
        profit = mt5.order_calc_profit(mt5.ORDER_TYPE_BUY, "USDJPY", 1.0, price - 1.0, price)
        assert profit == pytest.approx(1000 * info.trade_tick_value, abs=0.005)


def test_under_the_packages_name_it_is_found_and_gone_again() -> None:
    assert "MetaTrader5" not in sys.modules
    with mt5.installed() as module:
        assert sys.modules["MetaTrader5"] is module
        assert module.TIMEFRAME_H4 == mt5.TIMEFRAME_H4
        assert not hasattr(module, "attach")
        with mt5.installed() as inner:
            assert sys.modules["MetaTrader5"] is inner
        assert sys.modules["MetaTrader5"] is module
    assert "MetaTrader5" not in sys.modules


def test_functions_do_not_become_methods_where_a_class_keeps_them() -> None:
    """As functions written in C; `Buy`, `Sell` and `Close` are Python in the package too."""

    kept = {"total": mt5.positions_total, "error": mt5.last_error}
    wrapper: Any = type("Wrapper", (), kept)()
    AttachedMarket()
    assert wrapper.total() == 0
    assert wrapper.error() == (1, "Success")
    assert repr(mt5.positions_total) == "<built-in function positions_total>"
    assert pickle.loads(pickle.dumps(mt5.positions_get)) is mt5.positions_get  # noqa: S301 - our own bytes
    assert mt5.positions_get.__doc__


def test_calls_from_many_threads_are_one_after_the_other() -> None:
    AttachedMarket(step_ms=10)
    answers: list[int] = []

    def ask() -> None:
        for _ in range(50):
            answer = mt5.order_send(market_order(volume=0.01))
            assert answer is not None
            answers.append(answer.request_id)

    mt5.positions_total()
    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == list(range(1, 201))
    assert desk.DESK.error == (1, "Success")


@pytest.mark.parametrize("kind", STRUCTS, ids=lambda kind: kind.__name__)
def test_a_struct_is_a_tuple_with_names(kind: type[TerminalStruct]) -> None:
    values = tuple(range(kind.n_fields))
    made = kind(values)
    assert made == values
    assert made._asdict() == dict(zip(kind.__match_args__, values, strict=True))
    assert [getattr(made, name) for name in kind.__match_args__] == list(values)
    assert type(made[1:3]) is tuple
    assert pickle.loads(pickle.dumps(made)) == made  # noqa: S301 - our own bytes
    assert type(pickle.loads(pickle.dumps(made))) is kind  # noqa: S301 - our own bytes
    with pytest.raises(AttributeError):
        setattr(made, kind.__match_args__[0], 5)


def test_a_field_that_a_struct_does_not_have_is_a_mistake() -> None:
    with pytest.raises(KeyError, match="Tick has no field colour"):
        filled(mt5.Tick, colour=1)
