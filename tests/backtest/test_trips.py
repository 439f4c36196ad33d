"""Round trips from deals: money to the cent, excursions by looking at every quote."""

import math

import numpy as np
import pytest

from backtest.exact import Outcome
from domain.trading import DealEntry, DealType


def test_every_position_is_a_round_trip(outcome: Outcome) -> None:
    positions = {deal.position_id for deal in outcome.deals if deal.type in (DealType.BUY, DealType.SELL)}
    assert {trip.position_id for trip in outcome.trips} == positions
    assert [trip.opened_ns for trip in outcome.trips] == sorted(trip.opened_ns for trip in outcome.trips)


def test_money_is_that_of_the_deals(outcome: Outcome) -> None:
    for trip in outcome.trips:
        deals = [deal for deal in outcome.deals if deal.position_id == trip.position_id]
        assert trip.profit == pytest.approx(sum(deal.balance_change for deal in deals), abs=1e-9)
        assert trip.swap == pytest.approx(sum(deal.swap for deal in deals), abs=1e-9)
        assert trip.commission == pytest.approx(sum(deal.commission for deal in deals), abs=1e-9)
        assert trip.commission < 0.0
        assert trip.lots == pytest.approx(sum(deal.volume for deal in deals if deal.entry == DealEntry.IN))


def test_excursions_by_looking_at_every_quote(outcome: Outcome) -> None:
    job = outcome.job
    ticks = job.ticks["EURUSD"]
    utc_ns = (ticks["time_msc"] - job.clock.winter_offset_s * 1000) * 10**6
    for trip in outcome.trips:
        if not trip.is_closed:
            continue
        seen = ticks[(utc_ns >= trip.opened_ns) & (utc_ns <= trip.closed_ns)]
        gains = [(tick["bid"] if trip.side > 0 else tick["ask"]) - trip.price_open for tick in seen]
        moves = [float(gain) * trip.side for gain in gains]
        assert trip.worst == pytest.approx(max(0.0, -min(moves)), abs=1e-12)
        assert trip.best == pytest.approx(max(0.0, *moves), abs=1e-12)
        assert trip.worst_r == pytest.approx(trip.worst / abs(trip.price_open - trip.sl))


def test_results_lie_within_the_excursions(outcome: Outcome) -> None:
    for trip in outcome.trips:
        if trip.is_closed:
            move = (trip.price_close - trip.price_open) * trip.side
            slippage = 3e-5
            assert -trip.worst - slippage <= move <= trip.best + slippage


def test_a_stop_that_is_hit_costs_one_r_or_more(outcome: Outcome) -> None:
    """More where the quote jumps beyond it: bars have four quotes."""
    results = [trip.r_multiple for trip in outcome.trips if trip.exit == "stop loss" and trip.price_close == trip.sl]
    jumped = [trip.r_multiple for trip in outcome.trips if trip.exit == "stop loss" and trip.r_multiple < -0.9]
    assert all(result == pytest.approx(-1.0, abs=0.12) for result in results)
    assert jumped
    assert max(jumped) < -0.9
    assert min(jumped) > -4.0


def test_exits_have_names(outcome: Outcome) -> None:
    exits = {trip.exit for trip in outcome.trips}
    assert {"stop loss", "take profit", "weekend"} <= exits
    assert all(trip.timeframe in ("H1", "H4") for trip in outcome.trips)


def test_what_is_open_has_no_end(outcome: Outcome) -> None:
    for trip in outcome.trips:
        assert trip.is_closed is (trip.exit != "open")
        assert np.isnan(trip.price_close) or trip.price_close > 0.0
        assert trip.initial_risk > 0.0
        assert not math.isnan(trip.r_multiple)
