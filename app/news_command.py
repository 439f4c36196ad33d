"""The commands of `companion news`."""

import time
from pathlib import Path
from typing import Final

import msgspec
from rich.console import Console

from app.console import CommandError, ExitCode
from app.folders import check_writable
from app.moments import MomentError, Span, day_of, span_of
from app.news_answers import (
    event_as_json,
    events_between,
    explained,
    explanation_as_json,
    shut_time_as_json,
    shut_times,
    sources_as_json,
)
from app.news_known import known_news, news_folder
from app.news_view import show_coverage, show_events, show_explanation, show_sources, show_windows
from app.newsroom import HOW_TO_SET_ONE, newsroom_of
from app.settings import load_settings
from domain.servertime import NS_PER_S
from newsfilter.coverage import coverage_of
from newsfilter.events import Impact

_DAY_NS: Final = 86_400 * NS_PER_S


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """Which calendar is looked into (`files`, else that of `data`), from which day on (as typed; empty: today)."""

    files: tuple[Path, ...] = ()
    data: str | None = None
    first: str = ""
    days: int = 7

    def span(self) -> Span:
        """The days that are meant [UTC ns].

        Raises:
            CommandError: for a day that cannot be understood.
        """
        try:
            start_ns = span_of(self.first, None).start_ns if self.first else time.time_ns() // _DAY_NS * _DAY_NS
        except MomentError as problem:
            raise CommandError(f"--from {problem}", code=ExitCode.USAGE) from None
        return Span(start_ns, start_ns + self.days * _DAY_NS)


def refresh(data: str | None, console: Console, *, as_json: bool) -> bool:
    """Ask every source now; whether all of them answered.

    Raises:
        CommandError: where none is set up.
    """
    settings = load_settings()
    folder = news_folder(settings, data)
    check_writable(folder)
    room = newsroom_of(settings, folder)
    if not room.sources and not room.asks_for_articles:
        raise CommandError("no calendar source is set up", HOW_TO_SET_ONE)
    snapshot = room.refresh_calendar()
    articles = room.refresh_articles() if room.asks_for_articles else ""
    standing = room.post().standing(time.time_ns())
    if as_json:
        _print(console, {"sources": sources_as_json(snapshot), "articles": articles, "standing": standing})
    else:
        show_sources(snapshot, articles, standing, console)
    return not snapshot.problem() and not articles


def events(choice: Choice, currencies: tuple[str, ...], least: Impact, console: Console, *, as_json: bool) -> None:
    """List events of `least` impact or more."""
    known, span = known_news(choice.files, choice.data), choice.span()
    found = events_between(known, span, currencies, least)
    if as_json:
        _print(console, [event_as_json(known, event) for event in found])
    else:
        show_events(known, found, console)


def windows(choice: Choice, symbols: tuple[str, ...], console: Console, *, as_json: bool) -> None:
    """List when nothing is opened."""
    known, span = known_news(choice.files, choice.data), choice.span()
    standing = known.bulletin.standing(time.time_ns())
    found = [
        one
        for one in shut_times(known, symbols or known.settings.engine().symbols)
        if one.end_ns > span.start_ns and one.start_ns < span.stop_ns
    ]
    if as_json:
        _print(console, {"standing": standing, "windows": [shut_time_as_json(one) for one in found]})
    else:
        show_windows(known, found, standing, console)


def explain(choice: Choice, symbol: str, text: str, console: Console, *, server_time: bool, as_json: bool) -> None:
    """Say what news makes of a symbol at a time.

    Raises:
        CommandError: for a time that cannot be understood, or a broker's clock that nobody has measured.
    """
    known = known_news(choice.files, choice.data)
    if server_time and known.broker_offset_s is None:
        problem = "--server-time: no terminal has told the broker's clock yet"
        raise CommandError(problem, "write the time in UTC, or with its zone: 14:30+02:00", ExitCode.USAGE)
    try:
        span = span_of(text, day_of(time.time_ns()), (known.broker_offset_s or 0) if server_time else 0)
    except MomentError as problem:
        raise CommandError(str(problem), code=ExitCode.USAGE) from None
    found = explained(known, symbol, span.start_ns)
    if as_json:
        _print(console, explanation_as_json(known, found))
    else:
        show_explanation(known, found, console)


def coverage(choice: Choice, console: Console, *, as_json: bool) -> bool:
    """Report what the calendar lacks; whether it lacks nothing.

    Raises:
        CommandError: for a calendar without an event.
    """
    known = known_news(choice.files, choice.data)
    found = coverage_of(known.events, known.table)
    if found is None:
        raise CommandError("the calendar has no event at all", "`companion news refresh` asks the sources")
    if as_json:
        _print(console, found)
    else:
        show_coverage(found, console)
    return found.is_whole


def _print(console: Console, content: object) -> None:
    console.print(msgspec.json.format(msgspec.json.encode(content)).decode(), markup=False, soft_wrap=True)
