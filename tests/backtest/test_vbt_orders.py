"""The compiled order function makes the orders of the one in Python; jobs that it cannot do fall to Python, and say so.

It is called here as plain Python calls it: compiling vectorbt's loop around it takes half a minute in each process.
"""

import dataclasses
import functools
from types import SimpleNamespace
from typing import Any, NamedTuple

import msgspec
import numpy as np
import pytest

from backtest import vbt_orders
from backtest.job import Job
from backtest.vbt_orders import LONG_ROWS, Booked, order_function
from backtest.vbt_rows import Rows, rows_of
from domain.symbols import SwapMode
from tests.backtest.test_vbt import two_symbols

pytestmark = pytest.mark.parity


class Order(NamedTuple):
    """As vectorbt's, with what we say of it."""

    size: float = 0.0
    price: float = 0.0
    fixed_fees: float = 0.0
    allow_partial: bool = True
    raise_reject: bool = False


NB: Any = SimpleNamespace(order_nb=Order, order_nothing_nb=Order)
Line = list[tuple[int, int, Order]]


def walked(job: Job, rows: Rows, *, compiled: bool) -> tuple[Line, Booked, str]:
    """All orders with their rows, as vectorbt's flexible loop asks for them."""
    asked = order_function(job, rows, NB, compiled=compiled)
    call = getattr(asked.call, "py_func", asked.call)
    found: Line = []
    for row in range(len(rows)):
        for call_idx in range(1000):
            column, order = call(SimpleNamespace(i=row, call_idx=call_idx), *asked.args)
            if column < 0:
                break
            found.append((row, column, order))
    assert asked.is_compiled == compiled
    assert len(found) <= asked.most_orders
    return found, asked.booked(), asked.told


def test_both_make_the_same_orders_and_note_the_same_account() -> None:
    job = two_symbols(3)
    rows = rows_of(job)
    orders, booked, told = walked(job, rows, compiled=True)
    expected, in_python, _ = walked(job, rows, compiled=False)
    assert told == "compiled"
    assert [(row, column) for row, column, _ in orders] == [(row, column) for row, column, _ in expected]
    for (_, _, ours), (_, _, theirs) in zip(orders, expected, strict=True):
        assert ours == pytest.approx(theirs, rel=1e-15, abs=1e-12)
        assert (ours.allow_partial, ours.raise_reject) == (False, True)
    assert {column for _, column, _ in orders} == {0, 1}
    assert booked.decisions.tobytes() == in_python.decisions.tobytes()
    assert (booked.deals, booked.intents, booked.money) == (in_python.deals, in_python.intents, in_python.money)
    for name in ("equity", "swap", "sell_spread"):
        known = np.asarray(getattr(in_python, name))
        assert np.asarray(getattr(booked, name)) == pytest.approx(known, abs=1e-9)
        assert known.any()


def test_what_only_the_engine_can_do_is_done_in_python() -> None:
    job = two_symbols(1)
    other = tuple(msgspec.structs.replace(spec, swap_mode=SwapMode.INTEREST_CURRENT) for spec in job.specs)
    interest = dataclasses.replace(job, specs=other)
    asked = order_function(interest, rows_of(interest), NB, compiled=True)
    assert not asked.is_compiled
    assert asked.told == "Python: EURUSD: its swap is interest_current, not in points"


def test_short_jobs_are_not_worth_compiling(monkeypatch: pytest.MonkeyPatch) -> None:
    job = two_symbols(1)
    choose = functools.partial(order_function, job, rows_of(job), NB)
    assert choose().told == f"Python, for {len(rows_of(job)):,} rows: compiling pays from {LONG_ROWS:,} on"
    assert choose(compiled=False).told == "Python, as asked for"
    monkeypatch.setattr(vbt_orders, "LONG_ROWS", 1)
    assert choose().is_compiled


def test_a_run_that_ends_otherwise_than_before_is_a_defect() -> None:
    job = two_symbols(1)
    asked = order_function(job, rows_of(job), NB, compiled=True)
    asked.args[0].line["status"] = 2
    with pytest.raises(RuntimeError, match="trail is full"):
        asked.booked()
