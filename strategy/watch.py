"""Watches equity: latches guards at the tick that crosses, begins the broker's day, says how far prices may move.

A guard looks at equity only where it could matter: inside a `Band` of prices and a time no mark moves and no guard
changes, so that nearly all ticks are passed over.
"""

import math
from typing import Final, NamedTuple

from domain.jit import njit_bare
from domain.pricing import SymbolMoney, money_per_price, notional_value
from domain.timeframes import DAY_S
from risk.guards import (
    Corridor,
    Guard,
    GuardRules,
    Levels,
    Marks,
    corridor_of,
    drawdown_threshold,
    halt_level,
    kept_fraction,
    levels_after,
    losses_of,
)
from risk.limits import Steering
from risk.portfolio import Exposure, open_risk_of
from strategy.entry_rules import SymbolRules
from strategy.entry_views import SafetyView, StakeView
from strategy.guard_care import GuardCare, lots_to_close
from strategy.position_views import PositionView
from strategy.tables import Table
from strategy.views import World, equity_of, money_of

_FLOATING: Final = int(Guard.FLOATING_LOSS)
_DAY: Final = int(Guard.DAY_LOSS)
_DRAWDOWN: Final = int(Guard.DRAWDOWN)
_NS_PER_S: Final = 1e9
_NS_PER_MS: Final = 1_000_000
_MS_PER_S: Final = 1000
_MS_PER_DAY: Final = DAY_S * _MS_PER_S
_REACH_DAYS: Final = 4  # after more than a long weekend nothing is known of where a day began
_LARGEST_MOVE: Final = 0.05  # within it the bound on profit per price holds
_HALTED: Final = 2.0
_PAUSED: Final = 1.0


class Band(NamedTuple):
    """Quotes of one symbol, and time on the broker's clock [ms], within which no guard can have anything to do."""

    bid_low: float
    bid_high: float
    ask_low: float
    ask_high: float
    until_msc: float


@njit_bare
def guard_rules_of(guard: Table) -> GuardRules:
    """Thresholds in force."""
    r = guard[0].rules
    return GuardRules(r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7], r[8])


@njit_bare
def levels_of(guard: Table) -> Levels:
    """Levels at which the guards stand."""
    levels = guard[0].levels
    return Levels(levels[_FLOATING], levels[_DAY], levels[_DRAWDOWN])


@njit_bare
def marks_of(world: World) -> Marks:
    """What equity is compared with."""
    account, guard = world.account[0], world.guard[0]
    return Marks(account.balance, account.balance + account.credit, guard.day_start_equity, account.peak_equity)


@njit_bare
def is_priced(world: World) -> bool:
    """Whether every open position has a quote: without one our own equity says nothing."""
    for row in range(world.account[0].positions):
        position = world.positions[row]
        symbol = world.symbols[position.symbol]
        if (symbol.bid if position.side > 0 else symbol.ask) <= 0.0:
            return False
    return True


@njit_bare
def watch(world: World, equity: float) -> bool:
    """Move the marks and the guards to where `equity` [account money] puts them; whether a guard changed."""
    account, guard = world.account[0], world.guard[0]
    if equity > account.peak_equity:
        account.peak_equity = equity
        guard.moved = 1
    if guard.day_start_equity <= 0.0 and guard.broker_day >= 0:
        guard.day_start_equity = equity
        guard.moved = 1
    guard.last_equity = equity
    guard.stale = 0
    rules, before = guard_rules_of(world.guard), levels_of(world.guard)
    losses = losses_of(equity, marks_of(world))
    levels = levels_after(losses, before, rules)
    for index in range(guard.levels.shape[0]):
        if levels[index] > before[index]:
            worst = guard.values[index] if before[index] > 0 else losses[index]
            guard.values[index] = max(worst, losses[index])
        guard.levels[index] = levels[index]
    if levels.drawdown >= halt_level(rules):
        guard.halted = 1
    same = levels.floating == before.floating and levels.day == before.day and levels.drawdown == before.drawdown
    return not same


