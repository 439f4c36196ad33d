import csv
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.pricing import required_margin, symbol_money
from domain.symbols import SymbolSpec
from domain.trading import DealEntry
from sim import accounting
from sim.margins import symbol_margin
from sim.matching import POSITION_DTYPE, Rows
from sim.profiles import CommissionCharge, CommissionRule, justmarkets_symbol
from tests.sim.venues import EURUSD, USDJPY, XAUUSD

ENTRY, EXIT = DealEntry.IN, DealEntry.OUT


def held(*rows: tuple[int, float, float]) -> Rows:
    """Positions of symbol 0: (side, volume, price_open)."""
    made = np.zeros(len(rows), POSITION_DTYPE)
    for line, (side, volume, price) in zip(made, rows, strict=True):
        line["side"], line["volume"], line["price_open"] = side, volume, price
    return made


def margin(spec: SymbolSpec, positions: Rows, leverage: int = 500) -> float:
    return symbol_margin(positions, 0, spec, symbol_money(spec, "USD", 2, leverage))


@pytest.mark.parametrize(
    ("rule", "entry", "volume", "commission"),
    [
        (CommissionRule(per_lot=7.0), ENTRY, 0.01, -0.07),  # the gold deal of the JustMarkets dump
        (CommissionRule(per_lot=7.0), EXIT, 0.01, 0.0),
        (CommissionRule(per_lot=3.5), ENTRY, 0.37, -1.30),  # LiteFinance, report CEZLSMA, deal 2
        (CommissionRule(per_lot=3.5, charge=CommissionCharge.EACH_DEAL), EXIT, 1.0, -3.5),
        (CommissionRule(per_deal=1.0), ENTRY, 5.0, -1.0),
        (CommissionRule(per_lot=7.0), DealEntry.OUT_BY, 1.0, 0.0),
        (CommissionRule(), ENTRY, 5.0, 0.0),
    ],
)
def test_commission(rule: CommissionRule, entry: DealEntry, volume: float, commission: float) -> None:
    assert accounting.commission_of(rule, entry, volume, 2) == commission


def test_a_reversal_pays_for_what_it_opens() -> None:
    at_entry = CommissionRule(per_lot=7.0)
    on_each = CommissionRule(per_lot=3.5, charge=CommissionCharge.EACH_DEAL)
    assert accounting.commission_of(at_entry, DealEntry.INOUT, 1.5, 2, opened=0.5) == -3.5
    assert accounting.commission_of(on_each, DealEntry.INOUT, 1.5, 2, opened=0.5) == -5.25


def test_margin_of_one_side_is_the_margin_of_its_volume() -> None:
    assert margin(EURUSD, held((1, 1.0, 1.1))) == 220.0
    assert margin(EURUSD, held((1, 1.0, 1.1), (1, 3.0, 1.2))) == 4 * 100_000 * 1.175 / 500
    assert margin(EURUSD, held()) == 0.0


def test_a_covered_lot_is_charged_once_where_hedged_margin_is_the_contract_size() -> None:
    assert margin(USDJPY, held((1, 1.0, 150.0), (-1, 1.0, 151.0))) == 200.0
    assert margin(USDJPY, held((1, 3.0, 150.0), (-1, 1.0, 151.0))) == 600.0


def test_hedged_margin_of_half_a_contract_and_of_none() -> None:
    half = msgspec.structs.replace(USDJPY, margin_hedged=50_000.0)
    none = msgspec.structs.replace(USDJPY, margin_hedged=0.0)
    both = held((1, 1.0, 150.0), (-1, 1.0, 150.0))
    assert (margin(half, both), margin(none, both)) == (100.0, 0.0)


def test_an_initial_margin_goes_before_the_contract_size() -> None:
    spec = msgspec.structs.replace(USDJPY, margin_initial=250_000.0, margin_hedged=125_000.0)
    assert margin(spec, held((1, 2.0, 150.0), (-1, 1.0, 150.0))) == 500.0 + 250.0


@given(
    st.lists(st.tuples(st.sampled_from([1, -1]), st.integers(1, 300), st.integers(100, 200)), min_size=1, max_size=6)
)
def test_a_hedge_never_costs_more_than_its_legs(rows: list[tuple[int, int, int]]) -> None:
    legs = [(side, steps / 100, price / 100) for side, steps, price in rows]
    money = symbol_money(EURUSD, "USD", 2, 500)
    apart = sum(required_margin(side, volume, price, money) for side, volume, price in legs)
    assert 0.0 < margin(EURUSD, held(*legs)) <= apart + 0.01 * len(legs)


def test_gold_margin_confirms_the_leverage_of_the_dump() -> None:
    """219.54 USD a lot were read on an account in the 1:2000 tier; gold stood at 4390.80."""
    assert margin(XAUUSD, held((1, 1.0, 4390.80)), leverage=2000) == 219.54
    assert margin(justmarkets_symbol("XAGUSD"), held((1, 1.0, 64.952)), leverage=2000) == 162.38
    assert margin(justmarkets_symbol("XAGUSD"), held((-1, 1.0, 64.932)), leverage=2000) == 162.33
    assert margin(justmarkets_symbol("US100"), held((1, 1.0, 29_610.0)), leverage=2000) == 59.22


@pytest.mark.reference
def test_order_calc_margin_of_a_real_justmarkets_server(reference: Path) -> None:
    """Every volume of the margin matrix that was exported from JustMarkets-Demo2 for ETHUSD.s."""
    path = reference / "mt5_specs" / "justmarkets_demo2_ETHUSD.s_feasibility_normal.csv"
    with path.open(encoding="utf-8-sig") as lines:
        rows = {row["key"]: row["value"] for row in csv.DictReader(lines)}
    prices = {"buy": float(rows["ask"]), "sell": float(rows["bid"])}
    spec, compared = justmarkets_symbol("ETHUSD", "ETHUSD.s"), 0
    for key, value in rows.items():
        if key.endswith("_live_margin"):
            side, volume = key.split("_")[0], float(key.split("_")[2])
            position = held((1 if side == "buy" else -1, volume, prices[side]))
            assert margin(spec, position, leverage=500) == float(value), key
            compared += 1
    assert compared >= 8
