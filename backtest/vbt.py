"""The same backtest inside vectorbt: `Portfolio.from_order_func`, whose order function lets the strategy decide.

At each row the order function lets the run go on to the row's time. What `strategy` decides there and the terminal
fills becomes the orders of the row (`backtest.vbt_orders`), so nothing decides a second time and margin, lots and costs
are MT5's. vectorbt then keeps an account of its own (`backtest.accounting`), which is the check on ours, and brings
its statistics and plots. vectorbt is an extra and takes seconds to import, so nothing here imports it early.
"""

import warnings
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from backtest.accounting import CUSHION
from backtest.curve import Floats, Ints
from backtest.job import Job
from backtest.vbt_orders import Booked, order_function
from backtest.vbt_rows import closes_of, mean_distance, rows_of


class MissingExtraError(ImportError):
    """A package that only backtests need is not installed; says how to get it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VbtOutcome:
    """A backtest in vectorbt. Arrays are of shape (rows,), money is the account's.

    `portfolio` is vectorbt's Portfolio, `equity` its value. `booked` is what the simulated terminal had at the same
    moments, with what two known differences came to there: swap that is not booked yet, and the spread at which sells
    are valued (a portfolio has one price for both sides). `order_function` says which of the two asked the strategy.
    """

    job: Job
    booked: Booked
    portfolio: Any
    time_ns: Ints
    equity: Floats
    order_function: str

    @property
    def terminal_equity(self) -> Floats:
        """Equity at the simulated terminal [account money]."""
        return self.booked.equity

    @property
    def swap(self) -> Floats:
        """Swap that has accrued and is not booked [account money]."""
        return self.booked.swap

    @property
    def sell_spread(self) -> Floats:
        """What open sells are worth at the bid beyond what they are worth at the ask [account money]."""
        return self.booked.sell_spread

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


def run_vbt(job: Job, *, compiled: bool | None = None) -> VbtOutcome:
    """Run `job` inside vectorbt, one row for each bar that the finest chart of a symbol closes.

    `compiled` chooses the order function: in numba (Python, where the job needs it), in Python, or, if None, whichever
    is faster. They make the same orders.

    Raises:
        MissingExtraError: where vectorbt is not installed.
        SymbolSpecError: for a symbol whose profit a cash account cannot hold.
    """
    vbt, rows = imported_vectorbt(), rows_of(job)
    asked = order_function(job, rows, _numba_part(), compiled=compiled)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        simulated = vbt.Portfolio.from_order_func(
            closes_of(job, rows),
            asked.call,
            *asked.args,
            flexible=True,
            use_numba=asked.is_compiled,
            init_cash=job.profile.deposit + CUSHION,
            cash_sharing=True,
            group_by=True,
            update_value=True,
            max_orders=asked.most_orders,
            freq=mean_distance(rows.time_ns),
        )
        portfolio = simulated.replace(init_cash=np.array([job.profile.deposit]))
        value = np.asarray(portfolio.value(), np.float64)
    return VbtOutcome(
        job=job,
        booked=asked.booked(),
        portfolio=portfolio,
        time_ns=rows.time_ns,
        equity=value,
        order_function=asked.told,
    )


def _numba_part() -> ModuleType:
    from vectorbt.portfolio import nb  # noqa: PLC0415 - an extra, and slow

    module: ModuleType = nb
    return module
