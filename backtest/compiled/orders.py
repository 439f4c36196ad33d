"""Intents carried out, compiled: what runner, executor and trade server do with the decisions of one tick."""

from typing import Final

from backtest.compiled.books import (
    add_position,
    begin_day_of_deal,
    book_entry,
    book_exit,
    book_fill,
    file_of,
    sync,
    utc_ns,
)
from backtest.compiled.broker import close_position, move_stops, open_position, row_of
from backtest.compiled.decimals import floored
from backtest.compiled.tables import KEPT_INTENTS, Run
from domain.jit import njit_inner, njit_once
from domain.pricing import rounded_price
from domain.trading import DealEntry, DealReason
from strategy.gates import Action
from strategy.tables import MAX_POSITIONS

_BUY: Final = int(Action.BUY)
_SELL: Final = int(Action.SELL)
_MODIFY: Final = int(Action.MODIFY)
_CLOSE: Final = int(Action.CLOSE)
_EXPERT: Final = int(DealReason.EXPERT)
_SL: Final = int(DealReason.SL)
_IN: Final = int(DealEntry.IN)
_MINUTE_MSC: Final = 60_000
_DOUBLINGS: Final = 6  # as in `strategy.pauses`

GOING: Final = 0
OVER: Final = 1
FULL: Final = 2
TOO_MANY_POSITIONS: Final = 3
TOO_MANY_INTENTS: Final = 4
TOO_MANY_FILLS: Final = 5
"""`status` of a run: it goes on; it is over; its trail has to grow first; or it met what only `exact` can do."""


@njit_once
def is_known(run: Run, row: int) -> bool:
    """Whether the intent of the decision on `row` has gone out before: same moment, same words. Else it is noted."""
    books, decision = run.books.row[0], run.records[row]
    if decision.time_ns != books.issued_ns:
        books.issued_ns, books.issued = decision.time_ns, 0
    for index in range(books.issued):
        known = books.intents[index]
        same = known[0] == decision.symbol and known[1] == decision.timeframe and known[2] == decision.action
        same = same and known[3] == decision.position_ticket and known[4] == decision.lots
        if same and known[5] == decision.sl and known[6] == decision.tp:
            return True
    if books.issued == KEPT_INTENTS:
        run.progress[0].status = TOO_MANY_INTENTS
        return True
    noted = books.intents[books.issued]
    noted[0], noted[1], noted[2] = decision.symbol, decision.timeframe, decision.action
    noted[3], noted[4], noted[5], noted[6] = decision.position_ticket, decision.lots, decision.sl, decision.tp
    books.issued += 1
    return False


@njit_once
def carry_out(run: Run, written: int) -> bool:
    """`Runner._carry_out` for the first `written` records; whether anything was asked for."""
    asked = False
    for row in range(written):
        decision = run.records[row]
        if decision.action == 0:
            continue
        asked = True
        if run.progress[0].keeps_acts == 1:
            run.trail.acts[run.progress[0].acts] = decision
        if not is_known(run, row):
            _execute(run, row, run.progress[0].acts)
        run.progress[0].acts += 1
    if asked:
        sync(run, False)
    return asked


@njit_once
def _execute(run: Run, row: int, act: int) -> None:
    """`Executor.execute`: the EA's guards, then the order, then what it made of the books."""
    decision = run.records[row]
    opens = decision.action in (_BUY, _SELL)
    if opens and _is_guarded(run, row):
        return
    books = run.books.row[0]
    books.sent_msc[books.orders % KEPT_INTENTS] = run.broker.account[0].now_msc
    books.orders += 1
    if opens:
        _open(run, row, act)
    elif decision.action == _MODIFY:
        _modify(run, row)
    else:
        _close(run, row, act)


@njit_once
def _is_guarded(run: Run, row: int) -> bool:
    """`Executor._entry_refusal`."""
    decision, books = run.records[row], run.books.row[0]
    if decision.lots > books.max_lots:
        return True
    most = books.orders_per_minute
    if books.orders >= most:
        oldest = books.sent_msc[(books.orders - most) % KEPT_INTENTS]
        if oldest > run.broker.account[0].now_msc - _MINUTE_MSC:
            return True
    quote = run.broker.quotes[decision.symbol]
    return bool((quote.ask - quote.bid) / run.broker.terms[decision.symbol].point > books.max_spread_points)


