"""The compiled walk over ticks: keeps quotes, decides at every closed bar and looks after open positions at every tick.

It passes over ticks at which nothing can happen and stops as soon as a decision wants something done.
"""

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from domain.jit import njit, njit_bare
from domain.pricing import money_per_price, notional_value, required_margin
from domain.timeframes import DAY_S
from risk.limits import Regime, Standing, Steering
from risk.portfolio import Exposure
from strategy.decide import EntryDecision, decide_entry
from strategy.entry_views import EntryView, EvidenceView, SafetyView, StakeView
from strategy.evidence import refresh_evidence
from strategy.gates import Action, DecisionKind
from strategy.guard_care import GuardCare, decide_guarded
from strategy.position_tables import care_rules_of, note_bar, position_view, write_position
from strategy.positions import wake_gain, wake_s
from strategy.tables import Table
from strategy.views import (
    Batch,
    Closes,
    Safety,
    World,
    entry_rules_of,
    entry_view,
    equity_of,
    kelly_rules_of,
    money_of,
    rules_of,
    setup_of,
)
from strategy.watch import (
    Band,
    band_of,
    begin_day,
    guard_care_of,
    guard_wants,
    is_priced,
    safety_of,
    stake_of,
    steering_of,
    watch,
)

_HOLD: Final = int(Action.HOLD)
_ENTRY: Final = int(DecisionKind.ENTRY)
_NOTHING: Final = 0
_NS_PER_MS: Final = 1_000_000
_MS_PER_S: Final = 1000
_MS_PER_DAY: Final = DAY_S * _MS_PER_S
_CLOCK_SLACK_S: Final = 1.0  # moments of the day are counted in whole seconds
_NORMAL: Final = int(Regime.NORMAL)
_NO_STANDING: Final = Standing(*(math.nan for _ in Standing._fields))
_NO_STEERING: Final = Steering(math.nan, math.nan, math.nan, math.nan)
_NO_EVIDENCE: Final = EvidenceView(math.nan, math.nan, math.nan, math.nan, math.nan)
_NO_STAKE: Final = StakeView(Exposure(math.nan, math.nan), math.nan)
_NO_SAFETY: Final = SafetyView(*(math.nan for _ in SafetyView._fields))
_NO_CARE: Final = GuardCare(math.nan, math.nan)


class Progress(NamedTuple):
    """Where the walk stands: next tick, next closed bar, decisions written, and whether one wants something done."""

    tick: int
    close: int
    written: int
    acted: bool


@njit_bare
def _write_common(record: Table, world: World, batch: Batch, chart: int, now_ns: int) -> None:
    row = record[0]
    row.time_ns = now_ns
    row.symbol = batch.symbol
    row.timeframe = world.charts[chart].timeframe
    row.intent_id = 0
    row.signal_id = 0
    row.bid = world.symbols[batch.symbol].bid
    row.ask = world.symbols[batch.symbol].ask
    row.balance = world.account[0].balance
    row.slippage = world.symbols[batch.symbol].slippage
    row.bars_seen = world.charts[chart].bars_seen


@njit_bare
def _write_standing(record: Table, standing: Standing, steering: Steering) -> None:
    row = record[0]
    row.allowed_leverage = standing.allowed_leverage
    row.drawdown = standing.drawdown
    row.losing_streak = standing.losing_streak
    row.news_negative = standing.news_negative
    row.news_window = standing.news_window
    row.proof_trips = standing.proof_trips
    row.expectancy_bound_r = standing.expectancy_bound_r
    row.risk_scale = steering.risk_scale
    row.leverage_cap = steering.leverage_cap
    row.risk_override = steering.risk_override
    row.leverage_override = steering.leverage_override


@njit_bare
def _write_evidence(record: Table, evidence: EvidenceView) -> None:
    row = record[0]
    row.trips = evidence.trips
    row.win_rate = evidence.win_rate
    row.win_r = evidence.win_r
    row.loss_r = evidence.loss_r
    row.kelly_fraction = evidence.kelly_fraction


@njit_bare
def _write_safety(record: Table, view: SafetyView, stake: StakeView, guard: GuardCare) -> None:
    row = record[0]
    row.base_exposure = stake.exposure.base
    row.quote_exposure = stake.exposure.quote
    row.open_risk = stake.open_risk
    for index in range(len(view)):
        row.safety[index] = view[index]
    row.kept_fraction = guard.kept_fraction
    row.halted = guard.halted


