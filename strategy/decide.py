"""The decision on an entry, one call at the close of a bar; `strategy.positions` decides on what is open.

Live, simulated and backtested trading all end here. Pure: everything arrives as an argument, nothing is remembered.
Every call writes for each gate its value, its threshold and its verdict, whatever it decides.
"""

import math
from typing import Final, NamedTuple

import numpy as np

from domain.jit import njit
from domain.pricing import SymbolMoney, loss_per_price, money_per_price, notional_value, required_margin
from risk.levels import Levels, entry_levels, reward_to_risk, stop_distance_for, target_distance_for
from risk.sizing import Budget, Size, VolumeRules, floored_lots, sized
from strategy.gates import NO_GATE, Action, Gate
from strategy.verdicts import Gates, clear, first_refusal, judge

_HOLD: Final = int(Action.HOLD)
_BUY: Final = int(Action.BUY)
_SELL: Final = int(Action.SELL)
_TRADING_ALLOWED: Final = int(Gate.TRADING_ALLOWED)
_WARM_UP: Final = int(Gate.WARM_UP)
_SESSION: Final = int(Gate.SESSION)
_SPREAD: Final = int(Gate.SPREAD)
_CONFLUENCE: Final = int(Gate.CONFLUENCE)
_REWARD_TO_RISK: Final = int(Gate.REWARD_TO_RISK)
_DUPLICATE: Final = int(Gate.DUPLICATE)
_SYMBOL_POSITIONS: Final = int(Gate.SYMBOL_POSITIONS)
_MAX_SYMBOLS: Final = int(Gate.MAX_SYMBOLS)
_RISK_LOTS: Final = int(Gate.RISK_LOTS)
_LEVERAGE: Final = int(Gate.LEVERAGE)
_FREE_MARGIN: Final = int(Gate.FREE_MARGIN)
_VOLUME_LIMIT: Final = int(Gate.VOLUME_LIMIT)
_NO_GATE: Final = NO_GATE
_POINT_FRACTIONS: Final = 1e4


class SymbolRules(NamedTuple):
    """What a decision needs of a symbol: `stops_level` [price], `commission_per_lot` of a round turn [money]."""

    digits: int
    point: float
    tick_size: float
    volume_min: float
    volume_max: float
    volume_step: float
    volume_limit: float
    stops_level: float
    commission_per_lot: float


class EntryRules(NamedTuple):
    """Thresholds of the entry gates; meaning, unit and range stand in `strategy.params.EntrySettings`."""

    score_threshold: float
    score_threshold_max: float
    stop_atr: float
    target_atr: float
    min_reward_to_risk: float
    max_spread_points: float
    max_spread_atr_fraction: float
    session_close_buffer_s: float
    duplicate_window_s: float
    max_symbol_positions: float
    max_symbols: float
    risk_fraction: float
    max_leverage: float
    max_margin_fraction: float


class EntryView(NamedTuple):
    """The world at the close of a bar.

    `score` in -1..1 (NaN while warming up); `atr`, `atr_baseline` [price]; `session_left_s` [s] until the trade session
    ends, 0 outside; `since_same_signal_s` [s] since an entry on the same set-up, one value per side (buy, sell);
    `symbol_positions` counts positions and entries in flight on this symbol, `other_symbols` the other symbols in use;
    `volume_buy`, `volume_sell` [lots] are held; money is the account's.
    """

    trading_allowed: float
    bars_seen: float
    bars_needed: float
    session_left_s: float
    bid: float
    ask: float
    score: float
    atr: float
    atr_baseline: float
    since_same_buy_s: float
    since_same_sell_s: float
    symbol_positions: float
    other_symbols: float
    volume_buy: float
    volume_sell: float
    equity: float
    margin_free: float
    notional_open: float


class EntryDecision(NamedTuple):
    """What to do at the close of a bar: `refused_by` the first refusing gate or NO_GATE, `bound` a `sizing.Bound`."""

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


@njit
def score_threshold_for(atr: float, atr_baseline: float, rules: EntryRules) -> float:
    """Score an entry needs: the base threshold, raised in proportion to ATR above its average, up to the maximum."""
    excess = atr / atr_baseline if atr_baseline > 0.0 else math.nan
    if math.isnan(excess):
        return excess
    return min(rules.score_threshold_max, rules.score_threshold * max(1.0, excess))


@njit
def _in_points(distance: float, point: float) -> float:
    """`distance` [price] in points, without the binary noise that would put 20 points above a limit of 20."""
    return float(np.floor(distance / point * _POINT_FRACTIONS + 0.5) / _POINT_FRACTIONS)


@njit
def _judge_market(view: EntryView, rules: EntryRules, symbol: SymbolRules, gates: Gates) -> None:
    spread = _in_points(view.ask - view.bid, symbol.point)
    limit = min(rules.max_spread_points, rules.max_spread_atr_fraction * view.atr / symbol.point)
    judge(gates, _TRADING_ALLOWED, view.trading_allowed, 1.0, view.trading_allowed >= 1.0)
    judge(gates, _WARM_UP, view.bars_seen, view.bars_needed, view.bars_seen >= view.bars_needed)
    judge(
        gates,
        _SESSION,
        view.session_left_s,
        rules.session_close_buffer_s,
        view.session_left_s > rules.session_close_buffer_s,
    )
    judge(gates, _SPREAD, spread, limit, 0.0 <= spread <= limit)


