"""The calendar of what is played: the invented market tells its releases, and files may lie beside quotes."""

from pathlib import Path

import numpy as np
import pytest

from app.news_settings import NewsGroup
from app.playback import Playback, invented_span, market_of
from app.played_calendar import INVENTED, bulletin_of, invented_events
from domain.timeframes import DAY_S, HOUR_S, Timeframe
from marketdata import DEMO_START_UTC_S, synthetic_releases
from newsfilter.bulletin import Bulletin
from newsfilter.events import NewsError

WEEK = Playback(symbols=("EURUSD",))
MINUTE_NS = 60 * 10**9


def known(playback: Playback, **news: object) -> Bulletin:
    bulletin = bulletin_of(playback, NewsGroup(**news))  # type: ignore[arg-type]  # fields of the group
    assert bulletin is not None
    return bulletin


def test_at_every_invented_release_spreads_widen_as_told() -> None:
    market = market_of(WEEK)
    ticks, spec = market.ticks["EURUSD"], market.specs[0]
    utc_s = ticks["time"] - market.server_offset_s
    points = np.rint((ticks["ask"] - ticks["bid"]) / spec.point)
    events = invented_events(WEEK)
    assert len(events) >= 8
    told = {event.time_ns // 10**9 for event in events}
    for moment in told:
        inside = (utc_s >= moment) & (utc_s < moment + 60)
        assert points[inside].min() >= 8 * 9
    struck = set((utc_s[(points >= 8 * 9) & (utc_s % DAY_S < 20 * HOUR_S)] // 60 * 60).tolist())
    assert struck == told  # and nothing else widens them so


def test_the_calendar_is_that_of_the_days_that_are_played() -> None:
    for charts in ((Timeframe.M15,), (Timeframe.H4,)):
        playback = Playback(symbols=("EURUSD",), days=2, charts=charts)
        first, last = DEMO_START_UTC_S, DEMO_START_UTC_S + 2 * DAY_S
        times = [event.time_ns // 10**9 for event in invented_events(playback)]
        assert times
        assert all(first <= time < last for time in times)
        start_s, days = invented_span(playback)
        assert set(times) <= set(synthetic_releases(playback.seed, start_s, days).tolist())


def test_another_seed_has_another_calendar() -> None:
    assert invented_events(WEEK) != invented_events(Playback(symbols=("EURUSD",), seed=2))


def test_windows_are_those_of_the_settings() -> None:
    bulletin = known(WEEK, high_before_s=600, high_after_s=120)
    assert len(bulletin.windows) == len(invented_events(WEEK))
    for window in bulletin.windows:
        assert (window.time_ns - window.start_ns, window.end_ns - window.time_ns) == (10 * MINUTE_NS, 2 * MINUTE_NS)
        assert (window.currency, window.name) == ("USD", INVENTED)


def test_quotes_from_files_have_the_calendar_that_lies_beside_them(tmp_path: Path) -> None:
    calendar = tmp_path / "nfp.csv"
    calendar.write_text("time,currency,event\n2014-05-02T12:30:00Z,USD,Nonfarm Payrolls\n")
    quotes = Playback(files=("quotes.parquet",))
    assert bulletin_of(quotes, NewsGroup()) is None
    (window,) = known(Playback(files=quotes.files, calendars=(str(calendar),))).windows
    assert window.name == "Nonfarm Payrolls"
    assert window.end_ns - window.start_ns == 90 * MINUTE_NS


def test_the_same_event_in_two_files_is_one(tmp_path: Path) -> None:
    files = []
    for name, wording in (("a.csv", "Non-Farm Payrolls"), ("b.csv", "Nonfarm Payrolls")):
        (tmp_path / name).write_text(f"time,currency,event\n2014-05-02T12:30:00Z,USD,{wording}\n")
        files.append(str(tmp_path / name))
    assert len(known(Playback(files=("quotes.parquet",), calendars=tuple(files))).windows) == 1


@pytest.mark.parametrize("content", [None, "time,currency,event\nsoon,USD,Nonfarm Payrolls\n"])
def test_a_calendar_that_cannot_be_read_is_told(tmp_path: Path, content: str | None) -> None:
    calendar = tmp_path / "bad.csv"
    if content is not None:
        calendar.write_text(content)
    with pytest.raises(NewsError, match=r"bad\.csv"):
        bulletin_of(Playback(files=("quotes.parquet",), calendars=(str(calendar),)), NewsGroup())
