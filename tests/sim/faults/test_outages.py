"""When there is no connection: the same whoever asks, in whatever order."""

from hypothesis import given
from hypothesis import strategies as st

from sim.faults.distributions import Fixed, Lognormal
from sim.faults.outages import NEVER_MSC, Outages
from sim.faults.plan import Connection, Outage
from tests.sim.venues import DAY_MSC, MONDAY_MSC

LISTED = Connection(
    outages=(Outage(start="2025-01-06T12:00:10", seconds=5.0), Outage(start="2025-01-06T12:00:12", seconds=8.0))
)
OFTEN = Connection(outages_per_day=200.0, outage_s=Lognormal(median=30.0, sigma=1.0))


def outages(connection: Connection, seed: int = 1, offset_msc: int = 0) -> Outages:
    return Outages(connection, seed, MONDAY_MSC, lambda utc_msc: utc_msc + offset_msc)


def test_listed_ones_that_overlap_are_one() -> None:
    found = outages(LISTED)
    span = (MONDAY_MSC + 10_000, MONDAY_MSC + 20_000)
    assert [found.at(MONDAY_MSC + at) for at in (0, 9_999, 10_000, 16_000, 19_999, 20_000)] == [
        None, None, span, span, span, None,
    ]  # fmt: skip
    assert found.next_start(MONDAY_MSC) == MONDAY_MSC + 10_000
    assert found.next_start(MONDAY_MSC + 10_000) == NEVER_MSC


def test_they_are_told_in_utc_and_happen_on_the_brokers_clock() -> None:
    assert outages(LISTED, offset_msc=7_200_000).next_start(0) == MONDAY_MSC + 7_210_000


def test_without_any_there_are_none() -> None:
    quiet = outages(Connection())
    assert (quiet.at(MONDAY_MSC), quiet.next_start(0)) == (None, NEVER_MSC)


def test_random_ones_come_as_often_and_last_as_long_as_asked() -> None:
    found = outages(Connection(outages_per_day=24.0, outage_s=Fixed(value=60.0)))
    starts, at = [], MONDAY_MSC
    while at < MONDAY_MSC + 60 * DAY_MSC:
        at = found.next_start(at)
        starts.append(at)
        assert found.at(at) == (at, at + 60_000)
        assert found.at(at - 1) is None
    assert abs(len(starts) / 60.0 - 24.0 * (1.0 - 24 / 1440)) < 2.0


@given(st.lists(st.integers(0, 10 * DAY_MSC), min_size=1, max_size=20), st.integers(0, 50))
def test_the_order_of_questions_does_not_matter(questions: list[int], seed: int) -> None:
    one, other = outages(OFTEN, seed), outages(OFTEN, seed)
    other.next_start(MONDAY_MSC + 10 * DAY_MSC)
    times = [MONDAY_MSC + question for question in questions]
    assert [(one.at(time), one.next_start(time)) for time in times] == [
        (other.at(time), other.next_start(time)) for time in times
    ]
