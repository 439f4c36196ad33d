"""Our own books, compiled: what deals and intents mean to the tables of the decision core.

It is the fold of `account.state` and `strategy.world.WorldTables.sync` over what a fair broker can make happen. Each
function names what it follows.
"""

import math
from typing import Final

from backtest.compiled.broker import balance_change
from backtest.compiled.decimals import rounded_decimal
from backtest.compiled.tables import KEPT_FILLS, KEPT_TRIPS, Floats, Run
from domain.jit import njit_inner, njit_once
from domain.pricing import position_profit, required_margin, rounded_money
from domain.trading import DealEntry
from risk.guards import losses_of
from risk.proof import expectancy_bound
from sim.matching import money_at
from strategy.tables import MAX_TRIPS
from strategy.views import World, equity_of, money_of
from strategy.watch import begin_day, marks_of

_IN: Final = int(DealEntry.IN)
_LOTS_SLACK: Final = 1e-9  # as in `account.state`
_HALF_OF_8_DIGITS: Final = 5e-9  # what `account.safety` rounds to 0
_HUNDRED: Final = 100.0  # two digits, as in `account.slippage`
_MS_PER_DAY: Final = 86_400_000
_MS_PER_S: Final = 1000
_NS_PER_MS: Final = 1_000_000


@njit_inner
def utc_ns(time_msc: int, offset_s: int) -> int:
    """UTC [ns] of a stamp of the broker's clock."""
    return (time_msc - offset_s * _MS_PER_S) * _NS_PER_MS


# -- guards ------------------------------------------------------------------------------------------------------------


@njit_inner
def note_guards(run: Run) -> None:
    """`Engine._note_guards`: what the table says beyond what was told before becomes known to the account."""
    row, guard = run.books.row[0], run.world.guard[0]
    losses = losses_of(equity_of(run.world), marks_of(run.world))
    for index in range(guard.levels.shape[0]):
        level = guard.levels[index]
        if level == row.latch_levels[index]:
            continue
        if level > 0:
            before = row.latch_values[index] if row.latch_levels[index] > 0 else losses[index]
            row.latch_values[index] = max(before, losses[index])
        else:
            row.latch_values[index] = 0.0
        row.latch_levels[index] = level


@njit_inner
def sync_guards(run: Run) -> None:
    """`safekeeping.sync_guard`: the table of guards as the account knows them."""
    row, guard = run.books.row[0], run.world.guard[0]
    for index in range(guard.levels.shape[0]):
        guard.levels[index] = row.latch_levels[index]
        guard.values[index] = row.latch_values[index]
    guard.moved = 0


@njit_inner
def begin_day_of_deal(run: Run, time_msc: int) -> None:
    """`Engine._begin_day_of`: a deal that comes before the day's first tick has lost what it lost on that day."""
    guard, day = run.world.guard[0], time_msc // _MS_PER_DAY
    if 0 <= guard.broker_day < day:
        begin_day(run.world, day)
        note_guards(run)


# -- what a deal says --------------------------------------------------------------------------------------------------


@njit_inner
def file_of(world: World, ticket: int) -> int:
    """Row of a position in the tables of the decision core; -1 where there is none."""
    for row in range(world.account[0].positions):
        if world.positions[row].ticket == ticket:
            return row
    return -1


@njit_once
def book_entry(run: Run, at: int, intent_sl: float, setup: int) -> None:
    """`RoundTrip.begun` of the entry `deals[at]`, which becomes the position behind the last one."""
    deal, row = run.trail.deals[at], run.world.account[0].positions
    money = money_at(run.broker.moneys, run.broker.terms.shape[0] + deal.symbol)
    risk = math.nan
    if intent_sl > 0.0:
        loss = -position_profit(deal.side, deal.volume, deal.price, intent_sl, money)
        risk = loss - deal.commission - 0.0
    deal.initial_risk = risk
    held = run.books.files[row]
    held.opened_lots, held.closed_lots = deal.volume, 0.0
    held.result = 0.0 + balance_change(run.trail.deals, at)
    held.initial_risk, held.setup, held.refusals = risk, setup, 0
    for kind in range(2):
        held.fills_seen[kind] = run.broker.terms[deal.symbol].fills_seen[kind]


