"""The snapshot: what stays when sources fail, how old is too old, and what a reader finds on the disk."""

import datetime as dt
import threading
from pathlib import Path

import msgspec
import pytest

from newsfilter.eodhd_api import QuarantineError
from newsfilter.events import EconomicEvent, NewsError
from newsfilter.http import FetchError, Problem
from newsfilter.refreshing import Reach, refreshed
from newsfilter.snapshot import NewsSnapshot, SourceState, read_snapshot, write_snapshot
from newsfilter.sources import ENDLESS_NS, FileCalendar
from tests.newsfilter.samples import EMPTY, event, ns

NOW = ns("2024-03-08 10:00")
HOUR_NS = 3600 * 10**9
REACH = Reach(1, 7)
LIMIT_S = 6 * 3600.0
LIMIT_NS = 6 * HOUR_NS


class Told:
    """A source that says, one after the other, what it was told to."""

    until_ns = ENDLESS_NS

    def __init__(self, name: str, *answers: list[EconomicEvent] | Exception) -> None:
        self.name = name
        self.asked: list[tuple[dt.date, dt.date]] = []
        self._answers = list(answers)

    def events(self, first: dt.date, last: dt.date) -> list[EconomicEvent]:
        self.asked.append((first, last))
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


BROKEN = FetchError("eodhd", Problem.SERVER, "status 502")
SHIFTED = QuarantineError("eodhd", ["payrolls at 16:30"], [event("2024-03-08 16:30")])


def test_every_source_is_asked_for_the_days_around_today() -> None:
    source = Told("eodhd", [event("2024-03-08 13:30")])
    snapshot = refreshed(NewsSnapshot(), [source], NOW, REACH)
    assert source.asked == [(dt.date(2024, 3, 7), dt.date(2024, 3, 15))]
    state = snapshot.state_of("eodhd")
    assert (state.fetched_ns, state.problem) == (NOW, "")
    assert (state.from_ns, state.until_ns) == (ns("2024-03-07 00:00"), ns("2024-03-16 00:00"))
    assert snapshot.reliable_until_ns(LIMIT_S) == NOW + LIMIT_NS


@pytest.mark.parametrize("failure", [BROKEN, NewsError("eodhd", "item 1", "is no event"), SHIFTED])
def test_a_source_that_fails_keeps_what_it_said_and_the_others_go_on(failure: Exception) -> None:
    first = Told("eodhd", [event("2024-03-08 13:30")], failure)
    second = Told("forexfactory", FetchError("ff", Problem.TOO_FAST, "429"), [event("2024-03-08 15:00", "ISM")])
    once = refreshed(NewsSnapshot(), [first, second], NOW, REACH)
    twice = refreshed(once, [first, second], NOW + HOUR_NS, REACH)
    assert twice.state_of("eodhd").events == once.state_of("eodhd").events
    assert twice.state_of("eodhd").fetched_ns == NOW
    assert twice.state_of("eodhd").problem == str(failure)
    assert twice.state_of("eodhd").problem_ns == NOW + HOUR_NS
    assert twice.state_of("forexfactory").problem == ""
    assert [one.name for one in twice.events(EMPTY)] == ["Nonfarm Payrolls", "ISM"]


def test_a_shifted_batch_is_counted_and_not_used() -> None:
    snapshot = refreshed(NewsSnapshot(), [Told("eodhd", SHIFTED)], NOW, REACH)
    assert snapshot.state_of("eodhd").quarantined == 1
    assert snapshot.events(EMPTY) == []
    assert "its times are shifted" in snapshot.problem()
    assert snapshot.reliable_until_ns(LIMIT_S) == 0


def test_a_source_that_is_no_longer_set_up_is_left_out() -> None:
    once = refreshed(NewsSnapshot(), [Told("a", [event("2024-03-08 13:30")]), Told("b", [])], NOW, REACH)
    assert [state.name for state in refreshed(once, [Told("b", [])], NOW, REACH).sources] == ["b"]


# -- how old is too old -----------------------------------------------------------------------------------------------


