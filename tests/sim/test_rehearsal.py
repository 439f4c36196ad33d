from typing import Any

import numpy as np
import pytest

from domain import pricing
from domain.intents import IntentKind
from domain.symbols import SymbolSpec
from domain.trading import DealEntry, OrderState, OrderType
from sim import matching
from sim.rehearsal import rehearse
from tests.advisor.test_executor import Desk
from tests.sim.intents import intent, on
from tests.sim.venues import EURUSD, MONDAY_MSC, PROFILE, USDJPY, XAUUSD, ticks_of

KERNELS: tuple[Any, ...] = (
    matching.first_at,
    matching.first_trigger,
    matching.floating_profit,
    matching.order_levels,
    matching.reached_orders,
    matching.quiet_levels,
    matching.take_quote,
    matching.triggered,
    pricing.position_profit,
    pricing.required_margin,
    pricing.rounded_money,
)


def compiled() -> list[int]:
    return [len(kernel.signatures) for kernel in KERNELS]


@pytest.mark.parametrize("spec", [EURUSD, USDJPY, XAUUSD])
def test_a_rehearsal_trades_on_a_scratch_account(spec: SymbolSpec) -> None:
    terminal = rehearse(PROFILE, spec, ticks_of([(1.1, 1.1002)] * 3))
    entries = [deal.entry for deal in terminal.deals[1:]]
    assert entries == [DealEntry.IN, DealEntry.IN, DealEntry.OUT, DealEntry.OUT]
    assert (terminal.positions(), terminal.orders()) == ((), ())
    assert [one.state for one in terminal.order_history].count(OrderState.CANCELED) == 1


def test_saturdays_and_small_accounts_are_rehearsed_too() -> None:
    saturday = ticks_of([(1.1, 1.1002)], start_msc=MONDAY_MSC + 5 * 86_400_000)
    assert len(rehearse(PROFILE, EURUSD, saturday).deals) == 5


def test_after_a_rehearsal_nothing_is_compiled_any_more() -> None:
    ticks = ticks_of([(1.1, 1.1002)] * 5)
    rehearse(PROFILE, EURUSD, ticks)
    before = compiled()
    assert all(before)
    desk = Desk()
    ticket = desk.result(intent()).position_ticket
    desk.result(on(ticket, IntentKind.PARTIAL_CLOSE, side=-1, volume=0.05))
    desk.venue.pend(OrderType.BUY_LIMIT, 0.1, 1.09)
    desk.venue.terminal.scan(0, ticks, 0, 5)
    desk.venue.quote(1.08, 1.0802)
    assert compiled() == before


def test_read_only_ticks_are_rehearsed_as_such() -> None:
    ticks = np.array(ticks_of([(1.1, 1.1002)] * 5))
    ticks.flags.writeable = False
    terminal = rehearse(PROFILE, EURUSD, ticks)
    before = compiled()
    terminal.scan(0, ticks, 0, 5)
    terminal.settle(0, ticks, 0)
    assert compiled() == before
