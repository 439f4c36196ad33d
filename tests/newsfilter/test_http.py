"""The client against a server that behaves as badly as real ones do."""

import datetime as dt
import json
import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import msgspec
import pytest

from newsfilter.budget import CallBudget
from newsfilter.eodhd_api import EodhdApi, QuarantineError
from newsfilter.events import NewsError
from newsfilter.http import FetchError, HttpClient, HttpPolicy, Problem, redacted, retry_after_s
from tests.newsfilter.fake_eodhd import NO_CALENDAR, TOKEN, USED_UP, FakeEodhd, Reply, payrolls, rows
from tests.newsfilter.samples import ns

pytestmark = pytest.mark.integration

DAY = dt.date(2024, 3, 8)
NOW = ns("2024-03-08 10:00")
GOOD = Reply(body=rows(payrolls()))
HASTY = HttpPolicy(attempts=3, first_pause_s=0.01, longest_pause_s=0.05, spacing_s=0.0)
IMPATIENT = msgspec.structs.replace(HASTY, read_s=1.0, answer_s=2.0)

Start = Callable[..., tuple[FakeEodhd, EodhdApi]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    with ExitStack() as stack:

        def started(*replies: Reply, daily_calls: int = 100, policy: HttpPolicy = HASTY) -> tuple[FakeEodhd, EodhdApi]:
            server = stack.enter_context(FakeEodhd(list(replies)))
            http = HttpClient(policy, chance=random.Random(1))
            stack.callback(http.close)
            budget = CallBudget(tmp_path / "budget.json", daily_calls)
            return server, EodhdApi(http, TOKEN, budget, address=server.address, now_ns=lambda: NOW)

        yield started


def test_events_of_a_day(start: Start) -> None:
    server, api = start(GOOD)
    (event,) = api.economic_events(DAY, DAY)
    assert (event.time_ns, event.currency, event.name) == (ns("2024-03-08 13:30"), "USD", "Non Farm Payrolls")
    ((path, query),) = server.requests
    assert path == "/api/economic-events"
    assert query == {
        "from": "2024-03-08",
        "to": "2024-03-08",
        "offset": "0",
        "limit": "1000",
        "fmt": "json",
        "api_token": TOKEN,
    }


@pytest.mark.parametrize(
    ("reply", "problem", "words"),
    [
        (Reply(401, b"Unauthenticated", content_type="text/html"), Problem.REFUSED, "Unauthenticated"),
        (Reply(402, USED_UP.encode()), Problem.BUDGET, "exceeded your daily API requests limit"),
        (Reply(403, NO_CALENDAR.encode()), Problem.REFUSED, "Only EOD data allowed for free users"),
        (Reply(404, b"Ticker Not Found"), Problem.NOT_FOUND, "Ticker Not Found"),
        (
            Reply(422, b'{"errors":{"filter":["The filter field is required."]}}'),
            Problem.BAD_REQUEST,
            "The filter field is required",
        ),
        (
            Reply(301, b"", headers={"Location": "http://127.0.0.1:1/"}),
            Problem.REDIRECTED,
            "redirects are not followed",
        ),
        (Reply(302, f"<a href='?api_token={TOKEN}'>".encode()), Problem.REDIRECTED, "status 302"),
        (Reply(418, f"no {TOKEN} here".encode()), Problem.BAD_REQUEST, "no REDACTED here"),
    ],
)
def test_what_another_attempt_would_not_mend_is_asked_once(
    start: Start, reply: Reply, problem: Problem, words: str
) -> None:
    server, api = start(reply)
    with pytest.raises(FetchError) as failed:
        api.economic_events(DAY, DAY)
    assert failed.value.problem == problem
    assert words in str(failed.value)
    assert TOKEN not in str(failed.value)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "bad",
    [
        Reply(500, b"oops"),
        Reply(502, b"<html><body><h1>502 Bad Gateway</h1></body></html>", content_type="text/html"),
        Reply(503, b""),
        Reply(504, b""),
        Reply(429, b"Too Many Requests", headers={"Retry-After": "0"}),
        Reply(after_s=1.5),
        Reply(body=rows(payrolls()), drip_s=0.02),
        Reply(body=rows(payrolls()), cut=40),
    ],
    ids=["500", "502", "503", "504", "429", "slow", "dripping", "cut off"],
)
def test_what_may_pass_is_asked_again(start: Start, bad: Reply) -> None:
    server, api = start(bad, bad, GOOD, policy=IMPATIENT)
    assert len(api.economic_events(DAY, DAY)) == 1
    assert len(server.requests) == 3


def test_it_gives_up_after_some_attempts_and_says_why(start: Start) -> None:
    server, api = start(Reply(502, b"<h1>Bad <b>Gateway</b></h1>", content_type="text/html"))
    with pytest.raises(FetchError, match="eodhd: server error: status 502, Bad Gateway"):
        api.economic_events(DAY, DAY)
    assert len(server.requests) == 3


