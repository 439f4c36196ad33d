"""Where a position ends that nobody tends: at its first stop, at its target, by the clock, or not at all.

Stop and target close it as in `sim.matching`, at the quote of the tick that reaches them; the clock as position care
does (`strategy.positions`): after a time, before the weekend, before midnight. Nothing moves the stop, nothing is
closed in part, and whatever else the account holds does not matter.
"""

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from domain.jit import njit
from domain.pricing import SymbolMoney, position_profit, rounded_price
from domain.trading import DealReason
from risk.hours import day_left_s, triple_swap_left_s, week_left_s
from sim.matching import Rows, close_reason, first_at, is_quote

BLOCK_TICKS: Final = 64
"""Ticks that are passed over at once where their highest and lowest quotes reach no level."""

OPEN: Final = -1
"""The reason of what has not ended by the last tick."""

_BY_CLOCK: Final = int(DealReason.EXPERT)
_TP: Final = int(DealReason.TP)
_OPEN: Final = OPEN
_BLOCK: Final = BLOCK_TICKS
_MS_PER_S: Final = 1000

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Hours(NamedTuple):
    """By which clock a position ends [s, 0: off]; `week_end_s` and `triple_day` as in `risk.hours`."""

    max_holding_s: float
    weekend_close_s: float
    rollover_close_s: float
    triple_swap_close_s: float
    week_end_s: int
    triple_day: int


class Endings(NamedTuple):
    """How positions ended, arrays of shape (n,).

    `reason` is a `DealReason` (SL, TP, EXPERT: by the clock) or OPEN, `time_msc` the time of the closing tick [ms,
    broker's clock] and `price` its fill, `profit` that of one lot without costs and `risk` what one lot would lose at
    the stop [account money]; of what is still open they are those of the last tick.
    """

    reason: Ints
    time_msc: Ints
    price: Floats
    profit: Floats
    risk: Floats


class Fills(NamedTuple):
    """How a symbol's deals are filled and priced: `slippage` [price] worsens all of them but targets."""

    slippage: float
    tick_size: float
    digits: int
    money: SymbolMoney


@njit
def block_ranges(ticks: Rows) -> Floats:
    """Lowest and highest bid, lowest and highest ask of each block of `ticks` (TICK_DTYPE), shape (blocks, 4)."""
    blocks = (ticks.shape[0] + _BLOCK - 1) // _BLOCK
    ranges = np.empty((blocks, 4))
    ranges[:, 0::2] = np.inf
    ranges[:, 1::2] = -np.inf
    for index in range(ticks.shape[0]):
        bid, ask, block = ticks[index].bid, ticks[index].ask, ranges[index // _BLOCK]
        if is_quote(bid, ask):
            block[0], block[1] = min(block[0], bid), max(block[1], bid)
            block[2], block[3] = min(block[2], ask), max(block[3], ask)
    return ranges


@njit
def _due_msc(hours: Hours, now_msc: int, opened_msc: int) -> float:
    """When the clock next ends the position, as seen at `now_msc` [ms, broker's clock]; not after it: now."""
    now_s, due_s = now_msc // _MS_PER_S, math.inf
    if hours.weekend_close_s > 0.0:
        due_s = now_s + week_left_s(hours.week_end_s, now_s) - hours.weekend_close_s
    if hours.rollover_close_s > 0.0:
        due_s = min(due_s, now_s + day_left_s(now_s) - hours.rollover_close_s)
    if hours.triple_swap_close_s > 0.0:
        due_s = min(due_s, now_s + triple_swap_left_s(hours.triple_day, now_s) - hours.triple_swap_close_s)
    old_msc = opened_msc + hours.max_holding_s * _MS_PER_S if hours.max_holding_s > 0.0 else math.inf
    return min(due_s * _MS_PER_S, old_msc)


@njit
def _is_quiet(levels: Rows, quotes: Floats) -> bool:
    """Whether no quote of a block (`block_ranges`) reaches the stop or the target of `levels` (one row)."""
    row = levels[0]
    if row.side > 0:
        return bool(quotes[0] > row.sl and quotes[1] < row.tp)
    return bool(quotes[3] < row.sl and quotes[2] > row.tp)


@njit
def _end_of(entry: Rows, opened_msc: int, ticks: Rows, ranges: Floats, hours: Hours) -> tuple[int, int]:
    """Index of the tick at which the entry (one row) ends, and why; of one that does not, the last tick and OPEN."""
    count = ticks.shape[0]
    at, due_msc = first_at(ticks, 0, count, opened_msc) + 1, _due_msc(hours, opened_msc, opened_msc)
    while at < count:
        stop = min(count, (at // _BLOCK + 1) * _BLOCK)
        if ticks[stop - 1].time_msc < due_msc and _is_quiet(entry, ranges[at // _BLOCK]):
            at = stop
            continue
        for index in range(at, stop):
            tick = ticks[index]
            if not is_quote(tick.bid, tick.ask):
                continue
            reason = close_reason(entry[0], tick.bid, tick.ask)
            if reason >= 0:
                return index, reason
            if tick.time_msc >= due_msc:
                due_msc = _due_msc(hours, tick.time_msc, opened_msc)
                if tick.time_msc >= due_msc:
                    return index, _BY_CLOCK
        at = stop
    return count - 1, _OPEN


@njit
def _worsened(price: float, side: int, fills: Fills) -> float:
    if fills.slippage == 0.0:
        return price
    return rounded_price(price + side * fills.slippage, fills.tick_size, fills.digits)


@njit
def followed(
    entries: Rows, opened_msc: Ints, ticks: Rows, ranges: Floats, fills: Fills, buys: Hours, sells: Hours
) -> Endings:
    """Follow `entries` of one symbol (fields side, price, sl, tp; shape (n,)) through its `ticks` (TICK_DTYPE).

    `opened_msc` [ms, broker's clock] is the time of each entry's tick, at whose quote, `price`, it is filled; `ranges`
    are the ticks' `block_ranges`.
    """
    count = entries.shape[0]
    found = Endings(
        np.empty(count, np.int64), np.empty(count, np.int64), np.empty(count), np.empty(count), np.empty(count)
    )
    for index in range(count):
        entry = entries[index]
        side = int(entry.side)
        hours = buys if side > 0 else sells
        at, reason = _end_of(entries[index : index + 1], opened_msc[index], ticks, ranges, hours)
        opened = _worsened(entry.price, side, fills)
        quote = ticks[at].bid if side > 0 else ticks[at].ask
        closed = quote if reason == _TP else _worsened(quote, -side, fills)
        found.reason[index], found.time_msc[index], found.price[index] = reason, ticks[at].time_msc, closed
        found.profit[index] = position_profit(side, 1.0, opened, closed, fills.money)
        found.risk[index] = -position_profit(side, 1.0, opened, entry.sl, fills.money)
    return found
