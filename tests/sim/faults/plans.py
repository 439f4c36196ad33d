"""Random fault plans, and a small market to try them on."""

from hypothesis import strategies as st

from sim.faults.distributions import Distribution, Empirical, Fixed, Lognormal, Normal, Uniform
from sim.faults.plan import (
    Acknowledgements,
    Connection,
    Execution,
    FaultPlan,
    Latency,
    Outage,
    Transactions,
)

rates = st.sampled_from([0.0, 0.05, 0.3, 1.0])


def delays(longest: float) -> st.SearchStrategy[Distribution]:
    """From nothing to a little more than `longest`."""
    return st.one_of(
        st.just(Fixed(value=0.0)),
        st.floats(0.0, longest).map(lambda value: Fixed(value=value)),
        st.floats(0.0, longest).map(lambda high: Uniform(low=0.0, high=high)),
        st.floats(1.0, longest / 2.0).map(lambda median: Lognormal(median=median, sigma=0.6)),
        st.lists(st.floats(0.0, longest), min_size=1, max_size=4).map(lambda found: Empirical(values=tuple(found))),
    )


executions = st.builds(
    Execution,
    requote_rate=st.sampled_from([0.0, 0.2]),
    rejects=st.dictionaries(
        st.sampled_from(["REJECT", "PRICE_OFF", "TIMEOUT", "CONNECTION", "ERROR", "NO_MONEY", "10024"]),
        st.sampled_from([0.02, 0.1]),
        max_size=3,
    ),
    slippage_points=st.sampled_from([Fixed(value=0.0), Fixed(value=-3.0), Normal(mean=1.0, sigma=4.0)]),
    partial_rate=rates,
    partial_fraction=st.sampled_from([Fixed(value=0.5), Uniform(low=0.0, high=1.0)]),
)
acknowledgements = st.builds(
    Acknowledgements,
    lost_rate=rates,
    lost_as=st.sampled_from(["TIMEOUT", "CONNECTION"]),
    late_rate=rates,
    late_ms=delays(20_000.0),
    timeout_ms=st.sampled_from([200, 3_000, 60_000]),
)
transactions = st.builds(Transactions, duplicate_rate=rates, reorder_rate=rates, delay_ms=delays(8_000.0))
connections = st.builds(
    Connection,
    outages=st.lists(
        st.builds(
            Outage,
            start=st.integers(0, 59).map(lambda second: f"2025-01-06T12:{second // 10:02d}:{second % 10 * 6:02d}"),
            seconds=st.sampled_from([0.5, 7.0, 60.0]),
        ),
        max_size=3,
    ).map(tuple),
    outages_per_day=st.sampled_from([0.0, 900.0]),
    outage_s=delays(30.0),
)
plans = st.builds(
    FaultPlan,
    seed=st.integers(0, 1_000),
    latency=st.builds(Latency, to_server=delays(5_000.0), to_terminal=delays(5_000.0)),
    execution=executions,
    acknowledgements=acknowledgements,
    transactions=transactions,
    connection=connections,
)
