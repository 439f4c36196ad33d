"""Pending orders from placing to their end."""

import csv
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.retcodes import Retcode
from domain.symbols import FillingFlag, SymbolSpec, SymbolTradeMode
from domain.trading import DealEntry, DealReason, OrderFilling, OrderState, OrderTime, OrderType
from sim.pending import NEVER_MSC, expiry_msc
from sim.requests import Disturbance, ScriptedFills
from tests.sim.venues import DAY_MSC, EURUSD, MONDAY_MSC, PROFILE, XAUUSD, Venue, open_all_week, ticks_of

BUY_LIMIT, SELL_LIMIT = OrderType.BUY_LIMIT, OrderType.SELL_LIMIT
BUY_STOP, SELL_STOP = OrderType.BUY_STOP, OrderType.SELL_STOP
BUY_STOP_LIMIT, SELL_STOP_LIMIT = OrderType.BUY_STOP_LIMIT, OrderType.SELL_STOP_LIMIT
DAY_S = 86_400
NOON_S = MONDAY_MSC // 1000
FAIR = Disturbance()


def quoted(spec: SymbolSpec = EURUSD, **changes: Any) -> Venue:  # noqa: ANN401 - fields of the profile
    """EURUSD at 1.10000 and 1.10020."""
    fills = changes.pop("fills", None)
    venue = Venue(open_all_week(spec), profile=msgspec.structs.replace(PROFILE, **changes), fills=fills)
    venue.quote(1.1, 1.1002)
    venue.terminal.take_changes()
    return venue


# -- placing -----------------------------------------------------------------------------------------------------------


def test_a_placed_order_stands_and_is_told() -> None:
    venue = quoted()
    answer = venue.pend(BUY_LIMIT, 0.1, 1.099, sl=1.098, tp=1.101, comment="mine")
    assert (answer.retcode, answer.deal_ticket, answer.volume) == (Retcode.DONE, 0, 0.1)
    (order,) = venue.terminal.orders()
    assert (order.order_ticket, order.type, order.state) == (answer.order_ticket, BUY_LIMIT, OrderState.PLACED)
    assert (order.volume_initial, order.volume_current, order.price_open) == (0.1, 0.1, 1.099)
    assert (order.sl, order.tp, order.comment, order.magic) == (1.098, 1.101, "mine", 770_001)
    assert (order.time_setup_msc, order.time_expiration_s, order.position_id) == (venue.clock_msc, 0, 0)
    update = venue.terminal.take_changes()
    assert update is not None
    assert (update.orders, update.deals, update.positions) == ((order,), (), ())
    assert update.money.margin == 0.0
    assert venue.terminal.snapshot().orders == (order,)
    assert venue.terminal.order_history == ()


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (BUY_LIMIT, 1.10019, 1.1002),
        (SELL_LIMIT, 1.10001, 1.1),
        (BUY_STOP, 1.10021, 1.1002),
        (SELL_STOP, 1.09999, 1.1),
    ],
)
def test_a_price_on_the_wrong_side_is_10015(kind: OrderType, good: float, bad: float) -> None:
    assert quoted().pend(kind, 0.1, bad).retcode == Retcode.INVALID_PRICE
    assert quoted().pend(kind, 0.1, good).retcode == Retcode.DONE


@pytest.mark.parametrize("kind", [BUY_LIMIT, SELL_STOP])
@pytest.mark.parametrize("price", [0.0, -1.0, 1.099005])
def test_no_price_and_one_off_the_grid_are_10015(kind: OrderType, price: float) -> None:
    """A Strategy Tester log has 2,910 orders that failed with "Invalid price": all lay off the grid."""
    assert quoted().pend(kind, 0.1, price).retcode == Retcode.INVALID_PRICE