@njit
def _judge_portfolio(side: int, view: EntryView, rules: EntryRules, gates: Gates) -> None:
    since = view.since_same_sell_s if side < 0 else view.since_same_buy_s
    judge(gates, _DUPLICATE, since, rules.duplicate_window_s, since >= rules.duplicate_window_s)
    held = view.symbol_positions
    judge(gates, _SYMBOL_POSITIONS, held + 1.0, rules.max_symbol_positions, held + 1.0 <= rules.max_symbol_positions)
    judge(
        gates, _MAX_SYMBOLS, view.other_symbols + 1.0, rules.max_symbols, view.other_symbols + 1.0 <= rules.max_symbols
    )


@njit
def _volume_room(side: int, view: EntryView, symbol: SymbolRules) -> float:
    """Lots the symbol's own limits leave for one more entry on `side` [lots]."""
    if symbol.volume_limit <= 0.0:
        return symbol.volume_max
    return min(symbol.volume_limit - (view.volume_buy if side > 0 else view.volume_sell), symbol.volume_max)


@njit
def _judge_size(
    side: int,
    size: Size,
    price: float,
    view: EntryView,
    rules: EntryRules,
    symbol: SymbolRules,
    money: SymbolMoney,
    gates: Gates,
) -> None:
    tried = max(size.lots, symbol.volume_min)
    judge(
        gates,
        _RISK_LOTS,
        size.risk_lots,
        symbol.volume_min,
        floored_lots(size.risk_lots, symbol.volume_step) >= symbol.volume_min,
    )
    leverage = (
        (view.notional_open + notional_value(tried, price, money)) / view.equity if view.equity > 0.0 else math.inf
    )
    judge(gates, _LEVERAGE, leverage, rules.max_leverage, leverage <= rules.max_leverage)
    margin = required_margin(side, tried, price, money)
    available = view.margin_free * rules.max_margin_fraction
    judge(gates, _FREE_MARGIN, margin, available, margin <= available)
    room = _volume_room(side, view, symbol)
    judge(gates, _VOLUME_LIMIT, room, symbol.volume_min, floored_lots(room, symbol.volume_step) >= symbol.volume_min)


@njit
def _size_of(
    side: int, levels: Levels, view: EntryView, rules: EntryRules, symbol: SymbolRules, money: SymbolMoney
) -> Size:
    per_price = loss_per_price(levels.sl, money)
    budget = Budget(
        view.equity * rules.risk_fraction,
        levels.stop_distance * per_price + symbol.commission_per_lot,
        view.equity,
        rules.max_leverage,
        view.notional_open,
        view.margin_free * rules.max_margin_fraction,
    )
    volume = VolumeRules(
        symbol.volume_min,
        symbol.volume_max,
        symbol.volume_step,
        symbol.volume_limit,
        view.volume_buy if side > 0 else view.volume_sell,
    )
    return sized(side, levels.price, budget, volume, money)


@njit
def decide_entry(
    view: EntryView, rules: EntryRules, symbol: SymbolRules, money: SymbolMoney, gates: Gates
) -> EntryDecision:
    """Decide on an entry at the close of a bar and write every gate into `gates` (shape (GATE_SEATS, 3)).

    All gates are judged even after one has refused, on the side the score points to (buy where it is 0 or unknown), so
    that a record shows everything that stood in the way. A value that is NaN is UNKNOWN, and unknown refuses.
    """
    clear(gates)
    side = -1 if view.score < 0.0 else 1
    _judge_market(view, rules, symbol, gates)
    threshold = score_threshold_for(view.atr, view.atr_baseline, rules)
    judge(gates, _CONFLUENCE, abs(view.score), threshold, abs(view.score) >= threshold)
    distance = stop_distance_for(view.atr, rules.stop_atr, symbol.stops_level, view.ask - view.bid, symbol.tick_size)
    target = target_distance_for(view.atr, rules.target_atr, symbol.stops_level, symbol.tick_size)
    levels = entry_levels(side, view.bid, view.ask, distance, target, symbol.tick_size, symbol.digits)
    reward = abs(levels.tp - levels.price) * money_per_price(levels.tp, money)
    risk = levels.stop_distance * loss_per_price(levels.sl, money)
    # MT5 reads a level of 0 as "none": an entry whose stop or target lies below the price axis has no known risk
    ratio = reward_to_risk(reward, risk, symbol.commission_per_lot) if min(levels.sl, levels.tp) > 0.0 else math.nan
    judge(gates, _REWARD_TO_RISK, ratio, rules.min_reward_to_risk, ratio >= rules.min_reward_to_risk)
    _judge_portfolio(side, view, rules, gates)
    size = _size_of(side, levels, view, rules, symbol, money)
    _judge_size(side, size, levels.price, view, rules, symbol, money, gates)
    refused_by = first_refusal(gates)
    if refused_by != _NO_GATE or size.lots <= 0.0:
        return EntryDecision(
            _HOLD, side, 0.0, levels.price, levels.sl, levels.tp, threshold, ratio, size.bound, refused_by
        )
    action = _BUY if side > 0 else _SELL
    return EntryDecision(
        action, side, size.lots, levels.price, levels.sl, levels.tp, threshold, ratio, size.bound, _NO_GATE
    )
