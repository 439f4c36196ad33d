"""No entry costs more than its budget: lots are floored, every limit binds, a stop loses no more than was meant."""

import math
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.pricing import notional_value, position_profit, required_margin
from domain.symbols import SymbolSpec
from risk.sizing import (
    Bound,
    Budget,
    VolumeRules,
    floored_lots,
    lots_for_leverage,
    lots_for_margin,
    lots_for_risk,
    sized,
)
from tests.domain.instruments import EURUSD, INSTRUMENTS, TYPICAL_PRICES, USDJPY, dollars
from tests.domain.interpreted import bits, interpreted

PAGE = Path(__file__).resolve().parents[2] / "docs" / "sizing.md"
PLAIN = interpreted("risk.sizing")
NAN, INF = math.nan, math.inf

steps = st.sampled_from([0.001, 0.01, 0.05, 0.1, 0.25, 1.0])
lots = st.floats(1e-6, 1e4)
monies = st.floats(0.01, 1e7)

# at 1.00 and leverage 1:100 one lot has a notional of 100,000 and a margin of 1,000
MONEY = dollars(EURUSD, 100)
BUDGET = Budget(
    risk_money=300.0,
    risk_per_lot=100.0,
    equity=10_000.0,
    max_leverage=50.0,
    notional_open=0.0,
    margin_available=6000.0,
    kelly_money=INF,
    exposure_lots=INF,
    open_risk_lots=INF,
)
VOLUME = VolumeRules(volume_min=0.01, volume_max=8.0, volume_step=0.01, volume_limit=20.0, volume_held=10.0)


# -- the step ----------------------------------------------------------------------------------------------------------


@given(amount=lots, step=steps)
def test_lots_are_never_rounded_up(amount: float, step: float) -> None:
    floored = floored_lots(amount, step)
    assert floored <= amount + 1e-9 * step
    assert amount - floored < step * (1 + 1e-9)
    assert round(floored / step) == pytest.approx(floored / step, abs=1e-7)


@given(count=st.integers(0, 100_000), step=steps)
@example(count=7, step=0.01)
@example(count=29, step=0.01)
def test_a_multiple_of_the_step_stays_what_it_is(count: int, step: float) -> None:
    multiple = float(Fraction(str(step)) * count)
    assert floored_lots(count * step, step) == multiple
    assert floored_lots(multiple, step) == multiple


@given(count=st.integers(1, 10_000), step=steps, missing=st.floats(1e-8, 0.999))
def test_what_is_missing_to_a_step_costs_the_whole_step(count: int, step: float, missing: float) -> None:
    expected = float(Fraction(str(step)) * (count - 1))
    assert floored_lots((count - missing) * step, step) == expected


@pytest.mark.parametrize("amount", [0.0, -0.0, -1.0, NAN, -INF])
def test_no_lots_for_what_is_no_positive_number(amount: float) -> None:
    assert bits([floored_lots(amount, 0.01)]) == bits([0.0])


@pytest.mark.parametrize(
    ("amount", "step", "floored"),
    [
        (0.636942, 0.01, 0.63),
        (0.0099, 0.01, 0.0),
        (0.07, 0.01, 0.07),
        (1.999, 0.1, 1.9),
        (0.3, 0.1, 0.3),
        (2.6, 0.25, 2.5),
    ],
)
def test_flooring_by_hand(amount: float, step: float, floored: float) -> None:
    assert floored_lots(amount, step) == floored


# -- each limit alone --------------------------------------------------------------------------------------------------


def test_limits_by_hand() -> None:
    assert lots_for_risk(100.0, 157.0) == pytest.approx(0.636942675)
    assert lots_for_leverage(10_000.0, 100.0, 900_000.0, 100_000.0) == 1.0
    assert lots_for_margin(5000.0, 220.0) == pytest.approx(22.72727)


@pytest.mark.parametrize("risk_per_lot", [0.0, -5.0, NAN])
def test_a_stop_that_costs_nothing_is_no_licence(risk_per_lot: float) -> None:
    assert lots_for_risk(100.0, risk_per_lot) == 0.0


def test_an_account_beyond_the_cap_gets_nothing() -> None:
    assert lots_for_leverage(10_000.0, 100.0, 1_000_001.0, 100_000.0) == 0.0
    assert lots_for_leverage(-5.0, 100.0, 0.0, 100_000.0) == 0.0
    assert lots_for_margin(-1.0, 220.0) == 0.0


def test_a_symbol_without_margin_is_not_limited_by_it() -> None:
    assert lots_for_margin(100.0, 0.0) == INF