@pytest.mark.parametrize(("points", "retcode"), [(30, Retcode.INVALID_PRICE), (50, Retcode.DONE)])
def test_the_stops_level_keeps_orders_away(points: int, retcode: Retcode) -> None:
    strict = msgspec.structs.replace(EURUSD, stops_level_points=50)
    cases = ((BUY_LIMIT, 1.1002, -1), (SELL_LIMIT, 1.1, 1), (BUY_STOP, 1.1002, 1), (SELL_STOP, 1.1, -1))
    for kind, quote, sign in cases:
        price = round(quote + sign * points * 1e-5, 5)
        assert quoted(strict).pend(kind, 0.1, price).retcode == retcode
        good = round(quote + sign * 60e-5, 5)
        level = round(good - points * 1e-5 * (1 if kind in (BUY_LIMIT, BUY_STOP) else -1), 5)
        expected = Retcode.INVALID_STOPS if points == 30 else Retcode.DONE
        assert quoted(strict).pend(kind, 0.1, good, sl=level).retcode == expected


@pytest.mark.parametrize(
    ("kind", "price", "limit", "retcode"),
    [
        (BUY_STOP_LIMIT, 1.101, 1.1005, Retcode.DONE),
        (BUY_STOP_LIMIT, 1.101, 1.1015, Retcode.INVALID_PRICE),
        (BUY_STOP_LIMIT, 1.101, 0.0, Retcode.INVALID_PRICE),
        (BUY_STOP_LIMIT, 1.1, 1.0995, Retcode.INVALID_PRICE),
        (SELL_STOP_LIMIT, 1.099, 1.0995, Retcode.DONE),
        (SELL_STOP_LIMIT, 1.099, 1.0985, Retcode.INVALID_PRICE),
    ],
)
def test_the_limit_of_a_stop_limit_lies_beyond_its_stop(
    kind: OrderType, price: float, limit: float, retcode: Retcode
) -> None:
    stops = {"sl": round(limit - (0.001 if kind == BUY_STOP_LIMIT else -0.001), 5)} if limit else {}
    assert quoted().pend(kind, 0.1, price, stop_limit=limit, **stops).retcode == retcode


@pytest.mark.parametrize(
    ("fields", "retcode"),
    [
        ({"symbol": "NOPE"}, Retcode.INVALID),
        ({"filling": OrderFilling.IOC}, Retcode.INVALID_FILL),
        ({"filling": OrderFilling.BOC}, Retcode.INVALID_FILL),
        ({"filling": OrderFilling.FOK}, Retcode.DONE),
        ({"sl": 1.0995}, Retcode.INVALID_STOPS),
        ({"tp": 1.0985}, Retcode.INVALID_STOPS),
        ({"time_type": OrderTime.SPECIFIED, "expiration_s": NOON_S}, Retcode.INVALID_EXPIRATION),
        ({"time_type": OrderTime.SPECIFIED, "expiration_s": NOON_S + 60}, Retcode.DONE),
        ({"time_type": OrderTime.SPECIFIED_DAY, "expiration_s": NOON_S - DAY_S}, Retcode.INVALID_EXPIRATION),
        ({"time_type": OrderTime.SPECIFIED_DAY, "expiration_s": NOON_S - 3600}, Retcode.DONE),
        ({"time_type": OrderTime.DAY}, Retcode.DONE),
    ],
)
def test_what_is_checked_before_an_order_stands(fields: dict[str, Any], retcode: Retcode) -> None:
    venue = quoted()
    assert venue.pend(BUY_LIMIT, 0.1, 1.099, **fields).retcode == retcode
    assert len(venue.terminal.orders()) == (retcode == Retcode.DONE)


def test_a_volume_off_its_step_is_10014() -> None:
    assert quoted().pend(BUY_LIMIT, 0.001, 1.099).retcode == Retcode.INVALID_VOLUME


def test_a_symbol_that_lists_book_or_cancel_takes_it_for_limits() -> None:
    spec = msgspec.structs.replace(EURUSD, filling_flags=FillingFlag.BOC)
    assert quoted(spec).pend(BUY_LIMIT, 0.1, 1.099, filling=OrderFilling.BOC).retcode == Retcode.DONE
    assert quoted(spec).pend(BUY_STOP, 0.1, 1.101, filling=OrderFilling.BOC).retcode == Retcode.INVALID_FILL