@njit_bare
def begin_day(world: World, day: int) -> bool:
    """Begin the broker's `day` with the equity before its first tick; whether a guard was let go."""
    guard = world.guard[0]
    reachable = guard.broker_day >= 0 and day - guard.broker_day <= _REACH_DAYS
    before = equity_of(world) if is_priced(world) else guard.last_equity
    guard.day_start_equity = before if reachable else 0.0
    guard.broker_day = day
    guard.moved = 1
    latched = guard.levels[_DAY] > 0
    guard.levels[_DAY] = 0
    return bool(latched)


# -- how far prices may move -------------------------------------------------------------------------------------------


@njit_bare
def _profit_per_price(volume: float, price_open: float, price: float, money: SymbolMoney) -> float:
    """Bound on how much the profit of a position changes per price, while that moves by `_LARGEST_MOVE` at most."""
    nearest = price * (1.0 - _LARGEST_MOVE)
    # where profit is converted at the price itself it changes by the opening price over the square of the price
    bound = max(money_per_price(nearest, money), money_per_price(price, money))
    return volume * bound * max(1.0, price_open / nearest)


@njit_bare
def _slopes(world: World, symbol: int) -> tuple[float, float]:
    """Bounds on what equity changes per price of the symbol's bid and of its ask [account money per price]."""
    by_bid, by_ask = 0.0, 0.0
    for row in range(world.account[0].positions):
        position = world.positions[row]
        if position.symbol != symbol:
            continue
        quote = world.symbols[symbol]
        price = quote.bid if position.side > 0 else quote.ask
        money = money_of(world.symbols, symbol)
        slope = _profit_per_price(position.volume, position.price_open, price, money)
        if position.side > 0:
            by_bid += slope
        else:
            by_ask += slope
    return by_bid, by_ask


@njit_bare
def _holds(world: World, symbol: int) -> bool:
    held = False
    for row in range(world.account[0].positions):
        held = held or world.positions[row].symbol == symbol
    return held


@njit_bare
def corridor_now(world: World) -> Corridor:
    """How far equity may move; a cent inside, and one for each position, whose profits are rounded."""
    corridor = corridor_of(marks_of(world), levels_of(world.guard), guard_rules_of(world.guard))
    slack = (world.account[0].positions + 1) * 10.0 ** -float(world.account[0].money_digits)
    return Corridor(corridor.floor + slack, corridor.ceiling - slack)


@njit_bare
def next_time_msc(world: World, server_offset_s: int) -> float:
    """When the broker's day or an override ends, or an event is to be told of [ms, broker's clock].

    Now while it is not known how the day began, or equity has to be looked at anew.
    """
    guard = world.guard[0]
    if guard.broker_day < 0 or guard.day_start_equity <= 0.0 or (guard.stale == 1 and is_priced(world)):
        return -math.inf
    until = float((guard.broker_day + 1) * _MS_PER_DAY)
    for moment_ns in (guard.expires_ns, guard.warns_ns):
        if moment_ns > 0:
            until = min(until, float(math.ceil(moment_ns / _NS_PER_MS) + server_offset_s * _MS_PER_S))
    return until


@njit_bare
def band_of(world: World, symbol: int, server_offset_s: int, share: float) -> Band:
    """The band of `symbol`: as long as its quotes stay inside, equity moves by less than `share` of its room.

    With a share of 1 it holds while no other symbol's quote changes.
    """
    until = next_time_msc(world, server_offset_s)
    if not _holds(world, symbol):
        return Band(-math.inf, math.inf, -math.inf, math.inf, until)
    if not is_priced(world):
        return Band(math.inf, -math.inf, math.inf, -math.inf, until)
    by_bid, by_ask = _slopes(world, symbol)
    slope = by_bid + by_ask
    quote, equity, corridor = world.symbols[symbol], equity_of(world), corridor_now(world)
    largest = _LARGEST_MOVE * min(quote.bid, quote.ask)
    fall = min(max(0.0, equity - corridor.floor) * share / slope, largest)
    rise = min(max(0.0, corridor.ceiling - equity) * share / slope, largest)
    return Band(
        quote.bid - fall if by_bid > 0.0 else -math.inf,
        quote.bid + rise if by_bid > 0.0 else math.inf,
        quote.ask - rise if by_ask > 0.0 else -math.inf,
        quote.ask + fall if by_ask > 0.0 else math.inf,
        until,
    )


