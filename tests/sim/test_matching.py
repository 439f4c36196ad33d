import csv
import gzip
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.pricing import position_profit, symbol_money
from domain.trading import DealReason, OrderType
from sim import matching
from sim.matching import ORDER_DTYPE, POSITION_DTYPE, QUOTE_DTYPE, Rows, TriggerLevels
from sim.pending import BUYS, PENDING_TYPES
from sim.profiles import justmarkets_symbol
from tests.sim.venues import EURUSD, USDJPY, ticks_of

SL, TP = int(DealReason.SL), int(DealReason.TP)
MONEYS = [symbol_money(spec, "USD", 2, 500) for spec in (EURUSD, USDJPY)]
PRICES = st.integers(9_990, 10_010).map(lambda points: points / 10_000)
LEVELS = st.one_of(st.just(0.0), PRICES)
BAD_PRICES = st.sampled_from([0.0, -1.0, math.nan, math.inf])
QUOTES = st.lists(st.tuples(st.one_of(PRICES, BAD_PRICES), st.one_of(PRICES, BAD_PRICES)), min_size=1, max_size=40)


def orders_of(*rows: tuple[int, OrderType, float]) -> Rows:
    """Pending orders (symbol_index, type, price)."""
    return np.array(list(rows), ORDER_DTYPE)


ORDERS = st.lists(st.tuples(st.integers(0, 1), st.sampled_from(sorted(PENDING_TYPES)), PRICES), max_size=6).map(
    lambda rows: orders_of(*rows)
)


def naive_reached(order: np.void, bid: float, ask: float) -> bool:
    """As MT5's reference words it: buy orders look at the ask, sell orders at the bid."""
    price = ask if order["type"] in BUYS else bid
    waits_for_less = order["type"] in (OrderType.BUY_LIMIT, OrderType.SELL_STOP, OrderType.SELL_STOP_LIMIT)
    return bool(price <= order["price"] if waits_for_less else price >= order["price"])


@given(ORDERS, PRICES, PRICES)
def test_orders_are_reached_as_the_reference_says(orders: Rows, bid: float, ask: float) -> None:
    flags = np.empty(len(orders), np.bool_)
    count = matching.reached_orders(orders, 0, bid, ask, flags)
    expected = [order["symbol_index"] == 0 and naive_reached(order, bid, ask) for order in orders]
    assert flags.tolist() == expected
    assert count == sum(expected)


@given(ORDERS, QUOTES)
def test_the_scan_stops_at_the_first_order_reached(orders: Rows, quotes: list[tuple[float, float]]) -> None:
    ticks = ticks_of(quotes)
    nothing = TriggerLevels(-math.inf, math.inf, -math.inf, math.inf)
    found = matching.first_trigger(ticks, 0, len(ticks), matching.order_levels(orders, 0, nothing))
    fits = [0 < bid < math.inf and 0 < ask < math.inf for bid, ask in quotes]
    own = [order for order in orders if order["symbol_index"] == 0]
    reached = [
        good and any(naive_reached(one, *quote) for one in own) for good, quote in zip(fits, quotes, strict=True)
    ]
    assert found == (reached.index(True) if True in reached else len(ticks))


def positions_of(*rows: tuple[int, int, float, float]) -> Rows:
    """Positions (symbol_index, side, sl, tp) with rising tickets."""
    made = np.zeros(len(rows), POSITION_DTYPE)
    for index, (symbol_index, side, sl, tp) in enumerate(rows):
        made[index]["position_ticket"] = index + 1
        made[index]["symbol_index"], made[index]["side"] = symbol_index, side
        made[index]["sl"], made[index]["tp"] = sl, tp
    return made


POSITIONS = st.lists(st.tuples(st.integers(0, 1), st.sampled_from([1, -1]), LEVELS, LEVELS), max_size=6).map(
    lambda rows: positions_of(*rows)
)


def naive_reason(position: np.void, bid: float, ask: float) -> int:
    """The rules as they are written down, one position and one quote at a time."""
    if not (math.isfinite(bid) and math.isfinite(ask) and bid > 0 and ask > 0):
        return -1
    sl, tp = position["sl"], position["tp"]
    if position["side"] == 1:
        if sl and bid <= sl:
            return SL
        return TP if tp and bid >= tp else -1
    if sl and ask >= sl:
        return SL
    return TP if tp and ask <= tp else -1


def naive_scan(positions: Rows, symbol_index: int, ticks: Rows, start: int, stop: int) -> int:
    own = [position for position in positions if position["symbol_index"] == symbol_index]
    for index in range(start, stop):
        if any(naive_reason(position, ticks[index]["bid"], ticks[index]["ask"]) >= 0 for position in own):
            return index
    return stop