def test_a_day_without_network_and_back_again() -> None:
    """Every hour a failure: the calendar holds until the limit, not a moment longer, and is back with one success."""
    answers: list[list[EconomicEvent] | Exception] = [[event("2024-03-08 13:30")], *[BROKEN] * 24, []]
    source, snapshot, reliable, problems = Told("eodhd", *answers), NewsSnapshot(), [], []
    for hour in range(26):
        now = NOW + hour * HOUR_NS
        snapshot = refreshed(snapshot, [source], now, REACH)
        reliable.append(now < snapshot.reliable_until_ns(LIMIT_S))
        problems.append(snapshot.problem())
    assert reliable == [True] * 6 + [False] * 19 + [True]
    assert problems[0] == problems[25] == ""
    assert all("status 502" in problem for problem in problems[1:25])


@pytest.mark.parametrize(
    ("states", "until_ns", "problem"),
    [
        ((), 0, "no calendar source is set up"),
        ((SourceState(name="eodhd", problem="eodhd: refused"),), 0, "eodhd: refused"),
        ((SourceState(name="eodhd", fetched_ns=NOW, from_ns=0, until_ns=NOW),), NOW, ""),
        ((SourceState(name="eodhd", fetched_ns=NOW - 7 * HOUR_NS, until_ns=NOW + 1),), NOW - HOUR_NS, ""),
    ],
)
def test_until_when_it_can_be_relied_on(states: tuple[SourceState, ...], until_ns: int, problem: str) -> None:
    snapshot = NewsSnapshot(sources=states)
    assert snapshot.reliable_until_ns(LIMIT_S) == until_ns
    assert snapshot.problem() == problem


def test_one_fresh_source_is_enough() -> None:
    old = SourceState(name="a", fetched_ns=NOW - 90 * HOUR_NS, until_ns=NOW + HOUR_NS)
    new = SourceState(name="b", fetched_ns=NOW - HOUR_NS, until_ns=NOW + HOUR_NS)
    assert NewsSnapshot(sources=(old, new)).reliable_until_ns(LIMIT_S) == NOW + HOUR_NS


# -- on the disk ------------------------------------------------------------------------------------------------------


def test_it_reads_back(tmp_path: Path) -> None:
    path = tmp_path / "news" / "calendar.json"
    assert read_snapshot(path) == NewsSnapshot()
    snapshot = refreshed(NewsSnapshot(), [Told("eodhd", [event("2024-03-08 13:30")])], NOW, REACH)
    write_snapshot(path, snapshot)
    assert read_snapshot(path) == snapshot
    assert [one.name for one in path.parent.iterdir()] == ["calendar.json"]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"version": 1, "sources": [{}]}', b"\xff"])
def test_a_damaged_file_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "calendar.json"
    path.write_bytes(content)
    with pytest.raises(NewsError, match=r"calendar\.json: the whole file: is damaged .* delete it"):
        read_snapshot(path)


def test_another_version_is_told(tmp_path: Path) -> None:
    path = tmp_path / "calendar.json"
    path.write_bytes(msgspec.json.encode(NewsSnapshot(version=99)))
    with pytest.raises(NewsError, match="version: is 99, not 1"):
        read_snapshot(path)


def test_a_reader_never_sees_half_a_file(tmp_path: Path) -> None:
    path = tmp_path / "calendar.json"
    events = tuple(event("2024-03-08 13:30", f"Release {number}") for number in range(300))
    snapshots = [NewsSnapshot(sources=(SourceState(name="a", events=events[:count]),)) for count in (1, 300)]
    write_snapshot(path, snapshots[0])
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            for snapshot in snapshots:
                write_snapshot(path, snapshot)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert all(read_snapshot(path) in snapshots for _ in range(100))
    finally:
        stop.set()
        writer.join()


def test_a_file_of_the_users_own_is_a_source(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("time,currency,event\n2024-03-08T13:30Z,USD,CPI\n2024-05-01T13:30Z,USD,CPI\n")
    source = FileCalendar(path)
    assert [one.time_ns for one in source.events(dt.date(2024, 3, 8), dt.date(2024, 3, 8))] == [ns("2024-03-08 13:30")]
    path.unlink()
    with pytest.raises(NewsError, match=r"mine\.csv: the whole file: cannot be read: No such file"):
        source.events(dt.date(2024, 3, 8), dt.date(2024, 3, 8))
