"""The newsroom over real HTTP: what it keeps, what it posts, and when it asks again."""

import datetime as dt
import json
from pathlib import Path

import pytest

from newsfilter.articles import read_clippings
from newsfilter.bulletin import NO_TONES
from newsfilter.events import NewsError
from newsfilter.http import HttpClient, HttpPolicy
from newsfilter.newsroom import Newsroom
from newsfilter.postings import read_bulletin
from newsfilter.setup import NewsSetup
from newsfilter.snapshot import NO_SOURCE
from newsfilter.windows import Margins, WindowSettings
from tests.newsfilter.fake_eodhd import TOKEN, FakeEodhd, Query, Reply, payrolls, rows
from tests.newsfilter.samples import ns

ONCE = HttpPolicy(attempts=1, read_s=5.0, spacing_s=0.0)
HOUR_NS = 3600 * 10**9


class Clock:
    """A time that passes when a test says so."""

    def __init__(self) -> None:
        self.now_ns = ns("2024-03-08 10:00")

    def __call__(self) -> int:
        return self.now_ns

    def pass_s(self, seconds: float) -> None:
        self.now_ns += round(seconds * 1e9)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def a_room(folder: Path, clock: Clock, token: str = "", **setup: object) -> Newsroom:
    chosen = NewsSetup(**setup)  # type: ignore[arg-type]  # fields of NewsSetup
    return Newsroom(folder / "news", chosen, token, HttpClient(ONCE), now_ns=clock)


def article(minute: str, polarity: float) -> dict[str, object]:
    return {"date": f"2024-03-08T09:{minute}:00+00:00", "title": "t", "sentiment": {"polarity": polarity}}


def test_what_eodhd_says_is_posted(tmp_path: Path, clock: Clock) -> None:
    with FakeEodhd([Reply(body=rows(payrolls()))]) as eodhd:
        room = a_room(tmp_path, clock, TOKEN, eodhd_address=eodhd.address, stale_s=7200.0)
        assert room.wait_s() == 0.0
        assert room.refresh_calendar().problem() == ""
    bulletin = read_bulletin(room.files.bulletin)
    assert [(one.currency, one.name, one.start_ns) for one in bulletin.windows] == [
        ("USD", "Non Farm Payrolls", ns("2024-03-08 13:00"))
    ]
    assert bulletin.reliable_until_ns == clock.now_ns + 2 * HOUR_NS
    assert bulletin.standing(clock.now_ns) == ""
    assert room.wait_s() == 3600.0


def test_without_a_source_the_bulletin_says_so(tmp_path: Path, clock: Clock) -> None:
    room = a_room(tmp_path, clock)
    bulletin = room.post()
    assert (bulletin.reliable_until_ns, bulletin.problem) == (0, NO_SOURCE)
    assert not room.sources
    assert not room.asks_for_articles


def test_a_failure_is_told_and_asked_again_sooner(tmp_path: Path, clock: Clock) -> None:
    with FakeEodhd([Reply(body=rows(payrolls())), Reply(502, b"bad gateway"), Reply(body=b"[]")]) as eodhd:
        room = a_room(tmp_path, clock, TOKEN, eodhd_address=eodhd.address)
        until = clock.now_ns + 6 * HOUR_NS
        room.refresh_calendar()
        clock.pass_s(3600)
        assert "status 502" in room.refresh_calendar().problem()
        failed = read_bulletin(room.files.bulletin)
        assert failed.reliable_until_ns == until
        assert len(failed.windows) == 1
        assert "502" in failed.standing(clock.now_ns)
        assert room.wait_s() == 300.0
        clock.pass_s(299)
        assert room.wait_s() == 1.0
        clock.pass_s(1)
        assert room.refresh_calendar().problem() == ""
    assert read_bulletin(room.files.bulletin).windows == ()