@pytest.mark.parametrize(
    ("mode", "retcode"),
    [
        (SymbolTradeMode.DISABLED, Retcode.TRADE_DISABLED),
        (SymbolTradeMode.SHORTONLY, Retcode.SHORT_ONLY),
        (SymbolTradeMode.CLOSEONLY, Retcode.CLOSE_ONLY),
    ],
)
def test_a_symbol_that_takes_no_new_positions_takes_no_orders(mode: SymbolTradeMode, retcode: Retcode) -> None:
    spec = msgspec.structs.replace(EURUSD, trade_mode=mode)
    assert quoted(spec).pend(BUY_LIMIT, 0.1, 1.099).retcode == retcode


def test_limits_of_orders_volume_and_money() -> None:
    crowded = quoted(limit_orders=1)
    crowded.pend(BUY_LIMIT, 0.1, 1.099)
    assert crowded.pend(SELL_LIMIT, 0.1, 1.101).retcode == Retcode.LIMIT_ORDERS
    limited = quoted(msgspec.structs.replace(EURUSD, volume_limit=0.3))
    limited.open(1, 0.1)
    limited.pend(BUY_LIMIT, 0.1, 1.099)
    assert limited.pend(BUY_STOP, 0.2, 1.101).retcode == Retcode.LIMIT_VOLUME
    assert limited.open(1, 0.2).retcode == Retcode.LIMIT_VOLUME
    assert limited.pend(SELL_STOP, 0.3, 1.099).retcode == Retcode.DONE
    assert limited.pend(BUY_STOP, 0.1, 1.101).retcode == Retcode.DONE
    poor = quoted(deposit=100.0, pending_margin_fraction=1.0)
    assert poor.pend(BUY_LIMIT, 0.5, 1.099).retcode == Retcode.NO_MONEY  # 109.90
    assert poor.pend(BUY_LIMIT, 0.4, 1.099).retcode == Retcode.DONE
    assert poor.terminal.money().margin == 87.92
    assert quoted(deposit=100.0).pend(BUY_LIMIT, 0.5, 1.099).retcode == Retcode.DONE


def test_outside_the_session_nothing_is_placed_changed_or_removed() -> None:
    venue = Venue()
    venue.quote(1.1, 1.1002)
    ticket = venue.pend(BUY_LIMIT, 0.1, 1.099).order_ticket
    venue.quote(1.1, 1.1002, after_msc=5 * DAY_MSC)
    assert venue.pend(BUY_LIMIT, 0.1, 1.099).retcode == Retcode.MARKET_CLOSED
    assert venue.change(ticket, 1.098).retcode == Retcode.MARKET_CLOSED
    assert venue.cancel(ticket).retcode == Retcode.MARKET_CLOSED


# -- changing ----------------------------------------------------------------------------------------------------------


def test_new_terms_replace_the_old_ones() -> None:
    venue = quoted()
    ticket = venue.pend(BUY_LIMIT, 0.1, 1.099).order_ticket
    terms = {"sl": 1.097, "tp": 1.2, "time_type": OrderTime.SPECIFIED, "expiration_s": NOON_S + 600}
    assert venue.change(ticket, 1.098, **terms).retcode == Retcode.DONE
    (order,) = venue.terminal.orders()
    assert (order.price_open, order.sl, order.tp, order.time_expiration_s) == (1.098, 1.097, 1.2, NOON_S + 600)
    detail = venue.terminal.order_detail(ticket)
    assert detail is not None
    assert (detail.time_type, detail.filling, detail.reason) == (
        OrderTime.SPECIFIED,
        OrderFilling.RETURN,
        DealReason.EXPERT,
    )
    assert venue.change(ticket, 1.098, **terms).retcode == Retcode.NO_CHANGES
    assert venue.change(ticket, 1.101).retcode == Retcode.INVALID_PRICE
    assert venue.change(ticket, 1.098, sl=1.099).retcode == Retcode.INVALID_STOPS
    assert venue.change(ticket + 1, 1.098).retcode == Retcode.INVALID


