"""Percentiles of the histogram, against numpy's on the same durations."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.latency import LatencyHistogram, bucket_ns, difference, percentile_ns, summary_us

_DURATIONS = st.lists(st.integers(0, 10**12), min_size=1, max_size=200)


def counted(durations: list[int]) -> list[int]:
    histogram = LatencyHistogram()
    for duration in durations:
        histogram.add(duration)
    return histogram.counts()


@given(_DURATIONS, st.floats(0.01, 1.0))
def test_a_percentile_is_numpys_within_the_width_of_a_bucket(durations: list[int], fraction: float) -> None:
    exact = int(np.quantile(durations, fraction, method="inverted_cdf"))
    found = percentile_ns(counted(durations), fraction)
    assert exact <= found <= exact * 1.04 + 1


@given(st.integers(0, 10**15))
def test_every_duration_lies_in_one_bucket_that_ends_at_or_after_it(duration: int) -> None:
    (bucket,) = [number for number, count in enumerate(counted([duration])) if count]
    assert bucket_ns(bucket) >= duration
    assert bucket == 0 or bucket_ns(bucket - 1) < duration


def test_beyond_all_buckets_counts_as_the_longest() -> None:
    counts = counted([1 << 62])
    assert counts[-1] == 1


def test_nothing_counted_has_no_percentile() -> None:
    assert percentile_ns(counted([])[:0], 0.5) == 0
    assert summary_us(LatencyHistogram().counts()) == {
        "count": 0.0, "p50": 0.0, "p90": 0.0, "p99": 0.0, "p999": 0.0, "max": 0.0
    }  # fmt: skip


def test_what_came_since_is_the_difference() -> None:
    histogram = LatencyHistogram()
    histogram.add(5)
    before = histogram.counts()
    histogram.add(50)
    assert percentile_ns(difference(histogram.counts(), before), 0.5) == 50


def test_microseconds() -> None:
    summary = summary_us(counted([1_000, 1_000, 1_000_000]))
    assert summary["count"] == 3
    assert summary["p50"] == pytest.approx(1.0, rel=0.04)
    assert summary["max"] == pytest.approx(1000.0, rel=0.04)
