"""The decision on an entry, one call at the close of a bar; `strategy.positions` decides on what is open.

Live, simulated and backtested trading all end here. Pure: everything arrives as an argument, nothing is remembered.
Every call writes for each gate its value, its threshold and its verdict, whatever it decides.
"""

import math
from typing import Final, NamedTuple

import numpy as np

from domain.jit import njit_inlined
from domain.pricing import SymbolMoney
from risk.levels import Levels, entry_levels, stop_distance_for, target_distance_for
from risk.limits import Limits, effective_limits
from risk.volatility import volatility_ratio, volatility_scale
from strategy.entry_rules import EntryRules, HoldingRules, LevelRules, MarketRules, SymbolRules, ToneRules
from strategy.entry_safety import judge_safety
from strategy.entry_size import Plan, judge_size, net_reward_to_risk, risk_per_lot, size_of
from strategy.entry_views import EntryView, HoldingView, MarketView, NewsView
from strategy.gates import GATE_SEATS, NO_GATE, Action, Gate
from strategy.verdicts import Gates, first_refusal, judge, vacate

_HOLD: Final = int(Action.HOLD)
_BUY: Final = int(Action.BUY)
_SELL: Final = int(Action.SELL)
_TRADING_ALLOWED: Final = int(Gate.TRADING_ALLOWED)
_WARM_UP: Final = int(Gate.WARM_UP)
_SESSION: Final = int(Gate.SESSION)
_WEEKEND: Final = int(Gate.WEEKEND)
_ROLLOVER: Final = int(Gate.ROLLOVER)
_SPREAD: Final = int(Gate.SPREAD)
_NEWS: Final = int(Gate.NEWS)
_SENTIMENT: Final = int(Gate.SENTIMENT)
_CONFLUENCE: Final = int(Gate.CONFLUENCE)
_REWARD_TO_RISK: Final = int(Gate.REWARD_TO_RISK)
_DUPLICATE: Final = int(Gate.DUPLICATE)
_SYMBOL_POSITIONS: Final = int(Gate.SYMBOL_POSITIONS)
_MAX_SYMBOLS: Final = int(Gate.MAX_SYMBOLS)
_VOLATILITY: Final = int(Gate.VOLATILITY)
_NO_GATE: Final = NO_GATE
_POINT_FRACTIONS: Final = 1e4
_ALWAYS_JUDGED: Final = {int(gate) for gate in Gate if gate <= Gate.ROLLOVER} - {_NEWS}
_VACATED: Final = tuple(sorted(set(range(GATE_SEATS)) - _ALWAYS_JUDGED))
"""Seats that some entry may not be judged by: to clear the others first would be work done twice."""


class EntryDecision(NamedTuple):
    """What to do at the close of a bar, under which limits.

    `refused_by` is the first refusing gate or NO_GATE, `bound` a `sizing.Bound`, `tone_scale` what sentiment left of
    the risk.
    """

    action: int
    side: int
    lots: float
    price: float
    sl: float
    tp: float
    threshold: float
    reward_to_risk: float
    bound: int
    refused_by: int
    tone_scale: float
    limits: Limits


@njit_inlined
def score_threshold_for(atr: float, atr_baseline: float, rules: MarketRules) -> float:
    """Score an entry needs: the base threshold, raised in proportion to ATR above its average, up to the maximum."""
    ratio = volatility_ratio(atr, atr_baseline)
    if math.isnan(ratio):
        return ratio
    return min(rules.score_threshold_max, rules.score_threshold * max(1.0, ratio))


@njit_inlined
def _in_points(distance: float, point: float) -> float:
    """`distance` [price] in points, without the binary noise that would put 20 points above a limit of 20."""
    return float(np.floor(distance / point * _POINT_FRACTIONS + 0.5) / _POINT_FRACTIONS)


@njit_inlined
def _judge_market(view: MarketView, rules: MarketRules, symbol: SymbolRules, gates: Gates) -> None:
    judge(gates, _TRADING_ALLOWED, view.trading_allowed, 1.0, view.trading_allowed >= 1.0)
    judge(gates, _WARM_UP, view.bars_seen, view.bars_needed, view.bars_seen >= view.bars_needed)
    left, buffer = view.session_left_s, rules.session_close_buffer_s
    judge(gates, _SESSION, left, buffer, left > buffer)
    judge(gates, _WEEKEND, view.week_left_s, rules.weekend_buffer_s, view.week_left_s > rules.weekend_buffer_s)
    judge(gates, _ROLLOVER, view.midnight_s, rules.rollover_buffer_s, view.midnight_s >= rules.rollover_buffer_s)
    spread = _in_points(view.ask - view.bid, symbol.point)
    # in wild hours ATR would excuse any spread: its average is the other yardstick
    usual = min(view.atr, view.atr_baseline)
    limit = min(rules.max_spread_points, rules.max_spread_atr_fraction * usual / symbol.point)
    judge(gates, _SPREAD, spread, limit, 0.0 <= spread <= limit)
    ratio = volatility_ratio(view.atr, view.atr_baseline)
    judge(gates, _VOLATILITY, ratio, rules.max_ratio, ratio <= rules.max_ratio)


