"""The answers of `companion news`, for people: times in UTC, and on the broker's clock where it is known."""

from collections.abc import Sequence
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from app.explain import duration
from app.moments import shown
from app.news_answers import Explanation, ShutTime
from app.news_known import Known
from domain.servertime import NS_PER_S
from newsfilter.coverage import Coverage, MissingReleases
from newsfilter.events import EconomicEvent, EventTiming, Impact
from newsfilter.snapshot import NewsSnapshot

_COLORS: Final = {Impact.HIGH: "[bold red]high[/]", Impact.MEDIUM: "[yellow]medium[/]"}
_CLOCK: Final = -5  # the last characters of a shown time


def show_sources(snapshot: NewsSnapshot, articles: str, standing: str, console: Console) -> None:
    """Who answered."""
    table = Table("source", "events", "fetched [UTC]", "covers until [UTC]", "problem")
    for state in snapshot.sources:
        times = (shown(at, seconds=False) if state.fetched_ns else "never" for at in (state.fetched_ns, state.until_ns))
        table.add_row(escape(state.name), f"{len(state.events):,}", *times, escape(state.problem))
    console.print(table)
    if articles:
        console.print(f"[bold red]✗[/] articles: {escape(articles)}", soft_wrap=True)
    _show_standing(standing, console)


def _show_standing(standing: str, console: Console) -> None:
    mark, words = ("[bold red]✗[/]", standing) if standing else ("[green]✓[/]", "the calendar can be relied on")
    console.print(f"{mark} {escape(words)}", soft_wrap=True)


def show_events(known: Known, found: Sequence[EconomicEvent], console: Console) -> None:
    """Events as a table."""
    if not found:
        console.print("no event")
        return
    console.print(_events_table(known, found))


def _events_table(known: Known, found: Sequence[EconomicEvent]) -> Table:
    broker = () if known.broker_offset_s is None else ("broker",)
    table = Table(Column("time [UTC]", no_wrap=True), *broker, "", "impact", Column("event", ratio=3))
    for name in ("forecast", "previous", "actual"):
        table.add_column(name)
    table.add_column("from", ratio=1)
    for event in found:
        impact = known.table.impact_of(event)
        table.add_row(
            *_times(known, event),
            event.currency,
            "holiday" if event.is_holiday else _COLORS.get(impact, impact.name.lower()),
            escape(event.name),
            escape(event.forecast),
            escape(event.previous),
            escape(event.actual),
            escape(", ".join(event.sources)),
        )
    return table


def _times(known: Known, event: EconomicEvent) -> tuple[str, ...]:
    utc = shown(event.time_ns, seconds=False)
    if event.timing != EventTiming.EXACT:
        utc = f"{utc[:_CLOCK]}{event.timing.name.lower().replace('_', ' ')}"
    if known.broker_offset_s is None:
        return (utc,)
    exact = event.timing == EventTiming.EXACT
    return utc, shown(event.time_ns, known.broker_offset_s, seconds=False)[_CLOCK:] if exact else ""


def show_windows(known: Known, found: Sequence[ShutTime], standing: str, console: Console) -> None:
    """When nothing is opened, as a table."""
    broker = () if known.broker_offset_s is None else ("broker",)
    times = (Column(name, no_wrap=True) for name in ("from [UTC]", "until [UTC]", *broker))
    table = Table("symbol", *times, "because of")
    for one in found:
        clock = () if known.broker_offset_s is None else (_broker_span(one, known.broker_offset_s),)
        until = shown(one.end_ns, seconds=False)
        table.add_row(escape(one.symbol), shown(one.start_ns, seconds=False), until, *clock, escape(_because(one)))
    console.print(table if found else "no window")
    _show_standing(standing, console)


def _broker_span(one: ShutTime, offset_s: int) -> str:
    return "-".join(shown(at, offset_s, seconds=False)[_CLOCK:] for at in (one.start_ns, one.end_ns))


def _because(one: ShutTime) -> str:
    return ", ".join(dict.fromkeys(f"{of.currency} {of.name}" for of in one.events))


def show_explanation(known: Known, found: Explanation, console: Console) -> None:
    """What news makes of a symbol at a moment, first in a sentence, then with all events of the day."""
    at = f"{shown(found.time_ns)} UTC"
    if known.broker_offset_s is not None:
        at += f", {shown(found.time_ns, known.broker_offset_s)[-8:]} broker"
    console.print(f"[bold]{escape(found.symbol)}[/] at [bold]{at}[/]   [dim]moved by {', '.join(found.currencies)}[/]")
    if found.problem:
        words = "no entries" if known.settings.news.required else "not judged by news"
        console.print(f"[bold red]✗[/] {words}: {escape(found.problem)}", soft_wrap=True)
    if found.shut is not None:
        until = shown(found.shut.end_ns, seconds=False)[_CLOCK:]
        console.print(f"[bold red]✗[/] no entries until {until}: {escape(_because(found.shut))}", soft_wrap=True)
    elif not found.problem:
        console.print("[green]✓[/] no release near")
    if found.following is not None:
        away = duration((found.following.start_ns - found.time_ns) / NS_PER_S)
        console.print(f"  next window in {away}: {escape(_because(found.following))}", soft_wrap=True)
    if found.nearby:
        console.print(_events_table(known, found.nearby))


def show_coverage(found: Coverage, console: Console) -> None:
    """What a calendar holds and lacks."""
    currencies = ", ".join(f"{currency} {count:,}" for currency, count in found.currencies)
    console.print(f"{found.events:,} events from {found.first} to {found.last}: {currencies}", soft_wrap=True)
    lines = [
        *(f"{one.first} to {one.last}: {one.days} business days without an event" for one in found.empty),
        *map(_missing_words, found.missing),
        *(f"{one.first} and {one.second} have {one.share:.0%} of their figures in common" for one in found.copied),
        *found.shifted,
        *found.contradictions,
    ]
    for line in lines:
        console.print(f"[bold red]✗[/] {escape(line)}", soft_wrap=True)
    if not lines:
        console.print("[green]✓[/] nothing is missing, and no month is a copy of another")


def _missing_words(one: MissingReleases) -> str:
    if not one.every_days:
        return f"{one.currency} {one.name}: never came"
    until = f"and {one.before}" if one.before else "and the end"
    between = f"between {one.after} {until}"
    return f"{one.currency} {one.name}: every {one.every_days} days, and {one.missing} missing {between}"
