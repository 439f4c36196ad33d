"""The calendar of what is played: the invented market's own, or files that lie beside the quotes."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from app.news_settings import NewsGroup
from app.playback import Playback, invented_span
from domain.timeframes import DAY_S
from marketdata import synthetic_releases
from newsfilter.board import FOREVER_NS, NewsBoard, board_of
from newsfilter.bulletin import Bulletin, event_windows
from newsfilter.eventfile import events_from_file
from newsfilter.events import EconomicEvent, Impact, NewsError
from newsfilter.merging import merged_events
from newsfilter.tables import OWN_TABLE, read_impact_table

INVENTED: Final = "Invented release"
_SOURCE: Final = "invented market"
_NS_PER_S: Final = 1_000_000_000


def bulletin_of(playback: Playback, news: NewsGroup) -> Bulletin | None:
    """What there is to know of news while `playback` is played, for good; None where nobody knows anything.

    Raises:
        NewsError: for a calendar or a table of impacts that cannot be read.
    """
    if playback.files and not playback.calendars:
        return None
    told = [list(_of_file(Path(name), news.files_offset_s)) for name in playback.calendars]
    if not playback.files:
        told.append(invented_events(playback))
    return _bulletin(told, news)


def board_of_files(files: Sequence[Path], symbols: tuple[str, ...], news: NewsGroup) -> NewsBoard:
    """What is known of `symbols` from calendars in `files`, for good.

    Raises:
        NewsError: for a calendar or a table of impacts that cannot be read.
    """
    bulletin = _bulletin([list(_of_file(path, news.files_offset_s)) for path in files], news)
    return board_of(bulletin, symbols, required=news.required, chosen=news.currencies)


def _bulletin(told: Sequence[Sequence[EconomicEvent]], news: NewsGroup) -> Bulletin:
    table = read_impact_table(Path(news.impact_table) if news.impact_table else OWN_TABLE)
    events = merged_events(told, table)
    return Bulletin(reliable_until_ns=FOREVER_NS, windows=event_windows(events, news.windows(), table))


def invented_events(playback: Playback) -> list[EconomicEvent]:
    """Events of the invented market: at each, spreads widen and prices jump. They are the dollar's, which moves all."""
    start_s, days = invented_span(playback)
    first_s = start_s + (days - playback.days) * DAY_S
    return [
        EconomicEvent(time_ns=utc_s * _NS_PER_S, currency="USD", name=INVENTED, impact=Impact.HIGH, sources=(_SOURCE,))
        for utc_s in synthetic_releases(playback.seed, start_s, days).tolist()
        if utc_s >= first_s
    ]


def _of_file(path: Path, assumed_offset_s: int | None) -> Iterator[EconomicEvent]:
    try:
        content = path.read_bytes()
    except OSError as problem:
        raise NewsError(path.name, "the whole file", f"cannot be read: {problem.strerror}") from problem
    yield from events_from_file(content, path.name, assumed_offset_s=assumed_offset_s)