# -- all limits together -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("budget", "volume", "bound"),
    [
        ({"risk_money": 123.0}, {}, Bound.RISK),
        ({"risk_per_lot": 300.0 / 1.23}, {}, Bound.RISK),
        ({"max_leverage": 12.3}, {}, Bound.LEVERAGE),
        ({"equity": 2460.0}, {}, Bound.LEVERAGE),
        ({"notional_open": 377_000.0}, {}, Bound.LEVERAGE),
        ({"margin_available": 1230.0}, {}, Bound.FREE_MARGIN),
        ({"kelly_money": 123.0}, {}, Bound.KELLY),
        ({"exposure_lots": 1.23}, {}, Bound.EXPOSURE),
        ({"open_risk_lots": 1.23}, {}, Bound.OPEN_RISK),
        ({}, {"volume_max": 1.23}, Bound.VOLUME_MAX),
        ({}, {"volume_limit": 11.23}, Bound.VOLUME_LIMIT),
        ({}, {"volume_held": 18.77}, Bound.VOLUME_LIMIT),
    ],
)
@pytest.mark.parametrize("side", [1, -1])
def test_the_smallest_limit_binds(side: int, budget: dict[str, float], volume: dict[str, float], bound: Bound) -> None:
    size = sized(side, 1.0, BUDGET._replace(**budget), VOLUME._replace(**volume), MONEY)
    assert size.lots == pytest.approx(1.23)
    assert size.bound == bound


def test_risk_alone_is_on_record_whatever_binds() -> None:
    size = sized(1, 1.0, BUDGET._replace(max_leverage=1.0), VOLUME, MONEY)
    assert (size.lots, size.risk_lots, size.bound) == (0.1, 3.0, Bound.LEVERAGE)


def test_what_kelly_alone_allows_is_on_record_whatever_binds() -> None:
    size = sized(1, 1.0, BUDGET._replace(max_leverage=1.0, kelly_money=150.0), VOLUME, MONEY)
    assert (size.lots, size.kelly_lots, size.bound) == (0.1, 1.5, Bound.LEVERAGE)


def test_without_a_volume_limit_what_is_held_does_not_matter() -> None:
    volume = VOLUME._replace(volume_limit=0.0, volume_held=1000.0)
    assert sized(1, 1.0, BUDGET, volume, MONEY).lots == 3.0


@pytest.mark.parametrize(
    ("budget", "volume", "bound"),
    [
        ({"risk_money": 0.99}, {}, Bound.RISK),
        ({"risk_money": -50.0}, {}, Bound.RISK),
        ({"notional_open": 499_001.0}, {}, Bound.LEVERAGE),
        ({"margin_available": -1.0}, {}, Bound.FREE_MARGIN),
        ({"kelly_money": 0.0}, {}, Bound.KELLY),
        ({"kelly_money": -40.0}, {}, Bound.KELLY),
        ({"exposure_lots": 0.0}, {}, Bound.EXPOSURE),
        ({"open_risk_lots": -1.0}, {}, Bound.OPEN_RISK),
        ({}, {"volume_held": 19.995}, Bound.VOLUME_LIMIT),
        ({}, {"volume_held": 21.0}, Bound.VOLUME_LIMIT),
    ],
)
def test_less_than_the_minimum_is_nothing(budget: dict[str, float], volume: dict[str, float], bound: Bound) -> None:
    size = sized(1, 1.0, BUDGET._replace(**budget), VOLUME._replace(**volume), MONEY)
    assert (size.lots, size.bound) == (0.0, bound)


@pytest.mark.parametrize("field", Budget._fields)
def test_an_unknown_budget_buys_nothing(field: str) -> None:
    assert sized(1, 1.0, BUDGET._replace(**{field: NAN}), VOLUME, MONEY).lots == 0.0


def test_an_unknown_price_buys_nothing() -> None:
    assert sized(1, NAN, BUDGET, VOLUME, MONEY).lots == 0.0


budgets = st.builds(
    Budget,
    risk_money=monies,
    risk_per_lot=monies,
    equity=monies,
    max_leverage=st.floats(0.1, 500.0),
    notional_open=st.floats(0.0, 1e7),
    margin_available=st.floats(-1e4, 1e7),
    kelly_money=st.one_of(st.just(INF), st.floats(-1e4, 1e7)),
    exposure_lots=st.one_of(st.just(INF), st.floats(-10.0, 100.0)),
    open_risk_lots=st.one_of(st.just(INF), st.floats(-10.0, 100.0)),
)
volumes = st.builds(
    VolumeRules,
    volume_min=st.sampled_from([0.01, 0.1, 1.0]),
    volume_max=st.sampled_from([1.0, 50.0, 500.0]),
    volume_step=st.sampled_from([0.01, 0.1]),
    volume_limit=st.sampled_from([0.0, 10.0]),
    volume_held=st.floats(0.0, 12.0),
)
instruments = st.sampled_from(INSTRUMENTS)


