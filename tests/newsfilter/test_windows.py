"""Windows around events: where they are, how they merge, and one answer for one time and for many."""

from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsfilter.events import ALL_CURRENCIES, NS_PER_DAY, NS_PER_MINUTE, EconomicEvent, EventTiming, Impact
from newsfilter.windows import (
    Margins,
    NamedMargins,
    Span,
    Windows,
    WindowSettings,
    blackout_mask,
    in_blackout,
    merged_windows,
    spans,
    until_window_s,
    window_at,
)
from tests.newsfilter.samples import EMPTY, event, ns
from tests.signals.pure_python import interpreted

DOLLAR = ("EUR", "USD")
PAYROLLS = event("2024-03-08 13:30")


def windows_of(*events: EconomicEvent, **settings: object) -> Windows:
    return merged_windows(spans(events, DOLLAR, msgspec.convert(settings, WindowSettings), EMPTY))


def minutes(windows: Windows) -> list[tuple[str, str]]:
    return [(str(start)[:16], str(end)[:16]) for start, end in zip(*(w.view("M8[ns]") for w in windows), strict=True)]


def test_from_half_an_hour_before_until_an_hour_after() -> None:
    windows = windows_of(PAYROLLS)
    assert minutes(windows) == [("2024-03-08T13:00", "2024-03-08T14:30")]
    edges = [ns("2024-03-08 13:00") - 1, ns("2024-03-08 13:00"), ns("2024-03-08 14:30") - 1, ns("2024-03-08 14:30")]
    assert [in_blackout(windows, edge) for edge in edges] == [False, True, True, False]


def test_only_high_impact_by_default_and_only_of_the_currencies_that_matter() -> None:
    medium = event("2024-03-08 10:00", impact=Impact.MEDIUM)
    yen = event("2024-03-08 10:00", currency="JPY")
    assert len(windows_of(medium, yen).starts) == 0
    assert minutes(windows_of(medium, medium=Margins(300, 600))) == [("2024-03-08T09:55", "2024-03-08T10:10")]
    assert len(windows_of(event("2024-03-08 10:00", currency=ALL_CURRENCIES)).starts) == 1


def test_windows_that_touch_become_one() -> None:
    later = event("2024-03-08 15:00", "ISM Services PMI")
    apart = event("2024-03-08 18:00", "Fed Chair Powell Speaks")
    assert minutes(windows_of(apart, later, PAYROLLS)) == [
        ("2024-03-08T13:00", "2024-03-08T16:00"),
        ("2024-03-08T17:30", "2024-03-08T19:00"),
    ]


def test_an_event_may_have_margins_of_its_own() -> None:
    wide = NamedMargins(words="non-farm payrolls", currency="USD", before_s=7200, after_s=7200)
    shut = NamedMargins(words="Nonfarm Payrolls")
    assert minutes(windows_of(PAYROLLS, named=(wide, shut))) == [("2024-03-08T11:30", "2024-03-08T15:30")]
    assert len(windows_of(PAYROLLS, named=(shut, wide)).starts) == 0
    elsewhere = msgspec.structs.replace(wide, currency="EUR")
    assert minutes(windows_of(PAYROLLS, named=(elsewhere,))) == [("2024-03-08T13:00", "2024-03-08T14:30")]


@pytest.mark.parametrize("timing", [EventTiming.ALL_DAY, EventTiming.TENTATIVE])
def test_without_an_hour_the_whole_day_is_closed(timing: EventTiming) -> None:
    tentative = event("2024-03-08 00:00", timing=timing)
    assert minutes(windows_of(tentative)) == [("2024-03-08T00:00", "2024-03-09T00:00")]
    assert len(windows_of(tentative, whole_days=False).starts) == 0
    assert len(windows_of(msgspec.structs.replace(tentative, impact=Impact.LOW)).starts) == 0


def test_a_holiday_closes_its_day_where_that_is_wanted() -> None:
    holiday = event("2024-12-25 00:00", "Bank Holiday", timing=EventTiming.ALL_DAY, is_holiday=True)
    assert len(windows_of(holiday).starts) == 0
    assert minutes(windows_of(holiday, holidays=True)) == [("2024-12-25T00:00", "2024-12-26T00:00")]


def test_how_long_until_the_next_one() -> None:
    windows = windows_of(PAYROLLS)
    assert until_window_s(windows, ns("2024-03-08 12:00")) == 3600.0
    assert until_window_s(windows, ns("2024-03-08 13:59")) == 0.0
    assert until_window_s(windows, ns("2024-03-08 14:30")) == np.inf


def test_without_events_nothing_is_closed() -> None:
    windows = windows_of()
    assert window_at(windows, 0) == -1
    assert blackout_mask(windows, np.array([0, NS_PER_DAY], np.int64)).tolist() == [False, False]


some_spans = st.lists(
    st.tuples(st.integers(0, 300), st.integers(0, 60)).map(
        lambda pair: Span(pair[0] * NS_PER_MINUTE, (pair[0] + pair[1]) * NS_PER_MINUTE, PAYROLLS)
    ),
    max_size=25,
)


@given(some_spans)
def test_merged_windows_are_the_union_and_stand_apart(found: list[Span]) -> None:
    windows = merged_windows(found)
    times = np.arange(-1, 365, dtype=np.int64) * NS_PER_MINUTE
    naive = [any(span.start_ns <= time < span.end_ns for span in found) for time in times.tolist()]
    assert blackout_mask(windows, times).tolist() == naive
    assert (windows.starts < windows.ends).all()
    assert (windows.ends[:-1] < windows.starts[1:]).all()


@given(some_spans, st.lists(st.integers(-(10**9), 400 * NS_PER_MINUTE), max_size=40))
def test_one_time_and_many_have_the_same_answer(found: list[Span], times: list[int]) -> None:
    windows = merged_windows(found)
    many = blackout_mask(windows, np.array(times, np.int64))
    assert many.tolist() == [in_blackout(windows, time) for time in times]
    assert many.tolist() == [interpreted(in_blackout)(windows, time) for time in times]
    assert many.tolist() == [until_window_s(windows, time) == 0.0 for time in times]


@pytest.mark.parametrize("wrong", [{"high": {"before_s": -1.0}}, {"high": {"after_s": 1e9}}, {"hihg": {}}])
def test_settings_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(wrong, WindowSettings)