@njit_bare
def _write_entry(record: Table, view: EntryView, decision: EntryDecision, closes: Closes, close: int) -> None:
    row = record[0]
    row.kind = _ENTRY
    row.bar_time = closes.bars[close].time
    row.action = decision.action
    row.side = decision.side
    row.bound = decision.bound
    row.decided_by = decision.refused_by
    row.setup = setup_of(closes, close)
    row.position_ticket = 0
    row.lots = decision.lots
    row.price = decision.price
    row.sl = decision.sl
    row.tp = decision.tp
    row.score = view.market.score
    row.equity = view.money.equity


@njit_bare
def _write_seen(record: Table, view: EntryView, decision: EntryDecision, closes: Closes, close: int) -> None:
    """What an entry was decided by; `_write_entry` writes what came of it."""
    row = record[0]
    market, holdings, money = view.market, view.holdings, view.money
    row.atr = market.atr
    row.atr_baseline = market.atr_baseline
    row.margin_free = money.margin_free
    row.notional_open = money.notional_open
    row.symbol_positions = holdings.symbol_positions
    row.other_symbols = holdings.other_symbols
    row.volume_buy = money.volume_buy
    row.volume_sell = money.volume_sell
    row.regime = decision.limits.regime
    row.risk_fraction = decision.limits.risk_fraction
    row.max_leverage = decision.limits.max_leverage
    row.tone = view.news.tone
    row.tone_scale = decision.tone_scale
    _write_standing(record, view.standing, view.steering)
    _write_evidence(record, view.evidence)
    _write_safety(record, view.safety, view.stake, _NO_CARE)
    for feature in range(closes.features.shape[1]):
        row.features[feature] = closes.features[close, feature]
    for seen in range(row.position.shape[0]):
        row.position[seen] = math.nan


@njit_bare
def _write_quiet(record: Table, world: World, now_ns: int) -> None:
    """Of a bar that is not decided on: what the account was worth."""
    row = record[0]
    row.kind = _NOTHING
    row.action = _HOLD
    row.time_ns = now_ns
    row.equity = equity_of(world)
    row.balance = world.account[0].balance


@njit_bare
def _reserve(world: World, symbol: int, chart: int, decision: EntryDecision, setup: int, now_ns: int) -> None:
    """Count an entry as if it were open, so that the next one cannot spend the same room twice."""
    side = 0 if decision.side > 0 else 1
    world.charts[chart].last_entry_ns[side, setup] = now_ns
    world.symbols[symbol].in_flight += 1
    money = money_of(world.symbols, symbol)
    value = notional_value(decision.lots, decision.price, money)
    world.symbols[symbol].reserved_value += decision.side * value
    risk = abs(decision.price - decision.sl) * decision.lots * money_per_price(decision.sl, money)
    world.account[0].reserved_risk += risk
    world.account[0].reserved_notional += value
    world.account[0].reserved_margin += required_margin(decision.side, decision.lots, decision.price, money)


@njit_bare
def _decide_at_close(world: World, batch: Batch, closes: Closes, close: int, now_ns: int, record: Table) -> bool:
    chart = closes.chart[close]
    world.charts[chart].bars_seen += 1
    world.charts[chart].atr = closes.volatility[close, 0]
    note_bar(world, chart, closes.bars[close : close + 1], batch.server_offset_s)
    if abs(closes.scores[close]) < world.account[0].quiet_below:
        _write_quiet(record, world, now_ns)
        return False
    refresh_evidence(world.evidence, setup_of(closes, close), now_ns, kelly_rules_of(world.rules, chart))
    rules, symbol = entry_rules_of(world.rules, chart), rules_of(world.symbols, batch.symbol)
    safety = Safety(
        steering_of(world, chart),
        stake_of(world, batch.symbol, rules.stake.unstopped_fraction),
        safety_of(world, batch.symbol, equity_of(world), now_ns),
    )
    view = entry_view(world, batch, closes, close, now_ns, safety)
    decision = decide_entry(view, rules, symbol, money_of(world.symbols, batch.symbol), record[0].gates)
    _write_common(record, world, batch, chart, now_ns)
    record[0].kelly_reopens_ns = world.evidence[setup_of(closes, close)].reopens_ns
    _write_entry(record, view, decision, closes, close)
    if decision.action != _HOLD or world.account[0].brief == 0:
        _write_seen(record, view, decision, closes, close)
    if decision.action == _HOLD:
        return False
    _reserve(world, batch.symbol, chart, decision, setup_of(closes, close), now_ns)
    return True