@njit_once
def book_exit(run: Run, at: int) -> None:
    """What the exit `deals[at]` makes of its round trip: of the losing streak, and of the record if it is the last."""
    deal = run.trail.deals[at]
    held = run.books.files[file_of(run.world, deal.position_id)]
    held.closed_lots += deal.volume
    held.result = held.result + balance_change(run.trail.deals, at)
    if held.closed_lots + _LOTS_SLACK < held.opened_lots:
        return
    guard = run.world.guard[0]
    if held.result < -_HALF_OF_8_DIGITS:
        guard.losses += 1.0
        guard.last_loss_ns = deal.time_ns
    elif held.result > _HALF_OF_8_DIGITS:
        guard.losses = 0.0
    run.world.account[0].losing_streak = guard.losses
    _end_trip(run, deal.time_ns, held.result, held.initial_risk, held.setup)


@njit_once
def _end_trip(run: Run, time_ns: int, profit: float, risk: float, setup: int) -> None:
    row = run.books.row[0]
    place = row.ended % KEPT_TRIPS
    row.trip_ns[place], row.trip_setup[place] = time_ns, setup
    row.trip_r[place] = profit / risk if risk > 0.0 else math.nan
    row.ended += 1
    _lay_out_evidence(run)
    _lay_out_proof(run)


@njit_once
def _lay_out_evidence(run: Run) -> None:
    """`evidence.lay_out_evidence` of the round trips that are remembered."""
    row = run.books.row[0]
    for setup in range(run.world.evidence.shape[0]):
        line, count = run.world.evidence[setup], _count_of(run, setup)
        line.count, line.stale_from_ns = count, 0
        for back in range(1, min(row.ended, KEPT_TRIPS) + 1):
            place = (row.ended - back) % KEPT_TRIPS
            if count > 0 and row.trip_setup[place] == setup and not math.isnan(row.trip_r[place]):
                count -= 1
                line.closed_ns[count] = row.trip_ns[place]
                line.r_multiples[count] = row.trip_r[place]


@njit_once
def _count_of(run: Run, setup: int) -> int:
    """How many of the round trips that are remembered say something of `setup`, within its window."""
    row, count = run.books.row[0], 0
    for place in range(min(row.ended, KEPT_TRIPS)):
        if row.trip_setup[place] == setup and not math.isnan(row.trip_r[place]):
            count += 1
    return int(min(count, row.kelly_window, MAX_TRIPS))


@njit_once
def _lay_out_proof(run: Run) -> None:
    """`evidence.proof_of`."""
    row, account, count = run.books.row[0], run.world.account[0], 0
    looked = min(row.ended, KEPT_TRIPS, row.proof_trips)
    for back in range(looked, 0, -1):
        result = row.trip_r[(row.ended - back) % KEPT_TRIPS]
        if not math.isnan(result):
            row.known[count] = result
            count += 1
    account.proof_trips = count
    account.expectancy_bound_r = expectancy_bound(row.known[:count], row.proof_quantile)


# -- what fills have lost ----------------------------------------------------------------------------------------------


@njit_inner
def book_fill(run: Run, at: int, asked: float) -> bool:
    """`Slippage.book` of `deals[at]`, asked for at `asked` [price; 0: by nobody]; False beyond what is remembered."""
    deal = run.trail.deals[at]
    point = run.broker.terms[deal.symbol].point
    if not (asked > 0.0 and deal.price > 0.0 and point > 0.0):
        return True
    terms, kind = run.broker.terms[deal.symbol], 0 if deal.entry == _IN else 1
    lost = (1.0 if deal.side > 0 else -1.0) * (deal.price - asked) / point
    terms.fills[kind, terms.fills_seen[kind] % KEPT_FILLS] = rounded_decimal(lost, _HUNDRED)
    terms.fills_seen[kind] += 1
    measured, least = _measured_points(run, deal.symbol), terms.least_slippage
    run.world.symbols[deal.symbol].slippage = (measured if measured > least else least) * point
    return _is_remembered(run, deal.symbol)


@njit_once
def _measured_points(run: Run, symbol: int) -> float:
    """`slippage.measured_points` as things stand now."""
    if run.books.row[0].measures == 0:
        return math.nan
    entries, exits = _quantile(run, symbol, 0), _quantile(run, symbol, 1)
    if math.isnan(entries) and math.isnan(exits):
        return math.nan
    lost = 0.0
    if not math.isnan(entries):
        lost += max(0.0, entries)
    if not math.isnan(exits):
        lost += max(0.0, exits)
    return lost


