"""Compiled reading of the tables: what the account is worth, and the views the decisions ask for."""

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from domain.jit import njit_bare
from domain.pricing import SymbolMoney, notional_value, position_profit, rounded_money
from domain.timeframes import DAY_S, WEEK_S
from risk.hours import from_midnight_s, week_left_s
from risk.kelly import KellyRules
from risk.limits import LimitRules, Standing, Steering, tier_leverage
from risk.portfolio import StakeRules, StreakRules
from strategy.entry_rules import (
    EntryRules,
    HoldingRules,
    LevelRules,
    MarketRules,
    SizingRules,
    SymbolRules,
    ToneRules,
)
from strategy.entry_views import (
    EntryView,
    EvidenceView,
    HoldingView,
    MarketView,
    MoneyView,
    NewsView,
    SafetyView,
    StakeView,
)
from strategy.news import event_left_s, window_left_s
from strategy.tables import Indices, Table

_MAY_BUY: Final = 1
_MAY_SELL: Final = 2
_NS_PER_S: Final = 1e9
_MS_PER_S: Final = 1000
_EPOCH_TO_SUNDAY_S: Final = 4 * DAY_S


class World(NamedTuple):
    """The tables of `strategy.tables`; all but `rules` change while the walk goes on."""

    account: Table
    symbols: Table
    positions: Table
    charts: Table
    evidence: Table
    news: Table
    moments: Indices
    rules: Table
    guard: Table


class Batch(NamedTuple):
    """Ticks of one symbol. `server_offset_s` is the measured lead of the broker's clock over UTC [s]."""

    ticks: Table
    symbol: int
    server_offset_s: int


class Closes(NamedTuple):
    """Bars that the batch closes, in the order of their ticks; one row each.

    `at` is the index of the closing tick, `chart` the chart, then the bar, the model's score and features, and
    `volatility` (ATR, its average).
    """

    at: NDArray[np.int64]
    chart: NDArray[np.int64]
    bars: Table
    scores: NDArray[np.float64]
    features: NDArray[np.float64]
    volatility: NDArray[np.float64]


class Safety(NamedTuple):
    """What guards, people and everything open say of an entry."""

    steering: Steering
    stake: StakeView
    safety: SafetyView


@njit_bare
def money_of(symbols: Table, row: int) -> SymbolMoney:
    """Pricing numbers of the symbol on `row`."""
    s = symbols[row]
    return SymbolMoney(
        s.calc_mode,
        s.contract_size,
        s.tick_size,
        s.tick_value,
        s.profit_conversion,
        s.profit_rate,
        s.margin_conversion,
        s.margin_initial,
        s.margin_rate_buy,
        s.margin_rate_sell,
        s.leverage,
        s.money_digits,
        s.loss_rate,
        s.by_deal,
        s.margin_bid,
        s.margin_ask,
    )


@njit_bare
def rules_of(symbols: Table, row: int) -> SymbolRules:
    """Decision numbers of the symbol on `row`."""
    s = symbols[row]
    return SymbolRules(
        s.digits,
        s.point,
        s.tick_size,
        s.volume_min,
        s.volume_max,
        s.volume_step,
        s.volume_limit,
        s.stops_level,
        s.commission_per_lot,
        s.slippage,
        s.freeze_points,
    )


@njit_bare
def entry_rules_of(rules: Table, row: int) -> EntryRules:
    """Entry thresholds of the chart on `row`."""
    m, v, p, b = rules[row].market, rules[row].levels, rules[row].holdings, rules[row].limits
    k, s, t = rules[row].stake, rules[row].streak, rules[row].sentiment
    return EntryRules(
        MarketRules(m[0], m[1], m[2], m[3], m[4], m[5], m[6], m[7], m[8]),
        LevelRules(v[0], v[1], v[2], v[3]),
        HoldingRules(p[0], p[1], p[2]),
        LimitRules(b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]),
        SizingRules(rules[row].sizing[0]),
        StakeRules(k[0], k[1], k[2]),
        StreakRules(s[0], s[1], s[2]),
        ToneRules(t[0], t[1], t[2]),
    )


