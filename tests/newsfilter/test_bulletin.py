"""What is posted for whoever decides: the same windows as those of the events, by symbol, and words for people."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsfilter.board import board_of
from newsfilter.bulletin import NO_BULLETIN, VERSION, Bulletin, EventWindow, event_windows
from newsfilter.events import ALL_CURRENCIES, EconomicEvent, EventTiming, Impact, NewsError
from newsfilter.instruments import currencies_of
from newsfilter.postings import read_bulletin, write_bulletin
from newsfilter.snapshot import NO_SOURCE, NewsSnapshot, SourceState
from newsfilter.windows import Margins, WindowSettings, merged_windows, spans
from tests.newsfilter.samples import EMPTY, board_from, event, ns

SYMBOLS = ("EURUSD", "GBPJPY", "XAUUSD", "DE40")
SETTINGS = WindowSettings(medium=Margins(300.0, 900.0))
EVENTS = st.lists(
    st.builds(
        EconomicEvent,
        time_ns=st.integers(0, 200).map(lambda quarter: ns("2024-03-08 00:00") + quarter * 900 * 10**9),
        currency=st.sampled_from(["USD", "EUR", "GBP", "JPY", "CHF", ALL_CURRENCIES]),
        name=st.sampled_from(["CPI", "PMI"]),
        impact=st.sampled_from(Impact),
        timing=st.sampled_from(EventTiming),
    ),
    max_size=12,
)


@given(EVENTS)
def test_every_symbol_gets_the_windows_of_its_currencies(events: list[EconomicEvent]) -> None:
    board = board_from(events, SYMBOLS, SETTINGS, EMPTY, chosen={"DE40": ("EUR", "CHF")})
    assert [news.symbol for news in board.symbols] == list(SYMBOLS)
    for news in board.symbols:
        currencies = currencies_of(news.symbol, {"DE40": ("EUR", "CHF")})
        windows = merged_windows(spans(events, currencies, SETTINGS, EMPTY))
        assert news.windows == tuple(zip(windows.starts.tolist(), windows.ends.tolist(), strict=True))
        for start, end in news.windows:
            assert board.events_at(news.symbol, start)
            assert board.events_at(news.symbol, end - 1)
            assert not board.events_at(news.symbol, end)


def test_a_board_holds_what_concerns_its_symbols_alone() -> None:
    windows = event_windows([event("2024-03-08 13:30"), event("2024-03-08 07:00", "GDP", "GBP")], SETTINGS, EMPTY)
    bulletin = Bulletin(windows=windows, reliable_until_ns=5, problem="eodhd: refused")
    board = board_of(bulletin, ["EURUSD"], required=False, chosen={})
    assert [(one.currency, one.name) for one in board.events] == [("USD", "Nonfarm Payrolls")]
    assert (board.reliable_until_ns, board.required, board.problem) == (5, False, "eodhd: refused")
    assert board.events_at("EURUSD", ns("2024-03-08 13:00"))[0].time_ns == ns("2024-03-08 13:30")
    assert board.events_at("GBPJPY", ns("2024-03-08 13:00")) == ()


# -- for people -------------------------------------------------------------------------------------------------------

UNTIL = ns("2024-03-08 16:00")


@pytest.mark.parametrize(
    ("until", "problem", "now", "words"),
    [
        (UNTIL, "", UNTIL - 1, ""),
        (UNTIL, "eodhd: 502", UNTIL - 1, "eodhd: 502; the calendar is relied on until 2024-03-08 16:00 UTC"),
        (UNTIL, "", UNTIL, "the calendar could be relied on until 2024-03-08 16:00 UTC; nobody has fetched it since"),
        (UNTIL, "eodhd: 502", UNTIL, "the calendar could be relied on until 2024-03-08 16:00 UTC; eodhd: 502"),
        (0, "no calendar source is set up", UNTIL, "no calendar source is set up"),
        (0, "", UNTIL, "no calendar has been fetched yet"),
    ],
)
def test_how_the_calendar_stands(until: int, problem: str, now: int, words: str) -> None:
    assert Bulletin(reliable_until_ns=until, problem=problem).standing(now) == words


# -- until when a snapshot can be relied on ---------------------------------------------------------------------------

STATES = st.builds(
    SourceState,
    name=st.sampled_from(["a", "b"]),
    fetched_ns=st.integers(0, 50),
    from_ns=st.just(0),
    until_ns=st.integers(0, 80),
)


@given(st.lists(STATES, max_size=3), st.integers(1, 120))
def test_it_holds_while_one_source_is_fresh_and_reaches_to_now(states: list[SourceState], now: int) -> None:
    fresh = [state for state in states if state.fetched_ns > 0 and now - state.fetched_ns < 20 and now < state.until_ns]
    assert (now < NewsSnapshot(sources=tuple(states)).reliable_until_ns(20e-9)) == bool(fresh)


def test_what_is_wrong_with_the_sources() -> None:
    assert NewsSnapshot().problem() == NO_SOURCE
    states = SourceState(name="a", problem="a: 502"), SourceState(name="b"), SourceState(name="c", problem="c: 429")
    assert NewsSnapshot(sources=states).problem() == "a: 502; c: 429"
    assert NewsSnapshot(sources=states[1:2]).problem() == ""


# -- on the disk ------------------------------------------------------------------------------------------------------


def test_it_reads_back(tmp_path: Path) -> None:
    path = tmp_path / "news" / "bulletin.json"
    assert read_bulletin(path) is NO_BULLETIN
    window = EventWindow(start_ns=1, end_ns=9, time_ns=5, currency="USD", name="CPI")
    bulletin = Bulletin(made_ns=3, reliable_until_ns=7, problem="x", windows=(window,))
    write_bulletin(path, bulletin)
    assert read_bulletin(path) == bulletin
    assert [one.name for one in path.parent.iterdir()] == ["bulletin.json"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is damaged"),
        (b"{", "is damaged"),
        (b'{"windows": [{}]}', "is damaged"),
        (b"\xff", "is damaged"),
        (msgspec.json.encode(Bulletin(version=VERSION + 1)), "version: is 2, not 1"),
    ],
)
def test_what_cannot_be_read_is_told(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "bulletin.json"
    path.write_bytes(content)
    with pytest.raises(NewsError, match=rf"bulletin\.json: .*{words}"):
        read_bulletin(path)


def test_a_folder_in_its_place_is_told(tmp_path: Path) -> None:
    with pytest.raises(NewsError, match="cannot be read"):
        read_bulletin(tmp_path)
