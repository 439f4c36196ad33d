"""Order functions for vectorbt: what is decided and filled by each row becomes the row's orders.

Two of them make the same orders. The compiled one steps `backtest.compiled`, which decides with the kernel that live
trading calls; where a job needs more than that, or is short, one in Python steps the live engine and the terminal.
"""

from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from backtest.compiled.order_line import LINE_DTYPE, OrderLine, order_function_of
from backtest.compiled.orders import FULL, GOING, OVER
from backtest.compiled.outcome import outcome_of, played
from backtest.compiled.preparing import NotCompiled, prepared
from backtest.curve import Floats
from backtest.job import Job
from backtest.stepping import SteppedRun
from backtest.vbt_rows import Rows
from domain.intents import Intent
from domain.pricing import position_profit
from domain.trading import Deal, DealType, Position
from domain.updates import Money
from strategy.tables import Table

if TYPE_CHECKING:
    from backtest.accounting import CashOrder

LONG_ROWS: Final = 200_000
"""Rows from which on compiling vectorbt's loop, which nothing can keep for the next time, costs less than Python."""

_COMPILED: Final = "compiled"
_TRADES: Final = (DealType.BUY, DealType.SELL)
_WELL: Final = (GOING, OVER)


class Booked(NamedTuple):
    """What a run came to inside a loop; `equity`, `swap` and `sell_spread` are of shape (rows,) [account money]."""

    decisions: Table
    deals: tuple[Deal, ...]
    intents: tuple[Intent, ...]
    money: Money
    equity: Floats
    swap: Floats
    sell_spread: Floats


class OrderFunction(NamedTuple):
    """What `from_order_func` is given, the most orders it may make, and what the run came to once it has been called.

    `told` says which of the two it is, and why.
    """

    call: Any
    args: tuple[Any, ...]
    most_orders: int
    booked: Callable[[], Booked]
    told: str

    @property
    def is_compiled(self) -> bool:
        """Whether it is numba's."""
        return self.told == _COMPILED


def order_function(job: Job, rows: Rows, nb: ModuleType, *, compiled: bool | None = None) -> OrderFunction:
    """The order function for `job`; `nb` is vectorbt's compiled part. `compiled` None: where it is worth it.

    Raises:
        SymbolSpecError: for a symbol that cannot be priced.
    """
    if compiled is None and len(rows) < LONG_ROWS:
        return _in_python(job, rows, nb, f"Python, for {len(rows):,} rows: compiling pays from {LONG_ROWS:,} on")
    if compiled is False:
        return _in_python(job, rows, nb, "Python, as asked for")
    found = _in_numba(job, rows, nb)
    if isinstance(found, NotCompiled):
        return _in_python(job, rows, nb, f"Python: {found.reason}")
    return found


# -- compiled ----------------------------------------------------------------------------------------------------------


def _in_numba(job: Job, rows: Rows, nb: ModuleType) -> OrderFunction | NotCompiled:
    first, ready = (prepared(job, keep_decisions=True) for _ in range(2))
    if isinstance(first, NotCompiled) or isinstance(ready, NotCompiled):
        return first if isinstance(first, NotCompiled) else NotCompiled("")
    problem = played(first)
    if problem is not None:
        return problem
    # a loop of vectorbt's cannot let the trail grow: it gets one that has grown in a run before
    ready.run = ready.run._replace(trail=first.run.trail._replace(tally=ready.run.trail.tally))
    columns = {symbol: column for column, symbol in enumerate(job.ticks)}
    names = [spec.name for spec in job.specs]
    line = OrderLine(
        ready.run,
        np.zeros(1, LINE_DTYPE),
        rows.msc,
        np.array([columns.get(name, -1) for name in names], np.int64),
        np.array([name in columns and rows.book.is_inverse(name) for name in names], np.int64),
        *(np.zeros(len(rows)) for _ in range(3)),
    )

    def booked() -> Booked:
        status = line.line[0]["status"]
        if status not in _WELL:
            problem = "its trail is full" if status == FULL else f"status {status}"
            raise RuntimeError(f"the compiled run inside vectorbt did not end as the one before it: {problem}")
        ended = outcome_of(ready)
        return Booked(
            ended.decisions, ended.deals, ended.intents, ended.money, line.equity, line.swap, line.sell_spread
        )

    most = max(1, int(first.run.progress[0]["deals"]))
    return OrderFunction(order_function_of(nb), (line,), most, booked, _COMPILED)


# -- in Python ---------------------------------------------------------------------------------------------------------


def _in_python(job: Job, rows: Rows, nb: ModuleType, told: str) -> OrderFunction:
    desk = _Desk(job, rows)

    def flex_order(context: Any) -> tuple[int, Any]:  # noqa: ANN401 - vectorbt's FlexOrderContext
        if context.call_idx == 0:
            desk.go_to(context.i)
        if not desk.waiting:
            return -1, nb.order_nothing_nb()
        one = desk.waiting.pop(0)
        size, price, fees = one.size, one.price, one.fees
        order = nb.order_nb(size=size, price=price, fixed_fees=fees, allow_partial=False, raise_reject=True)
        return desk.column_of[one.symbol], order

    return OrderFunction(flex_order, (), desk.most_orders, desk.booked, told)


class _Desk:
    """Keeps run, rows and orders together while vectorbt walks the rows."""

    def __init__(self, job: Job, rows: Rows) -> None:
        self.run = SteppedRun(job)
        self.rows = rows
        self.column_of = {symbol: column for column, symbol in enumerate(job.ticks)}
        self.waiting: list[CashOrder] = []
        self.equity, self.swap, self.sell_spread = (np.zeros(len(rows)) for _ in range(3))
        self._taken = 0
        self.run.begin()

    @property
    def most_orders(self) -> int:
        """More than a run can make: each chart may open something in a row, and that is closed in a few parts."""
        return 8 * len(self.rows) * len(self.column_of) * len(self.run.engine.settings.timeframes) + 64

    def go_to(self, row: int) -> None:
        """Let the run go on to `row`, and put its deals in line."""
        terminal = self.run.terminal
        self.run.go_to(int(self.rows.msc[row]))
        deals = terminal.deals
        self.waiting += [self.rows.book.order_of(deal) for deal in deals[self._taken :] if deal.type in _TRADES]
        self._taken = len(deals)
        self.equity[row] = terminal.money().equity
        positions = terminal.positions()
        self.swap[row] = sum(position.swap for position in positions)
        self.sell_spread[row] = sum(self._spread_of(position) for position in positions if position.side < 0)

    def booked(self) -> Booked:
        """What the run came to; nothing can be played after it."""
        ran = self.run.end()
        return Booked(ran.decisions, ran.deals, ran.intents, ran.money, self.equity, self.swap, self.sell_spread)

    def _spread_of(self, position: Position) -> float:
        """What a sell is worth at the bid beyond what it is worth at the ask [account money]."""
        bid, ask, _ = self.run.terminal.quote(position.symbol)
        money, lots, opened = self.rows.monies[position.symbol], position.volume, position.price_open
        return float(position_profit(-1, lots, opened, bid, money) - position_profit(-1, lots, opened, ask, money))
