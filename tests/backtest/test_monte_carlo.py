"""Odds of round trips: worked out by hand where all ways can be counted, and what must hold of any of them."""

import math
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backtest.exact import Outcome
from backtest.monte_carlo import COSTS, FEWEST, TripChange, changes_of, monte_carlo
from tests.backtest.jobs import a_job
from tests.backtest.test_trip_figures import a_trip

CHANGES = st.lists(st.builds(TripChange, st.floats(-0.1, 0.15), st.floats(0.0, 0.01)), min_size=FEWEST, max_size=25)


def test_one_loss_among_gains_that_do_not_count() -> None:
    """Nothing but one trip of -20 %: every order falls as deep; of draws (9/10)**10 miss it."""
    changes = [TripChange(-0.2, 0.0), *[TripChange(0.0, 0.0)] * 9]
    found = monte_carlo(changes, 0.15, trials=4000)
    assert found is not None
    assert found.drawdown == pytest.approx(0.2)
    assert found.luckier == 0.0
    orders, drawn = found.other_orders, found.drawn_anew
    assert (orders.loses, orders.halts) == (1.0, 1.0)
    assert orders.total_return.p05 == orders.total_return.p95 == pytest.approx(-0.2)
    missing = 0.9**10
    assert drawn.loses == pytest.approx(1.0 - missing, abs=4 * math.sqrt(missing * (1 - missing) / 4000))
    assert drawn.halts == drawn.loses


def test_the_worst_order_is_told() -> None:
    """Losses in a row, as in their own order, fall deeper than nearly all other orders of ten gains and five losses."""
    changes = [*[TripChange(0.02, 0.0)] * 10, *[TripChange(-0.04, 0.0)] * 5]
    found = monte_carlo(changes, 0.15)
    assert found is not None
    assert found.drawdown == pytest.approx(1.0 - 0.96**5)
    assert found.luckier > 0.9
    assert found.other_orders.drawdown.p95 <= found.drawdown


@given(CHANGES)
@settings(max_examples=25)
def test_dearer_is_never_better(changes: list[TripChange]) -> None:
    found = monte_carlo(changes, 0.15, trials=60)
    assert found is not None
    assert [one.factor for one in found.dearer] == list(COSTS)
    ways = [found.drawn_anew, *(one.odds for one in found.dearer)]
    for cheap, dear in pairwise(ways):
        assert dear.total_return.p50 <= cheap.total_return.p50 + 1e-12
        assert dear.loses >= cheap.loses
        assert dear.drawdown.p95 >= cheap.drawdown.p95 - 1e-12
    for odds in ways:
        falls = msgspec.structs.astuple(odds.drawdown)
        assert list(falls) == sorted(falls)
        assert 0.0 <= falls[0] <= falls[-1] <= 1.0


def test_too_few_have_no_odds() -> None:
    assert monte_carlo([TripChange(0.01, 0.0)] * (FEWEST - 1), 0.15) is None
    assert monte_carlo([TripChange(0.01, 0.0)] * FEWEST, 0.15, trials=0) is None


def test_parts_of_the_balance_before() -> None:
    """The second was open when the first ended: its balance is the deposit's; the third stands on both."""
    trips = [a_trip(1, 500.0, hours=5), a_trip(2, -300.0, hours=30), a_trip(3, 102.0), a_trip(4, 50.0)]
    trips[1] = msgspec.structs.replace(trips[1], opened_ns=trips[0].closed_ns - 1, closed_ns=trips[2].opened_ns)
    trips[3] = msgspec.structs.replace(trips[3], closed_ns=0)
    spread = [msgspec.structs.replace(trip, spread=0.0002) for trip in trips]
    found = changes_of(a_job(weeks=1), spread)
    assert [one.change for one in found] == pytest.approx([500 / 10_000, -300 / 10_000, 102 / 10_200])
    # two points of ten cents for a tenth of a lot are 2.00, commission 0.70, swap 0.10
    assert [one.cost for one in found] == pytest.approx([2.8 / 10_000, 2.8 / 10_000, 2.8 / 10_200])


def test_changes_lead_from_the_deposit_to_the_balance(outcome: Outcome) -> None:
    """Where no two positions overlap they multiply up to what was booked."""
    one_at_a_time = [next(trip for trip in outcome.trips if trip.is_closed)]
    for trip in outcome.trips:
        if trip.is_closed and trip.opened_ns >= one_at_a_time[-1].closed_ns:
            one_at_a_time.append(trip)
    end = math.prod(1.0 + one.change for one in changes_of(outcome.job, one_at_a_time))
    booked = math.fsum(trip.profit for trip in one_at_a_time)
    assert end == pytest.approx(1.0 + booked / outcome.job.profile.deposit, rel=1e-9)
    assert all(trip.spread > 0.0 for trip in one_at_a_time)
