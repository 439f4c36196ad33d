"""Margin call and stop-out."""

import math
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.pricing import rounded_money
from domain.symbols import SymbolSpec
from domain.trading import DealEntry, DealReason
from sim import matching
from sim.matching import POSITION_DTYPE, QUOTE_DTYPE, TriggerLevels
from tests.sim.venues import EURUSD, MONDAY_MSC, PROFILE, USDJPY, Venue, open_all_week, ticks_of

NO_LEVELS = TriggerLevels(-math.inf, math.inf, -math.inf, math.inf)
SIDES = st.sampled_from([1, -1])


def small_account(deposit: float, *specs: SymbolSpec, **changes: Any) -> Venue:  # noqa: ANN401 - fields of the profile
    """Leverage 1:500: a lot of EURUSD at 1.1 takes 220 USD of margin."""
    profile = msgspec.structs.replace(PROFILE, deposit=deposit, **changes)
    venue = Venue(*(specs or (open_all_week(EURUSD),)), profile=profile)
    venue.quote(1.1, 1.1)
    return venue


def test_at_the_stop_out_level_a_position_is_closed_at_the_quote() -> None:
    venue = small_account(1000.0)
    ticket = venue.open(1, 1.0, comment="mine").order_ticket
    venue.quote(1.09045, 1.09045)  # 45 of 220 USD are left: 20.45 %
    assert venue.terminal.margin_call
    assert len(venue.terminal.positions()) == 1
    update = venue.quote(1.09044, 1.09044)  # 44: 20.00 %
    assert update is not None
    assert update.positions_gone == (ticket,)
    (deal,) = update.deals
    assert (deal.entry, deal.reason, deal.price, deal.profit) == (DealEntry.OUT, DealReason.SO, 1.09044, -956.0)
    assert deal.comment == "[so 20.00%/44.00/220.00]"
    assert deal.magic == 770_001
    assert venue.terminal.money().balance == 44.0
    assert not venue.terminal.margin_call


@pytest.mark.parametrize(("fraction", "left", "called"), [(0.4, 88.0, True), (0.4, 88.01, False), (0.5, 110.0, True)])
def test_the_margin_call_is_a_state_and_closes_nothing(fraction: float, left: float, called: bool) -> None:
    rich = small_account(1000.0 + left - 220.0, margin_call_fraction=fraction)
    rich.open(1, 1.0)
    rich.quote(1.0922, 1.0922)  # 780 USD lost
    assert rich.terminal.money().equity == pytest.approx(left)
    assert rich.terminal.margin_call is called
    assert len(rich.terminal.positions()) == 1


def test_the_largest_loss_goes_first_and_no_more_than_needed() -> None:
    venue = small_account(1000.0)
    winner = venue.open(-1, 0.5).order_ticket
    small, large, last = (venue.open(1, volume).order_ticket for volume in (0.2, 1.5, 0.3))
    assert venue.terminal.money().margin == 440.0
    venue.quote(1.0939, 1.0939)  # the sell has won 305, the buys have lost 122, 915 and 183
    assert venue.terminal.money().equity == 85.0  # 19.3 %
    exits = [deal.position_id for deal in venue.terminal.deals if deal.reason == DealReason.SO]
    assert exits == [large]
    assert [one.position_ticket for one in venue.terminal.positions()] == [winner, small, last]
    assert venue.terminal.money().margin == 110.0


def test_after_a_gap_all_may_go_and_the_balance_may_end_below_zero() -> None:
    venue = small_account(1000.0)
    tickets = [venue.open(1, volume).order_ticket for volume in (1.0, 2.0)]
    venue.quote(1.05, 1.05)
    exits = venue.terminal.deals[-2:]
    assert [deal.position_id for deal in exits] == tickets[::-1]
    assert [deal.reason for deal in exits] == [DealReason.SO] * 2
    assert venue.terminal.money().balance == 1000.0 - 15_000.0
    assert venue.terminal.positions() == ()


def test_a_stop_loss_that_is_reached_goes_before_the_stop_out() -> None:
    venue = small_account(1000.0)
    venue.open(1, 1.0, sl=1.095)
    venue.open(1, 1.0)
    venue.quote(1.094, 1.094)
    assert [deal.reason for deal in venue.terminal.deals[-2:]] == [DealReason.SL, DealReason.SO]


def test_a_position_that_cannot_be_closed_now_is_passed_over() -> None:
    """The yen is asleep; the euro pays for it."""
    asleep = msgspec.structs.replace(USDJPY, sessions=((0, 60),))
    venue = small_account(1000.0, open_all_week(EURUSD), msgspec.structs.replace(asleep, sessions=()))
    venue.quote(150.0, 150.0, symbol_index=1)
    venue.open(1, 0.6, symbol="USDJPY")
    euro = venue.open(1, 1.0).order_ticket
    venue.terminal._market.specs = (venue.terminal.specs[0], asleep)
    venue.quote(148.0, 148.0, symbol_index=1)  # 811 USD lost; its own ticks close nothing
    assert len(venue.terminal.positions()) == 2
    venue.quote(1.098, 1.098)
    assert [deal.position_id for deal in venue.terminal.deals if deal.reason == DealReason.SO] == [euro]
    assert [one.symbol for one in venue.terminal.positions()] == ["USDJPY"]


