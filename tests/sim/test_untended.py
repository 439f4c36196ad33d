"""Positions left alone: cases worked out by hand, and every tick looked at instead of whole blocks."""

import math
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from domain.dtypes import TICK_DTYPE
from domain.pricing import symbol_money
from domain.trading import DealReason
from risk.hours import week_left_s
from sim.profiles import justmarkets_symbol
from sim.untended import BLOCK_TICKS, OPEN, Endings, Fills, Hours, block_ranges, followed
from strategy.tally import EPISODE_DTYPE

SPEC = justmarkets_symbol("EURUSD")
MONEY = symbol_money(SPEC, "USD", 8, 500)
SPREAD = 0.00010
NEVER = Hours(0.0, 0.0, 0.0, 0.0, -1, -1)
MONDAY_MSC = 4 * 86_400_000  # 1970-01-05, 00:00
HOUR_MSC = 3_600_000

Rows = NDArray[np.void]


def ticks_of(bids: list[float], start_msc: int = MONDAY_MSC, step_msc: int = HOUR_MSC) -> Rows:
    ticks = np.zeros(len(bids), TICK_DTYPE)
    ticks["bid"] = bids
    ticks["ask"] = np.round(np.array(bids) + SPREAD, 5)
    ticks["time_msc"] = start_msc + step_msc * np.arange(len(bids))
    return ticks


def entry(side: int, price: float, sl: float, tp: float) -> Rows:
    row = np.zeros(1, EPISODE_DTYPE)
    row["side"], row["price"], row["sl"], row["tp"] = side, price, sl, tp
    return row


def follow(entries: Rows, ticks: Rows, hours: Hours = NEVER, slippage: float = 0.0, opened: int = 0) -> Endings:
    fills = Fills(slippage, SPEC.tick_size, SPEC.digits, MONEY)
    opened_msc = np.full(len(entries), ticks["time_msc"][opened], np.int64)
    return followed(entries, opened_msc, ticks, block_ranges(ticks), fills, hours, hours)


class Case(NamedTuple):
    """A position at 1.10010 or 1.10000, the bids from there on, and what it comes to for one lot [USD]."""

    side: int
    sl: float
    tp: float
    bids: list[float]
    reason: DealReason
    closed: float
    profit: float
    slippage: float = 0.0


CASES = [
    # the ask is a pip above: 1.09910 is no stop of a buy yet, and the gap goes through it to 1.09880
    Case(1, 1.09900, 1.10200, [1.1000, 1.0991, 1.0988, 1.1030], DealReason.SL, 1.09880, -130.0),
    Case(1, 1.09900, 1.10200, [1.1000, 1.1019, 1.1021, 1.0980], DealReason.TP, 1.10210, 200.0),
    # a sell ends by the ask: a bid of 1.09900 is not its target yet
    Case(-1, 1.10150, 1.09900, [1.1000, 1.0990, 1.0988, 1.1030], DealReason.TP, 1.09890, 110.0),
    Case(-1, 1.10150, 1.09900, [1.1000, 1.1013, 1.1015, 1.0880], DealReason.SL, 1.10160, -160.0),
    # two points worse at the opening and at the stop, at the opening alone where it is a target
    Case(1, 1.09900, 1.10200, [1.1000, 1.0990], DealReason.SL, 1.09898, -114.0, slippage=0.00002),
    Case(1, 1.09900, 1.10200, [1.1000, 1.1020], DealReason.TP, 1.10200, 188.0, slippage=0.00002),
]


@pytest.mark.parametrize("case", CASES)
def test_by_hand(case: Case) -> None:
    price = 1.1001 if case.side > 0 else 1.1
    found = follow(entry(case.side, price, case.sl, case.tp), ticks_of(case.bids), slippage=case.slippage)
    assert found.reason[0] == case.reason
    assert found.price[0] == pytest.approx(case.closed, abs=1e-9)
    assert found.profit[0] == pytest.approx(case.profit, abs=1e-4)
    assert found.risk[0] == pytest.approx((abs(price - case.sl) + case.slippage) * 1e5, abs=1e-4)


def test_the_quote_of_the_opening_ends_nothing() -> None:
    assert follow(entry(1, 1.1001, 1.0990, 1.1020), ticks_of([1.0980, 1.1000])).reason[0] == OPEN
    assert follow(entry(1, 1.1001, 1.0990, 1.1020), ticks_of([1.0980, 1.1000]), opened=1).reason[0] == OPEN


