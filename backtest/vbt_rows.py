"""Rows and columns of a backtest inside vectorbt: when something can be decided, and what assets are worth then."""

from typing import Any, Final, NamedTuple

import numpy as np

from backtest.accounting import CashBook
from backtest.curve import Ints
from backtest.job import Job, JobError
from domain.pricing import SymbolMoney, symbol_money

_MS_PER_S: Final = 1000


class Rows(NamedTuple):
    """Rows of vectorbt's loop [ms, broker's clock, and UTC ns], the pricing of symbols, and how an asset is booked."""

    msc: Ints
    time_ns: Ints
    monies: dict[str, SymbolMoney]
    book: CashBook

    def __len__(self) -> int:
        """How many there are."""
        return int(self.msc.size)


def rows_of(job: Job) -> Rows:
    """The rows of `job`.

    Raises:
        SymbolSpecError: for a symbol whose profit a cash account cannot hold.
    """
    msc, profile = moments_of(job), job.profile
    leverage = profile.leverage_at(profile.deposit)
    monies = {spec.name: symbol_money(spec, profile.currency, profile.currency_digits, leverage) for spec in job.specs}
    book = CashBook(tuple(job.spec_of(symbol) for symbol in job.ticks), monies)
    return Rows(msc, np.array([job.utc_ns(int(row)) for row in msc], np.int64), monies, book)


def moments_of(job: Job) -> Ints:
    """When something can be decided [ms, broker's clock]: the first tick of each bar of the finest chart; the end."""
    period_ms = min(timeframe.seconds for timeframe in job.settings.timeframes) * _MS_PER_S
    found = [np.array([job.end_msc], np.int64)]
    for ticks in job.ticks.values():
        times = np.ascontiguousarray(ticks["time_msc"])
        found.append(times[1:][np.diff(times // period_ms) != 0])
    return np.unique(np.concatenate(found))


def closes_of(job: Job, rows: Rows) -> Any:  # noqa: ANN401 - a pandas DataFrame
    """Value of each asset at each row, at the bid; before a symbol's first quote that one."""
    import pandas as pd  # noqa: PLC0415 - an extra, and slow

    columns = {}
    for symbol, ticks in job.ticks.items():
        if not len(ticks):
            raise JobError(f"{symbol}: there are no quotes; leave the symbol out")
        places = np.searchsorted(np.ascontiguousarray(ticks["time_msc"]), rows.msc, side="right") - 1
        bids = ticks["bid"][np.maximum(places, 0)]
        columns[symbol] = [rows.book.value_of(symbol, float(bid)) for bid in bids]
    return pd.DataFrame(columns, index=pd.to_datetime(rows.time_ns, utc=True))


def mean_distance(time_ns: Ints) -> Any:  # noqa: ANN401 - a pandas Timedelta
    """Of the rows, nights and weekends included: so many of them make a year, and add up to the time there was."""
    import pandas as pd  # noqa: PLC0415 - an extra, and slow

    return pd.Timedelta(max(1, int(time_ns[-1] - time_ns[0]) // max(1, len(time_ns) - 1)), "ns")