def test_a_tick_of_a_symbol_without_positions_stops_nobody_out() -> None:
    venue = small_account(1000.0, open_all_week(EURUSD), open_all_week(USDJPY))
    venue.open(1, 1.0)
    ticks = ticks_of([(150.0, 150.0)] * 3, start_msc=venue.clock_msc + 1)
    assert venue.terminal.scan(1, ticks, 0, 3) == 3


@pytest.mark.parametrize("fraction", [0.0, 0.2])
def test_without_margin_or_without_a_level_there_is_no_stop_out(fraction: float) -> None:
    free = msgspec.structs.replace(open_all_week(EURUSD), margin_hedged=0.0)
    venue = small_account(1000.0, free, stop_out_fraction=fraction)
    venue.open(1, 1.0)
    if fraction:
        venue.open(-1, 1.0)  # a full hedge that needs no margin has no margin level
        venue.quote(1.1, 1.2)
    else:
        venue.quote(1.08, 1.08)
    assert venue.terminal.money().equity < 0.0
    assert DealReason.SO not in {deal.reason for deal in venue.terminal.deals}


def test_a_stop_out_slips_as_a_market_order_does() -> None:
    venue = small_account(1000.0, slippage_points=3.0)
    venue.open(1, 1.0)
    venue.quote(1.0904, 1.0904)
    assert venue.terminal.deals[-1].price == 1.09037


def test_the_scan_waits_for_the_stop_out_of_either_side() -> None:
    for side, price in ((1, 1.0904), (-1, 1.1096)):
        venue = small_account(1000.0)
        venue.open(side, 1.0)
        ticks = ticks_of([(1.1, 1.1), (1.095, 1.105), (price, price)], start_msc=MONDAY_MSC + 5000)
        assert venue.terminal.scan(0, ticks, 0, 3) == 2


@given(
    st.lists(st.tuples(SIDES, st.integers(1, 300), st.integers(-50, 50)), min_size=1, max_size=5),
    st.sampled_from([0, 1]),
    st.floats(-2000.0, 2000.0),
    st.floats(-400, 400),
    st.floats(0, 60),
)
def test_between_the_levels_the_account_is_solvent(
    rows: list[tuple[int, int, int]], symbol: int, cushion: float, move: float, widening: float
) -> None:
    """Pairs whose profit is in dollars, and those where the price itself converts it."""
    specs, base = (EURUSD, USDJPY), (1.1, 150.0)[symbol]
    venue = Venue(*specs)
    moneys = venue.terminal._market.money_rows
    positions = np.zeros(len(rows), POSITION_DTYPE)
    for line, (side, steps, offset) in zip(positions, rows, strict=True):
        line["symbol_index"], line["side"], line["volume"] = symbol, side, steps / 100
        line["price_open"] = base * (1 + offset / 10_000)
    quotes = np.array([(1.1, 1.1, 1), (150.0, 150.0, 1)], QUOTE_DTYPE)
    levels = matching.solvent_levels(positions, symbol, quotes, moneys, cushion, np.inf, NO_LEVELS)
    bid = base * (1 + move / 10_000)
    ask = bid + base * widening / 10_000
    quotes[symbol] = (bid, ask, 2)
    ticks = ticks_of([(bid, ask)])
    equity = rounded_money(cushion + matching.floating_profit(positions, quotes, moneys), 2)
    if matching.first_trigger(ticks, 0, 1, levels) == 1:
        assert equity > 0.0


@pytest.mark.parametrize("symbol", [0, 1])
@pytest.mark.parametrize("side", [1, -1])
def test_with_one_side_the_level_is_where_the_stop_out_comes(symbol: int, side: int) -> None:
    venue, base = Venue(EURUSD, USDJPY), (1.1, 150.0)[symbol]
    moneys = venue.terminal._market.money_rows
    positions = np.zeros(1, POSITION_DTYPE)
    positions["symbol_index"], positions["side"], positions["volume"], positions["price_open"] = symbol, side, 1.0, base
    quotes = np.array([(1.1, 1.1, 1), (150.0, 150.0, 1)], QUOTE_DTYPE)
    levels = matching.solvent_levels(positions, symbol, quotes, moneys, 500.0, np.inf, NO_LEVELS)
    at = levels.bid_floor if side > 0 else levels.ask_ceiling
    quotes[symbol] = (at, at, 2)
    assert 0.0 <= 500.0 + matching.floating_profit(positions, quotes, moneys) <= 0.06
    assert (levels.bid_ceiling, levels.ask_floor) == (math.inf, -math.inf)


def test_with_both_sides_each_may_lose_half() -> None:
    moneys = Venue(EURUSD).terminal._market.money_rows
    positions = np.zeros(2, POSITION_DTYPE)
    positions["side"], positions["volume"], positions["price_open"] = (1, -1), 1.0, 1.1
    quotes = np.array([(1.1, 1.1, 1)], QUOTE_DTYPE)
    levels = matching.solvent_levels(positions, 0, quotes, moneys, 500.0, np.inf, NO_LEVELS)
    assert levels.bid_floor == pytest.approx(1.0975, abs=1e-6)
    assert levels.ask_ceiling == pytest.approx(1.1025, abs=1e-6)