@njit_inlined
def _judge_news(view: NewsView, gates: Gates) -> None:
    if view.heard > 0.0:
        judge(gates, _NEWS, view.left_s, 0.0, view.left_s > 0.0)


@njit_inlined
def _judge_tone(side: int, tone: float, rules: ToneRules, gates: Gates) -> float:
    """Write the gate of sentiment, on the side of the entry; the part of its risk that a lesser tone leaves it."""
    if math.isnan(tone):
        return 1.0
    towards = side * tone
    lowest = -rules.block_tone if rules.block_tone > 0.0 else -math.inf
    judge(gates, _SENTIMENT, towards, lowest, towards > lowest)
    return rules.reduced_risk if rules.reduce_tone > 0.0 and towards <= -rules.reduce_tone else 1.0


@njit_inlined
def _judge_holdings(side: int, view: HoldingView, rules: HoldingRules, gates: Gates) -> None:
    since = view.since_same_sell_s if side < 0 else view.since_same_buy_s
    judge(gates, _DUPLICATE, since, rules.duplicate_window_s, since >= rules.duplicate_window_s)
    held = view.symbol_positions
    judge(gates, _SYMBOL_POSITIONS, held + 1.0, rules.max_symbol_positions, held + 1.0 <= rules.max_symbol_positions)
    judge(
        gates, _MAX_SYMBOLS, view.other_symbols + 1.0, rules.max_symbols, view.other_symbols + 1.0 <= rules.max_symbols
    )


@njit_inlined
def _levels_of(side: int, view: MarketView, rules: LevelRules, symbol: SymbolRules) -> Levels:
    distance = stop_distance_for(
        view.atr,
        rules.stop_atr,
        symbol.stops_level,
        view.ask - view.bid,
        symbol.tick_size,
        rules.max_stop_baseline_atr * view.atr_baseline,
    )
    target = target_distance_for(view.atr, rules.target_atr, symbol.stops_level, symbol.tick_size)
    return entry_levels(side, view.bid, view.ask, distance, target, symbol.tick_size, symbol.digits)


@njit_inlined
def decide_entry(
    view: EntryView, rules: EntryRules, symbol: SymbolRules, money: SymbolMoney, gates: Gates
) -> EntryDecision:
    """Decide on an entry at the close of a bar and write every gate into `gates` (shape (GATE_SEATS, 3)).

    All gates are judged even after one has refused, on the side the score points to (buy where it is 0 or unknown), so
    that a record shows everything that stood in the way. A value that is NaN is UNKNOWN, and unknown refuses.
    """
    for seat in _VACATED:
        vacate(gates, seat)
    market = view.market
    side = -1 if market.score < 0.0 else 1
    _judge_market(market, rules.market, symbol, gates)
    _judge_news(view.news, gates)
    threshold = score_threshold_for(market.atr, market.atr_baseline, rules.market)
    judge(gates, _CONFLUENCE, abs(market.score), threshold, abs(market.score) >= threshold)
    levels = _levels_of(side, market, rules.levels, symbol)
    ratio = net_reward_to_risk(levels, symbol, money)
    least = rules.levels.min_reward_to_risk
    judge(gates, _REWARD_TO_RISK, ratio, least, ratio >= least)
    _judge_holdings(side, view.holdings, rules.holdings, gates)
    judge_safety(view.safety, rules.streak, gates)
    tone_scale = _judge_tone(side, view.news.tone, rules.sentiment, gates)
    calm = volatility_scale(volatility_ratio(market.atr, market.atr_baseline), rules.market.calm_ratio)
    limits = effective_limits(rules.limits, view.standing, view.steering, calm * tone_scale)
    plan = Plan(side, levels, limits, risk_per_lot(levels, symbol, money))
    size = size_of(plan, view, rules, symbol, money)
    judge_size(size, plan, view, rules, symbol, money, gates)
    refused_by = first_refusal(gates)
    acts = refused_by == _NO_GATE and size.lots > 0.0
    action = (_BUY if side > 0 else _SELL) if acts else _HOLD
    lots = size.lots if acts else 0.0
    placed = levels.price, levels.sl, levels.tp
    return EntryDecision(action, side, lots, *placed, threshold, ratio, size.bound, refused_by, tone_scale, limits)
