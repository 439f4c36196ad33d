"""`companion news`: what is going to be published, when nothing is opened because of it, and what calendars lack."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.console import CommandError, ExitCode, output, reported

if TYPE_CHECKING:
    from newsfilter.events import Impact

news = typer.Typer(
    help="Show what is going to be published, and when nothing is opened because of it.", no_args_is_help=True
)

Data = Annotated[str | None, typer.Option(help="Whose: live, demo, replay, or a folder. Default: live.")]
AsJson = Annotated[bool, typer.Option("--json", metavar="", help="Print the result as JSON, for other programs.")]
Files = Annotated[
    list[Path] | None, typer.Option("--file", metavar="FILE", help="Look into this calendar (CSV or JSON) instead.")
]
First = Annotated[str, typer.Option("--from", metavar="DAY", help="First day (UTC). Default: today.")]
Days = Annotated[int, typer.Option(min=1, max=3660, help="How many days.")]
_GRADES = ("low", "medium", "high")


@news.command()
@reported
def refresh(*, data: Data = None, as_json: AsJson = False) -> None:
    """Ask every source now. The status is 1 if one did not answer."""
    from app.news_command import refresh

    raise typer.Exit(ExitCode.DONE if refresh(data, output(), as_json=as_json) else ExitCode.FOUND)


@news.command()
@reported
def events(
    *,
    first: First = "",
    days: Days = 7,
    currency: Annotated[str, typer.Option(help="Only these currencies, comma-separated.")] = "",
    impact: Annotated[str, typer.Option(help="Of this impact or more: low, medium, high.")] = "medium",
    file: Files = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """List what is going to be published."""
    from app.news_command import Choice, events

    choice = Choice(files=tuple(file or ()), data=data, first=first, days=days)
    currencies = tuple(one.strip().upper() for one in currency.split(",") if one.strip())
    events(choice, currencies, _grade(impact), output(), as_json=as_json)


def _grade(name: str) -> "Impact":
    from newsfilter.events import Impact

    if name not in _GRADES:
        raise CommandError(f"--impact {name}: use {', '.join(_GRADES)}", code=ExitCode.USAGE)
    return Impact[name.upper()]


@news.command()
@reported
def windows(
    symbols: Annotated[
        list[str] | None, typer.Argument(metavar="[SYMBOL]...", help="Default: what is traded.", show_default=False)
    ] = None,
    *,
    first: First = "",
    days: Days = 7,
    file: Files = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """List when nothing is opened."""
    from app.news_command import Choice, windows

    choice = Choice(files=tuple(file or ()), data=data, first=first, days=days)
    windows(choice, tuple(symbols or ()), output(), as_json=as_json)


@news.command()
@reported
def explain(
    symbol: Annotated[str, typer.Argument(metavar="SYMBOL", help="Such as EURUSD.", show_default=False)],
    time: Annotated[
        str, typer.Argument(metavar="TIME", help="Such as 2024-03-08T13:15 or 13:15 (today).", show_default=False)
    ],
    *,
    server_time: Annotated[
        bool, typer.Option("--server-time", metavar="", help="The time is on the broker's clock.")
    ] = False,
    file: Files = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Say what news makes of a symbol at a time, and why."""
    from app.news_command import Choice, explain

    choice = Choice(files=tuple(file or ()), data=data)
    explain(choice, symbol, time, output(), server_time=server_time, as_json=as_json)


@news.command()
@reported
def coverage(
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[FILE]...", help="Calendars; default: the service's own.", show_default=False),
    ] = None,
    *,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Report holes, releases that stopped coming, and copied months. The status is 1 if there is something."""
    from app.news_command import Choice, coverage

    whole = coverage(Choice(files=tuple(files or ()), data=data), output(), as_json=as_json)
    raise typer.Exit(ExitCode.DONE if whole else ExitCode.FOUND)
