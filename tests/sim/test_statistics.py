import msgspec
from hypothesis import given
from hypothesis import strategies as st

from advisor.counts import Counts, RoundTrips
from sim.statistics import TerminalStatistics


def test_nothing_measured_is_zero() -> None:
    assert RoundTrips().percentiles_us(50, 100) == (0.0, 0.0)


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=50))
def test_percentiles_lie_between_the_shortest_and_the_longest(durations: list[int]) -> None:
    trips = RoundTrips()
    for duration in durations:
        trips.add(duration)
    shortest, p50, p90, p99, longest = trips.percentiles_us(0, 50, 90, 99, 100)
    assert shortest == min(durations) / 1000
    assert longest == max(durations) / 1000
    assert shortest <= p50 <= p90 <= p99 <= longest


def test_the_known_percentiles_of_a_hundred() -> None:
    trips = RoundTrips()
    for microseconds in range(101):
        trips.add(microseconds * 1000)
    assert trips.percentiles_us(50, 90, 99, 100) == (50.0, 90.0, 99.0, 100.0)


def test_counts_begin_at_zero() -> None:
    assert {value for value in vars(Counts()).values() if isinstance(value, int)} == {0}


def test_statistics_are_readable_as_json() -> None:
    fields = {field.name: 0 for field in msgspec.structs.fields(TerminalStatistics)}
    made = msgspec.convert(fields | {"order_list_hash": "ab"}, TerminalStatistics)
    assert msgspec.json.decode(msgspec.json.encode(made), type=TerminalStatistics) == made