def test_within_the_freeze_level_an_order_stays_as_it_is() -> None:
    venue = quoted(msgspec.structs.replace(EURUSD, freeze_level_points=50))
    ticket = venue.pend(BUY_LIMIT, 0.1, 1.099).order_ticket
    venue.quote(1.0993, 1.0995)
    assert venue.change(ticket, 1.098).retcode == Retcode.FROZEN
    assert venue.cancel(ticket).retcode == Retcode.FROZEN
    venue.quote(1.0994, 1.09951)
    assert venue.cancel(ticket).retcode == Retcode.DONE


def test_a_removed_order_is_in_the_history() -> None:
    venue = quoted()
    ticket = venue.pend(BUY_LIMIT, 0.1, 1.099).order_ticket
    venue.terminal.take_changes()
    venue.quote(1.1, 1.1002, after_msc=5000)
    assert venue.cancel(ticket).retcode == Retcode.DONE
    (order,) = venue.terminal.order_history
    assert (order.state, order.volume_current) == (OrderState.CANCELED, 0.1)
    detail = venue.terminal.order_detail(ticket)
    assert detail is not None
    assert detail.time_done_msc == venue.clock_msc > order.time_setup_msc
    update = venue.terminal.take_changes()
    assert update is not None
    assert (update.orders, update.orders_gone) == ((), (ticket,))
    assert venue.cancel(ticket).retcode == Retcode.INVALID


# -- expiry ------------------------------------------------------------------------------------------------------------


@given(st.sampled_from(OrderTime), st.integers(0, 10**9), st.integers(0, 10**9))
def test_expiry_is_a_moment_or_the_end_of_a_day(time_type: OrderTime, now_s: int, expiration_s: int) -> None:
    found = expiry_msc(time_type, expiration_s, now_s * 1000)
    if time_type == OrderTime.GTC:
        assert found == NEVER_MSC
    elif time_type == OrderTime.SPECIFIED:
        assert found == expiration_s * 1000
    else:
        day_of = now_s if time_type == OrderTime.DAY else expiration_s
        assert found % (DAY_S * 1000) == 0
        assert 0 < found - day_of * 1000 <= DAY_S * 1000


@pytest.mark.parametrize(
    ("time_type", "expiration_s", "stands_s"),
    [
        (OrderTime.SPECIFIED, NOON_S + 600, 598),
        (OrderTime.DAY, 0, 12 * 3600 - 2),
        (OrderTime.SPECIFIED_DAY, NOON_S + DAY_S, 36 * 3600 - 2),
    ],
)
def test_an_order_expires_at_the_first_tick_at_or_after_its_time(
    time_type: OrderTime, expiration_s: int, stands_s: int
) -> None:
    venue = quoted()  # the clock stands at noon and one second
    ticket = venue.pend(BUY_LIMIT, 0.1, 1.099, time_type=time_type, expiration_s=expiration_s).order_ticket
    ticks = ticks_of([(1.1, 1.1002)] * 3, start_msc=venue.clock_msc + stands_s * 1000, step_msc=1000)
    assert venue.terminal.scan(0, ticks, 0, 3) == 1
    assert venue.quote(1.1, 1.1002, after_msc=stands_s * 1000) is not None  # placing it is told
    assert len(venue.terminal.orders()) == 1
    update = venue.quote(1.098, 1.0982, after_msc=1000)  # too late for the price
    assert update is not None
    assert (update.orders_gone, update.deals) == ((ticket,), ())
    assert venue.terminal.order_history[-1].state == OrderState.EXPIRED


