"""Each rule finds what it is for, where it is, and nothing on a sound market."""

from collections.abc import Callable

import msgspec
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.serverclock import UTC_CLOCK, clock_named
from domain.timeframes import Timeframe
from marketdata.checks import Checked, Subject, checked, subject_of
from marketdata.findings import Finding, Places, Verdict
from tests.marketdata.samples import market_bars, quote_file, ticks_at

Bars = npt.NDArray[np.void]
US = clock_named("us")
SOUND = market_bars(30, US)


def outcome(bars: Bars, *, symbol: str = "EURUSD", allowed: frozenset[str] = frozenset()) -> Checked:
    return checked(subject_of(quote_file(bars, symbol=symbol), US), allowed)


def only(found: Checked, rule: str) -> Finding:
    fitting = [finding for finding in found.findings if finding.rule == rule]
    assert len(fitting) == 1, found.findings
    return fitting[0]


def test_a_sound_market_passes_whole() -> None:
    found = outcome(SOUND)
    assert found.findings == []
    assert found.subject.rows.tobytes() == SOUND.tobytes()


def scaled(bars: Bars) -> None:
    for name in ("open", "high", "low", "close"):
        bars[name][1000:] *= 1e5


def free(bars: Bars) -> None:
    bars["spread"] = 0


def wide(bars: Bars) -> None:
    bars["spread"][[700, 1000]] = 500


def spiky(bars: Bars) -> None:
    for name in ("open", "high", "low", "close"):
        bars[name][1000] *= 1.16


def stuck(bars: Bars) -> None:
    for name in ("open", "high", "low"):
        bars[name][100:1001] = bars["close"][100:1001]


def rarely_stuck(bars: Bars) -> None:
    for name in ("open", "high", "low"):
        bars[name][1000 - 2 * 50 : 1001 : 2] = bars["close"][900:1001:2]


@pytest.mark.parametrize(
    ("spoil", "rule", "verdict", "rows", "place"),
    [
        (scaled, "scaled-prices", Verdict.REFUSED, 1, (1002, 1002)),
        (wide, "spread", Verdict.NOTED, 2, (702, 1002)),
        (free, "spread", Verdict.NOTED, 0, (None, None)),
        (spiky, "spike", Verdict.NOTED, 1, (1002, 1002)),
        (stuck, "flat", Verdict.REFUSED, 901, (102, 1002)),
        (rarely_stuck, "flat", Verdict.NOTED, 51, (902, 1002)),
    ],
)
def test_what_is_wrong_is_named_with_its_rows(
    spoil: Callable[[Bars], None], rule: str, verdict: Verdict, rows: int, place: tuple[int | None, int | None]
) -> None:
    bars = SOUND.copy()
    spoil(bars)
    finding = only(outcome(bars), rule)
    assert (finding.verdict, finding.rows, (finding.first_row, finding.last_row)) == (verdict, rows, place)
    if finding.first_row is not None:
        first = np.datetime64(int(bars["time"][finding.first_row - 2]), "s")
        assert finding.first_time == str(first).replace("T", " ")
    assert finding.remedy or verdict is not Verdict.REFUSED


def test_bars_of_days_inside_a_file_of_hours_are_found() -> None:
    days = SOUND[::24][:30].copy()
    days["time"] = SOUND["time"][0] + 86_400 * np.arange(30)
    after = SOUND.copy()
    after["time"] += 86_400 * 35
    finding = only(outcome(np.concatenate([days, after])), "timeframe")
    assert (finding.verdict, finding.first_row, finding.rows) == (Verdict.REFUSED, 2, 29)


def on_weekends(bars: Bars, weeks: int, *, flat: bool) -> Bars:
    """The bars with Saturday noon to evening added in the first `weeks` weeks."""
    extra = np.concatenate([bars[:6]] * weeks)
    noon = 1_705_147_200  # 2024-01-13, a Saturday
    extra["time"] = (noon + 604_800 * np.arange(weeks)[:, None] + 3600 * np.arange(6)).ravel()
    if flat:
        for name in ("open", "high", "low"):
            extra[name] = extra["close"]
    return np.sort(np.concatenate([bars, extra]), order="time")


def test_flat_rows_of_a_weekend_are_dropped() -> None:
    found = outcome(on_weekends(SOUND, 4, flat=True))
    finding = only(found, "flat-weekend")
    assert (finding.verdict, finding.rows, finding.first_time) == (Verdict.REPAIRED, 24, "2024-01-13 12:00:00")
    assert found.subject.rows.tobytes() == SOUND.tobytes()
    kept = outcome(on_weekends(SOUND, 4, flat=True), allowed=frozenset({"flat-weekend"}))
    assert only(kept, "flat-weekend").verdict is Verdict.ALLOWED
    assert kept.subject.rows.size == SOUND.size + 24


def test_a_few_moving_rows_of_a_weekend_are_dropped_and_many_are_refused() -> None:
    few = outcome(on_weekends(SOUND, 2, flat=False))
    assert only(few, "weekend").verdict is Verdict.REPAIRED
    assert few.subject.rows.tobytes() == SOUND.tobytes()
    many = on_weekends(SOUND[:240], 20, flat=False)
    refused = outcome(many)
    assert only(refused, "weekend").verdict is Verdict.REFUSED
    assert refused.subject.rows.size == many.size
    allowed = outcome(many, allowed=frozenset({"weekend"}))
    assert only(allowed, "weekend").verdict is Verdict.ALLOWED
    assert "weekend" not in {finding.rule for finding in outcome(many, symbol="BTCUSD").findings}