@njit_inner
def _level(run: Run, symbol: int, level: float) -> float:
    terms = run.broker.terms[symbol]
    return float(rounded_price(level, terms.tick_size, terms.digits))


@njit_once
def _open(run: Run, row: int, act: int) -> None:
    decision, at, broker = run.records[row], run.progress[0].deals, run.broker
    symbol = decision.symbol
    volume = floored(decision.lots, broker.terms[symbol].volume_step)
    sl, tp = _level(run, symbol, decision.sl), _level(run, symbol, decision.tp)
    if broker.account[0].positions + 1 >= MAX_POSITIONS:
        run.progress[0].status = TOO_MANY_POSITIONS
        return
    if not open_position(broker, run.trail.deals, at, symbol, decision.side, volume, sl, tp):
        return
    _finish(run, at, act)
    begin_day_of_deal(run, run.trail.deals[at].time_msc)
    book_entry(run, at, decision.sl, decision.setup)
    add_position(run, at, row, run.progress[0].offset_s)
    if not book_fill(run, at, decision.price):
        run.progress[0].status = TOO_MANY_FILLS
    sync(run, True)


@njit_inner
def _finish(run: Run, at: int, act: int) -> None:
    deal = run.trail.deals[at]
    deal.reason, deal.act = _EXPERT, act
    deal.time_ns = utc_ns(deal.time_msc, run.progress[0].offset_s)
    run.progress[0].deals = at + 1


@njit_once
def _close(run: Run, row: int, act: int) -> None:
    decision, at, broker = run.records[row], run.progress[0].deals, run.broker
    stands = row_of(broker, decision.position_ticket)
    if stands < 0:
        return
    step = broker.terms[decision.symbol].volume_step
    volume = broker.book[stands].volume if decision.action == _CLOSE else decision.lots
    done = close_position(broker, run.trail.deals, at, stands, floored(volume, step))
    if not done:
        _pause(run, row)
        return
    _forgive(run, decision.position_ticket)
    _finish(run, at, act)
    book_closing(run, at, at + 1, decision.price)
    sync(run, True)


@njit_inner
def book_closing(run: Run, start: int, stop: int, asked: float) -> None:
    """Deals that close, booked; `asked` [price] of our own order, the stop's level counts where the server closed."""
    for at in range(start, stop):
        deal = run.trail.deals[at]
        deal.time_ns = utc_ns(deal.time_msc, run.progress[0].offset_s)
    if stop > start:
        begin_day_of_deal(run, run.trail.deals[stop - 1].time_msc)
    for at in range(start, stop):
        deal = run.trail.deals[at]
        own = deal.reason == _EXPERT
        if not book_fill(run, at, asked if own else (deal.level if deal.reason == _SL else 0.0)):
            run.progress[0].status = TOO_MANY_FILLS
        book_exit(run, at)


@njit_once
def _modify(run: Run, row: int) -> None:
    decision, broker = run.records[row], run.broker
    stands = row_of(broker, decision.position_ticket)
    sl, tp = _level(run, decision.symbol, decision.sl), _level(run, decision.symbol, decision.tp)
    if stands >= 0 and move_stops(broker, stands, sl, tp):
        _forgive(run, decision.position_ticket)
        sync(run, False)
    else:
        _pause(run, row)


@njit_inner
def _forgive(run: Run, ticket: int) -> None:
    """`Pauses.note` of something that was done."""
    held = file_of(run.world, ticket)
    if held >= 0:
        run.books.files[held].refusals = 0
        run.world.positions[held].paused_until_ns = 0


@njit_inner
def _pause(run: Run, row: int) -> None:
    """`Pauses.note` of something that was refused."""
    decision = run.records[row]
    held = file_of(run.world, decision.position_ticket)
    if held < 0:
        return
    refusals = run.books.files[held].refusals
    run.books.files[held].refusals = refusals + 1
    run.world.positions[held].paused_until_ns = decision.time_ns + run.books.row[0].pause_ns * 2 ** min(
        refusals, _DOUBLINGS
    )