# -- filling -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "price", "near", "reached", "filled_at"),
    [
        (BUY_LIMIT, 1.099, (1.09881, 1.09901), (1.0988, 1.099), 1.099),
        (BUY_LIMIT, 1.099, (1.09881, 1.09901), (1.0970, 1.0972), 1.0972),
        (SELL_LIMIT, 1.101, (1.10099, 1.10119), (1.101, 1.1012), 1.101),
        (SELL_LIMIT, 1.101, (1.10099, 1.10119), (1.1025, 1.1027), 1.1025),
        (BUY_STOP, 1.101, (1.10079, 1.10099), (1.1008, 1.101), 1.101),
        (BUY_STOP, 1.101, (1.10079, 1.10099), (1.1020, 1.1022), 1.1022),
        (SELL_STOP, 1.099, (1.09901, 1.09921), (1.099, 1.0992), 1.099),
        (SELL_STOP, 1.099, (1.09901, 1.09921), (1.0975, 1.0977), 1.0975),
    ],
)
def test_an_order_is_filled_at_the_quote_that_reaches_it(
    kind: OrderType, price: float, near: tuple[float, float], reached: tuple[float, float], filled_at: float
) -> None:
    """After a gap a limit is better than its price and a stop worse."""
    venue = quoted()
    side = 1 if kind in (BUY_LIMIT, BUY_STOP) else -1
    levels = {"sl": round(price - side * 0.01, 5), "tp": round(price + side * 0.01, 5)}
    ticket = venue.pend(kind, 0.1, price, comment="mine", **levels).order_ticket
    venue.terminal.take_changes()
    assert venue.quote(*near) is None
    update = venue.quote(*reached)
    assert update is not None
    (deal,) = update.deals
    assert (deal.order_ticket, deal.position_id, deal.entry, deal.price) == (ticket, ticket, DealEntry.IN, filled_at)
    assert (deal.reason, deal.magic, deal.comment, deal.volume) == (DealReason.EXPERT, 770_001, "mine", 0.1)
    (position,) = update.positions
    assert (position.position_ticket, position.side, position.price_open) == (ticket, side, filled_at)
    assert (position.sl, position.tp, position.comment) == (levels["sl"], levels["tp"], "mine")
    assert (position.time_msc, update.orders_gone) == (venue.clock_msc, (ticket,))
    (order,) = venue.terminal.order_history
    assert (order.type, order.state, order.volume_current, order.position_id) == (kind, OrderState.FILLED, 0.0, ticket)
    assert order.time_setup_msc < venue.clock_msc


@pytest.mark.parametrize(
    ("kind", "price", "limit", "stop_quote", "limit_quote", "becomes"),
    [
        (BUY_STOP_LIMIT, 1.101, 1.1005, (1.1009, 1.1011), (1.1003, 1.1005), BUY_LIMIT),
        (SELL_STOP_LIMIT, 1.099, 1.0995, (1.0989, 1.0991), (1.0995, 1.0997), SELL_LIMIT),
    ],
)
def test_a_stop_limit_becomes_a_limit_under_its_ticket(
    kind: OrderType,
    price: float,
    limit: float,
    stop_quote: tuple[float, float],
    limit_quote: tuple[float, float],
    becomes: OrderType,
) -> None:
    venue = quoted()
    ticket = venue.pend(kind, 0.1, price, stop_limit=limit).order_ticket
    update = venue.quote(*stop_quote)
    assert update is not None
    (order,) = update.orders
    assert (order.order_ticket, order.type, order.price_open) == (ticket, becomes, limit)
    assert order.state == OrderState.PLACED
    assert update.deals == ()
    filled = venue.quote(*limit_quote)
    assert filled is not None
    assert [(deal.order_ticket, deal.price) for deal in filled.deals] == [(ticket, limit)]


def test_a_gap_over_order_and_target_opens_and_closes_at_one_tick() -> None:
    venue = quoted()
    venue.pend(BUY_STOP, 0.1, 1.101, tp=1.102)
    venue.quote(1.103, 1.1032)
    assert [(deal.reason, deal.price) for deal in venue.terminal.deals[1:]] == [
        (DealReason.EXPERT, 1.1032),
        (DealReason.TP, 1.103),
    ]