def test_other_margins_hold_at_once_for_what_is_known(tmp_path: Path, clock: Clock) -> None:
    with FakeEodhd([Reply(body=rows(payrolls()))]) as eodhd:
        a_room(tmp_path, clock, TOKEN, eodhd_address=eodhd.address).refresh_calendar()
        windows = WindowSettings(high=Margins(60.0, 60.0))
        later = a_room(tmp_path, clock, TOKEN, eodhd_address=eodhd.address, windows=windows).post()
        assert (later.windows[0].start_ns, later.windows[0].end_ns) == (ns("2024-03-08 13:29"), ns("2024-03-08 13:31"))
        assert a_room(tmp_path, clock).post().windows == ()


def test_a_file_of_ones_own_reaches_as_far_as_its_last_day(tmp_path: Path, clock: Clock) -> None:
    mine = tmp_path / "mine.csv"
    mine.write_text("time,currency,event,impact\n2024-03-08T13:30Z,USD,CPI,high\n")
    room = a_room(tmp_path, clock, files=(str(mine),), stale_s=604_800.0)
    room.refresh_calendar()
    assert read_bulletin(room.files.bulletin).reliable_until_ns == ns("2024-03-09 00:00")
    clock.pass_s(86_400)
    room.refresh_calendar()
    bulletin = read_bulletin(room.files.bulletin)
    assert bulletin.standing(clock.now_ns).startswith("the calendar could be relied on until 2024-03-09 00:00 UTC")


def test_two_files_of_one_name_are_two_sources(tmp_path: Path, clock: Clock) -> None:
    paths = [tmp_path / part / "calendar.csv" for part in ("a", "b")]
    room = a_room(tmp_path, clock, files=tuple(map(str, paths)))
    assert [source.name for source in room.sources] == [str(path) for path in paths]
    assert all("No such file" in state.problem for state in room.refresh_calendar().sources)


def test_forex_factorys_week_ends(tmp_path: Path, clock: Clock) -> None:
    week = b'[{"title":"CPI","country":"USD","date":"2024-03-08T08:30:00-05:00","impact":"High"}]'
    with FakeEodhd([Reply(body=week)]) as site:
        room = a_room(tmp_path, clock, forex_factory=True, forex_factory_address=site.address, stale_s=604_800.0)
        room.refresh_calendar()
    assert dt.date(2024, 3, 11).isoweekday() == 1
    assert read_bulletin(room.files.bulletin).reliable_until_ns == ns("2024-03-11 00:00")


def test_articles_become_tones_and_stay_when_they_fail(tmp_path: Path, clock: Clock) -> None:
    replies = [Reply(body=rows(article("10", -0.5), article("20", -0.5), article("30", -0.5))), Reply(502, b"down")]
    with FakeEodhd(replies) as eodhd:
        room = a_room(tmp_path, clock, TOKEN, eodhd_address=eodhd.address, tickers=("EURUSD.FOREX",))
        assert room.asks_for_articles
        assert room.post().tones == NO_TONES
        assert room.refresh_articles() == ""
        tones = read_bulletin(room.files.bulletin).tones
        assert tones.by_currency == pytest.approx({"EUR": -0.5, "USD": 0.5})
        assert clock.now_ns + HOUR_NS * 9 // 10 < tones.until_ns <= clock.now_ns + HOUR_NS
        clock.pass_s(60)
        assert "status 502" in room.refresh_articles()
        assert read_bulletin(room.files.bulletin).tones.until_ns == tones.until_ns
        assert len(read_clippings(room.files.articles).of("EURUSD.FOREX").articles) == 3


def test_what_is_posted_already_is_not_posted_again(tmp_path: Path, clock: Clock) -> None:
    replies = [Reply(body=rows(article("10", -0.5), article("20", -0.5), article("30", -0.25)))]
    with FakeEodhd(replies) as eodhd:
        room = a_room(tmp_path, clock, TOKEN, eodhd_address=eodhd.address, tickers=("EURUSD.FOREX",))
        marks = set()
        for _ in range(12):
            room.refresh_articles()
            marks.add(room.files.bulletin.stat().st_ino)
            clock.pass_s(60)
    assert len(marks) <= 4
    assert read_bulletin(room.files.bulletin).tones.by_currency == {"EUR": -0.42, "USD": 0.42}
    room.files.bulletin.unlink()
    room.post()
    assert room.files.bulletin.exists()


