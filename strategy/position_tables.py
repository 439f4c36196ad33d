"""One open position between the tables and its decision: what it sees, and what goes on record."""

import math
from typing import Final

from domain.jit import njit_bare
from domain.pricing import money_per_price, notional_value
from risk.hours import day_left_s, triple_swap_left_s, week_left_s
from risk.legs import LegRules
from risk.trailing import best_of, cost_distance
from strategy.gates import DecisionKind
from strategy.news import event_left_s
from strategy.position_rules import CareRules, FillRules, HoursRules, NewsRules, StopRules
from strategy.position_views import CalendarView, ClockView, FillView, PositionView
from strategy.tables import Table
from strategy.views import World, equity_of, money_of, news_window_s

_NS_PER_S: Final = 1_000_000_000
_POSITION: Final = int(DecisionKind.POSITION)


@njit_bare
def care_rules_of(rules: Table, row: int) -> CareRules:
    """Position thresholds of the chart on `row`."""
    s, g, f, h = rules[row].care_stops, rules[row].care_legs, rules[row].care_fill, rules[row].care_hours
    n = rules[row].care_news
    return CareRules(
        StopRules(s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7], s[8]),
        LegRules(g[0], g[1], g[2], g[3], g[4], g[5], g[6], g[7]),
        FillRules(f[0], f[1], f[2]),
        HoursRules(h[0], h[1], h[2], h[3], h[4]),
        NewsRules(n[0], n[1], n[2]),
    )


@njit_bare
def position_view(world: World, symbol_row: int, row: int, now_ns: int, server_offset_s: int) -> PositionView:
    """The position on `row`, which is one of the symbol on `symbol_row`, as it looks at `now_ns` [UTC ns]."""
    p = world.positions[row]
    symbol = world.symbols[symbol_row]
    money = money_of(world.symbols, symbol_row)
    swap = symbol.swap_buy if p.side > 0 else symbol.swap_sell
    server_s = now_ns // _NS_PER_S + server_offset_s
    return PositionView(
        p.side,
        p.volume,
        p.initial_lots,
        p.price_open,
        p.sl,
        p.tp,
        p.initial_risk,
        symbol.bid,
        symbol.ask,
        world.charts[p.chart].atr,
        p.best_price,
        cost_distance(p.volume, symbol.commission_per_lot, p.swap, money_per_price(p.price_open, money)),
        FillView(
            p.planned_lots,
            p.planned_price,
            p.planned_sl,
            p.planned_slippage,
            money_per_price(p.planned_sl, money) if p.planned_sl > 0.0 else math.nan,
            symbol.commission_per_lot,
        ),
        ClockView(
            (now_ns - p.opened_ns) / _NS_PER_S,
            week_left_s(symbol.week_end_s, server_s),
            day_left_s(server_s),
            triple_swap_left_s(symbol.triple_swap_day if swap < 0.0 else -1, server_s),
        ),
        calendar_view(world, symbol_row, now_ns),
    )


@njit_bare
def calendar_view(world: World, symbol: int, now_ns: int) -> CalendarView:
    """What the calendar says of positions on `symbol` at `now_ns` [UTC ns]."""
    window_s = news_window_s(world, symbol, now_ns)
    if math.isnan(window_s):
        return CalendarView(math.nan, math.nan, math.nan)
    ahead_s = event_left_s(world.symbols, world.moments, symbol, now_ns)
    return CalendarView(ahead_s, window_s, held_in_windows(world, now_ns) if window_s <= 0.0 else 0.0)


@njit_bare
def held_in_windows(world: World, now_ns: int) -> float:
    """Market value of all positions whose symbol is inside a window / equity; infinite without equity."""
    total, equity = 0.0, equity_of(world)
    for row in range(world.account[0].positions):
        position = world.positions[row]
        if news_window_s(world, position.symbol, now_ns) > 0.0:
            continue
        symbol = world.symbols[position.symbol]
        price = symbol.bid if position.side > 0 else symbol.ask
        if price <= 0.0:
            price = position.price_open
        total += notional_value(position.volume, price, money_of(world.symbols, position.symbol))
    return total / equity if equity > 0.0 else math.inf


@njit_bare
def write_position(record: Table, view: PositionView, ticket: int) -> None:
    """Put on record what a decision on a position saw; `recorded_view` reads it back."""
    line = record[0]
    line.kind = _POSITION
    line.bar_time = 0
    line.side = view.side
    line.bound = 0
    line.setup = 0
    line.position_ticket = ticket
    line.price = view.bid if view.side > 0 else view.ask
    line.score = math.nan
    line.atr = view.atr
    line.atr_baseline = math.nan
    line.slippage = view.fill.planned_slippage
    seen, fill, clock = line.position, view.fill, view.clock
    seen[0], seen[1], seen[2] = view.volume, view.initial_lots, view.price_open
    seen[3], seen[4], seen[5] = view.sl, view.tp, view.initial_risk
    seen[6], seen[7] = view.best_price, view.cost
    seen[8], seen[9], seen[10] = fill.planned_lots, fill.planned_price, fill.planned_sl
    seen[11], seen[12] = fill.money_per_price, fill.cost_per_lot
    seen[13], seen[14], seen[15], seen[16] = clock.age_s, clock.week_left_s, clock.day_left_s, clock.triple_left_s
    seen[17], seen[18], seen[19] = view.calendar.event_left_s, view.calendar.window_left_s, view.calendar.held_leverage


@njit_bare
def recorded_view(record: Table) -> PositionView:
    """What the decision in `record` (DECISION_DTYPE, one row, on a position) saw."""
    line = record[0]
    s = line.position
    return PositionView(
        line.side,
        s[0],
        s[1],
        s[2],
        s[3],
        s[4],
        s[5],
        line.bid,
        line.ask,
        line.atr,
        s[6],
        s[7],
        FillView(s[8], s[9], s[10], line.slippage, s[11], s[12]),
        ClockView(s[13], s[14], s[15], s[16]),
        CalendarView(s[17], s[18], s[19]),
    )


@njit_bare
def note_bar(world: World, chart: int, bar: Table, server_offset_s: int) -> None:
    """Hang the positions that `chart` looks after from the best price of a closed `bar` (RATES_DTYPE, one row).

    A bar that ended before a position was opened says nothing about it. Bars are made of bids: a sell closes a spread
    above its low.
    """
    high, low = bar[0].high, bar[0].low + bar[0].spread * world.symbols[world.charts[chart].symbol].point
    since = bar[0].time + world.charts[chart].period_s
    for row in range(world.account[0].positions):
        position = world.positions[row]
        if position.chart == chart and position.opened_ns // _NS_PER_S + server_offset_s < since:
            position.best_price = best_of(position.side, position.best_price, high if position.side > 0 else low)