# -- what decisions see ------------------------------------------------------------------------------------------------


@njit_bare
def guard_care_of(guard: Table) -> GuardCare:
    """What the guards leave of positions."""
    return GuardCare(kept_fraction(guard[0].levels[_DRAWDOWN], guard_rules_of(guard)), float(guard[0].halted))


@njit_bare
def guard_wants(view: PositionView, guard: Table, symbol: SymbolRules) -> bool:
    """Whether the guards want something of this position closed."""
    return bool(lots_to_close(view, guard_care_of(guard), symbol) > 0.0)


@njit_bare
def steering_of(world: World, chart: int) -> Steering:
    """What guards and people say of risk and leverage on this chart."""
    rules, overrides = guard_rules_of(world.guard), world.rules[chart].overrides
    if world.guard[0].levels[_DRAWDOWN] > 0:
        return Steering(rules.drawdown_risk_scale, rules.drawdown_max_leverage, overrides[0], overrides[1])
    return Steering(1.0, math.inf, overrides[0], overrides[1])


@njit_bare
def _value_on(asset: int, symbol: int, value: float, symbols: Table) -> float:
    """Part of `value`, the signed notional of the symbol, that is held in `asset`."""
    held = value if symbols[symbol].base_asset == asset else 0.0
    return held - value if symbols[symbol].quote_asset == asset else held


@njit_bare
def stake_of(world: World, symbol: int, unstopped_fraction: float) -> StakeView:
    """What is at stake, as an entry on `symbol` sees it: open positions and entries in flight."""
    base, quote = world.symbols[symbol].base_asset, world.symbols[symbol].quote_asset
    on_base, on_quote = 0.0, 0.0
    risk = float(world.account[0].reserved_risk)
    for row in range(world.account[0].positions):
        position = world.positions[row]
        other = world.symbols[position.symbol]
        price = other.bid if position.side > 0 else other.ask
        if price <= 0.0:
            price = position.price_open
        money = money_of(world.symbols, position.symbol)
        value = notional_value(position.volume, price, money)
        on_base += _value_on(base, position.symbol, position.side * value, world.symbols)
        on_quote += _value_on(quote, position.symbol, position.side * value, world.symbols)
        to_stop = math.nan
        if position.sl > 0.0:
            to_stop = (price - position.sl) * position.side * position.volume * money_per_price(position.sl, money)
        risk += open_risk_of(to_stop, value, unstopped_fraction)
    for row in range(world.symbols.shape[0]):
        if world.symbols[row].in_flight > 0:
            value = world.symbols[row].reserved_value
            on_base += _value_on(base, row, value, world.symbols)
            on_quote += _value_on(quote, row, value, world.symbols)
    return StakeView(Exposure(on_base, on_quote), risk)


@njit_bare
def safety_of(world: World, symbol: int, equity: float, now_ns: int) -> SafetyView:
    """Where the account stands with its guards at `now_ns` [UTC ns], and what a person imposed on `symbol`."""
    guard, rules, levels = world.guard[0], guard_rules_of(world.guard), levels_of(world.guard)
    losses = losses_of(equity, marks_of(world))
    since_loss = (now_ns - guard.last_loss_ns) / _NS_PER_S if guard.last_loss_ns > 0 else math.inf
    floating = rules.floating_loss_fraction * (rules.release_fraction if levels.floating > 0 else 1.0)
    reduces = levels.drawdown > 1
    imposed = _PAUSED if guard.paused == 1 or world.symbols[symbol].paused == 1 else 0.0
    return SafetyView(
        since_loss,
        guard.losses,
        losses.floating,
        floating,
        float(levels.floating),
        max(losses.day, guard.values[_DAY]) if levels.day > 0 else losses.day,
        rules.day_loss_fraction,
        float(levels.day),
        losses.drawdown,
        drawdown_threshold(2, rules) * (rules.release_fraction if reduces else 1.0),
        float(levels.drawdown),
        _HALTED if guard.halted == 1 else imposed,
    )
