"""The same backtest inside vectorbt: `Portfolio.from_order_func`, whose order function asks the live engine.

At each row the order function lets the engine and the simulated terminal go on to the row's time. What `strategy`
decides there and the terminal fills becomes the orders of the row, so nothing decides a second time and margin, lots
and costs are MT5's. vectorbt then keeps an account of its own (`backtest.accounting`), which is the check on ours, and
brings its statistics and plots. vectorbt is an extra and takes seconds to import, so nothing here imports it early.
"""

import warnings
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Final

import numpy as np

from backtest.accounting import CUSHION, CashBook, CashOrder
from backtest.curve import Floats, Ints
from backtest.job import Job, JobError
from backtest.stepping import SteppedRun
from domain.pricing import position_profit, symbol_money
from domain.trading import DealType, Position
from sim.runner import RunResult

_TRADES: Final = (DealType.BUY, DealType.SELL)
_MS_PER_S: Final = 1000


class MissingExtraError(ImportError):
    """A package that only backtests need is not installed; says how to get it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VbtOutcome:
    """A backtest in vectorbt. Arrays are of shape (rows,), money is the account's.

    `portfolio` is vectorbt's Portfolio, `equity` its value. `terminal_equity` is what the simulated terminal had at the
    same moments, `swap` and `sell_spread` what two known differences came to there: swap that is not booked yet, and
    the spread at which sells are valued (a portfolio has one price for both sides).
    """

    job: Job
    ran: RunResult
    portfolio: Any
    time_ns: Ints
    equity: Floats
    terminal_equity: Floats
    swap: Floats
    sell_spread: Floats

    @property
    def apart(self) -> Floats:
        """How far the terminal's equity is above vectorbt's [account money]."""
        return self.terminal_equity - self.equity

    @property
    def rest(self) -> Floats:
        """What of `apart` neither swap nor spread explains [account money]."""
        return self.apart - self.swap + self.sell_spread


def imported_vectorbt() -> ModuleType:
    """vectorbt, six seconds after the first call.

    Raises:
        MissingExtraError: where it is not installed.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import vectorbt  # noqa: PLC0415 - an extra, and slow
    except ImportError as missing:
        raise MissingExtraError("vectorbt is not installed: pip install 'mt5-companion[backtest]'") from missing
    module: ModuleType = vectorbt
    return module


def run_vbt(job: Job) -> VbtOutcome:
    """Run `job` inside vectorbt, one row for each bar that the finest chart of a symbol closes.

    Raises:
        MissingExtraError: where vectorbt is not installed.
        SymbolSpecError: for a symbol whose profit a cash account cannot hold.
    """
    vbt, nb = imported_vectorbt(), _numba_part()
    desk = _Desk(job)
    close = _closes(job, desk)

    def order(context: Any) -> tuple[int, Any]:  # noqa: ANN401 - vectorbt's FlexOrderContext
        if context.call_idx == 0:
            desk.go_to(context.i)
        if not desk.waiting:
            return -1, nb.order_nothing_nb()
        one = desk.waiting.pop(0)
        size, price, fees = one.size, one.price, one.fees
        booked = nb.order_nb(size=size, price=price, fixed_fees=fees, allow_partial=False, raise_reject=True)
        return desk.column_of[one.symbol], booked

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        simulated = vbt.Portfolio.from_order_func(
            close,
            order,
            flexible=True,
            use_numba=False,
            init_cash=job.profile.deposit + CUSHION,
            cash_sharing=True,
            group_by=True,
            update_value=True,
            max_orders=desk.most_orders,
            freq=_mean_distance(desk.time_ns),
        )
        portfolio = simulated.replace(init_cash=np.array([job.profile.deposit]))
        value = np.asarray(portfolio.value(), np.float64)
    return VbtOutcome(
        job=job,
        ran=desk.run.end(),
        portfolio=portfolio,
        time_ns=desk.time_ns,
        equity=value,
        terminal_equity=desk.equity,
        swap=desk.swap,
        sell_spread=desk.sell_spread,
    )


