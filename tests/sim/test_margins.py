"""Margins, against the worked examples of MetaTrader 5's platform help and of JustMarkets."""

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.pricing import SymbolMoney, required_margin, symbol_money
from domain.symbols import CalcMode, SymbolSpec
from sim.margins import leg_sums, leverage_factor, margin_to_open, symbol_margin
from sim.matching import POSITION_DTYPE, Rows
from sim.terms import SymbolTerms
from tests.sim.venues import EURUSD, USDJPY

LARGER_LEG = SymbolTerms(uses_larger_leg=True)
MODES = (
    CalcMode.FOREX,
    CalcMode.FOREX_NO_LEVERAGE,
    CalcMode.CFD,
    CalcMode.CFDLEVERAGE,
    CalcMode.CFDINDEX,
    CalcMode.FUTURES,
)
LOTS = st.integers(1, 500).map(lambda steps: steps / 100)
HELD = st.lists(st.tuples(st.sampled_from([1, -1]), LOTS, st.integers(100, 200)), min_size=1, max_size=6)


def held(*rows: tuple[int, float, float], cap: int = 0, rate: float = 0.0) -> Rows:
    """Positions of symbol 0: (side, volume, price_open)."""
    made = np.zeros(len(rows), POSITION_DTYPE)
    for line, (side, volume, price) in zip(made, rows, strict=True):
        line["side"], line["volume"], line["price_open"] = side, volume, price
        line["leverage_cap"], line["margin_rate"] = cap, rate
    return made


def dollars(spec: SymbolSpec, leverage: int) -> SymbolMoney:
    return symbol_money(spec, "USD", 2, leverage)


def of_mode(mode: CalcMode) -> SymbolSpec:
    return msgspec.structs.replace(
        EURUSD, calc_mode=mode, margin_initial=250.0 * (mode == CalcMode.FUTURES), margin_rate_sell=0.5
    )


def test_the_help_s_hedge_of_two_buys_and_three_sells() -> None:
    spec = msgspec.structs.replace(EURUSD, margin_rate_buy=2.0, margin_rate_sell=4.0)
    rows = held((-1, 1, 1.11943), (1, 1, 1.11953), (-1, 1, 1.11943), (1, 1, 1.11953), (-1, 1, 1.11943))
    assert symbol_margin(rows, 0, spec, dollars(spec, 500)) == pytest.approx(1343.36 + 895.54)


def test_the_help_s_larger_leg_with_pending_orders() -> None:
    money = dollars(EURUSD, 100)
    rows = held((1, 1, 1.16214), (1, 2, 1.16207), (-1, 1, 1.16184), (-1, 1, 1.16189))
    pending_buys = required_margin(1, 1.0, 1.16053, money)
    pending_sells = required_margin(-1, 1.0, 1.15808, money) + required_margin(-1, 1.0, 1.16067, money)
    assert (pending_buys, pending_sells) == (1160.53, 2318.75)
    assert symbol_margin(rows, 0, EURUSD, money, LARGER_LEG, (pending_buys, pending_sells)) == pytest.approx(4646.81)


def test_the_help_s_cfd_with_leverage_and_a_pending_buy() -> None:
    spec = msgspec.structs.replace(
        EURUSD, calc_mode=CalcMode.CFDLEVERAGE, contract_size=5000.0, currency_base="USD", currency_margin="USD"
    )
    money = dollars(spec, 100)
    waiting = required_margin(1, 1.0, 15.412, money)
    rows = held((1, 1, 15.436), (1, 2, 15.432))
    assert symbol_margin(rows, 0, spec, money, reserved=(waiting, 0.0)) == pytest.approx(3085.60)


def test_the_help_s_order_against_a_position_of_fixed_margins() -> None:
    """Initial 1000, maintenance 500, hedged 500: a sell of 2 lots against a buy of 1 takes 2000, then 1000."""
    spec = msgspec.structs.replace(
        of_mode(CalcMode.FUTURES),
        margin_initial=1000.0,
        margin_maintenance=500.0,
        margin_hedged=500.0,
        margin_rate_sell=1.0,
        currency_margin="USD",
    )
    money = dollars(spec, 500)
    bought, sold = held((1, 1, 70.0)), held((-1, 2, 70.0))
    assert symbol_margin(bought, 0, spec, money) == 500.0
    assert margin_to_open(bought, 0, spec, money, sold) == 2000.0
    assert symbol_margin(np.concatenate([bought, sold]), 0, spec, money) == 1000.0


def test_justmarkets_example_of_increased_margin() -> None:
    """USDCAD at 1:1000: 1 lot, then half a lot at 1:200, then the first is closed: 100, 350, 250 dollars."""
    spec = msgspec.structs.replace(USDJPY, name="USDCAD", currency_profit="CAD")
    money = dollars(spec, 1000)
    before, within = held((1, 1.0, 1.31)), held((1, 0.5, 1.31), cap=200)
    assert symbol_margin(before, 0, spec, money) == 100.0
    assert symbol_margin(np.concatenate([before, within]), 0, spec, money) == 350.0
    assert symbol_margin(within, 0, spec, money) == 250.0


