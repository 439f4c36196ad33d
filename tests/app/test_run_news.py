"""`companion run` with calendars: the news process is started, watched over and ended, and the token stays unseen."""

import signal
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest

from app.console import ExitCode
from tests.app.real_command import Companion
from tests.app.test_run import SECRET, Running
from tests.bridge.running import until
from tests.newsfilter.fake_eodhd import TOKEN, FakeEodhd, Query, Reply

pytestmark = pytest.mark.integration


def refusal(_path: str, query: Query) -> Reply:
    """A site that repeats what it was asked, as some do."""
    return Reply(401, f"the token {query['api_token']} is unknown".encode())


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    (tmp_path / "mine.csv").write_text(f"time,currency,event\n{tomorrow:%Y-%m-%dT12:00}Z,USD,Nonfarm Payrolls\n")
    with FakeEodhd(refusal) as eodhd:
        service = Running(
            tmp_path,
            COMPANION_NEWS__FILES="mine.csv",
            COMPANION_NEWS__EODHD_TOKEN=TOKEN,
            COMPANION_NEWS__EODHD_ADDRESS=eodhd.address,
            COMPANION_LOG_LEVEL="debug",
            COMPANION_BRIDGE__CLOCK_CHECK="true",
        )
        try:
            service.wait_for("waiting for an EA")
            yield service
        finally:
            service.process.kill()
            service.process.wait()


def news_processes(service: Running) -> list[psutil.Process]:
    """Children that hold the log of the news open."""
    children = psutil.Process(service.process.pid).children()
    return [child for child in children if log_of(child) == "news.log"]


def log_of(child: psutil.Process) -> str:
    """Where it writes its errors; empty for one that has just ended."""
    try:
        return Path(f"/proc/{child.pid}/fd/2").readlink().name
    except OSError:
        return ""


def test_the_calendar_is_fetched_and_the_process_minded(running: Running) -> None:
    running.wait_for("the token REDACTED is unknown; the calendar is relied on until")
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert TOKEN not in listed
    (first,) = news_processes(running)
    first.kill()
    running.wait_for("the news process ended with status -9; again in 1 s")
    until(lambda: [one for one in news_processes(running) if one.pid != first.pid] != [], "it is started again")
    (second,) = news_processes(running)
    assert running.stop(signal.SIGTERM) == ExitCode.DONE
    assert not second.is_running()
    holding = [path for path in running.live.rglob("*") if path.is_file() and TOKEN.encode() in path.read_bytes()]
    assert holding == []
    assert b"urllib3" in (running.live / "logs" / "news.log").read_bytes()
    assert TOKEN not in running.said.read_text()


def test_without_a_calendar_it_says_so_loudly(tmp_path: Path) -> None:
    service = Running(tmp_path)
    try:
        told = service.wait_for("news: no entries: no calendar source is set up")
        assert "no calendar source is set up, so no position will be opened" in told
        assert "COMPANION_NEWS__REQUIRED=false to trade without" in told
        assert service.stop() == ExitCode.DONE
        assert not (service.live / "logs" / "news.log").exists()
    finally:
        service.process.kill()
        service.process.wait()


def test_settings_that_cannot_work_end_it_at_once(companion: Companion) -> None:
    result = companion("run", COMPANION_SECRET=SECRET, COMPANION_NEWS__TICKERS="AAPL")
    assert result.returncode == ExitCode.DATA
    assert "AAPL: is no pair of currencies" in result.stderr
