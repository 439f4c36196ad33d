"""The terminal's economic calendar, as the bridge gets to see it."""

from typing import Final

import numpy as np
import pytest

from sim.mql5.calendar import Calendar, CalendarEvent, Country, Value
from tests.crash.market import START_MSC
from tests.mql5.scenarios.conftest import MakeScene, MakeStage
from tests.mql5.scenarios.scripted import Stage
from tests.mql5.scenarios.tunnel import TO_BRIDGE, count
from wire.enums import MessageType
from wire.messages import Calendar as CalendarMessage
from wire.messages import CalendarValue

pytestmark = pytest.mark.integration

DAY_S: Final = 86_400
NOW_S: Final = START_MSC // 1000
WANTED: Final = {"InpCalendar": "true"}
GERMANY: Final = Country(number=276, name="Germany", code="DE", currency="EUR")
CLIMATE: Final = CalendarEvent(
    number=2, country=276, name="Ifo-Geschäftsklima", type=1, sector=7, unit=0, importance=2, digits=1, time_mode=1
)
WINTER: Final = Value(
    number=11,
    event=2,
    time_s=NOW_S + 3 * DAY_S,
    change=5,
    period_s=NOW_S,
    actual=87_500_000,
    forecast=88_000_000,
    impact=1,
)


def calendar(*values: Value) -> Calendar:
    return Calendar((GERMANY,), (CLIMATE,), values)


def values_heard(stage: Stage) -> list[CalendarValue]:
    messages = [message for double in stage.doubles for message in double.heard]
    return [value for message in messages if isinstance(message, CalendarMessage) for value in message.values]


def test_a_value_arrives_as_it_is_told_in_the_servers_time(make_stage: MakeStage) -> None:
    stage = make_stage(calendar=calendar(WINTER), inputs=WANTED).live()
    stage.play(2)
    stage.chart.until(lambda: values_heard(stage), "the calendar")
    assert values_heard(stage) == [
        CalendarValue(
            value_id=11,
            event_id=2,
            time_s=NOW_S + 3 * DAY_S,
            period_s=NOW_S,
            revision=0,
            actual=87_500_000,
            forecast=88_000_000,
            previous=None,
            revised=None,
            importance=2,
            impact=1,
            time_mode=1,
            event_type=1,
            sector=7,
            unit=0,
            multiplier=0,
            digits=1,
            country="DE",
            currency="EUR",
            name="Ifo-Geschäftsklima",
        )
    ]
    assert stage.problems == []


def test_a_day_back_and_a_week_ahead_are_told_at_first(make_stage: MakeStage) -> None:
    days = (-2, -0.9, 0, 6.9, 8)
    values = [Value(number=20 + place, event=2, time_s=NOW_S + int(day * DAY_S)) for place, day in enumerate(days)]
    stage = make_stage(calendar=calendar(*values), inputs=WANTED).live()
    stage.play(2)
    stage.chart.until(lambda: values_heard(stage), "the calendar")
    assert [value.value_id for value in values_heard(stage)] == [21, 22, 23]


def test_more_than_fits_into_a_frame_arrives_in_several(make_stage: MakeStage) -> None:
    values = [Value(number=100 + place, event=2, time_s=NOW_S + place) for place in range(9_000)]
    stage = make_stage(calendar=calendar(*values), inputs=WANTED).live()
    stage.play(2)
    stage.chart.until(lambda: len(values_heard(stage)) >= len(values), "the calendar")
    heard = [value.value_id for value in values_heard(stage)]
    # as arrays: where pytest would print how two lists differ, it needs minutes for ones of this length
    assert np.array_equal(heard, [value.number for value in values])
    assert stage.problems == []


def test_a_new_session_hears_it_again(make_stage: MakeStage) -> None:
    stage = make_stage(calendar=calendar(WINTER), inputs=WANTED).live()
    stage.chart.until(lambda: values_heard(stage), "the calendar")
    stage.chart.tunnel.cut()
    stage.chart.until(lambda: len(values_heard(stage)) == 2, "the calendar again")


def test_the_real_bridge_takes_it_and_goes_on(make_scene: MakeScene) -> None:
    scene = make_scene(calendar=calendar(WINTER), inputs=WANTED)
    scene.chart.until(lambda: count(scene.chart.tunnel, TO_BRIDGE, MessageType.CALENDAR), "the calendar")
    scene.play(100)
    assert scene.chart.observer.counts.sessions == 1
    scene.end()
