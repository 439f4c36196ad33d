"""The broker's clock is measured on quotes that arrive while we look, and on nothing else."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.poller.clock import OffsetMeter
from domain.servertime import NS_PER_MS

NOW_MSC = 1_750_000_000_000
HOUR_MSC = 3_600_000


def seen(*quotes: tuple[int, int]) -> OffsetMeter:
    """A meter that saw quotes of a time [ms after `NOW_MSC`, broker's clock] at a time [ms after it, UTC]."""
    meter = OffsetMeter()
    for server_ms, utc_ms in quotes:
        meter.see(NOW_MSC + server_ms, (NOW_MSC + utc_ms) * NS_PER_MS)
    return meter


@settings(max_examples=50)
@given(st.integers(-56, 56), st.integers(-200, 200), st.integers(2_000, 100_000), st.integers(-300, 300))
def test_two_fresh_quotes_give_the_offset(quarters: int, late_s: int, apart_ms: int, jitter_ms: int) -> None:
    ahead = quarters * 900_000 - late_s * 1000
    meter = seen((ahead, 0), (ahead + 100, 100), (ahead + 100 + apart_ms, 100 + apart_ms + abs(jitter_ms)))
    assert meter.offset_s == quarters * 900
    assert meter.problem == ""


@pytest.mark.parametrize(
    "quotes",
    [
        (),
        ((0, 0),),
        ((0, 0), (0, 5_000), (0, 50_000)),  # the same old quote again and again
        ((-48 * HOUR_MSC, 0), (-10 * HOUR_MSC, 100)),  # a terminal that has just connected at a weekend
        ((-48 * HOUR_MSC, 0), (-10 * HOUR_MSC, 100), (-10 * HOUR_MSC + 50, 4_000)),  # and trickles in
        ((0, 0), (100, 100), (1_500, 1_500)),  # too near to each other
    ],
)
def test_without_two_fresh_quotes_there_is_no_offset(quotes: tuple[tuple[int, int], ...]) -> None:
    meter = seen(*quotes)
    assert meter.offset_s is None
    assert "no two fresh quotes" in meter.problem


def test_a_clock_that_fits_no_time_zone_is_told() -> None:
    meter = seen((420_000, 0), (420_100, 100), (423_000, 3_000))
    assert meter.offset_s is None
    assert "set this computer's clock" in meter.problem


def test_a_stale_beginning_is_got_over() -> None:
    meter = seen((-48 * HOUR_MSC, 0), (-10 * HOUR_MSC, 50), (3 * HOUR_MSC, 1_000), (3 * HOUR_MSC + 2_500, 3_500))
    assert meter.offset_s == 10_800


def test_a_change_of_daylight_saving_is_noticed() -> None:
    meter = seen((3 * HOUR_MSC, 0), (3 * HOUR_MSC + 100, 100), (3 * HOUR_MSC + 3_000, 3_000))
    for utc_ms in (90 * HOUR_MSC, 90 * HOUR_MSC + 4_000):
        meter.see(NOW_MSC + 2 * HOUR_MSC + utc_ms, (NOW_MSC + utc_ms) * NS_PER_MS)
        assert meter.offset_s == (10_800 if utc_ms == 90 * HOUR_MSC else 7_200)