@given(POSITIONS, QUOTES, st.data())
def test_the_scan_finds_what_a_plain_loop_finds(
    positions: Rows, quotes: list[tuple[float, float]], data: st.DataObject
) -> None:
    ticks = ticks_of(quotes)
    stop = data.draw(st.integers(0, len(ticks)))
    start = data.draw(st.integers(0, stop))
    for symbol_index in (0, 1):
        levels = matching.trigger_levels(positions, symbol_index)
        found = matching.first_trigger(ticks, start, stop, levels)
        assert found == naive_scan(positions, symbol_index, ticks, start, stop)


@pytest.mark.parametrize(
    ("side", "sl", "tp", "touch"),
    [
        (1, 1.09, 0.0, (1.09, 1.0902)),
        (1, 0.0, 1.12, (1.12, 1.1202)),
        (-1, 1.12, 0.0, (1.1198, 1.12)),
        (-1, 0.0, 1.09, (1.0898, 1.09)),
    ],
)
def test_a_touch_is_enough_and_a_point_short_is_not(
    side: int, sl: float, tp: float, touch: tuple[float, float]
) -> None:
    short = 1e-5 if touch[0] < 1.1 else -1e-5
    ticks = ticks_of([(1.1, 1.1002), (touch[0] + short, touch[1] + short), touch, touch])
    levels = matching.trigger_levels(positions_of((0, side, sl, tp)), 0)
    assert matching.first_trigger(ticks, 0, 4, levels) == 2


@given(POSITIONS, PRICES, PRICES)
def test_triggered_gives_each_position_its_reason(positions: Rows, bid: float, ask: float) -> None:
    reasons = np.empty(len(positions), np.int64)
    count = matching.triggered(positions, 0, bid, ask, reasons)
    expected = [naive_reason(one, bid, ask) if one["symbol_index"] == 0 else -1 for one in positions]
    assert reasons.tolist() == expected
    assert count == sum(reason >= 0 for reason in expected)


@pytest.mark.parametrize(
    ("side", "bid", "ask", "reason"),
    [
        (1, 1.0990, 1.0992, SL),
        (1, 1.0991, 1.0993, -1),
        (1, 1.1010, 1.1012, TP),
        (1, 1.1009, 1.1011, -1),
        (-1, 1.1008, 1.1010, SL),
        (-1, 1.1007, 1.1009, -1),
        (-1, 1.0988, 1.0990, TP),
        (-1, 1.0989, 1.0991, -1),
    ],
)
def test_a_buy_is_closed_at_the_bid_and_a_sell_at_the_ask(side: int, bid: float, ask: float, reason: int) -> None:
    sl, tp = (1.0990, 1.1010) if side > 0 else (1.1010, 1.0990)
    assert matching.close_reason(positions_of((0, side, sl, tp))[0], bid, ask) == reason


@pytest.mark.parametrize("side", [1, -1])
def test_where_both_levels_are_reached_the_stop_loss_counts(side: int) -> None:
    both = positions_of((0, side, 1.1, 1.1))[0]
    assert matching.close_reason(both, 1.1, 1.1) == SL


def test_no_level_is_never_reached() -> None:
    bare = positions_of((0, 1, 0.0, 0.0), (0, -1, 0.0, 0.0))
    levels = matching.trigger_levels(bare, 0)
    assert levels == TriggerLevels(-math.inf, math.inf, -math.inf, math.inf)
    ticks = ticks_of([(1e-9, 1e-9), (1e9, 1e9)])
    assert matching.first_trigger(ticks, 0, 2, levels) == 2


@given(st.lists(st.integers(0, 50), max_size=30), st.integers(-5, 60), st.data())
def test_first_at_is_a_search_in_sorted_times(times: list[int], wanted: int, data: st.DataObject) -> None:
    ticks = ticks_of([(1.0, 1.0)] * len(times))
    ticks["time_msc"] = sorted(times)
    stop = data.draw(st.integers(0, len(times)))
    start = data.draw(st.integers(0, stop))
    expected = next((i for i in range(start, stop) if ticks[i]["time_msc"] >= wanted), stop)
    assert matching.first_at(ticks, start, stop, wanted) == expected


def test_money_survives_the_way_through_a_row() -> None:
    rows = np.concatenate([matching.money_row(money) for money in MONEYS])
    assert [tuple(matching.money_at(rows, index)) for index in (0, 1)] == [tuple(money) for money in MONEYS]


