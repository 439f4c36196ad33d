"""The command `companion`. Each command imports what it needs when it is called, so that `--help` is there at once."""

from pathlib import Path
from typing import Annotated

import typer

from app.backtest_cli import backtest
from app.bias_cli import bias
from app.console import DEBUGGING, ExitCode, output, reported
from app.data_cli import data as data_cli
from app.news_cli import news
from app.report_cli import report
from app.risk_cli import risk
from app.search_cli import optimize, sweep, walkforward
from app.version import own_version

cli = typer.Typer(
    name="companion",
    help="Decides for a thin Expert Advisor in MetaTrader 5: what to trade, how much, and when to leave. "
    "Every decision and its reasons are on record.",
    epilog="New here? Type: companion demo",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)

AsJson = Annotated[bool, typer.Option("--json", metavar="", help="Print the result as JSON, for other programs.")]
Data = Annotated[
    str | None, typer.Option(help="Whose record: live, demo, replay, or a folder. Default: live, else the newest.")
]
WhichEa = Annotated[str, typer.Option(help="Which EA: twin, its double in Python, or mql5, its own source, compiled.")]
Faults = Annotated[
    str, typer.Option(help="What goes wrong at the broker: none, typical, rough, nfp, or a .toml or .json file.")
]
Keep = Annotated[bool, typer.Option("--keep", metavar="", help="Keep the data of this run when the next one starts.")]


def _greet(words: str, *, quiet: bool) -> None:
    """Something to read at once, while the rest is still being imported."""
    if not quiet:
        output().print(f"[bold]{words}[/]")


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"companion {own_version()}")
        raise typer.Exit


