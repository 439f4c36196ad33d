"""The deals of a compiled run in line, as orders of a cash account: for an order function in compiled code.

It is `backtest.accounting.CashBook.order_of`, of the deals that a run has made by a row of somebody else's loop.
"""

from types import ModuleType
from typing import Any, Final, NamedTuple

import numpy as np

from backtest.compiled.driving import equity_now, play_until
from backtest.compiled.orders import GOING, OVER
from backtest.compiled.tables import Floats, Ints, Run
from domain.jit import njit, njit_inner, njit_uncached
from domain.pricing import position_profit
from domain.trading import DealEntry
from sim.matching import money_at
from strategy.tables import Table

LINE_DTYPE: Final = np.dtype([("booked", "i8"), ("status", "i8")])
"""One row: how many deals have become orders, and how the run stands (`backtest.compiled.driving`)."""

_IN: Final = int(DealEntry.IN)


class OrderLine(NamedTuple):
    """A run and what is noted of it, row by row: `rows_msc` [ms, broker's clock] and the account at each of them.

    `columns` and `is_inverse` are by symbol of the run: its column in the loop, and whether what is held is its profit
    currency. `equity`, `swap` and `sell_spread` are of shape (rows,) [account money].
    """

    run: Run
    line: Table
    rows_msc: Ints
    columns: Ints
    is_inverse: Ints
    equity: Floats
    swap: Floats
    sell_spread: Floats


@njit
def note(line: OrderLine, row: int, status: int) -> None:
    """Keep the account as it stands at `row`; a run that cannot go on says so in the line's status."""
    line.line[0].status = status
    if status not in (GOING, OVER):
        return
    broker, swap, spread = line.run.broker, 0.0, 0.0
    for index in range(broker.account[0].positions):
        held = broker.book[index]
        swap += held.swap
        if held.side < 0:
            quote = broker.quotes[held.symbol_index]
            money = money_at(broker.moneys, broker.terms.shape[0] + held.symbol_index)
            at_bid = position_profit(-1, held.volume, held.price_open, quote.bid, money)
            spread += at_bid - position_profit(-1, held.volume, held.price_open, quote.ask, money)
    line.equity[row], line.swap[row], line.sell_spread[row] = equity_now(line.run), swap, spread


@njit
def next_order(line: OrderLine) -> tuple[int, float, float, float]:
    """Column (-1: there is no order), size [units], price [account money a unit] and fees [account money]."""
    state, run = line.line[0], line.run
    if state.status not in (GOING, OVER) or state.booked >= run.progress[0].deals:
        return -1, 0.0, 0.0, 0.0
    deal = run.trail.deals[state.booked]
    symbol = deal.symbol
    units = deal.volume * run.broker.moneys[symbol].contract_size
    size, price = deal.side * units, deal.price
    if line.is_inverse[symbol] == 1:
        size, price = -deal.side * units * _price_open(run, state.booked), 1.0 / deal.price
    state.booked += 1
    return line.columns[symbol], size, price, -(deal.commission + deal.swap)


@njit_inner
def _price_open(run: Run, at: int) -> float:
    """Price at which the position of `deals[at]` was opened; its entry is not far behind."""
    deals = run.trail.deals
    position_id, row = deals[at].position_id, at
    while deals[row].position_id != position_id or deals[row].entry != _IN:
        row -= 1
    return float(deals[row].price)


def order_function_of(nb: ModuleType) -> Any:  # noqa: ANN401 - a function of numba's
    """A flexible order function for the loop of vectorbt, whose compiled part is `nb`; its argument is the line."""
    order_nb, nothing_nb = nb.order_nb, nb.order_nothing_nb

    @njit_uncached
    def flex_order(context, line):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202 - types are numba's
        if context.call_idx == 0:
            note(line, context.i, play_until(line.run, line.rows_msc[context.i]))
        column, size, price, fees = next_order(line)
        if column < 0:
            return -1, nothing_nb()
        return column, order_nb(size=size, price=price, fixed_fees=fees, allow_partial=False, raise_reject=True)

    return flex_order