@given(
    st.lists(
        st.tuples(st.integers(0, 1), st.sampled_from([1, -1]), st.integers(1, 500), PRICES, st.integers(-500, 500)),
        max_size=5,
    ),
    PRICES,
    PRICES,
)
def test_floating_profit_is_the_sum_over_positions(
    rows: list[tuple[int, int, int, float, int]], bid: float, ask: float
) -> None:
    positions = np.zeros(len(rows), POSITION_DTYPE)
    expected = 0.0
    quotes = np.array([(bid, ask, 1), (bid * 100, ask * 100, 1)], QUOTE_DTYPE)
    for line, (symbol_index, side, steps, price, swap_cents) in zip(positions, rows, strict=True):
        volume, opened, swap = steps / 100, price * (100 if symbol_index else 1), swap_cents / 100
        line["symbol_index"], line["side"], line["volume"] = symbol_index, side, volume
        line["price_open"], line["swap"] = opened, swap
        close = float(quotes[symbol_index]["bid" if side > 0 else "ask"])
        expected += position_profit(side, volume, opened, close, MONEYS[symbol_index]) + swap
    moneys = np.concatenate([matching.money_row(money) for money in MONEYS])
    assert matching.floating_profit(positions, quotes, moneys) == pytest.approx(expected, abs=0.005)


@pytest.mark.parametrize(
    "kernel",
    [
        "trigger_levels",
        "first_trigger",
        "first_at",
        "triggered",
        "floating_profit",
        "order_levels",
        "reached_orders",
        "solvent_levels",
    ],
)
def test_compiled_and_interpreted_agree(kernel: str) -> None:
    positions = positions_of((0, 1, 0.9999, 1.0003), (0, -1, 1.0004, 0.9996), (1, 1, 0.9998, 0.0))
    ticks = ticks_of([(1.0 + step / 10_000, 1.00005 + step / 10_000) for step in (0, 1, 2, 3, -1)])
    quotes = np.array([(1.0, 1.0001, 1), (100.0, 100.1, 1)], QUOTE_DTYPE)
    moneys = np.concatenate([matching.money_row(money) for money in MONEYS])
    orders = orders_of(
        *((0, kind, 0.9999 + kind * 5e-5) for kind in sorted(PENDING_TYPES)), (1, OrderType.BUY_STOP, 1.0)
    )
    arguments: dict[str, tuple[Any, ...]] = {
        "trigger_levels": (positions, 0),
        "first_trigger": (ticks, 0, 5, TriggerLevels(0.9999, 1.0003, 0.9996, 1.0004)),
        "first_at": (ticks, 0, 5, int(ticks[2]["time_msc"])),
        "triggered": (positions, 0, 0.9999, 1.0, np.empty(3, np.int64)),
        "floating_profit": (positions, quotes, moneys),
        "order_levels": (orders, 0, TriggerLevels(0.9999, 1.0003, 0.9996, 1.0004)),
        "reached_orders": (orders, 0, 0.9999, 1.0, np.empty(len(orders), np.bool_)),
        "solvent_levels": (positions, 0, quotes, moneys, 500.0, 800.0, TriggerLevels(0.9, 1.1, 0.9, 1.1)),
    }
    compiled = getattr(matching, kernel)
    plain = [
        argument.view(np.recarray) if isinstance(argument, np.ndarray) and argument.dtype.names else argument
        for argument in arguments[kernel]
    ]
    assert compiled(*arguments[kernel]) == compiled.py_func(*plain)


@pytest.mark.reference
def test_the_exits_of_real_reports_follow_these_rules(reference: Path) -> None:
    """Every "sl" and "tp" exit of seven Strategy Tester reports is triggered by its level at its price."""
    seen = {SL: 0, TP: 0}
    for report in sorted((reference / "mt5_reports" / "tester_geraked").glob("*/deals.csv.gz")):
        with gzip.open(report, "rt") as lines:
            for deal in csv.DictReader(lines):
                words = deal["Comment"].split()
                if deal["Direction"] != "out" or len(words) != 2 or words[0] not in ("sl", "tp"):
                    continue
                side, level, price = (1 if deal["Type"] == "sell" else -1), float(words[1]), float(deal["Price"])
                reason = SL if words[0] == "sl" else TP
                held = positions_of((0, side, *((level, 0.0) if reason == SL else (0.0, level))))[0]
                assert matching.close_reason(held, price, price) == reason
                away = side * 1e-6 * (1 if reason == SL else -1)
                assert matching.close_reason(held, level + away, level + away) == -1
                seen[reason] += 1
    assert seen == {SL: 78 + 114 + 695 + 297 + 134 + 18 + 118, TP: 127 + 182 + 1821 + 609 + 267 + 163 + 164}


def test_gold_moves_by_the_ounce() -> None:
    money = symbol_money(justmarkets_symbol("XAUUSD"), "USD", 2, 500)
    positions = np.zeros(1, POSITION_DTYPE)
    positions["side"], positions["volume"], positions["price_open"] = 1, 0.01, 4027.70
    quotes = np.array([(4027.60, 4027.80, 1)], QUOTE_DTYPE)
    assert matching.floating_profit(positions, quotes, matching.money_row(money)) == -0.10