@njit_bare
def _look_after(world: World, batch: Batch, row: int, now_ns: int, record: Table, told: bool) -> bool:
    """Decide on one position; the record stays where it acts or is to be `told`. Returns whether it acts."""
    position = world.positions[row]
    view = position_view(world, batch.symbol, row, now_ns, batch.server_offset_s)
    rules = care_rules_of(world.rules, position.chart)
    symbol, guard = rules_of(world.symbols, batch.symbol), guard_care_of(world.guard)
    decision = decide_guarded(view, rules, symbol, guard, record[0].gates)
    acts = decision.action != _HOLD
    if acts or told:
        _write_common(record, world, batch, position.chart, now_ns)
        write_position(record, view, position.ticket)
        _write_no_entry(record, world)
        line = record[0]
        line.action = decision.action
        line.decided_by = decision.rule
        line.lots = decision.lots
        line.sl = decision.sl
        line.tp = decision.tp
    if acts:
        world.positions[row].in_flight = 1
    return acts


@njit_bare
def _write_no_entry(record: Table, world: World) -> None:
    """What a decision on a position does not ask for, and the equity."""
    line = record[0]
    line.equity = equity_of(world)
    line.margin_free = math.nan
    line.notional_open = math.nan
    line.symbol_positions = math.nan
    line.other_symbols = math.nan
    line.volume_buy = math.nan
    line.volume_sell = math.nan
    line.regime = _NORMAL
    line.risk_fraction = math.nan
    line.max_leverage = math.nan
    line.tone = math.nan
    line.tone_scale = math.nan
    line.kelly_reopens_ns = 0
    _write_standing(record, _NO_STANDING, _NO_STEERING)
    _write_evidence(record, _NO_EVIDENCE)
    _write_safety(record, _NO_SAFETY, _NO_STAKE, guard_care_of(world.guard))
    for feature in range(line.features.shape[0]):
        line.features[feature] = math.nan


@njit_bare
def _cares_for(world: World, row: int, symbol: int) -> bool:
    position = world.positions[row]
    return bool(position.symbol == symbol and position.chart >= 0 and position.in_flight == 0)


class Alarm(NamedTuple):
    """When the open positions of a symbol next need a look: bid or ask at least or at most there, or that time come."""

    bid: float
    ask: float
    time_msc: float


@njit_bare
def alarm_of(world: World, symbol: int, server_offset_s: int, now_msc: int) -> Alarm:
    """The alarm of the positions on `symbol` from `now_msc` [ms, broker's clock] on.

    It holds until it rings, or an account event, a closed bar or a decision that acts comes before.
    """
    now_ns = (now_msc - server_offset_s * _MS_PER_S) * _NS_PER_MS
    bid, ask, time_msc = math.inf, -math.inf, math.inf
    for row in range(world.account[0].positions):
        if not _cares_for(world, row, symbol):
            continue
        position = world.positions[row]
        view = position_view(world, symbol, row, now_ns, server_offset_s)
        rules = care_rules_of(world.rules, position.chart)
        if guard_wants(view, world.guard, rules_of(world.symbols, symbol)):
            paused_msc = position.paused_until_ns / _NS_PER_MS + server_offset_s * _MS_PER_S
            time_msc = min(time_msc, paused_msc)
        gain = wake_gain(view, rules, rules_of(world.symbols, symbol))
        if position.side > 0:
            bid = min(bid, position.price_open + gain)
        else:
            ask = max(ask, position.price_open - gain)
        time_msc = min(time_msc, now_msc + (wake_s(view, rules) - _CLOCK_SLACK_S) * _MS_PER_S)
    return Alarm(bid, ask, time_msc)


@njit_bare
def _next_alarm(ticks: Table, start: int, stop: int, alarm: Alarm, band: Band) -> int:
    """First tick in [start, stop) at which a position or a guard might need something, else `stop`."""
    until = min(alarm.time_msc, band.until_msc)
    high, low = min(alarm.bid, band.bid_high), max(alarm.ask, band.ask_low)
    if start >= stop:
        return stop
    free = high == math.inf and low == -math.inf and band.bid_low == -math.inf and band.ask_high == math.inf
    if free and ticks[stop - 1].time_msc < until:
        return stop
    for index in range(start, stop):
        tick = ticks[index]
        if tick.bid >= high or tick.ask <= low or tick.time_msc >= until:
            return index
        if tick.bid <= band.bid_low or tick.ask >= band.ask_high:
            return index
    return stop


@njit_bare
def _set_quote(world: World, batch: Batch, tick: int) -> None:
    world.symbols[batch.symbol].bid = batch.ticks[tick].bid
    world.symbols[batch.symbol].ask = batch.ticks[tick].ask