def test_slippage_worsens_a_stop_and_leaves_a_limit() -> None:
    venue = quoted(slippage_points=3.0)
    venue.pend(BUY_STOP, 0.1, 1.101)
    venue.pend(SELL_LIMIT, 0.1, 1.1008)
    venue.quote(1.1008, 1.101)
    assert [deal.price for deal in venue.terminal.deals[1:]] == [1.10103, 1.1008]


def test_orders_are_filled_in_the_order_of_their_tickets_and_by_hand_stays_by_hand() -> None:
    venue = quoted()
    first = venue.pend(BUY_STOP, 0.1, 1.102).order_ticket
    second = venue.pend(BUY_STOP, 0.2, 1.101).order_ticket
    venue.quote(1.103, 1.1032)
    assert [deal.order_ticket for deal in venue.terminal.deals[1:]] == [first, second]


@pytest.mark.parametrize(
    ("profile", "spec"), [({"deposit": 20.0}, {}), ({"limit_positions": 1}, {}), ({}, {"volume_limit": 0.1})]
)
def test_an_order_without_room_is_canceled_when_it_is_reached(profile: dict[str, Any], spec: dict[str, Any]) -> None:
    venue = quoted(msgspec.structs.replace(EURUSD, **spec), **profile)
    ticket = venue.pend(BUY_STOP, 0.1, 1.101).order_ticket
    if not spec:
        venue.open(1, 0.02)
    else:
        venue.terminal._market.specs = (msgspec.structs.replace(venue.terminal.specs[0], volume_limit=0.05),)
    venue.quote(1.1012, 1.1014)
    assert venue.terminal.orders() == ()
    order = venue.terminal.order_history[-1]
    assert (order.order_ticket, order.state, order.volume_current) == (ticket, OrderState.CANCELED, 0.1)


@pytest.mark.parametrize(
    ("filling", "state", "volume"),
    [(OrderFilling.RETURN, OrderState.FILLED, 0.5), (OrderFilling.IOC, OrderState.CANCELED, 0.2)],
)
def test_a_partial_fill_waits_on_or_ends_as_the_filling_says(
    filling: OrderFilling, state: OrderState, volume: float
) -> None:
    spec = msgspec.structs.replace(EURUSD, filling_flags=FillingFlag.FOK | FillingFlag.IOC)
    venue = quoted(spec, fills=ScriptedFills([FAIR, Disturbance(fill_fraction=0.4)]))
    ticket = venue.pend(BUY_LIMIT, 0.5, 1.1, filling=filling).order_ticket
    update = venue.quote(1.0998, 1.1)
    assert update is not None
    if filling == OrderFilling.RETURN:
        assert [(one.state, one.volume_current, one.volume_initial) for one in update.orders] == [
            (OrderState.PARTIAL, 0.3, 0.5)
        ]
        venue.quote(1.0996, 1.0998)
    (position,) = venue.terminal.positions()
    assert (position.position_ticket, position.volume) == (ticket, volume)
    assert position.price_open == pytest.approx(1.09988 if volume == 0.5 else 1.1)
    assert venue.terminal.order_history[-1].state == state
    assert [deal.order_ticket for deal in venue.terminal.deals[1:]] == [ticket] * (2 if volume == 0.5 else 1)


@pytest.mark.parametrize(
    ("fault", "state"),
    [
        (Disturbance(retcode=Retcode.REJECT), OrderState.REJECTED),
        (Disturbance(fill_fraction=0.4), OrderState.CANCELED),
    ],
)
def test_an_order_that_must_be_filled_in_whole_and_cannot_ends(fault: Disturbance, state: OrderState) -> None:
    venue = quoted(fills=ScriptedFills([FAIR, fault]))
    venue.pend(BUY_LIMIT, 0.5, 1.1, filling=OrderFilling.FOK)
    venue.quote(1.0998, 1.1)
    assert venue.terminal.positions() == ()
    assert [one.state for one in venue.terminal.order_history] == [state]


