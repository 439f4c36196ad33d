"""Spreads around releases: the rules of the transform, and its shape beside payrolls of 2014-05-02."""

import itertools
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.serverclock import Daylight, ServerClock
from marketdata import load_quotes
from sim.faults.news import releases_in, with_news
from sim.faults.plan import News
from sim.matching import Rows
from sim.spreads import CURRENCIES, METALS, Curve, factor_at
from tests.sim.venues import EURUSD, XAUUSD, ticks_of

UTC_CLOCK = ServerClock(winter_offset_s=0, daylight=Daylight.NONE)
US_CLOCK = ServerClock()
PAYROLLS = News(releases=("2014-05-02T12:30",))
PAYROLLS_MSC = 1_399_033_800_000
HOUR_MSC = 3_600_000


def calm(spread: float = 0.0001, step_msc: int = 500) -> Rows:
    """An hour before and after the release, on a UTC clock."""
    rows = 2 * HOUR_MSC // step_msc
    return ticks_of([(1.1, round(1.1 + spread, 5))] * rows, start_msc=PAYROLLS_MSC - HOUR_MSC, step_msc=step_msc)


def spreads(ticks: Rows) -> Rows:
    points: Rows = np.round((ticks["ask"] - ticks["bid"]) / 1e-5)
    return points


@pytest.mark.reference
@pytest.mark.parametrize(
    ("file", "curve"),
    [("oanda_EURUSD_20140501_0507_utc", CURRENCIES), ("oanda_XAUUSD_20140502_0506_utc", METALS)],
    ids=["EURUSD", "XAUUSD"],
)
def test_the_shape_is_that_of_real_payrolls(reference: Path, file: str, curve: Curve) -> None:
    """In every stretch the median spread over the calm one differs from the curve by less than 15 %."""
    ticks = load_quotes(reference / "ticks" / f"{file}.parquet").ticks
    assert ticks is not None
    after_s, width = (ticks["time_msc"] - PAYROLLS_MSC) / 1000.0, ticks["ask"] - ticks["bid"]
    calm_width = np.median(width[(after_s > -4 * 3600) & (after_s < -600)])
    edges = [-240, -90, -60, -30, -5, 0, 2, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 300, 450, 600, 900, 1800]
    for start, stop in itertools.pairwise(edges):
        inside = (after_s >= start) & (after_s < stop)
        if inside.sum() < 10:
            continue
        real = np.median(width[inside]) / calm_width
        ours = np.median([factor_at(curve, second) for second in after_s[inside]])
        assert ours == pytest.approx(real, rel=0.15), f"{start} to {stop} s"


@pytest.mark.reference
def test_calm_quotes_become_as_wide_as_the_real_ones(reference: Path) -> None:
    """Ticks of a quiet time two hours and a half earlier, widened as if payrolls had come then."""
    ticks = load_quotes(reference / "ticks" / "oanda_EURUSD_20140501_0507_utc.parquet").ticks
    assert ticks is not None
    quiet = News(releases=("2014-05-02T10:00",))
    made = with_news(ticks, EURUSD, quiet, UTC_CLOCK)
    earlier = 5 * HOUR_MSC // 2
    for start, stop, rel in ((2_000, 18_000, 0.2), (45_000, 120_000, 0.2), (120_000, 600_000, 0.2)):
        here = (ticks["time_msc"] >= PAYROLLS_MSC + start) & (ticks["time_msc"] < PAYROLLS_MSC + stop)
        there = (made["time_msc"] >= PAYROLLS_MSC - earlier + start) & (
            made["time_msc"] < PAYROLLS_MSC - earlier + stop
        )
        assert np.median(spreads(made[there])) == pytest.approx(np.median(spreads(ticks[here])), rel=rel)


