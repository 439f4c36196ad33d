"""Pending orders through the drop-in; and that what is checked is what is answered."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sim.metatrader5 as mt5
from domain.retcodes import Retcode
from domain.symbols import SymbolSpec, SymbolTradeMode
from domain.trading import MarginMode
from sim.profiles import AccountProfile, LeverageTier
from sim.requests import Disturbance, ScriptedFills
from tests.sim.metatrader5.market import ASK, BID, MONDAY_S, AttachedMarket, market_order
from tests.sim.venues import EURUSD, PROFILE, XAUUSD, ticks_of

DAY_S = 86_400


def _pending(kind: int = mt5.ORDER_TYPE_BUY_LIMIT, price: float = 1.09, **fields: object) -> dict[str, Any]:
    request = market_order(kind, price=price, action=mt5.TRADE_ACTION_PENDING, type_filling=mt5.ORDER_FILLING_RETURN)
    return request | fields


def _sent(request: dict[str, Any]) -> mt5.OrderSendResult:
    answer = mt5.order_send(request)
    assert answer is not None
    return answer


def _market(quotes: list[tuple[float, float]]) -> AttachedMarket:
    market = AttachedMarket({"EURUSD": ticks_of(quotes)})
    market.play(0)
    return market


def test_an_order_stands_until_its_price_is_reached_and_becomes_a_position() -> None:
    market = _market([(BID, ASK)] * 10 + [(1.0897, 1.0899)] * 5)
    placed = _sent(_pending(sl=1.08, tp=1.12, magic=5, comment="waits"))
    assert (placed.retcode, placed.deal, placed.volume) == (mt5.TRADE_RETCODE_DONE, 0, 0.1)
    orders = mt5.orders_get()
    assert orders is not None
    assert mt5.orders_total() == len(orders) == 1
    order = orders[0]
    assert (order.ticket, order.type, order.state) == (placed.order, mt5.ORDER_TYPE_BUY_LIMIT, mt5.ORDER_STATE_PLACED)
    assert (order.price_open, order.price_current, order.sl, order.tp) == (1.09, ASK, 1.08, 1.12)
    assert (order.volume_initial, order.volume_current, order.magic, order.comment) == (0.1, 0.1, 5, "waits")
    assert (order.time_setup, order.time_done, order.reason) == (MONDAY_S, 0, mt5.ORDER_REASON_EXPERT)
    assert order.type_filling == mt5.ORDER_FILLING_RETURN
    assert mt5.history_orders_get(0, MONDAY_S + DAY_S) == ()
    market.play(12)
    assert mt5.orders_get() == ()
    positions = mt5.positions_get()
    assert positions is not None
    assert (positions[0].ticket, positions[0].price_open, positions[0].magic) == (placed.order, 1.0899, 5)
    history = mt5.history_orders_get(ticket=placed.order)
    assert history is not None
    assert (history[0].state, history[0].time_done) == (mt5.ORDER_STATE_FILLED, MONDAY_S + 10)
    assert history[0].price_current == 1.0899


def test_an_order_is_changed_and_removed() -> None:
    _market([(BID, ASK)] * 10)
    ticket = _sent(_pending()).order
    change = {"action": mt5.TRADE_ACTION_MODIFY, "order": ticket, "price": 1.085, "sl": 1.08, "tp": 0.0}
    assert _sent(change).retcode == mt5.TRADE_RETCODE_DONE
    assert _sent(change).retcode == mt5.TRADE_RETCODE_NO_CHANGES
    assert [(order.price_open, order.sl) for order in mt5.orders_get(ticket=ticket) or ()] == [(1.085, 1.08)]
    assert mt5.symbol_select("EURUSD", False) is False, "an order stands"
    assert _sent({"action": mt5.TRADE_ACTION_REMOVE, "order": ticket}).retcode == mt5.TRADE_RETCODE_DONE
    assert mt5.orders_total() == 0
    history = mt5.history_orders_get(MONDAY_S, MONDAY_S)
    assert history is not None
    assert [(order.ticket, order.state) for order in history] == [(ticket, mt5.ORDER_STATE_CANCELED)]
    again = _sent({"action": mt5.TRADE_ACTION_REMOVE, "order": ticket})
    assert again.retcode == mt5.TRADE_RETCODE_INVALID


def test_an_order_expires() -> None:
    market = _market([(BID, ASK)] * 30)
    specified = {"type_time": mt5.ORDER_TIME_SPECIFIED, "expiration": MONDAY_S + 20}
    ticket = _sent(_pending(**specified)).order
    orders = mt5.orders_get(symbol="EURUSD")
    assert orders is not None
    assert (orders[0].type_time, orders[0].time_expiration) == (mt5.ORDER_TIME_SPECIFIED, MONDAY_S + 20)
    market.play(25)
    history = mt5.history_orders_get(ticket=ticket)
    assert history is not None
    assert history[0].state == mt5.ORDER_STATE_EXPIRED
    late = _sent(_pending(**specified))
    assert late.retcode == mt5.TRADE_RETCODE_INVALID_EXPIRATION


@pytest.mark.parametrize("kind", [mt5.ORDER_TYPE_BUY_STOP_LIMIT, mt5.ORDER_TYPE_SELL_STOP_LIMIT])
def test_a_stop_limit_has_both_prices(kind: int) -> None:
    _market([(BID, ASK)] * 3)
    stop, limit = (1.11, 1.105) if kind == mt5.ORDER_TYPE_BUY_STOP_LIMIT else (1.09, 1.095)
    assert _sent(_pending(kind, stop, stoplimit=limit)).retcode == mt5.TRADE_RETCODE_DONE
    orders = mt5.orders_get(group="EUR*")
    assert orders is not None
    assert (orders[0].price_open, orders[0].price_stoplimit) == (stop, limit)


def test_two_positions_are_closed_by_each_other() -> None:
    _market([(BID, ASK)] * 3)
    bought, sold = _sent(market_order(volume=0.3)), _sent(market_order(mt5.ORDER_TYPE_SELL, 0.1))
    request = {"action": mt5.TRADE_ACTION_CLOSE_BY, "position": bought.order, "position_by": sold.order}
    checked = mt5.order_check(request)
    assert checked is not None
    assert (checked.retcode, mt5.positions_total()) == (0, 2)
    assert _sent(request).retcode == mt5.TRADE_RETCODE_DONE
    assert [(held.ticket, held.volume) for held in mt5.positions_get() or ()] == [(bought.order, 0.2)]
    deals = mt5.history_deals_get(position=sold.order)
    assert deals is not None
    assert deals[-1].entry == mt5.DEAL_ENTRY_OUT_BY
    orders = mt5.history_orders_get(ticket=deals[-1].order)
    assert orders is not None
    assert (orders[0].type, orders[0].position_by_id) == (mt5.ORDER_TYPE_CLOSE_BY, sold.order)


def test_what_an_order_reserves_is_in_its_check() -> None:
    profile = msgspec.structs.replace(PROFILE, pending_margin_fraction=0.5)
    market = AttachedMarket(profile=profile)
    market.play(0)
    checked = mt5.order_check(_pending(price=1.0))
    assert checked is not None
    assert checked.margin == 0.5 * 20.0
    _sent(_pending(price=1.0))
    account = mt5.account_info()
    assert account is not None
    assert account.margin == checked.margin


POSITION, ORDER = 2_000_001, 2_000_002  # the first tickets of an account
GOOD = (
    market_order(),
    market_order(mt5.ORDER_TYPE_SELL, position=POSITION),
    _pending(),
    _pending(mt5.ORDER_TYPE_SELL_STOP, 1.09),
    _pending(mt5.ORDER_TYPE_BUY_STOP_LIMIT, 1.11, stoplimit=1.105),
    {"action": mt5.TRADE_ACTION_SLTP, "position": POSITION, "sl": 1.0995, "tp": 1.12},
    {"action": mt5.TRADE_ACTION_MODIFY, "order": ORDER, "price": 1.095, "symbol": "EURUSD"},
    {"action": mt5.TRADE_ACTION_REMOVE, "order": ORDER},
    {"action": mt5.TRADE_ACTION_CLOSE_BY, "position": POSITION, "position_by": POSITION + 2},
    market_order(mt5.ORDER_TYPE_SELL, 0.3),
)
PRICES = st.sampled_from([0.0, 1.08, 1.09, 1.0995, 1.0999, BID, 1.1001, ASK, 1.1003, 1.12, 1.100005])
CHANGES: dict[str, st.SearchStrategy[Any]] = {
    "action": st.sampled_from([1, 5, 6, 7, 8, 10, 3]),
    "symbol": st.sampled_from(["EURUSD", "XAUUSD", "NOSUCH"]),
    "volume": st.sampled_from([0.05, 0.2, 0.015, 0.0, 500.0]),
    "type": st.integers(0, 9),
    "price": PRICES,
    "stoplimit": PRICES,
    "sl": PRICES,
    "tp": PRICES,
    "type_filling": st.integers(0, 3),
    "type_time": st.integers(0, 3),
    "expiration": st.sampled_from([0, MONDAY_S, MONDAY_S + 5, MONDAY_S + 2 * DAY_S]),
    "position": st.integers(POSITION - 1, POSITION + 4),
    "order": st.integers(POSITION - 1, POSITION + 4),
}
CHANGED = st.lists(st.sampled_from(sorted(CHANGES)), max_size=2, unique=True).flatmap(
    lambda names: st.fixed_dictionaries({name: CHANGES[name] for name in names})
)
REQUESTS = st.builds(lambda good, changed: good | changed, st.sampled_from(GOOD), CHANGED)
SYMBOLS = st.builds(
    lambda mode, stops, freeze, limit: msgspec.structs.replace(
        EURUSD, trade_mode=mode, stops_level_points=stops, freeze_level_points=freeze, volume_limit=limit
    ),
    st.sampled_from([SymbolTradeMode.FULL] * 4 + list(SymbolTradeMode)),
    st.sampled_from([0, 0, 10, 50]),
    st.sampled_from([0, 0, 60]),
    st.sampled_from([0.0, 0.0, 0.4]),
)


ACCOUNTS = st.builds(
    lambda mode, limit: msgspec.structs.replace(PROFILE, margin_mode=mode, limit_positions=limit, limit_orders=limit),
    st.sampled_from([MarginMode.RETAIL_HEDGING, MarginMode.RETAIL_HEDGING, MarginMode.RETAIL_NETTING]),
    st.sampled_from([0, 0, 3]),
)


def _everything(market: AttachedMarket) -> tuple[Any, ...]:
    terminal = market.terminal
    standing = (terminal.positions(), terminal.orders(), terminal.account())
    return (*standing, terminal.deals, terminal.order_history, terminal.quote("EURUSD"))


@given(SYMBOLS, ACCOUNTS, st.lists(REQUESTS, min_size=1, max_size=12))
def test_what_is_checked_is_what_is_answered_and_checking_does_nothing(
    spec: SymbolSpec, profile: AccountProfile, requests: list[dict[str, Any]]
) -> None:
    market = AttachedMarket({"EURUSD": ticks_of([(BID, ASK)] * 9)}, (spec, XAUUSD), profile=profile)
    market.play(1)
    _sent(market_order())
    _sent(_pending())
    for request in requests:
        before = _everything(market)
        checked = mt5.order_check(request)
        assert _everything(market) == before
        answer = _sent(request)
        assert checked is not None
        assert (checked.retcode or mt5.TRADE_RETCODE_DONE) == answer.retcode, request


def test_a_check_knows_nothing_of_the_faults_to_come() -> None:
    market = AttachedMarket(fills=ScriptedFills([Disturbance(retcode=Retcode.REQUOTE)]))
    market.play(1)
    checked = mt5.order_check(market_order())
    assert checked is not None
    assert checked.retcode == 0
    assert [_sent(market_order()).retcode for _ in range(2)] == [10004, 10009]


def test_a_check_does_not_move_the_leverage_that_a_deal_would() -> None:
    tiers = (LeverageTier(equity_from=0.0, leverage=1000), LeverageTier(equity_from=9_999.0, leverage=500))
    market = AttachedMarket(profile=msgspec.structs.replace(PROFILE, tiers=tiers))
    market.play(1)
    assert mt5.order_check(market_order()) is not None
    account = mt5.account_info()
    assert account is not None
    assert account.leverage == 500
    _sent(market_order())
    account = mt5.account_info()
    assert account is not None
    assert account.leverage == 1000, "two dollars of spread lie between the two"
