"""What a terminal tells of MT5's calendar, from the wire to the windows that the bridge decides by."""

from pathlib import Path

import msgspec
import pytest

from bridge.config import NewsRules
from bridge.newswatch import NewsWatch
from bridge.terminal_calendar import TerminalCalendar
from domain.servertime import NS_PER_S
from newsfilter.http import HttpClient
from newsfilter.newsroom import Newsroom
from newsfilter.postings import read_bulletin
from newsfilter.setup import NewsSetup
from newsfilter.terminal import read_told
from tests.bridge.floor import Script
from tests.newsfilter.samples import ns
from tests.wire.samples import CALENDAR_VALUE
from wire.messages import Calendar, CalendarValue

NOW = ns("2025-03-20 12:00")
OFFSET_S = 7200
RELEASE = ns("2025-03-21 12:30")
HOUR_NS = 3600 * NS_PER_S


def a_value(time_ns: int = RELEASE, **fields: object) -> CalendarValue:
    changes = {"time_s": time_ns // NS_PER_S + OFFSET_S, "currency": "USD", "name": "Nonfarm Payrolls"} | fields
    plain = {"importance": 3, "time_mode": 0, "event_type": 1, "actual": None, "previous": None}
    return msgspec.structs.replace(CALENDAR_VALUE, **(plain | changes))


def message(*values: CalendarValue, now_ns: int = NOW, change_id: int = 0) -> Calendar:
    return Calendar(server_time_s=now_ns // NS_PER_S + OFFSET_S, change_id=change_id, values=values)


def test_what_is_heard_is_written_and_known_again(tmp_path: Path) -> None:
    path = tmp_path / "news" / "terminals.json"
    calendar = TerminalCalendar(path)
    calendar.save()
    assert not path.exists()
    assert calendar.hear(message(a_value()), OFFSET_S, NOW, whole=True) == ""
    calendar.save()
    first = path.stat().st_mtime_ns
    calendar.save()
    assert path.stat().st_mtime_ns == first
    (event,) = read_told(path).events.values()
    assert event.time_ns == RELEASE
    again = TerminalCalendar(path)
    again.hear(message(a_value(RELEASE + HOUR_NS, value_id=8)), OFFSET_S, NOW, whole=False)
    again.save()
    assert sorted(one.time_ns for one in read_told(path).events.values()) == [RELEASE, RELEASE + HOUR_NS]


@pytest.mark.parametrize("offset_s", [0, 10_800, 7200 + 900])
def test_times_that_would_be_wrong_are_not_used(offset_s: int) -> None:
    calendar = TerminalCalendar()
    problem = calendar.hear(message(a_value()), offset_s, NOW, whole=True)
    assert problem == f"its times cannot be converted: the server is 7200 s ahead of UTC, not {offset_s} s"


def test_a_clock_that_is_some_minutes_off_is_no_other_offset() -> None:
    assert TerminalCalendar().hear(message(a_value()), OFFSET_S, NOW + 300 * NS_PER_S, whole=True) == ""


def test_as_long_as_a_terminal_is_there_what_it_told_is_confirmed(tmp_path: Path) -> None:
    calendar = TerminalCalendar(tmp_path / "told.json")
    calendar.hear(message(a_value()), OFFSET_S, NOW, whole=True)
    for later_s in (1, 59, 61, 3600):
        calendar.confirm(NOW + later_s * NS_PER_S)
    calendar.save()
    assert read_told(tmp_path / "told.json").as_of_ns == NOW + HOUR_NS


def test_a_disk_that_cannot_be_written_is_told_and_tried_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "news").write_text("in the way")
    calendar = TerminalCalendar(tmp_path / "news" / "told.json")
    calendar.hear(message(a_value()), OFFSET_S, NOW, whole=True)
    calendar.save()
    assert "cannot be written" in caplog.text
    (tmp_path / "news").unlink()
    calendar.save()
    assert read_told(tmp_path / "news" / "told.json").events


def test_a_damaged_file_is_begun_anew(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "told.json").write_bytes(b"{")
    calendar = TerminalCalendar(tmp_path / "told.json")
    assert "damaged" in caplog.text
    calendar.hear(message(a_value()), OFFSET_S, NOW, whole=True)
    calendar.save()
    assert len(read_told(tmp_path / "told.json").events) == 1


def test_a_session_tells_its_calendar_in_the_servers_time(tmp_path: Path) -> None:
    script = Script().live()
    dealing = script.desk.dealing
    assert dealing is not None
    dealing.trader.calendar = TerminalCalendar(tmp_path / "told.json")
    told_at = dealing.server_ns // NS_PER_S + script.trader.account.server_offset_s
    value = a_value(time_s=told_at + 3600)
    script.say(Calendar(server_time_s=told_at, change_id=0, values=(value,)))
    dealing.trader.calendar.save()
    told = read_told(tmp_path / "told.json")
    assert [one.time_ns // NS_PER_S for one in told.events.values()] == [dealing.server_ns // NS_PER_S + 3600]
    assert told.until_ns > told.as_of_ns
    assert "calendar" not in dealing.all_alerts()
    script.say(Calendar(server_time_s=told_at + 3600, change_id=5, values=(value,)))
    assert "cannot be converted" in dealing.all_alerts()["calendar"]


def test_from_the_wire_to_the_windows(tmp_path: Path) -> None:
    """A terminal tells; the watch's thread writes; the news process reads, and posts what decisions go by."""
    calendar = TerminalCalendar(tmp_path / "terminals.json")
    calendar.hear(message(a_value(), a_value(RELEASE + HOUR_NS, importance=1, value_id=9)), OFFSET_S, NOW, whole=True)
    watch = NewsWatch(tmp_path / "bulletin.json", NewsRules(), look_s=0.01, calendar=calendar)
    watch.start()
    for _ in range(500):
        if (tmp_path / "terminals.json").exists():
            break
        watch._stop.wait(0.01)
    watch.close()
    room = Newsroom(tmp_path, NewsSetup(terminals=True), "", HttpClient(), now_ns=lambda: NOW + 60 * NS_PER_S)
    room.refresh_calendar()
    bulletin = read_bulletin(tmp_path / "bulletin.json")
    assert [(one.currency, one.start_ns, one.end_ns) for one in bulletin.windows] == [
        ("USD", RELEASE - HOUR_NS // 2, RELEASE + HOUR_NS)
    ]
    assert bulletin.reliable_until_ns > NOW
    assert bulletin.problem == ""
