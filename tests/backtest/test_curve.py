import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from backtest.curve import Curve, days_of, joined_curve, one_point, part_of_curve
from backtest.exact import Outcome
from domain.serverclock import Daylight, ServerClock
from strategy.gates import DecisionKind

DAY_NS = 86_400 * 10**9

moments = st.lists(st.tuples(st.integers(0, 20 * DAY_NS), st.floats(1.0, 1e6)), min_size=1, max_size=40)


def curve_of(points: list[tuple[int, float]]) -> Curve:
    return joined_curve([one_point(time_ns, equity, equity - 1.0) for time_ns, equity in points])


@given(moments)
@settings(max_examples=50)
def test_of_one_moment_the_last_point_counts(points: list[tuple[int, float]]) -> None:
    points = sorted(points, key=lambda point: point[0])
    curve = curve_of(points)
    assert dict(zip(curve.time_ns.tolist(), curve.equity.tolist(), strict=True)) == dict(points)
    assert (np.diff(curve.time_ns) > 0).all()
    assert np.array_equal(curve.balance, curve.equity - 1.0)


@given(moments, st.integers(-12, 14))
@settings(max_examples=50)
def test_days_compound_to_the_whole(points: list[tuple[int, float]], offset_h: int) -> None:
    points = sorted(dict(points).items())
    days = days_of(curve_of(points), ServerClock(winter_offset_s=offset_h * 3600, daylight=Daylight.NONE))
    last_of_day = {(time_ns // 10**9 + offset_h * 3600) // 86_400: equity for time_ns, equity in points[1:]}
    assert dict(zip(days.day.tolist(), days.equity.tolist(), strict=True)) == last_of_day
    assert np.isclose(np.prod(1.0 + days.returns) * points[0][1], points[-1][1])


def test_a_point_for_each_closed_bar(outcome: Outcome) -> None:
    entries = outcome.decisions[outcome.decisions["kind"] == DecisionKind.ENTRY]
    times = np.unique(entries["time_ns"])
    assert outcome.curve.time_ns[1:-1].tolist() == times[times != outcome.curve.time_ns[-1]].tolist()
    part = part_of_curve(outcome.decisions)
    assert len(part.time_ns) == len(entries)