@cli.callback()
def companion(
    *,
    debug: Annotated[bool, typer.Option("--debug", metavar="", help="Show the traceback of an error.")] = False,
    _version: Annotated[
        bool, typer.Option("--version", metavar="", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Decides for a thin Expert Advisor in MetaTrader 5."""
    if debug:
        DEBUGGING.set()


@cli.command()
@reported
def demo(
    *,
    days: Annotated[int, typer.Option(min=1, max=60, help="Days of market to play.")] = 7,
    symbols: Annotated[str, typer.Option(help="Comma-separated: EURUSD, USDJPY, XAUUSD. Default: all three.")] = "",
    seed: Annotated[int, typer.Option(min=0, help="Another seed, another market; the same seed, the same one.")] = 1,
    speed: Annotated[float, typer.Option(min=0, help="Ticks per second; 0 plays as fast as decisions come.")] = 0.0,
    ea: WhichEa = "twin",
    faults: Faults = "none",
    keep: Keep = False,
    as_json: AsJson = False,
) -> None:
    """Watch an invented week being traded: real bridge, real wire, simulated broker. Needs nothing."""
    _greet("An invented market, a real bridge. No account, no broker, no money.", quiet=as_json)
    from app.demo import DemoOptions, run_demo

    names = tuple(name.strip().upper() for name in symbols.split(",") if name.strip())
    options = DemoOptions(
        days=days, symbols=names, seed=seed, speed=speed, ea=ea, faults=faults, keep=keep, as_json=as_json
    )
    _end(run_demo(options, output()))


@cli.command()
@reported
def replay(  # noqa: PLR0913 - typer takes one parameter for each option
    files: Annotated[list[Path], typer.Argument(help="Ticks or bars: MT5 export, CSV or Parquet.", show_default=False)],
    *,
    symbol: Annotated[str | None, typer.Option(help="Symbol of the quotes, if file and name do not tell.")] = None,
    timeframe: Annotated[str | None, typer.Option(help="Timeframe of a file of bars, if it does not tell.")] = None,
    charts: Annotated[str, typer.Option(help="Charts to trade on, such as M5,H1. Default: as in the settings.")] = "",
    batch: Annotated[int, typer.Option(min=0, max=60_000, help="Send ticks of so many ms at once; 0: one by one.")] = 0,
    crossed: Annotated[str, typer.Option(help="Quotes with ask below bid: drop, keep or swap.")] = "drop",
    ticks: Annotated[str, typer.Option(help="Ticks of bars, as MT5's tester makes them: ohlc or every-tick.")] = "ohlc",
    server_offset: Annotated[
        float | None, typer.Option(min=-14, max=14, help="Hours the broker's clock is ahead of UTC.")
    ] = None,
    calendar: Annotated[
        list[Path] | None, typer.Option(help="Events of that time, CSV or JSON (docs/news.md).", show_default=False)
    ] = None,
    speed: Annotated[float, typer.Option(min=0, help="Ticks per second; 0 plays as fast as decisions come.")] = 0.0,
    ea: WhichEa = "twin",
    faults: Faults = "none",
    keep: Keep = False,
    as_json: AsJson = False,
) -> None:
    """Trade real quotes from files: what would have been decided, and why."""
    names = ", ".join(file.name for file in files)
    _greet(f"Replaying {names} to a real bridge and a simulated account.", quiet=as_json)
    from app.replay import ReplayOptions, run_replay

    options = ReplayOptions(
        files=tuple(files),
        symbol=symbol,
        timeframe=timeframe,
        charts=tuple(name.strip() for name in charts.split(",") if name.strip()),
        batch_ms=batch,
        crossed=crossed,
        ticks=ticks,
        server_offset_h=server_offset,
        calendars=tuple(calendar or ()),
        speed=speed,
        ea=ea,
        faults=faults,
        keep=keep,
        as_json=as_json,
    )
    _end(run_replay(options, output()))


@cli.command()
@reported
def why(
    symbol: Annotated[str, typer.Argument(help="Symbol, such as EURUSD.", show_default=False)],
    time: Annotated[
        str, typer.Argument(help="Minute: 2014-05-02T12:30, or 14:15 of the last day.", show_default=False)
    ],
    *,
    server_time: Annotated[
        bool, typer.Option("--server-time", metavar="", help="TIME is on the broker's clock, not UTC.")
    ] = False,
    timeframe: Annotated[str | None, typer.Option(help="Only this chart, such as M15.")] = None,
    terminal: Annotated[str | None, typer.Option(help="Login, where more than one account is on record.")] = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Why did it trade, or not trade, at that minute? Every gate with its number and its limit."""
    from app.timeframe_names import timeframe_named
    from app.why import Question
    from app.why_view import explain_minute

    question = Question(
        symbol=symbol,
        time=time,
        server_time=server_time,
        timeframe=timeframe_named(timeframe),
        account=terminal,
    )
    explain_minute(question, data, output(), as_json_wanted=as_json)


@cli.command()
@reported
def run() -> None:
    """Start the bridge for a real EA, and keep it running. Needs COMPANION_SECRET (see docs/configuration.md)."""
    from app.run import run_service

    run_service(output())


@cli.command()
@reported
def poll(
    *,
    sim: Annotated[str, typer.Option(metavar="ADDRESS", help="Use the terminal that `companion sim` runs there.")] = "",
) -> None:
    """Trade a terminal without an EA, by the MetaTrader5 package beside it. Needs a bridge (see docs/poller.md)."""
    from app.poll import run_poll

    run_poll(output(), sim)


@cli.command()
@reported
def sim(  # noqa: PLR0913 - typer takes one parameter for each option
    files: Annotated[
        list[Path] | None, typer.Argument(help="Quotes to play; else an invented market.", show_default=False)
    ] = None,
    *,
    symbols: Annotated[str, typer.Option(help="Comma-separated: EURUSD, USDJPY, XAUUSD. Default: all three.")] = "",
    symbol: Annotated[str | None, typer.Option(help="Symbol of the files' quotes, if they do not tell.")] = None,
    deposit: Annotated[float, typer.Option(min=1, help="Money of the account at the start [USD].")] = 10_000.0,
    days: Annotated[int, typer.Option(min=1, max=60, help="Days of the invented market.")] = 7,
    seed: Annotated[int, typer.Option(min=0, help="Of the invented market and of the faults.")] = 1,
    speed: Annotated[
        float, typer.Option(min=0, help="Times real time; 0: a second of the market for each call.")
    ] = 1.0,
    skip: Annotated[float, typer.Option(min=0, help="Hours of the market that have passed at the start.")] = 8.0,
    faults: Annotated[str, typer.Option(help="none, typical, rough, nfp, or a file with a plan.")] = "none",
    login: Annotated[int, typer.Option(min=0, help="Number of the account; 0: a new one each time.")] = 0,
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Where programs connect; 0: any free one.")] = 18_812,
    bridge: Annotated[
        str, typer.Option(metavar="ENDPOINT", help="Speak the wire protocol with the bridge there, as an EA does.")
    ] = "",
) -> None:
    """Run a simulated terminal for programs of your own: the MetaTrader5 drop-in, or the wire protocol."""
    _greet("A simulated terminal. No broker, no money.", quiet=False)
    from app.playback import DEMO_NAMES, Playback
    from app.sim import SimOptions, run_sim

    names = tuple(name.strip().upper() for name in symbols.split(",") if name.strip())
    playback = Playback(
        symbols=names or DEMO_NAMES,
        files=tuple(str(file) for file in files or ()),
        symbol=symbol,
        deposit=deposit,
        days=days,
        seed=seed,
        ticks_per_minute=20,
    )
    options = SimOptions(
        playback=playback, port=port, speed=speed, skip_h=skip, faults=faults, bridge=bridge, login=login
    )
    run_sim(options, output())


@cli.command()
@reported
def tap(
    *,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", metavar="", help="Go on as new frames come, until Ctrl-C.")
    ] = False,
    from_seq: Annotated[int, typer.Option(min=0, help="Leave out entries before this number.")] = 0,
    data: Data = None,
) -> None:
    """Show what bridge and EA say to each other, one JSON object a line. Secrets are left out."""
    from app.tap import run_tap

    run_tap(data, follow=follow, from_seq=from_seq)


@cli.command()
@reported
def audit(
    first: Annotated[str, typer.Argument(metavar="FROM", help="First minute of the window.", show_default=False)],
    last: Annotated[str, typer.Argument(metavar="TO", help="Last minute of the window.", show_default=False)],
    *,
    server_time: Annotated[
        bool, typer.Option("--server-time", metavar="", help="Times are on the broker's clock.")
    ] = False,
    terminal: Annotated[str | None, typer.Option(help="Login, where more than one account is on record.")] = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Decide a recorded window again and list every difference. There must be none; the status is 1 if there is one."""
    from app.audit_command import AuditOptions, run_audit

    options = AuditOptions(first=first, last=last, server_time=server_time, account=terminal, data=data)
    _end(run_audit(options, output(), as_json=as_json))


@cli.command()
@reported
def doctor(*, data: Data = None, as_json: AsJson = False) -> None:
    """Check settings, port, clock, disk, journal and versions. The status is 1 if something is bad."""
    from app.doctor_view import run_doctor

    _end(run_doctor(data, output(), as_json=as_json))


journal = typer.Typer(help="Check the journal, or save what is good of a damaged one.", no_args_is_help=True)
cli.add_typer(journal, name="journal")


@journal.command()
@reported
def verify(*, data: Data = None) -> None:
    """Check every event of the journal. The status is 1 if one is not as it was written."""
    from app.journal_command import run_verify

    _end(run_verify(data, output()))


@journal.command()
@reported
def repair(*, data: Data = None) -> None:
    """Copy the good events of a damaged journal into a new file beside it. The old file is only read."""
    from app.journal_command import run_repair

    run_repair(data, output())


cli.add_typer(news, name="news")
cli.add_typer(risk, name="risk")
for command in (backtest, report, bias, sweep, optimize, walkforward):
    cli.command()(command)
cli.add_typer(data_cli, name="data")


def _end(all_is_well: bool) -> None:
    raise typer.Exit(ExitCode.DONE if all_is_well else ExitCode.FOUND)


def main() -> None:
    """Entry of the command `companion`."""
    cli()


if __name__ == "__main__":
    main()