@given(side=st.sampled_from([1, -1]), budget=budgets, volume=volumes, spec=instruments)
def test_a_size_keeps_every_limit(side: int, budget: Budget, volume: VolumeRules, spec: SymbolSpec) -> None:
    price, money = TYPICAL_PRICES[spec.name], dollars(spec)
    amount = sized(side, price, budget, volume, money).lots
    slack = 1e-9 * volume.volume_step
    assert amount == 0.0 or volume.volume_min <= amount <= volume.volume_max
    assert amount * budget.risk_per_lot <= budget.risk_money + slack * budget.risk_per_lot
    assert amount * budget.risk_per_lot <= max(0.0, budget.kelly_money) + slack * budget.risk_per_lot
    assert amount <= max(0.0, min(budget.exposure_lots, budget.open_risk_lots)) + slack
    notional = notional_value(1.0, price, money)
    assert amount <= lots_for_leverage(budget.equity, budget.max_leverage, budget.notional_open, notional) + slack
    assert amount <= lots_for_margin(budget.margin_available, required_margin(side, 1.0, price, money)) + slack
    if amount > 0.0 and volume.volume_limit > 0.0:
        assert amount + volume.volume_held <= volume.volume_limit + slack


@given(budget=budgets, volume=volumes, factor=st.floats(1.0, 10.0))
def test_a_larger_budget_never_buys_less(budget: Budget, volume: VolumeRules, factor: float) -> None:
    amount = sized(1, 1.1, budget, volume, MONEY).lots
    larger = budget._replace(risk_money=budget.risk_money * factor, equity=budget.equity * factor)
    assert sized(1, 1.1, larger, volume, MONEY).lots >= amount
    assert sized(1, 1.1, budget._replace(max_leverage=budget.max_leverage * factor), volume, MONEY).lots >= amount


@given(budget=budgets, volume=volumes, factor=st.floats(1.0, 10.0), more=st.floats(0.0, 1e6))
def test_a_wider_stop_or_a_fuller_account_never_buys_more(
    budget: Budget, volume: VolumeRules, factor: float, more: float
) -> None:
    amount = sized(1, 1.1, budget, volume, MONEY).lots
    assert sized(1, 1.1, budget._replace(risk_per_lot=budget.risk_per_lot * factor), volume, MONEY).lots <= amount
    assert sized(1, 1.1, budget._replace(notional_open=budget.notional_open + more), volume, MONEY).lots <= amount
    assert sized(1, 1.1, budget._replace(margin_available=budget.margin_available - more), volume, MONEY).lots <= amount


# -- the worked examples of docs/sizing.md -----------------------------------------------------------------------------


def _bound_by_risk(risk_money: float, risk_per_lot: float) -> float:
    budget = Budget(risk_money, risk_per_lot, 10_000.0, 100.0, 0.0, 5000.0, INF, INF, INF)
    return sized(1, 1.1001, budget, VolumeRules(0.01, 100.0, 0.01, 0.0, 0.0), dollars(EURUSD, 500)).lots


def test_the_page_shows_what_is_calculated() -> None:
    page = PAGE.read_text(encoding="utf-8")
    amount = _bound_by_risk(10_000.0 * 0.01, 0.0015 * 100_000 + 7.0)
    loss = -position_profit(1, amount, 1.1001, 1.0986, dollars(EURUSD)) + amount * 7.0
    margin = required_margin(1, amount, 1.1001, dollars(EURUSD, 500))
    assert (amount, round(loss, 2), margin) == (0.63, 98.91, 138.61)
    for shown in ("0.636 942", "0.63 lots", "98.91", "138.61"):
        assert shown in page


def test_the_page_shows_a_pair_that_is_converted() -> None:
    page = PAGE.read_text(encoding="utf-8")
    risk_per_lot = 0.3 * 100_000 / 150.2
    amount = _bound_by_risk(100.0, risk_per_lot)
    loss = -position_profit(-1, amount, 149.9, 150.2, dollars(USDJPY))
    assert (round(risk_per_lot, 2), amount, loss) == (199.73, 0.5, 99.87)
    for shown in ("199.73", "0.500 668", "0.50 lots", "99.87"):
        assert shown in page


# -- compiled and not --------------------------------------------------------------------------------------------------


@given(amount=st.floats(), step=steps)
def test_flooring_agrees_with_python(amount: float, step: float) -> None:
    with PLAIN.np.errstate(all="ignore"):
        assert bits([floored_lots(amount, step)]) == bits([PLAIN.floored_lots(amount, step)])


@given(side=st.sampled_from([1, -1]), budget=budgets, volume=volumes, field=st.sampled_from((*Budget._fields, "none")))
def test_sizing_agrees_with_python(side: int, budget: Budget, volume: VolumeRules, field: str) -> None:
    asked = budget if field == "none" else budget._replace(**{field: NAN})
    with PLAIN.np.errstate(all="ignore"):
        plain = PLAIN.sized(side, 1.1, asked, volume, MONEY)
    assert bits(sized(side, 1.1, asked, volume, MONEY)) == bits(plain)
