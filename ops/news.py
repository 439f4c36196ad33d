"""Keeps the calendar and the articles fresh, in a process of its own: a source that is slow or dead delays nobody."""

import datetime as dt
import logging
import threading
from typing import Final

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from newsfilter.newsroom import Newsroom
from newsfilter.setup import NewsSetup

_LOG: Final = logging.getLogger("companion.news")
_CALENDAR: Final = "calendar"
_ARTICLES: Final = "articles"
_NO_LIMIT: Final = None
_LEAST_S: Final = 0.1


class Refreshing:
    """Runs the jobs of a newsroom until `close`. Says what changes in the log, and nothing twice."""

    def __init__(self, room: Newsroom, setup: NewsSetup) -> None:
        self._room = room
        self._setup = setup
        self._said: dict[str, str] = {}
        self._scheduler = BackgroundScheduler(
            timezone=dt.UTC,
            executors={"default": ThreadPoolExecutor(2)},
            # a machine that slept has missed many runs, and needs one
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": _NO_LIMIT},
        )

    def start(self) -> None:
        """Post what is known already, and ask whoever is due."""
        self._room.post()
        if self._room.sources:
            self._scheduler.add_job(self.calendar, id=_CALENDAR, next_run_time=_in(self._room.wait_s()))
        if self._room.asks_for_articles:
            self._scheduler.add_job(
                self.articles, "interval", id=_ARTICLES, seconds=self._setup.news_s, next_run_time=_in(0.0)
            )
        self._scheduler.start()

    def close(self) -> None:
        """Start nothing more. What runs is not waited for: whatever it writes is there whole or not at all."""
        self._scheduler.shutdown(wait=False)

    def calendar(self) -> None:
        """Ask every calendar, and come back when the next one is due: sooner where something went wrong."""
        try:
            self._say(_CALENDAR, self._room.refresh_calendar().problem())
        except OSError as refused:
            self._say(_CALENDAR, f"nothing could be written: {refused}")
        finally:
            again = _in(max(_LEAST_S, self._room.wait_s()))
            self._scheduler.add_job(self.calendar, "date", run_date=again, id=_CALENDAR, replace_existing=True)

    def articles(self) -> None:
        """Ask for articles."""
        try:
            self._say(_ARTICLES, self._room.refresh_articles())
        except OSError as refused:
            self._say(_ARTICLES, f"nothing could be written: {refused}")

    def _say(self, what: str, problem: str) -> None:
        if self._said.get(what) == problem:
            return
        self._said[what] = problem
        if problem:
            _LOG.warning("%s: %s", what, problem)
        else:
            _LOG.info("%s: fetched from all sources", what)


def _in(seconds: float) -> dt.datetime:
    return dt.datetime.now(dt.UTC) + dt.timedelta(seconds=seconds)


def refresh_until(room: Newsroom, setup: NewsSetup, stop: threading.Event) -> None:
    """Keep everything fresh until `stop` is set."""
    jobs = Refreshing(room, setup)
    jobs.start()
    try:
        stop.wait()
    finally:
        jobs.close()
