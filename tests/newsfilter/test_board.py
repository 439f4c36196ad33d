"""What a board tells of a calendar and of tones."""

import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsfilter.board import CurrencyTone, NewsBoard
from newsfilter.bulletin import Tones
from newsfilter.events import EconomicEvent, EventTiming, Impact
from newsfilter.sentiment import tone_of_symbol
from newsfilter.windows import Margins, WindowSettings
from tests.newsfilter.samples import EMPTY, board_from, event, ns

UNTIL = ns("2024-03-09 00:00")
EVENTS = (
    event("2024-03-08 13:30"),
    event("2024-03-08 07:00", "Industrial Production", "EUR", impact=Impact.MEDIUM),
    event("2024-03-08 10:00", "GDP", "EUR"),
    event("2024-03-08 00:00", "ECOFIN", "EUR", timing=EventTiming.ALL_DAY),
    event("2024-03-08 09:00", "Claims", "GBP"),
)


def board(symbols: tuple[str, ...] = ("EURUSD", "USDJPY", "XAUUSD.ecn"), **changes: object) -> NewsBoard:
    settings: dict[str, object] = {"reliable_until_ns": UNTIL, "required": True, "chosen": {}} | changes
    return board_from(EVENTS, symbols, WindowSettings(), EMPTY, **settings)  # type: ignore[arg-type]


def test_an_event_ahead_names_every_symbol_it_concerns() -> None:
    ahead = [(one.name, one.symbols) for one in board().events]
    assert ahead == [("GDP", ("EURUSD",)), ("Nonfarm Payrolls", ("EURUSD", "USDJPY", "XAUUSD.ecn"))]


def test_what_has_no_window_or_no_hour_is_not_ahead() -> None:
    wide = WindowSettings(medium=Margins(60.0, 60.0))
    found = board_from(EVENTS, ("EURGBP",), wide, EMPTY, reliable_until_ns=UNTIL, required=True, chosen={})
    assert [one.name for one in found.events] == ["Industrial Production", "Claims", "GDP"]
    assert found.symbols[0].windows == ((ns("2024-03-08 00:00"), ns("2024-03-09 00:00")),)


def test_tones_are_those_of_the_currencies_that_are_traded() -> None:
    told = {"EUR": -0.5, "USD": 0.25, "GBP": 1.0, "JPY": math.nan, "XAU": 0.75}
    found = board(tones=Tones(told, UNTIL))
    assert found.tones == (CurrencyTone("EUR", -0.5), CurrencyTone("USD", 0.25))
    assert [news.tone for news in found.symbols] == [-0.375, 0.125, 0.25]
    assert found.tones_until_ns == UNTIL


@pytest.mark.parametrize("told", [{}, {"EUR": math.nan}], ids=["no articles", "too few"])
def test_without_tones_there_is_nothing_to_go_by(told: dict[str, float]) -> None:
    found = board(tones=Tones(told, UNTIL))
    assert (found.tones, found.tones_until_ns) == ((), 0)
    assert all(news.tone is None for news in found.symbols)


@pytest.mark.parametrize(
    ("symbol", "tone"),
    [("EURUSD.m", 0.5), ("USDCNH", -0.5), ("BTCUSD", 0.0), ("US30.std", None), ("GBPCHF", None), ("DE40", None)],
)
def test_the_tone_of_a_symbol_is_half_the_difference_of_its_legs(symbol: str, tone: float | None) -> None:
    assert tone_of_symbol({"EUR": 0.5, "USD": -0.5, "CNY": 0.5, "BTC": -0.5}, symbol) == tone


def test_a_board_reads_back_from_json() -> None:
    told = board(tones=Tones({"EUR": 0.5}, UNTIL))
    assert msgspec.json.decode(msgspec.json.encode(told), type=NewsBoard) == told


@st.composite
def calendars(draw: st.DrawFn) -> list[EconomicEvent]:
    minutes = draw(st.lists(st.integers(0, 2000), max_size=10))
    currency = st.sampled_from(["USD", "EUR", "JPY", "ALL"])
    impact = st.sampled_from([Impact.LOW, Impact.MEDIUM, Impact.HIGH])
    return [
        EconomicEvent(time_ns=minute * 60 * 10**9, currency=draw(currency), name=f"e{at}", impact=draw(impact))
        for at, minute in enumerate(minutes)
    ]


@given(calendars())
def test_every_event_ahead_lies_in_a_window_of_its_symbols_and_of_no_other(events: list[EconomicEvent]) -> None:
    symbols = ("EURUSD", "USDJPY")
    found = board_from(events, symbols, WindowSettings(), EMPTY, reliable_until_ns=0, required=False, chosen={})
    windows = {news.symbol: news.windows for news in found.symbols}
    for ahead in found.events:
        for symbol in ahead.symbols:
            assert any(start <= ahead.time_ns < end for start, end in windows[symbol])
    high = sum(event.impact is Impact.HIGH for event in events)
    assert len(found.events) == high
    assert sorted(found.events, key=lambda one: one.time_ns) == list(found.events)
    assert all(one.symbols for one in found.events)