@njit_inner
def _quantile(run: Run, symbol: int, kind: int) -> float:
    """`FillLosses.quantile` as things stand now."""
    row, terms = run.books.row[0], run.broker.terms[symbol]
    seen = terms.fills_seen[kind]
    window = min(seen, KEPT_FILLS, row.window_fills)
    if window < max(1, row.min_fills):
        return math.nan
    for back in range(window):
        row.known[back] = terms.fills[kind, (seen - 1 - back) % KEPT_FILLS]
    known = row.known[:window]
    _sort(known)
    return float(known[max(0, math.ceil(row.quantile * window - 1e-9) - 1)])


@njit_once
def _sort(values: Floats) -> None:
    """Sort a short array where it is."""
    for end in range(1, values.shape[0]):
        value, at = values[end], end
        while at > 0 and values[at - 1] > value:
            values[at] = values[at - 1]
            at -= 1
        values[at] = value


@njit_once
def _is_remembered(run: Run, symbol: int) -> bool:
    """Whether the fills that the size of each open position was judged by are all still remembered.

    Where they are not, the account's own books change what they say of the past.
    """
    room, seen = KEPT_FILLS - run.books.row[0].window_fills, run.broker.terms[symbol].fills_seen
    for row in range(run.world.account[0].positions):
        held = run.books.files[row].fills_seen
        if run.world.positions[row].symbol == symbol and max(seen[0] - held[0], seen[1] - held[1]) > room:
            return False
    return True


# -- positions ---------------------------------------------------------------------------------------------------------


@njit_inner
def sync(run: Run, is_footing_new: bool) -> None:
    """`WorldTables.sync`: positions, money and what is in flight as they stand at the broker, nothing being on its way.

    Both tables are in the order of tickets. `is_footing_new`: a deal or a swap was booked.
    """
    world, broker, files = run.world, run.broker, run.books.files
    account, kept = world.account[0], 0
    for row in range(account.positions):
        if kept < broker.account[0].positions and world.positions[row].ticket == broker.book[kept].position_ticket:
            if kept < row:
                world.positions[kept] = world.positions[row]
                files[kept] = files[row]
            line, stands = world.positions[kept], broker.book[kept]
            line.volume, line.sl, line.tp, line.swap = stands.volume, stands.sl, stands.tp, stands.swap
            line.in_flight = 0
            kept += 1
    account.positions = kept
    sync_margin(run)
    account.balance = broker.account[0].balance
    for symbol in range(world.symbols.shape[0]):
        world.symbols[symbol].in_flight = 0
        world.symbols[symbol].reserved_value = 0.0
    account.reserved_margin = account.reserved_notional = account.reserved_risk = 0.0
    sync_guards(run)
    if is_footing_new:
        world.guard[0].stale = 1


@njit_once
def sync_margin(run: Run) -> None:
    """Margin of the positions as our own books have it."""
    world, margin = run.world, 0.0
    for row in range(world.account[0].positions):
        line = world.positions[row]
        margin += required_margin(line.side, line.volume, line.price_open, money_of(world.symbols, line.symbol))
    world.account[0].margin = rounded_money(margin, world.account[0].money_digits)


@njit_once
def add_position(run: Run, at: int, decision_row: int, offset_s: int) -> None:
    """The position that `deals[at]` opened, by the decision on `decision_row` of the records, behind the last one."""
    world, deal, decision = run.world, run.trail.deals[at], run.records[decision_row]
    account = world.account[0]
    stands = run.broker.book[run.broker.account[0].positions - 1]
    line = world.positions[account.positions]
    line.symbol, line.ticket, line.side = deal.symbol, deal.position_id, deal.side
    line.chart = chart_of(run, deal.symbol, decision.timeframe)
    line.volume = line.initial_lots = deal.volume
    line.price_open, line.sl, line.tp, line.swap = deal.price, stands.sl, stands.tp, 0.0
    stop = decision.sl if decision.sl > 0.0 else stands.sl
    line.initial_risk = abs(deal.price - stop) if stop > 0.0 else math.nan
    line.planned_lots, line.planned_price, line.planned_sl = decision.lots, decision.price, decision.sl
    line.planned_slippage = decision.slippage
    line.best_price = deal.price
    line.opened_ns = utc_ns(deal.time_msc, offset_s)
    line.in_flight, line.paused_until_ns = 0, 0
    account.positions += 1


@njit_once
def chart_of(run: Run, symbol: int, timeframe: int) -> int:
    """Row of a chart."""
    charts = run.world.charts
    for row in range(charts.shape[0]):
        if charts[row].symbol == symbol and charts[row].timeframe == timeframe:
            return row
    return -1
