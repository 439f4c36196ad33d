"""What `companion news` looks into: the calendar that the service keeps, or calendars that are named."""

import time
from pathlib import Path
from typing import NamedTuple

from app.console import CommandError
from app.folders import LIVE, run_folder, status_of
from app.newsroom import HOW_TO_SET_ONE, newsroom_of
from app.settings import ServiceSettings, load_settings
from newsfilter.board import FOREVER_NS, NewsBoard, board_of
from newsfilter.bulletin import NO_BULLETIN, Bulletin, event_windows
from newsfilter.eventfile import events_from_file
from newsfilter.events import EconomicEvent
from newsfilter.impact import ImpactTable
from newsfilter.merging import merged_events
from newsfilter.postings import read_bulletin


class Known(NamedTuple):
    """Events in the order of time, each once, and how they are graded.

    `bulletin` is what the bridge goes by, or what it would go by if the named files were its source.
    `broker_offset_s` is the broker's clock ahead of UTC [s], None where no terminal has been measured.
    """

    settings: ServiceSettings
    table: ImpactTable
    events: list[EconomicEvent]
    bulletin: Bulletin
    broker_offset_s: int | None

    def board(self, symbols: tuple[str, ...]) -> NewsBoard:
        """Windows of `symbols`."""
        news = self.settings.news
        return board_of(self.bulletin, symbols, required=news.required, chosen=news.currencies)


def news_folder(settings: ServiceSettings, data: str | None) -> Path:
    """The data directory that is meant: that of live trading, unless another one is named."""
    return settings.data_dir / LIVE if data is None else run_folder(settings.data_dir, data)


def known_news(files: tuple[Path, ...], data: str | None) -> Known:
    """What is known: from `files` where they are named, else from the calendar in the data directory.

    Raises:
        CommandError: where nothing is known, or a file is not there.
        NewsError: for a file that cannot be read as a calendar.
    """
    settings = load_settings()
    folder = news_folder(settings, data)
    room = newsroom_of(settings, folder)
    if files:
        events = merged_events([_events_in(path, settings) for path in files], room.table)
        windows = event_windows(events, settings.news.windows(), room.table)
        bulletin = Bulletin(made_ns=time.time_ns(), reliable_until_ns=FOREVER_NS, windows=windows)
    else:
        events, bulletin = room.snapshot().events(room.table), read_bulletin(room.files.bulletin)
        if bulletin is NO_BULLETIN and not room.sources:
            raise CommandError("no calendar source is set up", f"{HOW_TO_SET_ONE}; --file looks into one")
        if bulletin is NO_BULLETIN:
            raise CommandError("no calendar has been fetched yet", "`companion news refresh` does it")
    return Known(settings, room.table, events, bulletin, _broker_offset_s(folder))


def _events_in(path: Path, settings: ServiceSettings) -> list[EconomicEvent]:
    try:
        content = path.read_bytes()
    except OSError as problem:
        raise CommandError(f"{path}: {problem.strerror}", "name a calendar, CSV or JSON (docs/news.md)") from problem
    return events_from_file(content, path.name, assumed_offset_s=settings.news.files_offset_s)


def _broker_offset_s(folder: Path) -> int | None:
    terminals = status_of(folder).get("terminals", [])
    return int(terminals[0].get("server_offset_s", 0)) if terminals else None