def test_a_server_that_asks_for_a_long_pause_is_left_alone(start: Start) -> None:
    server, api = start(Reply(429, b"", headers={"Retry-After": "3600"}))
    with pytest.raises(FetchError) as failed:
        api.economic_events(DAY, DAY)
    assert (failed.value.problem, failed.value.retry_after_s) == (Problem.TOO_FAST, 3600.0)
    assert len(server.requests) == 1


def test_threads_that_spend_at_once_lose_no_call(tmp_path: Path) -> None:
    budget = CallBudget(tmp_path / "budget.json", 1000)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda calls: budget.spend(calls, NOW), [1, 5] * 20))
    assert budget.left(NOW) == 1000 - 6 * 20


def test_nobody_there_is_told_without_the_token(start: Start, tmp_path: Path) -> None:
    http = HttpClient(HASTY)
    budget = CallBudget(tmp_path / "budget.json", 100)
    api = EodhdApi(http, TOKEN, budget, address="http://127.0.0.1:1/api", now_ns=lambda: NOW)
    with pytest.raises(FetchError) as failed:
        api.economic_events(DAY, DAY)
    http.close()
    assert failed.value.problem == Problem.UNREACHABLE
    assert TOKEN not in str(failed.value)
    assert failed.value.__cause__ is None
    assert budget.left(NOW) == 100


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[", b"<html>", b'{"error": "no"}', rows(payrolls())[:-20], b"[{}]", b'"NA"', b"\xff\xfe"]
)
def test_an_answer_that_is_none_is_told(start: Start, body: bytes) -> None:
    _, api = start(Reply(body=body, content_type="text/html"))
    with pytest.raises(NewsError, match="eodhd: the whole answer: is no list of economic events"):
        api.economic_events(DAY, DAY)


def test_an_answer_without_end_is_cut(tmp_path: Path) -> None:
    policy = HttpPolicy(attempts=1, max_bytes=100_000)
    with FakeEodhd([Reply(body=b" " * 1_000_000)]) as server:
        http = HttpClient(policy)
        with pytest.raises(FetchError) as failed:
            http.fetched("eodhd", f"{server.address}/x", {})
        http.close()
    assert failed.value.problem == Problem.TOO_LARGE


def test_a_shifted_batch_is_put_in_quarantine(start: Start) -> None:
    _, api = start(Reply(body=rows(payrolls("2024-03-08 17:30:00"))))
    with pytest.raises(QuarantineError, match=r"\+240 minutes from 8:30 in New York") as refused:
        api.economic_events(DAY, DAY)
    assert len(refused.value.events) == 1


def test_pages_and_halves(tmp_path: Path) -> None:
    """1,300 events on each of four days: two pages a day, and a span is halved where EODHD pages no further."""

    def script(_: str, query: dict[str, str]) -> Reply:
        first, last = (dt.date.fromisoformat(query[name]) for name in ("from", "to"))
        days = [first + dt.timedelta(days=number) for number in range((last - first).days + 1)]
        events = [
            {"type": f"Release {number}", "country": "CA", "date": f"{day} {number // 60:02d}:{number % 60:02d}:30"}
            for day in days
            for number in range(1300)
        ]
        offset, limit = int(query["offset"]), int(query["limit"])
        assert offset <= 1000
        return Reply(body=json.dumps(events[offset : offset + limit]).encode())

    with FakeEodhd(script) as server:
        http = HttpClient(HASTY)
        budget = CallBudget(tmp_path / "budget.json", 1000)
        api = EodhdApi(http, TOKEN, budget, address=server.address, now_ns=lambda: NOW)
        events = api.economic_events(DAY, DAY + dt.timedelta(days=3))
        http.close()
    assert len(events) == len(set(events)) == 5200
    assert budget.left(NOW) == 1000 - len(server.requests)


def test_more_than_eodhd_gives_of_a_day_is_an_error(start: Start) -> None:
    events = [{"type": f"Release {n}", "country": "CA", "date": "2024-03-08 10:00:30"} for n in range(1000)]
    _, api = start(Reply(body=json.dumps(events).encode()))
    with pytest.raises(NewsError, match="2024-03-08: has more than 2000 events"):
        api.economic_events(DAY, DAY)


def test_articles_have_a_tone(start: Start) -> None:
    articles = [
        {"date": "2024-03-08T09:00:00+00:00", "title": "b", "sentiment": {"polarity": -0.5, "neg": 0.1}},
        {"date": "2024-03-08T08:00:00+00:00", "title": "a", "sentiment": {"polarity": 0.25}},
        {"date": "2024-03-08T08:30:00+00:00", "title": "no tone"},
    ]
    server, api = start(Reply(body=json.dumps(articles).encode()))
    found = api.articles("EURUSD.FOREX", DAY, DAY)
    assert [article.polarity for article in found] == [0.25, -0.5]
    assert server.requests[0][1]["s"] == "EURUSD.FOREX"