@njit_bare
def equity_of(world: World) -> float:
    """Balance, credit and floating profit of all positions at the last quotes [account money, rounded]."""
    account = world.account[0]
    total = account.balance + account.credit + account.equity_adjustment
    for row in range(account.positions):
        position = world.positions[row]
        symbol = world.symbols[position.symbol]
        price = symbol.bid if position.side > 0 else symbol.ask
        if price > 0.0:
            money = money_of(world.symbols, position.symbol)
            total += position_profit(position.side, position.volume, position.price_open, price, money) + position.swap
    return rounded_money(total, account.money_digits)


@njit_bare
def adopt(world: World, equity: float, margin: float) -> None:
    """Make `equity` and `margin` [account money] true: what they have beyond our own figures becomes an adjustment.

    It depends on what stands in `world` now, not on earlier adjustments.
    """
    account = world.account[0]
    account.equity_adjustment = 0.0
    account.equity_adjustment = rounded_money(equity - equity_of(world), account.money_digits)
    account.margin_adjustment = rounded_money(margin - account.margin, account.money_digits)


@njit_bare
def notional_of(world: World) -> float:
    """Market value of all positions and of entries in flight [account money]."""
    total = float(world.account[0].reserved_notional)
    for row in range(world.account[0].positions):
        position = world.positions[row]
        symbol = world.symbols[position.symbol]
        price = symbol.bid if position.side > 0 else symbol.ask
        if price <= 0.0:
            price = position.price_open
        total += notional_value(position.volume, price, money_of(world.symbols, position.symbol))
    return total


@njit_bare
def session_left_s(symbols: Table, row: int, server_s: int) -> float:
    """Seconds until the trade session that holds `server_s` ends; 0 outside of all, a week where there are none."""
    symbol = symbols[row]
    if symbol.session_count == 0:
        return float(WEEK_S)
    second = (server_s + _EPOCH_TO_SUNDAY_S) % WEEK_S
    for index in range(symbol.session_count):
        if symbol.sessions[index, 0] <= second < symbol.sessions[index, 1]:
            return float(symbol.sessions[index, 1] - second)
    return 0.0


@njit_bare
def _held_on(world: World, symbol: int) -> tuple[float, float, float]:
    """Own positions on `symbol` with entries in flight, and lots held by its buys and by its sells."""
    count, buys, sells = float(world.symbols[symbol].in_flight), 0.0, 0.0
    for row in range(world.account[0].positions):
        position = world.positions[row]
        if position.symbol != symbol:
            continue
        if position.chart >= 0:
            count += 1.0
        if position.side > 0:
            buys += position.volume
        else:
            sells += position.volume
    return count, buys, sells


@njit_bare
def _other_symbols(world: World, symbol: int) -> float:
    count = 0.0
    for other in range(world.symbols.shape[0]):
        used = world.symbols[other].in_flight > 0
        for row in range(world.account[0].positions):
            used = used or world.positions[row].symbol == other
        if used and other != symbol:
            count += 1.0
    return count


@njit_bare
def _trading_allowed(world: World, symbol: int, side: int) -> float:
    row = world.symbols[symbol]
    wanted = _MAY_SELL if side < 0 else _MAY_BUY
    allowed = world.account[0].trading_allowed == 1 and row.unknown == 0 and (row.may_open & wanted) != 0
    return 1.0 if allowed else 0.0


@njit_bare
def _since_s(last_ns: int, now_ns: int) -> float:
    return (now_ns - last_ns) / _NS_PER_S if last_ns > 0 else math.inf


@njit_bare
def _market_view(world: World, batch: Batch, closes: Closes, close: int) -> MarketView:
    chart = world.charts[closes.chart[close]]
    symbol = world.symbols[batch.symbol]
    score = closes.scores[close]
    server_s = _server_s(batch, closes.at[close])
    return MarketView(
        _trading_allowed(world, batch.symbol, -1 if score < 0.0 else 1),
        float(chart.bars_seen),
        float(chart.bars_needed),
        session_left_s(world.symbols, batch.symbol, server_s),
        week_left_s(symbol.week_end_s, server_s),
        from_midnight_s(server_s),
        symbol.bid,
        symbol.ask,
        score,
        closes.volatility[close, 0],
        closes.volatility[close, 1],
    )