def test_far_from_a_release_nothing_changes() -> None:
    ticks = calm()
    assert with_news(ticks, EURUSD, News(), UTC_CLOCK) is ticks
    assert with_news(ticks, EURUSD, News(releases=("2014-05-03T12:30",)), UTC_CLOCK) is ticks
    made = with_news(ticks, EURUSD, PAYROLLS, UTC_CLOCK)
    changed = np.flatnonzero(made != ticks)
    after_s = (ticks["time_msc"][changed] - PAYROLLS_MSC) / 1000.0
    assert after_s.min() >= CURRENCIES[0, 0]
    assert after_s.max() <= CURRENCIES[-1, 0]
    assert np.all(ticks["bid"] == 1.1), "the quotes that were given stay as they are"


@given(
    st.floats(-5000.0, 5000.0),
    st.sampled_from([CURRENCIES, METALS]),
)
def test_factors_lie_between_their_knots(seconds: float, curve: Curve) -> None:
    factor = factor_at(curve, seconds)
    assert 1.0 <= factor <= curve[:, 1].max()
    after = int(np.searchsorted(curve[:, 0], seconds))
    if 0 < after < len(curve):
        low, high = sorted((curve[after - 1, 1], curve[after, 1]))
        assert low - 1e-9 <= factor <= high + 1e-9


@pytest.mark.parametrize("spec", [EURUSD, XAUUSD], ids=["EURUSD", "XAUUSD"])
def test_both_sides_move_apart_by_the_same_on_the_grid(spec: object) -> None:
    wide = msgspec.structs.replace(EURUSD, currency_base=getattr(spec, "currency_base"))  # noqa: B009 - any symbol
    made = with_news(calm(), wide, PAYROLLS, UTC_CLOCK)
    points = made["bid"] / 1e-5, made["ask"] / 1e-5
    assert np.allclose(points, np.round(points), atol=1e-6)
    assert np.all(np.round(1.1 / 1e-5 - points[0]) == np.round(points[1] - 1.1001 / 1e-5))
    assert np.all(made["bid"] <= 1.1)


@pytest.mark.parametrize(("strength", "widest"), [(0.0, 10), (0.5, 73), (1.0, 136), (2.0, 263)])
def test_strength(strength: float, widest: int) -> None:
    """13.64 times ten points; each side moves by whole points."""
    made = with_news(calm(), EURUSD, msgspec.structs.replace(PAYROLLS, strength=strength), UTC_CLOCK)
    assert abs(spreads(made).max() - widest) <= 1


def test_ticks_without_a_price_or_a_spread_stay() -> None:
    ticks = calm()
    ticks["bid"][::3], ticks["ask"][1::3] = 0.0, 1.1
    made = with_news(ticks, EURUSD, PAYROLLS, UTC_CLOCK)
    assert np.array_equal(made[::3], ticks[::3])
    assert np.array_equal(made[1::3], ticks[1::3])


def test_releases_are_looked_up_on_the_brokers_clock() -> None:
    on_their_clock = US_CLOCK.shown(calm())
    assert releases_in(on_their_clock, PAYROLLS, US_CLOCK).tolist() == [PAYROLLS_MSC + 3 * HOUR_MSC]
    fridays = releases_in(on_their_clock, News(fridays_at_0830_new_york=True), US_CLOCK)
    assert fridays.tolist() == [PAYROLLS_MSC + 3 * HOUR_MSC], "2014-05-02 was a Friday, and 12:30 UTC is 08:30 there"
    assert releases_in(on_their_clock[:0], PAYROLLS, US_CLOCK).tolist() == []


def test_half_past_eight_in_new_york_is_another_hour_in_winter() -> None:
    """Payrolls of 2025-01-10 came at 13:30 UTC, those of 2025-06-06 at 12:30."""
    for moment, hours in ((1_736_515_800, 2), (1_749_213_000, 3)):
        ticks = ticks_of([(1.1, 1.1001)], start_msc=(moment + hours * 3600) * 1000)
        found = releases_in(ticks, News(fridays_at_0830_new_york=True), US_CLOCK)
        assert found.tolist() == [(moment + hours * 3600) * 1000]