@pytest.mark.parametrize(
    ("hours", "hour"),
    [
        (NEVER._replace(max_holding_s=5 * 3600.0), 5),
        (NEVER._replace(rollover_close_s=1800.0), None),  # no tick in the half hour before midnight
        (NEVER._replace(rollover_close_s=3600.0), 23),
        (NEVER._replace(weekend_close_s=3600.0, week_end_s=3 * 86_400), 47),  # the week ends on Tuesday's midnight
        (NEVER._replace(triple_swap_close_s=7200.0, triple_day=3), 70),
        (NEVER._replace(triple_swap_close_s=7200.0), None),
        (NEVER._replace(max_holding_s=30 * 3600.0, rollover_close_s=7200.0), 22),
    ],
)
def test_by_the_clock(hours: Hours, hour: int | None) -> None:
    ticks = ticks_of([1.1000] * 100)
    found = follow(entry(1, 1.1001, 1.0, 1.2), ticks, hours)
    assert found.reason[0] == (OPEN if hour is None else DealReason.EXPERT)
    assert found.time_msc[0] == ticks["time_msc"][99 if hour is None else hour]


def test_a_week_that_ends_between_two_ticks_is_held_over() -> None:
    """Position care asks at ticks alone: after the weekend, its next end is a week away."""
    ticks = ticks_of([1.1, 1.1, 1.1, 1.1], step_msc=4 * 86_400_000)
    hours = NEVER._replace(weekend_close_s=3600.0, week_end_s=6 * 86_400)
    assert [week_left_s(hours.week_end_s, int(at) // 1000) > 3600.0 for at in ticks["time_msc"]] == [True] * 4
    assert follow(entry(1, 1.1001, 1.0, 1.2), ticks, hours).reason[0] == OPEN


def plainly(row: np.void, ticks: Rows, hours: Hours) -> tuple[int, int]:
    """Every tick, one by one."""
    side, opened = int(row["side"]), int(ticks["time_msc"][0])
    for at in range(1, len(ticks)):
        bid, ask, now = float(ticks["bid"][at]), float(ticks["ask"][at]), int(ticks["time_msc"][at])
        if not (0.0 < bid < math.inf and 0.0 < ask < math.inf):
            continue
        price = bid if side > 0 else ask
        if (price - row["sl"]) * side <= 0.0:
            return at, DealReason.SL
        if (price - row["tp"]) * side >= 0.0:
            return at, DealReason.TP
        over = 0.0 < hours.max_holding_s <= (now - opened) / 1000
        if over or week_left_s(hours.week_end_s, now // 1000) <= hours.weekend_close_s:
            return at, DealReason.EXPERT
    return len(ticks) - 1, OPEN


@given(
    seed=st.integers(0, 2**32),
    side=st.sampled_from([-1, 1]),
    stop=st.integers(20, 600),
    target=st.integers(20, 900),
    holding_h=st.sampled_from([0.0, 7.5, 200.0]),
    weekend_s=st.sampled_from([0.0, 1800.0, 40_000.0]),
)
@settings(max_examples=60)
def test_whole_blocks_are_passed_over_without_loss(
    seed: int, side: int, stop: int, target: int, holding_h: float, weekend_s: float
) -> None:
    dice = np.random.default_rng(seed)
    ticks = ticks_of(list(1.1 + np.cumsum(dice.normal(0, 0.0004, 5 * BLOCK_TICKS + 17)).round(5)))
    ticks["bid"][dice.integers(1, len(ticks), 5)] = np.nan
    ticks["ask"][dice.integers(1, len(ticks), 5)] = 0.0
    price = float(ticks["ask" if side > 0 else "bid"][0])
    row = entry(side, price, round(price - side * stop * 1e-5, 5), round(price + side * target * 1e-5, 5))
    hours = NEVER._replace(max_holding_s=holding_h * 3600.0, weekend_close_s=weekend_s, week_end_s=5 * 86_400)
    found = follow(row, ticks, hours)
    at, reason = plainly(row[0], ticks, hours)
    assert (int(found.reason[0]), int(found.time_msc[0])) == (reason, int(ticks["time_msc"][at]))
