"""The loop of a compiled run: `sim.runner.Runner` and `strategy.engine.Engine` around the kernels they share with it.

From other compiled code a run is stepped like this, with the `Run` that `backtest.compiled.preparing` makes:

    status = play_until(run, time_msc)   # all ticks up to and with those of this stamp of the broker's clock [ms]
    run.progress[0].deals                # how many deals there are by then: rows of run.trail.deals
    run.broker.account[0].balance        # and every other table, as it stands after the last of these ticks

`FULL` asks the caller to let the trail grow (`preparing.grown`) and to call again with the run that has room; `GOING`
means that the stamp was reached, `OVER` that the tape has ended; all above `FULL` are refusals: the run met what it
cannot do as `exact` does, its tables are of no further use, and `exact` has to run in its place.
"""

from typing import Final

from backtest.compiled import broker
from backtest.compiled.books import note_guards, sync, sync_guards
from backtest.compiled.broker import act, pass_time
from backtest.compiled.orders import FULL, GOING, OVER, book_closing, carry_out
from backtest.compiled.scanning import scan
from backtest.compiled.skipping import skip
from backtest.compiled.tables import Run
from backtest.compiled.trail import has_room, note_records
from domain.jit import njit, njit_inner, njit_once
from sim.matching import first_at, take_quote
from strategy.kernel import Progress, walk
from strategy.tables import Table
from strategy.views import Batch, Closes, adopt, equity_of
from strategy.watch import watch

_SCAN_TICKS: Final = 16_384  # as in `sim.runner`
_STRETCH: Final = 512


@njit
def play_until(run: Run, time_msc: int) -> int:
    """Play all ticks up to and with those of `time_msc` [ms, broker's clock]; the status then (see the module).

    The kernel that decides is called from here and nowhere deeper: each caller of a kernel optimizes it once more.
    """
    progress, whole = run.progress[0], run.closes
    while _goes_on(run, time_msc):
        symbol = run.segments[progress.segment].symbol
        terms = run.broker.terms[symbol]
        ticks = run.ticks[terms.first_tick : terms.last_tick]
        first, last = terms.first_close, terms.last_close
        closes = Closes(
            whole.at[first:last],
            whole.chart[first:last],
            whole.bars[first:last],
            whole.scores[first:last],
            whole.features[first:last],
            whole.volatility[first:last],
        )
        stop = _stop_of(run, symbol, ticks, progress.end)
        start = Progress(progress.tick, terms.next_close, 0, False)
        done = walk(run.world, Batch(ticks, symbol, progress.offset_s), closes, start, stop, run.records)
        progress.tick, terms.next_close = done.tick, done.close
        _take_up(run, symbol, ticks, done.written, done.acted)
    return int(progress.status)


@njit
def equity_now(run: Run) -> float:
    """Equity at the latest quotes of the broker [account money]."""
    return broker.equity_of(run.broker)


@njit_once
def _goes_on(run: Run, time_msc: int) -> bool:
    """Whether there is a tick to play and room for what it leaves; `end` of the progress is the first that is not."""
    progress = run.progress[0]
    if progress.status == FULL:
        progress.status = GOING
    while progress.status == GOING and progress.segment < run.segments.shape[0]:
        segment = run.segments[progress.segment]
        terms = run.broker.terms[segment.symbol]
        ticks = run.ticks[terms.first_tick : terms.last_tick]
        if progress.tick < segment.stop:
            progress.end = first_at(ticks, progress.tick, segment.stop, time_msc + 1)
            if progress.tick == progress.end:
                return False
            if segment.offset_s != progress.offset_s:
                _meet_clock(run, ticks[progress.tick].time_msc, segment.offset_s)
            progress.status = GOING if has_room(run) else FULL
            return bool(progress.status == GOING)
        progress.segment += 1
        if progress.segment < run.segments.shape[0]:
            progress.tick = progress.until = run.segments[progress.segment].start
    if progress.status == GOING:
        progress.status = OVER
    return False


@njit_once
def _take_up(run: Run, symbol: int, ticks: Table, written: int, acted: bool) -> None:
    """`Engine._walk` and `Runner._play` after the kernel has walked: what comes of what was decided."""
    progress = run.progress[0]
    if acted:
        note_guards(run)
    asks = note_records(run, written)
    if asks or progress.tick >= progress.until:
        sync_guards(run)
    settle(run, symbol, ticks, progress.tick - 1)
    if progress.news == 1:
        _adopt_money(run)
    if asks:
        carry_out(run, written)
        progress.news, progress.until = 1, progress.tick


@njit_once
def _stop_of(run: Run, symbol: int, ticks: Table, end: int) -> int:
    """How far the core may walk from the next tick: to where the server acts by itself, which it does at that tick."""
    progress, is_flat = run.progress[0], run.broker.account[0].positions == 0
    at = progress.tick
    if at >= progress.until:
        progress.until = end if is_flat else min(at + _SCAN_TICKS, end)
    if is_flat and progress.skips == 1 and progress.news == 0:
        return skip(run, symbol, ticks, progress.until)
    reach = progress.until if is_flat else min(at + _STRETCH, progress.until)
    found = scan(run.broker, symbol, ticks, at, reach)
    if found == at:
        _on_tick(run, symbol, ticks, at)
    if found == at or progress.news == 1:
        found = at + 1
    if found < reach:
        progress.until = found
    return int(found)


@njit_inner
def settle(run: Run, symbol: int, ticks: Table, index: int) -> None:
    """`SimTerminal.settle`: `ticks[index]` becomes the symbol's quote, and its time the server's."""
    time_msc = take_quote(ticks, index, run.broker.quotes, symbol)
    account = run.broker.account[0]
    account.now_msc = max(account.now_msc, time_msc)


@njit_once
def _on_tick(run: Run, symbol: int, ticks: Table, index: int) -> None:
    """`SimTerminal.on_tick`, booked."""
    before_msc, first = run.broker.account[0].now_msc, run.progress[0].deals
    settle(run, symbol, ticks, index)
    stop, charged = act(run.broker, run.trail.deals, first, symbol, before_msc)
    run.progress[0].deals, run.progress[0].news = stop, 1
    if stop > first or charged:
        book_closing(run, first, stop, 0.0)
        sync(run, True)


@njit_once
def _adopt_money(run: Run) -> None:
    """`Runner._adopt_money` and `Engine.adopt_money`: the terminal's word on equity and margin is the truth."""
    world = run.world
    adopt(world, broker.equity_of(run.broker), run.broker.account[0].margin)
    if world.guard[0].broker_day >= 0 and watch(world, equity_of(world)):
        note_guards(run)
    sync_guards(run)
    run.progress[0].news = 0


@njit_once
def _meet_clock(run: Run, time_msc: int, offset_s: int) -> None:
    """`Runner._meet_clock`: the broker's clock was changed; the account learns of it, and of the leverage by then."""
    account = run.broker.account[0]
    before_msc = account.now_msc
    if time_msc > before_msc:
        account.now_msc = time_msc
        if pass_time(run.broker, before_msc):
            sync(run, True)
            run.progress[0].news = 1
    run.progress[0].offset_s = offset_s
    run.world.account[0].leverage = account.leverage
    sync(run, False)