def test_a_fixed_margin_takes_the_place_of_every_formula() -> None:
    """Platform help, "Fixed Margin": lots times the sum; only Forex and CFD Leverage divide it by the leverage."""
    found = {}
    for mode in MODES:
        spec = msgspec.structs.replace(EURUSD, calc_mode=mode, margin_initial=1000.0, currency_margin="USD")
        found[mode.name] = required_margin(1, 2.0, 1.5, dollars(spec, 100))
    fixed = dict.fromkeys(("FOREX_NO_LEVERAGE", "CFD", "CFDINDEX", "FUTURES"), 2000.0)
    assert found == fixed | {"FOREX": 20.0, "CFDLEVERAGE": 20.0}


@pytest.mark.parametrize("mode", MODES)
@given(lots=LOTS, times=st.integers(2, 9), price=st.integers(50, 200), side=st.sampled_from([1, -1]))
def test_margin_is_linear_in_volume(mode: CalcMode, lots: float, times: int, price: int, side: int) -> None:
    spec = of_mode(mode)
    one, many = (
        symbol_margin(held((side, volume, price / 100)), 0, spec, dollars(spec, 30)) for volume in (lots, lots * times)
    )
    assert many == pytest.approx(one * times, abs=0.005 * (times + 1))
    assert one > 0.0


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("terms", [SymbolTerms(), LARGER_LEG])
@given(rows=HELD)
def test_a_hedge_never_costs_more_than_its_legs_nor_less_than_what_is_uncovered(
    mode: CalcMode, terms: SymbolTerms, rows: list[tuple[int, float, int]]
) -> None:
    spec = msgspec.structs.replace(of_mode(mode), margin_rate_sell=1.0)
    if spec.margin_initial:
        spec = msgspec.structs.replace(spec, margin_hedged=spec.margin_initial)
    money = dollars(spec, 30)
    legs = [(side, lots, price / 100) for side, lots, price in rows]
    apart = sum(required_margin(side, lots, price, money) for side, lots, price in legs)
    margin = symbol_margin(held(*legs), 0, spec, money, terms)
    assert 0.0 < margin <= apart + 0.01 * len(legs)
    free = symbol_margin(held(*legs), 0, msgspec.structs.replace(spec, margin_hedged=0.0), money)
    assert margin >= free - 0.01


@given(HELD, st.integers(1, 2000))
def test_a_reduced_leverage_never_lowers_a_margin(rows: list[tuple[int, float, int]], cap: int) -> None:
    legs = [(side, lots, price / 100) for side, lots, price in rows]
    money = dollars(EURUSD, 1000)
    plain, capped = (symbol_margin(held(*legs, cap=one), 0, EURUSD, money) for one in (0, cap))
    assert capped >= plain
    assert capped == pytest.approx(plain * max(1.0, 1000 / cap), rel=1e-3, abs=0.02)


@pytest.mark.parametrize("mode", [CalcMode.CFD, CalcMode.CFDINDEX, CalcMode.FOREX_NO_LEVERAGE, CalcMode.FUTURES])
def test_a_margin_without_leverage_cannot_be_raised_by_lowering_it(mode: CalcMode) -> None:
    """So it was seen on ETHUSD.s: its margin is 1:500 whatever the account's leverage is."""
    assert leverage_factor(200, dollars(of_mode(mode), 1000)) == 1.0


def test_a_quoted_margin_is_converted_at_the_rate_of_its_opening() -> None:
    cross = msgspec.structs.replace(EURUSD, name="EURGBP", currency_profit="GBP")
    money = symbol_money(cross, "USD", 2, 100, quoted_margin=True)._replace(margin_bid=1.1, margin_ask=1.2)
    opened = np.concatenate([held((1, 1, 0.85), rate=1.05), held((1, 1, 0.85), rate=1.15)])
    assert symbol_margin(opened, 0, cross, money) == 2200.0
    assert (required_margin(1, 1.0, 0.85, money), required_margin(-1, 1.0, 0.85, money)) == (1200.0, 1100.0)


@given(HELD, st.lists(st.tuples(st.integers(0, 1), st.sampled_from([0, 100, 400])), min_size=6, max_size=6))
def test_legs_are_the_sums_a_plain_loop_makes(rows: list[tuple[int, float, int]], more: list[tuple[int, int]]) -> None:
    positions, money = held(*rows, rate=1.25), dollars(EURUSD, 400)
    wanted = np.zeros((2, 4))
    for line, (symbol_index, cap) in zip(positions, more, strict=False):
        line["symbol_index"], line["leverage_cap"] = symbol_index, cap
        if symbol_index == 0:
            factor = 4.0 if cap == 100 else 1.0
            weights = np.array([1.0, line["price_open"], line["margin_rate"], factor])
            wanted[0 if line["side"] > 0 else 1] += line["volume"] * weights
    sums = np.zeros((3, 4))
    leg_sums(positions, 0, money, sums)
    assert sums[:2].tolist() == wanted.tolist()
    assert sums[2].tolist() == (wanted[0] + wanted[1]).tolist()