# -- the budget -------------------------------------------------------------------------------------------------------


def test_the_budget_is_kept_over_restarts_and_begins_anew_at_midnight(start: Start, tmp_path: Path) -> None:
    server, api = start(GOOD, daily_calls=2)
    api.economic_events(DAY, DAY)
    api.economic_events(DAY, DAY)
    with pytest.raises(FetchError, match="costs 1 calls, and 0 of 2 are left until 0:00 UTC") as refused:
        api.economic_events(DAY, DAY)
    assert refused.value.retry_after_s == 14 * 3600
    assert len(server.requests) == 2
    again = CallBudget(tmp_path / "budget.json", 2)
    assert again.left(NOW) == 0
    assert again.left(ns("2024-03-09 00:00")) == 2


def test_what_failed_costs_nothing_and_a_damaged_count_is_none(start: Start, tmp_path: Path) -> None:
    _, api = start(Reply(403, b"no"), daily_calls=5)
    with pytest.raises(FetchError):
        api.economic_events(DAY, DAY)
    budget = CallBudget(tmp_path / "budget.json", 5)
    assert budget.left(NOW) == 5
    (tmp_path / "budget.json").write_bytes(b"\x00")
    assert budget.left(NOW) == 5


# -- small parts ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, 0.0),
        ("120", 120.0),
        ("Fri, 08 Mar 2024 10:01:30 GMT", 90.0),
        ("Fri, 08 Mar 2024 09:00:00 GMT", 0.0),
        ("soon", 0.0),
        ("-5", 0.0),
    ],
)
def test_how_long_a_server_asks_to_wait(header: str | None, seconds: float) -> None:
    now = dt.datetime(2024, 3, 8, 10, 0, tzinfo=dt.UTC)
    assert retry_after_s(header, now) == seconds


def test_a_secret_is_found_in_every_form() -> None:
    assert redacted("a b/c?t=a%20b%2Fc&u=a+b%2Fc", ["a b/c", ""]) == "REDACTED?t=REDACTED&u=REDACTED"


def test_stopping_ends_a_pause_at_once() -> None:
    class EndedByTheFirstPause(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            if timeout:
                self.set()
            return super().wait(timeout)

    policy = HttpPolicy(attempts=3, first_pause_s=600.0, longest_pause_s=600.0, spacing_s=0.0)
    with FakeEodhd([Reply(503, b"")]) as server:
        http = HttpClient(policy, stop=EndedByTheFirstPause())
        with pytest.raises(FetchError, match="status 503"):
            http.fetched("eodhd", f"{server.address}/x", {})
        http.close()
    assert len(server.requests) == 1


def test_days_have_a_tone_for_as_many_articles_as_they_count(start: Start) -> None:
    days = [
        {"date": "2024-03-08", "count": 12, "normalized": -0.1811},
        {"date": "2024-03-07", "count": 0, "normalized": 0},
        {"date": "2024-03-06", "count": 3, "normalized": 1},
    ]
    server, api = start(Reply(body=json.dumps({"EURUSD.FOREX": days}).encode()))
    found = api.daily_tones("eurusd.forex", DAY, DAY)
    assert [(one.polarity, one.weight) for one in found] == [(1.0, 3), (-0.1811, 12)]
    assert [one.time_ns for one in found] == [ns("2024-03-06 00:00"), ns("2024-03-08 00:00")]
    ((path, query),) = server.requests
    assert path == "/api/sentiments"
    assert (query["s"], query["from"], query["to"]) == ("eurusd.forex", f"{DAY}", f"{DAY}")


@pytest.mark.parametrize("body", [b"[]", b"{}", b' {"GBPUSD.FOREX": []} '])
def test_a_ticker_nobody_writes_about_has_no_days(start: Start, body: bytes) -> None:
    _, api = start(Reply(body=body))
    assert api.daily_tones("EURUSD.FOREX", DAY, DAY) == []


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b'{"EURUSD.FOREX": {}}',
        b'{"EURUSD.FOREX": [{"date": "yesterday", "count": 1, "normalized": 0}]}',
        b'{"EURUSD.FOREX": [{"date": "2024-03-08", "count": 1, "normalized": 1.5}]}',
        b'{"EURUSD.FOREX": [{"date": "2024-03-08", "count": -1, "normalized": 0.5}]}',
        b'{"EURUSD.FOREX": [{"date": "2024-03-08", "normalized": 0.5}]}',
    ],
)
def test_what_is_no_series_of_days_is_refused(start: Start, body: bytes) -> None:
    _, api = start(Reply(body=body))
    with pytest.raises(NewsError, match="no series of daily tones"):
        api.daily_tones("EURUSD.FOREX", DAY, DAY)
