"""Asks the sources, remembers what they said, and posts what decisions need to know of it: one folder, one writer."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from newsfilter.articles import clipped, read_clippings, write_clippings
from newsfilter.budget import CallBudget
from newsfilter.bulletin import Bulletin, event_windows
from newsfilter.eodhd_api import DailyTones, EodhdApi
from newsfilter.events import NewsError
from newsfilter.http import HttpClient
from newsfilter.postings import read_bulletin, write_bulletin
from newsfilter.refreshing import Reach, refreshed
from newsfilter.sentiment import OF_ARTICLES, OF_DAYS, legs_of
from newsfilter.setup import NewsSetup
from newsfilter.snapshot import NewsSnapshot, SourceState, read_snapshot, write_snapshot
from newsfilter.sources import CalendarSource, EodhdCalendar, FileCalendar, ForexFactoryCalendar, TerminalsCalendar
from newsfilter.tables import OWN_TABLE, read_impact_table

_NS_PER_S: Final = 1_000_000_000
_SOON_S: Final = 300.0  # Forex Factory allows two downloads in five minutes


class NewsFiles:
    """What lies in the folder of news."""

    def __init__(self, folder: Path) -> None:
        self.calendar = folder / "calendar.json"
        self.articles = folder / "articles.json"
        self.terminals = folder / "terminals.json"
        self.calls = folder / "eodhd-calls.json"
        self.bulletin = folder / "bulletin.json"


class Newsroom:
    """The sources of one `setup`, and the folder in which everything is kept.

    Raises:
        NewsError: for an impact table that cannot be read, or a ticker that is no pair.
    """

    def __init__(
        self,
        folder: Path,
        setup: NewsSetup,
        token: str,
        http: HttpClient,
        *,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self.files = NewsFiles(folder)
        self.table = read_impact_table(Path(setup.impact_table) if setup.impact_table else OWN_TABLE)
        for ticker in setup.tickers:
            legs_of(ticker)
        folder.mkdir(parents=True, exist_ok=True)
        self._setup = setup
        self._now_ns = now_ns
        self._sentiment = OF_DAYS if setup.daily_tones else OF_ARTICLES
        budget = CallBudget(self.files.calls, setup.daily_calls)
        self._eodhd = EodhdApi(http, token, budget, address=setup.eodhd_address, now_ns=now_ns) if token else None
        told = TerminalsCalendar(self.files.terminals, now_ns) if setup.terminals else None
        self.sources = _sources(setup, self._eodhd, http, told)
        self._posting = threading.Lock()

    @property
    def asks_for_articles(self) -> bool:
        """Whether there is anybody to ask for articles, and anything to ask for."""
        return self._eodhd is not None and bool(self._setup.tickers)

    def snapshot(self) -> NewsSnapshot:
        """What is known of the calendar; nothing where the file is damaged: it is fetched anew."""
        try:
            return read_snapshot(self.files.calendar)
        except NewsError:
            return NewsSnapshot()

    def refresh_calendar(self) -> NewsSnapshot:
        """Ask every calendar, and post what is known then."""
        before = self.snapshot()
        snapshot = refreshed(before, self.sources, self._now_ns(), Reach())
        write_snapshot(self.files.calendar, snapshot)
        self.post()
        return snapshot

    def refresh_articles(self) -> str:
        """Ask for the articles of every ticker, and post what is known then; what went wrong, empty for nothing."""
        if self._eodhd is None:
            return ""
        known, tickers = read_clippings(self.files.articles), self._setup.tickers
        source = DailyTones(self._eodhd) if self._setup.daily_tones else self._eodhd
        clippings = clipped(known, source, tickers, self._now_ns(), self._sentiment.window_s)
        write_clippings(self.files.articles, clippings)
        self.post()
        return clippings.problem()

    def post(self) -> Bulletin:
        """Post what is known, as the present settings see it, unless the same is posted already."""
        with self._posting:
            bulletin = self._bulletin(self._now_ns())
            if not self._is_posted(bulletin):
                write_bulletin(self.files.bulletin, bulletin)
        return bulletin

    def _is_posted(self, bulletin: Bulletin) -> bool:
        try:
            posted = read_bulletin(self.files.bulletin)
        except NewsError:
            return False
        return msgspec.structs.replace(posted, made_ns=bulletin.made_ns) == bulletin

    def _bulletin(self, now_ns: int) -> Bulletin:
        setup, known = self._setup, self.snapshot()
        names = [source.name for source in self.sources]
        states = tuple(state for state in known.sources if state.name in names)
        snapshot = NewsSnapshot(made_ns=known.made_ns, sources=states)
        clippings = read_clippings(self.files.articles)
        return Bulletin(
            made_ns=now_ns,
            reliable_until_ns=snapshot.reliable_until_ns(setup.stale_s),
            problem=snapshot.problem() if states or not names else "",
            windows=event_windows(snapshot.events(self.table), setup.windows, self.table),
            tones=clippings.tones(now_ns, self._sentiment, setup.articles_stale_s),
        )

    def wait_s(self) -> float:
        """How long the calendars need not be asked again [s]; 0 where it is high time."""
        known = self.snapshot()
        due = min((self._due_ns(known.state_of(source.name)) for source in self.sources), default=0)
        return max(0.0, (due - self._now_ns()) / _NS_PER_S)

    def _due_ns(self, state: SourceState) -> int:
        if state.problem:
            return state.problem_ns + round(min(_SOON_S, self._setup.calendar_s) * _NS_PER_S)
        return state.fetched_ns + round(self._setup.calendar_s * _NS_PER_S)


def _sources(
    setup: NewsSetup, eodhd: EodhdApi | None, http: HttpClient, told: TerminalsCalendar | None
) -> tuple[CalendarSource, ...]:
    """The most trusted one first: whoever sets up a file of his own means it."""
    paths = [Path(file) for file in setup.files]
    alike = Counter(path.name for path in paths)
    found: list[CalendarSource] = []
    for path in paths:
        name = path.name if alike[path.name] == 1 else str(path)
        found.append(FileCalendar(path, name=name, assumed_offset_s=setup.files_offset_s))
    if eodhd is not None:
        found.append(EodhdCalendar(eodhd))
    if told is not None:
        found.append(told)
    if setup.forex_factory:
        found.append(ForexFactoryCalendar(http, setup.forex_factory_address))
    return tuple(found)
