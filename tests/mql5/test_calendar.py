"""The calendar an EA is given, and the terminal's global variables."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from sim.mql5.abi import CalendarQuestion, GlobalQuestion, fitted
from sim.mql5.calendar import MISSING, Calendar, CalendarEvent, Country, Value
from sim.mql5.globals import GlobalVariables
from sim.mql5.host import EaHost
from tests.mql5.programs import built, place

UNITED_STATES = Country(number=840, name="United States", code="US", currency="USD", currency_symbol="$")
GERMANY = Country(number=276, name="Germany", code="DE", currency="EUR")
PAYROLLS = CalendarEvent(number=1, country=840, name="Nonfarm Payrolls", unit=4, digits=0)
CLIMATE = CalendarEvent(number=2, country=276, name="Ifo-Klima", importance=2)
VALUES = (
    Value(number=12, event=1, time_s=2000, change=7, actual=250_000_000, forecast=200_000_000),
    Value(number=11, event=2, time_s=1000, change=5, previous=87_500_000),
)
CALENDAR = Calendar((UNITED_STATES, GERMANY), (PAYROLLS, CLIMATE), VALUES)
ANY = (0, 10_000)


@pytest.mark.parametrize(
    ("question", "number", "span", "country", "currency", "found"),
    [
        (CalendarQuestion.COUNTRY_BY_ID, 840, ANY, "", "", [840]),
        (CalendarQuestion.COUNTRY_BY_ID, 1, ANY, "", "", []),
        (CalendarQuestion.COUNTRIES, 0, ANY, "", "", [840, 276]),
        (CalendarQuestion.EVENT_BY_ID, 2, ANY, "", "", [2]),
        (CalendarQuestion.EVENTS, 0, ANY, "DE", "", [2]),
        (CalendarQuestion.EVENTS, 0, ANY, "", "USD", [1]),
        (CalendarQuestion.VALUE_BY_ID, 12, ANY, "", "", [12]),
        (CalendarQuestion.VALUES, 0, ANY, "", "", [11, 12]),
        (CalendarQuestion.VALUES, 0, (1000, 1999), "", "", [11]),
        (CalendarQuestion.VALUES, 0, ANY, "US", "USD", [12]),
        (CalendarQuestion.VALUES, 0, ANY, "US", "EUR", []),
        (CalendarQuestion.VALUES_SINCE, 5, ANY, "", "", [7, 12]),
        (CalendarQuestion.VALUES_SINCE, 7, ANY, "", "", [7]),
    ],
)
def test_what_is_found(
    question: CalendarQuestion, number: int, span: tuple[int, int], country: str, currency: str, found: list[int]
) -> None:
    assert [row.number for row in CALENDAR.rows(question, number, span, country, currency)] == found


def test_an_empty_calendar_has_a_latest_change() -> None:
    (row,) = Calendar().rows(CalendarQuestion.VALUES_SINCE, 0, ANY, "", "")
    assert row.number == 1


PROGRAM = """
int OnInit(void) {
   MqlCalendarValue values[];
   MqlCalendarEvent event;
   MqlCalendarCountry country;
   Print(CalendarValueHistory(values,0));
   Print(ArraySize(values)," ",values[1].id," ",values[1].GetActualValue());
   Print(values[1].HasPreviousValue()," ",values[0].actual_value==LONG_MIN);
   Print(CalendarEventById(values[1].event_id,event));
   Print(event.name," ",EnumToString(event.unit)," ",event.digits);
   Print(CalendarCountryById(event.country_id,country));
   Print(country.name," ",country.code," ",country.currency_symbol);
   ulong change=0;
   Print(CalendarValueLast(change,values));
   Print(change);
   change=5;
   Print(CalendarValueLast(change,values));
   Print(values[0].id," ",change);
   Print(CalendarEventById(99,event));
   Print(CalendarValueHistory(values,5000));
   Print(ArraySize(values));
   return(INIT_SUCCEEDED);
}
"""


@pytest.mark.integration
def test_an_ea_reads_it(tmp_path: Path) -> None:
    program = built(PROGRAM, tmp_path, "Calendar")
    ea = EaHost(program, place().desk, inputs={}, files_dir=tmp_path, symbol="EURUSD", calendar=CALENDAR)
    ea.start()
    assert ea.logged == [
        *("true", "2 12 250.0", "false true"),
        *("true", "Nonfarm Payrolls CALENDAR_UNIT_JOB 0", "true", "United States US $"),
        *("0", "7", "1", "12 7"),
        *("false", "true", "0"),
    ]
    assert MISSING == -(2**63)


class GlobalsByModel(RuleBasedStateMachine):
    """Against a dictionary; what was flushed is there in the next life."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self.variables = GlobalVariables(Path(self._folder.name))
        self.model: dict[str, tuple[float, int]] = {}
        self.flushed: dict[str, tuple[float, int]] = {}
        self.now = 0

    def teardown(self) -> None:
        self._folder.cleanup()

    def ask(self, question: GlobalQuestion, name: str = "", value: float = 0.0) -> float | None:
        self.now += 1
        return self.variables.answer(question, name, value, self.now)

    @rule(name=st.sampled_from("abc"), value=st.floats(allow_nan=False, allow_infinity=False))
    def set(self, name: str, value: float) -> None:
        assert self.ask(GlobalQuestion.SET, name, value) == value
        self.model[name] = (value, self.now)

    @rule(name=st.sampled_from("abc"))
    def look(self, name: str) -> None:
        kept = self.model.get(name)
        assert self.ask(GlobalQuestion.GET, name) == (kept and kept[0])
        assert self.ask(GlobalQuestion.TIME, name) == (kept and kept[1])
        assert (self.ask(GlobalQuestion.CHECK, name) is not None) == (kept is not None)
        assert self.ask(GlobalQuestion.COUNT) == len(self.model)

    @rule(name=st.sampled_from("abc"))
    def delete(self, name: str) -> None:
        assert (self.ask(GlobalQuestion.DELETE, name) is not None) == (self.model.pop(name, None) is not None)

    @rule()
    def flush(self) -> None:
        self.ask(GlobalQuestion.FLUSH)
        self.flushed = dict(self.model)

    @rule()
    def die(self) -> None:
        self.variables = GlobalVariables(Path(self._folder.name))
        self.model = dict(self.flushed)


TestGlobalsByModel = GlobalsByModel.TestCase


@given(st.text(max_size=300))
def test_texts_are_cut_between_characters(text: str) -> None:
    cut = fitted(text.encode("utf-8", "ignore").decode(), 128)
    assert len(cut) < 128
    assert text.encode("utf-8", "ignore").startswith(cut)
    cut.decode()