@njit_bare
def _evidence_view(world: World, setup: int) -> EvidenceView:
    row = world.evidence[setup]
    return EvidenceView(row.trips, row.win_rate, row.win_r, row.loss_r, row.kelly_fraction)


@njit_bare
def kelly_rules_of(rules: Table, row: int) -> KellyRules:
    """Settings of Half-Kelly of the chart on `row`."""
    r = rules[row].kelly
    return KellyRules(r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7], r[8], r[9])


@njit_bare
def drawdown_of(peak_equity: float, equity: float) -> float:
    """How far `equity` is below its peak [fraction of the peak, 0 where there is none]."""
    return max(0.0, (peak_equity - equity) / peak_equity) if peak_equity > 0.0 else 0.0


@njit_bare
def _standing(world: World, chart: int, equity: float, news_window: float, now_ns: int) -> Standing:
    account = world.account[0]
    granted = tier_leverage(equity, world.rules[chart].tiers)
    return Standing(
        min(account.leverage, granted),
        drawdown_of(account.peak_equity, equity),
        account.losing_streak,
        account.news_negative if now_ns < account.tones_until_ns else math.nan,
        news_window,
        account.proof_trips,
        account.expectancy_bound_r,
    )


@njit_bare
def news_window_s(world: World, symbol: int, now_ns: int) -> float:
    """`window_left_s` at `now_ns` [UTC ns]; NaN where no calendar can be relied on."""
    if now_ns >= world.account[0].news_until_ns:
        return math.nan
    return window_left_s(world.symbols, world.news, symbol, now_ns)


@njit_bare
def _news_view(world: World, symbol: int, window_s: float, close_s: float, now_ns: int) -> NewsView:
    """Nothing is opened inside a window, nor where it would be closed or its stop tightened for the next event."""
    account = world.account[0]
    tone = world.symbols[symbol].tone if now_ns < account.tones_until_ns else math.nan
    if math.isnan(window_s):
        # not required and not reliable is not judged; required and not reliable is not known
        return NewsView(math.nan, 1.0 if account.news_required > 1 else 0.0, tone)
    if close_s > 0.0:
        ahead_s = event_left_s(world.symbols, world.moments, symbol, now_ns)
        window_s = min(window_s, max(0.0, ahead_s - close_s))
    return NewsView(window_s, 1.0, tone)


@njit_bare
def _is_inside(window_s: float) -> float:
    """1 inside a window, 0 outside; NaN where it is not known."""
    if math.isnan(window_s):
        return math.nan
    return 1.0 if window_s <= 0.0 else 0.0


@njit_bare
def entry_view(world: World, batch: Batch, closes: Closes, close: int, now_ns: int, safety: Safety) -> EntryView:
    """The world as an entry on the closed bar `close` sees it at `now_ns` [UTC ns], its safety read before."""
    row = closes.chart[close]
    chart, setup = world.charts[row], setup_of(closes, close)
    equity, account = equity_of(world), world.account[0]
    window_s = news_window_s(world, batch.symbol, now_ns)
    held, buys, sells = _held_on(world, batch.symbol)
    margin_free = equity - account.margin - account.margin_adjustment - account.reserved_margin
    return EntryView(
        _market_view(world, batch, closes, close),
        HoldingView(
            _since_s(chart.last_entry_ns[0, setup], now_ns),
            _since_s(chart.last_entry_ns[1, setup], now_ns),
            held,
            _other_symbols(world, batch.symbol),
        ),
        MoneyView(equity, margin_free, notional_of(world), buys, sells),
        _evidence_view(world, setup),
        _standing(world, row, equity, _is_inside(window_s), now_ns),
        safety.steering,
        safety.stake,
        safety.safety,
        _news_view(world, batch.symbol, window_s, world.rules[row].care_news[0], now_ns),
    )


@njit_bare
def _server_s(batch: Batch, tick: int) -> int:
    return int(batch.ticks[tick].time_msc // _MS_PER_S)


@njit_bare
def setup_of(closes: Closes, close: int) -> int:
    """Set-up the model named for the closed bar; 0 while it warms up."""
    setup = closes.features[close, 0]
    return int(setup) if setup >= 0.0 else 0