def test_outside_its_session_an_order_waits_for_the_opening() -> None:
    venue = Venue()
    venue.quote(1.1, 1.1002)
    venue.pend(BUY_LIMIT, 0.1, 1.099)
    venue.quote(1.09, 1.0902, after_msc=5 * DAY_MSC)  # Saturday
    assert len(venue.terminal.orders()) == 1
    venue.quote(1.095, 1.0952, after_msc=2 * DAY_MSC)
    assert venue.terminal.deals[-1].price == 1.0952


def test_the_stop_out_drops_the_order_that_reserves_most_before_it_closes_anything() -> None:
    venue = quoted(deposit=1000.0, pending_margin_fraction=1.0)
    position = venue.open(1, 1.0).order_ticket
    small = venue.pend(SELL_LIMIT, 0.5, 1.15).order_ticket
    large = venue.pend(BUY_LIMIT, 2.0, 1.05).order_ticket
    venue.quote(1.0916, 1.0918)  # 140 of 1000 USD are left; 220 are used, 115 and 420 reserved
    assert [one.order_ticket for one in venue.terminal.orders()] == [small]
    assert venue.terminal.order_history[-1].order_ticket == large
    assert [one.position_ticket for one in venue.terminal.positions()] == [position]
    venue.quote(1.0904, 1.0906)  # 20 are left: neither order nor position can stay
    assert venue.terminal.orders() == ()
    assert venue.terminal.deals[-1].reason == DealReason.SO


def test_orders_that_reserve_nothing_survive_a_stop_out() -> None:
    venue = quoted(deposit=1000.0)
    venue.open(1, 1.0)
    venue.pend(BUY_LIMIT, 2.0, 1.05)
    venue.quote(1.0904, 1.0906)
    assert venue.terminal.deals[-1].reason == DealReason.SO
    assert len(venue.terminal.orders()) == 1


# -- a real server -----------------------------------------------------------------------------------------------------


@pytest.mark.reference
def test_the_pending_orders_of_a_real_account(reference: Path) -> None:
    """Five pending orders of a hedging gold account: position under the order's ticket, SL and TP carried, prices."""
    path = reference / "mt5_reports" / "account" / "vantage_demo_XAUUSD_ReportHistory_2026_08_anonymised.csv"
    with path.open(encoding="utf-8-sig") as lines:
        rows = list(csv.reader(lines))
    deals = {row[7]: row for row in rows if len(row) > 7 and row[4] == "in"}
    orders = [row for row in rows if len(row) > 9 and row[9] == "filled" and row[3] in ("buy limit", "buy stop")]
    assert len(orders) == 5
    for row in orders:
        kind = OrderType[row[3].upper().replace(" ", "_")]
        price, volume, deal = float(row[5]), float(row[4].split(" / ")[0]), deals[row[1]]
        setup, done = (msc_of(row[at]) for at in (0, 8))
        venue = Venue(open_all_week(XAUUSD), start_msc=setup - 1000)
        away = 0.5 if kind == BUY_LIMIT else -0.5
        venue.quote(price + away - 0.2, price + away)
        ticket = venue.pend(kind, volume, price, sl=float(row[6] or 0.0)).order_ticket
        venue.quote(round(price - 0.2, 2), price, after_msc=done - setup)
        made = venue.terminal.deals[-1]
        assert (made.order_ticket, made.position_id, made.time_msc) == (ticket, ticket, msc_of(deal[0]))
        assert (made.volume, made.price, made.entry) == (float(deal[5]), float(deal[6]), DealEntry.IN)
        assert venue.terminal.order_history[-1].time_setup_msc == setup


def msc_of(moment: str) -> int:
    return int(datetime.strptime(moment, "%Y.%m.%d %H:%M:%S").replace(tzinfo=UTC).timestamp()) * 1000