@njit_bare
def watch_at(world: World, batch: Batch, tick: int) -> bool:
    """Take the quote of `tick` and let the guards see what it makes of equity; whether one changed.

    A day begins with the equity of the tick before its first one.
    """
    changed = False
    day = batch.ticks[tick].time_msc // _MS_PER_DAY
    if day > world.guard[0].broker_day:
        if tick > 0:
            _set_quote(world, batch, tick - 1)
        changed = begin_day(world, day)
    _set_quote(world, batch, tick)
    if is_priced(world):
        changed = watch(world, equity_of(world)) or changed
    return changed


@njit_bare
def _expired(world: World, batch: Batch, tick: int) -> bool:
    """Whether an override has ended at `tick`, which is to be decided without it, or an event is to be told of."""
    now_ns = (batch.ticks[tick].time_msc - batch.server_offset_s * _MS_PER_S) * _NS_PER_MS
    guard = world.guard[0]
    return bool(0 < guard.expires_ns <= now_ns or 0 < guard.warns_ns <= now_ns)


@njit_bare
def _at_tick(
    world: World, batch: Batch, closes: Closes, tick: int, close: int, records: Table, written: int
) -> Progress:
    """Everything that is decided at one tick: guards, then positions, then the bars that it closes."""
    guarded = watch_at(world, batch, tick)
    now_ns = (batch.ticks[tick].time_msc - batch.server_offset_s * _MS_PER_S) * _NS_PER_MS
    told = close < closes.at.shape[0] and closes.at[close] == tick and world.account[0].brief == 0
    acted = guarded
    for row in range(world.account[0].positions):
        if _cares_for(world, row, batch.symbol) and world.positions[row].paused_until_ns <= now_ns:
            acts = _look_after(world, batch, row, now_ns, records[written : written + 1], told)
            written += 1 if acts or told else 0
            acted = acted or acts
    while close < closes.at.shape[0] and closes.at[close] == tick:
        acted = _decide_at_close(world, batch, closes, close, now_ns, records[written : written + 1]) or acted
        written += 1
        close += 1
    return Progress(tick + 1, close, written, acted)


@njit_bare
def walk(world: World, batch: Batch, closes: Closes, start: Progress, stop: int, records: Table) -> Progress:
    """Walk from `start` to tick `stop` (exclusive), or until a decision acts, a guard changes or an override ends.

    It also stops where an event of the calendar is to be told of, and where `records` could overflow at a tick. Ticks
    at which no bar closes and neither position nor guard can need anything are passed over.
    """
    spare = world.charts.shape[0] + world.positions.shape[0]
    tick, close, written = start.tick, start.close, start.written
    while tick < stop and written + spare <= records.shape[0]:
        following = min(stop, closes.at[close]) if close < closes.at.shape[0] else stop
        alarm = alarm_of(world, batch.symbol, batch.server_offset_s, batch.ticks[tick].time_msc)
        band = band_of(world, batch.symbol, batch.server_offset_s, 1.0)
        tick = _next_alarm(batch.ticks, tick, following, alarm, band)
        if tick >= stop:
            _set_quote(world, batch, stop - 1)
            return Progress(stop, close, written, False)
        if _expired(world, batch, tick):
            if tick > 0:
                _set_quote(world, batch, tick - 1)
            return Progress(tick, close, written, False)
        done = _at_tick(world, batch, closes, tick, close, records, written)
        tick, close, written = done.tick, done.close, done.written
        if done.acted:
            return done
    return Progress(tick, close, written, False)


@njit
def first_unusable(ticks: Table, last_msc: int) -> int:
    """Index of the first tick that `usable_ticks` would leave out; the number of ticks where there is none."""
    for index in range(ticks.shape[0]):
        tick = ticks[index]
        good = tick.bid > 0.0 and tick.ask > 0.0 and tick.bid < math.inf and tick.ask < math.inf
        if not (good and tick.time_msc >= last_msc):
            return index
        last_msc = tick.time_msc
    return int(ticks.shape[0])


@njit
def usable_ticks(ticks: Table, last_msc: int, usable: NDArray[np.bool_]) -> int:
    """Mark ticks that can be used: finite positive quotes, not older than what came before. Returns how many."""
    count = 0
    for index in range(ticks.shape[0]):
        tick = ticks[index]
        good = tick.bid > 0.0 and tick.ask > 0.0 and tick.bid < math.inf and tick.ask < math.inf
        good = good and tick.time_msc >= last_msc
        usable[index] = good
        if good:
            last_msc = tick.time_msc
            count += 1
    return count
