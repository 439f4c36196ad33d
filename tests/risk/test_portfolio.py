"""One dollar bet is one, however many symbols it is made of; a stop that is missing is no small risk."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.portfolio import Exposure, exposure_after, lots_for_exposure, lots_for_open_risk, open_risk_of
from tests.domain.interpreted import bits, interpreted

PLAIN = interpreted("risk.portfolio")
NAN = math.nan

money = st.floats(0.0, 1e7)
signed = st.floats(-1e7, 1e7)
sides = st.sampled_from([1, -1])


def test_two_buys_against_the_dollar_are_one_bet() -> None:
    # 100,000 EURUSD bought: EUR +110,000, USD -110,000; a GBPUSD entry sees its own pound and that dollar
    held = Exposure(base=0.0, quote=-110_000.0)
    assert exposure_after(1, 130_000.0, held) == 240_000.0
    assert exposure_after(-1, 130_000.0, held) == 130_000.0
    assert lots_for_exposure(1, 300_000.0, held, 130_000.0) == pytest.approx(190_000 / 130_000)


def test_gold_bought_with_dollars_adds_to_the_same_debt() -> None:
    assert exposure_after(1, 50_000.0, Exposure(base=0.0, quote=-110_000.0)) == 160_000.0


@pytest.mark.parametrize(
    ("to_stop", "notional", "fraction", "risk"),
    [
        (120.0, 50_000.0, 1.0, 120.0),
        (-40.0, 50_000.0, 1.0, 0.0),
        (NAN, 50_000.0, 1.0, 50_000.0),
        (NAN, 50_000.0, 0.1, 5_000.0),
    ],
    ids=["risk", "locked in", "no stop", "no stop, a tenth"],
)
def test_risk_of_one_position(to_stop: float, notional: float, fraction: float, risk: float) -> None:
    assert open_risk_of(to_stop, notional, fraction) == risk


def test_no_room_is_no_lots() -> None:
    assert lots_for_open_risk(100.0, 100.0, 10.0) == 0.0
    assert lots_for_open_risk(100.0, 400.0, 10.0) == 0.0
    assert lots_for_open_risk(100.0, 50.0, 10.0) == 5.0
    assert lots_for_open_risk(100.0, 0.0, 0.0) == 0.0
    assert lots_for_exposure(1, 100.0, Exposure(100.0, 0.0), 10.0) == 0.0
    assert lots_for_exposure(-1, 100.0, Exposure(100.0, 0.0), 10.0) == 10.0


@given(sides, money, signed, signed, st.floats(1.0, 1e6))
def test_the_lots_reach_the_limit_and_not_more(
    side: int, limit: float, base: float, quote: float, per_lot: float
) -> None:
    held = Exposure(base, quote)
    lots = lots_for_exposure(side, limit, held, per_lot)
    assert lots >= 0.0
    after = exposure_after(side, lots * per_lot, held)
    before = max(abs(base), abs(quote))
    slack = 1e-6 * (1.0 + limit + before)
    assert after <= max(limit, before) + slack
    if lots > 0.0 and abs(base) <= limit and abs(quote) <= limit:
        assert after == pytest.approx(limit, abs=slack)


@given(money, money, st.floats(0.01, 1e5))
def test_open_risk_reaches_its_limit_and_not_more(limit: float, held: float, per_lot: float) -> None:
    lots = lots_for_open_risk(limit, held, per_lot)
    assert held + lots * per_lot <= max(limit, held) * (1 + 1e-9)


@given(sides, money, signed, signed, st.floats(1.0, 1e6), st.one_of(signed, st.just(NAN)))
def test_compiled_and_plain_agree(
    side: int, limit: float, base: float, quote: float, per_lot: float, to_stop: float
) -> None:
    held = Exposure(base, quote)
    assert bits([lots_for_exposure(side, limit, held, per_lot)]) == bits(
        [PLAIN.lots_for_exposure(side, limit, held, per_lot)]
    )
    assert bits([exposure_after(side, limit, held)]) == bits([PLAIN.exposure_after(side, limit, held)])
    assert bits([open_risk_of(to_stop, limit, 0.3)]) == bits([PLAIN.open_risk_of(to_stop, limit, 0.3)])
    assert bits([lots_for_open_risk(limit, base, per_lot)]) == bits([PLAIN.lots_for_open_risk(limit, base, per_lot)])