def test_days_of_sundays_stay_and_saturdays_go() -> None:
    days = np.resize(SOUND, 70)
    days["time"] = 1_704_672_000 + 86_400 * np.arange(70)  # from Monday 2024-01-08 on
    quotes = quote_file(days, timeframe=Timeframe.D1)
    found = checked(subject_of(quotes, UTC_CLOCK), frozenset({"weekend"}))
    assert only(found, "weekend").rows == 10
    assert only(found, "weekend").detail.startswith("prices move on Saturdays")


def test_gaps_are_listed_and_too_many_refuse() -> None:
    cut = np.delete(SOUND, slice(1000, 1010))
    finding = only(outcome(cut), "gaps")
    assert (finding.verdict, finding.rows) == (Verdict.NOTED, 1)
    assert "10 h in all" in finding.detail
    holes = np.ones(SOUND.size, np.bool_)
    holes[200:2600:5] = False
    assert only(outcome(SOUND[holes]), "gaps").verdict is Verdict.REFUSED


def test_what_no_market_made_is_refused_and_may_be_allowed() -> None:
    bars = np.resize(SOUND, 10 * 168)
    bars["time"] = 1_704_672_000 + 3600 * np.arange(bars.size)
    found = outcome(bars, allowed=frozenset({"weekend"}))
    assert only(found, "no-market").verdict is Verdict.REFUSED
    assert only(outcome(bars, allowed=frozenset({"weekend", "no-market"})), "no-market").verdict is Verdict.ALLOWED


def test_without_a_clock_nothing_is_said_about_hours() -> None:
    spoiled = np.delete(on_weekends(SOUND, 4, flat=True), slice(1000, 1010))
    found = checked(subject_of(quote_file(spoiled), None), frozenset())
    assert found.findings == []
    assert found.subject.rows.size == spoiled.size


def tick_subject(bids: npt.NDArray[np.float64], asks: npt.NDArray[np.float64]) -> Subject:
    ticks = ticks_at((1_735_808_400_000 + 1000 * np.arange(bids.size)).tolist())
    ticks["bid"], ticks["ask"] = bids, asks
    quotes = msgspec.structs.replace(quote_file(SOUND), bars=None, ticks=ticks, timeframe=None, row_numbers=None)
    return subject_of(quotes, UTC_CLOCK)


def test_ticks_with_an_absurd_spread_are_refused() -> None:
    bids = np.full(200, 1.1)
    assert only(checked(tick_subject(bids, bids + 0.05), frozenset()), "spread").verdict is Verdict.REFUSED
    assert checked(tick_subject(bids, bids + 0.0002), frozenset()).findings == []
    odd = np.where(np.arange(200) == 50, 0.02, 0.0002)
    assert only(checked(tick_subject(bids, bids + odd), frozenset()), "spread").first_row == 51


def test_ticks_of_a_weekend_are_dropped() -> None:
    ticks = ticks_at([1_706_910_000_000 + 1000 * place for place in range(3)] + [1_707_130_800_000])  # Friday 21:40 UTC
    ticks["time_msc"][1:3] = 1_706_954_400_000, 1_706_954_400_500  # Saturday
    ticks["time"] = ticks["time_msc"] // 1000
    quotes = msgspec.structs.replace(quote_file(SOUND), bars=None, ticks=ticks, timeframe=None, row_numbers=None)
    found = checked(subject_of(quotes, UTC_CLOCK), frozenset())
    assert only(found, "flat-weekend").rows == 2
    assert found.subject.rows["time_msc"].tolist() == [1_706_910_000_000, 1_707_130_800_000]


@given(data=st.data())
@settings(max_examples=50)
def test_any_spoiled_market_is_judged_without_a_crash(data: st.DataObject) -> None:
    bars = SOUND[: data.draw(st.integers(1, 400))].copy()
    for _ in range(data.draw(st.integers(0, 5))):
        place = data.draw(st.integers(0, bars.size - 1))
        price = data.draw(st.floats(1e-5, 1e6))
        for name in ("open", "high", "low", "close"):
            bars[name][place] = price
    bars["time"] = bars["time"][0] + np.cumsum(data.draw(st.sampled_from([60, 3600, 86_400])) * np.ones(bars.size, int))
    found = outcome(bars)
    assert found.subject.rows.size == found.subject.places.numbers.size == found.subject.local_s.size
    kept = np.isin(bars["time"], found.subject.rows["time"])
    assert bars[kept].tobytes() == found.subject.rows.tobytes()
    dropped = sum(finding.rows for finding in found.findings if finding.verdict is Verdict.REPAIRED)
    assert dropped == np.count_nonzero(~kept)


def test_places_count_what_is_selected() -> None:
    places = Places(np.array([0, 60, 120]), np.array([2, 3, 7]))
    finding = places.finding("x", Verdict.NOTED, np.array([False, True, True]), "why")
    assert (finding.rows, finding.first_row, finding.last_row) == (2, 3, 7)
    assert (finding.first_time, finding.last_time) == ("1970-01-01 00:01:00", "1970-01-01 00:02:00")
