"""The size of an entry, and the gates that judge it."""

import math
from typing import Final, NamedTuple

from domain.jit import njit_inlined
from domain.pricing import SymbolMoney, loss_per_price, money_per_price, notional_value, required_margin
from risk.levels import Levels, reward_to_risk
from risk.limits import Limits
from risk.portfolio import StakeRules, exposure_after, lots_for_exposure, lots_for_open_risk
from risk.sizing import Budget, Size, VolumeRules, reaches, sized
from strategy.entry_rules import EntryRules, SymbolRules
from strategy.entry_views import EntryView, MoneyView
from strategy.gates import Gate
from strategy.verdicts import Gates, judge

_RISK_LOTS: Final = int(Gate.RISK_LOTS)
_LEVERAGE: Final = int(Gate.LEVERAGE)
_FREE_MARGIN: Final = int(Gate.FREE_MARGIN)
_VOLUME_LIMIT: Final = int(Gate.VOLUME_LIMIT)
_KELLY: Final = int(Gate.KELLY)
_SLACK: Final = 1.0 + 1e-9  # lots that use a limit up come back from their division a bit above it
_CURRENCY_EXPOSURE: Final = int(Gate.CURRENCY_EXPOSURE)
_OPEN_RISK: Final = int(Gate.OPEN_RISK)


class Plan(NamedTuple):
    """An entry that still lacks its size: `risk_per_lot` is the loss of one lot at the stop, all costs included."""

    side: int
    levels: Levels
    limits: Limits
    risk_per_lot: float


@njit_inlined
def risk_per_lot(levels: Levels, symbol: SymbolRules, money: SymbolMoney) -> float:
    """What one lot loses at its stop, slippage and commission included [account money]; the spread is in the levels."""
    distance = levels.stop_distance + symbol.slippage
    return distance * loss_per_price(levels.sl, money) + symbol.commission_per_lot


@njit_inlined
def net_reward_to_risk(levels: Levels, symbol: SymbolRules, money: SymbolMoney) -> float:
    """Reward over risk of one lot after slippage and commission; NaN where a level is none."""
    # MT5 reads a level of 0 as "none": an entry whose stop or target lies below the price axis has no known risk
    if not min(levels.sl, levels.tp) > 0.0:
        return math.nan
    reward = (abs(levels.tp - levels.price) - symbol.slippage) * money_per_price(levels.tp, money)
    risk = (levels.stop_distance + symbol.slippage) * loss_per_price(levels.sl, money)
    return reward_to_risk(reward, risk, symbol.commission_per_lot)


@njit_inlined
def size_of(plan: Plan, view: EntryView, rules: EntryRules, symbol: SymbolRules, money: SymbolMoney) -> Size:
    """The size that every limit allows."""
    held, stake = view.money, view.stake
    per_lot = notional_value(1.0, plan.levels.price, money)
    budget = Budget(
        held.equity * plan.limits.risk_fraction,
        plan.risk_per_lot,
        held.equity,
        plan.limits.max_leverage,
        held.notional_open,
        held.margin_free * rules.sizing.max_margin_fraction,
        held.equity * view.evidence.kelly_fraction,
        lots_for_exposure(plan.side, held.equity * rules.stake.max_currency_exposure, stake.exposure, per_lot),
        lots_for_open_risk(held.equity * rules.stake.max_open_risk_fraction, stake.open_risk, plan.risk_per_lot),
    )
    volume = VolumeRules(
        symbol.volume_min,
        symbol.volume_max,
        symbol.volume_step,
        symbol.volume_limit,
        held.volume_buy if plan.side > 0 else held.volume_sell,
    )
    return sized(plan.side, plan.levels.price, budget, volume, money)


@njit_inlined
def _volume_room(side: int, view: MoneyView, symbol: SymbolRules) -> float:
    """Lots the symbol's own limits leave for one more entry on `side` [lots]."""
    if symbol.volume_limit <= 0.0:
        return symbol.volume_max
    return min(symbol.volume_limit - (view.volume_buy if side > 0 else view.volume_sell), symbol.volume_max)


@njit_inlined
def _judge_lots(gates: Gates, seat: int, lots: float, symbol: SymbolRules) -> None:
    judge(gates, seat, lots, symbol.volume_min, reaches(lots, symbol.volume_min, symbol.volume_step))


@njit_inlined
def _judge_kelly(size: Size, plan: Plan, view: EntryView, symbol: SymbolRules, gates: Gates) -> None:
    """The part of equity Kelly lets this entry risk, against what the smallest volume would risk."""
    equity = view.money.equity
    least = symbol.volume_min * plan.risk_per_lot / equity if equity > 0.0 else math.inf
    enough = reaches(size.kelly_lots, symbol.volume_min, symbol.volume_step)
    judge(gates, _KELLY, view.evidence.kelly_fraction, least, enough)


@njit_inlined
def _judge_stake(
    tried: float, plan: Plan, view: EntryView, rules: StakeRules, money: SymbolMoney, gates: Gates
) -> None:
    """Net value of a currency and risk of everything open, with the entry, as parts of equity."""
    equity = view.money.equity
    value = notional_value(tried, plan.levels.price, money)
    exposure = exposure_after(plan.side, value, view.stake.exposure) / equity if equity > 0.0 else math.inf
    limit = rules.max_currency_exposure
    judge(gates, _CURRENCY_EXPOSURE, exposure, limit, exposure <= limit * _SLACK)
    risk = (view.stake.open_risk + tried * plan.risk_per_lot) / equity if equity > 0.0 else math.inf
    judge(gates, _OPEN_RISK, risk, rules.max_open_risk_fraction, risk <= rules.max_open_risk_fraction * _SLACK)


@njit_inlined
def judge_size(
    size: Size,
    plan: Plan,
    view: EntryView,
    rules: EntryRules,
    symbol: SymbolRules,
    money: SymbolMoney,
    gates: Gates,
) -> None:
    """Write the gates of the size; leverage and margin with the size of all limits, at least the smallest volume."""
    held, price = view.money, plan.levels.price
    tried = max(size.lots, symbol.volume_min)
    _judge_lots(gates, _RISK_LOTS, size.risk_lots, symbol)
    after = held.notional_open + notional_value(tried, price, money)
    leverage = after / held.equity if held.equity > 0.0 else math.inf
    judge(gates, _LEVERAGE, leverage, plan.limits.max_leverage, leverage <= plan.limits.max_leverage)
    margin = required_margin(plan.side, tried, price, money)
    available = held.margin_free * rules.sizing.max_margin_fraction
    judge(gates, _FREE_MARGIN, margin, available, margin <= available)
    _judge_lots(gates, _VOLUME_LIMIT, _volume_room(plan.side, held, symbol), symbol)
    _judge_kelly(size, plan, view, symbol, gates)
    _judge_stake(tried, plan, view, rules.stake, money, gates)
