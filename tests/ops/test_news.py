"""The jobs that keep news fresh: they start when due, come back sooner after a failure, and end at once."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from newsfilter.http import HttpClient, HttpPolicy
from newsfilter.newsroom import Newsroom
from newsfilter.postings import read_bulletin
from newsfilter.setup import NewsSetup
from ops.news import refresh_until
from tests.newsfilter.fake_eodhd import TOKEN, FakeEodhd, Reply

PATIENCE_S = 60.0
ONCE = HttpPolicy(attempts=1, spacing_s=0.0)


def until(condition: Callable[[], bool], what: str) -> None:
    end_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end_s, f"never: {what}"
        time.sleep(0.01)


@contextmanager
def at_work(room: Newsroom, setup: NewsSetup) -> Iterator[threading.Event]:
    stop = threading.Event()
    worker = threading.Thread(target=refresh_until, args=(room, setup, stop))
    worker.start()
    try:
        yield stop
    finally:
        stop.set()
        worker.join(PATIENCE_S)
        assert not worker.is_alive()


def a_room(folder: Path, setup: NewsSetup) -> Newsroom:
    return Newsroom(folder, setup, TOKEN, HttpClient(ONCE))


def asked(eodhd: FakeEodhd, endpoint: str) -> int:
    return sum(path.endswith(endpoint) for path, _ in eodhd.requests)


def test_both_are_fetched_at_once_and_articles_again(tmp_path: Path) -> None:
    with FakeEodhd(lambda _path, _query: Reply()) as eodhd:
        setup = NewsSetup(eodhd_address=eodhd.address, tickers=("EURUSD.FOREX",), news_s=0.05)
        room = a_room(tmp_path, setup)
        with at_work(room, setup):
            until(lambda: read_bulletin(room.files.bulletin).reliable_until_ns > 0, "the calendar is fetched")
            until(lambda: asked(eodhd, "/news") >= 3, "articles are asked for again")
        assert asked(eodhd, "/economic-events") == 1


def test_what_is_fresh_is_not_asked_for_again(tmp_path: Path) -> None:
    with FakeEodhd(lambda _path, _query: Reply()) as eodhd:
        setup = NewsSetup(eodhd_address=eodhd.address, tickers=("EURUSD.FOREX",))
        room = a_room(tmp_path, setup)
        room.refresh_calendar()
        with at_work(room, setup):
            until(lambda: asked(eodhd, "/news") == 1, "articles are asked for")
        assert asked(eodhd, "/economic-events") == 1


def test_a_failure_is_tried_again_and_said_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    replies = [Reply(502, b"down"), Reply(502, b"down"), Reply()]
    with FakeEodhd(replies) as eodhd:
        setup = NewsSetup(eodhd_address=eodhd.address, calendar_s=0.1)
        room = a_room(tmp_path, setup)
        with caplog.at_level(logging.INFO, "companion.news"), at_work(room, setup):
            until(lambda: read_bulletin(room.files.bulletin).reliable_until_ns > 0, "the third time it works")
    said = [record.message for record in caplog.records if record.message.startswith("calendar:")]
    assert said == ["calendar: eodhd: server error: status 502, down", "calendar: fetched from all sources"]
    assert TOKEN not in caplog.text


def test_a_source_that_does_not_answer_holds_up_no_other_and_not_the_end(tmp_path: Path) -> None:
    released = threading.Event()

    def script(path: str, _query: dict[str, str]) -> Reply:
        if path.endswith("/economic-events"):
            released.wait(PATIENCE_S)
        return Reply()

    with FakeEodhd(script) as eodhd:
        setup = NewsSetup(eodhd_address=eodhd.address, tickers=("EURUSD.FOREX",), news_s=0.05)
        room = a_room(tmp_path, setup)
        with at_work(room, setup):
            until(lambda: asked(eodhd, "/economic-events") == 1, "the calendar is asked for")
            until(lambda: asked(eodhd, "/news") >= 3, "articles are asked for meanwhile")
        assert read_bulletin(room.files.bulletin).reliable_until_ns == 0
        released.set()


def test_without_sources_nothing_is_asked_and_the_bulletin_says_why(tmp_path: Path) -> None:
    setup = NewsSetup()
    room = Newsroom(tmp_path, setup, "", HttpClient(ONCE))
    with at_work(room, setup):
        until(lambda: read_bulletin(room.files.bulletin).problem == "no calendar source is set up", "it is posted")