def test_one_article_is_no_opinion(tmp_path: Path, clock: Clock) -> None:
    with FakeEodhd([Reply(body=rows(article("30", -0.9)))]) as eodhd:
        room = a_room(tmp_path, clock, TOKEN, eodhd_address=eodhd.address, tickers=("EURUSD.FOREX",))
        room.refresh_articles()
    assert read_bulletin(room.files.bulletin).tones.by_currency == {}


def test_each_ticker_is_asked_for_and_a_failing_one_alone_fails(tmp_path: Path, clock: Clock) -> None:
    def script(_path: str, query: Query) -> Reply:
        if query["s"] == "GBPUSD.FOREX":
            return Reply(404, b"Ticker Not Found.")
        return Reply(body=rows(article("10", 0.5), article("20", 0.5), article("30", 0.5)))

    with FakeEodhd(script) as eodhd:
        tickers = ("EURUSD.FOREX", "GBPUSD.FOREX")
        room = a_room(tmp_path, clock, TOKEN, eodhd_address=eodhd.address, tickers=tickers)
        assert "Ticker Not Found" in room.refresh_articles()
    clippings = read_clippings(room.files.articles)
    assert [len(clippings.of(ticker).articles) for ticker in tickers] == [3, 0]
    assert read_bulletin(room.files.bulletin).tones == NO_TONES


@pytest.mark.parametrize(
    ("setup", "words"),
    [({"impact_table": "/nowhere.toml"}, "cannot be read"), ({"tickers": ("AAPL",)}, "is no pair of currencies")],
)
def test_a_setup_that_cannot_work_is_refused(tmp_path: Path, clock: Clock, setup: dict[str, str], words: str) -> None:
    with pytest.raises(NewsError, match=words):
        a_room(tmp_path, clock, **setup)


@pytest.mark.parametrize("name", ["calendar", "articles"])
def test_a_damaged_file_is_fetched_anew(tmp_path: Path, clock: Clock, name: str) -> None:
    with FakeEodhd([Reply(body=b"[]")]) as eodhd:
        room = a_room(tmp_path, clock, TOKEN, eodhd_address=eodhd.address, tickers=("EURUSD.FOREX",))
        getattr(room.files, name).write_bytes(b"\xff{")
        room.post()
        room.refresh_articles()
        assert room.refresh_calendar().problem() == ""


def test_the_token_stands_in_no_file(tmp_path: Path, clock: Clock) -> None:
    def script(path: str, query: Query) -> Reply:
        return Reply(401, f"{path}?api_token={query['api_token']} is unknown".encode())

    with FakeEodhd(script) as eodhd:
        room = a_room(tmp_path, clock, TOKEN, eodhd_address=eodhd.address, tickers=("EURUSD.FOREX",))
        assert "REDACTED is unknown" in room.refresh_calendar().problem()
        room.refresh_articles()
    assert all(TOKEN.encode() not in path.read_bytes() for path in (tmp_path / "news").iterdir())


def test_the_days_own_figures_take_the_place_of_articles(tmp_path: Path, clock: Clock) -> None:
    day = f"{dt.datetime.fromtimestamp(clock.now_ns / 1e9, dt.UTC):%Y-%m-%d}"
    body = json.dumps({"EURUSD.FOREX": [{"date": day, "count": 9, "normalized": 0.4}]}).encode()
    with FakeEodhd([Reply(body=body)]) as eodhd:
        tickers = ("EURUSD.FOREX",)
        room = a_room(tmp_path, clock, TOKEN, eodhd_address=eodhd.address, tickers=tickers, daily_tones=True)
        assert room.refresh_articles() == ""
    assert eodhd.requests[0][0] == "/api/sentiments"
    assert read_bulletin(room.files.bulletin).tones.by_currency == {"EUR": 0.4, "USD": -0.4}