def _mean_distance(time_ns: Ints) -> Any:  # noqa: ANN401 - a pandas Timedelta
    """Of the rows, nights and weekends included: so many of them make a year, and add up to the time there was."""
    import pandas as pd  # noqa: PLC0415 - an extra, and slow

    return pd.Timedelta(max(1, int(time_ns[-1] - time_ns[0]) // max(1, len(time_ns) - 1)), "ns")


def _numba_part() -> ModuleType:
    from vectorbt.portfolio import nb  # noqa: PLC0415 - an extra, and slow

    module: ModuleType = nb
    return module


def rows_of(job: Job) -> Ints:
    """When something can be decided [ms, broker's clock]: the first tick of each bar of the finest chart; the end."""
    period_ms = min(timeframe.seconds for timeframe in job.settings.timeframes) * _MS_PER_S
    found = [np.array([job.end_msc], np.int64)]
    for ticks in job.ticks.values():
        times = np.ascontiguousarray(ticks["time_msc"])
        found.append(times[1:][np.diff(times // period_ms) != 0])
    return np.unique(np.concatenate(found))


def _closes(job: Job, desk: "_Desk") -> Any:  # noqa: ANN401 - a pandas DataFrame
    """Value of each asset at each row, at the bid; before a symbol's first quote that one."""
    import pandas as pd  # noqa: PLC0415 - an extra, and slow

    columns = {}
    for symbol, ticks in job.ticks.items():
        if not len(ticks):
            raise JobError(f"{symbol}: there are no quotes; leave the symbol out")
        places = np.searchsorted(np.ascontiguousarray(ticks["time_msc"]), desk.rows_msc, side="right") - 1
        bids = ticks["bid"][np.maximum(places, 0)]
        columns[symbol] = [desk.book.value_of(symbol, float(bid)) for bid in bids]
    return pd.DataFrame(columns, index=pd.to_datetime(desk.time_ns, utc=True))


class _Desk:
    """Keeps run, rows and orders together while vectorbt walks the rows."""

    def __init__(self, job: Job) -> None:
        self.run = SteppedRun(job)
        self.rows_msc = rows_of(job)
        self.time_ns = np.array([job.utc_ns(int(row)) for row in self.rows_msc], np.int64)
        profile = job.profile
        leverage = profile.leverage_at(profile.deposit)
        self._monies = {
            spec.name: symbol_money(spec, profile.currency, profile.currency_digits, leverage) for spec in job.specs
        }
        self.book = CashBook(tuple(job.spec_of(symbol) for symbol in job.ticks), self._monies)
        self.column_of = {symbol: column for column, symbol in enumerate(job.ticks)}
        self.waiting: list[CashOrder] = []
        self.equity, self.swap, self.sell_spread = (np.zeros(len(self.rows_msc)) for _ in range(3))
        self._booked = 0
        self.run.begin()

    @property
    def most_orders(self) -> int:
        """More than a run can make: each chart may open something in a row, and that is closed in a few parts."""
        return 8 * len(self.rows_msc) * len(self.column_of) * len(self.run.engine.settings.timeframes) + 64

    def go_to(self, row: int) -> None:
        """Let the run go on to `row`, and put its deals in line."""
        terminal = self.run.terminal
        self.run.go_to(int(self.rows_msc[row]))
        deals = terminal.deals
        self.waiting += [self.book.order_of(deal) for deal in deals[self._booked :] if deal.type in _TRADES]
        self._booked = len(deals)
        self.equity[row] = terminal.money().equity
        positions = terminal.positions()
        self.swap[row] = sum(position.swap for position in positions)
        self.sell_spread[row] = sum(self._spread_of(position) for position in positions if position.side < 0)

    def _spread_of(self, position: Position) -> float:
        """What a sell is worth at the bid beyond what it is worth at the ask [account money]."""
        bid, ask, _ = self.run.terminal.quote(position.symbol)
        money, lots, opened = self._monies[position.symbol], position.volume, position.price_open
        return float(position_profit(-1, lots, opened, bid, money) - position_profit(-1, lots, opened, ask, money))
