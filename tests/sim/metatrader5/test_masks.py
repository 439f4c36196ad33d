"""Group masks, beside the rule written down in another way."""

from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sim.metatrader5 as mt5
from sim.metatrader5.masks import chooser
from tests.sim.metatrader5.market import AttachedMarket, market_order
from tests.sim.venues import EURUSD, USDJPY, XAUUSD, ticks_of

NAMES = st.text(alphabet="EURSDJPY.m", min_size=1, max_size=8)
CONDITIONS = st.tuples(st.booleans(), st.text(alphabet="EURSDJPY.m*", min_size=1, max_size=6))


@given(NAMES, st.lists(CONDITIONS, min_size=1, max_size=5))
def test_the_last_condition_that_fits_decides(name: str, conditions: list[tuple[bool, str]]) -> None:
    held = False
    for excludes, mask in conditions:
        # a mask of a file name knows the same star, and no other sign of ours
        fits = fnmatchcase(name, mask) if "*" in mask or not excludes else mask in name
        held = held if not fits else not excludes
    group = ", ".join(("!" if excludes else "") + mask for excludes, mask in conditions)
    assert chooser(group)(name) is held


@given(NAMES)
def test_a_star_holds_every_symbol_and_so_does_nothing_at_all(name: str) -> None:
    assert chooser("*")(name)
    assert chooser("")(name)
    assert chooser(" , ")(name)


@pytest.mark.parametrize(
    ("group", "names"),
    [
        ("*", ["EURUSD", "USDJPY", "XAUUSD"]),
        ("*USD*", ["EURUSD", "USDJPY", "XAUUSD"]),
        ("USD*", ["USDJPY"]),
        ("*USD", ["EURUSD", "XAUUSD"]),
        ("EURUSD", ["EURUSD"]),
        ("EUR", []),
        ("EURUSD,USDJPY", ["EURUSD", "USDJPY"]),
        ("*,!*JPY*", ["EURUSD", "XAUUSD"]),
        ("*, !EUR", ["USDJPY", "XAUUSD"]),  # the example of MQL5's reference
        ("!*EUR*,*", ["EURUSD", "USDJPY", "XAUUSD"]),  # exclusion first: nothing is there to take away from
        ("*,!*USD*,XAU*", ["XAUUSD"]),
        ("eur*", []),
        ("E.*", []),
    ],
)
def test_symbols_of_a_group(group: str, names: list[str]) -> None:
    AttachedMarket({}, (EURUSD, USDJPY, XAUUSD))
    found = mt5.symbols_get(group)
    assert found is not None
    assert [symbol.name for symbol in found] == names
    assert mt5.symbols_get(group=group) == found


def test_positions_orders_and_deals_know_groups_too() -> None:
    market = AttachedMarket(
        {"EURUSD": ticks_of([(1.1, 1.1002)] * 9), "USDJPY": ticks_of([(150.0, 150.01)] * 9)}, (EURUSD, USDJPY)
    )
    market.play(5)
    mt5.order_send(market_order())
    mt5.order_send(market_order(symbol="USDJPY", price=150.01))
    assert [held.symbol for held in mt5.positions_get(group="*,!EUR") or ()] == ["USDJPY"]
    assert [held.symbol for held in mt5.positions_get(group="*USD*") or ()] == ["EURUSD", "USDJPY"]
    assert mt5.orders_get(group="*") == ()
    assert [deal.symbol for deal in mt5.history_deals_get(0, 2**31 - 1, group="EUR*") or ()] == ["EURUSD"]
    assert [order.symbol for order in mt5.history_orders_get(0, 2**31 - 1, group="*JPY") or ()] == ["USDJPY"]
    assert mt5.symbols_total() == 2
