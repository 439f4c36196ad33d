"""Why nothing was decided: each circumstance has its answer, and every circumstance has one."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.moments import Span
from app.ticks_on_record import TicksAround
from app.why_not import Circumstances, reason_for_none
from domain.timeframes import Timeframe
from sim.profiles import justmarkets_symbol

MINUTE = 60_000_000_000
HOUR = 60 * MINUTE
NOTHING = TicksAround(None, None, 0, 0)


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000_000


def minute(text: str) -> Span:
    return Span(at(text), at(text) + MINUTE)


def gap(before: str, after: str) -> TicksAround:
    return TicksAround(at(before), at(after), 0, 0)


def around(
    ticks: TicksAround,
    *,
    frames: tuple[Timeframe, ...] = (Timeframe.M15,),
    sessions: tuple[str, ...] = ("2026-03-02T00:00",),
    symbol: str = "EURUSD",
    offset_s: int = 7200,
) -> Circumstances:
    return Circumstances(
        spec=justmarkets_symbol(symbol),
        offset_s=offset_s,
        first_ns=at("2026-03-02T00:00"),
        last_ns=at("2026-03-20T00:00"),
        sessions_ns=tuple(at(text) for text in sessions),
        frames=frames,
        ticks=ticks,
    )


@pytest.mark.parametrize(
    ("time", "circumstances", "words"),
    [
        (
            "2026-03-01T12:00",
            around(NOTHING),
            "no terminal was connected yet: the record begins at Mon 2026-03-02 00:00:00",
        ),
        ("2026-03-21T12:00", around(NOTHING), "it lies after the end of the record at Fri 2026-03-20 00:00:00 UTC"),
        ("2026-03-10T12:00", around(NOTHING), "no tick of EURUSD is on record within six days of it"),
        (
            "2026-03-10T12:00",
            around(TicksAround(None, at("2026-03-11T00:00"), 0, 0)),
            "the record of EURUSD begins later, at Wed 2026-03-11 00:00:00 UTC",
        ),
        (
            "2026-03-10T12:00",
            around(TicksAround(at("2026-03-10T11:00"), None, 0, 0)),
            "no tick of EURUSD has come since Tue 2026-03-10 11:00:00 UTC",
        ),
        (
            "2026-03-10T12:00",
            around(TicksAround(None, None, 7, 7)),
            "7 ticks came, but the bridge was not ready to trade them (connecting, or without history)",
        ),
        (
            "2026-03-10T12:07",
            around(TicksAround(None, None, 7, 3)),
            "the M15 bar from Tue 2026-03-10 12:00 was still forming until 12:15: entries are decided",
        ),
        (
            "2026-03-10T12:00",
            around(TicksAround(None, None, 7, 0)),
            "the M15 bar from Tue 2026-03-10 12:00 began with this minute, and there was no bar before it to be closed",
        ),
        (
            "2026-03-10T12:07",
            around(TicksAround(None, None, 1, 0), frames=()),
            "ticks came, but no bar has been closed yet: entries are decided when a bar closes",
        ),
        (
            "2026-03-14T12:00",
            around(gap("2026-03-13T21:59", "2026-03-15T22:00")),
            (
                "the market was closed (weekend): no tick of EURUSD came between Fri 2026-03-13 21:59:00 and "
                "Sun 2026-03-15 22:00:00 UTC"
            ),
        ),
        (
            "2026-03-10T22:30",
            around(gap("2026-03-10T21:57", "2026-03-10T23:00"), symbol="XAUUSD"),
            (
                "the market was closed (outside the trade sessions of XAUUSD): no tick of XAUUSD came between "
                "Tue 2026-03-10 21:57:00 and Tue 2026-03-10 23:00:00 UTC"
            ),
        ),
        (
            "2026-03-10T12:00",
            around(gap("2026-03-10T10:00", "2026-03-10T14:00"), sessions=("2026-03-02T00:00", "2026-03-10T13:59")),
            (
                "the terminal was not connected until Tue 2026-03-10 13:59:00 UTC: no tick of EURUSD came between "
                "Tue 2026-03-10 10:00:00 and Tue 2026-03-10 14:00:00 UTC"
            ),
        ),
        (
            "2026-03-10T12:00",
            around(gap("2026-03-10T11:58", "2026-03-10T12:03")),
            "no tick of EURUSD came between Tue 2026-03-10 11:58:00 and Tue 2026-03-10 12:03:00 UTC",
        ),
    ],
)
def test_each_circumstance_has_its_answer(time: str, circumstances: Circumstances, words: str) -> None:
    assert reason_for_none(circumstances, minute(time)).startswith(words)


def test_a_market_that_never_closes_has_no_weekend() -> None:
    circumstances = around(gap("2026-03-14T11:00", "2026-03-14T13:00"), symbol="ETHUSD")
    assert "weekend" not in reason_for_none(circumstances, minute("2026-03-14T12:00"))


def test_bars_are_those_of_the_brokers_clock() -> None:
    circumstances = around(TicksAround(None, None, 1, 0), frames=(Timeframe.H4,), offset_s=3 * 3600)
    words = reason_for_none(circumstances, minute("2026-03-10T12:07"))
    assert "the H4 bar from Tue 2026-03-10 09:00 was still forming until 13:00" in words


@pytest.mark.parametrize(
    ("frame", "ends"), [(Timeframe.M1, "12:08"), (Timeframe.M30, "12:30"), (Timeframe.H1, "13:00")]
)
def test_the_fastest_chart_is_named(frame: Timeframe, ends: str) -> None:
    circumstances = around(TicksAround(None, None, 1, 0), frames=(frame, Timeframe.D1))
    span = Span(at("2026-03-10T12:07") + 1_000_000_000, at("2026-03-10T12:08"))
    assert f"the {frame.name} bar" in reason_for_none(circumstances, span)
    assert f"until {ends}" in reason_for_none(circumstances, span)


times = st.one_of(st.none(), st.integers(at("2026-03-01T00:00"), at("2026-03-25T00:00")))


@given(
    time_ns=st.integers(at("2026-03-01T00:00"), at("2026-03-25T00:00")),
    before_ns=times,
    after_ns=times,
    inside=st.integers(0, 100),
    unused=st.integers(0, 100),
    frames=st.lists(st.sampled_from([frame for frame in Timeframe if frame != Timeframe.MN1]), max_size=3),
    offset_h=st.integers(-12, 14),
)
def test_every_circumstance_has_an_answer(
    time_ns: int,
    before_ns: int | None,
    after_ns: int | None,
    inside: int,
    unused: int,
    frames: list[Timeframe],
    offset_h: int,
) -> None:
    ticks = TicksAround(before_ns, after_ns, inside, min(inside, unused))
    circumstances = around(ticks, frames=tuple(frames), offset_s=offset_h * 3600)
    words = reason_for_none(circumstances, Span(time_ns, time_ns + MINUTE))
    assert words
    assert not words.endswith(".")
