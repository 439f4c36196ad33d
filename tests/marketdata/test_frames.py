from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.timeframes import DAY_S, Timeframe
from marketdata.frames import native_bars
from marketdata.quotes import ImportLog, NoteKind, QuoteFileError
from marketdata.raw import RawQuotes

FIXED = [frame for frame in Timeframe if frame is not Timeframe.MN1]
SUNDAY_S = 3 * DAY_S  # 1970-01-04; MT5's weeks begin there


def _log() -> ImportLog:
    return ImportLog(Path("EURUSD.csv"))


def _raw(times_s: list[int], highs: list[float] | None = None, lows: list[float] | None = None) -> RawQuotes:
    """Bars that each reach to 1.1 and 1.0 unless told otherwise."""
    count = len(times_s)
    fields = {
        "high": np.full(count, 1.1) if highs is None else np.array(highs),
        "low": np.full(count, 1.0) if lows is None else np.array(lows),
    }
    return RawQuotes(np.array(times_s, dtype=np.int64) * 1000, fields, np.arange(2, count + 2))


def _days(count: int, start_s: int = 0) -> list[int]:
    return [start_s + DAY_S * day for day in range(count)]


@given(timeframe=st.sampled_from(FIXED), count=st.integers(1, 50), gap=st.integers(0, 5))
def test_bars_of_the_timeframe_are_left_alone(timeframe: Timeframe, count: int, gap: int) -> None:
    start = SUNDAY_S + 7 * DAY_S * 52
    times = [start + timeframe.seconds * (place + (gap if place > count // 2 else 0)) for place in range(count)]
    log = _log()
    assert native_bars(_raw(times), timeframe, log).time_msc.tolist() == [time * 1000 for time in times]
    assert log.notes == []


def test_months_are_refused() -> None:
    with pytest.raises(QuoteFileError, match="W1") as caught:
        native_bars(_raw([0, DAY_S * 31]), Timeframe.MN1, _log())
    assert caught.value.field == "timeframe"


@given(days=st.integers(10, 60), hours=st.integers(3, 60))
def test_leading_days_are_cut_off(days: int, hours: int) -> None:
    native = [DAY_S * days + 3600 * (9 + hour) for hour in range(hours)]
    log = _log()
    rising = [1.1 + hour / 1000 for hour in range(hours)]
    kept = native_bars(_raw([*_days(days), *native], [2.0] * days + rising), Timeframe.H1, log)
    assert kept.time_msc.tolist() == [time * 1000 for time in native]
    assert [(note.kind, note.rows, note.first_row) for note in log.notes] == [(NoteKind.FOREIGN_BARS, days, 2)]


@pytest.mark.parametrize(("day_high", "kept"), [(2.0, 23), (1.05, 24)])
def test_the_last_day_is_told_by_its_range(day_high: float, kept: int) -> None:
    """A day's bar at 00:00 looks native when an hour's follows at 01:00; it holds the range of all hours after it."""
    hours = [DAY_S * 20 + 3600 * hour for hour in range(1, 24)]
    highs = [2.0] * 20 + [day_high] + [1.1] * 23
    raw = native_bars(_raw([*_days(21), *hours], highs), Timeframe.H1, _log())
    assert raw.rows.size == kept


def test_a_bar_too_soon_after_a_day_is_native_whatever_its_range() -> None:
    hours = [DAY_S * 19 + 3600 * hour for hour in range(9, 24)]
    raw = native_bars(_raw([*_days(20), *hours]), Timeframe.H1, _log())
    assert raw.rows.size == len(hours)


def test_a_sparse_start_is_not_foreign() -> None:
    """A quiet symbol's first hours have gaps of every length."""
    sparse = [0, 120, 420, 540, 900, 1260, 1380, 1680, 2100, 2220, 2580, 2880]
    times = sparse + [3000 + 60 * minute for minute in range(100)]
    log = _log()
    assert native_bars(_raw(times), Timeframe.M1, log).rows.size == len(times)
    assert log.notes == []


def test_few_leading_bars_are_no_other_timeframe() -> None:
    times = [*_days(9), *(DAY_S * 9 + 3600 * hour for hour in range(50))]
    assert native_bars(_raw(times), Timeframe.H1, _log()).rows.size == len(times)


@pytest.mark.parametrize(
    ("actual", "said"), [(Timeframe.D1, Timeframe.H1), (Timeframe.H4, Timeframe.M15), (Timeframe.M5, Timeframe.M1)]
)
def test_bars_that_are_all_longer_are_refused(actual: Timeframe, said: Timeframe) -> None:
    with pytest.raises(QuoteFileError, match=f"one {actual.name} apart"):
        native_bars(_raw([actual.seconds * place for place in range(50)]), said, _log())


def test_bars_that_are_shorter_are_refused() -> None:
    with pytest.raises(QuoteFileError, match="M5 bars begin at multiples") as caught:
        native_bars(_raw([60 * place for place in range(100)]), Timeframe.M5, _log())
    assert caught.value.row == 3


def test_a_single_bar_off_the_grid_is_dropped() -> None:
    log = _log()
    kept = native_bars(_raw([0, 3600, 5400, 7200]), Timeframe.H1, log)
    assert kept.rows.tolist() == [2, 3, 5]
    assert [(note.kind, note.first_row) for note in log.notes] == [(NoteKind.MISALIGNED_BARS, 4)]


def test_odd_distances_are_told_in_seconds() -> None:
    with pytest.raises(QuoteFileError, match="25200 s apart"):
        native_bars(_raw([25_200 * place for place in range(20)]), Timeframe.H1, _log())


def test_weeks_begin_on_sunday() -> None:
    week = 7 * DAY_S
    assert native_bars(_raw([SUNDAY_S + week * place for place in range(20)]), Timeframe.W1, _log()).rows.size == 20
    with pytest.raises(QuoteFileError, match="W1 bars begin"):
        native_bars(_raw([SUNDAY_S + DAY_S + week * place for place in range(20)]), Timeframe.W1, _log())


def test_no_bars_are_no_error() -> None:
    assert native_bars(_raw([]), Timeframe.H1, _log()).rows.size == 0
